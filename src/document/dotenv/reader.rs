//! The grammar of python-dotenv, one statement at a time.

use super::{mistake, space};
use crate::document::{Mistake, Text};
use crate::secret::Secret;
use memchr::{memchr, memchr_iter, memchr2};
use std::ops::Range;

/// What stands around a value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Quote {
    None,
    Single,
    Double,
}

/// A name, and the value if there is a `=`.
pub(super) type Statement = (Range<usize>, Option<(Text, Quote)>);

/// A place in a file with its line, and the grammar from there on.
pub(super) struct Reader<'a> {
    pub(super) text: &'a [u8],
    pub(super) at: usize,
    pub(super) line: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    /// White space with its line ends.
    pub(super) fn skip_blank_lines(&mut self) {
        loop {
            self.skip_spaces();
            if !self.skip_line_end() {
                return;
            }
        }
    }

    /// White space that stays on the line.
    fn skip_spaces(&mut self) {
        loop {
            match space::at(self.text, self.at) {
                0 => return,
                width => self.at += width,
            }
        }
    }

    fn skip_line_end(&mut self) -> bool {
        match self.peek() {
            Some(b'\n') => self.at += 1,
            Some(b'\r') if self.text.get(self.at + 1) == Some(&b'\n') => self.at += 2,
            Some(b'\r') => self.at += 1,
            _ => return false,
        }
        self.line += 1;
        true
    }

    /// Where the line ends, before its line end.
    fn line_end(&self) -> usize {
        memchr2(b'\n', b'\r', &self.text[self.at..])
            .map_or(self.text.len(), |found| self.at + found)
    }

    /// One statement through its line end; `None` is a comment.
    pub(super) fn statement(&mut self) -> Result<Option<Statement>, Mistake> {
        let line = self.line;
        self.skip_export();
        let key = match self.peek() {
            Some(b'#') => None,
            Some(b'\'') => Some(self.quoted_key()?),
            _ => Some(self.key()?),
        };
        self.skip_spaces();
        // After `#` there is no `=` to be seen: `# A=b` is a comment as a whole.
        let value = if self.peek() == Some(b'=') {
            self.at += 1;
            Some(self.value(line)?)
        } else {
            None
        };
        self.end_of_statement(line, value.is_some())?;
        Ok(key.map(|key| (key, value)))
    }

    /// `export` counts as a prefix only with white space behind it: `export=1` is a name.
    fn skip_export(&mut self) {
        const EXPORT: &[u8] = b"export";
        if !self.text[self.at..].starts_with(EXPORT) {
            return;
        }
        let after = self.at + EXPORT.len();
        if space::at(self.text, after) > 0 {
            self.at = after;
            self.skip_spaces();
        }
    }

    fn key(&mut self) -> Result<Range<usize>, Mistake> {
        let start = self.at;
        while let Some(byte) = self.peek() {
            let ends = match byte {
                b'=' | b'#' | b'\n' | b'\r' => true,
                // The letters of nearly every name, ahead of the table of white space.
                b'A'..=b'Z' | b'_' | b'a'..=b'z' | b'0'..=b'9' => false,
                _ => space::at(self.text, self.at) > 0,
            };
            if ends {
                break;
            }
            self.at += 1;
        }
        if self.at == start {
            return mistake(
                self.line,
                "a name is missing",
                "a line is `NAME=value`, `# comment` or empty",
            );
        }
        Ok(start..self.at)
    }

    fn quoted_key(&mut self) -> Result<Range<usize>, Mistake> {
        let start = self.at + 1;
        let end =
            memchr(b'\'', &self.text[start..self.line_end()]).map_or(start, |found| start + found);
        if end == start {
            return mistake(
                self.line,
                "a quoted name is empty or not closed",
                "a name in single quotes ends on its line",
            );
        }
        self.at = end + 1;
        Ok(start..end)
    }

    /// What stands behind `=`.
    fn value(&mut self, line: usize) -> Result<(Text, Quote), Mistake> {
        let equal = self.at;
        self.skip_spaces();
        let start = self.at;
        match self.peek() {
            None | Some(b'\n' | b'\r') => Ok((Text::Span(start..start), Quote::None)),
            // `A= # note` is empty, and `A=#b` is not.
            Some(b'#') if start > equal => Ok((Text::Span(start..start), Quote::None)),
            Some(b'\'') => Ok((self.quoted(b'\'', line)?, Quote::Single)),
            Some(b'"') => Ok((self.quoted(b'"', line)?, Quote::Double)),
            Some(_) => {
                self.at = self.line_end();
                let part = &self.text[start..self.at];
                let comment =
                    memchr_iter(b'#', part).find(|&found| space::ends(&part[..found]) > 0);
                let end = start + space::trim_end(&part[..comment.unwrap_or(part.len())]);
                Ok((Text::Span(start..end), Quote::None))
            }
        }
    }

    /// A value from its opening quote through the closing one, over as many lines as it takes.
    fn quoted(&mut self, quote: u8, line: usize) -> Result<Text, Mistake> {
        let start = self.at + 1;
        let mut at = start;
        let mut escapes = false;
        loop {
            match self
                .text
                .get(at..)
                .and_then(|rest| memchr2(quote, b'\\', rest))
            {
                None => {
                    return mistake(
                        line,
                        "a quoted value is not closed",
                        "close the quotes, or escape a `\\` at their end",
                    );
                }
                Some(found) if self.text[at + found] == quote => {
                    at += found;
                    break;
                }
                Some(found) => {
                    escapes = true;
                    at += found + 2;
                }
            }
        }
        self.at = at + 1;
        let inner = &self.text[start..at];
        let returns = memchr(b'\r', inner).is_some();
        if !escapes && !returns {
            self.line += memchr_iter(b'\n', inner).count();
            return Ok(Text::Span(start..at));
        }
        self.line += memchr_iter(b'\n', inner).count();
        self.line += memchr_iter(b'\r', inner)
            .filter(|&found| inner.get(found + 1) != Some(&b'\n'))
            .count();
        Ok(Text::Owned(Secret::new(decode(inner, quote))))
    }

    fn end_of_statement(&mut self, line: usize, value: bool) -> Result<(), Mistake> {
        self.skip_spaces();
        if self.peek() == Some(b'#') {
            self.at = self.line_end();
        }
        if self.skip_line_end() || self.at >= self.text.len() {
            return Ok(());
        }
        if value {
            mistake(
                line,
                "something follows the closing quote",
                "escape a quote inside of the value with `\\`",
            )
        } else {
            mistake(
                line,
                "`=` is missing after the name",
                "a line is `NAME=value`, `# comment` or empty",
            )
        }
    }
}

