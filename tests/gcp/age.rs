//! The version of a value and its age, by the service's own record, which is a request of its own.

use super::world::{asked, one, reads, with};
use crate::common::Test;
use crate::common::age::{battery, now, told};

const DAY: u64 = 86_400;
const CHECK: [&str; 4] = ["check", "--json", "-p", "./p.toml"];

fn run(profile: &str, args: &[&str]) -> Test {
    with(args, "service", profile, &[])
}

#[test]
fn check_says_version_and_age() {
    let said = battery("gcp:rotated", "two", "", run);
    assert_eq!(said.version.as_deref(), Some("2"));
    let age = now() - said.created.unwrap();
    assert!((10 * DAY..11 * DAY).contains(&age), "{age}");
    // Of the version that an alias, or a number, stands for.
    for version in ["stable", "1"] {
        let said = told(run(&one(&format!("gcp:rotated/versions/{version}")), &CHECK));
        assert_eq!(said.version.as_deref(), Some("1"));
        let age = now() - said.created.unwrap();
        assert!((100 * DAY..101 * DAY).contains(&age), "{age}");
    }
    let aged = "[secrets]\nA = { from = 'gcp:rotated', version = 1, max-age = '90d' }\n";
    let words = "inject: warning: A: 100 days old, and at most 90 days are wanted; ";
    run(aged, &["check", "--strict", "-p", "./p.toml"]).status(1).stderr_contains(words).run();
    let regional = "gcp:projects/demo-project/locations/europe-west3/secrets/plain";
    assert_eq!(told(run(&one(regional), &CHECK)).version.as_deref(), Some("1"));
}

/// Who may read the payload need not be one who may look at the version.
#[test]
fn whose_age_may_not_be_seen_is_read_all_the_same() {
    let said = "inject: note: gcp: no-metadata: when it was stored cannot be seen: the permission secretmanager.versions.get, ";
    let done = run(&one("gcp:no-metadata"), &CHECK).stderr_contains(said).run();
    let told: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
    let row = &told["variables"][0];
    assert_eq!((&row["state"], &row["version"]), (&"ok".into(), &"1".into()));
    assert!(row["created"].is_null());
    let aged = "[secrets]\nA = { from = 'gcp:no-metadata', max-age = '90d' }\n";
    let words = "inject: warning: A: its source does not say when it was stored, so 'max-age' says nothing\n";
    run(aged, &["check", "--strict", "-p", "./p.toml"]).status(1).stderr_contains(said).stderr_contains(words).run();
}

#[test]
fn it_costs_a_launch_no_request() {
    let aged = "[secrets]\nA = { from = 'gcp:rotated', max-age = '1d' }\nB = 'gcp:plain'\n";
    for (args, requests) in [
        (&["-p", "./p.toml", "--", "/usr/bin/true"][..], 2),
        // Of what has a limit, and of all that is told of.
        (&["check", "-p", "./p.toml"], 3),
        (&CHECK, 4),
    ] {
        let asked = asked(&run(aged, args).run());
        assert_eq!((asked.len(), reads(&asked)), (requests, 2), "{args:?}: {asked:?}");
    }
}
