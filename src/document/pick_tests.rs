//! Beneath `pick.rs`, in a file of its own for its length.

use super::*;
use crate::document::dotenv::Dialect;
use crate::error::State;
use crate::secret::Secret;

fn json(text: &str) -> Document {
    match Document::parse(Secret::from(text.as_bytes()), Format::Json, Dialect::Python) {
        Ok(document) => document,
        Err(mistake) => panic!("{mistake:?}"),
    }
}

fn field(text: &str) -> Field {
    Field::parse(text).unwrap_or_else(|error| panic!("{error}"))
}

fn fault(document: &str, wanted: &str) -> (State, String, String) {
    match json(document).pick(&field(wanted)) {
        Ok(_) => panic!("found {wanted}"),
        Err(fault) => (fault.state, fault.message, fault.hint.unwrap_or_default()),
    }
}

#[test]
fn finds() {
    let document = json(r#"{"db":{"host":"h","0":"z"},"l":[{"p":80}],"a.b":"dot","":{"~/":"odd"}}"#);
    for (wanted, value) in
        [("db.host", "h"), ("db.0", "z"), ("l.0.p", "80"), ("/l/0/p", "80"), ("/a.b", "dot"), ("//~0~1", "odd")]
    {
        assert_eq!(document.pick(&field(wanted)), Ok(value.as_bytes()), "{wanted}");
    }
}

#[test]
fn absent_is_not_invalid() {
    let text = r#"{"db":{"host":"SECRET","port":1},"l":["SECRET"],"n":null,"db.user":"SECRET","e":{}}"#;
    for (wanted, state, message, hint) in [
        ("x", State::Absent, "no field 'x'; it has 'db', 'l', 'n', 'db.user', 'e'", ""),
        ("db.hots", State::Absent, "no field 'db.hots'; 'db' has 'host', 'port'", "did you mean 'db.host'?"),
        (
            "db.user",
            State::Absent,
            "no field 'db.user'; 'db' has 'host', 'port'",
            "a key here holds dots: write the field as '/db.user'",
        ),
        ("e.x", State::Absent, "no field 'e.x'; 'e' has no fields", ""),
        ("l.1", State::Absent, "no field 'l.1'; 'l' is a list of 1", ""),
        ("l.00", State::Invalid, "'l' is a list of 1, and '00' is no index", ""),
        ("/l/-", State::Invalid, "'l' is a list of 1, and '-' is no index", ""),
        ("db.host.x", State::Invalid, "'db.host' is a text, so it has no field 'x'", ""),
        ("n.x", State::Invalid, "'n' is null, so it has no field 'x'", ""),
        ("n", State::Invalid, "'n' is null, not a text", ""),
        ("l", State::Invalid, "'l' is a list of 1, not a text", ""),
        ("db", State::Invalid, "'db' is a table, not a text; it has 'host', 'port'", ""),
    ] {
        assert_eq!(fault(text, wanted), (state, message.into(), hint.into()), "{wanted}");
    }
    assert_eq!(fault("null", "a").1, "the document is null, so it has no field 'a'");
    assert_eq!(fault("[]", "a").1, "the document is a list of 0, and 'a' is no index");
}

#[test]
fn long_lists_and_odd_names_are_cut_and_escaped() {
    let many: Vec<_> = (10..25).map(|n| format!("\"k{n}\":1")).collect();
    let message = fault(&format!("{{{}}}", many.join(",")), "x").1;
    assert!(message.ends_with("'k19' and 5 more"), "{message}");
    let message = fault(r#"{"\u001b[2J":1}"#, "x\u{7}").1;
    assert_eq!(message, "no field 'x\\u{7}'; it has '\\u{1b}[2J'");
}

#[test]
fn entries_are_the_top_level() {
    let document = json(r#"{"A":"x","B":null,"C":1.50}"#);
    let Ok(entries) = document.entries_at(None) else {
        panic!("no table");
    };
    let entries: Vec<_> = entries.map(|(name, value)| (name, value.map_err(|fault| fault.message))).collect();
    let null = Err("'B' is null, not a text".to_owned());
    assert_eq!(entries, [(Ok("A"), Ok(&b"x"[..])), (Ok("B"), null), (Ok("C"), Ok(&b"1.50"[..]))]);
    let list = json("[]").entries_at(None).err().map(|fault| fault.message);
    assert_eq!(list.as_deref(), Some("the document is a list of 0, not a table"));
}

#[test]
fn a_key_of_a_dotenv_file_is_taken_as_written() {
    let bytes = b"a.b=1\n/c=2\nd=3";
    let row = |key, value| (Text::Span(key), Node::Text(Text::Span(value)));
    let document = Document {
        bytes: Secret::from(&bytes[..]),
        format: Format::Dotenv,
        root: Node::table(vec![row(0..3, 4..5), row(6..8, 9..10), row(11..12, 13..14)]),
        repeated: Vec::new(),
        guessed: false,
    };
    for (wanted, value) in [("a.b", b"1"), ("/c", b"2"), ("d", b"3"), ("/d", b"3")] {
        assert_eq!(document.pick(&field(wanted)), Ok(&value[..]), "{wanted}");
    }
    let missing = document.pick(&field("d.e")).err().map(|fault| fault.message);
    assert_eq!(missing.as_deref(), Some("no field 'd.e'; it has 'a.b', '/c', 'd'"));
}
