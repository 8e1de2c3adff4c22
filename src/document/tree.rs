//! Building a [`Node`] from what a parser says piece by piece, without recursion, so that no input overflows the stack.

use super::dotenv::Entry;
use super::table::order;
use super::{Mistake, Node, Repeat, Text};
use crate::error::printable;

/// The deepest nesting of lists and tables that is read.
pub(super) const DEPTH: usize = 128;

/// A table's contents.
pub(super) type Pairs = Vec<(Text, Node)>;

enum Open {
    List(Vec<Node>),
    Table { pairs: Pairs, lines: Vec<usize>, key: Option<Text> },
}

/// A tree under construction.
pub(super) struct Tree<'d> {
    document: &'d [u8],
    open: Vec<Open>,
    root: Option<Node>,
}

impl<'d> Tree<'d> {
    /// An empty tree over these bytes.
    pub(super) fn new(document: &'d [u8]) -> Self {
        Self { document, open: Vec::new(), root: None }
    }

    /// How many lists and tables are open.
    pub(super) fn depth(&self) -> usize {
        self.open.len()
    }

    /// Whether what comes next is a table's key.
    pub(super) fn wants_key(&self) -> bool {
        matches!(self.open.last(), Some(Open::Table { key: None, .. }))
    }

    /// Begins a list.
    pub(super) fn open_list(&mut self, line: usize) -> Result<(), Mistake> {
        self.open(Open::List(Vec::new()), line)
    }

    /// Begins a table; keys and values then take turns in [`Tree::put`].
    pub(super) fn open_table(&mut self, line: usize) -> Result<(), Mistake> {
        let table = Open::Table { pairs: Vec::new(), lines: Vec::new(), key: None };
        self.open(table, line)
    }

    fn open(&mut self, what: Open, line: usize) -> Result<(), Mistake> {
        if self.wants_key() {
            return Err(no_key(line));
        }
        if self.open.len() >= DEPTH {
            return Err(too_deep(line));
        }
        self.open.push(what);
        Ok(())
    }

    /// Ends the innermost list or table and hands it out, to be [`put`](Tree::put) where it belongs.
    pub(super) fn close(&mut self) -> Result<Node, Mistake> {
        match self.open.pop() {
            Some(Open::List(list)) => Ok(Node::List(list.into())),
            Some(Open::Table { pairs, lines, .. }) => {
                refuse_duplicates(self.document, &pairs, &lines)?;
                Ok(Node::table(pairs))
            }
            None => Err(Mistake::new("more ends than beginnings")),
        }
    }

    /// Puts the next key or value in its place.
    pub(super) fn put(&mut self, node: Node, line: usize) -> Result<(), Mistake> {
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some(Open::List(list)) => list.push(node),
            Some(Open::Table { pairs, lines, key }) => match (key.take(), node) {
                (Some(name), value) => pairs.push((name, value)),
                (None, Node::Text(name)) => {
                    lines.push(line);
                    *key = Some(name);
                }
                (None, _) => return Err(no_key(line)),
            },
        }
        Ok(())
    }

    /// The whole; `None` where nothing was put.
    pub(super) fn finish(self) -> Option<Node> {
        self.root
    }
}

/// The mistake of nesting beyond [`DEPTH`].
pub(super) fn too_deep(line: usize) -> Mistake {
    Mistake::new(format!("nested more than {DEPTH} deep")).line(line)
}

fn no_key(line: usize) -> Mistake {
    Mistake::new("a key that is no text").line(line)
}

fn refuse_duplicates(document: &[u8], pairs: &Pairs, lines: &[usize]) -> Result<(), Mistake> {
    let name = |at: usize| pairs[at].0.bytes(document);
    let order = order(pairs.len(), name);
    let again = order.windows(2).filter(|two| name(two[0]) == name(two[1])).map(|two| two[1]);
    let Some(first) = again.min() else { return Ok(()) };
    let mistake = Mistake::new(format!("the key '{}' stands here twice", shown(name(first))));
    Err(Mistake { line: lines.get(first).copied(), ..mistake })
}

/// A .env file as a table: the last entry of a name counts, and where that one has no `=` there is no such field.
pub(super) fn from_entries(document: &[u8], mut entries: Vec<Entry>) -> (Pairs, Vec<Repeat>) {
    let name = |entry: &Entry| document.get(entry.key.clone()).unwrap_or_default();
    let order = order(entries.len(), |at| name(&entries[at]));
    let (mut repeated, mut overridden) = (Vec::new(), Vec::new());
    for same in order.chunk_by(|a, b| name(&entries[*a]) == name(&entries[*b])) {
        if let [before @ .., last] = same
            && !before.is_empty()
        {
            let lines = same.iter().map(|at| entries[*at].line).collect();
            repeated.push(Repeat { name: shown(name(&entries[*last])), lines });
            overridden.extend_from_slice(before);
        }
    }
    for at in overridden {
        entries[at].value = None;
    }
    let pairs = entries.into_iter().filter_map(|entry| Some((Text::Span(entry.key), Node::Text(entry.value?))));
    (pairs.collect(), repeated)
}

fn shown(name: &[u8]) -> String {
    printable(&String::from_utf8_lossy(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ops::Range;

    fn entry(key: Range<usize>, value: Option<Range<usize>>, line: usize) -> Entry {
        Entry { key, value: value.map(Text::Span), line }
    }

    #[test]
    fn the_last_entry_of_a_name_counts() {
        let document = b"A=1\nB=2\nA=3\nC=4\nC";
        let entries = vec![
            entry(0..1, Some(2..3), 1),
            entry(4..5, Some(6..7), 2),
            entry(8..9, Some(10..11), 3),
            entry(12..13, Some(14..15), 4),
            entry(16..17, None, 5),
        ];
        let (pairs, repeated) = from_entries(document, entries);
        let found: Vec<_> = pairs
            .iter()
            .map(|(key, value)| match value {
                Node::Text(text) => (key.bytes(document), text.bytes(document)),
                _ => panic!("no text"),
            })
            .collect();
        assert_eq!(found, [(&b"B"[..], &b"2"[..]), (b"A", b"3")]);
        let repeat = |name: &str, lines: &[usize]| Repeat { name: name.into(), lines: lines.into() };
        assert_eq!(repeated, [repeat("A", &[1, 3]), repeat("C", &[4, 5])]);
    }
}
