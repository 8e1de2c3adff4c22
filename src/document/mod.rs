//! Documents: bytes with a structure (JSON, YAML, TOML, .env), parsed so that every scalar keeps its exact bytes.

pub mod dotenv;

use crate::secret::Secret;
use std::ops::Range;

/// How a document is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A .env file.
    Dotenv,
    /// JSON (RFC 8259).
    Json,
    /// YAML 1.2.
    Yaml,
    /// TOML 1.0.
    Toml,
}

/// A scalar: where it stands in the document's own bytes, or, where it had escapes, the bytes it stands for.
pub enum Text {
    /// A part of the document's bytes, as they are.
    Span(Range<usize>),
    /// Bytes that stand nowhere in the document as they are.
    Owned(Secret),
}

/// What is wrong with a document or where a field is missing; never a value.
#[derive(Debug, PartialEq, Eq)]
pub struct Mistake {
    /// 1-based.
    pub line: Option<usize>,
    /// Lower case, no full stop.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}
