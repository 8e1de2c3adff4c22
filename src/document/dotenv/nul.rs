//! `NAME=VALUE` with a NUL behind each, as `env -0` prints it. Nothing in a value means anything.

use super::{Entry, mistake};
use crate::document::{Mistake, Text};
use memchr::memchr;

/// An empty entry counts as a line and is none.
pub(super) fn parse(text: &[u8]) -> Result<Vec<Entry>, Mistake> {
    let mut entries = Vec::new();
    let mut from = 0;
    for (number, entry) in text.split(|c| *c == 0).enumerate() {
        let to = from + entry.len();
        match memchr(b'=', entry) {
            Some(0) => return mistake(number + 1, "a value without a name", "NAME=VALUE is wanted"),
            Some(at) => {
                let value = Some(Text::Span(from + at + 1..to));
                entries.push(Entry { key: from..from + at, value, line: number + 1 });
            }
            None if entry.is_empty() => {}
            None => return mistake(number + 1, "a name without a value", "NAME=VALUE is wanted"),
        }
        from = to + 1;
    }
    Ok(entries)
}
