//! What is wrong with a profile's file, each with its line and what to do; and the types of what stands there.

use super::parse::At;
use crate::error::Report;
use crate::reference::nearest;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Collects what is wrong, so that all of it can be told at once.
pub struct Problems<'a> {
    /// The file's text, for line numbers.
    pub text: &'a str,
    /// The file as the user would open it.
    pub shown: &'a str,
    /// What was found.
    pub found: Vec<Report>,
}

impl Problems<'_> {
    /// Notes a problem at a byte of the file.
    pub fn at(&mut self, at: usize, message: impl Into<String>) {
        self.with_hint(at, message, None);
    }

    /// The same with a hint.
    pub fn with_hint(&mut self, at: usize, message: impl Into<String>, hint: Option<String>) {
        let place = Some((self.shown.to_owned(), line(self.text, at)));
        self.found.push(Report { place, message: message.into(), hint });
    }

    /// A string, or a problem.
    pub fn string(&mut self, what: &str, value: &Spanned<DeValue<'_>>) -> Option<String> {
        match value.get_ref() {
            DeValue::String(text) => Some(text.to_string()),
            other => self.wrong_type(what, "a string", value, other),
        }
    }

    /// A boolean, or a problem.
    pub fn flag(&mut self, what: &str, value: &Spanned<DeValue<'_>>) -> Option<bool> {
        match value.get_ref() {
            DeValue::Boolean(flag) => Some(*flag),
            other => self.wrong_type(what, "true or false", value, other),
        }
    }

    /// An array of strings, or problems.
    pub fn strings(&mut self, what: &str, value: &Spanned<DeValue<'_>>) -> Vec<At> {
        match value.get_ref() {
            DeValue::Array(items) => {
                items.iter().filter_map(|v| self.string(what, v).map(|s| (s, v.span().start))).collect()
            }
            other => self.wrong_type(what, "an array of strings", value, other).unwrap_or_default(),
        }
    }

    /// A table, or a problem.
    pub fn table<'t, 'i>(&mut self, what: &str, value: &'t Spanned<DeValue<'i>>) -> Option<&'t DeTable<'i>> {
        match value.get_ref() {
            DeValue::Table(table) => Some(table),
            other => self.wrong_type(what, "a table", value, other),
        }
    }

    fn wrong_type<T>(&mut self, what: &str, want: &str, at: &Spanned<DeValue<'_>>, is: &DeValue<'_>) -> Option<T> {
        let is = match is {
            DeValue::String(_) => "a string",
            DeValue::Integer(_) | DeValue::Float(_) => "a number",
            DeValue::Boolean(_) => "a boolean",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "an array",
            DeValue::Table(_) => "a table",
        };
        self.at(at.span().start, format!("{what}: {want} is wanted here, and this is {is}"));
        None
    }

    /// An unknown word, with the one that was probably meant. `whose` stands in front of the message.
    pub fn unknown(&mut self, at: usize, whose: &str, what: &str, word: &str, known: &[&str]) {
        let hint = nearest(word, known.iter().copied())
            .map_or_else(|| format!("there are {}", known.join(", ")), |near| format!("did you mean '{near}'?"));
        self.with_hint(at, format!("{whose}unknown {what} '{}'", crate::error::printable(word)), Some(hint));
    }
}

/// The line (1-based) on which byte `at` of `text` stands.
pub fn line(text: &str, at: usize) -> usize {
    let before = text.as_bytes().get(..at).unwrap_or(text.as_bytes());
    memchr::memchr_iter(b'\n', before).count() + 1
}
