//! The file itself: TOML, encodings, and the tables of sources.

use super::support::{env, refused, refuses, vars};
use crate::common::Test;

#[test]
fn what_is_no_toml() {
    for (text, line) in [
        ("[vars]\nA = 'x", 2),
        ("[vars]\nA = \"x\\q\"", 2),
        ("[vars]\nA = x", 2),
        ("[vars]\nA = 'x' y", 2),
        ("[vars\nA = 'x'", 1),
        ("[vars]\nA = 'x'\nA = 'hunter2'", 3),
        ("[vars]\nA = 'x'\n[vars]\nB = 'y'", 3),
        ("[vars]\nA = 'x'\n\nB", 4),
        ("vars = { A = 'x'", 1),
    ] {
        let start = format!("inject: error: p.toml:{line}: not TOML");
        let output = env(text).status(125).stdout("").stderr_contains(start).run();
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(told.lines().count(), 2, "{told}");
        assert!(!told.contains("hunter2") && !told.contains("A ="), "{told}");
    }
}

#[test]
fn a_byte_order_mark_is_passed_over() {
    env("\u{feff}[vars]\nA = '1'").stdout(vars(&[("A", "1")])).stderr("").run();
    refused("\u{feff}[vars]\nA = 1", &["error: p.toml:2: A: a string is wanted here, and this is a number"]);
}

#[test]
fn crlf_is_a_line_ending() {
    env("[vars]\r\nA = '1'\r\n").stdout(vars(&[("A", "1")])).run();
    refused("[vars]\r\n\r\nA = 1\r\n", &["error: p.toml:3: A: a string is wanted here, and this is a number"]);
}

#[test]
fn what_is_not_utf_8() {
    let test = env("").file("p.toml", b"vars.A = '\xff'");
    refuses(test, &["error: p.toml: not UTF-8 at byte 10"]);
}

#[test]
fn a_nul_byte_in_the_file() {
    let test = env("").file("p.toml", b"vars.A = 'x\0y'");
    let told = test.status(125).stderr_contains("inject: error: p.toml:1: not TOML").run().stderr;
    assert!(!told.contains(&0));
}

#[test]
fn the_tables_of_sources() {
    let op = |rest: &str| format!("[source.op]\nkind = 'command'\nrun = ['x']\n{rest}");
    for (rest, told) in [
        ("raw = 'yes'", "source.op.raw: true or false is wanted here"),
        ("raw = 1", "source.op.raw: a setting is a string, a boolean or an array"),
        ("credentials = 'A'", "source.op.credentials: an array of strings is wanted here"),
        ("credentials = ['A-B']", "source.op.credentials: 'A-B' is neither a name nor a pattern like LC_*"),
        ("absent-exit = [0]", "source.op.absent-exit: an exit code is 1 to 255"),
        ("absent-exit = [256]", "source.op.absent-exit: an exit code is 1 to 255"),
        ("absent-exit = 1", "source.op.absent-exit: a setting is a string, a boolean or an array"),
        ("format = true", "source.op.format: one of dotenv, json, yaml, toml is wanted here"),
    ] {
        refused(&op(rest), &[&format!("error: p.toml:4: {told}")]);
    }
    refused(
        &op("format = 'jsn'"),
        &["error: p.toml:4: source.op.format: unknown value 'jsn'", "hint: did you mean 'json'?"],
    );
    refused(
        &op("raww = true"),
        &[
            "error: p.toml:4: source.op: unknown setting of a source of kind 'command': 'raww'",
            "hint: did you mean 'raw'?",
        ],
    );
    refused("[source.op]\nkind = 'command'", &["error: p.toml:1: source.op: 'run' is missing"]);
    refused("[source.op]\nkind = 'command'\nrun = []", &["error: p.toml:3: source.op.run: names no program"]);
    refused(
        "[source.op]\nkind = 'command'\nrun = 'op'",
        &["error: p.toml:3: source.op.run: an array of strings is wanted here"],
    );
    // What is wrong with a table is told once, not again as what is missing, nor by each line that uses it.
    refused(
        "secrets.A = 'op:x'\n[source.op]\nkind = 'command'\nrun = 3",
        &["error: p.toml:4: source.op.run: a setting is a string, a boolean or an array"],
    );
    let kinds = "hint: kind = one of env, dotenv, file, keychain, vault, aws, ssm, gcp, azure, sops, systemd, command";
    refused(
        "secrets.A = 'op:x'\n[source.op]\nrun = ['x']",
        &["error: p.toml:2: source.op: 'kind' says what it is", kinds],
    );
    refused("[source.'a b']\nkind = 'env'", &["error: p.toml:1: a source's name is letters, digits, '-' and '_'"]);
    refused(
        "secrets.A = 'command:x'",
        &[
            "error: p.toml:1: A: source 'command' needs a table of its own",
            "hint: [source.command] with run = [\"PROGRAM\", \"{}\"] says what to run",
        ],
    );
}

#[test]
fn a_reference_splits_at_its_first_colon_and_its_first_hash() {
    env("secrets.A = { from = 'file:a#b:c.json', field = 'x.y' }\nsecrets.B = 'file:d.json#x.y'\nsecrets.C = 'file:d.json#/x~1y'")
        .file("a#b:c.json", r#"{"x": {"y": "1"}}"#)
        .file("d.json", r#"{"x": {"y": "2"}, "x/y": "3"}"#)
        .stdout(vars(&[("A", "1"), ("B", "2"), ("C", "3")]))
        .stderr("")
        .run();
}

#[test]
fn a_file_is_relative_to_its_profile_or_to_home() {
    let test = Test::new()
        .file("sub/b.toml", "secrets = { A = 'file:a', B = 'file:../b', C = 'file:~/c', D = 'file:$HOME' }")
        .file("sub/a", "1")
        .file("b", "2")
        .file("c", "3")
        .file("sub/$HOME", "4");
    let expected = vars(&[("A", "1"), ("B", "2"), ("C", "3"), ("D", "4")]);
    test.file("p.toml", "extends = ['sub/b.toml']")
        .args(["-p", "p.toml", "--", "/usr/bin/env", "-0"])
        .stdout(expected)
        .run();
}
