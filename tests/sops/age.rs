//! The age of a file, by sops's own record in it.

use super::support::{age, encrypted, path};
use crate::common::Test;
use crate::common::age::{battery, now};
use inject::date;

/// Each form, a field of it, and what is in there.
const FORMS: [(&str, &str, &str); 5] = [
    // With a date that is its own affair.
    ("s.yaml", "sops:s.yaml#k", "lastmodified_unencrypted: '2001-02-03T04:05:06Z'\nk: value\n"),
    ("s.json", "sops:s.json#k", "{\"k\": \"value\"}"),
    ("s.env", "sops:s.env#k", "k=value\n"),
    ("s.ini", "sops:s.ini#a.k", "[a]\nk = value\n"),
    ("s.txt", "sops:s.txt", "value"),
];

fn on(profile: &str, name: &str, file: &[u8], args: &[&str]) -> Test {
    let test = Test::new().file("p.toml", profile).file(name, file).args(args);
    test.env("PATH", path()).env("SOPS_AGE_KEY", &age().identity)
}

/// The date in a file: the first one behind the name that sops gives it.
fn written(file: &[u8]) -> String {
    let text = String::from_utf8(file.to_vec()).unwrap();
    let rest = text.rsplit_once("lastmodified").expect("a date").1;
    let start = rest.find(|c: char| c.is_ascii_digit()).unwrap();
    rest[start..start + "2006-01-02T15:04:05Z".len()].to_owned()
}

#[test]
fn check_says_the_age_of_each_form() {
    for (name, reference, plain) in FORMS {
        let file = encrypted(name, plain);
        let said = battery(reference, "value", "", |profile, args| on(profile, name, &file, args));
        assert_eq!(said.version, None);
        assert!(said.created.unwrap() + 600 > now(), "{name}");
        assert_eq!(said.created, date::seconds(&written(&file)), "{name}");
    }
}

/// The date is not what somebody writes into the file: sops does not open one with another.
#[test]
fn a_younger_date_is_a_file_that_was_changed() {
    for (name, reference, plain) in FORMS {
        let file = encrypted(name, plain);
        let younger = String::from_utf8(file.clone()).unwrap().replace(&written(&file), "2038-01-19T03:14:07Z");
        let profile = format!("[secrets]\nA = '{reference}'\n");
        let test = on(&profile, name, younger.as_bytes(), &["check", "--json", "-p", "./p.toml"]).status(125);
        let done = test.run();
        let all: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
        let row = &all["variables"][0];
        assert_eq!((&row["state"], row["created"].is_null()), (&"invalid".into(), true), "{all}");
    }
}

/// A launch opens the file no more often for it.
#[test]
fn it_costs_a_launch_nothing() {
    let file = encrypted("s.yaml", "k: value\n");
    let profile = "[secrets]\nA = { from = 'sops:s.yaml#k', max-age = '1d' }\n";
    let opened = |args: &[&str]| {
        let test = on(profile, "s.yaml", &file, args);
        let trace = test.path("trace").display().to_string();
        // Without -f: what sops itself opens is its own affair.
        let done = test.prefix(["/usr/bin/strace", "-qq", "-e", "trace=open,openat,openat2", "-o", &trace]).run();
        let calls = std::fs::read_to_string(done.dir.path().join("trace")).unwrap();
        calls.lines().filter(|line| line.contains("s.yaml")).count()
    };
    let launched = opened(&["-p", "./p.toml", "--", "/usr/bin/true"]);
    assert_eq!((launched, opened(&["check", "-p", "./p.toml"])), (1, 2));
}
