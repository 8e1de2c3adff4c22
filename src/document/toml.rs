//! TOML, as the `toml` crate reads it; numbers, booleans and dates are cut out of the source by their spans.

use super::tree::{DEPTH, too_deep};
use super::{Mistake, Node, Text, line_at};
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Parses `text`, a part of `document`.
///
/// # Errors
/// What is not TOML, with its line: the crate's own words can quote the input, so of those only two are told apart.
pub(super) fn parse(document: &[u8], text: &str) -> Result<Node, Mistake> {
    let table = DeTable::parse(text).map_err(|error| {
        let what = match error.message() {
            known if known.starts_with("duplicate key") => "a key or table stands here twice",
            known if known.contains("recurs") => "nested too deep",
            _ => "not TOML",
        };
        let place = error
            .span()
            .map(|span| line_at(text.as_bytes(), span.start));
        Mistake {
            line: place,
            ..Mistake::new(what)
        }
    })?;
    let reader = Reader {
        document,
        text,
        skipped: document.len() - text.len(), // a byte order mark
    };
    reader.table(table.into_inner(), 1)
}

struct Reader<'d> {
    document: &'d [u8],
    text: &'d str,
    skipped: usize,
}

impl Reader<'_> {
    /// Recursive: `depth` bounds it.
    fn table(&self, table: DeTable<'_>, depth: usize) -> Result<Node, Mistake> {
        let mut rows: Vec<_> = table.into_iter().collect();
        rows.sort_by_key(|(key, _)| key.span().start); // the crate sorts by name
        let mut pairs = Vec::with_capacity(rows.len());
        for (key, value) in rows {
            let key = Text::from_cow(self.document, key.into_inner());
            pairs.push((key, self.value(value, depth)?));
        }
        Ok(Node::Table(pairs))
    }

    fn value(&self, value: Spanned<DeValue<'_>>, depth: usize) -> Result<Node, Mistake> {
        let span = value.span();
        match value.into_inner() {
            DeValue::String(text) => Ok(Node::Text(Text::from_cow(self.document, text))),
            DeValue::Array(_) | DeValue::Table(_) if depth >= DEPTH => {
                Err(too_deep(line_at(self.text.as_bytes(), span.start)))
            }
            DeValue::Array(list) => {
                let list = list.into_iter().map(|item| self.value(item, depth + 1));
                Ok(Node::List(list.collect::<Result<_, _>>()?))
            }
            DeValue::Table(table) => self.table(table, depth + 1),
            DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_) => Ok(Node::Text(Text::Span(self.source(span)))),
        }
    }

    fn source(&self, span: Range<usize>) -> Range<usize> {
        span.start + self.skipped..span.end + self.skipped
    }
}
