//! How old a stored value is, as `check` says it of any store.

use super::Test;
use serde_json::Value;

/// The version, and when it was stored, of `A`.
pub(crate) struct Told {
    pub(crate) version: Option<String>,
    pub(crate) created: Option<u64>,
}

/// Seconds since 1970, now.
pub(crate) fn now() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
}

/// What `check --json` says of the first variable.
#[track_caller]
pub(crate) fn told(checked: Test) -> Told {
    let done = checked.run();
    let all: Value = serde_json::from_slice(&done.stdout).expect("JSON");
    let row = &all["variables"][0];
    assert_eq!(row["state"], "ok", "{all}");
    let created = row["created"].as_str().map(|text| inject::date::seconds(text).expect("a date"));
    Told { version: row["version"].as_str().map(str::to_owned), created }
}

/// One reference with a `max-age`, by each verb that could care. `run` gives a run of the launcher with this profile and
/// these arguments, where the value of `reference` is `value`; `source` is what the profile says of the source. Gives what
/// `check --json` has said.
#[track_caller]
pub(crate) fn battery(reference: &str, value: &str, source: &str, run: impl Fn(&str, &[&str]) -> Test) -> Told {
    let aged = |limit: &str| format!("[secrets]\nA = {{ from = '{reference}', max-age = '{limit}' }}\n{source}");
    let check = ["check", "-p", "./p.toml"];
    let strict = ["check", "--strict", "-p", "./p.toml"];
    // Nothing is this old, and everything is older than this.
    let (high, low) = (aged("30000d"), aged("1ms"));
    run(&high, &strict).stderr_contains("inject: note: A: ").stderr_contains(" old, of at most 30000 days\n").run();
    let advice = " are wanted; `inject set -p ./p.toml A --generate` makes a new one\n";
    for (args, exit) in [(check.as_slice(), 0), (&strict, 1)] {
        let test = run(&low, args).status(exit).stderr_contains("inject: warning: A: ").stderr_contains(advice);
        test.stdout(format!("A  ok  {reference}\n")).run();
    }
    // A launch says nothing of it, and waits for nothing.
    run(&low, &["-p", "./p.toml", "--", "/usr/bin/env", "-0"]).stdout(format!("A={value}\0")).stderr("").run();
    let told = told(run(&format!("[secrets]\nA = '{reference}'\n{source}"), &["check", "--json", "-p", "./p.toml"]));
    assert!(told.created.is_some_and(|at| at <= now() + 1), "{:?}", told.created);
    told
}
