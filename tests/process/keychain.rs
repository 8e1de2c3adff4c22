//! `keychain:` from the profile to the command, on a real GNOME Keyring (tests/servers/keyring.sh) and the real store.

use super::support::{NOTHING, timed};
use crate::common::keyring::Keyring;
use crate::common::{Output, Test};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::time::Duration;

impl Keyring {
    #[track_caller]
    fn launch(&self, profile: &str) -> Test {
        self.test(profile).args(["-p", "./p.toml", "--", "/usr/bin/env"])
    }

    /// What `check` says: the exit code of the launch, and `NAME STATE` a line.
    #[track_caller]
    fn check(&self, profile: &str, exit: i32) -> Vec<String> {
        let done = self.test(profile).args(["check", "--json", "-p", "./p.toml"]).status(exit).run();
        states(&done)
    }
}

fn states(done: &Output) -> Vec<String> {
    let json: serde_json::Value = serde_json::from_slice(&done.stdout).expect("JSON");
    let rows = json["variables"].as_array().expect("rows").iter();
    rows.map(|row| format!("{} {}", row["name"].as_str().unwrap(), row["state"].as_str().unwrap())).collect()
}

/// Refused: nothing on stdout, these words, and no value anywhere.
#[track_caller]
fn refused(test: Test, exit: i32, words: &[&str]) {
    let done = test.status(exit).stdout("").stderr_contains(NOTHING).run();
    let told = String::from_utf8_lossy(&done.stderr);
    assert!(!told.contains("hunter2"), "{told}");
    for word in words {
        assert!(told.contains(word), "{word}\n{told}");
    }
}

#[test]
fn what_others_wrote_reaches_the_command() {
    let keyring = Keyring::start();
    keyring.put("user", "hunter2", &[]);
    keyring.put("document", r#"{"db": {"url": "postgres://x"}}"#, &[]);
    let python = std::env::var("INJECT_TEST_PYTHON").unwrap_or_else(|_| "python3".into());
    let code = "import keyring; from keyring.backends import SecretService as S; keyring.set_keyring(S.Keyring()); \
        keyring.set_password('https://host/path', 'me', 'gr\\u00fc\\u00dfe')";
    keyring.run(&python, &["-c", code], "");
    let profile = "[secrets]\nA = 'keychain:my app/user'\nB = 'keychain:my app/document#db.url'\n\
        C = 'keychain:https://host/path/me'\nD = { template = '<${A}>' }\nE = { from = 'keychain:my app/none', default = 'd' }\n\
        F = { from = 'keychain:my app/none', optional = true }\nG = { from = ['keychain:my app/none', 'keychain:my app/user'] }\n";
    let done = keyring.launch(profile).stderr("").run();
    let mut lines: Vec<_> = std::str::from_utf8(&done.stdout).unwrap().lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["A=hunter2", "B=postgres://x", "C=grüße", "D=<hunter2>", "E=d", "G=hunter2"]);
    let states = keyring.check(profile, 0);
    assert_eq!(states, ["A ok", "B ok", "C ok", "D ok", "E default", "F unset", "G ok"]);
}

#[test]
fn missing_and_ambiguous() {
    let keyring = Keyring::start();
    keyring.put("twice", "hunter2", &["n", "1"]);
    keyring.put("twice", "hunter2", &["n", "2"]);
    keyring.put("once", "hunter2", &[]);
    let profile = "[secrets]\nA = 'keychain:my app/none'\nB = { from = 'keychain:my app/twice', optional = true }\n\
        C = 'keychain:my app/once'\nD = { from = ['keychain:my app/twice', 'keychain:my app/once'] }\n\
        E = 'keychain:my app/once#field'\n";
    let words = [
        "p.toml:2: A: keychain:my app/none: no such item in the keychain",
        ":3: B: ",
        "ambiguous: 2 items match",
        ":5: D: ",
    ];
    refused(keyring.launch(profile), 125, &words);
    let states = keyring.check(profile, 125);
    assert_eq!(states, ["A absent", "B invalid", "C ok", "D invalid", "E absent"]);
}

