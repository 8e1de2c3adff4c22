#![allow(clippy::unwrap_used)]

use super::*;

fn set(format: Format, document: &str, field: &str, value: &str) -> String {
    let field = if format == Format::Dotenv { Field::key(field) } else { Field::parse(field).unwrap() };
    match put(document.as_bytes(), format, Dialect::Python, &field, value.as_bytes()) {
        Ok(new) => String::from_utf8(new.expose().to_vec()).unwrap(),
        Err(fault) => format!("! {}", fault.message),
    }
}

fn unset(format: Format, document: &str, field: &str) -> String {
    let field = if format == Format::Dotenv { Field::key(field) } else { Field::parse(field).unwrap() };
    match remove(document.as_bytes(), format, Dialect::Python, &field) {
        Ok(Some(new)) => String::from_utf8(new.expose().to_vec()).unwrap(),
        Ok(None) => "none".into(),
        Err(fault) => format!("! {}", fault.message),
    }
}

#[test]
fn a_dotenv_line_keeps_what_is_around_it() {
    let set = |document, key, value| set(Format::Dotenv, document, key, value);
    assert_eq!(set("", "A", "x"), "A=x\n");
    assert_eq!(set("B=1", "A", "x"), "B=1\nA=x\n");
    assert_eq!(set("B=1\r\n", "A", "x"), "B=1\r\nA=x\r\n");
    assert_eq!(set("# c\nexport A = 'old' # why\nB=2\n", "A", "n w"), "# c\nexport A = 'n w' # why\nB=2\n");
    assert_eq!(set("A= # none\nB=2\n", "A", "x"), "A=x # none\nB=2\n");
    assert_eq!(set("A=old # why\n", "A", ""), "A='' # why\n");
    assert_eq!(set("A\nB=2\n", "A", "x"), "A=x\nB=2\n");
    assert_eq!(set("'A'\n", "A", "x"), "'A'=x\n");
    assert_eq!(set("A=1\nA=2\n", "A", "x"), "A=1\nA=x\n");
    assert_eq!(set("A=\"1\n2\"\nB=2", "A", "it's"), "A='it\\'s'\nB=2");
    assert_eq!(set("", "A", "a\rb"), "A=\"a\\rb\"\n");
    assert_eq!(set("", "A", "${X}"), "A='${X}'\n");
    assert!(set("", "A", "${X}\r").starts_with("! a .env file cannot hold"));
    assert!(set("", "A", "a\0").starts_with("! a .env file cannot hold a NUL"));
    assert!(set("'\n", "A", "x").starts_with("! line 1: "));
    assert_eq!(set("\u{feff}A=1\n", "A", "x"), "\u{feff}A=x\n");
}

#[test]
fn a_dotenv_key_goes_with_its_line() {
    let unset = |document, key| unset(Format::Dotenv, document, key);
    assert_eq!(unset("# c\n  A=1 # why\nB='x\ny'\n", "A"), "# c\nB='x\ny'\n");
    assert_eq!(unset("A=1\nB=2\nA=3", "A"), "B=2\n");
    assert_eq!(unset("B='x\ny'\nA=1\n", "B"), "A=1\n");
    assert_eq!(unset("\u{feff}A=1\n", "A"), "\u{feff}");
    assert_eq!(unset("B=1\n", "A"), "none");
}

