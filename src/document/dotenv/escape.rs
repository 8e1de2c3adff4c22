//! What stands between quotes.

use memchr::memchr2;

/// Line ends and the escapes that Python decodes in these quotes; any other backslash stays.
pub(super) fn decode(inner: &[u8], quote: u8) -> Vec<u8> {
    // Nothing grows here, so the secret is written once and leaves no copy behind.
    let mut out = Vec::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(found) = memchr2(b'\\', b'\r', rest) {
        out.extend_from_slice(&rest[..found]);
        let (byte, width) = match (rest[found], rest.get(found + 1).copied()) {
            (b'\r', Some(b'\n')) => (b'\n', 2),
            (b'\r', _) => (b'\n', 1),
            (_, next) => match next.and_then(|next| escape(next, quote)) {
                Some(byte) => (byte, 2),
                None => (b'\\', 1),
            },
        };
        out.push(byte);
        rest = &rest[found + width..];
    }
    out.extend_from_slice(rest);
    out
}

fn escape(byte: u8, quote: u8) -> Option<u8> {
    match (byte, quote) {
        (b'\\' | b'\'', _) => Some(byte),
        (_, b'\'') => None,
        (b'"', _) => Some(b'"'),
        (b'a', _) => Some(7),
        (b'b', _) => Some(8),
        (b'f', _) => Some(12),
        (b'n', _) => Some(b'\n'),
        (b'r', _) => Some(b'\r'),
        (b't', _) => Some(b'\t'),
        (b'v', _) => Some(11),
        _ => None,
    }
}
