//! Profiles: found, opened, parsed and stacked. Nothing here touches a source.

pub mod entry;
pub mod find;
pub mod names;
pub mod open;
pub mod parse;
pub mod sources;
pub mod trust;

use crate::error::{Error, Report, printable};
use crate::plan::MAX_NESTING;
use crate::reference::is_name;
use crate::sys::Environ;
use entry::{Key, Value};
use find::{Found, Origin};
use sources::Sources;
use std::path::PathBuf;
use std::time::Duration;

/// A profile's file, parsed.
pub struct File {
    /// As the user would open it from here.
    pub shown: String,
    /// How it was found.
    pub found: Found,
    /// Every link resolved; empty for a pipe.
    pub real: PathBuf,
    /// Its text, for line numbers and for its hash.
    pub text: String,
    /// Why others could have written it, and the command that ends that.
    pub concern: Option<(String, String)>,
    /// What it says.
    pub said: parse::Said,
}

impl File {
    /// The line of byte `at`.
    pub fn line(&self, at: usize) -> usize {
        parse::line(&self.text, at)
    }

    /// A report at byte `at`.
    pub fn report(&self, at: usize, message: impl Into<String>, hint: Option<String>) -> Report {
        Report { place: Some((self.shown.clone(), self.line(at))), message: message.into(), hint }
    }
}

/// One `-p` with everything that it extends.
pub struct Stack {
    /// Indices into [`Profile::files`], the lowest first.
    pub files: Vec<usize>,
    /// The sources that its references name.
    pub sources: Sources,
}

/// What the command line adds to the profiles.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    /// `-p`, the later ones on top.
    pub profiles: Vec<String>,
    /// `-i`.
    pub inherit: Vec<String>,
    /// `--set`.
    pub set: Vec<(String, Vec<u8>)>,
    /// `--timeout`.
    pub timeout: Option<Duration>,
}

/// The time for everything, where neither the command line nor the profile says one.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Every profile of one launch.
pub struct Profile {
    /// Each file once.
    pub files: Vec<File>,
    /// One for each `-p`, the lowest first.
    pub stacks: Vec<Stack>,
    /// What the command line added.
    pub wish: Wish,
}

impl Profile {
    /// Finds, opens and parses every profile of `wish`, and holds references against sources.
    ///
    /// # Errors
    /// Everything that is wrong with them, exit 125.
    pub fn load(wish: Wish, environ: &Environ) -> Result<Self, Error> {
        let pipe_limit = wish.timeout.unwrap_or(TIMEOUT);
        let mut loading = Loading { environ, pipe_limit, files: Vec::new(), reports: Vec::new() };
        let mut orders = Vec::new();
        for name in &wish.profiles {
            let mut order = Vec::new();
            let found = find::find(name, None, environ)?;
            let shown = found.path.to_string_lossy().into_owned();
            if let Some(top) = loading.file(found, shown)? {
                loading.stack(top, &mut Vec::new(), &mut order)?;
            }
            orders.push(order);
        }
        let Loading { files, mut reports, .. } = loading;
        let mut stacks = Vec::new();
        if reports.is_empty() {
            for order in orders {
                let sources = Sources::of(&files, &order, &mut reports);
                stacks.push(Stack { files: order, sources });
            }
        }
        check_wish(&wish, &mut reports);
        Error::of(reports)?;
        Ok(Self { files, stacks, wish })
    }

    /// The time for the whole resolution.
    pub fn timeout(&self) -> Duration {
        let said = |stack: &Stack| stack.files.iter().rev().find_map(|file| self.files[*file].said.timeout);
        let from_file = || self.stacks.iter().rev().find_map(said);
        self.wish.timeout.or_else(from_file).unwrap_or(TIMEOUT)
    }
}

struct Loading<'a> {
    environ: &'a Environ,
    /// How long a profile in a pipe may take.
    pipe_limit: Duration,
    files: Vec<File>,
    reports: Vec<Report>,
}

