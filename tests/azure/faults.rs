//! What is told apart, and what a server, a network and a middleman can do instead of answering.

use super::world::{VAULT, as_client, asked, bare, inside, launch, one, reads};
use crate::common::Test;
use std::time::{Duration, Instant};

#[track_caller]
fn refused(reference: &str, faults: &[&str], exit: i32, words: &str) {
    // Neither is forgiven by what forgives absence.
    let profile = format!("[secrets]\nA = {{ from = '{reference}', optional = true }}\n{VAULT}");
    let test = launch(&profile, faults).status(exit).stdout("").stderr_contains(format!("A: {reference}: {words}"));
    let done = test.stderr_contains("inject: nothing was run\n").run();
    let told = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(!told.contains("SECRET") && !told.contains("eyJ0"), "{told}");
}

#[test]
fn what_is_told_apart() {
    for (fault, words) in [
        ("rbac", "permission denied by role (403)"),
        ("policy", "permission denied (403)"),
        ("firewall", "the vault's firewall does not let this machine in (403)"),
        ("deleted", "the secret is deleted"),
        ("rejected", "the token is not accepted (401)"),
        // Absent is only what the status and the code say.
        ("not-found-400", "Key Vault refuses (400, SecretNotFound)\n"),
        ("other-404", "Key Vault refuses (404, ResourceNotFound)\n"),
        // What a server says in its own words can hold what it was sent; its codes cannot.
        ("new-code", "Key Vault refuses (400, SomethingNew)\n"),
        ("no-code", "Key Vault refuses (400)\n"),
    ] {
        refused("azure:plain", &[fault], 125, words);
    }
    refused("azure:disabled", &[], 125, "the secret is disabled");
    let hint = "inject: hint: the role 'Key Vault Secrets User' on the vault allows it\n";
    launch(&one("azure:plain"), &["rbac"]).status(125).stderr_contains(hint).run();
}

#[test]
fn absent_is_forgiven() {
    for reference in ["azure:no-such", "azure:plain/ffffffffffffffffffffffffffffffff"] {
        launch(&one(reference), &[]).status(125).stderr_contains("no such secret, or no such version of it").run();
        let optional = format!("[secrets]\nA = {{ from = '{reference}', default = 'd' }}\n{VAULT}");
        launch(&optional, &[]).stdout("A=d\0").stderr("").run();
    }
}

#[test]
fn dates_are_only_told() {
    for (name, words) in [("expired", "has expired, by its own date"), ("early", "is not valid yet, by its own date")] {
        launch(&one(&format!("azure:{name}")), &[]).stderr("").run();
        let said = format!("inject: warning: azure: {name}: {words}\n");
        as_client(bare(&["-v"], &one(&format!("azure:{name}")), &[])).stderr_contains(&said).run();
        let test =
            Test::new().file("p.toml", one(&format!("azure:{name}"))).args(["check", "--strict", "-p", "./p.toml"]);
        as_client(inside(test, &[])).status(1).stderr_contains(&said).run();
    }
}

#[test]
fn the_states_of_check() {
    let profile = format!("[secrets]\nA = 'azure:plain'\nB = 'azure:no-such'\nC = 'azure:disabled'\n{VAULT}");
    let test = Test::new().file("p.toml", profile).args(["check", "--json", "-p", "./p.toml"]);
    let done = as_client(inside(test, &[])).status(125).run();
    let told: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
    let states: Vec<_> = told["variables"].as_array().unwrap().iter().map(|v| v["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["ok", "absent", "invalid"]);
}

#[test]
fn outages() {
    refused("azure:plain", &["unavailable"], 124, "Key Vault does not work now (503)");
    refused("azure:plain", &["close"], 124, "myvault.vault.azure.net: the connection broke");
    refused("azure:plain", &["truncated"], 124, "myvault.vault.azure.net: the connection broke");
    // A minute is more than there is: it is told at once.
    let started = Instant::now();
    refused("azure:plain", &["throttled"], 124, "throttled: too many requests for now (429)");
    assert!(started.elapsed() < Duration::from_secs(5));
    let late = "timeout = '1s'\n".to_owned() + &one("azure:plain");
    launch(&late, &["hang"]).status(124).stderr_contains("A: azure:plain: no answer within 1 s").run();
}

#[test]
fn what_passes_is_tried_again() {
    let done = launch(&one("azure:plain"), &["throttled-once"]).stdout("A=value of plain\0").stderr("").run();
    assert_eq!(reads(&asked(&done)), 2);
    let done = launch(&one("azure:plain"), &["unavailable"]).status(124).run();
    assert_eq!(reads(&asked(&done)), 3);
    let done = launch(&one("azure:plain"), &["rbac"]).status(125).run();
    assert_eq!(reads(&asked(&done)), 1);
}

#[test]
fn answers_that_are_none() {
    for (fault, words) in [
        ("html", "Key Vault answered something that cannot be read"),
        ("html-404", "this is no Key Vault: it answered 404, and not in its form"),
        ("no-json", "Key Vault answered something that cannot be read"),
        ("no-value", "Key Vault answered without a value"),
        ("endless", "myvault.vault.azure.net: the answer is larger than 1 MiB"),
        ("redirect", "Key Vault redirects (302)"),
    ] {
        refused("azure:plain", &[fault], 125, words);
    }
    // A redirect is not followed: nobody else is asked.
    let done = launch(&one("azure:plain"), &["redirect"]).status(125).run();
    assert!(asked(&done).iter().all(|one| one["host"] != "othervault.vault.azure.net"));
}

#[test]
fn hosts_and_certificates() {
    refused("azure:plain", &["other-host"], 125, "myvault.vault.azure.net: its certificate is for another host");
    let nowhere = "[secrets]\nA = 'azure:plain'\n[source.azure]\nvault = 'https://no-such.vault.azure.net'\n";
    launch(nowhere, &[]).any_status().stderr_contains("A: azure:plain: no-such.vault.azure.net: ").run();
}

#[test]
fn no_proxy_leads_to_this_machine() {
    // One that takes no tunnel.
    let proxy = "http://127.0.0.1:42356";
    let here = "[secrets]\nA = 'azure:plain'\n[source.azure]\nvault = 'https://127.0.0.1:9'\n";
    launch(here, &[]).env("HTTPS_PROXY", proxy).status(124).stderr_contains("127.0.0.1: connection refused").run();
    let far = launch(&one("azure:plain"), &[]).env("HTTPS_PROXY", proxy).status(124);
    far.stderr_contains("A: azure:plain: myvault.vault.azure.net: the connection broke").run();
}
