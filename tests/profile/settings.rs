//! Settings of sources, options of entries and locators: what is wrong with them is told before any source is asked.

use super::support::{env, refused, refuses, vars};
use crate::common::Test;

#[test]
fn a_credential_never_stands_in_a_profile() {
    let hint = "hint: no credential stands in a profile; this says where it is: env:NAME, keychain:SERVICE/ACCOUNT";
    for (kind, setting) in [
        ("vault", "token"),
        ("vault", "secret-id"),
        ("vault", "wrapped-secret-id"),
        ("vault", "password"),
        ("azure", "client-secret"),
    ] {
        for value in ["hvs.SECRET", "SECRET:hvs", ""] {
            let place = format!("error: p.toml:2: source.s.{setting}: a reference to a known source is wanted here");
            refused(&format!("[source.s]\n{setting} = '{value}'\nkind = '{kind}'\n"), &[&place, hint]);
        }
    }
}

#[test]
fn references_in_settings_are_held_against_the_sources() {
    let with = |reference: &str| format!("[source.vault]\nsecret-id = '{reference}'\n");
    for (reference, message) in [
        ("env:A-B", "'env:A-B': 'A-B' is no name of a variable"),
        ("env:A#x", "'env:A#x': a source of kind 'env' has no fields"),
        ("dotenv:.env", "'dotenv:.env': which key? put #KEY behind the file"),
        ("keychain:x", "'keychain:x': a keychain item is SERVICE/ACCOUNT"),
        ("vault:kv/x#y", "'vault:kv/x#y' leads back to source 'vault'"),
    ] {
        refused(&with(reference), &[&format!("error: p.toml:2: source.vault.secret-id: {message}")]);
    }
}

#[test]
fn circles_and_chains_of_sources() {
    let circle = "[source.a]\nkind = 'vault'\ntoken = 'b:kv/x#y'\n[source.b]\nkind = 'vault'\ntoken = 'c:kv/x#y'\n\
        [source.c]\nkind = 'azure'\nclient-secret = 'a:kv/x#y'\n[secrets]\nX = 'b:kv/x'\n";
    // One setting of the three closes the circle.
    let circle = circle.replace("'a:kv/x#y'", "'a:kv/x'");
    refused(&circle, &["error: p.toml:9: source.c.client-secret: 'a:kv/x' leads back to source 'a'"]);
    let mut chain = String::from("[secrets]\nX = 's0:kv/x'\n");
    for i in 0..20_000 {
        chain += &format!("[source.s{i}]\nkind = 'vault'\ntoken = 's{}:kv/x'\n", i + 1);
    }
    chain += "[source.s20000]\nkind = 'vault'\n";
    let done = env(&chain).status(125).stdout("").stderr_contains("sources that need sources, more than 64 deep").run();
    assert!(done.stderr.len() < 1_000_000);
}

#[test]
fn the_variables_that_settings_refer_to_are_credentials() {
    let profile = "inherit = ['CI_*', 'VAULT_*']\n[source.vault]\nsecret-id = 'env:CI_SECRET_ID'\ntoken = 't:CI_TOKEN'\n\
        [source.t]\nkind = 'env'\n";
    let all = ["CI_SECRET_ID", "CI_TOKEN", "CI_OTHER", "VAULT_TOKEN", "VAULT_ADDR", "VAULT_CLIENT_KEY"];
    env(profile).envs(all).stdout(vars(&[("CI_OTHER", "CI_OTHER"), ("VAULT_ADDR", "VAULT_ADDR")])).stderr("").run();
    let on_purpose = format!("inherit-credentials = ['CI_TOKEN']\n{profile}");
    env(&on_purpose)
        .envs(all)
        .stdout(vars(&[("CI_OTHER", "CI_OTHER"), ("CI_TOKEN", "CI_TOKEN"), ("VAULT_ADDR", "VAULT_ADDR")]))
        .run();
    refuses(
        env("inherit = ['CI_SECRET_ID']\n[source.vault]\nsecret-id = 'env:CI_SECRET_ID'\n"),
        &[
            "error: p.toml:1: inherit: CI_SECRET_ID is a credential of source 'vault'",
            "hint: inherit-credentials = [\"CI_SECRET_ID\"] passes it on purpose",
        ],
    );
}

