//! The version of a secret and its age, by the server's own record.

use super::world::{fact, root};
use crate::common::Test;
use crate::common::age::{battery, now, told};
use crate::common::stand_in::{Act, StandIn};
use serde_json::json;

fn on(profile: &str, args: &[&str]) -> Test {
    let test = Test::new().file("p.toml", profile).args(args);
    test.env("VAULT_ADDR", fact("url")).env("VAULT_TOKEN", fact("app"))
}

#[test]
fn check_says_version_and_age() {
    for value in ["one", "two"] {
        root("POST", "secret/data/many/aged", &json!({"data": {"value": value}}), "");
    }
    let before = now();
    let said = battery("vault:secret/many/aged#value", "two", "", on);
    assert_eq!(said.version.as_deref(), Some("2"));
    assert!(said.created.unwrap() + 60 > before, "{:?}", said.created);
    // Each version has its own.
    let former = "[secrets]\nA = { from = 'vault:secret/many/aged#value', version = 1 }\n";
    assert_eq!(told(on(former, &["check", "--json", "-p", "./p.toml"])).version.as_deref(), Some("1"));
    let metadata = root("GET", "secret/metadata/many/aged", &json!({}), "");
    let created = metadata["data"]["versions"]["2"]["created_time"].as_str().unwrap();
    assert_eq!(said.created, inject::date::seconds(created), "{created}");
}

#[test]
fn what_has_no_version_has_no_age() {
    for reference in ["vault:kv1/app#key", "vault:database/creds/app#username"] {
        let said = told(on(&format!("[secrets]\nA = '{reference}'\n"), &["check", "--json", "-p", "./p.toml"]));
        assert_eq!((said.version, said.created), (None, None), "{reference}");
    }
    let aged = "[secrets]\nA = { from = 'vault:kv1/app#key', max-age = '1d' }\n";
    let words = "inject: warning: A: its source does not say when it was stored, so 'max-age' says nothing\n";
    on(aged, &["check", "--strict", "-p", "./p.toml"]).status(1).stderr_contains(words).run();
}

/// It comes with the value.
#[test]
fn it_costs_no_request() {
    let calls = |args: &[&str]| {
        let stand_in = StandIn::new(fact("url"), |_, _| Act::Pass);
        let aged = "[secrets]\nA = { from = 'vault:secret/app/one', max-age = '1d' }\n";
        on(aged, args).env("VAULT_ADDR", &stand_in.url).run();
        stand_in.calls()
    };
    let launched = calls(&["-p", "./p.toml", "--", "/usr/bin/true"]);
    assert_eq!(launched.len(), 2, "{launched:?}");
    assert_eq!(calls(&["check", "--json", "-p", "./p.toml"]), launched);
}
