//! A profile that uses all kinds of source at once: it launches, and `plan` on it touches nothing.
//!
//! Every store is the real one or the stand-in that its own tests use; the launches run one inside the other's network.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test ends where it fails")]

mod common;

use common::{Test, tool};
use std::ffi::OsString;
use std::path::Path;

const PROFILE: &str = r#"
inherit = ["LANG"]

[vars]
PLAIN = "plain"

[secrets]
FROM_ENV = "env:CALLER"
FROM_DOTENV = "dotenv:.env#KEY"
FROM_FILE = "file:secret.json#a.b"
FROM_KEYCHAIN = "keychain:proof/S00"
FROM_SYSTEMD = "systemd:credential"
FROM_COMMAND = "cat:secret.txt"
FROM_SOPS = "sops:secrets.enc.yaml#db.password"
FROM_VAULT = "vault:secret/proof/S00#value"
FROM_AWS = "aws:proof/S00"
FROM_SSM = "ssm:/proof/S00"
FROM_GCP = "gcp:S00"
FROM_AZURE = "azure:S00"
TEMPLATE = { template = "${FROM_VAULT|url}@${PLAIN}" }

[source.cat]
kind = "command"
run = ["/bin/cat", "{}"]

[source.gcp]
credentials = "file:service.json"

[source.azure]
vault = "https://myvault.vault.azure.net"
tenant-id = "11111111-2222-3333-4444-555555555555"
client-id = "app-id"
client-secret = "env:AZURE_SECRET"
"#;

fn server(words: &[&str]) -> Vec<OsString> {
    let python = std::env::var_os("INJECT_TEST_PYTHON").expect("INJECT_TEST_PYTHON, see tests/run");
    let servers = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/servers");
    let (script, rest) = words.split_first().unwrap();
    let rest = rest.iter().map(OsString::from);
    [python, servers.join(script).into()].into_iter().chain(rest).collect()
}

/// The profile and what its local sources read; `FROM_X` comes out as its own words.
fn profile() -> Test {
    let test = Test::new()
        .file("p.toml", PROFILE)
        .file(".env", "KEY=of-dotenv\n")
        .file("secret.json", r#"{"a": {"b": "of-file"}}"#)
        .file("secret.txt", "of-command\n")
        .file("credentials/credential", "of-systemd")
        .file("secrets/S00", "of-a-store")
        .file("client-secret", "secret-of-the-client")
        .env("AZURE_SECRET", "secret-of-the-client")
        .env("CALLER", "of-env")
        .env("VAULT_TOKEN", "a-root-token")
        .env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "a-secret-key")
        .env("PYTHONDONTWRITEBYTECODE", "1");
    let folder = test.path("credentials");
    test.env("CREDENTIALS_DIRECTORY", folder)
}

#[test]
fn all_kinds_at_once() {
    let test = profile();
    let (key, encrypted) = tool::sops_files(&[("secrets.enc.yaml", "db:\n  password: of-sops\n")]);
    let test = test.file("secrets.enc.yaml", &encrypted[0].1).env("SOPS_AGE_KEY", key);
    let path = format!("{}:/usr/bin:/bin", tool::sops().parent().unwrap().display());
    let folder = test.path("").display().to_string();
    let folder = folder.trim_end_matches('/');
    let keyring = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/servers/keyring.sh").into_os_string();
    let seed = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tools/store_secrets.py").into_os_string();
    let python = server(&["x"]).swap_remove(0);
    let secrets = test.path("secrets").into_os_string();
    let test = test
        .env("PATH", path)
        .prefix(["/usr/bin/unshare", "--net", "--mount"])
        .prefix(server(&["gcp.py", folder, "no-metadata", "--"]))
        .prefix(server(&["azure.py", folder, "beneath", "--"]))
        .prefix(server(&["proof.py", "vault", folder]))
        .prefix(server(&["proof.py", "aws", folder]))
        .prefix([keyring, python, seed, secrets, "proof".into()]);
    let names =
        ["VAULT", "AWS", "SSM", "GCP", "AZURE", "KEYCHAIN"].map(|n| (format!("FROM_{n}"), "of-a-store".to_owned()));
    let own = ["ENV", "DOTENV", "FILE", "SYSTEMD", "COMMAND", "SOPS"];
    let own = own.map(|n| (format!("FROM_{n}"), format!("of-{}", n.to_lowercase())));
    let mut expected: Vec<_> = names.into_iter().chain(own).collect();
    expected.push(("PLAIN".into(), "plain".into()));
    expected.push(("TEMPLATE".into(), "of-a-store@plain".into()));
    expected.sort();
    let done = test.args(["-p", "./p.toml", "--", "/usr/bin/env", "-0"]).stderr("").run();
    let mut got: Vec<_> =
        done.stdout.split(|c| *c == 0).filter(|v| !v.is_empty()).map(String::from_utf8_lossy).collect();
    got.sort();
    assert_eq!(got, expected.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>());
}

#[test]
fn plan_touches_nothing() {
    // No network at all, and a witness of every system call: neither a socket nor a child nor a file of a source.
    let test = profile().file("secrets.enc.yaml", "no SOPS file");
    let trace = test.path("trace").into_os_string();
    let done = test
        .prefix(["/usr/bin/unshare", "--net"])
        .prefix(["/usr/bin/strace".into(), "-f".into(), "-qq".into(), "-o".into(), trace])
        .args(["plan", "-p", "./p.toml"])
        .stderr("")
        .run();
    let rows = String::from_utf8(done.stdout.clone()).unwrap();
    assert!(rows.lines().count() >= 14 && rows.contains("vault:secret/proof/S00#value"), "{rows}");
    let trace = std::fs::read_to_string(done.dir.path().join("trace")).unwrap();
    let calls =
        |names: &[&str]| trace.lines().filter(|line| names.iter().any(|name| line.contains(name))).collect::<Vec<_>>();
    assert!(
        calls(&["socket(", "connect(", "clone", "fork("]).is_empty(),
        "{:?}",
        calls(&["socket(", "connect(", "clone", "fork("])
    );
    assert_eq!(calls(&["execve("]).len(), 1);
    for source in ["secret.txt", "secret.json", ".env", "credential", "secrets.enc", "service.json", "inject-store"] {
        assert!(calls(&[&format!("{source}\"")]).is_empty(), "{source}: {:?}", calls(&[source]));
    }
    // The witness does see what a launch does.
    assert!(!calls(&["p.toml\""]).is_empty());
}
