//! The grammar of python-dotenv, one statement at a time.

use super::{escape, mistake, space};
use crate::document::{Mistake, Text};
use crate::reference::LETTER;
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
    text: &'a [u8],
    at: usize,
    line: usize,
    /// A `#` with none between it and the last value that was searched: one search serves many lines.
    hash: usize,
    /// The last line end that was found, and from where on it is the first one.
    end: usize,
    found_for: usize,
    /// Where the last value stands, quotes included.
    written: Range<usize>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a [u8], at: usize) -> Self {
        Self { text, at, line: 1, hash: 0, end: 0, found_for: usize::MAX, written: 0..0 }
    }

    /// Whether there is nothing more to read.
    pub(super) fn at_end(&self) -> bool {
        self.at >= self.text.len()
    }

    /// How far it has read.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Where the value of the last statement stands, quotes included; of one without a value, where it would.
    pub(super) fn written(&self) -> Range<usize> {
        self.written.clone()
    }

    /// The 1-based line that is read next.
    pub(super) fn line(&self) -> usize {
        self.line
    }

    #[inline]
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
    fn line_end(&mut self) -> usize {
        self.line_end_after(self.at)
    }

    /// The first line end from `from` on. The last one found is kept: a place is asked about more than once.
    fn line_end_after(&mut self, from: usize) -> usize {
        if self.found_for > from || self.end < from {
            let found = memchr2(b'\n', b'\r', &self.text[from..]);
            self.end = found.map_or(self.text.len(), |found| from + found);
            self.found_for = from;
        }
        self.end
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
        loop {
            let rest = self.text.get(self.at..).unwrap_or_default();
            // The letters of nearly every name; the rest is looked at more closely.
            self.at += rest.iter().position(|&byte| !LETTER[usize::from(byte)]).unwrap_or(rest.len());
            match self.peek() {
                None | Some(b'=' | b'#' | b'\n' | b'\r') => break,
                Some(_) if space::at(self.text, self.at) > 0 => break,
                Some(_) => self.at += 1,
            }
        }
        if self.at == start {
            return mistake(self.line, "a name is missing", "a line is `NAME=value`, `# comment` or empty");
        }
        Ok(start..self.at)
    }

    fn quoted_key(&mut self) -> Result<Range<usize>, Mistake> {
        let start = self.at + 1;
        let line_end = self.line_end();
        let end = memchr(b'\'', &self.text[start..line_end]).map_or(start, |found| start + found);
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
        let value = match self.peek() {
            None | Some(b'\n' | b'\r') => (Text::Span(equal..equal), Quote::None),
            // `A= # note` is empty, and `A=#b` is not.
            Some(b'#') if start > equal => (Text::Span(equal..equal), Quote::None),
            Some(b'\'') => (self.quoted(b'\'', line)?, Quote::Single),
            Some(b'"') => (self.quoted(b'"', line)?, Quote::Double),
            Some(_) => {
                self.at = self.line_end();
                let end = self.comment(start).unwrap_or(self.at);
                let end = start + space::trim_end(&self.text[start..end]);
                (Text::Span(start..end), Quote::None)
            }
        };
        self.written = match &value {
            (Text::Span(span), Quote::None) => span.clone(),
            _ => start..self.at,
        };
        Ok(value)
    }

    /// Where a comment begins between `start` and the place of the reader: at the first `#` with white space before it.
    fn comment(&mut self, start: usize) -> Option<usize> {
        if self.hash < start {
            self.hash = self.next_hash(start);
        }
        let mut hash = self.hash;
        while hash < self.at {
            if space::ends(&self.text[start..hash]) > 0 {
                return Some(hash);
            }
            hash = self.next_hash(hash + 1);
        }
        None
    }

    fn next_hash(&self, from: usize) -> usize {
        memchr(b'#', &self.text[from..]).map_or(self.text.len(), |found| from + found)
    }

    /// A value from its opening quote through the closing one, over as many lines as it takes.
    fn quoted(&mut self, quote: u8, line: usize) -> Result<Text, Mistake> {
        let start = self.at + 1;
        let mut at = start;
        let mut escapes = false;
        loop {
            match self.text.get(at..).and_then(|rest| memchr2(quote, b'\\', rest)) {
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
        // Most quoted values end on their line and then need no count of lines.
        let multi_line = self.line_end_after(start) < at;
        if !escapes && !multi_line {
            return Ok(Text::Span(start..at));
        }
        let inner = &self.text[start..at];
        let returns = multi_line && memchr(b'\r', inner).is_some();
        if multi_line {
            self.line += memchr_iter(b'\n', inner).count();
        }
        if returns {
            let lone = |&found: &usize| inner.get(found + 1) != Some(&b'\n');
            self.line += memchr_iter(b'\r', inner).filter(lone).count();
        }
        if !escapes && !returns {
            return Ok(Text::Span(start..at));
        }
        Ok(Text::Owned(Secret::new(escape::decode(inner, quote))))
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
            mistake(line, "something follows the closing quote", "escape a quote inside of the value with `\\`")
        } else {
            mistake(line, "`=` is missing after the name", "a line is `NAME=value`, `# comment` or empty")
        }
    }
}
