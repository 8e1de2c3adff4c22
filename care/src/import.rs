//! `inject import`: values move from a plain file, or from envchain, into a store, and the profile follows.

use crate::mapping;
use crate::set::fits;
use crate::target::{self, Target};
use crate::write::file::Held;
use inject::cli::Load;
use inject::document::dotenv::Dialect;
use inject::document::{Document, Format};
use inject::error::{Error, Fault, Report, printable};
use inject::merge::Merged;
use inject::plan::Plan;
use inject::profile::entry::{Entry, From, Key, Value};
use inject::profile::sources::{SourceDef, file_in};
use inject::profile::{Profile, name_of};
use inject::reference::{Ref, is_name};
use inject::resolve;
use inject::secret::Secret;
use inject::source::kind::{self, Locates};
use inject::source::{Locator, Payload};
use inject::sys::{self, Environ};
use inject::verb::trust;
use nix::fcntl::OFlag;
use std::path::{Path, PathBuf};

/// What the command line says.
pub(crate) struct Wanted {
    /// A file, or envchain's namespaces.
    pub(crate) what: Vec<PathBuf>,
    /// Whether they are namespaces.
    pub(crate) envchain: bool,
    /// What is put before each key.
    pub(crate) to: String,
    pub(crate) dry_run: bool,
    pub(crate) remove: bool,
    pub(crate) yes: bool,
}

/// A key of what is imported.
struct Found {
    name: String,
    value: Secret,
}

/// The verb.
///
/// # Errors
/// Something cannot be imported: then nothing is written. A store failed: then the profile is as it was.
pub(crate) fn import(load: &Load, wanted: &Wanted, environ: &Environ) -> Result<u8, Error> {
    let profile = Profile::read(load.wish(environ)?, environ);
    Plan::new(&profile, environ)?;
    trust::require(&profile, load, environ)?;
    let (found, plain) = if wanted.envchain {
        if wanted.remove {
            return Err(
                Error::new("--remove is for a plain file").hint("`envchain --unset` removes what envchain holds")
            );
        }
        (namespaces(&wanted.what, &profile, environ)?, None)
    } else {
        let (found, bytes) = file(&wanted.what)?;
        (found, Some(Plain { path: &wanted.what[0], bytes }))
    };
    let own = mapping::own_file(&profile)?;
    let lines = new_lines(&profile, own, &found, &wanted.to, plain.as_ref(), environ)?;
    let every = |entry: &&Entry| entry.key == Key::Pattern(String::new());
    let drops = plain.as_ref().is_some_and(|plain| {
        let mut patterns = profile.files[own].said.entries.iter().filter(every);
        patterns.any(|entry| leads_only_to(&profile, own, entry, plain.path, environ))
    });
    let (profile, revision) = mapping::revised(profile, own, &lines, &|key| drops && key == "*", environ)?;
    let names: Vec<_> = found.iter().map(|found| found.name.as_str()).collect();
    let plan = Plan::new(&profile, environ)?.only(&names, environ);
    let targets = found.iter().map(|found| Target::of(&plan, &found.name)).collect::<Result<Vec<_>, _>>()?;
    for (target, found) in targets.iter().zip(&found) {
        fits(target, &found.value, None)?;
    }
    if wanted.dry_run {
        return Ok(show(&profile, own, &targets, &lines, drops));
    }
    store(&plan, &targets, &found, environ)?;
    if !lines.is_empty() || drops {
        revision.write(&profile, environ)?;
        let shown = printable(&profile.files[own].shown);
        tell(&format!("{shown}: {} mapped{}", count(lines.len()), if drops { ", '*' taken out" } else { "" }));
    }
    match plain {
        Some(plain) => plain.offer_removal(&profile, wanted, environ).map(|()| 0),
        None => Ok(0),
    }
}

fn store(plan: &Plan<'_>, targets: &[Target<'_>], found: &[Found], environ: &Environ) -> Result<(), Error> {
    let mut clock = None;
    let mut writing = target::open(plan, environ, &mut clock);
    for (target, found) in targets.iter().zip(found) {
        let done = target.put(&mut writing, &found.value)?;
        target.tell(&done);
    }
    let answers = writing.read();
    let merged = Merged::new(plan, answers);
    targets.iter().zip(found).try_for_each(|(target, found)| target.compare(&merged, &found.value))
}

