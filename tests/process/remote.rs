//! What the launcher tells a store of the network, and what it keeps from it. The store is a fake one in C.

use super::support::{NOTHING, count, log, with_fake};
use crate::common::{Output, Test};

/// A source whose fake store records what it gets.
fn recorded(secrets: &str, source: &str) -> Test {
    let passed = "pass-env = ['XDG_FAKE', 'XDG_FAKE_LOG']\n";
    with_fake("record", format!("[secrets]\n{secrets}{source}{passed}"))
}

fn lines(done: &Output, what: &str) -> Vec<String> {
    log(done.dir.path())
        .iter()
        .filter_map(|line| line.strip_prefix(what)?.strip_prefix(' ').map(String::from))
        .collect()
}

#[test]
fn each_kind_sees_its_own_variables_only() {
    let all = [
        ("VAULT_TOKEN", "vault"),
        ("BAO_ADDR", "vault"),
        ("AWS_SECRET_ACCESS_KEY", "aws"),
        ("AWS_PROFILE", "aws"),
        ("GOOGLE_APPLICATION_CREDENTIALS", "gcp"),
        ("CLOUDSDK_CONFIG", "gcp"),
        ("AZURE_CLIENT_SECRET", "azure"),
        ("IDENTITY_HEADER", "azure"),
        ("DBUS_SESSION_BUS_ADDRESS", "keychain"),
    ];
    let shared = ["HTTPS_PROXY", "no_proxy", "SSL_CERT_FILE", "HOME", "PATH"];
    for (kind, locator) in [("vault", "kv/a#x"), ("aws", "a"), ("ssm", "/a"), ("gcp", "a"), ("azure", "a")] {
        let mut test = recorded(&format!("A = '{kind}:{locator}'\n"), &format!("[source.{kind}]\n"));
        for name in all.map(|(name, _)| name).into_iter().chain(shared).chain(["RANDOM_ONE", "SSH_AUTH_SOCK"]) {
            test = test.env(name, "/x");
        }
        // The fake's answer is no JSON: what counts here is what it saw.
        let done = test.any_status().run();
        let seen: Vec<_> = lines(&done, "env").iter().filter_map(|e| Some(e.split_once('=')?.0.to_owned())).collect();
        let opens = if kind == "ssm" { "aws" } else { kind };
        let own = all.iter().filter(|(_, whose)| *whose == opens).map(|(name, _)| *name);
        let mut expected: Vec<_> = own.chain(shared).chain(["XDG_FAKE", "XDG_FAKE_LOG"]).collect();
        let mut seen: Vec<_> = seen.iter().map(String::as_str).collect();
        expected.sort_unstable();
        seen.sort_unstable();
        assert_eq!(seen, expected, "{kind}");
        assert_eq!(lines(&done, "argv"), ["inject-store", opens]);
    }
}

#[test]
fn settings_and_options_arrive() {
    let source = "[source.vault]\naddress = 'https://v:8200'\nca-cert = 'ca.pem'\nrole-id = 'env:ROLE'\n\
        secret-id = 'file:secret-id'\njwt-file = '/run/jwt'\n";
    let test = recorded("A = { from = 'vault:kv/a#x', version = 3, optional = true }\n", source);
    let done = test.file("secret-id", "s3cr3t").env("ROLE", "r-1").any_status().run();
    let mut settings = lines(&done, "setting");
    settings.sort_unstable();
    assert_eq!(
        settings,
        [
            "address=https://v:8200",
            "ca-cert=./ca.pem", // beside the profile, which is ./p.toml here
            "jwt-file=/run/jwt",
            "role-id=r-1",
            "secret-id=s3cr3t"
        ]
    );
    assert_eq!(lines(&done, "locator"), ["vault:kv/a"]);
    assert_eq!(lines(&done, "option"), ["version=3"]);
    // Neither argument nor environment, which others can read.
    let public: Vec<_> = lines(&done, "argv").into_iter().chain(lines(&done, "env")).collect();
    assert!(!public.iter().any(|line| line.contains("s3cr3t") || line.contains("r-1")), "{public:?}");
}

