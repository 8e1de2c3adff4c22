//! Reading fields: the walk through a document, and the words for where it ends early.

use super::field::{Field, index, written};
use super::{Document, Format, Node, Text};
use crate::error::{Fault, printable};

/// A field's bytes, or why there are none.
pub type Found<'d> = Result<&'d [u8], Fault>;

/// How many names a message lists.
const LISTED: usize = 10;
/// How many keys are compared with one that is missing, and how long they may be: a bound on the work for a hint.
const COMPARED: usize = 1000;
const COMPARED_LEN: usize = 64;

/// A field of a table: its name, or the bytes of what is not UTF-8, and its text or why it is none.
pub(super) type Entry<'d> = (Result<&'d str, &'d [u8]>, Found<'d>);

impl Document {
    /// The bytes of the text that `field` leads to.
    ///
    /// # Errors
    /// `absent` where the table or list that should hold it does not, with the names that it does hold; `invalid` for
    /// null, a list or a table where a text is wanted, and for a way through something that has no fields.
    pub fn pick(&self, field: &Field) -> Result<&[u8], Fault> {
        if field.steps().is_empty() {
            return self.only();
        }
        let (node, steps) = self.find(field)?;
        self.text(node, || self.quoted(steps))
    }

    /// The text of the one field that there is.
    fn only(&self) -> Found<'_> {
        match &self.root {
            Node::Table(pairs) if pairs.len() == 1 => {
                let mut fields = pairs.iter();
                let (key, value) = fields.next().ok_or_else(|| Fault::invalid("no field"))?;
                self.text(value, || format!("'{}'", shown(self.bytes_of(key))))
            }
            node => {
                Err(Fault::invalid(format!("which field? it {}", self.has(node)))
                    .hint("put #FIELD behind the reference"))
            }
        }
    }

    /// What stands at `field`, of whatever type; the whole document without one.
    ///
    /// # Errors
    /// As [`Document::pick`], the types apart.
    pub fn at(&self, field: Option<&Field>) -> Result<&Node, Fault> {
        field.map_or(Ok(&self.root), |field| self.find(field).map(|(node, _)| node))
    }

    /// The fields of the table at `field`, or of the top level, in their order: what `"*"` takes. A name may be
    /// no variable's.
    ///
    /// # Errors
    /// As [`Document::at`], and `invalid` where there is no table; within, for each field that is no text.
    pub fn entries_at(&self, field: Option<&Field>) -> Result<impl Iterator<Item = Entry<'_>>, Fault> {
        let node = self.at(field)?;
        let Node::Table(pairs) = node else {
            let what = field.map_or("the document".to_owned(), |field| format!("'{}'", printable(field.text())));
            return Err(Fault::invalid(format!("{what} is {}, not a table", self.describe(node))));
        };
        // Judged once for all names.
        let all = std::str::from_utf8(self.bytes()).ok();
        Ok(pairs.iter().map(move |(key, value)| {
            let name = self.bytes_of(key);
            let text = match (key, all) {
                (Text::Span(range), Some(all)) => all.get(range.clone()),
                _ => std::str::from_utf8(name).ok(),
            };
            (text.ok_or(name), self.text(value, || format!("'{}'", shown(name))))
        }))
    }

    fn find<'f>(&self, field: &'f Field) -> Result<(&Node, &'f [String]), Fault> {
        // A .env file is flat, and its keys may hold dots and slashes.
        let as_written = self.format == Format::Dotenv
            && (!field.text().starts_with('/') || self.child(&self.root, field.text()).is_some());
        let steps = if as_written { field.whole() } else { field.steps() };
        let mut node = &self.root;
        for (done, step) in steps.iter().enumerate() {
            node = match self.child(node, step) {
                Some(child) => child,
                None => return Err(self.missing(node, steps, done)),
            };
        }
        Ok((node, steps))
    }

    fn bytes_of<'d>(&'d self, text: &'d Text) -> &'d [u8] {
        text.bytes(self.bytes.expose())
    }

    fn child<'d>(&'d self, node: &'d Node, step: &str) -> Option<&'d Node> {
        match node {
            Node::Table(table) => table.get(self.bytes.expose(), step.as_bytes()),
            Node::List(list) => list.get(index(step)?),
            Node::Text(_) | Node::Null => None,
        }
    }

    /// The bytes of a node that must be a text; `name` is only asked for the message.
    fn text<'d>(&'d self, node: &'d Node, name: impl Fn() -> String) -> Result<&'d [u8], Fault> {
        if let Node::Text(text) = node {
            return Ok(self.bytes_of(text));
        }
        let mut what = format!("{} is {}, not a text", name(), self.describe(node));
        if let Node::Table(_) = node {
            what = format!("{what}; it {}", self.has(node));
        }
        Err(Fault::invalid(what))
    }

    /// The fault of a way that ends at `node`, behind the first `done` of its steps.
    fn missing(&self, node: &Node, steps: &[String], done: usize) -> Fault {
        let (before, after) = steps.split_at(done);
        let holder = if before.is_empty() { "the document".to_owned() } else { self.quoted(before) };
        let step = after.first().map_or("", String::as_str);
        let fault = match node {
            Node::Table(_) => {
                let it = if before.is_empty() { "it" } else { &holder };
                let field = self.quoted(steps);
                Fault::absent(format!("no field {field}; {it} {}", self.has(node)))
            }
            Node::List(_) if index(step).is_some() => {
                let field = self.quoted(steps);
                Fault::absent(format!("no field {field}; {holder} is {}", self.describe(node)))
            }
            Node::List(_) => {
                Fault::invalid(format!("{holder} is {}, and '{}' is no index", self.describe(node), printable(step)))
            }
            Node::Text(_) | Node::Null => {
                Fault::invalid(format!("{holder} is {}, so it has no field '{}'", self.describe(node), printable(step)))
            }
        };
        if let Some(way) = self.with_dots(&self.root, steps) {
            return fault.hint(format!("a key here holds dots: write the field as '{}'", self.way(&way)));
        }
        match self.near(node, step) {
            Some(name) => {
                let mut way = before.to_vec();
                way.push(name);
                way.extend(after.iter().skip(1).cloned());
                fault.hint(format!("did you mean '{}'?", self.way(&way)))
            }
            None => fault,
        }
    }

    /// How to write a field that is not there where a key of the document holds its dots.
    pub(super) fn with_other_dots(&self, field: &Field) -> Option<String> {
        if field.text().starts_with('/') || self.find(field).is_ok() {
            return None;
        }
        self.with_dots(&self.root, field.steps()).map(|way| self.way(&way))
    }

    /// Another way to cut the same dotted path into keys that are there.
    fn with_dots(&self, node: &Node, steps: &[String]) -> Option<Vec<String>> {
        // The number of cuts doubles with each step, though only those go on whose keys exist.
        if steps.is_empty() || steps.len() > 16 {
            return steps.is_empty().then(Vec::new);
        }
        (1..=steps.len()).rev().find_map(|taken| {
            let (head, rest) = steps.split_at(taken);
            let key = head.join(".");
            let mut way = self.with_dots(self.child(node, &key)?, rest)?;
            way.insert(0, key);
            Some(way)
        })
    }

    /// The key most like `step`, if one is like it.
    fn near(&self, node: &Node, step: &str) -> Option<String> {
        let Node::Table(pairs) = node else {
            return None;
        };
        let names = pairs.iter().take(COMPARED).map(|(key, _)| self.bytes_of(key));
        let names = names.filter_map(|name| std::str::from_utf8(name).ok());
        let step = step.to_lowercase();
        let near = names
            .filter(|name| name.len() <= COMPARED_LEN && step.len() <= COMPARED_LEN)
            .map(|name| (strsim::damerau_levenshtein(&name.to_lowercase(), &step), name))
            .min_by_key(|(distance, _)| *distance)?;
        (near.0 <= step.chars().count() / 3).then(|| near.1.to_owned())
    }

    /// How to write these steps as a field of this document.
    fn way(&self, steps: &[String]) -> String {
        match self.format {
            Format::Dotenv => printable(&steps.join(".")),
            Format::Json | Format::Yaml | Format::Toml => printable(&written(steps)),
        }
    }

    fn quoted(&self, steps: &[String]) -> String {
        format!("'{}'", self.way(steps))
    }

    /// What a node is, in a message.
    fn describe(&self, node: &Node) -> String {
        match node {
            Node::Text(_) => "a text".into(),
            Node::Null => "null".into(),
            Node::List(list) => format!("a list of {}", list.len()),
            Node::Table(_) => "a table".into(),
        }
    }

    /// A key of this document for a message, in quotes: see [`shown_key`].
    pub fn shown(&self, key: &[u8]) -> String {
        shown_key(key, self.format)
    }

    fn has(&self, node: &Node) -> String {
        let Node::Table(pairs) = node else {
            return "has no fields".into();
        };
        if pairs.is_empty() {
            return "has no fields".into();
        }
        // A password in base64 is a line of a .env file, too: `c2VjcmV0=` is a key without a value.
        if self.guessed {
            return "has other names, if it is a .env file".into();
        }
        let names = pairs.iter().take(LISTED);
        let names: Vec<_> = names.map(|(key, _)| self.shown(self.bytes_of(key))).collect();
        match pairs.len().saturating_sub(LISTED) {
            0 => format!("has {}", names.join(", ")),
            more => format!("has {} and {more} more", names.join(", ")),
        }
    }
}

fn shown(name: &[u8]) -> String {
    printable(&String::from_utf8_lossy(name))
}

/// A key for a message, in quotes. The second line of a value that nobody quoted, a private key's, looks like a key of a
/// .env file: what is long or holds anything but a name's characters is only hinted at.
pub fn shown_key(key: &[u8], format: Format) -> String {
    let (most, also): (_, &[u8]) = if format == Format::Dotenv { (40, b"_.-") } else { (256, b"_.-/:@") };
    if key.len() <= most && key.iter().all(|c| c.is_ascii_alphanumeric() || also.contains(c)) {
        return format!("'{}'", String::from_utf8_lossy(key));
    }
    let text = String::from_utf8_lossy(key);
    match text.char_indices().nth(4) {
        Some((end, _)) => format!("'{}...' ({} bytes)", printable(&text[..end]), key.len()),
        None => format!("'{}'", printable(&text)),
    }
}

#[cfg(test)]
#[path = "pick_tests.rs"]
mod tests;