/// The lines that the profile does not have yet, or that read the file which is imported.
fn new_lines(
    profile: &Profile,
    own: usize,
    found: &[Found],
    to: &str,
    plain: Option<&Plain<'_>>,
    environ: &Environ,
) -> Result<Vec<(String, String)>, Error> {
    let mut lines = Vec::new();
    let mut reports: Vec<Report> = Vec::new();
    for found in found {
        let text = format!("{to}{}", found.name);
        let reference = mapping::reference(&found.name, &text)?;
        match mapping::lines(profile, &found.name)[..] {
            [(_, entry), ..] if mapping::leads_to(entry, &reference) => continue,
            [] => {}
            [(file, entry)]
                if file == own && plain.is_some_and(|p| leads_only_to(profile, own, entry, p.path, environ)) => {}
            [line, ..] => {
                reports.push(mapping::elsewhere(profile, &found.name, line));
                continue;
            }
        }
        lines.push((found.name.clone(), text));
    }
    Error::of(reports)?;
    Ok(lines)
}

/// Whether an entry reads this file and nothing else, and does nothing with what it reads.
fn leads_only_to(profile: &Profile, file: usize, entry: &Entry, path: &Path, environ: &Environ) -> bool {
    let Value::Secret(secret) = &entry.value else { return false };
    let From::Refs(refs) = &secret.from else { return false };
    let plain =
        secret.decode.is_none() && !secret.trim && secret.expose && secret.default.is_none() && !secret.optional;
    plain && refs.len() == 1 && refs.iter().all(|reference| reads(profile, file, reference, path, environ))
}

fn reads(profile: &Profile, file: usize, reference: &Ref, path: &Path, environ: &Environ) -> bool {
    let sources = profile.stacks.iter().filter_map(|stack| stack.sources.get(&reference.source));
    sources.into_iter().any(|source| source.kind.locates == Locates::File)
        && file_in(profile.files[file].folder(), &reference.locator, environ)
            .is_ok_and(|text| mapping::same_file(Path::new(&text), path))
}

fn file(what: &[PathBuf]) -> Result<(Vec<Found>, Secret), Error> {
    let [path] = what else { return Err(Error::new("one FILE at a time can be imported")) };
    let shown = printable(&path.to_string_lossy());
    let fail = |error| Error::new(format!("{shown}: {}", inject::error::os(error)));
    let fd = sys::open(path, OFlag::O_RDONLY).map_err(fail)?;
    let bytes = Secret::new(sys::read_all(&fd, || Ok(())).map_err(fail)?);
    let look = || if bytes.expose().trim_ascii_start().starts_with(b"{") { Format::Json } else { Format::Dotenv };
    let format = Format::by_name(&path.to_string_lossy()).unwrap_or_else(look);
    if !matches!(format, Format::Json | Format::Dotenv) {
        return Err(Error::new(format!("{shown}: a .env file or JSON can be imported")));
    }
    let document = Document::parse(Secret::from(bytes.expose()), format, Dialect::Python).map_err(|mistake| {
        let place = mistake.line.map(|line| (shown.clone(), line));
        Error { exit: 125, reports: vec![Report { place, message: mistake.message, hint: mistake.hint }] }
    })?;
    Ok((keys(&document, &shown)?, bytes))
}

/// Every key of a flat document; all that cannot be a variable is told at once.
fn keys(document: &Document, shown: &str) -> Result<Vec<Found>, Error> {
    let fail = |message: String| Report { place: None, message: format!("{shown}: {message}"), hint: None };
    let entries = document.entries_at(None).map_err(|fault| Error::new(format!("{shown}: {}", fault.message)))?;
    let (mut found, mut reports) = (Vec::new(), Vec::new());
    for (key, value) in entries {
        match (key.ok().filter(|key| is_name(key.as_bytes())), value) {
            (Some(name), Ok(value)) => found.push(Found { name: name.into(), value: Secret::from(value) }),
            (Some(_), Err(fault)) => reports.push(fail(fault.message)),
            (None, _) => {
                let key = document.shown(key.map_or_else(|bytes| bytes, str::as_bytes));
                reports.push(fail(format!("{key} is no name of a variable")));
            }
        }
    }
    Error::of(reports)?;
    if found.is_empty() { Err(Error::new(format!("{shown}: has nothing to import"))) } else { Ok(found) }
}

