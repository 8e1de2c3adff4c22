//! JSON: a walk over text that is known to be well formed, to the place of one member.

use super::super::field::{Field, index};
use super::super::json::{string_end, word_end};
use super::{Bytes, not_a_text, spliced, text};
use crate::error::{Fault, printable};
use std::ops::Range;

/// One member of an object.
struct Member {
    /// Where its key begins.
    key: usize,
    /// Between the quotes and behind them: from the key's end to the value's beginning.
    colon: Range<usize>,
    value: Range<usize>,
}

/// An object: where it stands, and its members.
struct Object {
    whole: Range<usize>,
    members: Vec<Member>,
}

/// What the steps lead to.
enum Place {
    /// A value, with the object that holds it and its number in there; `None` in a list.
    Value(Range<usize>, Option<(Object, usize)>),
    /// An object that has not the step with this number.
    Missing(Object, usize),
}

pub(super) fn put(document: &[u8], field: &Field, value: &[u8]) -> Result<Bytes, Fault> {
    let value = text(value, "JSON")?;
    let style = Style::of(document);
    if document.trim_ascii().is_empty() {
        let new = style.object(field.steps(), &quoted(value), 0) + "\n";
        return Ok(zeroize::Zeroizing::new(new.into_bytes()));
    }
    match locate(document, field)? {
        Place::Value(at, _) => match document.get(at.start) {
            Some(b'{' | b'[') => Err(not_a_text(field)),
            // What was no string stays none, for other readers.
            Some(b'"' | b'n') | None => Ok(spliced(document, at, quoted(value).as_bytes())),
            Some(_) if is_bare(value) => Ok(spliced(document, at, value.as_bytes())),
            Some(_) => Ok(spliced(document, at, quoted(value).as_bytes())),
        },
        Place::Missing(object, done) => Ok(style.insert(document, &object, done, field.steps(), value)),
    }
}

pub(super) fn remove(document: &[u8], field: &Field) -> Result<Option<Bytes>, Fault> {
    let Place::Value(_, holder) = locate(document, field)? else { return Ok(None) };
    let Some((object, at)) = holder else {
        return Err(Fault::invalid(format!(
            "'{}' is a place in a list: the others would move",
            printable(field.text())
        )));
    };
    let members = &object.members;
    let part = match (at.checked_sub(1).and_then(|before| members.get(before)), members.get(at + 1)) {
        (_, Some(next)) => members[at].key..next.key,
        (Some(before), None) => before.value.end..members[at].value.end,
        (None, None) => object.whole.start + 1..object.whole.end - 1,
    };
    Ok(Some(spliced(document, part, b"")))
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn is_bare(text: &str) -> bool {
    matches!(text, "true" | "false")
        || serde_json::from_str::<serde_json::Number>(text).is_ok_and(|_| text.trim() == text)
}

fn locate(document: &[u8], field: &Field) -> Result<Place, Fault> {
    let mut at = space(document, if document.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 });
    let mut holder = None;
    for (done, step) in field.steps().iter().enumerate() {
        match document.get(at) {
            Some(b'{') => {
                let object = object(document, at);
                let found = object.members.iter().position(|member| {
                    let key = document.get(member.key..member.colon.start).unwrap_or_default();
                    serde_json::from_slice::<String>(key).is_ok_and(|key| key == *step)
                });
                let Some(found) = found else { return Ok(Place::Missing(object, done)) };
                at = object.members[found].value.start;
                holder = Some((object, found));
            }
            Some(b'[') => {
                let item = index(step).and_then(|index| items(document, at).into_iter().nth(index));
                let absent = || Fault::invalid(format!("'{}': a list has no such place", printable(field.text())));
                at = item.ok_or_else(absent)?.start;
                holder = None;
            }
            _ => {
                let step = printable(step);
                return Err(Fault::invalid(format!("what should have a field '{step}' is no table")));
            }
        }
    }
    Ok(Place::Value(at..value_end(document, at), holder))
}

fn space(document: &[u8], at: usize) -> usize {
    let rest = document.get(at..).unwrap_or_default();
    at + rest.iter().position(|byte| !b" \t\r\n".contains(byte)).unwrap_or(rest.len())
}