#[test]
fn locked_is_told_and_forgiven_by_nothing() {
    let keyring = Keyring::start();
    keyring.put("user", "hunter2", &[]);
    keyring.lock();
    let profile = "[secrets]\nA = { from = 'keychain:my app/user', optional = true, default = 'd' }\n\
        B = { from = ['keychain:my app/user', 'env:HOME'] }\nC = { from = 'keychain:my app/none', default = 'd' }\n";
    let profile = profile.replace("optional = true, default", "default");
    let ((), took) =
        timed(|| refused(keyring.launch(&profile), 125, &["A: keychain:my app/user: the keyring is locked", "B: "]));
    assert!(took < Duration::from_secs(10), "{took:?}");
    assert_eq!(keyring.check(&profile, 125), ["A locked", "B locked", "C default"]);
}

#[test]
fn no_bus_a_stale_bus_and_no_provider() {
    let keyring = Keyring::start();
    keyring.put("user", "hunter2", &[]);
    let profile = "[secrets]\nA = { from = 'keychain:my app/user', optional = true }\n";
    let without = |test: Test| test.env("DBUS_SESSION_BUS_ADDRESS", "").env("XDG_RUNTIME_DIR", "/nonexistent");
    refused(without(keyring.launch(profile)), 125, &["there is no session bus"]);
    // The desktop's default place, without the variable.
    keyring.launch(profile).env("DBUS_SESSION_BUS_ADDRESS", "").stdout("A=hunter2\n").run();
    for address in ["unix:path=/nonexistent/bus", "garbage", "unix:abstract=/tmp/inject-no-bus"] {
        let test = keyring.launch(profile).env("DBUS_SESSION_BUS_ADDRESS", address);
        refused(test, 125, &["nothing answers at the session bus's address", "inject: hint: "]);
    }
    let check = without(keyring.test(profile)).args(["check", "--json", "-p", "./p.toml"]).status(125).run();
    assert_eq!(states(&check), ["A unreachable"]);
    let bare = Keyring::with(&["--bare"]);
    refused(bare.launch(profile), 125, &["no program on the session bus provides the secret service"]);
    assert_eq!(bare.check(profile, 125), ["A unreachable"]);
    keyring.signal("BUS_PID", Signal::SIGKILL);
    std::thread::sleep(Duration::from_millis(300));
    refused(keyring.launch(profile), 125, &["nothing answers at the session bus's address"]);
}

#[test]
fn a_provider_that_hangs_or_dies() {
    let keyring = Keyring::start();
    let profile = "[secrets]\nA = { from = 'keychain:my app/user', optional = true }\n";
    keyring.signal("KEYRING_PID", Signal::SIGSTOP);
    let hanging = keyring.test(profile).args(["-p", "./p.toml", "--timeout", "700ms", "--", "/bin/true"]);
    let ((), took) = timed(|| refused(hanging, 124, &["no answer within 700 ms"]));
    assert!(took < Duration::from_millis(950), "{took:?}");
    let check = keyring.test(profile).args(["check", "--json", "-p", "./p.toml", "--timeout", "300ms"]);
    assert_eq!(states(&check.status(124).run()), ["A timeout"]);
    // It dies while it is asked.
    let dying = keyring.launch(profile);
    let pid = Pid::from_raw(keyring.get("KEYRING_PID").parse().unwrap());
    let killer = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(700));
        kill(pid, Signal::SIGKILL).unwrap();
    });
    let done = dying.status(124).stdout("").stderr_contains(NOTHING).run();
    killer.join().unwrap();
    let told = String::from_utf8_lossy(&done.stderr);
    assert!(told.contains("ended while it was asked") || told.contains("no program on the session bus"), "{told}");
}
