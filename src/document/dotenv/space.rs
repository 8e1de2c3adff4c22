//! White space as Python's `\s` and `str.isspace` have it: Unicode's, and the four separators from 0x1c to 0x1f. None
//! of it can be mistaken inside of other characters, because UTF-8 finds its own boundaries, also next to bytes that
//! are none.

/// The width of the white space at `at` that ends no line; 0 where there is none.
#[inline(always)]
pub(super) fn at(text: &[u8], at: usize) -> usize {
    match text.get(at) {
        // Nearly always the answer.
        None | Some(b'!'..=b'~') => 0,
        Some(_) => unusual(text, at),
    }
}

fn unusual(text: &[u8], at: usize) -> usize {
    match text[at] {
        b'\n' | b'\r' => 0,
        byte if byte < 0x80 => usize::from(ascii(byte)),
        _ => wide(&text[at..]),
    }
}

/// The width of the white space that `text`, a part of one line, ends with.
#[inline]
pub(super) fn ends(text: &[u8]) -> usize {
    match text.last() {
        None | Some(b'!'..=b'~') => 0,
        Some(&byte) if byte < 0x80 => usize::from(ascii(byte)),
        Some(_) => [2, 3]
            .into_iter()
            .find(|&width| width <= text.len() && wide(&text[text.len() - width..]) == width)
            .unwrap_or(0),
    }
}

/// The length of `text`, a part of one line, without the white space that it ends with.
pub(super) fn trim_end(text: &[u8]) -> usize {
    let mut end = text.len();
    loop {
        match ends(&text[..end]) {
            0 => return end,
            width => end -= width,
        }
    }
}

fn ascii(byte: u8) -> bool {
    matches!(byte, b' ' | 9..=13 | 0x1c..=0x1f)
}

/// The width of the white space beyond ASCII that `text` begins with.
fn wide(text: &[u8]) -> usize {
    match text {
        [0xc2, 0x85 | 0xa0, ..] => 2,
        [0xe1, 0x9a, 0x80, ..] => 3,
        [0xe2, 0x80, 0x80..=0x8a | 0xa8 | 0xa9 | 0xaf, ..] => 3,
        [0xe2, 0x81, 0x9f, ..] | [0xe3, 0x80, 0x80, ..] => 3,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_is_unicodes_and_four_separators() {
        for c in (0..=0x3001).filter_map(char::from_u32) {
            let python = c.is_whitespace() || ('\x1c'..='\x1f').contains(&c);
            let text = c.to_string();
            let line_end = c == '\n' || c == '\r';
            let expected = if python { text.len() } else { 0 };
            assert_eq!(at(text.as_bytes(), 0), if line_end { 0 } else { expected }, "{c:?}");
            assert_eq!(ends(text.as_bytes()), expected, "{c:?}");
        }
        assert_eq!(trim_end("a\u{a0}b \u{3000}\u{2028}\t".as_bytes()), 4);
        assert_eq!(trim_end(b"\xa0"), 1);
    }
}
