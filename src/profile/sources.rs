//! The sources of one stack: `[source.NAME]` tables merged along `extends`, held against the table of kinds, and every
//! reference held against them.

use super::File;
use super::entry::{From, Key, Value};
use super::parse::{Problems, Setting};
use crate::document::Field;
use crate::error::{Report, printable};
use crate::reference::{Ref, is_name, nearest};
use crate::source::kind::{self, Documents, Holds, KINDS, Kind, Locates};
use std::collections::BTreeMap;
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

/// A program with a `/` is relative to the profile that names it; without one it is searched for in PATH.
fn beside(profile: &Path, kind: &Kind, key: &str, setting: Setting) -> Setting {
    match setting {
        Setting::List(mut words) if kind.name == "command" && key == "run" => {
            if let Some(program) = words.first_mut().filter(|word| word.contains('/')) {
                // A profile of the working directory has no folder, and a bare word would be searched for in PATH.
                let folder = profile.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
                *program = folder.join(&*program).to_string_lossy().into_owned();
            }
            Setting::List(words)
        }
        other => other,
    }
}

/// The sources of one stack, by name.
pub struct Sources(BTreeMap<String, SourceDef>);

impl Sources {
    /// Merges and checks; what is wrong goes to `reports`.
    pub fn of(files: &[File], order: &[usize], reports: &mut Vec<Report>) -> Self {
        let mut sources = Self(BTreeMap::new());
        let mut kinds: BTreeMap<&str, (&'static Kind, usize, usize)> = BTreeMap::new();
        for (index, table) in order.iter().flat_map(|i| files[*i].said.sources.iter().map(move |table| (*i, table))) {
            let kind = match table.settings.iter().find(|(key, ..)| key == "kind") {
                Some((_, Setting::Text(kind), at)) => kind::kind(kind).ok_or((kind.as_str(), *at)),
                Some((.., at)) => Err(("", *at)),
                None => kinds
                    .get(table.name.as_str())
                    .map(|k| k.0)
                    .or_else(|| kind::kind(&table.name))
                    .ok_or(("", table.at)),
            };
            match kind {
                Ok(kind) => drop(kinds.insert(&table.name, (kind, index, table.at))),
                Err((word, at)) => {
                    let mut problems = problems(&files[index]);
                    if word.is_empty() {
                        let message = format!("source.{}: 'kind' says what it is", table.name);
                        problems.with_hint(at, message, Some(format!("kind = one of {}", kind_names().join(", "))));
                    } else {
                        problems.unknown(at, "kind", word, &kind_names());
                    }
                    reports.extend(problems.found);
                }
            }
        }
        for (name, (kind, index, at)) in &kinds {
            let tables = order.iter().flat_map(|i| files[*i].said.sources.iter().map(move |table| (*i, table)));
            let mut def = SourceDef { name: (*name).into(), kind, settings: BTreeMap::new() };
            for (index, table) in tables.filter(|(_, table)| table.name == *name) {
                let mut problems = problems(&files[index]);
                for (key, setting, at) in table.settings.iter().filter(|(key, ..)| key != "kind") {
                    check_setting(kind, name, key, setting, *at, &mut problems);
                    let setting = beside(&files[index].found.path, kind, key, setting.clone());
                    def.settings.insert(key.clone(), (setting, index, *at));
                }
                reports.extend(problems.found);
            }
            for setting in kind.settings.iter().filter(|s| s.required && !def.settings.contains_key(s.name)) {
                reports.push(files[*index].report(*at, format!("source.{name}: '{}' is missing", setting.name), None));
            }
            sources.0.insert((*name).into(), def);
        }
        for index in order {
            sources.check_references(&files[*index], reports);
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

    fn check_references(&mut self, file: &File, reports: &mut Vec<Report>) {
        for entry in &file.said.entries {
            let Value::Secret(secret) = &entry.value else { continue };
            let From::Refs(refs) = &secret.from else { continue };
            for reference in refs {
                if let Err((message, hint)) = self.check_reference(reference, &entry.key) {
                    reports.push(file.report(entry.at, format!("{}: {message}", entry.key.shown()), hint));
                }
            }
        }
    }

    fn check_reference(&mut self, reference: &Ref, key: &Key) -> Result<(), (String, Option<String>)> {
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

fn check_setting(kind: &Kind, source: &str, key: &str, value: &Setting, at: usize, problems: &mut Problems<'_>) {
    if key == "pass-env" && kind.store.is_some() {
        return check_type(source, key, Holds::List, value, at, problems);
    }
    match kind.settings.iter().find(|setting| setting.name == key) {
        Some(setting) => check_type(source, key, setting.holds, value, at, problems),
        None => {
            let mut known: Vec<_> = kind.settings.iter().map(|setting| setting.name).chain(["kind"]).collect();
            known.extend(kind.store.map(|_| "pass-env"));
            problems.unknown(at, &format!("setting of a source of kind '{}':", kind.name), key, &known);
        }
    }
}

fn check_type(source: &str, key: &str, holds: Holds, value: &Setting, at: usize, problems: &mut Problems<'_>) {
    let what = format!("source.{source}.{key}");
    match (holds, value) {
        (Holds::Text, Setting::Text(text)) if !text.contains('\0') => {}
        (Holds::Flag, Setting::Flag(_)) | (Holds::Codes, Setting::Codes(_)) => {}
        (Holds::List, Setting::List(list)) => check_list(&what, key, list, at, problems),
        (Holds::Choice(words), Setting::Text(word)) => {
            if !words.contains(&word.as_str()) {
                problems.unknown(at, &format!("{what}:"), word, words);
            }
        }
        (Holds::Choice(words), _) => problems.at(at, format!("{what}: one of {} is wanted here", words.join(", "))),
        (Holds::Text, _) => problems.at(at, format!("{what}: a string is wanted here")),
        (Holds::Flag, _) => problems.at(at, format!("{what}: true or false is wanted here")),
        (Holds::List, _) => problems.at(at, format!("{what}: an array of strings is wanted here")),
        (Holds::Codes, _) => problems.at(at, format!("{what}: an array of exit codes is wanted here")),
    }
}

fn check_list(what: &str, key: &str, list: &[String], at: usize, problems: &mut Problems<'_>) {
    if list.iter().any(|item| item.contains('\0')) {
        problems.at(at, format!("{what}: a NUL character cannot be in a string here"));
    }
    match key {
        "run" if list.first().is_none_or(String::is_empty) => problems.at(at, format!("{what}: names no program")),
        "pass-env" => {
            for name in list.iter().filter(|name| !is_name(name.as_bytes())) {
                problems.at(at, format!("{what}: '{}' is no name of a variable", printable(name)));
            }
        }
        "credentials" => {
            for pattern in list {
                if let Err(message) = super::parse::check_pattern(pattern) {
                    problems.at(at, format!("{what}: {message}"));
                }
            }
        }
        _ => {}
    }
}
