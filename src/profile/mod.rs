//! Profiles: found, opened, parsed and stacked. Nothing here touches a source.

pub mod decode;
pub mod entry;
pub mod find;
mod locator;
pub mod names;
pub mod open;
mod option;
pub mod parse;
pub mod problems;
mod references;
mod settings;
pub mod sources;
pub mod trust;

use crate::error::{Error, Report, printable};
use crate::plan::MAX_NESTING;
use crate::reference::is_name;
use crate::sys::Environ;
use entry::{Key, Value};
use find::{Found, Origin};
use sources::Sources;
use std::path::{Path, PathBuf};
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
        problems::line(&self.text, at)
    }

    /// The folder that its relative paths start from; for a pipe, which lies in none, the working directory.
    pub fn folder(&self) -> &Path {
        let piped = self.real.as_os_str().is_empty();
        self.found.path.parent().filter(|_| !piped).unwrap_or(Path::new(""))
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
    /// What is wrong with them.
    pub reports: Vec<Report>,
    /// Whether a pipe gave nothing in time.
    pub late: bool,
}

impl Profile {
    /// Finds, opens and parses every profile of `wish`, and holds references against sources.
    ///
    /// # Errors
    /// Everything that is wrong with them, exit 125.
    pub fn load(wish: Wish, environ: &Environ) -> Result<Self, Error> {
        let profile = Self::read(wish, environ);
        profile.verdict(profile.reports.clone())?;
        Ok(profile)
    }

    /// The same for a plan, which tells what is wrong together with what it finds itself.
    pub fn read(wish: Wish, environ: &Environ) -> Self {
        let pipe_limit = wish.timeout.unwrap_or(TIMEOUT);
        let mut loading =
            Loading { environ, pipe_limit, files: Vec::new(), reports: Vec::new(), whole: true, late: false };
        let orders: Vec<_> = wish.profiles.iter().map(|name| loading.order(name)).collect();
        let Loading { files, mut reports, whole, late, .. } = loading;
        let mut stacks = Vec::new();
        // Where a file is missing, what it would have said would be missed everywhere.
        for order in orders.into_iter().filter(|_| whole) {
            let sources = Sources::of(&files, &order, environ, &mut reports);
            stacks.push(Stack { files: order, sources });
        }
        check_wish(&wish, &mut reports);
        Self { files, stacks, wish, reports, late }
    }

    /// The same profile with another text of one file, as if that stood there already: a change is held against everything
    /// that a profile is held against before it is written.
    ///
    /// # Errors
    /// The new text is no TOML.
    pub fn revised(mut self, file: usize, text: String, environ: &Environ) -> Result<Self, Error> {
        let shown = self.files[file].shown.clone();
        let (said, mut reports) =
            parse::parse(&text, &shown).map_err(|report| Error { exit: 125, reports: vec![report] })?;
        (self.files[file].said, self.files[file].text) = (said, text);
        for stack in &mut self.stacks {
            stack.sources = Sources::of(&self.files, &stack.files, environ, &mut reports);
        }
        check_wish(&self.wish, &mut reports);
        self.reports = reports;
        Ok(self)
    }

    /// What `reports`, its own and what was found since, come to.
    ///
    /// # Errors
    /// All of them: exit 125, or 124 where there is nothing but a pipe that gave nothing in time.
    pub fn verdict(&self, reports: Vec<Report>) -> Result<(), Error> {
        let late = self.late && reports.len() == 1;
        Error::of(reports).map_err(|error| if late { error.exit(124) } else { error })
    }

    /// Whether an entry of this name was reported itself.
    pub fn is_broken(&self, name: &str) -> bool {
        self.files.iter().any(|file| file.said.broken.iter().any(|broken| broken == name))
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
    /// Whether every file could be read.
    whole: bool,
    /// Whether a pipe gave nothing in time.
    late: bool,
}

impl Loading<'_> {
    /// One `-p`: its files, the lowest first.
    fn order(&mut self, name: &str) -> Vec<usize> {
        let mut order = Vec::new();
        match find::find(name, None, self.environ).and_then(|found| self.file(found)) {
            Ok(top) => self.stack(top, &mut Vec::new(), &mut order),
            Err(error) => {
                self.whole = false;
                self.late |= error.exit == 124;
                self.reports.extend(error.reports);
            }
        }
        order
    }

    /// The index of a file, opened and parsed once.
    fn file(&mut self, found: Found) -> Result<usize, Error> {
        let shown = found.path.to_string_lossy().into_owned();
        let pipe_limit = (found.origin == Origin::Named).then_some(self.pipe_limit);
        let opened = open::open(&found.path, &shown, pipe_limit)?;
        let same = |file: &File| file.real == opened.real && !opened.real.as_os_str().is_empty();
        if let Some(known) = self.files.iter().position(same) {
            return Ok(known);
        }
        let wrong = |what: &str| Error::new(format!("{}: {what}", printable(&shown)));
        if found.path.to_str().is_none() {
            return Err(wrong("a profile's path is UTF-8: what stands beside it could not be named"));
        }
        let text = String::from_utf8(opened.bytes)
            .map_err(|error| wrong(&format!("not UTF-8 at byte {}", error.utf8_error().valid_up_to())))?;
        let (said, reports) =
            parse::parse(&text, &shown).map_err(|report| Error { exit: 125, reports: vec![report] })?;
        self.reports.extend(reports);
        self.files.push(File { shown, found, real: opened.real, text, concern: opened.concern, said });
        Ok(self.files.len() - 1)
    }

    /// Puts `top` and what it extends into `order`, each file once and beneath what extends it.
    fn stack(&mut self, top: usize, above: &mut Vec<usize>, order: &mut Vec<usize>) {
        if order.contains(&top) {
            return;
        }
        above.push(top);
        for (name, at) in self.files[top].said.extends.clone() {
            let file = &self.files[top];
            let found = find::find(&name, Some((file.folder(), file.found.origin)), self.environ);
            let below = found.and_then(|found| self.file(found));
            let wrong = match below {
                Ok(below) if above.contains(&below) => {
                    Error::new(format!("'{}' leads back to this profile", printable(&name)))
                }
                Ok(_) if above.len() == MAX_NESTING => Error::new(format!("more than {MAX_NESTING} profiles deep")),
                Ok(below) => {
                    self.stack(below, above, order);
                    continue;
                }
                Err(error) => error,
            };
            self.whole = false;
            for report in wrong.reports {
                let here = || self.files[top].report(at, format!("extends: {}", report.message), report.hint.clone());
                // What is wrong inside a file has its own place.
                let report = if report.place.is_some() { report.clone() } else { here() };
                self.reports.push(report);
            }
        }
        above.pop();
        order.push(top);
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
