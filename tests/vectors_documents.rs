//! Runs every vector in `tests/vectors/{json,yaml,toml,field}`; `tests/vectors/DOCUMENTS.md` has the format.
#![allow(missing_docs)]

use hmac_sha256::Hash;
use inject::document::dotenv::Dialect;
use inject::document::{Document, Field, Format};
use inject::error::{Fault, State};
use inject::secret::Secret;
use std::fs;

#[test]
fn json() {
    assert!(run("json", Format::Json) >= 30);
}

#[test]
fn yaml() {
    assert!(run("yaml", Format::Yaml) >= 25);
}

#[test]
fn toml() {
    assert!(run("toml", Format::Toml) >= 15);
}

#[test]
fn fields() {
    assert!(run("field", Format::Json) >= 10);
}

/// Runs a folder and tells how many cases it had, so that an empty one is no success.
fn run(folder: &str, format: Format) -> usize {
    let path = format!("{}/tests/vectors/{folder}", env!("CARGO_MANIFEST_DIR"));
    let files = fs::read_dir(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let mut count = 0;
    let mut failures = Vec::new();
    for file in files {
        let file = file.unwrap_or_else(|error| panic!("{path}: {error}")).path();
        let case = fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        if let Err(what) = one(&case, format) {
            failures.push(format!("{}: {what}", file.display()));
        }
        count += 1;
    }
    assert!(failures.is_empty(), "{failures:#?}");
    count
}

fn one(case: &[u8], format: Format) -> Result<(), String> {
    let end = case.windows(2).position(|two| two == b"\n\n").ok_or("no empty line")?;
    let header = std::str::from_utf8(&case[..end]).map_err(|_| "a header that is not UTF-8")?;
    let headers: Vec<_> = header.lines().filter_map(|line| line.split_once(": ")).collect();
    if headers.len() != header.lines().count() {
        return Err("a header without ': '".into());
    }
    let parsed = Document::parse(Secret::from(&case[end + 2..]), format, Dialect::Python);
    let document = match (headers.first(), parsed) {
        (Some(("expect", "success")), Ok(document)) => document,
        (Some(("expect", "error")), Err(mistake)) => {
            let line = headers.iter().find(|(name, _)| *name == "line");
            return match line {
                Some((_, line)) if mistake.line.map(|at| at.to_string()).as_deref() != Some(*line) => {
                    Err(format!("{mistake:?}"))
                }
                _ => Ok(()),
            };
        }
        (Some(("expect", "success")), Err(mistake)) => return Err(format!("{mistake:?}")),
        (Some(("expect", "error")), Ok(_)) => return Err("was parsed".into()),
        _ => return Err("no 'expect: success' or 'expect: error'".into()),
    };
    let mut rest = headers[1..].iter();
    while let Some((name, field)) = rest.next() {
        let found = document.pick(&Field::parse(field).map_err(|error| format!("{field}: {error}"))?);
        let fine = match (*name, found) {
            ("field", Ok(value)) => match rest.next() {
                Some(("value-sha256", wanted)) => hex(&Hash::hash(value)) == *wanted,
                _ => return Err(format!("{field}: no value-sha256")),
            },
            ("absent", Err(Fault { state, .. })) => state == State::Absent,
            ("invalid", Err(Fault { state, .. })) => state == State::Invalid,
            _ => false,
        };
        if !fine {
            return Err(format!("{name}: {field}"));
        }
    }
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Every vector with something cut out, put in or doubled: no panic.
#[test]
fn spoiled_vectors_do_not_panic() {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut roll = |sides: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as usize % sides.max(1)
    };
    for (folder, format) in [("json", Format::Json), ("yaml", Format::Yaml), ("toml", Format::Toml)] {
        let path = format!("{}/tests/vectors/{folder}", env!("CARGO_MANIFEST_DIR"));
        for file in fs::read_dir(&path).unwrap_or_else(|error| panic!("{path}: {error}")).flatten() {
            let case = fs::read(file.path()).unwrap_or_default();
            let end = case.windows(2).position(|two| two == b"\n\n").unwrap_or_default();
            let body = &case[end + 2..];
            for _ in 0..100 {
                let mut spoiled = body[..body.len().min(2000)].to_vec();
                for _ in 0..=roll(3) {
                    let at = roll(spoiled.len());
                    let until = at + roll((spoiled.len() - at).min(9));
                    let part = spoiled[at..until].to_vec();
                    match roll(3) {
                        0 => drop(spoiled.drain(at..until)),
                        1 => drop(spoiled.splice(at..at, part)),
                        _ => spoiled.insert(at, b"\"'\\[]{}:,-=#&*!|>?\n \t\0\xff."[roll(24)]),
                    }
                }
                drop(Document::parse(Secret::from(&spoiled[..]), format, Dialect::Python));
            }
        }
    }
}

/// Whatever is wrong, and wherever: no message quotes a value.
#[test]
fn mistakes_do_not_quote_values() {
    const NEEDLE: &str = "S3cr3tV4lu3";
    let strange = [
        "", "\"", "'", "\\", "\n", "\n\t", ":", ": ", "\u{0}", "[", "]", "{", "}", ",", "=", "&", "*", "!", "é\u{1}",
        "\\ud800",
    ];
    for (format, text) in [
        (Format::Json, "{\"a\": \"S3cr3tV4lu3\",\n\"b\": [\"S3cr3tV4lu3\", 12]}"),
        (Format::Yaml, "a: S3cr3tV4lu3\nb: \"S3cr3tV4lu3\"\nc:\n- 'S3cr3tV4lu3'\n- |\n  S3cr3tV4lu3\n"),
        (Format::Toml, "a = \"S3cr3tV4lu3\"\nb = 'S3cr3tV4lu3'\n[c]\nd = [\"\"\"S3cr3tV4lu3\"\"\"]\n"),
    ] {
        for at in 0..text.len() {
            let inserted = strange.map(|part| format!("{}{part}{}", &text[..at], &text[at..]));
            for spoiled in inserted.into_iter().chain([text[..at].to_owned()]) {
                let parsed = Document::parse(Secret::from(spoiled.as_bytes()), format, Dialect::Python);
                let Err(mistake) = parsed else {
                    continue;
                };
                let said = format!("{mistake:?}");
                assert!(
                    NEEDLE.as_bytes().windows(5).all(|part| !said.as_bytes().windows(5).any(|is| is == part)),
                    "{spoiled:?}: {said}"
                );
            }
        }
    }
}
