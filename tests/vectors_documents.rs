//! Runs every vector in `tests/vectors/{json,yaml,toml,field}`; `tests/vectors/DOCUMENTS.md` has the format.
#![allow(missing_docs)]

use inject::document::dotenv::Dialect;
use inject::document::{Document, Field, Format};
use inject::error::{Fault, State};
use inject::secret::Secret;
use sha2::{Digest, Sha256};
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
                Some(("value-sha256", wanted)) => hex(&Sha256::digest(value)) == *wanted,
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
