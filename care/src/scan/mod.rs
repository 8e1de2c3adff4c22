//! `inject scan`: whether a value of the profile stands in a file where it does not belong.

mod files;
mod forms;
mod index;
mod needles;

use crate::values::{self, Recorded};
use forms::SHORTEST;
use inject::answers::Answers;
use inject::cli::Load;
use inject::error::{Error, Report, escaped, os};
use inject::git;
use inject::merge::Merged;
use inject::plan::{Plan, template};
use inject::profile::is_secret;
use inject::profile::parse::Setting;
use inject::reference::Template;
use inject::source::kind::{Holds, Locates};
use inject::sys::{self, Environ};
use inject::variable::Outcome;
use inject::verb;
use needles::{Hits, Needles, Reading};
use nix::errno::Errno;
use nix::sys::stat::FileStat;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The verb. As of grep(1), what was found is the answer, on standard output; the exit code is 1 where there is something.
///
/// # Errors
/// A value is not known, or a file cannot be read: nobody can say then that nothing has leaked.
pub(crate) fn scan(load: &Load, staged: bool, paths: &[PathBuf], environ: &Environ) -> Result<u8, Error> {
    values::all(load, Recorded::Nothing, environ, |plan, merged, answers| {
        let mut secrets = secrets(plan, merged, answers);
        secrets.sort_by(|a, b| a.0.cmp(&b.0));
        secrets.dedup();
        tell_short(&secrets);
        let forms = secrets
            .iter()
            .enumerate()
            .flat_map(|(at, (_, value))| forms::forms(forms::core(value)).into_iter().map(move |form| (at, form)));
        let needles = Needles::new(forms);
        if needles.is_empty() {
            let message = "there is no value to look for, so no file was read".into();
            verb::warn(&[Report { place: None, message, hint: None }]);
            return Ok(0);
        }
        let mut scanner = Scanner {
            names: secrets.iter().map(|(name, _)| name.as_str()).collect(),
            own: own_files(plan),
            reading: Reading::new(&needles),
            found: String::new(),
            wrong: Vec::new(),
        };
        if staged {
            index::scan(&mut scanner, &git::plaintext(plan), environ)?;
        } else {
            files::scan(&mut scanner, paths, environ)?;
        }
        scanner.verdict()
    })
}

/// Every secret with its name: what comes from a source, what a template makes of that, and what a source is opened with.
fn secrets<'a>(plan: &'a Plan<'_>, merged: &'a Merged<'_>, answers: &'a Answers) -> Vec<(String, &'a [u8])> {
    let variables = merged.variables.iter().filter_map(|variable| {
        let line = variable.line.filter(|line| is_secret(&line.entry.value))?;
        // A default stands in the profile for everybody to read.
        let value = variable.bytes().filter(|_| !matches!(variable.outcome, Outcome::Default(_)))?;
        let holds = template(line.entry).is_none_or(|template| holds_secret(merged, template));
        holds.then(|| (variable.name.to_string(), value))
    });
    let credentials = plan.batches.iter().flat_map(|batch| {
        let name = |setting: &str| format!("source.{}.{setting}", batch.source.name);
        batch.needs.iter().filter_map(move |(setting, ask)| Some((name(setting), answers.value(ask).ok()?)))
    });
    variables.chain(credentials).collect()
}

/// Whether a template is made of anything but plain text.
fn holds_secret(merged: &Merged<'_>, of: &Template) -> bool {
    of.names().any(|name| {
        let entry = merged.get(name).and_then(|variable| variable.line).map(|line| line.entry);
        entry.is_some_and(|entry| match template(entry) {
            Some(template) => holds_secret(merged, template),
            None => is_secret(&entry.value),
        })
    })
}

fn tell_short(secrets: &[(String, &[u8])]) {
    let short = |(_, value): &&(String, &[u8])| forms::core(value).len() < SHORTEST;
    let names: Vec<_> = secrets.iter().filter(short).map(|(name, _)| name.as_str()).collect();
    if !names.is_empty() {
        let names = names.join(", ");
        let message =
            format!("less than {SHORTEST} bytes stand anywhere by chance, so these are not looked for: {names}");
        verb::warn(&[Report { place: None, message, hint: None }]);
    }
}

/// A file, whatever it is called.
type Identity = (libc::dev_t, libc::ino_t);

fn identity(stat: &FileStat) -> Identity {
    (stat.st_dev, stat.st_ino)
}

/// The files that the profile reads: there the values belong.
fn own_files(plan: &Plan<'_>) -> BTreeSet<Identity> {
    let read = |kind: Locates| kind == Locates::File;
    let named = plan.batches.iter().filter(|batch| read(batch.source.kind.locates)).flat_map(|batch| &batch.locators);
    let settings = plan.batches.iter().flat_map(|batch| {
        let rows = batch.source.kind.settings.iter();
        let files = rows.filter(|row| matches!(row.holds, Holds::File | Holds::FileOrReference));
        files.filter_map(|row| match batch.source.settings.get(row.name) {
            Some((Setting::Text(path), ..)) => Some(path),
            _ => None,
        })
    });
    let paths = named.map(|locator| &locator.text).chain(settings);
    paths.filter_map(|path| sys::stat(Path::new(path)).ok()).map(|stat| identity(&stat)).collect()
}

/// What goes through the files.
struct Scanner<'n> {
    names: Vec<&'n str>,
    own: BTreeSet<Identity>,
    reading: Reading<'n>,
    /// A line for each hit.
    found: String,
    /// What could not be read.
    wrong: Vec<Report>,
}

impl Scanner<'_> {
    /// Keeps what was found in a file.
    fn keep(&mut self, path: &Path, hits: Hits) {
        for ((line, variable), how) in hits {
            let how = if how.is_empty() { String::new() } else { format!(" ({how})") };
            let path = escaped(&path.to_string_lossy());
            self.found.push_str(&format!("{path}:{line}: {}{how}\n", self.names[variable]));
        }
    }

    /// Keeps that a file could not be read.
    fn fail(&mut self, path: &Path, error: Errno) {
        let message = format!("{}: {}", escaped(&path.to_string_lossy()), os(error));
        self.wrong.push(Report { place: None, message, hint: None });
    }

    /// The exit code, once everything was looked at.
    fn verdict(self) -> Result<u8, Error> {
        verb::print(&self.found);
        if self.found.is_empty() {
            return Error::of(self.wrong).map(|()| 0);
        }
        if let Err(error) = Error::of(self.wrong) {
            sys::write_lossy(2, error.render().as_bytes());
        }
        Ok(1)
    }
}
