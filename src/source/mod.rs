//! The one joint: what a source is, on both sides of the pipe to `inject-store`.

pub mod command;
pub mod env;
pub mod file;
pub mod kind;
pub mod remote;
pub mod sops;
pub mod tool;

use crate::error::Fault;
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
    /// Remarks for `-v` and `check` (a lease's time, a loose file mode); never a value.
    pub notes: Vec<String>,
}

impl From<Vec<u8>> for Payload {
    fn from(bytes: Vec<u8>) -> Self {
        Self { bytes: Secret::new(bytes), notes: Vec::new() }
    }
}

/// One place that values come from, opened once. A batch goes in and a batch comes out, an answer a locator, in the
/// same order; deduplication, fields and wording live outside. The outer error is for what fails them all.
pub trait Source: Send {
    /// Reads every locator.
    fn fetch(&self, locators: &[Locator]) -> Result<Vec<Result<Payload, Fault>>, Fault>;
}
