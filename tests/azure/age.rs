//! The version of a value and its age, by the vault's own record.

use super::live::Live;
use super::world::{VAULT, as_client, asked, inside, launch, one, reads};
use crate::common::Test;
use crate::common::age::{battery, now, told};

const DAY: u64 = 86_400;

#[test]
fn check_says_version_and_age() {
    let live = Live::new();
    let run = |profile: &str, args: &[&str]| {
        let test = Test::new().file("p.toml", profile).args(args);
        let folder = test.path("");
        live.enter(test, folder)
    };
    let version = live.official("sys.stdout.write(client.get_secret('old').properties.version)\n");
    let old = battery("azure:old", "from long ago", VAULT, run);
    assert_eq!(old.version, Some(version));
    let age = now() - old.created.unwrap();
    assert!((100 * DAY..101 * DAY).contains(&age), "{age}");
    // Days are what is wanted.
    let profile = format!("[secrets]\nA = {{ from = 'azure:old', max-age = '90d' }}\n{VAULT}");
    let said = "inject: warning: A: 100 days old, and at most 90 days are wanted; ";
    run(&profile, &["check", "-p", "./p.toml", "--strict"]).status(1).stderr_contains(said).run();
    // An older version is another one, with a date of its own.
    let older = "azure:plain/0123456789abcdef0123456789abcdef";
    let older = told(run(&one(older), &["check", "--json", "-p", "./p.toml"]));
    assert_eq!(older.version.as_deref(), Some("0123456789abcdef0123456789abcdef"));
}

/// It comes with the value.
#[test]
fn it_costs_no_request() {
    let aged = format!("[secrets]\nA = {{ from = 'azure:old', max-age = '1d' }}\n{VAULT}");
    assert_eq!(reads(&asked(&launch(&aged, &[]).run())), 1);
    assert_eq!(reads(&asked(&launch(&one("azure:old"), &[]).run())), 1);
    let checked = Test::new().file("p.toml", &aged).args(["check", "--json", "-p", "./p.toml"]);
    assert_eq!(reads(&asked(&as_client(inside(checked, &[])).run())), 1);
}
