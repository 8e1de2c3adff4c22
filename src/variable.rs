//! One variable: where it comes from, what became of it, and how a failure of it is told.

use crate::error::{Fault, Report, printable};
use crate::plan::{Line, Plan, template};
use crate::profile::entry::{Entry, From as Origin, Secret as Options, Value};
use crate::reference::Template;
use crate::secret::Secret;
use crate::source::Stored;
use std::borrow::Cow;

/// The kernel's limit for one `NAME=VALUE` with its NUL (MAX_ARG_STRLEN).
pub const MAX_STRING: usize = 131_072;

/// What became of a variable.
pub enum Outcome<'a> {
    /// Bytes that stand in a profile or an answer.
    Borrowed(&'a [u8]),
    /// Bytes that were made: decoded, or a template's.
    Owned(Secret),
    /// Absent, with a default.
    Default(&'a str),
    /// Absent and optional.
    Unset,
    /// No value.
    Failed(Box<Fault>),
    /// A template of this name, which failed, and why it did.
    Dependent(&'a str, Box<Fault>),
    /// Overridden: nobody needs it.
    Unneeded,
    /// A template that is still to be made.
    Pending(&'a Template),
}

impl From<Fault> for Outcome<'_> {
    fn from(fault: Fault) -> Self {
        Self::Failed(Box::new(fault))
    }
}

/// One variable, or a pattern that failed or is absent as a whole.
pub struct Variable<'a> {
    /// Its name; a pattern as the profile writes it.
    pub name: Cow<'a, str>,
    /// Where it comes from; `None` for `--set`.
    pub line: Option<&'a Line<'a>>,
    /// What became of it.
    pub outcome: Outcome<'a>,
    /// What the store says of its value.
    pub stored: Option<&'a Stored>,
}

impl Variable<'_> {
    /// The bytes, where there are any.
    pub fn bytes(&self) -> Option<&[u8]> {
        match &self.outcome {
            Outcome::Borrowed(bytes) => Some(bytes),
            Outcome::Owned(secret) => Some(secret.expose()),
            Outcome::Default(text) => Some(text.as_bytes()),
            _ => None,
        }
    }

    pub(crate) fn failed(&self) -> bool {
        matches!(self.outcome, Outcome::Failed(_) | Outcome::Dependent(..))
    }

    /// Whether the command gets it.
    pub fn exposed(&self) -> bool {
        !matches!(self.line.map(|line| &line.entry.value), Some(Value::Secret(Options { expose: false, .. })))
    }

    /// What no variable can hold becomes a failure of its own.
    pub(crate) fn limit(&mut self) {
        let Some(bytes) = self.bytes() else { return };
        let size = self.name.len() + bytes.len() + 2;
        let fault = match memchr::memchr(0, bytes) {
            Some(at) => Fault::invalid(format!("the value holds a NUL byte, at byte {at}, which no variable can")),
            None if size > MAX_STRING && self.exposed() => Fault::invalid(format!(
                "with its name the value takes {size} bytes; the kernel's limit for one variable is {MAX_STRING}"
            )),
            None => return,
        };
        self.outcome = fault.into();
    }
}

/// How a failure is told: the place, the name, the reference, what happened.
pub fn report(plan: &Plan<'_>, variable: &Variable<'_>, fault: &Fault) -> Report {
    let name = printable(&variable.name);
    let Some(line) = variable.line else {
        return Report { place: None, message: format!("--set: {name}: {}", fault.message), hint: fault.hint.clone() };
    };
    let from = match &line.entry.value {
        Value::Secret(secret) if template(line.entry).is_none() => format!("{}: ", printable(&secret.from.places())),
        _ => String::new(),
    };
    let message = format!("{name}: {from}{}", fault.message);
    plan.profile.files[line.file].report(line.entry.at, message, fault.hint.clone())
}

/// Where an entry takes its value from, as the profile writes it.
pub fn shown_from(entry: &Entry) -> String {
    match &entry.value {
        Value::Plain(_) => "vars".into(),
        Value::Secret(secret) => secret.from.shown(),
    }
}

/// The name of the source, of a list the first one's; none for a template.
pub fn source(variable: &Variable<'_>) -> Option<String> {
    let entry = variable.line?.entry;
    match &entry.value {
        Value::Secret(secret) if template(entry).is_none() => match &secret.from {
            Origin::Refs(refs) => refs.first().map(|reference| reference.source.clone()),
            Origin::Template(_) => None,
        },
        _ => None,
    }
}
