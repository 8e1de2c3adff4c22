//! The chain of credentials: each form, their order, and how long each may take.

use super::world::{TENANT, VAULT, as_client, asked, bare, launch, one, reads};
use crate::common::Test;
use std::fs;
use std::time::{Duration, Instant};

/// A launch with `-v`, without credentials.
fn verbose(faults: &[&str]) -> Test {
    bare(&["-v"], &one("azure:plain"), faults)
}

#[track_caller]
fn used(test: Test, what: &str, token: &str) {
    let said = format!("inject: note: azure: credentials: {what}\n");
    let done = test.stdout("A=value of plain\0").stderr_contains(said).run();
    assert_eq!(asked(&done).last().unwrap()["token"], token);
}

fn workload(test: Test) -> Test {
    let token = test.path("token");
    let test = test.env("AZURE_TENANT_ID", TENANT).env("AZURE_CLIENT_ID", "app-id");
    test.env("AZURE_FEDERATED_TOKEN_FILE", token)
}

#[test]
fn each_form_and_their_order() {
    let all = ["metadata", "az", "azd"];
    used(as_client(verbose(&all)), "client secret", "client");
    // With both, the secret comes first.
    used(as_client(workload(verbose(&all))), "client secret", "client");
    used(workload(verbose(&all)), "workload identity", "workload");
    let app_service = verbose(&all).env("IDENTITY_ENDPOINT", "http://127.0.0.1:42356/msi/token");
    used(app_service.env("IDENTITY_HEADER", "identity-header"), "managed identity", "app-service");
    used(verbose(&all), "managed identity", "machine");
    used(verbose(&["metadata-bare", "az", "azd"]), "Azure CLI", "tool");
    used(verbose(&["az"]), "Azure CLI", "tool");
    used(verbose(&["azd"]), "Azure Developer CLI", "tool");
    // Half of the chain.
    used(verbose(&all).env("AZURE_TOKEN_CREDENTIALS", "dev"), "Azure CLI", "tool");
}

/// A container's identity is served in plain http on its own link, and nothing is asked for farther away.
#[test]
fn the_identity_of_a_container() {
    let at = |address: &str| {
        let test = verbose(&["link-local"]).env("IDENTITY_ENDPOINT", address);
        test.env("IDENTITY_HEADER", "identity-header")
    };
    used(at("http://169.254.129.4:8081/msi/token"), "managed identity", "app-service");
    for (address, words) in [
        ("http://10.1.1.1:8081/msi/token", "10.1.1.1: plain http would show the secrets to the network"),
        ("http://169.254.129.4.example/msi/token", "169.254.129.4.example: plain http would show the secrets"),
        ("169.254.129.4:8081", "IDENTITY_ENDPOINT is no address"),
        ("SECRET", "IDENTITY_ENDPOINT is no address"),
    ] {
        let done = at(address).status(125).stderr_contains(format!("managed identity: {words}")).run();
        assert!(asked(&done).iter().all(|one| one["host"] == "myvault.vault.azure.net"), "{address}");
    }
}

#[test]
fn as_settings() {
    let profile = one("azure:plain")
        + &format!("tenant-id = '{TENANT}'\nclient-id = 'app-id'\nclient-secret = 'env:MY_SECRET'\n");
    let test = bare(&["-v", "-i", "MY_*"], &profile, &["metadata", "az"]).env("MY_SECRET", "client-secret-value");
    used(test, "client secret", "client");
    let half = one("azure:plain") + "client-secret = 'env:MY_SECRET'\n";
    let test = bare(&[], &half, &[]).env("MY_SECRET", "s").status(125);
    test.stderr_contains("A: azure:plain: 'client-secret' needs 'tenant-id' and 'client-id'").run();
}

#[test]
fn nowhere() {
    let said = "A: azure:plain: no credentials: tried client secret, workload identity, managed identity, Azure CLI, Azure Developer CLI\n";
    for fault in ["no-metadata", "no-route", "silent-metadata"] {
        let test = verbose(&[fault]).status(125).stdout("").stderr_contains(said);
        let started = Instant::now();
        test.run();
        // A second for the metadata service, and what the stand-in itself takes to start.
        assert!(started.elapsed() < Duration::from_millis(3500), "{fault}: {:?}", started.elapsed());
    }
    let production = "no credentials: tried client secret, workload identity, managed identity\n";
    verbose(&["az"]).env("AZURE_TOKEN_CREDENTIALS", "prod").status(125).stderr_contains(production).run();
}

