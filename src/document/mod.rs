//! Documents: bytes with a structure (JSON, YAML, TOML, .env), parsed so that every scalar keeps its exact bytes.

pub mod dotenv;
pub mod edit;
mod field;
mod json;
mod pick;
mod table;
mod toml;
mod tree;
mod yaml;

pub use field::{Field, written};
pub use pick::{Found, shown_key};
pub use table::{Table, order};

use crate::secret::Secret;
use dotenv::Dialect;
use std::borrow::Cow;
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

impl Format {
    /// The format that a file's name tells: by its ending, else `.env` and `.env.ANYTHING`; `None` for any other name.
    pub fn by_name(path: &str) -> Option<Self> {
        let name = path.rsplit('/').next().unwrap_or(path);
        let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
        match ending.to_ascii_lowercase().as_str() {
            "json" => Some(Self::Json),
            "yaml" | "yml" => Some(Self::Yaml),
            "toml" => Some(Self::Toml),
            "env" => Some(Self::Dotenv),
            _ if name.starts_with(".env.") => Some(Self::Dotenv),
            _ => None,
        }
    }
}

/// A scalar: where it stands in the document's own bytes, or, where it had escapes, the bytes it stands for.
pub enum Text {
    /// A part of the document's bytes, as they are.
    Span(Range<usize>),
    /// Bytes that stand nowhere in the document as they are.
    Owned(Secret),
}

impl Text {
    /// The bytes, given those of the document that it comes from.
    pub fn bytes<'d>(&'d self, document: &'d [u8]) -> &'d [u8] {
        match self {
            Self::Span(range) => document.get(range.clone()).unwrap_or_default(),
            Self::Owned(secret) => secret.expose(),
        }
    }

    /// A parser's text: a span where it was borrowed from the document, so that no second copy lives on.
    fn from_cow(document: &[u8], text: Cow<'_, str>) -> Self {
        if let Cow::Borrowed(part) = text {
            let start = (part.as_ptr() as usize).wrapping_sub(document.as_ptr() as usize);
            let range = start..start.wrapping_add(part.len());
            if document.get(range.clone()) == Some(part.as_bytes()) {
                return Self::Span(range);
            }
        }
        Self::Owned(Secret::new(text.into_owned().into_bytes()))
    }
}

/// A document's value. Numbers, booleans and dates are texts: their source text, never a converted one.
pub enum Node {
    /// A string's bytes, or the source text of a number, a boolean or a date.
    Text(Text),
    /// JSON's and YAML's null: not absent, and not a text.
    Null,
    /// In their order.
    List(Box<[Node]>),
    /// Keys with their values.
    Table(Box<Table>),
}

impl Node {
    fn table(pairs: Vec<(Text, Self)>) -> Self {
        Self::Table(Box::new(pairs.into()))
    }
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

impl Mistake {
    /// A mistake of the document as a whole.
    pub fn new(message: impl Into<String>) -> Self {
        Self { line: None, message: message.into(), hint: None }
    }

    /// The same in this line, counted from 1.
    #[must_use]
    pub fn line(mut self, line: usize) -> Self {
        self.line = Some(line);
        self
    }

    /// The same with what to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// A key that a .env file sets more than once; the last one counts.
#[derive(Debug, PartialEq, Eq)]
pub struct Repeat {
    /// Fit for a terminal.
    pub name: String,
    /// Every line that sets it, 1-based, in their order.
    pub lines: Vec<usize>,
}

/// A parsed document. It owns its bytes; fields are slices of them, or of texts that had escapes.
pub struct Document {
    bytes: Secret,
    format: Format,
    root: Node,
    repeated: Vec<Repeat>,
    /// Nobody said the format, and it does not show: what looks like a key may be a bare value.
    guessed: bool,
}

impl Document {
    /// The same document, of which it was only guessed what it is: no message lists its keys.
    #[must_use]
    pub fn guessed(mut self, guessed: bool) -> Self {
        self.guessed = guessed;
        self
    }