/// Line ends and the escapes that Python decodes in these quotes; any other backslash stays.
fn decode(inner: &[u8], quote: u8) -> Vec<u8> {
    // Nothing grows here, so the secret is written once and leaves no copy behind.
    let mut out = Vec::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(found) = memchr2(b'\\', b'\r', rest) {
        out.extend_from_slice(&rest[..found]);
        let (byte, width) = match (rest[found], rest.get(found + 1).copied()) {
            (b'\r', Some(b'\n')) => (b'\n', 2),
            (b'\r', _) => (b'\n', 1),
            (_, next) => match next.and_then(|next| escape(next, quote)) {
                Some(byte) => (byte, 2),
                None => (b'\\', 1),
            },
        };
        out.push(byte);
        rest = &rest[found + width..];
    }
    out.extend_from_slice(rest);
    out
}

fn escape(byte: u8, quote: u8) -> Option<u8> {
    match (byte, quote) {
        (b'\\' | b'\'', _) => Some(byte),
        (_, b'\'') => None,
        (b'"', _) => Some(b'"'),
        (b'a', _) => Some(7),
        (b'b', _) => Some(8),
        (b'f', _) => Some(12),
        (b'n', _) => Some(b'\n'),
        (b'r', _) => Some(b'\r'),
        (b't', _) => Some(b'\t'),
        (b'v', _) => Some(11),
        _ => None,
    }
}
