//! The one joint: what a source is, on both sides of the pipe to `inject-store`.

pub mod command;
pub mod env;
pub mod file;
pub mod kind;
pub mod remote;

use crate::error::{Fault, printable};
use crate::secret::Secret;

/// What to read from a source: the part of a reference between the first `:` and the `#`, with the entry's options.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Locator {
    /// The kind of the source that it is for: one process of `inject-store` can serve several.
    pub kind: &'static str,
    /// As written in the profile; relative files are already joined to the profile's folder.
    pub text: String,
    /// Options of the entry that the source itself understands (`version`, `stage`, ...), sorted by name.
    pub options: Vec<(String, String)>,
}

/// What a source answered for one locator: a whole value or document, never a part of one.
pub struct Payload {
    /// The exact bytes.
    pub bytes: Secret,
    /// Remarks for `-v` and `check`.
    pub notes: Vec<Note>,
    /// What the store says of the value.
    pub stored: Stored,
}

/// What a store knows of a value beside its bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    /// The version, as the store calls it.
    pub version: Option<String>,
    /// When this version was stored, in seconds since 1970.
    pub created: Option<u64>,
}

/// A remark on where a value comes from, never a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Whether somebody should do something: `check --strict` fails for it.
    pub warning: bool,
    /// Lower case, no full stop.
    pub text: String,
}

impl Note {
    /// What is worth knowing: a lease's time, the kind of a login.
    pub fn fact(text: impl Into<String>) -> Self {
        Self { warning: false, text: text.into() }
    }

    /// What somebody should look at: a loose file mode, a value that expires soon.
    pub fn warning(text: impl Into<String>) -> Self {
        Self { warning: true, text: text.into() }
    }

    /// As it is told, with its newline.
    pub fn line(&self) -> String {
        format!("inject: {}: {}\n", if self.warning { "warning" } else { "note" }, printable(&self.text))
    }

    /// The same, with what it is about in front.
    #[must_use]
    pub fn about(self, what: &str) -> Self {
        Self { text: format!("{what}: {}", self.text), ..self }
    }
}

impl From<Vec<u8>> for Payload {
    fn from(bytes: Vec<u8>) -> Self {
        Self { bytes: Secret::new(bytes), notes: Vec::new(), stored: Stored::default() }
    }
}

/// One place that values come from, opened once. A batch goes in and a batch comes out, an answer a locator, in the
/// same order; deduplication, fields and wording live outside. The outer error is for what fails them all.
pub trait Source: Send {
    /// Reads every locator.
    fn fetch(&self, locators: &[Locator]) -> Result<Vec<Result<Payload, Fault>>, Fault>;
}
