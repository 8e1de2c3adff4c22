//! The profile's own text: where a variable is mapped, and a new line for one that is not, in a file whose comments, order
//! and format stay.

use crate::write::file::Held;
use crate::write::toml::{parsed, rendered, replace};
use inject::error::{Error, Fault, Report, printable};
use inject::profile::entry::{Entry, From, Key, Value};
use inject::profile::trust::Store;
use inject::profile::{File, Profile, name_of};
use inject::reference::{Ref, is_name};
use inject::sys::Environ;
use std::path::Path;
use toml_edit::{Item, Table, value};

/// A change of one profile file: made in memory, held against everything, and written last.
pub(crate) struct Revision {
    /// Index of the file.
    pub(crate) file: usize,
    /// What was read.
    was: String,
    /// Whether exactly that was trusted.
    trusted: bool,
}

/// A file of a profile, and what it says of a variable.
pub(crate) type Mapped<'p> = (usize, &'p Entry);

/// The lines that name a variable, the one that counts first.
pub(crate) fn lines<'p>(profile: &'p Profile, name: &str) -> Vec<Mapped<'p>> {
    let files = profile.stacks.iter().rev().flat_map(|stack| stack.files.iter().rev().copied());
    let named = |file: usize| {
        let entries = profile.files[file].said.entries.iter();
        entries.filter(|entry| name_of(&entry.key) == Some(name)).map(move |entry| (file, entry))
    };
    let mut found: Vec<Mapped<'p>> = Vec::new();
    for line in files.flat_map(named) {
        if !found.iter().any(|(_, known)| std::ptr::eq(*known, line.1)) {
            found.push(line);
        }
    }
    found
}

/// The file that new lines go into: the last `-p`'s own.
///
/// # Errors
/// It is a pipe.
pub(crate) fn own_file(profile: &Profile) -> Result<usize, Error> {
    let file = profile.stacks.last().and_then(|stack| stack.files.last().copied());
    let file = file.ok_or_else(|| Error::new("no profile"))?;
    if profile.files[file].real.as_os_str().is_empty() {
        let shown = printable(&profile.files[file].shown);
        return Err(Error::new(format!("{shown}: a profile that comes through a pipe cannot be written")));
    }
    Ok(file)
}

/// Whether a line maps its variable to exactly this reference.
pub(crate) fn leads_to(entry: &Entry, reference: &Ref) -> bool {
    matches!(&entry.value, Value::Secret(secret) if matches!(&secret.from, From::Refs(refs) if refs.first() == Some(reference)))
}

/// The reference that `--to` names.
///
/// # Errors
/// It is none, or NAME is no variable's name.
pub(crate) fn reference(name: &str, to: &str) -> Result<Ref, Error> {
    if !is_name(name.as_bytes()) {
        return Err(Error::new(format!("'{}' is no name of a variable", printable(name))));
    }
    Ref::parse(to, None).map_err(|message| Error::new(format!("--to: {message}")))
}

/// That NAME is mapped elsewhere, with the line.
pub(crate) fn elsewhere(profile: &Profile, name: &str, (file, entry): Mapped<'_>) -> Report {
    let hint = format!("`inject set {name}` without --to writes there; to move it, take that line out first");
    let what = match &entry.value {
        Value::Plain(_) => format!("{name}: stands in [vars] already"),
        Value::Secret(secret) => format!("{name}: is mapped to {} already", printable(&secret.from.shown())),
    };
    profile.files[file].report(entry.at, what, Some(hint))
}

/// The profile as it would be with these variables mapped, and without the patterns of the same file that `drop` picks.
///
/// # Errors
/// The file cannot be edited, or the profile would be wrong then.
pub(crate) fn revised(
    profile: Profile,
    file: usize,
    lines: &[(String, String)],
    drop: &dyn Fn(&str) -> bool,
    environ: &Environ,
) -> Result<(Profile, Revision), Error> {
    let was = profile.files[file].text.clone();
    let trusted = Store::open(environ)?.is_some_and(|store| store.knows(&profile.files[file]));
    let text = edited(&was, lines, drop).map_err(|fault| about(&profile.files[file], fault))?;
    let profile = profile.revised(file, text, environ)?;
    profile.verdict(profile.reports.clone())?;
    Ok((profile, Revision { file, was, trusted }))
}

