//! `max-age`: how old a value is, by its store's own record. It never holds up a launch.

use super::support::{env, refused, vars};
use crate::common::{Output, Test};
use std::process::Command;

const PROFILE: &str = "[secrets]\nA = { from = 'file:old', max-age = '90d' }\nB = { from = 'file:new', max-age = '90d' }\nC = 'file:old'\n";

fn aged(test: Test) -> Test {
    let test = test.file("old", "SECRET-old").file("new", "SECRET-new");
    for (name, age) in [("old", "100 days ago"), ("new", "2 hours ago")] {
        let done = Command::new("touch").args(["-d", age]).arg(test.path(name)).status().unwrap();
        assert!(done.success());
        std::fs::set_permissions(test.path(name), std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    }
    test
}

fn check(args: &[&str]) -> Test {
    aged(Test::new().file("p.toml", PROFILE).args(["check", "-p", "p.toml"]).args(args))
}

#[test]
fn check_says_how_old_a_value_is() {
    let told = "inject: warning: A: 100 days old, and at most 90 days are wanted; `inject set -p p.toml A --generate` makes a new one\n\
        inject: note: B: 2 hours old, of at most 90 days\n";
    let rows = "A  ok  file:old\nB  ok  file:new\nC  ok  file:old\n";
    check(&[]).stdout(rows).stderr(told).run();
    check(&["--strict"]).status(1).stdout(rows).stderr(told).run();
    let done: Output = check(&["--json"]).run();
    let told: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
    let created = told["variables"][0]["created"].as_str().unwrap();
    let day = Command::new("date").args(["-u", "-d", "100 days ago", "+%Y-%m-%d"]).output().unwrap().stdout;
    assert!(created.starts_with(String::from_utf8(day).unwrap().trim()), "{created}");
}

#[test]
fn a_launch_is_never_held_up_by_it() {
    aged(env(PROFILE)).stdout(vars(&[("A", "SECRET-old"), ("B", "SECRET-new"), ("C", "SECRET-old")])).stderr("").run();
}

#[test]
fn a_source_that_knows_no_age_is_a_warning() {
    let test = Test::new().file("p.toml", "[secrets]\nA = { from = 'env:X', max-age = '1d' }\n").env("X", "x");
    let told = "inject: warning: A: its source does not say when it was stored, so 'max-age' says nothing\n";
    test.args(["check", "-p", "p.toml"]).stdout("A  ok  env:X\n").stderr(told).run();
}

#[test]
fn what_is_wrong_with_it() {
    refused(
        "[secrets]\nA = { from = 'env:X', max-age = '90' }\n",
        &["error: p.toml:2: A: max-age: '90' is no duration; write an integer and ms, s, m, h or d, like 30s"],
    );
    refused(
        "[vars]\nB = 'b'\n[secrets]\nA = { template = '${B}', max-age = '90d' }\n",
        &["error: p.toml:4: A: a template is stored nowhere: 'max-age' belongs to what it uses"],
    );
}
