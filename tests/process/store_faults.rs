//! Stores that are not there, not ours, or do not behave: each a clear error, the right exit code, and nothing run.

use super::support::{NOTHING, install, launch, timed, with_fake};
use crate::common::{Output, Test, inject};
use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::time::Duration;

const TWO: &str = "[secrets]\nA = 'keychain:my/1'\nB = { from = 'keychain:my/2', optional = true }\n";

#[track_caller]
fn refused(test: Test, exit: i32, words: &str) -> Output {
    let (done, took) = timed(|| test.status(exit).stdout("").stderr_contains(words).stderr_contains(NOTHING).run());
    let told = String::from_utf8_lossy(&done.stderr);
    assert!(told.starts_with("inject: error: ./p.toml:"), "{told}");
    assert!(!told.contains("SECRET") && !told.contains("value of") && !told.contains('\x1b'), "{told}");
    assert!(took < Duration::from_millis(if exit == 124 { 2250 } else { 1000 }), "{words}: {took:?}");
    done
}

#[track_caller]
fn state(test: Test, exit: i32, state: &str) {
    let launcher = test.path("bin/inject");
    let check = Test::new().program(launcher).current_dir(test.path(""));
    let check = check.args(["check", "--json", "-p", "./p.toml", "--timeout", "2s"]);
    let mode = test.command().get_envs().find(|(n, _)| *n == "XDG_FAKE").unwrap().1.unwrap().to_owned();
    check.env("XDG_FAKE", mode).status(exit).stdout_contains(format!("\"state\": \"{state}\"")).run();
}

#[test]
fn not_installed() {
    let test = launch(TWO);
    let alone = install(&test, &inject(), "bin/inject");
    let done = refused(test.program(alone), 125, "inject-store is not installed: looked for ");
    let told = String::from_utf8_lossy(&done.stderr);
    assert!(told.contains("/bin/inject-store") && told.contains("libexec/inject/inject-store"), "{told}");
    assert!(told.contains("inject: hint: `cargo install "), "{told}");
}

#[test]
fn not_ours() {
    let with = |change: &dyn Fn(&std::path::Path)| {
        let test = with_fake("", TWO);
        change(&test.path("bin/inject-store"));
        test
    };
    let mode =
        |mode| move |path: &std::path::Path| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    refused(with(&|path| chown(path, Some(4242), None).unwrap()), 125, "belongs to uid 4242, neither to root nor");
    refused(with(&mode(0o757)), 125, "inject-store: can be written by others");
    let foreign_group = |path: &std::path::Path| {
        chown(path, None, Some(4242)).unwrap();
        mode(0o775)(path);
    };
    refused(with(&foreign_group), 125, "inject-store: can be written by others");
    with(&mode(0o775)).stdout("value of my/1\0").run();
    refused(with(&mode(0o644)), 125, "inject-store: cannot be started: permission denied");
    let folder = |path: &std::path::Path| {
        fs::remove_file(path).unwrap();
        fs::create_dir(path).unwrap();
    };
    refused(with(&folder), 125, "inject-store: is not a file");
    for text in ["#!/bin/sh\necho v\n", "echo v\n", ""] {
        let script = |path: &std::path::Path| {
            fs::write(path, text).unwrap();
            mode(0o755)(path);
        };
        refused(with(&script), 125, "inject-store: is no program for this machine; a script cannot stand in its place");
    }
    // The launcher's owner may have built it: an ordinary user's own pair.
    let test = with_fake("", TWO);
    for name in ["bin/inject", "bin/inject-store"] {
        chown(test.path(name), Some(4242), None).unwrap();
    }
    test.stdout("value of my/1\0").run();
}

#[test]
fn another_protocol() {
    let words = "inject speaks protocol 1, and inject-store protocol 2";
    let done = refused(with_fake("protocol", TWO), 125, words);
    assert!(String::from_utf8_lossy(&done.stderr).contains("from the same release"));
    state(with_fake("protocol", TWO), 125, "unreachable");
}

#[test]
fn ends_early() {
    for (mode, words) in [
        ("exit", "inject-store ended before it answered (exit status: 3)"),
        ("exit-opened", "inject-store ended before it answered (exit status: 0)"),
        ("crash", "inject-store ended before it answered (signal: 11 (SIGSEGV)"),
        ("half", "inject-store ended before it answered (exit status: 0)"),
        ("short-garbage", "inject-store"),
    ] {
        refused(with_fake(mode, TWO), 125, words);
        state(with_fake(mode, TWO), 125, "invalid");
    }
    // All was answered: how it ends does not matter any more, and nobody waits for it.
    with_fake("exit-answered", TWO).stdout("value of my/1\0").stderr("").run();
}

#[test]
fn hangs() {
    for mode in ["hang", "hang-opened", "hang-closed"] {
        refused(with_fake(mode, TWO), 124, "no answer within 2 s");
    }
    state(with_fake("hang", TWO), 124, "timeout");
}

#[test]
fn answers_garbage() {
    for mode in ["garbage", "state", "longer", "index", "twice"] {
        let done = refused(with_fake(mode, TWO), 125, "inject-store answered something that is not protocol 1");
        // It is believed in nothing: both are told.
        let told = String::from_utf8_lossy(&done.stderr);
        assert!(told.contains(": A: ") && told.contains(": B: "), "{mode}: {told}");
        state(with_fake(mode, TWO), 125, "invalid");
    }
}

#[test]
fn answers_too_much() {
    for mode in ["flood", "huge-frame", "flood-opened"] {
        refused(with_fake(mode, TWO), 125, "inject-store answered something that is not protocol 1");
    }
    refused(with_fake("more", TWO), 125, "inject-store answered more than it was asked");
}

#[test]
fn refuses_as_a_whole() {
    let done = refused(with_fake("failed", TWO), 125, "denies");
    assert_eq!(String::from_utf8_lossy(&done.stderr).matches("denies").count(), 2);
    state(with_fake("failed", TWO), 125, "denied");
}
