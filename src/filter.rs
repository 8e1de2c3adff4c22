//! What is done to the bytes of a value: the white space around it, and the filters of a template.

use crate::reference::Filter;
use crate::secret::Secret;
use crate::sys::MAX_BYTES;

/// What a template makes of a value has the same bound as what a source gives.
pub const TOO_LARGE: &str = "the template makes more than 1 MiB";

/// Passes a value through filters, the first one first.
///
/// # Errors
/// What keeps one of them from taking it, without the value.
pub fn apply(filters: &[Filter], value: &[u8]) -> Result<Secret, &'static str> {
    let mut value = Secret::from(value);
    for filter in filters {
        let bytes = value.expose();
        if bytes.len() > MAX_BYTES {
            return Err(TOO_LARGE);
        }
        value = Secret::new(match filter {
            Filter::Url => url(bytes),
            Filter::Json => json(bytes)?,
            Filter::Shell => shell(bytes),
            Filter::Base64 => data_encoding::BASE64.encode(bytes).into_bytes(),
        });
    }
    Ok(value)
}

fn url(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() * 3);
    for byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(byte) {
            out.push(*byte);
        } else {
            let digit = |n: u8| if n < 10 { b'0' + n } else { b'A' + n - 10 };
            out.extend([b'%', digit(byte >> 4), digit(byte & 15)]);
        }
    }
    out
}

fn json(bytes: &[u8]) -> Result<Vec<u8>, &'static str> {
    let text = std::str::from_utf8(bytes).map_err(|_| "the value is not UTF-8, so JSON cannot hold it")?;
    // Room for every byte as \u00XX: a buffer that grows would leave copies behind for the allocator to wipe.
    let mut out = Vec::with_capacity(bytes.len() * 6 + 2);
    serde_json::to_writer(&mut out, text).map_err(|_| "the value cannot be written as JSON")?;
    out.pop();
    out.remove(0);
    Ok(out)
}

fn shell(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() * 4 + 2);
    out.push(b'\'');
    for byte in bytes {
        match byte {
            b'\'' => out.extend(br"'\''"),
            byte => out.push(*byte),
        }
    }
    out.push(b'\'');
    out
}

/// Without the white space of C's isspace at both ends.
pub fn trim(mut bytes: &[u8]) -> &[u8] {
    let space = |c: &u8| c.is_ascii_whitespace() || *c == 0x0b;
    while let [first, rest @ ..] = bytes
        && space(first)
    {
        bytes = rest;
    }
    while let [rest @ .., last] = bytes
        && space(last)
    {
        bytes = rest;
    }
    bytes
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn filters() {
        assert_eq!(url(b"a b/\xff~"), b"a%20b%2F%FF~");
        assert_eq!(json("q\"\\\n\u{1}é".as_bytes()).unwrap(), "q\\\"\\\\\\n\\u0001é".as_bytes());
        assert!(json(b"\xff").is_err());
        assert_eq!(shell(b"it's"), br"'it'\''s'");
        assert_eq!(apply(&[Filter::Url, Filter::Base64], b"a/").unwrap().expose(), b"YSUyRg==");
    }

    #[test]
    fn trimming() {
        assert_eq!(trim(b" \t\r\n\x0b\x0cx y\n"), b"x y");
        assert_eq!(trim(b" \n"), b"");
    }
}
