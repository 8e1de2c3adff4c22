//! YAML: a tree of where each piece stands, and one piece of text put there. What is written is always in double quotes,
//! which hold every text and mean the same to every reader.

mod text;

use inject::document::Field;
use inject::document::edit::{Bytes, not_a_text, spliced};
use inject::error::{Fault, printable};
use saphyr_parser::{Event, Parser, ScalarStyle, Span};
use std::ops::Range;
use text::{key, quoted};
use zeroize::Zeroizing;

/// A piece of the document, in bytes.
struct Piece {
    span: Range<usize>,
    /// Whether it stands in brackets.
    flow: bool,
    shape: Shape,
}

enum Shape {
    Scalar,
    Map(Vec<Pair>),
    List(Vec<Piece>),
}

struct Pair {
    name: String,
    key: Range<usize>,
    value: Piece,
}

impl Piece {
    /// Where the last thing in it ends.
    fn end(&self) -> usize {
        match &self.shape {
            Shape::Map(pairs) if !self.flow => pairs.last().map_or(self.span.end, Pair::end),
            Shape::List(items) if !self.flow => items.last().map_or(self.span.end, Self::end),
            _ => self.span.end,
        }
    }
}

impl Pair {
    fn end(&self) -> usize {
        self.value.end().max(self.key.end)
    }
}

pub(super) fn put(text: &str, field: &Field, value: &str) -> Result<Bytes, Fault> {
    let Some(root) = tree(text)? else { return Ok(appended(text, field.steps(), value)) };
    let mut here = &root;
    for (done, step) in field.steps().iter().enumerate() {
        let rest = &field.steps()[done..];
        match &here.shape {
            Shape::Map(pairs) => match pairs.iter().find(|pair| pair.name == *step) {
                Some(Pair { key, value: null, .. }) if is_null(text, null) => {
                    return Ok(replaced(text, null, key, &nested(&rest[1..], value)));
                }
                Some(pair) => here = &pair.value,
                None => return Ok(inserted(text, here, pairs, rest, value)),
            },
            Shape::List(items) => {
                let item = step.parse::<usize>().ok().and_then(|at| items.get(at));
                let absent = || Fault::invalid(format!("'{}': a list has no such place", printable(field.text())));
                here = item.ok_or_else(absent)?;
            }
            Shape::Scalar => {
                return Err(Fault::invalid(format!("what should have a field '{}' is no table", printable(step))));
            }
        }
    }
    match here.shape {
        Shape::Scalar => Ok(replaced(text, here, &here.span, &quoted(value))),
        _ => Err(not_a_text(field)),
    }
}

pub(super) fn remove(text: &str, field: &Field) -> Result<Bytes, Fault> {
    let missing = || Fault::invalid(format!("'{}' cannot be removed here", printable(field.text())));
    let root = tree(text)?.ok_or_else(missing)?;
    let (last, way) = field.steps().split_last().ok_or_else(missing)?;
    let mut here = &root;
    for step in way {
        here = match &here.shape {
            Shape::Map(pairs) => pairs.iter().find(|pair| pair.name == *step).map(|pair| &pair.value),
            Shape::List(items) => step.parse::<usize>().ok().and_then(|at| items.get(at)),
            Shape::Scalar => None,
        }
        .ok_or_else(missing)?;
    }
    let Shape::Map(pairs) = &here.shape else {
        return Err(Fault::invalid(format!(
            "'{}' is a place in a list: the others would move",
            printable(field.text())
        )));
    };
    let at = pairs.iter().position(|pair| pair.name == *last).ok_or_else(missing)?;
    let pair = &pairs[at];
    let end = pair.end();
    if here.flow {
        let part = match (at.checked_sub(1).and_then(|before| pairs.get(before)), pairs.get(at + 1)) {
            (_, Some(next)) => pair.key.start..next.key.start,
            (Some(before), None) => before.end()..end,
            (None, None) => pair.key.start..end,
        };
        return Ok(spliced(text.as_bytes(), part, b""));
    }
    if pairs.len() == 1 {
        return Ok(spliced(text.as_bytes(), pair.key.start..end, b"{}"));
    }
    let start = line_start(text, pair.key.start);
    match pairs.get(at + 1) {
        // Behind a `- ` or a `? `: the next key takes its place.
        Some(next) if !text[start..pair.key.start].trim().is_empty() => {
            Ok(spliced(text.as_bytes(), pair.key.start..next.key.start, b""))
        }
        _ => Ok(spliced(text.as_bytes(), start..line_end(text, end), b"")),
    }
}

