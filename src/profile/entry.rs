//! One line of `[vars]` or `[secrets]`.

use super::decode::Decode;
use super::option;
use super::parse::in_order;
use super::problems::Problems;
use crate::error::printable;
use crate::reference::{Ref, Template, is_name};
use crate::source::kind;
use std::borrow::Cow;
use std::time::Duration;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// What an entry sets.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    /// One variable.
    Name(String),
    /// `PREFIX*`: every key of a document, with the prefix in front.
    Pattern(String),
}

impl Key {
    /// As the profile writes it.
    pub fn shown(&self) -> Cow<'_, str> {
        match self {
            Self::Name(name) => Cow::Borrowed(name),
            Self::Pattern(prefix) => Cow::Owned(format!("{prefix}*")),
        }
    }
}

/// A line of `[vars]` or `[secrets]`.
pub struct Entry {
    /// What it sets.
    pub key: Key,
    /// The byte of the file at which it starts.
    pub at: usize,
    /// What it sets it to.
    pub value: Value,
}

/// The two types that must never be mistaken for each other.
pub enum Value {
    /// Text that is safe to commit.
    Plain(String),
    /// Where a value comes from.
    Secret(Secret),
}

/// An entry of `[secrets]`.
pub struct Secret {
    /// Where it comes from.
    pub from: From,
    /// Absence unsets the variable.
    pub optional: bool,
    /// Absence sets this.
    pub default: Option<String>,
    /// What the bytes are encoded as.
    pub decode: Option<Decode>,
    /// ASCII white space at both ends goes, before decoding.
    pub trim: bool,
    /// Whether the command gets it; otherwise it is for templates.
    pub expose: bool,
    /// How many bits of entropy a value must have that `inject-care` stores.
    pub min_entropy: Option<u32>,
    /// How old the stored version may be before `check` warns.
    pub max_age: Option<Duration>,
    /// What only some kinds of source understand: the name, the text, and the byte at which it stands.
    pub options: Vec<(&'static str, String, usize)>,
}

/// Where a secret comes from.
pub enum From {
    /// These, in order; the next one only where the one before is absent.
    Refs(Vec<Ref>),
    /// Other variables of the profile.
    Template(Template),
}

impl From {
    /// As `plan` and `check` show it.
    pub fn shown(&self) -> String {
        match self {
            Self::Refs(refs) => refs.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
            Self::Template(template) => template.text.clone(),
        }
    }

