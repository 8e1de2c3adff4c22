//! The one joint: what a source is, on both sides of the pipe to `inject-store`.

pub mod command;
pub mod env;
pub mod file;
pub mod kind;
pub mod remote;
pub mod sops;
mod stored;
pub mod tool;

use crate::error::{Fault, printable};
use crate::secret::Secret;
pub use stored::Stored;

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

impl From<Secret> for Payload {
    fn from(bytes: Secret) -> Self {
        Self { bytes, notes: Vec::new(), stored: Stored::default() }
    }
}

impl From<Vec<u8>> for Payload {
    fn from(bytes: Vec<u8>) -> Self {
        Self::from(Secret::new(bytes))
    }
}

/// One place that values come from, opened once. A batch goes in and a batch comes out, an answer a locator, in the
/// same order; deduplication, fields and wording live outside. The outer error is for what fails them all.
pub trait Source: Send {
    /// Reads every locator.
    fn fetch(&self, locators: &[Locator]) -> Result<Vec<Result<Payload, Fault>>, Fault>;

    /// The same place, for one that can be written to.
    fn writer(&self) -> Option<&dyn Writer> {
        None
    }
}

/// What can be written to. Every call is about one locator, and is done, or is not done at all, when it comes back.
/// `field` is written as a profile writes it; what it stands beside in the document stays as it is.
pub trait Writer {
    /// Stores a value, and says what that did in a few words: `created`, `new version 4`, `unchanged`.
    ///
    /// # Errors
    /// Why nothing was stored.
    fn put(&self, locator: &Locator, field: Option<&str>, value: &Secret) -> Result<String, Fault>;

    /// Removes a value, in the way that can be undone where the store has one, and says what that did; `None` where there
    /// was none.
    ///
    /// # Errors
    /// Why nothing was removed.
    fn remove(&self, locator: &Locator, field: Option<&str>) -> Result<Option<String>, Fault>;
}

/// One call of a [`Writer`], as it travels.
pub enum Change {
    /// [`Writer::put`].
    Put {
        /// A part of a document, as a profile writes it.
        field: Option<String>,
        /// The exact bytes.
        value: Secret,
    },
    /// [`Writer::remove`].
    Remove {
        /// A part of a document, as a profile writes it.
        field: Option<String>,
    },
}

impl Change {
    /// A part of a document, as a profile writes it.
    pub fn field(&self) -> Option<&str> {
        let (Self::Put { field, .. } | Self::Remove { field }) = self;
        field.as_deref()
    }

    /// Makes the call; `None` where there was nothing to remove.
    ///
    /// # Errors
    /// As the calls.
    pub fn make(&self, writer: &dyn Writer, locator: &Locator) -> Result<Option<String>, Fault> {
        match self {
            Self::Put { field, value } => writer.put(locator, field.as_deref(), value).map(Some),
            Self::Remove { field } => writer.remove(locator, field.as_deref()),
        }
    }
}
