//! One profile file, from its text to what it says. Pure: every type is checked, nothing is looked up.

use super::entry::{Entry, Key, Value, entry};
use super::names;
use super::problems::{Problems, line};
use crate::error::{Error, Report};
use crate::reference::{self, Ref, is_name};
use std::time::Duration;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A string and the byte at which it stands in the file.
pub type At = (String, usize);

/// What one file says.
#[derive(Default)]
pub struct Said {
    /// For `list`.
    pub description: Option<String>,
    /// Profiles beneath this one, the later ones on top.
    pub extends: Vec<At>,
    /// Patterns of the caller's variables that are copied.
    pub inherit: Vec<At>,
    /// The same for credentials.
    pub inherit_credentials: Vec<At>,
    /// For the whole resolution.
    pub timeout: Option<Duration>,
    /// Where a line for each launch goes.
    pub audit: Option<At>,
    /// Whether nothing is run that is not recorded.
    pub audit_required: bool,
    /// Whether this file may set names of the loader class.
    pub allow_unsafe_names: bool,
    /// `[vars]` and `[secrets]`, in the order of the file.
    pub entries: Vec<Entry>,
    /// `[source.NAME]`, in the order of the file.
    pub sources: Vec<SourceTable>,
    /// Entries and sources that are wrong in themselves: what uses them is not reported as well.
    pub broken: Vec<String>,
}

/// A `[source.NAME]` table, not yet held against its kind.
pub struct SourceTable {
    /// NAME.
    pub name: String,
    /// Where it stands.
    pub at: usize,
    /// Its keys, `kind` included.
    pub settings: Vec<(String, Setting, usize)>,
}

/// The value of a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Setting {
    /// A string.
    Text(String),
    /// A boolean.
    Flag(bool),
    /// An array of strings.
    List(Vec<String>),
    /// An array of integers from 1 to 255.
    Codes(Vec<u8>),
    /// A string that is a reference, once it was held against its kind.
    Reference(Ref),
}

/// The keys at the top.
pub const KEYS: [&str; 11] = [
    "description",
    "extends",
    "inherit",
    "inherit-credentials",
    "timeout",
    "allow-unsafe-names",
    "audit",
    "audit-required",
    "vars",
    "secrets",
    "source",
];

/// Parses the text of a profile: what it says, and everything that is wrong with that.
///
/// # Errors
/// It is no TOML.
pub fn parse(text: &str, shown: &str) -> Result<(Said, Vec<Report>), Report> {
    let mut problems = Problems { text, shown, found: Vec::new() };
    let mut said = Said::default();
    match DeTable::parse(text) {
        Ok(document) => read(document.get_ref(), &mut said, &mut problems),
        Err(error) => {
            let at = line(text, error.span().map_or(0, |span| span.start));
            return Err(Report { place: Some((shown.into(), at)), message: syntax(&error), hint: None });
        }
    }
    Ok((said, problems.found))
}

/// The parser's own message, which names what it wants; never the source line, which could hold a value. For a text
/// without quotes the parser guesses by its first letter, which would tell that letter.
fn syntax(error: &toml::de::Error) -> String {
    let message = error.message().lines().next().unwrap_or_default();
    let guesses = ["invalid float", "invalid boolean", "string values must be quoted"];
    if guesses.iter().any(|guess| message.starts_with(guess)) {
        "not TOML: a string stands in quotes".into()
    } else if message.contains('"') || message.is_empty() {
        "not TOML".into()
    } else {
        format!("not TOML: {message}")
    }
}

fn read(table: &DeTable<'_>, said: &mut Said, problems: &mut Problems<'_>) {
    for (key, value) in in_order(table) {
        let name = key.get_ref().as_ref();
        match name {
            "description" => said.description = problems.string(name, value),
            "extends" => said.extends = problems.strings(name, value),
            "inherit" => said.inherit = patterns(name, value, problems),
            "inherit-credentials" => said.inherit_credentials = patterns(name, value, problems),
            "timeout" => said.timeout = timeout(value, problems),
            "allow-unsafe-names" => said.allow_unsafe_names = problems.flag(name, value).unwrap_or(false),
            "audit" => said.audit = audit(value, problems),
            "audit-required" => said.audit_required = problems.flag(name, value).unwrap_or(true),
            "vars" | "secrets" => {
                for (key, value) in problems.table(name, value).into_iter().flat_map(in_order) {
                    match entry(name == "secrets", key, value, problems) {
                        Some(entry) => said.entries.push(entry),
                        None => said.broken.push(key.get_ref().to_string()),
                    }
                }
            }
            "source" => sources(value, said, problems),
            _ => problems.unknown(key.span().start, "", "key", name, &KEYS),
        }
    }
    twice(said, problems);
    if !said.allow_unsafe_names {
        loader_names(said, problems);
    }
}

/// A table's keys in the order of the file, which a map forgets.
pub fn in_order<'t, 'i>(
    table: &'t DeTable<'i>,
) -> Vec<(&'t Spanned<std::borrow::Cow<'i, str>>, &'t Spanned<DeValue<'i>>)> {
    let mut rows: Vec<_> = table.iter().collect();
    rows.sort_unstable_by_key(|(key, _)| key.span().start);
    rows
}

fn timeout(value: &Spanned<DeValue<'_>>, problems: &mut Problems<'_>) -> Option<Duration> {
    let text = problems.string("timeout", value)?;
    reference::duration(&text).map_err(|message| problems.at(value.span().start, format!("timeout: {message}"))).ok()
}

