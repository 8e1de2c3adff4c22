//! Beneath `yaml.rs`, in a file of its own for its length.

use super::*;

/// A node as a line: texts in quotes.
fn flat(document: &[u8], node: &Node) -> String {
    let text = |text: &Text| format!("{:?}", String::from_utf8_lossy(text.bytes(document)));
    match node {
        Node::Text(is) => text(is),
        Node::Null => "null".into(),
        Node::List(list) => {
            let list: Vec<_> = list.iter().map(|item| flat(document, item)).collect();
            format!("[{}]", list.join(" "))
        }
        Node::Table(pairs) => {
            let pair = |(key, value): &(Text, Node)| format!("{}: {}", text(key), flat(document, value));
            let pairs: Vec<_> = pairs.iter().map(pair).collect();
            format!("{{{}}}", pairs.join(" "))
        }
    }
}

fn read(text: &str) -> String {
    match parse(text.as_bytes(), text) {
        Ok(root) => flat(text.as_bytes(), &root),
        Err(mistake) => format!("{}: {}", mistake.line.unwrap_or(0), mistake.message),
    }
}

#[test]
fn scalars_stay_as_written() {
    for (text, wanted) in [
        (
            "[0755, 1e400, no, 0.10, 0x1F, 2001-01-01, .inf, true, 1_000]",
            r#"["0755" "1e400" "no" "0.10" "0x1F" "2001-01-01" ".inf" "true" "1_000"]"#,
        ),
        ("[~, null, NULL, !!null '']", "[null null null null]"),
        ("a:\nb: ''\nc: 'null'\n", r#"{"a": null "b": "" "c": "null"}"#),
        ("d: !!str null\ne: !!str\nf: !!int 07\n", r#"{"d": "null" "e": "" "f": "07"}"#),
        ("a: |\n  x\n  y\nb: >-\n  x\n  y\n", r#"{"a": "x\ny\n" "b": "x y"}"#),
        ("c: |+\n  z\n\nd: \"\\0\\u00e9\"\n", r#"{"c": "z\n\n" "d": "\0é"}"#),
        ("--- # c\n- a: {b: [c]}\n...", r#"[{"a": {"b": ["c"]}}]"#),
        ("b: &x {c: 1}\nd: *x\n", r#"{"b": {"c": "1"} "d": {"c": "1"}}"#),
        ("&k a: 1\nb: *k\n", r#"{"a": "1" "b": "a"}"#),
        ("", "null"),
        ("'<<': 1", r#"{"<<": "1"}"#),
        ("%TAG !c! tag:yaml.org,2002:nu\n---\n!c!ll ~", "null"),
    ] {
        assert_eq!(read(text), wanted, "{text:?}");
    }
}

#[test]
fn mistakes_have_lines() {
    let tag = "a tag that does not belong to YAML's core schema, or not here";
    for (text, line, wanted) in [
        ("a: 1\nb: 2\n'a': 3\n", 3, "the key 'a' stands here twice"),
        ("a: 1\n---\nb: 2\n", 2, "a second document in one file"),
        ("a: &x {b: 1}\nc:\n  <<: *x\n", 3, "a merge key"),
        ("a: 1\n? [x]\n: 2\n", 2, "a key that is no text"),
        ("a: 1\n~: 2\n", 2, "a key that is no text"),
        ("a: &x [*x]\n", 1, "an alias within what it stands for"),
        ("a: *x\n", 1, "not YAML"),
        ("a:\n\tb: 1\n", 2, "not YAML"),
        ("a: b\n c: d\n", 2, "not YAML"),
        ("a: 1\nb: \u{0}c: 2\n", 2, "a control character, which YAML allows only as an escape"),
        ("a: 1\nb: !!binary aGk=\n", 2, tag),
        ("a: !x y\n", 1, tag),
        ("a: ! y\n", 1, tag),
        ("!!str {a: 1}\n", 1, tag),
        ("!!null x\n", 1, "'!!null' before something else"),
    ] {
        assert_eq!(read(text), format!("{line}: {wanted}"), "{text:?}");
    }
}

#[test]
fn nesting_and_aliases_are_bounded() {
    let nest = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(read(&nest(128)).starts_with("[["));
    assert_eq!(read(&nest(129)), "1: nested more than 128 deep");
    assert_eq!(read(&"- ".repeat(129)), "1: nested more than 128 deep");
    let twice = format!("- &x {}\n- {}*x{}\n", nest(100), "[".repeat(100), "]".repeat(100));
    assert_eq!(read(&twice), "2: nested more than 128 deep");
    let mut bomb = String::from("- &a0 [x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let inner = vec![format!("*a{}", level - 1); 9].join(", ");
        bomb += &format!("- &a{level} [{inner}]\n");
    }
    assert!(read(&bomb).contains("too large"));
    let wide = format!("- &x {}\n{}", "y".repeat(1 << 20), "- *x\n".repeat(9));
    assert!(read(&wide).contains("too large"));
}

#[test]
fn hostile_documents_take_linear_time() {
    const SIZE: usize = 1 << 18;
    let mut slow = Vec::new();
    for part in [
        "[",
        "{",
        "- ",
        "? ",
        "a: ",
        "!",
        "&a ",
        "*a ",
        "- a\n",
        "[],",
        "'",
        "\"",
        "|\n",
        "\n",
        " ",
        "a ",
        "a\n",
        "#",
        "# \n",
        "%",
        "---\n",
        "{a: ",
        "[a, ",
        "a:\n ",
        ": ",
        ",",
        "''",
        "\t",
        "é",
        "- |\n  a\n",
        "a\n\n",
        "? a\n",
        "\"\\n",
        "!!str ",
        "<<: ",
        "[a: ",
        "- &a b\n",
        "%TAG ! a\n",
    ] {
        for prefix in ["", "a: ", "[", "\"", "- "] {
            let text = prefix.to_owned() + &part.repeat(SIZE / part.len());
            if crate::document::milliseconds(|| drop(parse(text.as_bytes(), &text))) >= 1000 {
                slow.push(format!("{prefix:?} {:?}", &part[..part.len().min(9)]));
            }
        }
    }
    assert!(slow.is_empty(), "{slow:#?}");
}

#[test]
fn no_input_panics() {
    let parts = [
        "a",
        ": ",
        ":",
        "\n",
        "  ",
        "- ",
        "? ",
        "[",
        "]",
        "{",
        "}",
        ",",
        "&x ",
        "*x ",
        "!",
        "!!str ",
        "!<",
        ">",
        "|",
        "|-2\n",
        "'",
        "\"",
        "\\",
        "#",
        "%YAML 1.2\n",
        "%TAG ! x\n",
        "---",
        "...",
        "\t",
        "é",
        "\u{feff}",
        "~",
        "\r",
        "\u{85}",
        "\u{2028}",
        "<<",
        "0",
        "@",
        "`",
    ];
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as usize
    };
    for _ in 0..40_000 {
        let text: String = (0..next() % 24).map(|_| parts[next() % parts.len()]).collect();
        let done = std::panic::catch_unwind(|| drop(parse(text.as_bytes(), &text)));
        assert!(done.is_ok(), "{text:?}");
    }
}