/// Behind the value that begins at `at`.
fn value_end(document: &[u8], mut at: usize) -> usize {
    let mut depth = 0;
    while let Some(byte) = document.get(at) {
        at = match byte {
            b'"' => string_end(document, at + 1),
            b'{' | b'[' => {
                depth += 1;
                at + 1
            }
            b'}' | b']' => {
                depth -= 1;
                at + 1
            }
            b' ' | b'\t' | b'\r' | b'\n' | b',' | b':' => at + 1,
            _ => word_end(document, at),
        };
        if depth == 0 {
            break;
        }
    }
    at
}

fn object(document: &[u8], start: usize) -> Object {
    let mut members = Vec::new();
    let mut at = space(document, start + 1);
    while document.get(at) == Some(&b'"') {
        let end = string_end(document, at + 1);
        let value = space(document, space(document, end) + 1);
        let value = value..value_end(document, value);
        members.push(Member { key: at, colon: end..value.start, value: value.clone() });
        at = space(document, value.end);
        if document.get(at) == Some(&b',') {
            at = space(document, at + 1);
        }
    }
    Object { whole: start..at + 1, members }
}

fn items(document: &[u8], start: usize) -> Vec<Range<usize>> {
    let mut items = Vec::new();
    let mut at = space(document, start + 1);
    while document.get(at).is_some_and(|byte| *byte != b']') {
        items.push(at..value_end(document, at));
        at = space(document, value_end(document, at));
        if document.get(at) == Some(&b',') {
            at = space(document, at + 1);
        }
    }
    items
}

/// How the document is laid out.
struct Style {
    /// What a level is indented by; `None` where everything stands on one line.
    unit: Option<String>,
    colon: String,
}

impl Style {
    fn of(document: &[u8]) -> Self {
        let start = space(document, if document.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 });
        let root = if document.get(start) == Some(&b'{') { Some(object(document, start)) } else { None };
        let Some(first) = root.as_ref().and_then(|root| root.members.first()) else {
            return Self { unit: Some("  ".into()), colon: ": ".into() };
        };
        let text = |range: Range<usize>| String::from_utf8_lossy(document.get(range).unwrap_or_default()).into_owned();
        let before = text(start + 1..first.key);
        Self { unit: before.rsplit_once('\n').map(|(_, unit)| unit.to_owned()), colon: text(first.colon.clone()) }
    }

    fn line(&self, depth: usize) -> String {
        self.unit.as_ref().map_or_else(String::new, |unit| format!("\n{}", unit.repeat(depth)))
    }

    /// An object with one member, or one within the other.
    fn object(&self, steps: &[String], value: &str, depth: usize) -> String {
        match steps.split_first() {
            None => value.to_owned(),
            Some((step, rest)) => {
                let (inner, outer) = (self.line(depth + 1), self.line(depth));
                let value = self.object(rest, value, depth + 1);
                format!("{{{inner}{}{}{value}{outer}}}", quoted(step), self.colon)
            }
        }
    }

    /// Puts the steps from `done` on into an object that has them not, behind its last member.
    fn insert(&self, document: &[u8], object: &Object, done: usize, steps: &[String], value: &str) -> Bytes {
        let (step, rest) = (&steps[done], &steps[done + 1..]);
        let member = zeroize::Zeroizing::new(format!(
            "{}{}{}",
            quoted(step),
            self.colon,
            self.object(rest, &quoted(value), done + 1)
        ));
        let Some(last) = object.members.last() else {
            let all = zeroize::Zeroizing::new(format!("{{{}{}{}}}", self.line(done + 1), *member, self.line(done)));
            return spliced(document, object.whole.clone(), all.as_bytes());
        };
        // The white space in front of the last member's key is what stands between two.
        let head = document.get(..last.key).unwrap_or_default();
        let from = head.iter().rposition(|byte| !b" \t\r\n".contains(byte)).map_or(0, |at| at + 1);
        let mut with = zeroize::Zeroizing::new(b",".to_vec());
        with.extend_from_slice(head.get(from..).unwrap_or_default());
        if with.len() == 1 && self.colon.ends_with(' ') {
            with.push(b' ');
        }
        with.extend_from_slice(member.as_bytes());
        spliced(document, last.value.end..last.value.end, &with)
    }
}