fn edited(text: &str, lines: &[(String, String)], drop: &dyn Fn(&str) -> bool) -> Result<String, Fault> {
    let mut document = parsed(text)?;
    let secrets = document.entry("secrets").or_insert_with(|| Item::Table(Table::new()));
    let table = secrets.as_table_like_mut().ok_or_else(|| Fault::invalid("[secrets] is no table"))?;
    let keys: Vec<_> = table.iter().map(|(key, _)| key.to_owned()).collect();
    for (at, key) in keys.iter().enumerate().filter(|(_, key)| drop(key)) {
        let above = table.key(key).and_then(|key| key.leaf_decor().prefix()?.as_str().map(String::from));
        table.remove(key);
        // A comment above the line stays, for the next one.
        if let (Some(above), Some(mut next)) = (above, keys.get(at + 1).and_then(|next| table.key_mut(next))) {
            let own = next.leaf_decor().prefix().and_then(|own| own.as_str()).unwrap_or_default().to_owned();
            next.leaf_decor_mut().set_prefix(above + &own);
        }
    }
    for (name, reference) in lines {
        match table.get_mut(name).and_then(Item::as_value_mut) {
            Some(old) => replace(old, reference),
            None => {
                table.insert(name, value(reference.as_str()));
            }
        }
    }
    let bytes = rendered(&document, text);
    String::from_utf8(bytes.to_vec()).map_err(|_| Fault::invalid("not UTF-8"))
}

impl Revision {
    /// Writes the new text, if nobody has written another one meanwhile, and keeps the trust that the old one had: no more
    /// than that.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn write(&self, profile: &Profile, environ: &Environ) -> Result<(), Error> {
        let file = &profile.files[self.file];
        let write = || {
            let held = Held::open(&file.found.path)?;
            if held.bytes() != Some(self.was.as_bytes()) {
                return Err(Fault::outage("changed meanwhile").hint("run this again"));
            }
            // First the approval: whoever launches meanwhile finds one content or the other approved.
            let foreseen = if self.trusted { Store::foresee(environ, file) } else { Ok(()) };
            foreseen.map_err(|error| {
                Fault::unreachable(error.reports.into_iter().map(|report| report.message).collect::<String>())
            })?;
            held.replace(file.text.as_bytes()).inspect_err(|_| {
                let _ = Store::forget(environ, file);
            })
        };
        write().map_err(|fault| {
            let message = format!("the value is stored, but its mapping was not written: {}", fault.message);
            about(file, Fault { message, ..fault })
        })
    }
}

/// A pattern of the profile that gives NAME, as the line that stands for it: the reference of its document with the key,
/// or, where the document is a whole path of parameters, of the one parameter.
pub(crate) fn of_pattern(profile: &Profile, name: &str) -> Option<(usize, String)> {
    for stack in profile.stacks.iter().rev() {
        for file in stack.files.iter().rev().copied() {
            for entry in &profile.files[file].said.entries {
                let (Key::Pattern(prefix), Value::Secret(secret)) = (&entry.key, &entry.value) else { continue };
                let (Some(key), From::Refs(refs)) = (name.strip_prefix(prefix.as_str()), &secret.from) else {
                    continue;
                };
                let Some(first) = refs.first().filter(|_| is_name(key.as_bytes())) else { continue };
                let field = match &first.field {
                    None => key.to_owned(),
                    Some(pointer) if pointer.starts_with('/') => format!("{pointer}/{key}"),
                    Some(dotted) => format!("{dotted}.{key}"),
                };
                let source = stack.sources.get(&first.source);
                let path = source.is_some_and(|source| source.kind.name == "ssm") && first.locator.ends_with('/');
                let mark = if path { "" } else { "#" };
                return Some((file, format!("{}:{}{mark}{field}", first.source, first.locator)));
            }
        }
    }
    None
}

/// Where a path leads that a reference names, as far as it can be told.
pub(crate) fn same_file(one: &Path, two: &Path) -> bool {
    match (std::fs::canonicalize(one), std::fs::canonicalize(two)) {
        (Ok(one), Ok(two)) => one == two,
        _ => false,
    }
}

/// A fault of a profile file.
fn about(file: &File, fault: Fault) -> Error {
    let error = Error::new(format!("{}: {}", printable(&file.shown), fault.message)).exit(fault.exit());
    match fault.hint {
        Some(hint) => error.hint(hint),
        None => error,
    }
}
