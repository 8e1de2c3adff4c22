//! JSON and TOML strings against Python's parsers, on documents that are valid and on ones that nearly are.
//! Without python3 this fails: a comparison that was skipped shows nothing.
#![allow(missing_docs)]

use inject::document::dotenv::Dialect;
use inject::document::{Document, Format, Node};
use inject::secret::Secret;
use std::io::Write;
use std::process::{Command, Stdio};

/// xorshift64: the same documents in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % sides
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.roll(from.len())]
    }
}

#[test]
fn json_is_what_python_reads() {
    let mut dice = Dice(0x2545_f491_4f6c_dd1d);
    let documents: Vec<_> = (0..3000)
        .map(|n| {
            let mut text = json(&mut dice, 4);
            if n % 3 == 0 {
                spoil(&mut dice, &mut text);
            }
            text
        })
        .collect();
    compare("json", Format::Json, &documents);
}

#[test]
fn toml_strings_are_what_python_reads() {
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let parts = [
        "a",
        " ",
        "é",
        "😀",
        "$X",
        "#",
        "'",
        "\"",
        "\"\"",
        "\\\\",
        "\\\"",
        "\\n",
        "\\t",
        "\\b",
        "\\u00e9",
        "\\U0001f600",
        "\\u0000",
        "\\ud800",
        "\\",
        "\n",
        "\\\n  ",
        "\t",
        "\u{1}",
        "\u{7f}",
        "\\q",
    ];
    let documents: Vec<_> = std::iter::repeat_with(|| {
        let quote = dice.pick(&["'", "\"", "'''", "\"\"\""]);
        let inner: String = (0..dice.roll(5)).map(|_| dice.pick(&parts)).collect();
        format!("a = {quote}{inner}{quote}\n")
    })
    .take(3000)
    .collect();
    compare("toml", Format::Toml, &documents);
}

fn json(dice: &mut Dice, depth: usize) -> String {
    let space = dice.pick(&["", "", " ", "\n", "\r\n\t"]);
    match dice.roll(if depth == 0 { 5 } else { 8 }) {
        0 => dice.pick(&["null", "true", "false"]).to_owned(),
        1 | 2 => dice.pick(&["0", "-0", "1e400", "0.10", "9007199254740993", "-1.5E-7", "1E+2"]).to_owned(),
        3 | 4 => string(dice),
        5 => {
            let items: Vec<_> = (0..dice.roll(4)).map(|_| json(dice, depth - 1)).collect();
            format!("[{space}{}{space}]", items.join(&format!("{space},")))
        }
        _ => {
            let pairs: Vec<_> = (0..dice.roll(4))
                .map(|_| format!("{}{space}:{space}{}", string(dice), json(dice, depth - 1)))
                .collect();
            format!("{{{space}{}{space}}}", pairs.join(","))
        }
    }
}

fn string(dice: &mut Dice) -> String {
    let parts = [
        "a",
        "b",
        "é",
        "😀",
        "$",
        " ",
        "\\n",
        "\\\"",
        "\\\\",
        "\\/",
        "\\u00e9",
        "\\u0000",
        "\\ud83d\\ude00",
        "'",
        "{",
        "]",
        ",",
        "a",
        "b",
        "c",
        "d",
        "\u{7f}",
        "\u{2028}",
        "\\u0061",
    ];
    let inner: String = (0..dice.roll(6)).map(|_| dice.pick(&parts)).collect();
    format!("\"{inner}\"")
}

/// Puts something in, or takes a character out.
fn spoil(dice: &mut Dice, text: &mut String) {
    let places: Vec<_> = text.char_indices().map(|(at, _)| at).collect();
    let at = places[dice.roll(places.len())];
    match dice.roll(3) {
        0 => drop(text.remove(at)),
        _ => text.insert_str(
            at,
            dice.pick(&[
                "\"", ",", "0", "1", "-", ".", "e", "\\", "\\ud800", "\\udc00", "\t", "\n", "]", "}", "{", "\u{1}",
                "x", "NaN", ":",
            ]),
        ),
    }
}

fn compare(kind: &str, format: Format, documents: &[String]) {
    let script = format!("{}/tests/tools/document_oracle.py", env!("CARGO_MANIFEST_DIR"));
    let mut python = Command::new("python3")
        .args(["-I", &script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("python3, the oracle: {error}"));
    let input: String = documents.iter().map(|text| format!("{kind} {}\n", hex(text.as_bytes()))).collect();
    let mut stdin = python.stdin.take().unwrap_or_else(|| panic!("no stdin"));
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = python.wait_with_output().unwrap_or_else(|error| panic!("python3: {error}"));
    assert!(output.status.success(), "python3 failed: {}", output.status);
    assert!(matches!(writer.join(), Ok(Ok(()))), "python3 did not read it all");
    let answers = String::from_utf8(output.stdout).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(answers.lines().count(), documents.len());
    let mut different = Vec::new();
    for (text, wanted) in documents.iter().zip(answers.lines()) {
        let found = match Document::parse(Secret::from(text.as_bytes()), format, Dialect::Python) {
            Ok(document) => flat(text.as_bytes(), document.root()),
            Err(_) => "error".to_owned(),
        };
        if found != wanted {
            different.push(format!("{text:?}: {found}, python: {wanted}"));
        }
    }
    assert!(different.is_empty(), "{} differ: {:#?}", different.len(), &different[..different.len().min(9)]);
    let errors = answers.lines().filter(|answer| *answer == "error").count();
    assert!(errors > documents.len() / 20 && errors < documents.len() * 4 / 5, "{errors} errors");
}

fn flat(document: &[u8], node: &Node) -> String {
    match node {
        Node::Text(text) => format!("s{}", hex(text.bytes(document))),
        Node::Null => "n".into(),
        Node::List(list) => {
            let items: String = list.iter().map(|item| flat(document, item) + ",").collect();
            format!("[{items}]")
        }
        Node::Table(pairs) => {
            let pair = |(key, value): &(_, _)| pair(document, key, value);
            format!("{{{}}}", pairs.iter().map(pair).collect::<String>())
        }
    }
}

fn pair(document: &[u8], key: &inject::document::Text, value: &Node) -> String {
    format!("{}:{},", hex(key.bytes(document)), flat(document, value))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