impl Loading<'_> {
    /// The index of a file, opened and parsed once; `None` where it does not parse, with reports.
    fn file(&mut self, found: Found, shown: String) -> Result<Option<usize>, Error> {
        let pipe_limit = (found.origin == Origin::Named).then_some(self.pipe_limit);
        let opened = open::open(&found.path, &shown, pipe_limit)?;
        let same = |file: &File| file.real == opened.real && !opened.real.as_os_str().is_empty();
        if let Some(known) = self.files.iter().position(same) {
            return Ok(Some(known));
        }
        let text = String::from_utf8(opened.bytes).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            Error::new(format!("{}: not UTF-8 at byte {at}", printable(&shown)))
        })?;
        match parse::parse(&text, &shown) {
            Ok(said) => {
                let concern = opened.concern;
                self.files.push(File { shown, found, real: opened.real, text, concern, said });
                Ok(Some(self.files.len() - 1))
            }
            Err(reports) => {
                self.reports.extend(reports);
                Ok(None)
            }
        }
    }

    /// Puts `top` and what it extends into `order`, each file once and beneath what extends it.
    fn stack(&mut self, top: usize, above: &mut Vec<usize>, order: &mut Vec<usize>) -> Result<(), Error> {
        if order.contains(&top) {
            return Ok(());
        }
        if above.len() == MAX_NESTING {
            return Err(Error::new(format!("extends: more than {MAX_NESTING} profiles deep")));
        }
        above.push(top);
        for (name, at) in self.files[top].said.extends.clone() {
            let (report, beside) = {
                let file = &self.files[top];
                (|m: String, h| file.report(at, m, h), file.found.clone())
            };
            let found = match find::find(&name, Some(&beside), self.environ) {
                Ok(found) => found,
                Err(error) => {
                    let lines = error.reports.into_iter().map(|r| report(format!("extends: {}", r.message), r.hint));
                    let lines: Vec<_> = lines.collect();
                    self.reports.extend(lines);
                    continue;
                }
            };
            let shown = found.path.to_string_lossy().into_owned();
            let Some(below) = self.extended(found, shown, top, at)? else { continue };
            if above.contains(&below) {
                let message = format!("extends: '{}' leads back to this profile", printable(&name));
                self.reports.push(self.files[top].report(at, message, None));
                continue;
            }
            self.stack(below, above, order)?;
        }
        above.pop();
        order.push(top);
        Ok(())
    }

    fn extended(&mut self, found: Found, shown: String, top: usize, at: usize) -> Result<Option<usize>, Error> {
        match self.file(found, shown) {
            Ok(file) => Ok(file),
            Err(error) => {
                let lines = error.reports.into_iter();
                let lines: Vec<_> =
                    lines.map(|r| self.files[top].report(at, format!("extends: {}", r.message), r.hint)).collect();
                self.reports.extend(lines);
                Ok(None)
            }
        }
    }
}

fn check_wish(wish: &Wish, reports: &mut Vec<Report>) {
    let mut wrong = |message: String, hint: Option<&str>| {
        reports.push(Report { place: None, message, hint: hint.map(String::from) });
    };
    for (name, value) in &wish.set {
        if !is_name(name.as_bytes()) {
            wrong(format!("--set: '{}' is no name of a variable", printable(name)), None);
        } else if names::is_loader(name) {
            let hint = "a profile with allow-unsafe-names = true can set it";
            wrong(format!("--set: {name}: this name makes the dynamic loader run other code"), Some(hint));
        } else if value.contains(&0) {
            wrong(format!("--set: {name}: a NUL character cannot be in a variable"), None);
        }
    }
    for pattern in &wish.inherit {
        if let Err(message) = parse::check_pattern(pattern) {
            wrong(format!("-i: {message}"), None);
        }
    }
}

/// Whether an entry is of `[secrets]`.
pub fn is_secret(value: &Value) -> bool {
    matches!(value, Value::Secret(_))
}

/// The name of an entry that is no pattern.
pub fn name_of(key: &Key) -> Option<&str> {
    match key {
        Key::Name(name) => Some(name),
        Key::Pattern(_) => None,
    }
}
