//! `.env` files, read with the grammar of python-dotenv 1.2.4 (the dialect that most files are written for), on bytes.
//!
//! What differs from `dotenv_values(path, interpolate=False)`, all on purpose:
//! * A statement that python-dotenv skips with a warning is an error: a skipped secret is a missing secret.
//! * A quoted name ends on its line. Python lets it run on over the following lines, which no name does on purpose.
//! * Bytes that are not UTF-8 stay as they are, where Python stops.
//! * `${` outside of single quotes is an error or is expanded, see [`Dialect`].
//!
//! The same as there: one byte order mark at the start is dropped, `\r\n` and a lone `\r` are `\n` even inside quotes
//! (Python's universal newlines), white space is Unicode's, and of duplicates all are returned, in file order.

mod escape;
mod expand;
mod nul;
mod reader;
mod references;
mod rust;
mod space;

use super::{Mistake, Text};
use memchr::{memchr_iter, memmem};
use reader::{Quote, Reader};
use std::ops::Range;

/// One statement of a file.
pub struct Entry {
    /// Where the name stands in the text, without its quotes. Any bytes but line ends: whether it can name a variable
    /// is for the caller to say.
    pub key: Range<usize>,
    /// `None` is a name without `=`: absent, where `A=` is empty.
    pub value: Option<Text>,
    /// The 1-based line that the statement begins on.
    pub line: usize,
}

/// Whose rules a file is read by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// python-dotenv without interpolation. A `${` in a value without single quotes is an error, because programs that
    /// read the same file do interpolate it. A `$` without a brace is a plain character.
    Python,
    /// The same, where `${NAME}` and `${NAME:-default}` outside of single quotes stand for an earlier entry of the same
    /// file, as in python-dotenv with an empty environment. What python-dotenv makes nothing of, or takes as it is, is
    /// an error: a name that no earlier line gives a value and that has no default, a `${` in another form, a `${`
    /// inside `${ }`. Single quotes keep a `${` as it is (python-dotenv interpolates there too).
    PythonExpand,
    /// As Rust programs read it, with dotenvy 0.15, whose `$NAME` and `${NAME}` stand for a variable of the environment
    /// or else for an earlier entry of the file. Where one is set in our environment (which would win over the file) or
    /// by no earlier line (which would be nothing) it is an error, so what comes out depends on the file alone. A `$`
    /// before anything but a letter, a digit or `{` is dropped, as dotenvy does. Not UTF-8 is an error.
    Rust,
    /// No .env file any more, but what somebody read from one: `NAME=VALUE` with a NUL behind each.
    Nul,
}

/// For how many lines room is made at once: a vector that grows is copied, and its old place wiped.
const FORESEEN: usize = 1024;

const BOM: &[u8] = b"\xef\xbb\xbf";

/// Reads a whole file. Cost is linear in `text`; expansion may add at most 1 MiB.
pub fn parse(text: &[u8], dialect: Dialect) -> Result<Vec<Entry>, Mistake> {
    match dialect {
        Dialect::Rust => return rust::parse(text),
        Dialect::Nul => return nul::parse(text),
        Dialect::Python | Dialect::PythonExpand => {}
    }
    let start = if text.starts_with(BOM) { BOM.len() } else { 0 };
    let mut reader = Reader::new(text, start);
    // Most files have no `${` at all, and then no value needs a second look.
    let dollars = memmem::find(text, b"${").is_some();
    let mut names = expand::Names::new(text);
    let mut entries = Vec::with_capacity(memchr_iter(b'\n', text).take(FORESEEN).count() + 1);
    loop {
        reader.skip_blank_lines();
        if reader.at_end() {
            return Ok(entries);
        }
        let line = reader.line();
        let Some((key, value)) = reader.statement()? else {
            continue;
        };
        let value = match value {
            Some((value, Quote::None | Quote::Double)) if dollars && has_reference(bytes(text, &value)) => {
                if dialect == Dialect::Python {
                    return Err(ambiguous(line));
                }
                Some(names.expand(&value, &entries, line)?)
            }
            value => value.map(|(value, _)| value),
        };
        if dollars && dialect == Dialect::PythonExpand {
            names.note(key.clone(), entries.len());
        }
        entries.push(Entry { key, value, line });
    }
}

/// Where one statement stands.
pub struct Statement {
    /// From its line's beginning through its line end.
    pub whole: Range<usize>,
    /// The name, without its quotes.
    pub key: Range<usize>,
    /// The value with its quotes; `None` where there is no `=`.
    pub value: Option<Range<usize>>,
}

/// Where the statements stand in a file that [`parse`] reads, for who changes one.
///
/// # Errors
/// As [`parse`] in python-dotenv's dialect, without a look at references.
pub fn statements(text: &[u8]) -> Result<Vec<Statement>, Mistake> {
    let mut reader = Reader::new(text, if text.starts_with(BOM) { BOM.len() } else { 0 });
    let mut all = Vec::new();
    loop {
        reader.skip_blank_lines();
        if reader.at_end() {
            return Ok(all);
        }
        let indent = |byte: &u8| *byte == b'\n' || *byte == b'\r';
        let start = text[..reader.at()].iter().rposition(indent).map_or(0, |at| at + 1);
        let start = if start == 0 && text.starts_with(BOM) { BOM.len() } else { start };
        if let Some((key, value)) = reader.statement()? {
            let value = value.map(|_| reader.written());
            all.push(Statement { whole: start..reader.at(), key, value });
        }
    }
}

fn has_reference(value: &[u8]) -> bool {
    memmem::find(value, b"${").is_some()
}

fn ambiguous(line: usize) -> Mistake {
    Mistake {
        line: Some(line),
        message: "`${` in this value is ambiguous".into(),
        hint: Some("single quotes keep it as it is, `[source.dotenv] expand = true` expands it".into()),
    }
}

/// A mistake names the rule that was broken and never what stands in the file, which may be a secret.
fn mistake<T>(line: usize, message: &str, hint: &str) -> Result<T, Mistake> {
    Err(Mistake { line: Some(line), message: message.into(), hint: Some(hint.into()) })
}

/// The bytes of a value.
fn bytes<'a>(text: &'a [u8], value: &'a Text) -> &'a [u8] {
    match value {
        Text::Span(span) => &text[span.clone()],
        Text::Owned(secret) => secret.expose(),
    }
}

#[cfg(test)]
mod tests;
