//! How a value looks where it has leaked: as it is, and as the usual encoders write it.

use data_encoding::{BASE64_NOPAD, BASE64URL_NOPAD, Encoding, HEXLOWER, HEXUPPER};
use std::fmt::Write;

/// Shorter values, and pieces of them, stand in any file by chance.
pub(super) const SHORTEST: usize = 8;
/// Of a long form this much stands for the whole.
const LONGEST: usize = 1024;

/// What URL encoders leave as it is, besides letters and digits: RFC 3986's unreserved characters, Python's `quote`,
/// JavaScript's `encodeURIComponent`, the userinfo of WHATWG's URLs, HTML forms.
const URL_KEEPS: [&[u8]; 5] = [b"-._~", b"-._~/", b"-._~!*'()", b"-._~!*'()$&+,", b"*-._"];
/// What JSON writers escape beyond what they must: nothing, PHP the slash, Go what HTML could read.
const JSON_ESCAPES: [&str; 3] = ["", "/", "<>&"];

/// One way to write a value.
pub(super) struct Form {
    /// What is looked for.
    pub(super) bytes: Vec<u8>,
    /// The encoding, for people; empty for the value as it is.
    pub(super) how: &'static str,
    /// Whether it means the same with white space in it: encoders break lines.
    pub(super) breaks: bool,
}

/// The value as it would be found: without the white space around it, which an editor or a shell changes.
pub(super) fn core(value: &[u8]) -> &[u8] {
    value.trim_ascii()
}

/// Every form of a value, each once, the plainest first; none of one that is too short.
pub(super) fn forms(whole: &[u8]) -> Vec<Form> {
    let mut forms: Vec<Form> = Vec::new();
    if whole.len() < SHORTEST {
        return forms;
    }
    let mut add = |how, breaks, mut bytes: Vec<u8>| {
        bytes.truncate(LONGEST);
        if bytes.len() >= SHORTEST && forms.iter().all(|known| known.bytes != bytes) {
            forms.push(Form { bytes, how, breaks });
        }
    };
    let value = whole.get(..LONGEST).unwrap_or(whole);
    add("", false, value.to_vec());
    for before in 0..3 {
        add("base64", true, base64(value, before, &BASE64_NOPAD));
        add("base64", true, base64(value, before, &BASE64URL_NOPAD));
    }
    add("hex", true, HEXLOWER.encode(value).into_bytes());
    add("hex", true, HEXUPPER.encode(value).into_bytes());
    for keeps in URL_KEEPS {
        for plus in [false, true] {
            add("URL", false, url(value, keeps, plus, b"0123456789ABCDEF"));
            add("URL", false, url(value, keeps, plus, b"0123456789abcdef"));
        }
    }
    if let Ok(text) = std::str::from_utf8(whole) {
        let text = &text[..text.floor_char_boundary(LONGEST)];
        for extra in JSON_ESCAPES {
            add("JSON", false, json(text, extra, false));
            add("JSON", false, json(text, extra, true));
        }
    }
    forms
}

/// The characters that this value alone decides, where so many bytes stand before it in a group of three.
fn base64(value: &[u8], before: usize, encoding: &Encoding) -> Vec<u8> {
    let mut bytes = vec![0; before];
    bytes.extend_from_slice(value);
    let text = encoding.encode(&bytes).into_bytes();
    // A character is six bits: the first that holds none of the neighbour's, and the last that is full.
    let (first, last) = ((before * 8).div_ceil(6), bytes.len() * 8 / 6);
    text.get(first..last).unwrap_or_default().to_vec()
}

fn url(value: &[u8], keeps: &[u8], plus: bool, digits: &[u8; 16]) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.len() * 3);
    for byte in value {
        match byte {
            b' ' if plus => out.push(b'+'),
            byte if byte.is_ascii_alphanumeric() || keeps.contains(byte) => out.push(*byte),
            byte => out.extend([b'%', digits[usize::from(byte >> 4)], digits[usize::from(byte & 15)]]),
        }
    }
    out
}

/// The inside of a string of JSON, in ASCII where that is wanted.
fn json(text: &str, extra: &str, ascii: bool) -> Vec<u8> {
    let mut out = String::with_capacity(text.len() * 6);
    for c in text.chars() {
        let short = match c {
            '\n' => 'n',
            '\r' => 'r',
            '\t' => 't',
            '\u{8}' => 'b',
            '\u{c}' => 'f',
            '"' | '\\' => c,
            '/' if extra.contains(c) => c,
            _ if c < ' ' || extra.contains(c) || ascii && c > '~' => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    // Writing to a string does not fail.
                    let _ = write!(out, "\\u{unit:04x}");
                }
                continue;
            }
            _ => {
                out.push(c);
                continue;
            }
        };
        out.extend(['\\', short]);
    }
    out.into_bytes()
}
