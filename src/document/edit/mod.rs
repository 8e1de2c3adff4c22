//! Changing one field of a document in its own text, so that everything else in it stays as somebody wrote it. For the
//! programs that write: the launcher only reads.
//!
//! Every edit is read back with the parser that reads the document later, and is refused unless the field has exactly the
//! new value and everything else its old one. So an editor may be simple: what it does not see through, it does not break.

mod dotenv;
mod json;
#[cfg(test)]
mod tests;

use super::dotenv::Dialect;
use super::{Document, Field, Format, Mistake, Node};
use crate::error::{Fault, State, printable};
use crate::secret::Secret;
use std::ops::Range;
use zeroize::Zeroizing;

/// A document's bytes under construction.
pub type Bytes = Zeroizing<Vec<u8>>;

/// Sets `field` to `value`, in JSON or a .env file; an empty document is made one.
///
/// # Errors
/// The document is none, cannot hold the value, or has something else than a text there.
pub fn put(document: &[u8], format: Format, dialect: Dialect, field: &Field, value: &[u8]) -> Result<Secret, Fault> {
    let new = match format {
        Format::Dotenv => dotenv::put(document, dialect, field.text(), value),
        Format::Json => {
            readable(document, format, dialect)?;
            json::put(document, field, value)
        }
        Format::Yaml | Format::Toml => Err(Fault::invalid("a field of this format is changed in files only")),
    }?;
    verify(document, &new, format, dialect, field, Some(value))?;
    Ok(secret(new))
}

/// Removes `field`; `None` where it is not there.
///
/// # Errors
/// As [`put`].
pub fn remove(document: &[u8], format: Format, dialect: Dialect, field: &Field) -> Result<Option<Secret>, Fault> {
    let new = match format {
        Format::Dotenv => dotenv::remove(document, dialect, field.text()),
        Format::Json if document.trim_ascii().is_empty() => Ok(None),
        Format::Json => {
            readable(document, format, dialect)?;
            json::remove(document, field)
        }
        Format::Yaml | Format::Toml => Err(Fault::invalid("a field of this format is changed in files only")),
    }?;
    let Some(new) = new else { return Ok(None) };
    verify(document, &new, format, dialect, field, None)?;
    Ok(Some(secret(new)))
}

/// The format of a document whose source says none: JSON where it begins so, else a .env file.
pub fn by_look(document: &[u8]) -> Format {
    match document.trim_ascii_start() {
        [] | [b'{', ..] => Format::Json,
        _ => Format::Dotenv,
    }
}

/// `document` with other bytes in a part of it.
pub fn spliced(document: &[u8], part: Range<usize>, with: &[u8]) -> Bytes {
    let mut new = Zeroizing::new(Vec::with_capacity(document.len() + with.len()));
    new.extend_from_slice(document.get(..part.start).unwrap_or(document));
    new.extend_from_slice(with);
    new.extend_from_slice(document.get(part.end..).unwrap_or_default());
    new
}

/// A mistake in a document, as why it is not changed.
pub fn fault(mistake: Mistake) -> Fault {
    let line = mistake.line.map_or_else(String::new, |line| format!("line {line}: "));
    let fault = Fault::invalid(format!("{line}{}", mistake.message));
    match mistake.hint {
        Some(hint) => fault.hint(hint),
        None => fault,
    }
}

/// A value as text, for the formats that hold nothing else.
///
/// # Errors
/// It is not UTF-8.
pub fn text<'v>(value: &'v [u8], format: &str) -> Result<&'v str, Fault> {
    std::str::from_utf8(value).map_err(|error| {
        let at = error.valid_up_to();
        Fault::invalid(format!("{format} cannot hold this value: it is not UTF-8 at byte {at}"))
            .hint("decode = \"base64\" on its entry stores it as text")
    })
}

/// Why a field is not set where a table or a list stands: its own fields would be lost.
pub fn not_a_text(field: &Field) -> Fault {
    Fault::invalid(format!("'{}' is a table or a list, not a text; remove it first", printable(field.text())))
}

