//! The sources of one stack: `[source.NAME]` tables merged along `extends`, held against the table of kinds.

use super::parse::{Setting, SourceTable};
use super::problems::Problems;
use super::{File, references, settings};
use crate::error::Report;
use crate::reference::Ref;
use crate::source::kind::{self, KINDS, Kind};
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

    /// The settings that are references, each with the file that it stands in.
    pub fn references(&self) -> impl Iterator<Item = (&str, &Ref, usize)> {
        self.settings.iter().filter_map(|(name, (setting, file, _))| match setting {
            Setting::Reference(reference) => Some((name.as_str(), reference, *file)),
            _ => None,
        })
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
        for name in names.iter().copied() {
            let own: Vec<_> = tables().filter(|(_, table)| table.name == name).collect();
            let Some(kind) = kind_of(files, &own, reports) else {
                broken.insert(name);
                continue;
            };
            let known = |word: &str| names.contains(word) || kind::kind(word).is_some();
            let def = merged(files, kind, &own, &known, environ, reports);
            for setting in kind.settings.iter().filter(|s| s.required && !def.settings.contains_key(s.name)) {
                if let (false, Some((file, table))) = (broken.contains(name), own.last()) {
                    let message = format!("source.{name}: '{}' is missing", setting.name);
                    reports.push(files[*file].report(table.at, message, None));
                }
            }
            sources.0.insert(name.into(), def);
        }
        references::check(&mut sources.0, files, order, environ, &broken, reports);
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
    known: &dyn Fn(&str) -> bool,
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
            match settings::settled(kind, key, setting, file.folder(), known, environ) {
                Ok(setting) => {
                    def.settings.insert(key.clone(), (setting, *index, *at));
                }
                Err((message, hint)) => problems.with_hint(*at, format!("source.{}.{key}: {message}", def.name), hint),
            }
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

fn problems(file: &File) -> Problems<'_> {
    Problems { text: &file.text, shown: &file.shown, found: Vec::new() }
}

/// What a source can be.
pub(super) fn kind_names() -> Vec<&'static str> {
    KINDS.iter().map(|kind| kind.name).collect()
}
