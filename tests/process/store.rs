//! How the launcher finds its store, starts it, and what it lets it see. The store is a fake one in C.

use super::support::{count, gone, install, launch, log, pids, timed, until, with_fake};
use crate::common::tool::tool;
use crate::common::{Test, inject};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::process::ExitStatusExt;
use std::time::Duration;

const ONE: &str = "[secrets]\nA = 'keychain:my/item'\n";

#[test]
fn it_gets_its_kind_as_the_only_argument_and_its_kinds_variables() {
    let profile = "[secrets]\nA = 'keychain:my/item'\n[source.keychain]\npass-env = ['MINE']\n";
    let mut test = with_fake("record", profile).env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/x").env("PATH", "/usr/bin");
    for name in ["AWS_SECRET_ACCESS_KEY", "VAULT_TOKEN", "GOOGLE_APPLICATION_CREDENTIALS", "RANDOM_ONE", "LD_DEBUG_X"] {
        test = test.env(name, "no");
    }
    for name in ["SSH_AUTH_SOCK", "HTTPS_PROXY", "MINED", "XD", "HOMES", "PATHS", "DBUS_SYSTEM_BUS_ADDRESS"] {
        test = test.env(name, "no");
    }
    let test = test.env("MINE", "yes").env("DISPLAY", ":7").env("WAYLAND_DISPLAY", "w").env("XDG_RUNTIME_DIR", "/r");
    let done = test.stdout("value of my/item\0").stderr("").run();
    let lines = log(done.dir.path());
    let argv: Vec<_> = lines.iter().filter_map(|line| line.strip_prefix("argv ")).collect();
    assert_eq!(argv, ["inject-store", "keychain"]);
    let names = lines.iter().filter_map(|line| line.strip_prefix("env ")?.split('=').next());
    let mut names: Vec<_> = names.collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "DBUS_SESSION_BUS_ADDRESS",
            "DISPLAY",
            "HOME",
            "MINE",
            "PATH",
            "WAYLAND_DISPLAY",
            "XDG_FAKE",
            "XDG_FAKE_LOG",
            "XDG_RUNTIME_DIR"
        ]
    );
}

#[test]
fn it_gets_three_descriptors() {
    let outer = ["/bin/sh", "-c", "exec 3</dev/null 9</dev/null; exec \"$@\"", "sh"];
    let profile = "[secrets]\nA = 'keychain:print/fds'\n";
    with_fake("", profile).prefix(outer).stdout("0 1 2 \0").run();
}

#[test]
fn one_process_answers_many_items() {
    let mut profile = String::from("[secrets]\n");
    let padding = "p".repeat(2000);
    for i in 0..300 {
        // More than a socket or a pipe holds, in both directions.
        profile += &format!("A{i} = 'keychain:{padding}/{i}'\n");
    }
    let done =
        with_fake("", profile + "A = 'keychain:large/100000'\n").stdout(format!("{}\0", "x".repeat(100_000))).run();
    let lines = log(done.dir.path());
    assert_eq!((count(&lines, "start"), count(&lines, "asked 301")), (1, 1), "{lines:?}");
}

#[test]
fn one_process_answers_both_rounds_of_a_list() {
    let profile = "[secrets]\nA = { from = ['keychain:absent/1', 'env:NO', 'keychain:my/2'] }\n\
        B = { from = ['keychain:absent/3', 'keychain:absent/4'], default = 'd' }\nC = 'keychain:my/5'\n";
    let done = with_fake("", profile).stdout("value of my/2\0").stderr("").run();
    let lines = log(done.dir.path());
    assert_eq!(count(&lines, "start"), 1, "{lines:?}");
    assert_eq!(lines[1..], ["asked 3", "asked 1", "asked 1"], "{lines:?}");
}

#[test]
fn bytes_that_come_one_by_one() {
    let profile = "[secrets]\nA = { from = ['keychain:absent/1', 'keychain:my/2'] }\nB = 'keychain:my/5'\n";
    with_fake("slow", profile).stdout("value of my/2\0").stderr("").run();
}

