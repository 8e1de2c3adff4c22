//! `dialect = "rust"`: the file as dotenvy 0.15 reads it, with errors of our own, because dotenvy's quote the line.
//!
//! dotenvy looks up `$NAME` in the environment first and in the file second, and makes nothing of what neither has. So
//! after each statement its references are found again, and one that the file alone does not answer is an error.

use super::{BOM, Entry, mistake, references};
use crate::document::{Mistake, Text};
use crate::secret::Secret;
use memchr::{memchr, memchr_iter, memmem};
use std::cell::Cell;
use std::collections::HashSet;
use std::io::{self, Read};

/// What one statement, and all beyond the file's own size, may grow to: `A=$B$B` doubles a value with each line.
const LIMIT: usize = 4 << 20;

/// How far dotenvy has read, and what the statement that it is reading could grow to.
struct Progress {
    at: Cell<usize>,
    references: Cell<usize>,
    largest: Cell<usize>,
}

/// Hands over one line at a time, so that dotenvy's buffer never runs ahead of the statement that it parses.
struct Feed<'a> {
    text: &'a [u8],
    progress: &'a Progress,
}

impl Read for Feed<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let at = self.progress.at.get();
        let rest = self.text.get(at..).unwrap_or_default();
        let line = memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
        let part = &rest[..line.min(buffer.len())];
        let references = self.progress.references.get() + memchr_iter(b'$', part).count();
        if references.saturating_mul(self.progress.largest.get()) > LIMIT {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        buffer[..part.len()].copy_from_slice(part);
        self.progress.references.set(references);
        self.progress.at.set(at + part.len());
        Ok(part.len())
    }
}

pub(super) fn parse(text: &[u8]) -> Result<Vec<Entry>, Mistake> {
    // dotenvy drops it when it loads a file, but not in the iterator.
    let start = if text.starts_with(BOM) { BOM.len() } else { 0 };
    let progress = Progress {
        at: Cell::new(start),
        references: Cell::new(0),
        largest: Cell::new(if memchr(b'$', text).is_some() { largest_variable() } else { 0 }),
    };
    let mut statements = dotenvy::from_read_iter(Feed { text, progress: &progress });
    let mut place = Place { at: start, line: 1 };
    let mut known = HashSet::new();
    let mut entries = Vec::new();
    let mut total = 0usize;
    loop {
        progress.references.set(0);
        let next = statements.next();
        let end = progress.at.get();
        place.skip_comments(text, end);
        let Place { at, line } = place;
        let (key, value) = match next {
            None => return Ok(entries),
            Some(Ok(pair)) => pair,
            Some(Err(error)) => return Err(refusal(&error, line)),
        };
        let statement = &text[at..end];
        references::check(statement, &known, line)?;
        // The first place with these bytes serves, even inside of `export`.
        let Some(found) = memmem::find(statement, key.as_bytes()) else {
            return mistake(line, "this statement cannot be read", HINT);
        };
        total = total.saturating_add(value.len());
        if total > LIMIT + text.len() {
            return mistake(line, "the values of this file are over 4 MiB", HINT);
        }
        progress.largest.set(progress.largest.get().max(value.len()));
        entries.push(Entry {
            key: at + found..at + found + key.len(),
            value: Some(Text::Owned(Secret::new(value.into_bytes()))),
            line,
        });
        known.insert(key);
        place.advance(text, end);
    }
}

const HINT: &str = "`dialect = \"rust\"` reads the file as dotenvy does; without it python-dotenv's rules hold";

/// dotenvy's error holds the line and with it the secret, so only its kind is looked at.
fn refusal(error: &dotenvy::Error, line: usize) -> Mistake {
    let message = match error {
        dotenvy::Error::Io(error) if error.kind() == io::ErrorKind::FileTooLarge => {
            "the references in this value may grow over 4 MiB"
        }
        dotenvy::Error::Io(_) => "this statement is not UTF-8",
        _ => "dotenvy cannot read this statement",
    };
    Mistake { line: Some(line), message: message.into(), hint: Some(HINT.into()) }
}