fn namespaces(what: &[PathBuf], profile: &Profile, environ: &Environ) -> Result<Vec<Found>, Error> {
    let Some(kind) = kind::kind("keychain") else { return Err(Error::new("there is no keychain")) };
    let source = SourceDef { name: "keychain".into(), kind, settings: std::collections::BTreeMap::new() };
    let mut all: Vec<Found> = Vec::new();
    for namespace in what {
        let shown = format!("envchain {}", printable(&namespace.to_string_lossy()));
        let fail = |fault: Fault| {
            let error = Error::new(format!("{shown}: {}", fault.message)).exit(fault.exit());
            fault.hint.iter().fold(error, |error, hint| error.hint(hint))
        };
        let text = namespace.to_str().ok_or_else(|| Error::new(format!("{shown}: not UTF-8")))?.to_owned();
        let locator = Locator { kind: kind.name, text, options: vec![("schema".into(), "envchain".into())] };
        let Payload { bytes, .. } = resolve::fetch(&source, locator, profile.timeout(), environ).map_err(fail)?;
        let document = Document::parse(bytes, Format::Json, Dialect::Python)
            .map_err(|mistake| Error::new(format!("{shown}: {}", mistake.message)))?;
        for found in keys(&document, &shown)? {
            if all.iter().any(|other| other.name == found.name) {
                return Err(Error::new(format!("{shown}: {}: another namespace has it too", found.name)));
            }
            all.push(found);
        }
    }
    Ok(all)
}

/// The plan on stdout: nothing was touched.
fn show(profile: &Profile, own: usize, targets: &[Target<'_>], lines: &[(String, String)], drops: bool) -> u8 {
    let mut text = String::new();
    for target in targets {
        text.push_str(&format!("{} -> {}\n", target.name(), target.shown()));
    }
    let shown = printable(&profile.files[own].shown);
    for (name, reference) in lines {
        text.push_str(&format!("{shown}: {name} = \"{}\"\n", printable(reference)));
    }
    if drops {
        text.push_str(&format!("{shown}: \"*\" is taken out\n"));
    }
    inject::verb::print(&text)
}

fn count(lines: usize) -> String {
    if lines == 1 { "1 variable".into() } else { format!("{lines} variables") }
}

fn tell(text: &str) {
    sys::write_lossy(2, format!("inject: {text}\n").as_bytes());
}

/// The file that was imported.
struct Plain<'a> {
    path: &'a Path,
    bytes: Secret,
}

impl Plain<'_> {
    /// Removes it where that is wished for: by `--remove`, or by who is asked.
    fn offer_removal(&self, profile: &Profile, wanted: &Wanted, environ: &Environ) -> Result<(), Error> {
        let shown = printable(&self.path.to_string_lossy());
        if let Some((file, entry)) = self.reader(profile, environ) {
            let name = name_of(&entry.key).map_or_else(|| entry.key.shown().into_owned(), String::from);
            let message = format!("{name}: still reads {shown}, so that stays");
            let hint = Some("take the line out, then remove the file".to_owned());
            let report = profile.files[file].report(entry.at, message, hint);
            if wanted.remove {
                return Error::of(vec![report]);
            }
            tell(&report.message);
            return Ok(());
        }
        let asked =
            || !wanted.yes && sys::confirm(&format!("inject: remove {shown}, now that nothing reads it? [y/N] "));
        if !wanted.remove && !asked() {
            tell(&format!("{shown} still holds the values in plain text; --remove removes it"));
            return Ok(());
        }
        let remove = || {
            let held = Held::open(self.path)?;
            match held.bytes() {
                Some(now) if now == self.bytes.expose() => held.remove(),
                _ => Err(Fault::invalid("changed since it was read, so it stays").hint("import it again")),
            }
        };
        remove().map_err(|fault| Error::new(format!("{shown}: {}", fault.message)).exit(fault.exit()))?;
        tell(&format!("{shown}: removed"));
        Ok(())
    }

    /// A line that reads the file all the same.
    fn reader<'p>(&self, profile: &'p Profile, environ: &Environ) -> Option<(usize, &'p Entry)> {
        let files = profile.files.iter().enumerate();
        let mut entries = files.flat_map(|(file, said)| said.said.entries.iter().map(move |entry| (file, entry)));
        entries.find(|(file, entry)| match &entry.value {
            Value::Secret(secret) => match &secret.from {
                From::Refs(refs) => refs.iter().any(|reference| reads(profile, *file, reference, self.path, environ)),
                From::Template(_) => false,
            },
            Value::Plain(_) => false,
        })
    }
}
