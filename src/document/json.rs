//! JSON. serde_json judges the grammar of the whole, without recursion; this file then only has to walk over text that
//! is known to be well formed, and so gets at what serde_json would convert or merge: numbers as written, duplicates.

use super::tree::Tree;
use super::{Mistake, Node, Text};
use crate::secret::Secret;
use serde_json::value::RawValue;

/// Parses `text`, a part of `document`.
///
/// # Errors
/// What is not JSON, a key twice in one object, a lone surrogate, nesting beyond the bound; each with its line.
pub(super) fn parse(document: &[u8], text: &str) -> Result<Node, Mistake> {
    serde_json::from_str::<&RawValue>(text).map_err(|error| {
        // Its Display can quote the input; its place cannot.
        let what = match error.is_eof() {
            true => "the JSON ends too early".to_owned(),
            false => format!("not JSON at column {}", error.column()),
        };
        Mistake::new(what).line(error.line())
    })?;
    let skipped = document.len() - text.len(); // a byte order mark
    let mut tree = Tree::new(document);
    let (mut at, mut line) = (skipped, 1);
    while let Some(byte) = document.get(at) {
        let mut next = at + 1;
        match byte {
            b'\n' => line += 1,
            b' ' | b'\t' | b'\r' | b',' | b':' => {}
            b'{' => tree.open_table(line)?,
            b'[' => tree.open_list(line)?,
            b'}' | b']' => {
                let whole = tree.close()?;
                tree.put(whole, line)?;
            }
            b'"' => {
                next = string_end(document, next);
                tree.put(Node::Text(string(document, at, next, line)?), line)?;
            }
            _ => {
                next = word_end(document, next);
                let null = document.get(at..next) == Some(b"null");
                let word = Node::Text(Text::Span(at..next));
                tree.put(if null { Node::Null } else { word }, line)?;
            }
        }
        at = next;
    }
    tree.finish().ok_or_else(|| Mistake::new("no JSON in it"))
}

/// Behind the quote that ends the string whose contents begin at `at`.
pub(super) fn string_end(document: &[u8], mut at: usize) -> usize {
    while let Some(found) = document.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        at += found;
        if document.get(at) == Some(&b'"') {
            return at + 1;
        }
        at += 2;
    }
    document.len()
}

/// Behind the number, `true`, `false` or `null` that goes on at `at`.
pub(super) fn word_end(document: &[u8], at: usize) -> usize {
    let rest = document.get(at..).unwrap_or_default();
    let ends = |byte: &u8| b" \t\r\n,:]}".contains(byte);
    at + rest.iter().position(ends).unwrap_or(rest.len())
}

/// The string between these two, quotes included.
fn string(document: &[u8], start: usize, end: usize, line: usize) -> Result<Text, Mistake> {
    let token = document.get(start..end).unwrap_or_default();
    if memchr::memchr(b'\\', token).is_none() {
        return Ok(Text::Span(start + 1..end - 1));
    }
    match serde_json::from_slice::<String>(token) {
        Ok(text) => Ok(Text::Owned(Secret::new(text.into_bytes()))),
        // The grammar of it was fine, so this is all that it can be.
        Err(_) => Err(Mistake::new("an escape in a string is half of a surrogate pair").line(line)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root(text: &str) -> Node {
        match parse(text.as_bytes(), text) {
            Ok(root) => root,
            Err(mistake) => panic!("{mistake:?}"),
        }
    }

    fn mistake(text: &str) -> (Option<usize>, String) {
        match parse(text.as_bytes(), text) {
            Ok(_) => panic!("parsed: {text}"),
            Err(mistake) => (mistake.line, mistake.message),
        }
    }

    #[test]
    fn numbers_stay_as_written() {
        for number in ["1e400", "0.10", "9007199254740993", "-0", "1E+2", "true"] {
            let Node::Text(text) = root(number) else {
                panic!("no text");
            };
            assert!(matches!(text, Text::Span(_)));
            assert_eq!(text.bytes(number.as_bytes()), number.as_bytes());
        }
    }

    #[test]
    fn strings_are_spans_unless_escaped() {
        assert!(matches!(root(r#""a""#), Node::Text(Text::Span(range)) if range == (1..2)));
        let Node::Text(Text::Owned(owned)) = root(r#""\u00e9\ud83d\ude00\u0000""#) else {
            panic!("no owned text");
        };
        assert_eq!(owned.expose(), "é😀\0".as_bytes());
    }

    #[test]
    fn mistakes_have_lines() {
        let (line, message) = mistake("{\"a\":1,\n\"b\":{},\n\"\\u0061\":2}");
        assert_eq!((line, &*message), (Some(3), "the key 'a' stands here twice"));
        assert_eq!(mistake("[1,\n\"\\ud800x\"]").0, Some(2));
        assert_eq!(mistake("{\"a\":1}\n x"), (Some(2), "not JSON at column 2".into()));
        assert_eq!(mistake("{\"a\":\n").1, "the JSON ends too early");
        assert_eq!(mistake("").1, "the JSON ends too early");
        for bad in ["{a:1}", "[1,]", "01", "+1", "NaN", "\"\t\"", "'a'", "[1]]", "\"\\x\"", "// c\n1"] {
            assert!(mistake(bad).1.starts_with("not JSON"), "{bad}");
        }
    }

    #[test]
    fn nesting_is_bounded() {
        let nest = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(matches!(root(&nest(128)), Node::List(_)));
        assert_eq!(mistake(&nest(129)).1, "nested more than 128 deep");
        assert_eq!(mistake(&nest(10_000)).1, "nested more than 128 deep");
    }

    #[test]
    fn hostile_documents_take_less_than_a_second() {
        const SIZE: usize = 1 << 20;
        let keys: String = (0..SIZE / 10).map(|n| format!("\"{n:05}\":1,")).collect();
        for text in [
            "[".repeat(SIZE),
            "{\"a\":".repeat(SIZE / 5),
            format!("[{}0]", "0,".repeat(SIZE / 2)),
            format!("[{}0]", "[],".repeat(SIZE / 3)),
            format!("\"{}\"", "\\u00e9".repeat(SIZE / 6)),
            format!("[{}0]", "\"\\n\",".repeat(SIZE / 5)),
            format!("{{{keys}\"x\":1}}"),
            "\n".repeat(SIZE),
            "1".repeat(SIZE),
        ] {
            let took = crate::document::milliseconds(|| drop(parse(text.as_bytes(), &text)));
            assert!(took < 1000, "{}", &text[..9]);
        }
    }
}