#[test]
fn the_published_credentials_of_each_kind() {
    for (kind, credentials, others) in [
        ("vault", &["VAULT_TOKEN", "BAO_TOKEN", "VAULT_CLIENT_KEY"][..], &["VAULT_ADDR", "VAULT_NAMESPACE"][..]),
        (
            "aws",
            &[
                "AWS_ACCESS_KEY_ID",
                "AWS_SECRET_ACCESS_KEY",
                "AWS_SESSION_TOKEN",
                "AWS_WEB_IDENTITY_TOKEN_FILE",
                "AWS_CONTAINER_AUTHORIZATION_TOKEN",
                "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
            ],
            &["AWS_REGION", "AWS_PROFILE", "AWS_DEFAULT_REGION"],
        ),
        ("ssm", &["AWS_SECRET_ACCESS_KEY"], &["AWS_REGION"]),
        ("gcp", &["GOOGLE_APPLICATION_CREDENTIALS"], &["GOOGLE_CLOUD_PROJECT"]),
        ("azure", &["AZURE_CLIENT_SECRET", "AZURE_FEDERATED_TOKEN_FILE"], &["AZURE_TENANT_ID", "AZURE_CLIENT_ID"]),
    ] {
        let all: Vec<_> = credentials.iter().chain(others).copied().collect();
        let mut kept: Vec<_> = others.iter().map(|name| (*name, *name)).collect();
        let test = env(&format!("inherit = ['*']\n[source.{kind}]\n")).envs(all).env("HOME", "h").any_status();
        kept.push(("HOME", "h"));
        let done = test.run();
        let mut got: Vec<_> = done.stdout.split(|c| *c == 0).filter(|v| !v.is_empty()).collect();
        got.sort_unstable();
        let mut kept: Vec<_> = kept.iter().map(|(name, value)| format!("{name}={value}")).collect();
        kept.sort_unstable();
        assert_eq!(got, kept.iter().map(String::as_bytes).collect::<Vec<_>>(), "{kind}");
    }
    // What the profile itself sets under such a name is set.
    env("[source.aws]\n[secrets]\nAWS_SECRET_ACCESS_KEY = 'file:key'\n")
        .file("key", "k")
        .stdout(vars(&[("AWS_SECRET_ACCESS_KEY", "k")]))
        .run();
}

#[test]
fn options_belong_to_kinds() {
    let with = |option: &str| format!("[secrets]\nA = {{ from = ['vault:kv/a#b', 'env:X'], {option} }}\n");
    for (option, lines) in [
        (
            "stage = 'AWSPREVIOUS'",
            &["error: p.toml:2: A: 'stage' is no option of a source of kind 'env' or 'vault'"][..],
        ),
        ("verson = 3", &["error: p.toml:2: A: unknown option 'verson'", "hint: did you mean 'version'?"]),
        ("version = 0", &["error: p.toml:2: A: version: a version is a number from 1"]),
        ("version = ''", &["error: p.toml:2: A: version: says nothing, or holds a NUL character"]),
        ("version = true", &["error: p.toml:2: A: version: a string is wanted here, and this is a boolean"]),
    ] {
        refused(&with(option), lines);
    }
    refused(
        "[vars]\nB = 'b'\n[secrets]\nA = { template = '${B}', version = 3 }\n",
        &["error: p.toml:4: A: a template is read from no source, so it has no options of one"],
    );
    let plan = |text: &str| Test::new().file("p.toml", text).args(["plan", "-p", "p.toml"]).stderr("").run();
    for good in ["version = 3", "version = '3'", "version = 'latest'"] {
        plan(&with(good));
    }
}

#[test]
fn locators_that_no_source_would_take() {
    for (reference, message) in [
        ("vault:kv", "a path in Vault is MOUNT/PATH"),
        ("vault:/kv/a", "a path in Vault is MOUNT/PATH"),
        ("ssm:/app/", "this is a path of parameters: only a pattern like \"*\" takes all of it"),
        ("aws:a b", "a name has no white space in it"),
        ("gcp:a/b", "a secret is NAME[/versions/V] or projects/P/[locations/L/]secrets/NAME[/versions/V]"),
        ("azure:a_b", "a secret is NAME[/VERSION] or https://VAULT/secrets/NAME[/VERSION]"),
    ] {
        refused(
            &format!("[secrets]\nA = '{reference}'\n"),
            &[&format!("error: p.toml:2: A: '{reference}': {message}")],
        );
    }
    refused(
        "[source.vault]\naddres = 'x'\n",
        &[
            "error: p.toml:2: source.vault: unknown setting of a source of kind 'vault': 'addres'",
            "hint: did you mean 'address'?",
        ],
    );
}
