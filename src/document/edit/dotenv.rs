//! .env files: the statement of one key, with its `export`, its place and its comment kept.

use super::super::dotenv::{Statement, statements};
use super::{Bytes, fault, spliced, verify};
use crate::document::dotenv::Dialect;
use crate::document::{Field, Format};
use crate::error::Fault;

/// Writes the value in the first way that the file's own dialect reads back as it is: bare, in single quotes, in double
/// quotes. python-dotenv reads each of them the same, whichever the dialect.
pub(super) fn put(document: &[u8], dialect: Dialect, key: &str, value: &[u8]) -> Result<Bytes, Fault> {
    super::text(value, "a .env file")?;
    if value.contains(&0) {
        return Err(Fault::invalid("a .env file cannot hold a NUL character"));
    }
    let is_key = |c: u8| c.is_ascii_graphic() && !b"=#'\"$`\\".contains(&c);
    if key.is_empty() || !key.bytes().all(is_key) {
        return Err(Fault::invalid("this is no key that every reader of .env files understands"));
    }
    let statement = of(document, dialect, key)?.pop();
    let field = Field::key(key);
    for written in ways(value) {
        let new = with(document, statement.as_ref(), key, &written);
        if verify(document, &new, Format::Dotenv, dialect, &field, Some(value)).is_ok() {
            return Ok(new);
        }
    }
    let message =
        "a .env file cannot hold this value: not with both '${' and a carriage return, or not in this dialect";
    Err(Fault::invalid(message).hint("decode = \"base64\" on its entry stores it as plain letters"))
}

/// Every statement of the key goes: an earlier one would count from now on.
pub(super) fn remove(document: &[u8], dialect: Dialect, key: &str) -> Result<Option<Bytes>, Fault> {
    let all = of(document, dialect, key)?;
    if all.is_empty() {
        return Ok(None);
    }
    let mut new = zeroize::Zeroizing::new(document.to_vec());
    for statement in all.into_iter().rev() {
        new = spliced(&new, statement.whole, b"");
    }
    Ok(Some(new))
}

/// The statements of one key, in their order. What is no .env file at all is found by reading it.
fn of(document: &[u8], dialect: Dialect, key: &str) -> Result<Vec<Statement>, Fault> {
    crate::document::dotenv::parse(document, dialect).map_err(fault)?;
    let all = statements(document).map_err(fault)?;
    Ok(all.into_iter().filter(|statement| document.get(statement.key.clone()) == Some(key.as_bytes())).collect())
}

fn with(document: &[u8], statement: Option<&Statement>, key: &str, written: &[u8]) -> Bytes {
    let end = if document.contains(&b'\r') && !document.windows(2).any(|two| two[1] == b'\n' && two[0] != b'\r') {
        &b"\r\n"[..]
    } else {
        b"\n"
    };
    let Some(Statement { key: at, value, .. }) = statement else {
        let mut line = zeroize::Zeroizing::new(Vec::with_capacity(key.len() + written.len() + 5));
        if document.last().is_some_and(|last| !b"\r\n".contains(last)) {
            line.extend_from_slice(end);
        }
        line.extend_from_slice(key.as_bytes());
        line.push(b'=');
        line.extend_from_slice(written);
        line.extend_from_slice(end);
        return spliced(document, document.len()..document.len(), &line);
    };
    match value {
        Some(value) => spliced(document, value.clone(), written),
        // A key without a value; a quote may close it.
        None => {
            let behind = at.end + usize::from(document.get(at.end) == Some(&b'\''));
            spliced(document, behind..behind, &[b"=", written].concat())
        }
    }
}

/// The value as it can be written, the simplest way first. None is tried that some reader takes for something else: bare
/// is only what no shell looks at twice, and a `$` goes into single quotes.
fn ways(value: &[u8]) -> Vec<Bytes> {
    let plain = |c: &u8| c.is_ascii_alphanumeric() || b"_./:@%+,=-".contains(c);
    let quoted = |quote: u8, escape: &dyn Fn(u8) -> Option<&'static [u8]>| {
        let mut out = zeroize::Zeroizing::new(Vec::with_capacity(2 * value.len() + 2));
        out.push(quote);
        for byte in value {
            match escape(*byte) {
                Some(escaped) => out.extend_from_slice(escaped),
                None => out.push(*byte),
            }
        }
        out.push(quote);
        out
    };
    let mut ways = Vec::new();
    if !value.is_empty() && value.iter().all(plain) {
        ways.push(zeroize::Zeroizing::new(value.to_vec()));
    }
    ways.push(quoted(b'\'', &|byte| match byte {
        b'\\' => Some(br"\\"),
        b'\'' => Some(br"\'"),
        _ => None,
    }));
    // Programs in Rust know no escapes in single quotes.
    ways.push(quoted(b'\'', &|_| None));
    let double = |byte: u8| -> Option<&'static [u8]> {
        match byte {
            b'\\' => Some(br"\\"),
            b'"' => Some(br#"\""#),
            b'\n' => Some(br"\n"),
            b'\r' => Some(br"\r"),
            _ => None,
        }
    };
    ways.push(quoted(b'"', &double));
    ways.push(quoted(b'"', &|byte| if byte == b'$' { Some(br"\$") } else { double(byte) }));
    ways
}
