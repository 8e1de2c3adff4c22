//! The settings of a source, held against its kind's row.

use super::parse::{Setting, check_pattern};
use super::problems::Problems;
use super::sources::file_in;
use crate::error::printable;
use crate::reference::{Ref, is_name};
use crate::source::kind::{Holds, Kind};
use crate::sys::Environ;
use std::path::Path;

/// Whether a source of this kind has such a setting, and of this type.
pub(super) fn check(kind: &Kind, source: &str, key: &str, value: &Setting, at: usize, problems: &mut Problems<'_>) {
    if key == "pass-env" && kind.store.is_some() {
        return check_type(source, key, Holds::List, value, at, problems);
    }
    match kind.settings.iter().find(|setting| setting.name == key) {
        Some(setting) => check_type(source, key, setting.holds, value, at, problems),
        None => {
            let mut known: Vec<_> = kind.settings.iter().map(|setting| setting.name).chain(["kind"]).collect();
            known.extend(kind.store.as_ref().map(|_| "pass-env"));
            problems.unknown(
                at,
                &format!("source.{source}: "),
                &format!("setting of a source of kind '{}':", kind.name),
                key,
                &known,
            );
        }
    }
}

/// What a setting comes to: files are joined to the folder of their profile, references are parsed. `known` tells
/// whether a word names a source.
///
/// # Errors
/// A message, which never quotes what should have been a reference, and what to do.
pub(super) fn settled(
    kind: &Kind,
    key: &str,
    setting: &Setting,
    folder: &Path,
    known: &dyn Fn(&str) -> bool,
    environ: &Environ,
) -> Result<Setting, (String, Option<String>)> {
    let file = |text: &str| file_in(folder, text, environ).map_err(|message| (message.to_owned(), None));
    let holds = kind.settings.iter().find(|setting| setting.name == key).map(|setting| setting.holds);
    let refers = |text: &str| text.split_once(':').is_some_and(|(source, _)| known(source));
    let reference = |text: &str| match Ref::parse(text, None) {
        Ok(reference) => Ok(Setting::Reference(reference)),
        Err(message) => Err((message, None)),
    };
    match (holds, setting) {
        (Some(Holds::Reference), Setting::Text(text)) if !refers(text) => {
            let hint = "no credential stands in a profile; this says where it is: env:NAME, keychain:SERVICE/ACCOUNT";
            Err(("a reference to a known source is wanted here".into(), Some(hint.into())))
        }
        (Some(Holds::Reference), Setting::Text(text)) => reference(text),
        (Some(Holds::TextOrReference | Holds::FileOrReference), Setting::Text(text)) if refers(text) => reference(text),
        (Some(Holds::File | Holds::FileOrReference), Setting::Text(text)) => file(text).map(Setting::Text),
        (Some(Holds::List), Setting::List(words)) if key == "run" => {
            let mut words = words.clone();
            if let Some(program) = words.first_mut().filter(|program| program.contains('/')) {
                *program = file(program)?;
            }
            Ok(Setting::List(words))
        }
        _ => Ok(setting.clone()),
    }
}

fn check_type(source: &str, key: &str, holds: Holds, value: &Setting, at: usize, problems: &mut Problems<'_>) {
    let what = format!("source.{source}.{key}");
    match (holds, value) {
        (
            Holds::Text
            | Holds::File
            | Holds::Reference
            | Holds::TextOrReference
            | Holds::FileOrReference
            | Holds::Version,
            Setting::Text(text),
        ) if !text.contains('\0') => {}
        (Holds::Flag, Setting::Flag(_)) | (Holds::Codes, Setting::Codes(_)) => {}
        (Holds::List, Setting::List(list)) => check_list(&what, key, list, at, problems),
        (Holds::Choice(words), Setting::Text(word)) => {
            if !words.contains(&word.as_str()) {
                problems.unknown(at, &format!("{what}: "), "value", word, words);
            }
        }
        (Holds::Choice(words), _) => problems.at(at, format!("{what}: one of {} is wanted here", words.join(", "))),
        (
            Holds::Text
            | Holds::File
            | Holds::Reference
            | Holds::TextOrReference
            | Holds::FileOrReference
            | Holds::Version,
            _,
        ) => problems.at(at, format!("{what}: a string is wanted here")),
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
                if let Err(message) = check_pattern(pattern) {
                    problems.at(at, format!("{what}: {message}"));
                }
            }
        }
        _ => {}
    }
}