fn audit(value: &Spanned<DeValue<'_>>, problems: &mut Problems<'_>) -> Option<At> {
    let text = problems.string("audit", value)?;
    if text.is_empty() || text.contains('\0') || text.ends_with('/') {
        problems.at(value.span().start, "audit: \"journald\" or a file is wanted here");
        return None;
    }
    Some((text, value.span().start))
}

/// What root says for every launch of this machine.
#[derive(Default)]
pub struct Config {
    /// `journald` or a file's absolute path.
    pub audit: Option<At>,
    /// Whether nothing is run that is not recorded.
    pub audit_required: bool,
}

/// Parses root's configuration.
///
/// # Errors
/// Everything that is wrong with it.
pub fn config(text: &str, shown: &str) -> Result<Config, Error> {
    let (said, mut reports) = parse(text, shown).map_err(|report| Error { exit: 125, reports: vec![report] })?;
    let at = |at| Some((shown.to_owned(), line(text, at)));
    let mut wrong = |place, message: &str| reports.push(Report { place, message: message.into(), hint: None });
    if let Some((_, byte)) = said.audit.as_ref().filter(|(to, _)| to != "journald" && !to.starts_with('/')) {
        wrong(at(*byte), "audit: an absolute path is wanted here");
    }
    let document = DeTable::parse(text).ok();
    let keys = document.iter().flat_map(|table| in_order(table.get_ref()));
    for (key, _) in keys.filter(|(key, _)| !["audit", "audit-required"].contains(&key.get_ref().as_ref())) {
        wrong(at(key.span().start), "only 'audit' and 'audit-required' stand here");
    }
    Error::of(reports).map(|()| Config { audit: said.audit, audit_required: said.audit_required })
}

fn patterns(what: &str, value: &Spanned<DeValue<'_>>, problems: &mut Problems<'_>) -> Vec<At> {
    let all = problems.strings(what, value);
    for (pattern, at) in &all {
        if let Err(message) = check_pattern(pattern) {
            problems.at(*at, format!("{what}: {message}"));
        }
    }
    all
}

/// What a pattern for the caller's variables may be: a name in which `*` stands for anything.
///
/// # Errors
/// What is wrong, for a message.
pub fn check_pattern(pattern: &str) -> Result<(), String> {
    let bare = pattern.replace('*', "_");
    if is_name(bare.as_bytes()) {
        return Ok(());
    }
    Err(format!("'{}' is neither a name nor a pattern like LC_*", crate::error::printable(pattern)))
}

fn sources(value: &Spanned<DeValue<'_>>, said: &mut Said, problems: &mut Problems<'_>) {
    for (key, value) in problems.table("source", value).into_iter().flat_map(in_order) {
        let name = key.get_ref().to_string();
        if name.is_empty() || !name.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-' || c == b'_') {
            problems.at(key.span().start, "a source's name is letters, digits, '-' and '_'");
            continue;
        }
        let before = problems.found.len();
        let Some(table) = problems.table(&format!("source.{name}"), value) else {
            said.broken.push(name);
            continue;
        };
        let settings = in_order(table).into_iter().filter_map(|(key, value)| {
            let at = key.span().start;
            let setting = setting(&format!("source.{name}.{}", key.get_ref()), value, problems)?;
            Some((key.get_ref().to_string(), setting, at))
        });
        let settings = settings.collect();
        if problems.found.len() > before {
            said.broken.push(name.clone());
        }
        said.sources.push(SourceTable { name, at: key.span().start, settings });
    }
}

fn setting(what: &str, value: &Spanned<DeValue<'_>>, problems: &mut Problems<'_>) -> Option<Setting> {
    let what = &crate::error::printable(what);
    match value.get_ref() {
        DeValue::String(text) => Some(Setting::Text(text.to_string())),
        DeValue::Boolean(flag) => Some(Setting::Flag(*flag)),
        DeValue::Array(items) if !items.is_empty() && items.iter().all(|item| item.get_ref().is_integer()) => {
            let code = |item: &Spanned<DeValue<'_>>| {
                let number = item.get_ref().as_integer()?;
                let code = u8::from_str_radix(number.as_str(), number.radix()).ok().filter(|code| *code > 0);
                code.or_else(|| {
                    problems.at(item.span().start, format!("{what}: an exit code is 1 to 255"));
                    None
                })
            };
            Some(Setting::Codes(items.iter().filter_map(code).collect()))
        }
        DeValue::Array(_) => Some(Setting::List(problems.strings(what, value).into_iter().map(|(s, _)| s).collect())),
        _ => {
            problems.at(value.span().start, format!("{what}: a setting is a string, a boolean or an array"));
            None
        }
    }
}

/// A name in both tables: TOML itself refuses it twice in one.
fn twice(said: &Said, problems: &mut Problems<'_>) {
    let plain = |entry: &&Entry| matches!(entry.value, Value::Plain(_));
    let vars: std::collections::HashSet<_> = said.entries.iter().filter(plain).map(|entry| &entry.key).collect();
    for entry in said.entries.iter().filter(|entry| !plain(entry) && vars.contains(&entry.key)) {
        problems.at(entry.at, format!("{}: stands in [vars] and in [secrets]; one of them must go", entry.key.shown()));
    }
}

fn loader_names(said: &Said, problems: &mut Problems<'_>) {
    for entry in &said.entries {
        if let Key::Name(name) = &entry.key
            && names::is_loader(name)
        {
            problems.with_hint(
                entry.at,
                format!("{name}: this name makes the dynamic loader run other code"),
                Some("allow-unsafe-names = true, at the top of this file, sets it all the same".into()),
            );
        }
    }
}