    /// Parses `bytes`; `dialect` is for .env files only.
    ///
    /// # Errors
    /// What is wrong, and in which line: bad syntax, bad UTF-8, a key twice, nesting beyond 128, and in YAML several
    /// documents, merge keys, foreign tags and aliases that explode. Never quotes a value.
    pub fn parse(bytes: Secret, format: Format, dialect: Dialect) -> Result<Self, Mistake> {
        let mut repeated = Vec::new();
        let root = match format {
            Format::Dotenv => {
                let entries = dotenv::parse(bytes.expose(), dialect)?;
                let (table, again) = tree::from_entries(bytes.expose(), entries);
                repeated = again;
                Node::table(table)
            }
            Format::Json => json::parse(bytes.expose(), utf8(bytes.expose())?)?,
            Format::Yaml => yaml::parse(bytes.expose(), utf8(bytes.expose())?)?,
            Format::Toml => toml::parse(bytes.expose(), utf8(bytes.expose())?)?,
        };
        Ok(Self { bytes, format, root, repeated, guessed: false })
    }

    /// The bytes that were parsed.
    pub fn bytes(&self) -> &[u8] {
        self.bytes.expose()
    }

    /// The document's value.
    pub fn root(&self) -> &Node {
        &self.root
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        match &self.root {
            Node::Null => true,
            Node::Table(table) => table.is_empty(),
            Node::List(list) => list.is_empty(),
            Node::Text(_) => false,
        }
    }

    /// The keys that a .env file sets more than once, for a remark; other formats refuse them.
    pub fn repeated(&self) -> &[Repeat] {
        &self.repeated
    }
}

/// The document as UTF-8 text without a byte order mark, which editors on Windows put there.
fn utf8(bytes: &[u8]) -> Result<&str, Mistake> {
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err(Mistake::new("this is UTF-16, not UTF-8").hint("save the file as UTF-8"));
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.strip_prefix('\u{feff}').unwrap_or(text)),
        Err(error) => {
            let at = error.valid_up_to();
            Err(Mistake::new(format!("not UTF-8 at byte {at}")).line(line_at(bytes, at)))
        }
    }
}

/// The line, counted from 1, that the byte at `at` stands in.
fn line_at(bytes: &[u8], at: usize) -> usize {
    1 + memchr::memchr_iter(b'\n', bytes.get(..at).unwrap_or(bytes)).count()
}

/// This thread's own time for some work, in milliseconds: other tests and other people use the machine too.
#[cfg(test)]
fn milliseconds(work: impl FnOnce()) -> i64 {
    use nix::sys::resource::{UsageWho, getrusage};
    use nix::sys::time::TimeValLike;
    let spent =
        || getrusage(UsageWho::RUSAGE_THREAD).map_or(i64::MAX / 2, |usage| usage.user_time().num_milliseconds());
    let before = spent();
    work();
    spent() - before
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistake(bytes: &[u8], format: Format) -> Mistake {
        match Document::parse(Secret::from(bytes), format, Dialect::Python) {
            Ok(_) => panic!("parsed"),
            Err(mistake) => mistake,
        }
    }

    #[test]
    fn formats_by_name() {
        for (path, format) in [
            ("a/secrets.enc.YAML", Some(Format::Yaml)),
            ("b.yml", Some(Format::Yaml)),
            ("b.json", Some(Format::Json)),
            ("pyproject.toml", Some(Format::Toml)),
            (".env", Some(Format::Dotenv)),
            ("/x/.env.local", Some(Format::Dotenv)),
            ("prod.env", Some(Format::Dotenv)),
            (".env.json", Some(Format::Json)),
            (".envrc", None),
            ("x.env/key", None),
            ("key.pem", None),
            ("", None),
        ] {
            assert_eq!(Format::by_name(path), format, "{path}");
        }
    }

    #[test]
    fn bad_utf8_is_named_by_its_offset() {
        for format in [Format::Json, Format::Yaml, Format::Toml] {
            let bad = mistake(b"a\nb\xffc", format);
            assert_eq!(bad.message, "not UTF-8 at byte 3");
            assert_eq!(bad.line, Some(2));
            assert!(mistake(b"\xff\xfea\0", format).message.contains("UTF-16"));
        }
    }
}
