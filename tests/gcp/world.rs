//! Launches in a network that is only this machine.

use crate::common::{Output, Test};
use serde_json::Value;

/// The Python with the servers in it.
pub(crate) fn python() -> String {
    std::env::var("INJECT_TEST_PYTHON").expect("INJECT_TEST_PYTHON, see tests/run")
}

/// A command line inside, in front of the launcher's, in the folder of `test`.
#[track_caller]
pub(crate) fn inside(test: Test, faults: &[&str]) -> Test {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/servers/gcp.py");
    let folder = test.path("").display().to_string();
    let folder = folder.trim_end_matches('/');
    let front = ["/usr/bin/unshare", "--net", "--mount", &python(), script, folder].map(String::from);
    let test = test.env("PYTHONDONTWRITEBYTECODE", "1");
    test.prefix(front.into_iter().chain(faults.iter().map(|f| (*f).to_owned())).chain(["--".to_owned()]))
}

/// A launch with the service account's key that prints all variables, each with a NUL.
#[track_caller]
pub(crate) fn launch(profile: &str, faults: &[&str]) -> Test {
    with(&["-p", "./p.toml", "--", "/usr/bin/env", "-0"], "service", profile, faults)
}

/// The same with these arguments and this file of credentials.
#[track_caller]
pub(crate) fn with(args: &[&str], credentials: &str, profile: &str, faults: &[&str]) -> Test {
    let test = Test::new().file("p.toml", profile);
    let file = test.path(format!("{credentials}.json"));
    inside(test.args(args).env("GOOGLE_APPLICATION_CREDENTIALS", file), faults)
}

/// `[secrets]` with one reference, `A`.
pub(crate) fn one(reference: &str) -> String {
    format!("[secrets]\nA = '{reference}'\n")
}

/// What the stand-in was asked.
pub(crate) fn asked(done: &Output) -> Vec<Value> {
    let text = std::fs::read_to_string(done.dir.path().join("asked")).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}

/// How many of them were reads of secrets.
pub(crate) fn reads(asked: &[Value]) -> usize {
    asked.iter().filter(|one| one["path"].as_str().unwrap().contains(":access")).count()
}
