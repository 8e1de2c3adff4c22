//! The sources of one stack: `[source.NAME]` tables merged along `extends`, held against the table of kinds, and every
//! reference held against them.

use super::File;
use super::entry::{From, Key, Value};
use super::parse::{Setting, SourceTable};
use super::problems::Problems;
use super::settings;
use crate::document::Field;
use crate::error::{Report, printable};
use crate::reference::{Ref, is_name, nearest};
use crate::source::kind::{self, Documents, KINDS, Kind, Locates};
use crate::sys::Environ;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// A source under the name that references use.
pub struct SourceDef {
    /// What stands before the `:`.
    pub name: String,
    /// Its row.
    pub kind: &'static Kind,
    /// Its settings with the file and the byte that each comes from; the higher profile's where both say it.
    pub settings: BTreeMap<String, (Setting, usize, usize)>,
}

impl SourceDef {
    /// A string setting.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.settings.get(name) {
            Some((Setting::Text(text), _, _)) => Some(text),
            _ => None,
        }
    }

    /// A boolean setting, false where it is not said.
    pub fn flag(&self, name: &str) -> bool {
        matches!(self.settings.get(name), Some((Setting::Flag(true), _, _)))
    }

    /// A list of strings, empty where it is not said.
    pub fn list(&self, name: &str) -> &[String] {
        match self.settings.get(name) {
            Some((Setting::List(list), _, _)) => list,
            _ => &[],
        }
    }
}

/// The sources of one stack, by name.
pub struct Sources(BTreeMap<String, SourceDef>);

impl Sources {
    /// Merges and checks; what is wrong goes to `reports`.
    pub fn of(files: &[File], order: &[usize], environ: &Environ, reports: &mut Vec<Report>) -> Self {
        let tables = || order.iter().flat_map(|i| files[*i].said.sources.iter().map(move |table| (*i, table)));
        let names: BTreeSet<_> = tables().map(|(_, table)| table.name.as_str()).collect();
        let mut broken: BTreeSet<_> = order.iter().flat_map(|i| &files[*i].said.broken).map(String::as_str).collect();
        let mut sources = Self(BTreeMap::new());
        for name in names {
            let own: Vec<_> = tables().filter(|(_, table)| table.name == name).collect();
            let Some(kind) = kind_of(files, &own, reports) else {
                broken.insert(name);
                continue;
            };
            let def = merged(files, kind, &own, environ, reports);
            for setting in kind.settings.iter().filter(|s| s.required && !def.settings.contains_key(s.name)) {
                if let (false, Some((file, table))) = (broken.contains(name), own.last()) {
                    let message = format!("source.{name}: '{}' is missing", setting.name);
                    reports.push(files[*file].report(table.at, message, None));
                }
            }
            sources.0.insert(name.into(), def);
        }
        for index in order {
            sources.check_references(&files[*index], environ, &broken, reports);
        }
        sources
    }

    /// The source with this name.
    pub fn get(&self, name: &str) -> Option<&SourceDef> {
        self.0.get(name)
    }

    /// Every source: those that a table names and those that only a reference does.
    pub fn all(&self) -> impl Iterator<Item = &SourceDef> {
        self.0.values()
    }

    /// `broken` are sources that were reported themselves.
    fn check_references(&mut self, file: &File, environ: &Environ, broken: &BTreeSet<&str>, reports: &mut Vec<Report>) {
        for entry in &file.said.entries {
            let Value::Secret(secret) = &entry.value else { continue };
            let From::Refs(refs) = &secret.from else { continue };
            for reference in refs.iter().filter(|reference| !broken.contains(reference.source.as_str())) {
                if let Err((message, hint)) = self.check_reference(reference, &entry.key, environ) {
                    reports.push(file.report(entry.at, format!("{}: {message}", entry.key.shown()), hint));
                }
            }
        }
    }

    fn check_reference(
        &mut self,
        reference: &Ref,
        key: &Key,
        environ: &Environ,
    ) -> Result<(), (String, Option<String>)> {
        let name = &reference.source;
        if !self.0.contains_key(name) {
            let Some(kind) = kind::kind(name) else { return Err(self.unknown(name)) };
            if kind.settings.iter().any(|setting| setting.required) {
                let hint = format!("[source.{name}] with run = [\"PROGRAM\", \"{{}}\"] says what to run");
                return Err((format!("source '{name}' needs a table of its own"), Some(hint)));
            }
            self.0.insert(name.clone(), SourceDef { name: name.clone(), kind, settings: BTreeMap::new() });
        }
        let kind = self.0[name].kind;
        check_locator(kind, reference).map_err(|message| (message, None))?;
        if kind.locates == Locates::File {
            file_in(Path::new(""), &reference.locator, environ).map_err(|m| (format!("'{reference}': {m}"), None))?;
        }
        let pattern = matches!(key, Key::Pattern(_));
        match (kind.documents, &reference.field) {
            (Documents::None, Some(_)) => {
                return Err((format!("'{reference}': a source of kind '{}' has no fields", kind.name), None));
            }
            (Documents::None, None) if pattern => {
                return Err((
                    format!("'{reference}': a source of kind '{}' gives no document for a pattern", kind.name),
                    None,
                ));
            }
            (Documents::Dotenv, Some(_)) if pattern => {
                return Err((format!("'{reference}': a pattern takes a whole .env file, not a key of it"), None));
            }
            (Documents::ByName | Documents::ByLook, Some(field)) => {
                Field::parse(field).map_err(|message| (format!("'{reference}': {message}"), None))?;
            }
            _ => {}
        }
        Ok(())
    }