#[test]
fn a_store_that_failed_is_not_asked_again() {
    let profile = "[secrets]\nA = 'keychain:my/1'\nB = { from = ['env:NO', 'keychain:my/2'] }\n";
    for mode in ["failed", "crash", "exit", "garbage"] {
        let done = with_fake(mode, profile).status(125).stdout("").run();
        let lines = log(done.dir.path());
        assert_eq!(count(&lines, "start"), 1, "{mode}: {lines:?}");
    }
}

#[test]
fn a_profile_without_a_store_never_starts_it() {
    let done = with_fake("", "[vars]\nA = '1'\n[source.keychain]\n[source.c]\nkind = 'command'\nrun = ['true']\n");
    let done = done.stdout("1\0").stderr("").run();
    assert_eq!(log(done.dir.path()).len(), 0);
    // Nor do the verbs that resolve nothing.
    let test = with_fake("", ONE);
    let plan = Test::new().program(test.path("bin/inject")).current_dir(test.path("")).args(["plan", "-p", "./p.toml"]);
    plan.env("XDG_FAKE_LOG", test.path("log")).stdout_contains("keychain:my/item").run();
    assert_eq!(log(&test.path("")).len(), 0);
    // And where it is not installed, everything else works.
    let test = launch("[vars]\nA = '1'\n[secrets]\nB = 'env:HOME'\n");
    let alone = install(&test, &inject(), "alone/inject");
    test.program(alone).stdout("1\0").stderr("").run();
}

#[test]
fn it_is_found_beside_the_launcher_itself() {
    // Through a link, from a relative path, and in ../libexec/inject.
    let test = with_fake("", ONE);
    fs::create_dir(test.path("links")).unwrap();
    symlink("../bin/inject", test.path("links/other-name")).unwrap();
    let link = test.path("links/other-name");
    test.program(link).stdout("value of my/item\0").run();

    let test = with_fake("", ONE).program("bin/inject");
    let command = ["/bin/sh", "-c", "exec bin/inject \"$@\"", "sh"];
    let moved = test.path("bin/inject-store");
    fs::create_dir_all(test.path("libexec/inject")).unwrap();
    fs::rename(moved, test.path("libexec/inject/inject-store")).unwrap();
    let args = ["-p", "./p.toml", "--", "/usr/bin/printenv", "-0", "A"];
    let output = std::process::Command::new(command[0])
        .args(&command[1..])
        .args(args)
        .current_dir(test.path(""))
        .env_clear()
        .env("HOME", "/")
        .output()
        .unwrap();
    assert_eq!((output.stdout.as_slice(), output.stderr.as_slice()), (&b"value of my/item\0"[..], &b""[..]));
    // Not in PATH, and not in the working directory.
    let test = launch(ONE);
    let alone = install(&test, &inject(), "alone/inject");
    install(&test, &tool("fake-store"), "inject-store");
    let here = test.path("");
    test.program(alone).env("PATH", here).status(125).stderr_contains("inject-store is not installed").run();
}

#[test]
fn it_ends_with_the_launcher() {
    // By a signal, and at the deadline; with what it had started.
    for signal in [Some(Signal::SIGTERM), Some(Signal::SIGINT), None] {
        let test = with_fake("hang-child", ONE);
        let mut child = test.command().stderr(std::process::Stdio::null()).spawn().unwrap();
        until(Duration::from_secs(5), "the store and its child run", || log(&test.path("")).len() == 2);
        let store = pids(&test.path("log"));
        let status = match signal {
            Some(signal) => {
                kill(Pid::from_raw(child.id().cast_signed()), signal).unwrap();
                gone(&store);
                child.wait().unwrap()
            }
            None => {
                let (status, _) = timed(|| child.wait().unwrap());
                gone(&store);
                status
            }
        };
        assert_eq!(status.signal(), signal.map(|signal| signal as i32));
        assert!(signal.is_some() || status.code() == Some(124));
    }
}
