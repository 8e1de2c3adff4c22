//! What sops logs in with reaches sops, and never the command.

use super::support::{age, encrypted, launch, run, variables, with_program};
use inject::source::kind;

const OTHERS: &[&str] = &[
    "SOPS_AGE_KEY_FILE",
    "SOPS_AGE_KEY_CMD",
    "SOPS_AGE_SSH_PRIVATE_KEY_FILE",
    "SOPS_AGE_SSH_PRIVATE_KEY_CMD",
    "GNUPGHOME",
    "VAULT_TOKEN",
    "BAO_TOKEN",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "GOOGLE_CREDENTIALS",
    "GOOGLE_OAUTH_ACCESS_TOKEN",
    "AZURE_CLIENT_SECRET",
    "AZURE_FEDERATED_TOKEN_FILE",
    "AZURE_CLIENT_CERTIFICATE_PATH",
    "HUAWEICLOUD_SDK_SK",
];

#[test]
fn no_pattern_passes_them_on() {
    for pattern in ["*", "SOPS_*", "*_FILE", "*KEY*"] {
        let mut test = run("A = 'sops:s.env#X'").file("s.env", encrypted("s.env", "X=1\n"));
        for name in OTHERS.iter().filter(|name| !name.ends_with("_CMD")) {
            test = test.env(name, "/no/such/credential");
        }
        let test = test.env("SOPS_AGE_RECIPIENTS", "age1").env("MY_KEY", "k");
        let done = test.args(["-p", "./p.toml", "-i", pattern, "--", "/usr/bin/env", "-0"]).run();
        let names: Vec<_> =
            variables(&done.stdout).iter().map(|entry| entry.split('=').next().unwrap().to_owned()).collect();
        let expected: &[&str] = match pattern {
            "*" => &["A", "HOME", "MY_KEY", "PATH", "SOPS_AGE_RECIPIENTS"],
            "SOPS_*" => &["A", "SOPS_AGE_RECIPIENTS"],
            "*_FILE" => &["A"],
            _ => &["A", "MY_KEY"],
        };
        assert_eq!(names, expected, "-i {pattern}");
    }
}

#[test]
fn named_alone_they_are_an_error_and_on_purpose_they_are_passed() {
    for name in OTHERS.iter().copied().chain(["SOPS_AGE_KEY"]) {
        let profile = |key: &str| format!("{key} = ['{name}']\n[secrets]\nA = 'sops:s.env#X'\n");
        let test = launch("").file("p.toml", profile("inherit")).status(125);
        let told = format!(
            "p.toml:1: inherit: {name} is a credential of source 'sops'\ninject: hint: inherit-credentials = [\"{name}\"]"
        );
        test.stderr_contains(told).run();
    }
    let profile = "inherit-credentials = ['SOPS_AGE_KEY']\n[secrets]\nA = 'sops:s.env#X'\n";
    let test = launch("").file("p.toml", profile).file("s.env", encrypted("s.env", "X=1\n"));
    test.stdout_contains(format!("SOPS_AGE_KEY={}\0", age().identity)).run();
    // Where no SOPS file is read they are variables like any other.
    let test = launch("").file("p.toml", "inherit = ['SOPS_AGE_KEY']\n");
    test.stdout(format!("SOPS_AGE_KEY={}\0", age().identity)).run();
}

#[test]
fn sops_gets_the_callers_whole_environment() {
    let test = with_program(launch("A = 'sops:s'").file("s", "{}"), "sops", "#!/bin/sh\nexec env\n");
    let done = test.env("X", "a=b").env("VAULT_ADDR", "v").run();
    let text = String::from_utf8(done.stdout).unwrap();
    for entry in ["X=a=b\n", "VAULT_ADDR=v\n", "HOME=/", &format!("SOPS_AGE_KEY={}\n", age().identity)] {
        assert!(text.contains(entry), "{text}");
    }
}

/// Whatever the other kinds count as a credential, sops may log in with too.
#[test]
fn the_credentials_of_the_clouds_are_its_own() {
    let of = |name: &str| kind::kind(name).unwrap().credentials.iter().copied().flatten().collect::<Vec<_>>();
    let own = of("sops");
    for other in ["vault", "aws", "gcp", "azure"] {
        assert!(of(other).iter().all(|name| own.contains(name)), "{other}");
    }
}
