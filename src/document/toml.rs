//! TOML, as the `toml` crate reads it; numbers, booleans and dates are cut out of the source by their spans.

use super::tree::{DEPTH, too_deep};
use super::{Mistake, Node, Text, line_at};
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};
use toml_parser::Source;
use toml_parser::lexer::TokenKind;

/// Parses `text`, a part of `document`.
///
/// # Errors
/// What is not TOML, with its line: the crate's own words can quote the input, so of those only two are told apart.
pub(super) fn parse(document: &[u8], text: &str) -> Result<Node, Mistake> {
    refuse_depth(text)?;
    let table = DeTable::parse(text).map_err(|error| {
        let what = match error.message() {
            known if known.starts_with("duplicate key") => "a key or table stands here twice",
            known if known.contains("recurs") => "nested too deep",
            _ => "not TOML",
        };
        let place = error.span().map(|span| line_at(text.as_bytes(), span.start));
        Mistake { line: place, ..Mistake::new(what) }
    })?;
    let reader = Reader {
        document,
        text,
        skipped: document.len() - text.len(), // a byte order mark
    };
    reader.table(table.into_inner(), 1)
}

/// Bounds the nesting before the crate sees the text. It bounds brackets (80) and the parts of one key (80), but not
/// their product, and frees what it built by recursion: `a.a = {a.a = {...}}` overflowed a stack of 2 MiB.
/// Counts more than there is, never less: a bracket ends only at its own kind, and a number's point counts as a dot.
fn refuse_depth(text: &str) -> Result<(), Mistake> {
    let mut open = Vec::new(); // of each bracket: its end, and the depth outside it
    let mut outside = 0;
    let mut depth = 0;
    for token in Source::new(text).lex() {
        let kind = token.kind();
        match kind {
            TokenKind::Dot => depth += 1,
            TokenKind::LeftSquareBracket | TokenKind::LeftCurlyBracket => {
                let end = match kind {
                    TokenKind::LeftSquareBracket => TokenKind::RightSquareBracket,
                    _ => TokenKind::RightCurlyBracket,
                };
                open.push((end, outside));
                depth += 1;
                outside = depth;
            }
            TokenKind::Comma => depth = outside,
            TokenKind::Newline if open.is_empty() => depth = 0,
            end => {
                if let Some((_, before)) = open.pop_if(|(wanted, _)| *wanted == end) {
                    depth = outside;
                    outside = before;
                }
            }
        }
        if depth > DEPTH {
            let line = line_at(text.as_bytes(), token.span().start());
            return Err(Mistake::new(format!("nested more than {DEPTH} deep, or a bracket is not closed")).line(line));
        }
    }
    Ok(())
}

struct Reader<'d> {
    document: &'d [u8],
    text: &'d str,
    skipped: usize,
}