#[test]
fn json_keeps_its_layout() {
    let set = |document, field, value| set(Format::Json, document, field, value);
    assert_eq!(set("", "db.url", "x"), "{\n  \"db\": {\n    \"url\": \"x\"\n  }\n}\n");
    assert_eq!(set(r#"{"a":1,"b":"2"}"#, "b", "\"\n"), r#"{"a":1,"b":"\"\n"}"#);
    assert_eq!(set(r#"{"a":1,"b":"2"}"#, "c.d", "x"), r#"{"a":1,"b":"2","c":{"d":"x"}}"#);
    assert_eq!(set(r#"{"a": 1, "b": {}}"#, "b.c", "x"), r#"{"a": 1, "b": {"c": "x"}}"#);
    let dots = "! a key here holds dots, and 'a.b' would be another one";
    assert_eq!(set(r#"{"a.b":1}"#, "a.b", "x"), dots);
    assert_eq!(set(r#"{"a.b":"1"}"#, "/a.b", "x"), r#"{"a.b":"x"}"#);
    assert_eq!(set("{\n\t\"a\": 1\n}", "b", "x"), "{\n\t\"a\": 1,\n\t\"b\": \"x\"\n}");
    let nested = "{\n  \"a\": {\n    \"b\": [1, 2]\n  }\n}\n";
    assert_eq!(set(nested, "a.c", "x"), "{\n  \"a\": {\n    \"b\": [1, 2],\n    \"c\": \"x\"\n  }\n}\n");
    assert_eq!(set(nested, "a.b.1", "3"), "{\n  \"a\": {\n    \"b\": [1, 3]\n  }\n}\n");
    assert_eq!(set(nested, "a.b.1", "03"), "{\n  \"a\": {\n    \"b\": [1, \"03\"]\n  }\n}\n");
    assert_eq!(set(r#"{"\u0061": null}"#, "a", "x"), r#"{"\u0061": "x"}"#);
    assert_eq!(set("{}", "a", "x"), "{\n  \"a\": \"x\"\n}");
    assert!(set(nested, "a", "x").starts_with("! 'a' is a table or a list"));
    assert!(set(nested, "a.b.7", "x").starts_with("! 'a.b.7': a list has no such place"));
    assert!(set(r#"{"a":"x"}"#, "a.b", "x").starts_with("! what should have a field 'b'"));
    assert!(set("{a}", "a", "x").starts_with("! line 1: not JSON"));
    let field = Field::parse("a").unwrap();
    let fault = put(b"{}", Format::Json, Dialect::Python, &field, b"a\xff").err().unwrap();
    assert_eq!(fault.message, "JSON cannot hold this value: it is not UTF-8 at byte 1");
}

#[test]
fn a_json_member_goes_with_its_comma() {
    let unset = |document, field| unset(Format::Json, document, field);
    assert_eq!(unset("{\n  \"a\": 1,\n  \"b\": 2,\n  \"c\": 3\n}", "b"), "{\n  \"a\": 1,\n  \"c\": 3\n}");
    assert_eq!(unset("{\n  \"a\": 1,\n  \"b\": 2\n}", "b"), "{\n  \"a\": 1\n}");
    assert_eq!(unset("{ \"a\": {\"b\": 1} }", "a.b"), "{ \"a\": {} }");
    assert_eq!(unset("{\"a\":{\"b\":1}}", "a"), "{}");
    assert_eq!(unset("{\"a\":1}", "b"), "none");
    assert!(unset("{\"a\":[1]}", "a.0").starts_with("! 'a.0' is a place in a list"));
}

#[test]
fn no_document_makes_it_panic_and_what_is_read_can_be_edited() {
    let pieces = [
        "a",
        "\"a\"",
        ":",
        ",",
        "{",
        "}",
        "[",
        "]",
        "\"b\": ",
        "1",
        " ",
        "\n",
        "\"\\u0061\"",
        "null",
        "{\"a\": ",
        "=",
        "'",
        "A=",
        "A='x'\n",
        "# c\n",
        "export ",
        "\\",
        "${",
        "\r\n",
        "\u{feff}",
        "é",
        "\"é\":2",
    ];
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut dice = |most: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % most as u64).unwrap()
    };
    let mut edited = 0;
    for _ in 0..30_000 {
        let text: String = (0..dice(10)).map(|_| pieces[dice(pieces.len())]).collect();
        for (format, field) in [(Format::Json, "a"), (Format::Json, "a.b"), (Format::Json, "0"), (Format::Dotenv, "A")]
        {
            let new = set(format, &text, field, "va'l\"ue\n");
            let _ = unset(format, &text, field);
            if new.starts_with('!') {
                // Whatever reads the file reads it as a table, so the field can be set, unless something else stands there.
                let readable = Document::parse(Secret::from(text.as_bytes()), format, Dialect::Python);
                let table = readable.is_ok_and(|document| matches!(document.root(), Node::Table(_)));
                let there = ["is a table or a list", "is no table"].iter().any(|words| new.contains(words));
                assert!(!table || there, "{format:?} {field}: {text:?}\n{new}");
            } else {
                edited += 1;
            }
        }
    }
    assert!(edited > 3000, "{edited}");
}

/// What an editor that is wrong would have done: none of it passes.
#[test]
fn an_edit_that_did_something_else_is_refused() {
    let held = |format, old: &str, new: &str, field: &str, value: Option<&str>| {
        let field = if format == Format::Dotenv { Field::key(field) } else { Field::parse(field).unwrap() };
        verify(old.as_bytes(), new.as_bytes(), format, Dialect::Python, &field, value.map(str::as_bytes)).is_ok()
    };
    let json = |old: &str, new: &str, field: &str, value: Option<&str>| held(Format::Json, old, new, field, value);
    let old = r#"{"a": {"x": "1", "y": "2"}, "l": ["p", {"q": "r"}], "n": null}"#;
    assert!(json(old, &old.replace("\"1\"", "\"v\""), "a.x", Some("v")), "the edit itself");
    assert!(json(old, &old.replace("\"r\"", "\"v\""), "l.1.q", Some("v")), "the edit itself, in a list");
    let right = old.replace("\"1\"", "\"v\"");
    for (what, from, to) in [
        ("another value", "\"v\"", "\"w\""),
        ("a neighbour changed", "\"2\"", "\"3\""),
        ("a neighbour gone", ", \"y\": \"2\"", ""),
        ("a neighbour renamed", "\"y\"", "\"z\""),
        ("a neighbour more", "\"y\": \"2\"", "\"y\": \"2\", \"z\": \"3\""),
        ("the order turned", "\"x\": \"v\", \"y\": \"2\"", "\"y\": \"2\", \"x\": \"v\""),
        ("a list shorter", "\"p\", ", ""),
        ("a list without its end", ", {\"q\": \"r\"}", ""),
        ("a list's item changed", "\"p\"", "\"o\""),
        ("a table in a list changed", "\"r\"", "\"s\""),
        ("null is a text", "null", "\"null\""),
        ("a table is a text", "[\"p\", {\"q\": \"r\"}]", "\"p\""),
        ("no JSON", "}", ""),
    ] {
        // Where the one that is set stands among its neighbours does not count.
        let new = right.replace(from, to);
        assert_ne!(new, right, "{what}");
        assert_eq!(json(old, &new, "a.x", Some("v")), what == "the order turned", "{what}: {new}");
    }
    let gone = old.replace("\"x\": \"1\", ", "");
    assert!(json(old, &gone, "a.x", None), "a removal");
    assert!(!json(old, old, "a.x", None), "a removal that did nothing");
    assert!(!json(old, &gone.replace("\"y\": \"2\"", ""), "a.x", None), "a removal that took more");
    let dotenv = |new: &str, value: Option<&str>| held(Format::Dotenv, "A=1\nB=2\nC=3\n", new, "A", value);
    assert!(dotenv("A=v\nB=2\nC=3\n", Some("v")) && dotenv("B=2\nC=3\n", None));
    for new in ["A=v\nB=9\nC=3\n", "A=v\nB=2\n", "A=v\nC=3\nB=2\n", "A=w\nB=2\nC=3\n", "A=v\nB=2\nC=3\nD=4\n"] {
        assert!(!dotenv(new, Some("v")), "{new}");
    }
    assert!(!dotenv("B=2\n", None) && !dotenv("A=1\nB=2\nC=3\n", None));
}