#[test]
fn what_is_configured_and_fails_ends_the_search() {
    let all = ["metadata", "az"];
    for (name, value, words) in [
        ("AZURE_CLIENT_SECRET", "wrong", "client secret: the client secret is wrong (AADSTS7000215)"),
        (
            "AZURE_TENANT_ID",
            "22222222-2222-3333-4444-555555555555",
            "client secret: the tenant is not known (AADSTS90002)",
        ),
        ("AZURE_CLIENT_ID", "other", "client secret: the tenant does not know the client (AADSTS700016)"),
    ] {
        let test = as_client(verbose(&all)).env(name, value).status(125).stdout("");
        let done = test.stderr_contains(format!("A: azure:plain: {words}")).run();
        assert!(!String::from_utf8_lossy(&done.stderr).contains("SECRET-OF-ENTRA"));
        assert_eq!(reads(&asked(&done)), 0);
    }
    let test = workload(verbose(&all)).file("stale", "expired-token");
    let stale = test.path("stale");
    let test = test.env("AZURE_FEDERATED_TOKEN_FILE", stale).status(125);
    test.stderr_contains("workload identity: the federated token has expired (AADSTS700024)").run();
    let test = workload(verbose(&all)).env("AZURE_FEDERATED_TOKEN_FILE", "/no/such").status(125);
    test.stderr_contains("workload identity: ").run();
    let test = verbose(&all).env("AZURE_AUTHORITY_HOST", "http://login.microsoftonline.com").status(125);
    test.stderr_contains("AZURE_AUTHORITY_HOST is no https address").run();
}

#[test]
fn tools_that_do_not_help() {
    let test = verbose(&["az", "azd"]).file("tool-fails", "").status(125).stderr_contains("no credentials: tried ");
    let done = test.run();
    assert!(!String::from_utf8_lossy(&done.stderr).contains("SECRET-OF-A-TOOL"));
    // Without a shell, and each once.
    let ran = fs::read_to_string(done.dir.path().join("ran")).unwrap();
    let scope = "https://vault.azure.net/.default";
    let lines: Vec<_> = ran.lines().map(|line| line.rsplit_once("/tools/").unwrap().1.to_owned()).collect();
    assert_eq!(
        lines,
        [
            format!("az account get-access-token --output json --scope {scope}"),
            format!("azd auth token --output json --no-prompt --scope {scope}")
        ]
    );
    // Whatever lies in the working directory is nobody's tool.
    let test = verbose(&["az", "azd", "relative-path"]).status(125).stderr_contains("Azure CLI, Azure Developer CLI\n");
    assert!(!test.run().dir.path().join("ran").exists());
    let profile = format!("timeout = '2s'\n[secrets]\nA = 'azure:plain'\n{VAULT}");
    bare(&[], &profile, &["az"]).file("tool-hangs", "").status(124).stderr_contains("no answer within 2 s").run();
}

#[test]
fn a_tool_that_leaves_another_behind_has_its_time() {
    let profile = format!("timeout = '20s'\n[secrets]\nA = 'azure:plain'\n{VAULT}");
    let test = bare(&[], &profile, &["az"]).file("tool-leaves-another", "").status(124);
    test.stderr_contains("no credentials: Azure CLI gave no token in time").run();
}

#[test]
fn a_challenge_of_somebody_else_gets_no_token() {
    let said = "A: azure:plain: the vault asks for a token of somebody else: none was sent";
    let done = launch(&one("azure:plain"), &["foreign-challenge"]).status(125).stdout("").stderr_contains(said).run();
    let asked = asked(&done);
    assert_eq!((asked.len(), reads(&asked)), (1, 0), "{asked:?}");
}

#[test]
fn none_of_it_reaches_the_command() {
    let profile = format!("inherit = ['*']\n{}", one("azure:plain"));
    let done = launch(&profile, &[]).run();
    let text = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(text.contains("AZURE_TENANT_ID=") && !text.contains("client-secret-value"), "{text}");
}
