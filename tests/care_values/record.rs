//! Who hands values out is recorded as a launch is; nothing is handed out that cannot be.

use crate::common::{Output, Test};
use serde_json::Value;
use std::fs;

const PROFILE: &str = "audit = 'record'\naudit-required = true\n[secrets]\nA = 'env:A'\nB = 'env:B'\n";

fn inject(profile: &str, args: &[&str]) -> Test {
    let test = Test::new().file("p.toml", profile).env("A", "needle-of-A").env("B", "needle-of-B");
    test.args([args[0], "-p", "./p.toml"]).args(&args[1..])
}

/// Outcome, command and variables of the one line.
fn line(done: &Output) -> (String, String, Vec<String>) {
    let text = fs::read_to_string(done.dir.path().join("record")).expect("a record");
    assert!(!text.contains("needle"), "{text}");
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let [line] = &lines[..] else { panic!("not one line: {text}") };
    let words = |of: &Value| of.as_str().unwrap_or_default().to_owned();
    let names = line["variables"].as_array().unwrap().iter().map(|variable| words(&variable["name"]));
    (words(&line["outcome"]), words(&line["command"]), names.collect())
}

fn expected(outcome: &str, command: &str, names: &[&str]) -> (String, String, Vec<String>) {
    (outcome.into(), command.into(), names.iter().map(|name| (*name).into()).collect())
}

#[test]
fn get_and_export_leave_a_line() {
    let done = inject(PROFILE, &["get", "A"]).stdout("needle-of-A").stderr("").run();
    assert_eq!(line(&done), expected("get", "inject get", &["A"]));
    let done = inject(PROFILE, &["export", "--format", "json"]).stderr("").run();
    assert_eq!(line(&done), expected("export", "inject export", &["A", "B"]));
    let missing = PROFILE.replace("env:A", "env:NONE");
    let done = inject(&missing, &["get", "A"]).status(125).stdout("").run();
    assert_eq!(line(&done).0, "failed");
}

#[test]
fn nothing_is_handed_out_that_cannot_be_recorded() {
    let nowhere = PROFILE.replace("'record'", "'no/such/folder'");
    for args in [&["get", "A"][..], &["export", "--format", "json"]] {
        inject(&nowhere, args).status(125).stdout("").stderr_contains("audit: no/such/folder: ").run();
    }
    // What hands nothing out needs no record.
    let done = inject(&nowhere, &["verify", "A", "--stdin"]).stdin("needle-of-A").run();
    assert!(!done.dir.path().join("record").exists());
}