/// Holds an edit against what it was meant to do.
///
/// # Errors
/// It did something else.
pub fn verify(
    old: &[u8],
    new: &[u8],
    format: Format,
    dialect: Dialect,
    field: &Field,
    value: Option<&[u8]>,
) -> Result<(), Fault> {
    let refused = || {
        Fault::invalid(
            "the document cannot be changed there without changing something else, or cannot hold this value",
        )
        .hint("change it by hand, and look at what stands around it")
    };
    let new = Document::parse(Secret::from(new), format, dialect).map_err(|_| refused())?;
    match (new.pick(field), value) {
        (Ok(is), Some(value)) if is == value => {}
        (Err(fault), None) if matches!(fault.state, State::Absent) || new.is_empty() => {}
        _ => return Err(refused()),
    }
    if old.trim_ascii().is_empty() {
        return Ok(());
    }
    let old = Document::parse(Secret::from(old), format, dialect).map_err(fault)?;
    if value.is_some()
        && format != Format::Dotenv
        && let Some(way) = old.with_other_dots(field)
    {
        return Err(Fault::invalid(format!(
            "a key here holds dots, and '{}' would be another one",
            printable(field.text())
        ))
        .hint(format!("write the field as '{way}'")));
    }
    let steps = if format == Format::Dotenv { field.whole() } else { field.steps() };
    let same = same_but((&old, old.root()), (&new, new.root()), Some(steps));
    if same { Ok(()) } else { Err(refused()) }
}

fn readable(document: &[u8], format: Format, dialect: Dialect) -> Result<(), Fault> {
    match document.trim_ascii() {
        [] => Ok(()),
        _ => Document::parse(Secret::from(document), format, dialect).map(drop).map_err(fault),
    }
}

fn secret(mut bytes: Bytes) -> Secret {
    Secret::new(std::mem::take(&mut *bytes))
}

/// A node, and the document that its bytes stand in.
type At<'d> = (&'d Document, &'d Node);

/// Whether two nodes are the same, what is at the end of `steps` apart. Recursive: both come from a parser that bounds it.
fn same_but(old: At<'_>, new: At<'_>, steps: Option<&[String]>) -> bool {
    if steps.is_some_and(<[String]>::is_empty) {
        return true;
    }
    let step = steps.and_then(<[String]>::first).map(String::as_bytes);
    let rest = || steps.and_then(|steps| steps.get(1..));
    match (old.1, new.1) {
        (Node::Text(one), Node::Text(two)) => one.bytes(old.0.bytes()) == two.bytes(new.0.bytes()),
        (Node::Null, Node::Null) => true,
        // A table that only now holds something was nothing before, and the other way round.
        (Node::Null, Node::Table(table)) | (Node::Table(table), Node::Null) => steps.is_some() && table.len() <= 1,
        (Node::List(one), Node::List(two)) => {
            let inner = |at: usize| if step == Some(at.to_string().as_bytes()) { rest() } else { None };
            let mut pairs = one.iter().zip(two).enumerate();
            one.len() == two.len() && pairs.all(|(at, (one, two))| same_but((old.0, one), (new.0, two), inner(at)))
        }
        (Node::Table(one), Node::Table(two)) => {
            let name = |text: &super::Text, document: &Document| text.bytes(document.bytes()).to_vec();
            let kept = |table: &super::Table, document: &Document| -> Vec<_> {
                table.iter().map(|(key, _)| name(key, document)).filter(|key| Some(&key[..]) != step).collect()
            };
            // Neither a name nor the order of names has changed, and neither has what they stand for.
            kept(one, old.0) == kept(two, new.0)
                && one.iter().all(|(key, value)| {
                    let key = name(key, old.0);
                    let inner = if step == Some(&key[..]) { rest() } else { None };
                    match two.get(new.0.bytes(), &key) {
                        Some(other) => same_but((old.0, value), (new.0, other), inner),
                        None => inner.is_some_and(<[String]>::is_empty),
                    }
                })
        }
        _ => false,
    }
}
