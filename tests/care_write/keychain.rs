//! The keychain, on a real GNOME Keyring: what inject writes is what its other users read, and the other way round.

use super::support::{Project, fresh};
use crate::common::keyring::Keyring;
use std::process::Command;

const PROFILE: &str = "[secrets]\nA = 'keychain:my app/user'\nB = 'keychain:my app/document#db.url'\n";

/// What secret-tool finds, or nothing.
fn lookup(keyring: &Keyring, account: &str) -> String {
    let env = ["HOME", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS"].map(|name| (name, keyring.get(name)));
    let args = ["lookup", "service", "my app", "username", account];
    let output = Command::new("secret-tool").args(args).envs(env).output().expect("secret-tool");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn others_read_what_is_written_and_it_is_replaced_in_place() {
    let keyring = Keyring::start();
    let project = Project::new(PROFILE);
    let told = |what: &str| format!("inject: A: keychain:my app/user: {what}\n");
    keyring.on(project.set("A", "hunter2", &[])).stderr(told("created")).run();
    assert_eq!(lookup(&keyring, "user"), "hunter2");
    keyring.on(project.set("A", "hunter2", &[])).stderr(told("unchanged")).run();
    // What secret-tool replaces is the same item, and not a second one.
    keyring.put("user", "hunter3", &[]);
    keyring.on(project.set("A", "gr\u{fc}n", &[])).stderr(told("replaced")).run();
    assert_eq!(lookup(&keyring, "user"), "gr\u{fc}n");
    keyring.on(project.unset("A", &[])).stderr(told("removed")).run();
    assert_eq!(lookup(&keyring, "user"), "");
    keyring.on(project.unset("A", &[])).stderr(told("there was nothing to remove")).run();
}

#[test]
fn a_field_is_changed_without_its_neighbours() {
    let keyring = Keyring::start();
    let project = Project::new(PROFILE);
    keyring.on(project.set("B", "one", &[])).run();
    assert_eq!(lookup(&keyring, "document"), "{\n  \"db\": {\n    \"url\": \"one\"\n  }\n}\n");
    keyring.put("document", "{\"z\": 0.10, \"db\": {\"url\": \"x\", \"b\": [1]}}", &[]);
    keyring.on(project.set("B", "two", &[])).stderr("inject: B: keychain:my app/document#db.url: replaced\n").run();
    assert_eq!(lookup(&keyring, "document"), "{\"z\": 0.10, \"db\": {\"url\": \"two\", \"b\": [1]}}");
    keyring.on(project.unset("B", &[])).run();
    assert_eq!(lookup(&keyring, "document"), "{\"z\": 0.10, \"db\": {\"b\": [1]}}");
}

#[test]
fn two_items_a_lock_and_no_bus_are_told() {
    let keyring = Keyring::start();
    let project = Project::new(PROFILE);
    keyring.put("user", "hunter2", &["n", "1"]);
    keyring.put("user", "hunter2", &["n", "2"]);
    for test in [project.set("A", "hunter3", &[]), project.unset("A", &[])] {
        keyring
            .on(test)
            .status(125)
            .stderr_contains("./p.toml:2: A: keychain:my app/user: ambiguous: 2 items match")
            .run();
    }
    keyring.lock();
    let other = Project::new("[secrets]\nA = 'keychain:my app/new'\n");
    keyring.on(other.set("A", "hunter3", &[])).status(125).stderr_contains("the keyring is locked").run();
    let none = other.set("A", "hunter3", &[]).env("XDG_RUNTIME_DIR", "/nonexistent").status(125);
    none.stderr_contains("A: keychain:my app/new: there is no session bus").run();
}

#[test]
fn a_mapping_follows_only_a_stored_value() {
    let keyring = Keyring::start();
    let project = Project::new("");
    keyring.on(project.set("A", "hunter2", &["--to", "keychain:my app/db"])).run();
    assert_eq!(project.read("p.toml"), "[secrets]\nA = \"keychain:my app/db\"\n");
    keyring.lock();
    let refused = keyring.on(project.set("B", "hunter2", &["--to", "keychain:my app/b"])).status(125).run();
    let told = String::from_utf8(refused.stderr).unwrap();
    assert!(told.starts_with("inject: error: B: keychain:my app/b: the keyring is locked"), "{told}");
    assert_eq!(project.read("p.toml"), "[secrets]\nA = \"keychain:my app/db\"\n");
}

#[test]
fn check_knows_when_an_item_was_changed() {
    let keyring = Keyring::start();
    let project = Project::new("[secrets]\nA = { from = 'keychain:my app/age', max-age = '1ms' }\n");
    keyring.on(project.set("A", "hunter2", &[])).run();
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let done = keyring.on(project.inject(["check", "-p", "./p.toml", "--json", "--strict"])).status(1).run();
    assert!(fresh(&done, "A").is_null());
}