/// Another text in the place of a scalar. A block scalar's span goes through its line end, and that stays.
fn replaced(text: &str, piece: &Piece, key: &Range<usize>, with: &str) -> Bytes {
    let old = &text[piece.span.clone()];
    if old.is_empty() {
        // Nothing stands there: behind the key's colon, in front of a comment.
        let at = text[key.end..].find(':').map_or(key.end, |colon| key.end + colon + 1);
        let with = Zeroizing::new(format!(" {with}"));
        return spliced(text.as_bytes(), at..at, with.as_bytes());
    }
    let kept = old.trim_end_matches(['\n', '\r', ' ', '\t']).len();
    let end = piece.span.start + kept;
    spliced(text.as_bytes(), piece.span.start..end, with.as_bytes())
}

/// A new pair behind the last one of a map.
fn inserted(text: &str, map: &Piece, pairs: &[Pair], steps: &[String], value: &str) -> Bytes {
    let pair = pair(steps, value);
    let Some(last) = pairs.last() else {
        // `{}`
        let at = map.span.start + 1;
        return spliced(text.as_bytes(), at..at, pair.as_bytes());
    };
    let end = last.end();
    if map.flow {
        let with = Zeroizing::new(format!(", {}", *pair));
        return spliced(text.as_bytes(), end..end, with.as_bytes());
    }
    let first = pairs.first().map_or(last.key.start, |first| first.key.start);
    let indent = text[line_start(text, first)..first].chars().map(|_| ' ').collect::<String>();
    let at = line_end(text, end);
    let break_ = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let before = if text[..at].ends_with('\n') { "" } else { break_ };
    let with = Zeroizing::new(format!("{before}{indent}{}{break_}", *pair));
    spliced(text.as_bytes(), at..at, with.as_bytes())
}

/// Behind a document of nothing but comments.
fn appended(text: &str, steps: &[String], value: &str) -> Bytes {
    let before = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    let with = Zeroizing::new(format!("{before}{}\n", *pair(steps, value)));
    spliced(text.as_bytes(), text.len()..text.len(), with.as_bytes())
}

fn pair(steps: &[String], value: &str) -> Zeroizing<String> {
    let key = steps.first().map_or_else(String::new, |step| key(step));
    Zeroizing::new(format!("{key}: {}", *nested(steps.get(1..).unwrap_or_default(), value)))
}

/// The value within a table for each step.
fn nested(steps: &[String], value: &str) -> Zeroizing<String> {
    match steps {
        [] => quoted(value),
        steps => Zeroizing::new(format!("{{{}}}", *pair(steps, value))),
    }
}

fn is_null(text: &str, piece: &Piece) -> bool {
    matches!(piece.shape, Shape::Scalar) && matches!(&text[piece.span.clone()], "" | "~" | "null" | "Null" | "NULL")
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |found| found + 1)
}

/// Behind the line end that follows; where a line has just ended, there.
fn line_end(text: &str, at: usize) -> usize {
    if at > 0 && text[..at].ends_with('\n') {
        return at;
    }
    text[at..].find('\n').map_or(text.len(), |found| at + found + 1)
}