    /// As a failure shows it: without the fields, which the message names where they matter.
    pub fn places(&self) -> String {
        match self {
            Self::Refs(refs) => {
                refs.iter().map(|r| format!("{}:{}", r.source, r.locator)).collect::<Vec<_>>().join(", ")
            }
            Self::Template(_) => String::new(),
        }
    }
}

/// The options of an entry of `[secrets]`.
pub const OPTIONS: [&str; 10] =
    ["from", "template", "optional", "default", "decode", "trim", "expose", "field", "min-entropy", "max-age"];

/// Reads one line; `None` with a problem where it is wrong.
pub(super) fn entry(
    secret: bool,
    key: &Spanned<Cow<'_, str>>,
    value: &Spanned<DeValue<'_>>,
    problems: &mut Problems<'_>,
) -> Option<Entry> {
    let at = key.span().start;
    let key = self::key(secret, key.get_ref(), at, problems)?;
    let shown = key.shown().into_owned();
    let value = if secret {
        Value::Secret(match value.get_ref() {
            DeValue::Table(table) => table_form(&key, table, at, problems)?,
            DeValue::Array(_) => Secret::new(From::Refs(list(&shown, value, None, problems)?)),
            _ => Secret::new(From::Refs(vec![one(&shown, value, None, problems)?])),
        })
    } else {
        let text = problems.string(&shown, value)?;
        if let Some(nul) = text.find('\0') {
            problems
                .at(value.span().start, format!("{shown}: a NUL character, at byte {nul}, cannot be in a variable"));
            return None;
        }
        Value::Plain(text)
    };
    Some(Entry { key, at, value })
}

fn key(secret: bool, text: &str, at: usize, problems: &mut Problems<'_>) -> Option<Key> {
    if let (true, Some(prefix)) = (secret, text.strip_suffix('*'))
        && (prefix.is_empty() || is_name(prefix.as_bytes()))
    {
        return Some(Key::Pattern(prefix.into()));
    }
    if is_name(text.as_bytes()) {
        return Some(Key::Name(text.into()));
    }
    let hint =
        secret.then(|| "a pattern is \"*\" or ends in it, like \"APP_*\"".to_owned()).filter(|_| text.contains('*'));
    let message =
        format!("'{}' is no name of a variable: letters, digits and '_', and no digit first", printable(text));
    problems.with_hint(at, message, hint);
    None
}

impl Secret {
    fn new(from: From) -> Self {
        Self {
            from,
            optional: false,
            default: None,
            decode: None,
            trim: false,
            expose: true,
            min_entropy: None,
            max_age: None,
            options: Vec::new(),
        }
    }
}

fn table_form(key: &Key, table: &DeTable<'_>, at: usize, problems: &mut Problems<'_>) -> Option<Secret> {
    let shown = key.shown();
    let before = problems.found.len();
    let field = table.get("field").and_then(|value| problems.string(&format!("{shown}: field"), value));
    let mut secret = Secret::new(From::Refs(Vec::new()));
    let mut origins = 0;
    for (option, value) in in_order(table) {
        let name = option.get_ref().as_ref();
        let what = format!("{shown}: {name}");
        match name {
            "from" => {
                origins += 1;
                secret.from = From::Refs(match value.get_ref() {
                    DeValue::Array(_) => list(&shown, value, field.as_deref(), problems).unwrap_or_default(),
                    _ => one(&shown, value, field.as_deref(), problems).into_iter().collect(),
                });
            }
            "template" => {
                origins += 1;
                match problems.string(&what, value).map(|text| Template::parse(&text)) {
                    Some(Ok(template)) => secret.from = From::Template(template),
                    Some(Err(message)) => problems.at(value.span().start, format!("{shown}: {message}")),
                    None => {}
                }
            }
            "optional" => secret.optional = problems.flag(&what, value).unwrap_or_default(),
            "default" => secret.default = problems.string(&what, value),
            "decode" => secret.decode = option::decode(&what, value, problems),
            "trim" => secret.trim = problems.flag(&what, value).unwrap_or_default(),
            "expose" => secret.expose = problems.flag(&what, value).unwrap_or_default(),
            "min-entropy" => secret.min_entropy = option::bits(&what, value, problems),
            "max-age" => secret.max_age = option::age(&what, value, problems),
            "field" => {}
            _ => match kind::options().find(|known| known.name == name) {
                Some(known) => {
                    let text = option::text(known.holds, &what, value, problems);
                    secret.options.extend(text.map(|text| (known.name, text, option.span().start)));
                }
                None => {
                    let known: Vec<_> = OPTIONS.into_iter().chain(kind::option_names()).collect();
                    problems.unknown(option.span().start, &format!("{shown}: "), "option", name, &known);
                }
            },
        }
    }
    if origins != 1 {
        problems.at(at, format!("{shown}: one of 'from' and 'template' says where it comes from"));
    }
    conflicts(key, &secret, field.is_some(), at, problems);
    (problems.found.len() == before).then_some(secret)
}

/// Options that cannot stand together: each would make one of them do nothing.
fn conflicts(key: &Key, secret: &Secret, field: bool, at: usize, problems: &mut Problems<'_>) {
    let shown = key.shown();
    let template = matches!(secret.from, From::Template(_));
    let pattern = matches!(key, Key::Pattern(_));
    let rules = [
        (secret.optional && secret.default.is_some(), "'optional' and 'default' exclude each other"),
        (
            template && (secret.optional || secret.default.is_some()),
            "a template is never absent: 'optional' and 'default' belong to what it uses",
        ),
        (
            template && (secret.decode.is_some() || secret.trim || field),
            "'decode', 'trim' and 'field' do not go with a template",
        ),
        (
            (template || pattern) && secret.min_entropy.is_some(),
            "'min-entropy' is for a variable that is stored somewhere: not for a template or a pattern",
        ),
        (template && secret.max_age.is_some(), "a template is stored nowhere: 'max-age' belongs to what it uses"),
        (template && !secret.options.is_empty(), "a template is read from no source, so it has no options of one"),
        (pattern && template, "a pattern takes its names from a document, not from a template"),
        (pattern && secret.default.is_some(), "a pattern cannot have a default: which name would it be for?"),
        (secret.default.as_ref().is_some_and(|d| d.contains('\0')), "a NUL character cannot be in a variable"),
    ];
    for (_, message) in rules.into_iter().filter(|(broken, _)| *broken) {
        problems.at(at, format!("{shown}: {message}"));
    }
}

fn one(shown: &str, value: &Spanned<DeValue<'_>>, field: Option<&str>, problems: &mut Problems<'_>) -> Option<Ref> {
    let text = problems.string(shown, value)?;
    match Ref::parse(&text, field) {
        Ok(reference) => Some(reference),
        Err(message) => {
            let hint = "a plain text belongs in [vars]".to_owned();
            problems.with_hint(
                value.span().start,
                format!("{shown}: {message}"),
                Some(hint).filter(|_| !text.contains(':')),
            );
            None
        }
    }
}

fn list(
    shown: &str,
    value: &Spanned<DeValue<'_>>,
    field: Option<&str>,
    problems: &mut Problems<'_>,
) -> Option<Vec<Ref>> {
    let DeValue::Array(items) = value.get_ref() else { return None };
    if items.is_empty() {
        problems.at(value.span().start, format!("{shown}: an empty list names no source"));
        return None;
    }
    let refs: Vec<_> = items.iter().filter_map(|item| one(shown, item, field, problems)).collect();
    (refs.len() == items.len()).then_some(refs)
}
