//! Launches in a network that is only this machine.

use crate::common::{Output, Test};
use serde_json::Value;

pub(crate) const TENANT: &str = "11111111-2222-3333-4444-555555555555";

/// The Python with the servers in it.
pub(crate) fn python() -> String {
    std::env::var("INJECT_TEST_PYTHON").expect("INJECT_TEST_PYTHON, see tests/run")
}

/// A command line inside, in the folder of `test`.
#[track_caller]
pub(crate) fn inside(test: Test, faults: &[&str]) -> Test {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/servers/azure.py");
    let folder = test.path("").display().to_string();
    let folder = folder.trim_end_matches('/');
    let front = ["/usr/bin/unshare", "--net", "--mount", &python(), script, folder].map(String::from);
    let test = test.env("PYTHONDONTWRITEBYTECODE", "1");
    test.prefix(front.into_iter().chain(faults.iter().map(|f| (*f).to_owned())).chain(["--".to_owned()]))
}

/// A launch without credentials that prints all variables, each with a NUL.
#[track_caller]
pub(crate) fn bare(args: &[&str], profile: &str, faults: &[&str]) -> Test {
    let test = Test::new().file("p.toml", profile).args(args).args(["-p", "./p.toml", "--", "/usr/bin/env", "-0"]);
    inside(test, faults)
}

/// The same with a client's secret in the environment.
#[track_caller]
pub(crate) fn launch(profile: &str, faults: &[&str]) -> Test {
    as_client(bare(&[], profile, faults))
}

/// With the client's secret.
pub(crate) fn as_client(test: Test) -> Test {
    let test = test.env("AZURE_TENANT_ID", TENANT).env("AZURE_CLIENT_ID", "app-id");
    test.env("AZURE_CLIENT_SECRET", "client-secret-value")
}

pub(crate) const VAULT: &str = "[source.azure]\nvault = 'https://myvault.vault.azure.net'\n";

/// A profile with one reference, `A`, and the first vault.
pub(crate) fn one(reference: &str) -> String {
    format!("[secrets]\nA = '{reference}'\n{VAULT}")
}

/// What the stand-in was asked.
pub(crate) fn asked(done: &Output) -> Vec<Value> {
    let text = std::fs::read_to_string(done.dir.path().join("asked")).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}

/// How many of them were reads with a token.
pub(crate) fn reads(asked: &[Value]) -> usize {
    asked.iter().filter(|one| one["token"].is_string()).count()
}

/// How many of them were logins.
pub(crate) fn logins(asked: &[Value]) -> usize {
    asked.iter().filter(|one| one["host"] == "login.microsoftonline.com").count()
}