/// Where everything stands; `None` in a document without a value.
fn tree(text: &str) -> Result<Option<Piece>, Fault> {
    let mark = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let bytes: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    let skipped = usize::from(mark > 0);
    let byte = |index: usize| bytes.get(index + skipped).copied().unwrap_or(text.len());
    let mut events = Vec::new();
    for next in Parser::new_from_str(&text[mark..]) {
        // Its own words can quote the input; another parser has read it before.
        let (event, span) = next.map_err(|_| Fault::invalid("is not YAML that can be edited"))?;
        if matches!(event, Event::Alias(_)) {
            return Err(Fault::invalid(
                "a YAML file with aliases is not changed here: one value may stand in two places",
            ));
        }
        events.push((event, span));
    }
    let begins = |(event, _): &(Event<'_>, Span)| {
        matches!(event, Event::Scalar(..) | Event::SequenceStart(..) | Event::MappingStart(..))
    };
    let Some(first) = events.iter().position(begins) else { return Ok(None) };
    let mut reader = Reader { text, events: &events, at: first, byte: &byte };
    let root = reader.piece();
    Ok(root.filter(|root| !(is_null(text, root) && text[root.span.clone()].is_empty())))
}

struct Reader<'a, 'e> {
    text: &'a str,
    events: &'a [(Event<'e>, Span)],
    at: usize,
    byte: &'a dyn Fn(usize) -> usize,
}

impl Reader<'_, '_> {
    /// The next piece whole. Recursive: the parser that read the document has bounded its depth.
    fn piece(&mut self) -> Option<Piece> {
        let (event, span) = self.events.get(self.at)?;
        self.at += 1;
        let span = (self.byte)(span.start.index())..(self.byte)(span.end.index());
        match event {
            Event::MappingStart(..) => {
                let mut pairs = Vec::new();
                while !matches!(self.events.get(self.at)?.0, Event::MappingEnd) {
                    let name = match &self.events.get(self.at)?.0 {
                        Event::Scalar(name, ..) => name.to_string(),
                        _ => return None,
                    };
                    let key = self.piece()?.span;
                    pairs.push(Pair { name, key, value: self.piece()? });
                }
                let shape = Shape::Map(pairs);
                Some(self.whole(&span, '{', shape))
            }
            Event::SequenceStart(..) => {
                let mut items = Vec::new();
                while !matches!(self.events.get(self.at)?.0, Event::SequenceEnd) {
                    items.push(self.piece()?);
                }
                let shape = Shape::List(items);
                Some(self.whole(&span, '[', shape))
            }
            Event::Scalar(_, style, ..) => {
                let span = match style {
                    ScalarStyle::Literal | ScalarStyle::Folded => self.header(span.start)..self.last_line(&span),
                    _ => span,
                };
                Some(Piece { span, flow: false, shape: Shape::Scalar })
            }
            _ => None,
        }
    }

    /// The end of a block scalar's last line: the parser's goes on into the indentation of what follows.
    fn last_line(&self, span: &Range<usize>) -> usize {
        let kept = self.text[span.clone()].trim_end_matches([' ', '\t']);
        if kept.ends_with('\n') { span.start + kept.len() } else { span.end }
    }

    /// Where the `|` or `>` of a block scalar stands whose text begins at `at`: the first one behind what came before.
    fn header(&self, at: usize) -> usize {
        let before = self.at.checked_sub(2).and_then(|before| self.events.get(before));
        let from = before.map_or(0, |(_, span)| (self.byte)(span.end.index()));
        self.text.get(from..at).and_then(|between| between.find(['|', '>'])).map_or(at, |found| from + found)
    }

    /// A table or list with its end, which is the next event.
    fn whole(&mut self, start: &Range<usize>, bracket: char, shape: Shape) -> Piece {
        let end = self.events.get(self.at).map_or(start.end, |(_, span)| (self.byte)(span.end.index()));
        self.at += 1;
        let flow = self.text[start.start..].starts_with(bracket);
        Piece { span: start.start..end, flow, shape }
    }
}

#[cfg(test)]
mod tests;