impl Reader<'_> {
    /// Recursive: `depth` bounds it.
    fn table(&self, table: DeTable<'_>, depth: usize) -> Result<Node, Mistake> {
        let mut rows: Vec<_> = table.into_iter().collect();
        rows.sort_by_key(|(key, _)| key.span().start); // the crate sorts by name
        let mut pairs = Vec::with_capacity(rows.len());
        for (key, value) in rows {
            let key = Text::from_cow(self.document, key.into_inner());
            pairs.push((key, self.value(value, depth)?));
        }
        Ok(Node::table(pairs))
    }

    fn value(&self, value: Spanned<DeValue<'_>>, depth: usize) -> Result<Node, Mistake> {
        let span = value.span();
        match value.into_inner() {
            DeValue::String(text) => Ok(Node::Text(Text::from_cow(self.document, text))),
            DeValue::Array(_) | DeValue::Table(_) if depth >= DEPTH => {
                Err(too_deep(line_at(self.text.as_bytes(), span.start)))
            }
            DeValue::Array(list) => {
                let list = list.into_iter().map(|item| self.value(item, depth + 1));
                Ok(Node::List(list.collect::<Result<_, _>>()?))
            }
            DeValue::Table(table) => self.table(table, depth + 1),
            DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Datetime(_) => {
                Ok(Node::Text(Text::Span(self.source(span))))
            }
        }
    }

    fn source(&self, span: Range<usize>) -> Range<usize> {
        span.start + self.skipped..span.end + self.skipped
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    fn names(document: &[u8], node: &Node, out: &mut Vec<String>) {
        match node {
            Node::Text(text) => out.push(String::from_utf8_lossy(text.bytes(document)).into_owned()),
            Node::Null => out.push("null".into()),
            Node::List(list) => list.iter().for_each(|item| names(document, item, out)),
            Node::Table(pairs) => {
                for (key, value) in pairs.iter() {
                    out.push(format!("{}=", String::from_utf8_lossy(key.bytes(document))));
                    names(document, value, out);
                }
            }
        }
    }

    fn read(document: &str) -> String {
        let text = document.strip_prefix('\u{feff}').unwrap_or(document);
        match parse(document.as_bytes(), text) {
            Ok(root) => {
                let mut out = Vec::new();
                names(document.as_bytes(), &root, &mut out);
                out.join(" ")
            }
            Err(mistake) => format!("{}: {}", mistake.line.unwrap_or(0), mistake.message),
        }
    }

    #[test]
    fn scalars_stay_as_written() {
        let numbers = "0xFF 1_000 +1 0.10 1e400 -inf true 1979-05-27T07:32:00Z 07:32:00.50";
        for number in numbers.split(' ').chain(["1979-05-27 07:32:00.50"]) {
            assert_eq!(read(&format!("a = {number} # c\n")), format!("a= {number}"));
            let list = format!("\u{feff}a=[{number} ,{number}]");
            assert_eq!(read(&list), format!("a= {number} {number}"));
        }
        let order = "z = 1\na = 'x\\n'\n[b.c]\n\"d.e\" = \"\\u00e9\"\n";
        assert_eq!(read(order), "z= 1 a= x\\n b= c= d.e= é");
        let lists = "a = \"\"\"\nx\ny\"\"\"\n[[l]]\nb = 1\n[[l]]\nb=2";
        assert_eq!(read(lists), "a= x\ny l= b= 1 b= 2");
        assert_eq!(read(""), "");
    }

    #[test]
    fn strings_are_spans_unless_escaped() {
        let text = "a = 'x'\nb = \"y\"\nc = \"\\n\"\n";
        let Ok(Node::Table(pairs)) = parse(text.as_bytes(), text) else {
            panic!("no table");
        };
        let spans = pairs.iter().map(|(_, value)| matches!(value, Node::Text(Text::Span(_))));
        assert_eq!(spans.collect::<Vec<_>>(), [true, true, false]);
    }

    #[test]
    fn mistakes_have_lines() {
        for (text, wanted) in [
            ("a = 1\nb = \n", "2: not TOML"),
            ("a = 1\n\na = 2\n", "3: a key or table stands here twice"),
            ("[a]\n[b]\n[a]\n", "3: a key or table stands here twice"),
            ("a = \"x\n", "1: not TOML"),
            ("a = \"\\ud800\"\n", "1: not TOML"),
            ("a = 01\n", "1: not TOML"),
            ("a = x\n", "1: not TOML"),
            ("a = 1\u{0}\n", "1: not TOML"),
        ] {
            assert_eq!(read(text), wanted, "{text:?}");
        }
    }

    #[test]
    fn nesting_is_bounded() {
        let nest = |depth: usize| format!("a = {}{}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(read(&nest(70)), "a=");
        assert_eq!(read(&nest(100)), "1: nested too deep");
        for depth in [129, 10_000] {
            assert!(read(&nest(depth)).starts_with("1: nested more than 128 deep"));
        }
        let dots = vec!["a"; 70].join(".");
        let split = format!("[{dots}]\n{dots} = 1");
        assert!(read(&split).ends_with("nested more than 128 deep"), "{}", read(&split));
        let inline = format!("{dots} = {{").repeat(70) + &"}".repeat(70);
        assert!(read(&inline).contains("nested"), "{}", read(&inline));
    }

    #[test]
    fn hostile_documents_take_linear_time() {
        const SIZE: usize = 1 << 18;
        let keys: String = (0..SIZE / 9).map(|n| format!("k{n:05}=1\n")).collect();
        let mut slow = Vec::new();
        for part in [
            "[",
            "a.",
            "[[a]]\n",
            "a = 1\n",
            "a={",
            "\"",
            "#",
            "\n",
            "[a.b.c]\n",
            "'",
            "=",
            "x\n",
            "{",
            "\"\\n",
            "1",
            ",",
            "0,",
            &keys,
        ] {
            for prefix in ["", "a = ", "a = [", "a = \"\"\"", "a = '''"] {
                let text = prefix.to_owned() + &part.repeat((SIZE / part.len()).max(1));
                // A busy machine may be slow once.
                let fast = (0..3).any(|_| {
                    let start = Instant::now();
                    let _ = parse(text.as_bytes(), &text);
                    start.elapsed() < Duration::from_secs(1)
                });
                if !fast {
                    slow.push(format!("{prefix:?} {:?}", &part[..part.len().min(9)]));
                }
            }
        }
        assert!(slow.is_empty(), "{slow:#?}");
    }
}