#[test]
fn aws_and_ssm_with_equal_settings_are_one_process() {
    let both = "A = 'aws:a'\nB = 'ssm:/b'\n";
    for (source, processes) in [
        ("[source.aws]\nregion = 'eu-west-1'\n", 1),
        (
            "[source.ssm]\nregion = 'eu-west-1'\npass-env = ['XDG_FAKE', 'XDG_FAKE_LOG']\n[source.aws]\nregion = 'eu-west-1'\n",
            1,
        ),
        (
            "[source.ssm]\nregion = 'eu-west-2'\npass-env = ['XDG_FAKE', 'XDG_FAKE_LOG']\n[source.aws]\nregion = 'eu-west-1'\n",
            2,
        ),
    ] {
        let done = recorded(both, source).stdout("value of a\0").stderr("").run();
        let said = log(done.dir.path());
        assert_eq!(count(&said, "start"), processes, "{said:?}");
        let mut locators = lines(&done, "locator");
        locators.sort_unstable();
        assert_eq!(locators, ["aws:a", "ssm:/b"]);
    }
}

#[test]
fn settings_that_lead_to_different_values_are_different_processes() {
    // Each `-p` has sources of its own; the references are alike in how they are written, or in where they lead.
    let profile = |variable: &str, token: &str| {
        let source = "pass-env = ['XDG_FAKE', 'XDG_FAKE_LOG']";
        format!("[secrets]\n{variable} = 'vault:kv/{variable}'\n[source.vault]\ntoken = '{token}'\n{source}\n")
    };
    for (first, second, processes) in [
        ("env:TOK_A", "env:TOK_A", 1),
        ("env:TOK_A", "env:TOK_B", 2),
        ("file:token#a", "file:token#b", 2),
        ("file:token", "file:./token", 1),
    ] {
        let test = with_fake("record", profile("A", first)).file("q.toml", profile("B", second));
        let test = test.file("token", r#"{"a": "1", "b": "2"}"#).env("TOK_A", "1").env("TOK_B", "2");
        let done = test.replace_arg("./p.toml", "./p.toml,./q.toml").any_status().run();
        let said = log(done.dir.path());
        assert_eq!(count(&said, "start"), processes, "{first} and {second}: {said:?}");
    }
}

#[test]
fn a_setting_that_fails_fails_its_source_and_starts_nothing() {
    let source = "[source.vault]\nsecret-id = 'env:NOT_SET'\n";
    let test = recorded("A = { from = 'vault:kv/a#x', optional = true }\n", source);
    let said =
        "inject: error: ./p.toml:2: A: vault:kv/a: 'secret-id' (env:NOT_SET): not set in the caller's environment";
    let done = test.status(125).stdout("").stderr_contains(said).stderr_contains(NOTHING).run();
    assert_eq!(log(done.dir.path()).len(), 0);
}

#[test]
fn a_setting_is_read_from_a_store_that_needs_one_itself() {
    // Two rounds before the third: the keychain gives the token of one Vault, whose secret is the token of another.
    let profile = "[secrets]\nA = 'two:kv/a'\n\
        [source.two]\nkind = 'azure'\nvault = 'https://two'\nclient-secret = 'one:b'\npass-env = ['XDG_FAKE', 'XDG_FAKE_LOG']\n\
        [source.one]\nkind = 'azure'\nvault = 'https://one'\nclient-secret = 'keychain:a/c'\npass-env = ['XDG_FAKE', 'XDG_FAKE_LOG']\n";
    let profile = profile.replace("two:kv/a", "two:a");
    let done = with_fake("record", profile).stdout("value of a\0").stderr("").run();
    let secrets: Vec<_> = lines(&done, "setting").into_iter().filter(|s| s.starts_with("client-secret")).collect();
    assert_eq!(secrets, ["client-secret=value of a/c", "client-secret=value of b"]);
    assert_eq!(count(&log(done.dir.path()), "start"), 3);
}

#[test]
fn a_source_that_is_not_in_the_profile_costs_nothing() {
    let done = recorded("A = 'env:HOME'\n", "[source.vault]\naddress = 'https://v'\n").status(0).run();
    assert_eq!(log(done.dir.path()).len(), 0);
}
