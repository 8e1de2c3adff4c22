//! `${NAME}` and `${NAME:-default}` from earlier entries of the same file; never from the environment.

use super::{Entry, bytes, mistake};
use crate::document::{Mistake, Text};
use crate::secret::Secret;
use memchr::{memchr, memmem};
use std::collections::HashMap;
use std::ops::Range;

/// What expansion may add up to over a whole file. `A=${B}${B}` doubles a value with each line, and a program's whole
/// environment is hardly larger than this.
pub(super) const LIMIT: usize = 1 << 20;

const HINT: &str = "single quotes keep a `${` as it is";

/// The entries so far by name, the last of duplicates.
pub(super) struct Names<'a> {
    text: &'a [u8],
    last: HashMap<&'a [u8], usize>,
    grown: usize,
}

impl<'a> Names<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        Self { text, last: HashMap::new(), grown: 0 }
    }

    /// The entry at `index` has this name.
    pub(super) fn note(&mut self, key: Range<usize>, index: usize) {
        self.last.insert(&self.text[key], index);
    }

    /// `value` with each reference replaced. What was put in is not looked at again, as in python-dotenv.
    pub(super) fn expand(&mut self, value: &Text, entries: &[Entry], line: usize) -> Result<Text, Mistake> {
        // Twice over the pieces: once for the size, so that the secret is written into one buffer that never moves.
        let mut size = 0;
        self.pieces(value, entries, line, &mut |piece| size += piece.len())?;
        self.grown = self.grown.saturating_add(size);
        if self.grown > LIMIT {
            return mistake(line, "the expanded values of this file are over 1 MiB", HINT);
        }
        let mut out = Vec::with_capacity(size);
        self.pieces(value, entries, line, &mut |piece| out.extend_from_slice(piece))?;
        Ok(Text::Owned(Secret::new(out)))
    }

    fn pieces(&self, value: &Text, entries: &[Entry], line: usize, each: &mut dyn FnMut(&[u8])) -> Result<(), Mistake> {
        let mut rest = bytes(self.text, value);
        while let Some(open) = memmem::find(rest, b"${") {
            each(&rest[..open]);
            let inside = &rest[open + 2..];
            let Some(close) = memchr(b'}', inside) else {
                return mistake(line, "a `${` in this value is not closed", HINT);
            };
            each(self.resolve(&inside[..close], entries, line)?);
            rest = &inside[close + 1..];
        }
        each(rest);
        Ok(())
    }

    /// What stands for the reference whose text between the braces is `inside`.
    fn resolve<'b>(&'b self, inside: &'b [u8], entries: &'b [Entry], line: usize) -> Result<&'b [u8], Mistake> {
        // In `${A:-${B}}` python-dotenv takes the first `}` for the end. Nobody means that.
        if memmem::find(inside, b"${").is_some() {
            return mistake(line, "a `${` inside of `${ }` is not supported", HINT);
        }
        let (name, default) = match memchr(b':', inside) {
            None => (inside, None),
            Some(colon) if inside.get(colon + 1) == Some(&b'-') => (&inside[..colon], Some(&inside[colon + 2..])),
            Some(_) => {
                return mistake(line, "only `${NAME}` and `${NAME:-default}` are supported", HINT);
            }
        };
        match (self.last.get(name).and_then(|&index| entries.get(index)), default) {
            (Some(Entry { value: Some(value), .. }), _) => Ok(bytes(self.text, value)),
            // python-dotenv makes nothing of it, even where there is a default.
            (Some(_), _) => mistake(line, "a `${NAME}` in this value names a key without a value", HINT),
            (None, Some(default)) => Ok(default),
            (None, None) => mistake(
                line,
                "a `${NAME}` in this value names no key of an earlier line",
                "single quotes keep a `${` as it is; the environment is never looked at, `${NAME:-}` may be empty",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::document::dotenv::{Dialect, bytes, parse};

    /// The last value, or the line and message.
    fn last(text: &str) -> Result<String, String> {
        let entries = parse(text.as_bytes(), Dialect::PythonExpand)
            .map_err(|mistake| format!("{}: {}", mistake.line.unwrap_or(0), mistake.message))?;
        let value = entries.last().and_then(|entry| entry.value.as_ref()).ok_or("none")?;
        Ok(String::from_utf8_lossy(bytes(text.as_bytes(), value)).into_owned())
    }

    #[test]
    fn earlier_entries_and_defaults_are_put_in() {
        for (text, expected) in [
            ("A=b\nC=x${A}y${A}", "xbyb"),
            ("A=b\nC=\"${A}\\n\"", "b\n"),
            ("A=b\nC='${A}'", "${A}"),
            ("A=b\nC=$A", "$A"),
            ("A=1\nA=2\nC=${A}", "2"),
            ("A='${A}'\nC=${A}", "${A}"),
            ("C=${A:-d e}", "d e"),
            ("C=${A:-}", ""),
            ("A=\nC=${A:-d}", ""),
            ("A=${A:-x}", "x"),
            ("C=${A:-b:-c}", "b:-c"),
            ("C=a # ${A}", "a"),
            ("C=\\${A:-x}", "\\x"),
        ] {
            assert_eq!(last(text).as_deref(), Ok(expected), "{text:?}");
        }
    }

    #[test]
    fn what_the_file_does_not_answer_is_an_error() {
        for (text, expected) in [
            ("A=1\nC=${HOME}", "2: a `${NAME}` in this value names no key of an earlier line"),
            ("C=${A}\nA=1", "1: a `${NAME}` in this value names no key of an earlier line"),
            ("A\nC=${A:-x}", "2: a `${NAME}` in this value names a key without a value"),
            ("C=pa${ss", "1: a `${` in this value is not closed"),
            ("C=${A:?x}", "1: only `${NAME}` and `${NAME:-default}` are supported"),
            ("C=${A:-${B}}", "1: a `${` inside of `${ }` is not supported"),
            ("C=${}", "1: a `${NAME}` in this value names no key of an earlier line"),
        ] {
            assert_eq!(last(text), Err(expected.to_owned()), "{text:?}");
        }
    }

    #[test]
    fn doubling_ends_at_the_limit() {
        let mut text = String::from("A=0123456789\n");
        for _ in 0..64 {
            text.push_str("A=${A}${A}\n");
        }
        assert_eq!(last(&text), Err("17: the expanded values of this file are over 1 MiB".to_owned()));
    }
}