    fn unknown(&self, name: &str) -> (String, Option<String>) {
        let known = self.0.keys().map(String::as_str).chain(kind_names());
        let hint = nearest(name, known).map_or_else(
            || format!("a source is a [source.NAME] of the profile or one of {}", kind_names().join(", ")),
            |near| format!("did you mean '{near}'?"),
        );
        (format!("unknown source '{}'", printable(name)), Some(hint))
    }
}

/// What a source is: the highest `kind` along `extends`, else its own name.
fn kind_of(files: &[File], tables: &[(usize, &SourceTable)], reports: &mut Vec<Report>) -> Option<&'static Kind> {
    let said = |(file, table): &(usize, &'_ SourceTable)| {
        table.settings.iter().find(|(key, ..)| key == "kind").map(|(_, kind, at)| (*file, kind.clone(), *at))
    };
    let (first, table) = tables.first()?;
    let missing = |file: &File, at| {
        let message = format!("source.{}: 'kind' says what it is", table.name);
        file.report(at, message, Some(format!("kind = one of {}", kind_names().join(", "))))
    };
    match tables.iter().rev().find_map(said) {
        Some((file, Setting::Text(word), at)) => kind::kind(&word).or_else(|| {
            let mut problems = problems(&files[file]);
            problems.unknown(at, &format!("source.{}: ", tables[0].1.name), "kind", &word, &kind_names());
            reports.extend(problems.found);
            None
        }),
        Some((file, _, at)) => {
            reports.push(missing(&files[file], at));
            None
        }
        None => kind::kind(&table.name).or_else(|| {
            reports.push(missing(&files[*first], table.at));
            None
        }),
    }
}

/// The tables of one name, key by key, the higher file's on top.
fn merged(
    files: &[File],
    kind: &'static Kind,
    tables: &[(usize, &SourceTable)],
    environ: &Environ,
    reports: &mut Vec<Report>,
) -> SourceDef {
    let name = tables.first().map(|(_, table)| table.name.clone()).unwrap_or_default();
    let mut def = SourceDef { name, kind, settings: BTreeMap::new() };
    for (index, table) in tables {
        let file = &files[*index];
        let mut problems = problems(file);
        for (key, setting, at) in table.settings.iter().filter(|(key, ..)| key != "kind") {
            settings::check(kind, &def.name, key, setting, *at, &mut problems);
            let mut setting = setting.clone();
            if let (Setting::List(words), "run") = (&mut setting, key.as_str())
                && let Some(program) = words.first_mut().filter(|program| program.contains('/'))
            {
                match file_in(file.folder(), program, environ) {
                    Ok(path) => *program = path,
                    Err(message) => problems.at(*at, format!("source.{}.run: {message}", def.name)),
                }
            }
            def.settings.insert(key.clone(), (setting, *index, *at));
        }
        reports.extend(problems.found);
    }
    def
}

/// A file that a profile names: relative to the profile, or under HOME with a leading `~/`.
///
/// # Errors
/// There is no HOME.
pub fn file_in(folder: &Path, locator: &str, environ: &Environ) -> Result<String, &'static str> {
    if let Some(rest) = locator.strip_prefix("~/") {
        let home = environ.text("HOME").filter(|home| home.starts_with('/'));
        return home
            .map(|home| format!("{home}/{rest}"))
            .ok_or("HOME is not set to an absolute path, so there is no ~/");
    }
    Ok(folder.join(locator).to_string_lossy().into_owned())
}

fn check_locator(kind: &Kind, reference: &Ref) -> Result<(), String> {
    let locator = &reference.locator;
    match kind.name {
        "env" if !is_name(locator.as_bytes()) => {
            Err(format!("'{reference}': '{}' is no name of a variable", printable(locator)))
        }
        "keychain" => match locator.rsplit_once('/') {
            Some((service, account)) if !service.is_empty() && !account.is_empty() => Ok(()),
            _ => Err(format!("'{reference}': a keychain item is SERVICE/ACCOUNT")),
        },
        "systemd" if locator.contains('/') || locator == "." || locator == ".." => {
            Err(format!("'{reference}': a credential's name has no '/'"))
        }
        _ if kind.locates == Locates::File && locator.ends_with('/') => {
            Err(format!("'{reference}': names a folder, not a file"))
        }
        _ => Ok(()),
    }
}

fn problems(file: &File) -> Problems<'_> {
    Problems { text: &file.text, shown: &file.shown, found: Vec::new() }
}

fn kind_names() -> Vec<&'static str> {
    KINDS.iter().map(|kind| kind.name).collect()
}
