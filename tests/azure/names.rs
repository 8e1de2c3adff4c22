//! Names, versions, vaults, and how many requests they take.

use super::world::{VAULT, as_client, asked, inside, launch, logins, one, python, reads};
use crate::common::Test;
use std::collections::BTreeSet;
use std::fmt::Write;

#[test]
fn names_and_versions() {
    for (reference, value) in [
        ("azure:plain", "value of plain"),
        ("azure:plain/0123456789abcdef0123456789abcdef", "an older value"),
        ("azure:https://myvault.vault.azure.net/secrets/plain", "value of plain"),
        ("azure:https://othervault.vault.azure.net/secrets/plain", "of the other"),
        ("azure:json#user", "me"),
        ("azure:json#port", "5432"),
        ("azure:text", "p\u{e4}$$ \"w\\\u{f6}\"\nrd\ttab"),
        ("azure:empty", ""),
    ] {
        launch(&one(reference), &[]).stdout(format!("A={value}\0")).stderr("").run();
    }
    launch(&format!("[secrets]\n'*' = 'azure:json'\n{VAULT}"), &[]).stdout("user=me\0port=5432\0").run();
}

#[test]
fn several_vaults() {
    let profile = format!(
        "[secrets]\nA = 'azure:plain'\nB = 'other:plain'\n{VAULT}[source.other]\nkind = 'azure'\nvault = 'https://othervault.vault.azure.net/'\n"
    );
    launch(&profile, &[]).stdout("A=value of plain\0B=of the other\0").stderr("").run();
    // By identifiers, one process and one login serve both.
    let profile = "[secrets]\nA = 'azure:https://myvault.vault.azure.net/secrets/plain'\nB = 'azure:https://othervault.vault.azure.net/secrets/plain'\n";
    let done = launch(profile, &[]).stdout("A=value of plain\0B=of the other\0").run();
    assert_eq!(logins(&asked(&done)), 1);
}

#[test]
fn which_vault() {
    let said = "A: azure:plain: which vault? nothing says it";
    launch("[secrets]\nA = 'azure:plain'\n", &[]).status(125).stderr_contains(said).run();
    for (vault, words) in [
        ("http://myvault.vault.azure.net", "'vault': plain http to myvault.vault.azure.net would show the secrets"),
        ("http://127.0.0.1:1", "'vault': a vault speaks https only"),
        ("myvault", "'vault': 'myvault' is no address"),
    ] {
        let profile = format!("[secrets]\nA = 'azure:plain'\n[source.azure]\nvault = '{vault}'\n");
        launch(&profile, &[]).status(125).stderr_contains(words).run();
    }
}

#[test]
fn fifty_secrets_and_one_token() {
    let mut profile = String::from("[secrets]\n");
    for n in 0..50 {
        writeln!(profile, "S{n:02} = 'azure:many-{n:02}'").unwrap();
        writeln!(profile, "AGAIN_{n:02} = {{ from = 'azure:many-{n:02}', trim = true }}").unwrap();
    }
    let done = launch(&(profile + VAULT), &[]).run();
    assert_eq!(done.stdout.split(|c| *c == 0).filter(|v| !v.is_empty()).count(), 100);
    let asked = asked(&done);
    // One request without a token brings the challenge.
    assert_eq!((asked.len(), reads(&asked), logins(&asked)), (52, 50, 1));
    let most = asked.iter().filter_map(|one| one["most"].as_u64()).max().unwrap();
    assert!((2..=8).contains(&most), "{most} at once");
    let connections: BTreeSet<_> = asked.iter().map(|one| one["connection"].as_u64().unwrap()).collect();
    // The client opens one before it sees that another has become free, so it can be some more than 8 and the login's.
    assert!(connections.len() <= 16, "{} connections", connections.len());
}

#[test]
fn one_login_for_both_rounds_of_a_list() {
    let profile =
        format!("[secrets]\nA = ['azure:no-such', 'azure:plain']\nB = ['azure:nor-this', 'azure:empty']\n{VAULT}");
    let done = launch(&profile, &[]).stdout("A=value of plain\0B=\0").stderr("").run();
    let asked = asked(&done);
    assert_eq!((asked.len(), reads(&asked), logins(&asked)), (6, 4, 1));
}

/// The stand-in is no invention of ours: Microsoft's own client for Python takes it for the real thing.
#[test]
fn the_official_client_takes_the_stand_in_for_the_real_one() {
    let script = "import os, sys\nfrom azure.identity import ClientSecretCredential\nfrom azure.keyvault.secrets import SecretClient\n\
        who = ClientSecretCredential(os.environ['AZURE_TENANT_ID'], 'app-id', 'client-secret-value', disable_instance_discovery=True)\n\
        client = SecretClient('https://myvault.vault.azure.net', who)\n\
        for name in ('plain', 'json'):\n\
        \tsys.stdout.write(client.get_secret(name).value + '\\n')\n";
    let test = Test::new().file("client.py", script);
    let client = test.path("client.py");
    let test = inside(as_client(test).env("PATH", "/usr/bin:/bin"), &[]).program(python()).args([client]);
    test.stdout("value of plain\n{\"user\": \"me\", \"port\": 5432}\n").run();
}
