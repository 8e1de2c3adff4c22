//! Every way to write a value that others' encoders have, and every value that is hard to write.

use super::repository::Repository;
use std::collections::BTreeSet;
use std::process::Command;

/// What somebody could have as a secret, each with its own pitfall.
fn values() -> Vec<Vec<u8>> {
    let mut values: Vec<Vec<u8>> = [
        "12345678",
        "abcdefghi",
        "sk_live_51HcXYZabcdef",
        "p@ss w0rd/with+every&thing=?#%",
        "back\\slash \"quoted\" 'single'",
        "<html>&amp;</html>",
        "gr\u{fc}n \u{20ac} \u{1f600} \u{e9}t\u{e9}",
        "two\nlines and\ttab",
        "postgres://app:s3cr3t%2F@db.example.org:5432/app?sslmode=require",
        "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcw\nggSjAgEAAoIBAQC7VJTUt9Us8cKj\n-----END PRIVATE KEY-----",
        "%41%42%43 already written %7e",
        "~tilde!(paren)*star$dollar,comma",
        "\u{7f}\u{1}control\u{1b}[31m",
    ]
    .map(|text| text.as_bytes().to_vec())
    .into();
    values.push(b"\xff\xfe\x80no UTF-8\xc3(".to_vec());
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    for length in (8..80).chain([255, 1000, 5000]) {
        values.push((0..length).map(|_| b'!' + u8::try_from(next() % 94).unwrap()).collect());
        values.push(
            (0..length)
                .map(|_| u8::try_from(next() % 255).unwrap() + 1)
                .map(|b| if b.is_ascii_whitespace() { b'x' } else { b })
                .collect(),
        );
    }
    values
}

#[test]
fn every_encoding_of_every_value_is_found_and_nothing_else() {
    let values = values();
    let names: Vec<_> = (0..values.len()).map(|n| format!("V{n:03}")).collect();
    let profile: String = names.iter().map(|name| format!("{name} = 'file:own/{name}'\n")).collect();
    let repository = Repository::new(&format!("[secrets]\n{profile}"));
    let rows: Vec<_> =
        names.iter().zip(&values).map(|(name, value)| (name, data_encoding::HEXLOWER.encode(value))).collect();
    for (name, value) in names.iter().zip(&values) {
        repository.deep(&format!("own/{name}"), value);
    }
    repository.file("values.json", serde_json::to_string(&rows).unwrap());
    repository.file(".gitignore", "values.json\n");
    let python = std::env::var_os("INJECT_TEST_PYTHON").unwrap_or_else(|| "python3".into());
    let tool = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tools/leak_oracle.py");
    let done = Command::new(python).args([tool, "values.json", "leaks"]).current_dir(repository.path("")).output();
    let done = done.expect("python3 must be there for this test");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));

    let out = repository.inject(["scan", "-p", "./p.toml"]).status(1).run();
    let told = String::from_utf8_lossy(&out.stdout);
    let found: BTreeSet<_> = told
        .lines()
        .map(|line| {
            let (place, name) = line.split_once(": ").unwrap();
            let name = name.split(' ').next().unwrap();
            (place.to_owned(), name.to_owned())
        })
        .collect();
    let mut expected = BTreeSet::new();
    for entry in std::fs::read_dir(repository.path("leaks")).unwrap() {
        let file = entry.unwrap().file_name().into_string().unwrap();
        if file != "changed" {
            expected.insert((format!("leaks/{file}:4"), file[..4].to_owned()));
        }
    }
    assert!(expected.len() > 4000, "{}", expected.len());
    let missed: Vec<_> = expected.difference(&found).collect();
    let wrong: Vec<_> = found.difference(&expected).collect();
    assert!(
        missed.is_empty() && wrong.is_empty(),
        "{} missed: {missed:?}\n{} wrong: {wrong:?}",
        missed.len(),
        wrong.len()
    );
    // The encoding is named, and no value is.
    for (file, how) in [
        ("V002.plain", ""),
        ("V002.base64-12", " (base64)"),
        ("V002.hex", " (hex)"),
        ("V003.form", " (URL)"),
        ("V004.json", " (JSON)"),
    ] {
        assert!(told.contains(&format!("leaks/{file}:4: {}{how}\n", &file[..4])), "{file}");
    }
    for value in &values {
        assert!(!out.stdout.windows(value.len()).any(|window| window == &value[..]));
        assert!(!out.stderr.windows(value.len()).any(|window| window == &value[..]));
    }
}