/// The longest value that a `$NAME` could bring in from outside before it is refused.
fn largest_variable() -> usize {
    std::env::vars_os().map(|(_, value)| value.len()).max().unwrap_or(0)
}

/// A place in the text with its line.
#[derive(Clone, Copy)]
struct Place {
    at: usize,
    line: usize,
}

impl Place {
    fn advance(&mut self, text: &[u8], to: usize) {
        self.line += memchr_iter(b'\n', &text[self.at..to]).count();
        self.at = to;
    }

    /// Past the empty lines and comments, which dotenvy reads along with the statement behind them.
    fn skip_comments(&mut self, text: &[u8], end: usize) {
        while self.at < end {
            let rest = &text[self.at..end];
            let line = memchr(b'\n', rest).map_or(rest.len(), |found| found + 1);
            // What is not UTF-8 is a statement that dotenvy refused.
            let skip = std::str::from_utf8(&rest[..line])
                .map(str::trim_start)
                .is_ok_and(|line| line.is_empty() || line.starts_with('#'));
            if !skip {
                return;
            }
            self.advance(text, self.at + line);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::document::dotenv::{Dialect, bytes, parse};

    /// `NAME=value` of each entry, or the line and message.
    fn read(text: &str) -> Result<Vec<String>, String> {
        let entries = parse(text.as_bytes(), Dialect::Rust)
            .map_err(|mistake| format!("{}: {}", mistake.line.unwrap_or(0), mistake.message))?;
        let show = |value| String::from_utf8_lossy(bytes(text.as_bytes(), value)).into_owned();
        Ok(entries
            .iter()
            .map(|entry| {
                format!(
                    "{}:{}={}",
                    entry.line,
                    &text[entry.key.clone()],
                    entry.value.as_ref().map_or_else(String::new, show)
                )
            })
            .collect())
    }

    #[test]
    fn dotenvy_reads_it_with_lines_and_keys() {
        let text = "\u{feff}# c\n\nexport ex=1\r\n # d\nB=\"a\nb\" # c\nC=$B\nD='$HOME'\nE=\\$HOME\nF=a$-b\nexport=2\n";
        let expected = ["3:ex=1", "5:B=a\nb", "7:C=a\nb", "8:D=$HOME", "9:E=$HOME", "10:F=a-b", "11:export=2"];
        assert_eq!(read(text), Ok(expected.map(String::from).to_vec()));
    }

    #[test]
    fn what_the_file_does_not_answer_is_an_error() {
        let unknown = "2: a `$` in this value names no key of an earlier line";
        for (text, expected) in [
            ("A=1\nB=pa$$word\n", unknown),
            ("A=1\nB=$2a$10$x\n", unknown),
            ("A=1\nB=${INJECT_NO_SUCH}\n", unknown),
            ("A=1\nB=\"$INJECT_NO_SUCH\"\n", unknown),
            (
                "PATH=1\nB=$PATH\n",
                "2: a `$` in this value names a variable of the environment, which would win over the file",
            ),
            ("A=1\n# c\n\nB=b c\n", "4: dotenvy cannot read this statement"),
            ("A=1\nB='x\nC=2\n", "2: dotenvy cannot read this statement"),
        ] {
            assert_eq!(read(text), Err(expected.to_owned()), "{text:?}");
        }
        let bad = parse(b"A=1\nB=\xff\n", Dialect::Rust).err().map(|mistake| (mistake.line, mistake.message));
        assert_eq!(bad, Some((Some(2), "this statement is not UTF-8".to_owned())));
    }

    #[test]
    fn doubling_ends_at_the_limit() {
        let mut text = String::from("A=0123456789\n");
        for _ in 0..64 {
            text.push_str("A=$A$A\n");
        }
        assert!(read(&text).is_err_and(|message| message.ends_with("over 4 MiB")));
    }
}
