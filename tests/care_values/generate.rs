//! `inject generate`: what it makes, and when it warns.

use super::support::piped;
use crate::common::Test;
use std::collections::BTreeSet;

fn made(args: &[&str]) -> (String, String) {
    let done = Test::new().args(["generate"]).args(args).run();
    let out = String::from_utf8(done.stdout).unwrap();
    let value = out.strip_suffix('\n').expect("a newline at its end").to_owned();
    (value, String::from_utf8(done.stderr).unwrap())
}

#[test]
fn each_spec() {
    let all = |value: &str, letters: fn(u8) -> bool| value.bytes().all(letters);
    let urlsafe = |c: u8| c.is_ascii_alphanumeric() || c == b'-' || c == b'_';
    let hex = |c: u8| c.is_ascii_digit() || (b'a'..=b'f').contains(&c);
    for (args, length) in [(&[][..], 43), (&["urlsafe"], 43), (&["urlsafe:16"], 22), (&["urlsafe:64"], 86)] {
        let (value, told) = made(args);
        assert!(value.len() == length && all(&value, urlsafe) && told.is_empty(), "{value} {told}");
    }
    for (args, length) in [(["hex"], 64), (["hex:32"], 64), (["hex:16"], 32), (["hex:4096"], 8192)] {
        let (value, told) = made(&args);
        assert!(value.len() == length && all(&value, hex) && told.is_empty(), "{value} {told}");
    }
    for (args, bytes) in [(["base64"], 32), (["base64:16"], 16), (["base64:17"], 17)] {
        let (value, told) = made(&args);
        assert!(data_encoding::BASE64.decode(value.as_bytes()).unwrap().len() == bytes && told.is_empty(), "{value}");
    }
    for (args, length) in [(["alnum"], 24), (["alnum:24"], 24), (["alnum:100"], 100)] {
        let (value, told) = made(&args);
        assert!(
            value.len() == length && all(&value, |c| c.is_ascii_alphanumeric()) && told.is_empty(),
            "{value} {told}"
        );
    }
    let (value, told) = made(&["words:12"]);
    assert!(value.split('-').count() >= 12 && all(&value, |c| c.is_ascii_lowercase() || c == b'-'), "{value}");
    assert_eq!(told, "");
}

/// As long as Python's own.
#[test]
fn as_the_secrets_of_python() {
    let code =
        "import secrets; print(*(len(f(n)) for f in (secrets.token_hex, secrets.token_urlsafe) for n in (16, 32, 33)))";
    let python = std::env::var("INJECT_TEST_PYTHON").unwrap_or_else(|_| "python3".into());
    let theirs = String::from_utf8(piped(&[&python, "-c", code], &[], b"").stdout).unwrap();
    let specs = ["hex:16", "hex:32", "hex:33", "urlsafe:16", "urlsafe:32", "urlsafe:33"];
    let ours: Vec<_> = specs.iter().map(|spec| made(&[spec]).0.len().to_string()).collect();
    assert_eq!(ours.join(" "), theirs.trim());
}

#[test]
fn a_uuid() {
    let (value, told) = made(&["uuid"]);
    let parts: Vec<_> = value.split('-').map(str::len).collect();
    assert_eq!((parts.as_slice(), told.as_str()), (&[8, 4, 4, 4, 12][..], ""));
    assert_eq!(&value[14..15], "4");
    assert!("89ab".contains(&value[19..20]), "{value}");
    let code = "import sys, uuid; u = uuid.UUID(sys.argv[1]); print(u.version, u.variant == uuid.RFC_4122, u)";
    let read = piped(&["python3", "-c", code, &value], &[], b"");
    assert_eq!(String::from_utf8(read.stdout).unwrap(), format!("4 True {value}\n"));
}

#[test]
fn little_entropy_is_told() {
    for (spec, told) in [
        ("words", "words has 77 bits of entropy, which is under 128; words:10 has 129"),
        ("words:6", "words:6 has 77 bits of entropy, which is under 128; words:10 has 129"),
        ("words:9", "words:9 has 116 bits of entropy, which is under 128; words:10 has 129"),
        ("alnum:21", "alnum:21 has 125 bits of entropy, which is under 128; alnum:22 has 130"),
        ("hex:15", "hex:15 has 120 bits of entropy, which is under 128; hex:16 has 128"),
        ("urlsafe:1", "urlsafe:1 has 8 bits of entropy, which is under 128; urlsafe:16 has 128"),
    ] {
        assert_eq!(made(&[spec]).1, format!("inject: warning: {told}\n"));
    }
    for spec in ["words:10", "alnum:22", "hex:16", "base64:16", "uuid"] {
        assert_eq!(made(&[spec]).1, "");
    }
}

#[test]
fn no_two_are_alike() {
    for spec in ["hex:16", "alnum:22", "words:10", "uuid"] {
        let values: BTreeSet<_> = (0..50).map(|_| made(&[spec]).0).collect();
        assert_eq!(values.len(), 50);
    }
    // Every word and every letter turns up.
    let words: BTreeSet<_> =
        (0..25).flat_map(|_| made(&["words:4096"]).0.split('-').map(str::to_owned).collect::<Vec<_>>()).collect();
    assert!(words.len() > 7_700, "{}", words.len());
    assert_eq!(made(&["alnum:4096"]).0.bytes().collect::<BTreeSet<_>>().len(), 62);
}

#[test]
fn what_is_no_spec() {
    for spec in ["", "hunter2", "hex:0", "hex:4097", "hex:x", "uuid:4", "words:-1", "HEX", "hex:32 "] {
        let done = Test::new().args(["generate", spec]).status(125).stdout("").stderr_contains("inject: hint: ").run();
        assert!(!String::from_utf8_lossy(&done.stderr).contains("hunter2"));
    }
    let test = Test::new().args(["generate", "hunter2"]).status(125);
    test.stderr_contains("hex:N, urlsafe:N or base64:N (bytes), alnum:N (characters), words:N or uuid").run();
    Test::new().args(["generate", "--", "hex"]).status(125).stdout("").stderr_contains("no command behind '--'").run();
    Test::new().args(["-p", "./p.toml", "generate"]).status(125).stdout("").stderr_contains("loads no profile").run();
}
