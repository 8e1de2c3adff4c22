use super::*;

/// `line:NAME=value` of each entry, a name without `=` as it is; or the line and message.
fn read(text: &[u8]) -> Result<Vec<String>, String> {
    let entries = parse(text, Dialect::Python)
        .map_err(|mistake| format!("{}: {}", mistake.line.unwrap_or(0), mistake.message))?;
    Ok(entries
        .iter()
        .map(|Entry { key, value, line }| {
            let value = value.as_ref().map_or(String::new(), |value| format!("={}", bytes(text, value).escape_ascii()));
            format!("{line}:{}{value}", text[key.clone()].escape_ascii())
        })
        .collect())
}

#[test]
fn statements_are_read() {
    for (text, expected) in [
        (&b""[..], &[][..]),
        (b"\xef\xbb\xbfA=b\r\nB=c\rC=d", &["1:A=b", "2:B=c", "3:C=d"]),
        (b"A=b # c\nB=b#c\nC= # c\nD=#d\nE=# # c\n", &["1:A=b", "2:B=b#c", "3:C=", "4:D=#d", "5:E=#"]),
        (b"export A=1\nexport=2\nexport\nexport # c\n", &["1:A=1", "2:export=2", "3:export"]),
        (b" 'a b' = c d \t\n\"q\"=1\n", &["1:a b=c d", "2:\\\"q\\\"=1"]),
        (b"A\nB=\n# C=1\nD #d=1\n", &["1:A", "2:B=", "4:D"]),
        (b"A=\"x\r\ny\rz\"\n\nB='\\n'\n", &["1:A=x\\ny\\nz", "5:B=\\\\n"]),
        (b"A=\"\\\\\\'\\\"\\a\\b\\f\\n\\r\\t\\v\\x\"", &["1:A=\\\\\\'\\\"\\x07\\x08\\x0c\\n\\r\\t\\x0b\\\\x"]),
        (b"A='\\\\\\'\\\"'", &["1:A=\\\\\\'\\\\\\\""]),
        (b"A=\xff\xc2\xa0\nB=\xc2\xa0\xe2\x80\x83x\xe3\x80\x80#y", &["1:A=\\xff", "2:B=x"]),
        (b"A='${B}'\nB=$HOME$(id)`id`\nC=$2a$10$N9\n", &["1:A=${B}", "2:B=$HOME$(id)`id`", "3:C=$2a$10$N9"]),
    ] {
        assert_eq!(read(text), Ok(expected.iter().map(ToString::to_string).collect()), "{}", text.escape_ascii());
    }
}

#[test]
fn a_broken_statement_is_an_error_with_its_line() {
    for (text, expected) in [
        (&b"\n\n=b"[..], "3: a name is missing"),
        (b"A=1\nA: b", "2: `=` is missing after the name"),
        (b"A='x\nB=1\n", "1: a quoted value is not closed"),
        (b"A=\"x\\", "1: a quoted value is not closed"),
        (b"A=\"1\n2\"\nB=\"x\" y", "3: something follows the closing quote"),
        (b"''=b", "1: a quoted name is empty or not closed"),
        (b"'A\n'=b", "1: a quoted name is empty or not closed"),
        (b"export \nA=b", "1: a name is missing"),
        (b"A=1\nB=x${A}", "2: `${` in this value is ambiguous"),
        (b"B=\"${", "1: a quoted value is not closed"),
        (b"B=\"${\"", "1: `${` in this value is ambiguous"),
    ] {
        assert_eq!(read(text), Err(expected.to_owned()), "{}", text.escape_ascii());
    }
}

#[test]
fn a_value_without_escapes_is_not_copied() {
    let entries = parse(b"A=b c # d\nB='x'\nC=\"y\nz\"", Dialect::Python);
    assert!(entries.is_ok_and(|entries| { entries.iter().all(|entry| matches!(entry.value, Some(Text::Span(_)))) }));
}
