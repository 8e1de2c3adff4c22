//! YAML, from saphyr-parser's events: they hand scalars over as they are written, and no schema turns `0755`, `no` or
//! `0.10` into something else.

use super::tree::{DEPTH, Tree, too_deep};
use super::{Mistake, Node, Text, line_at};
use crate::secret::Secret;
use saphyr_parser::{Event, Parser, ScalarStyle, Tag};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// How many nodes and bytes anchors and aliases may copy in all, so that a short document cannot become a huge one.
const COPIED_NODES: usize = 100_000;
const COPIED_BYTES: usize = 4 << 20;
const CORE: &str = "tag:yaml.org,2002:";

/// Parses `text`, a part of `document`.
///
/// # Errors
/// What is not YAML; and of YAML what has no one meaning here: a key twice, several documents, merge keys, keys that
/// are no text, foreign tags, nesting or aliases beyond a bound; each with its line.
pub(super) fn parse(document: &[u8], text: &str) -> Result<Node, Mistake> {
    // YAML allows none of these, and the parser would take a NUL for the end of the document.
    let control = |c: char| c < ' ' && !matches!(c, '\t' | '\n' | '\r');
    if let Some(at) = text.find(control) {
        let line = line_at(text.as_bytes(), at);
        return Err(Mistake::new("a control character, which YAML allows only as an escape").line(line));
    }
    let mut reader = Reader::new(document);
    for next in Parser::new_from_str(text) {
        // The error's own words can quote the input.
        let (event, span) = next.map_err(|error| Mistake::new("not YAML").line(error.marker().line()))?;
        reader.event(event, span.start.line())?;
    }
    Ok(reader.tree.finish().unwrap_or(Node::Null))
}

struct Reader<'d> {
    document: &'d [u8],
    tree: Tree<'d>,
    documents: usize,
    /// Of each open list and table: its anchor, or 0, and the line where it begins.
    open: Vec<(usize, usize)>,
    anchors: BTreeMap<usize, Node>,
    nodes_left: usize,
    bytes_left: usize,
}

impl<'d> Reader<'d> {
    fn new(document: &'d [u8]) -> Self {
        Self {
            document,
            tree: Tree::new(document),
            documents: 0,
            open: Vec::new(),
            anchors: BTreeMap::new(),
            nodes_left: COPIED_NODES,
            bytes_left: COPIED_BYTES,
        }
    }

    fn event(&mut self, event: Event<'_>, line: usize) -> Result<(), Mistake> {
        match event {
            Event::DocumentStart(_) => {
                self.documents += 1;
                if self.documents > 1 {
                    return Err(Mistake::new("a second document in one file").line(line));
                }
            }
            Event::SequenceStart(anchor, tag) => {
                kind(tag.as_deref(), &["seq"], line)?;
                self.tree.open_list(line)?;
                self.open.push((anchor, line));
            }
            Event::MappingStart(anchor, tag) => {
                kind(tag.as_deref(), &["map"], line)?;
                self.tree.open_table(line)?;
                self.open.push((anchor, line));
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let whole = self.tree.close()?;
                let (anchor, line) = self.open.pop().unwrap_or_default();
                self.put(whole, anchor, line)?;
            }
            Event::Scalar(text, style, anchor, tag) => {
                let node = self.scalar(text, style, tag.as_deref(), line)?;
                self.put(node, anchor, line)?;
            }
            Event::Alias(anchor) => {
                let Some(node) = self.anchors.remove(&anchor) else {
                    return Err(Mistake::new("an alias within what it stands for").line(line));
                };
                let copy = self.copy(&node, self.tree.depth(), line)?;
                self.anchors.insert(anchor, node);
                self.tree.put(copy, line)?;
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
        }
        Ok(())
    }

    fn put(&mut self, node: Node, anchor: usize, line: usize) -> Result<(), Mistake> {
        if anchor != 0 {
            let copy = self.copy(&node, 0, line)?;
            self.anchors.insert(anchor, copy);
        }
        self.tree.put(node, line)
    }

    fn scalar(&self, text: Cow<'_, str>, style: ScalarStyle, tag: Option<&Tag>, line: usize) -> Result<Node, Mistake> {
        // `!!merge` is how Go's writer marks the text `<<`, wherever it stands.
        let kind = kind(tag, &["str", "int", "float", "bool", "null", "merge"], line)?;
        let plain = style == ScalarStyle::Plain;
        if plain && text == "<<" && self.tree.wants_key() {
            return Err(Mistake::new("a merge key")
                .hint("write out the keys that '<<' merges, or quote it if it is a name")
                .line(line));
        }
        let null = matches!(&*text, "" | "~" | "null" | "Null" | "NULL");
        match kind {
            Some("null") if !null => Err(Mistake::new("'!!null' before something else").line(line)),
            Some("null") => Ok(Node::Null),
            None if plain && null => Ok(Node::Null),
            _ => Ok(Node::Text(Text::from_cow(self.document, text))),
        }
    }

    /// Recursive: `depth`, that of the place where the copy goes, bounds it.
    fn copy(&mut self, node: &Node, depth: usize, line: usize) -> Result<Node, Mistake> {
        let bytes = match node {
            Node::Text(Text::Owned(secret)) => secret.len(),
            _ => 0,
        };
        let left = (self.nodes_left.checked_sub(1), self.bytes_left.checked_sub(bytes));
        let (Some(nodes), Some(bytes)) = left else {
            return Err(Mistake::new("anchors and aliases that make the document too large").line(line));
        };
        (self.nodes_left, self.bytes_left) = (nodes, bytes);
        match node {
            Node::List(_) | Node::Table(_) if depth >= DEPTH => Err(too_deep(line)),
            Node::Null => Ok(Node::Null),
            Node::Text(text) => Ok(Node::Text(copy_text(text))),
            Node::List(list) => {
                let list = list.iter().map(|item| self.copy(item, depth + 1, line));
                Ok(Node::List(list.collect::<Result<_, _>>()?))
            }
            Node::Table(pairs) => {
                let copy = |(key, value)| Ok((copy_text(key), self.copy(value, depth + 1, line)?));
                let pairs = pairs.iter().map(|(key, value)| (key, value)).map(copy);
                Ok(Node::table(pairs.collect::<Result<_, _>>()?))
            }
        }
    }
}

fn copy_text(text: &Text) -> Text {
    match text {
        Text::Span(range) => Text::Span(range.clone()),
        Text::Owned(secret) => Text::Owned(Secret::from(secret.expose())),
    }
}

/// The kind that a tag of YAML's core schema tells. Any other tag says that the text is not what is meant: refused.
fn kind(tag: Option<&Tag>, allowed: &[&'static str], line: usize) -> Result<Option<&'static str>, Mistake> {
    let Some(tag) = tag else {
        return Ok(None);
    };
    let full = format!("{}{}", tag.handle, tag.suffix);
    let kind = full.strip_prefix(CORE).and_then(|kind| allowed.iter().find(|name| **name == kind));
    kind.map(|kind| Some(*kind))
        .ok_or_else(|| Mistake::new("a tag that does not belong to YAML's core schema, or not here").line(line))
}

#[cfg(test)]
#[path = "yaml_tests.rs"]
mod tests;
