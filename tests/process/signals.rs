//! Signals while children live: who dies, who is left alone, and what the command finds.

use super::support::{gone, launch, lives, pids, script, until};
use super::terminal::Terminal;
use crate::common::tool::tool;
use crate::common::{Output, Test};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;
use std::time::Duration;

/// A program, a child of it and one of another group's ancestor, which all tell their pids and wait.
const TELL: &str = "echo $$ >>pids; (echo $(exec sh -c 'echo $PPID') >>pids; sleep 60; :) & sleep 60; :";

fn kill_it(pid: u32, signal: Signal) {
    kill(Pid::from_raw(pid.cast_signed()), signal).expect("kill");
}

/// A launch whose programs tell their pids, and whose command leaves a file `ran`.
#[track_caller]
fn telling() -> Test {
    let test = Test::new().file("p.toml", script(TELL)).args(["-p", "./p.toml", "--", "/usr/bin/touch", "ran"]);
    fs::write(test.path("pids"), "").unwrap();
    test
}

#[track_caller]
fn told(test: &Test) -> Vec<u32> {
    until(Duration::from_secs(5), "the programs run", || {
        fs::read_to_string(test.path("pids")).unwrap_or_default().lines().count() == 2
    });
    pids(&test.path("pids"))
}

#[test]
fn it_dies_by_the_signal_and_takes_its_children_along() {
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP, Signal::SIGQUIT] {
        let test = telling();
        let mut child = test.command().stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let children = told(&test);
        kill_it(child.id(), signal);
        gone(&children);
        let status = child.wait().unwrap();
        assert_eq!((status.signal(), status.core_dumped()), (Some(signal as i32), false));
        assert!(!test.path("ran").exists());
    }
}

#[test]
fn the_first_process_of_a_container_ends_too() {
    // The kernel takes default actions away from it, so it cannot die by the signal.
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP, Signal::SIGQUIT] {
        let test = telling().prefix(["unshare", "--pid", "--fork"]);
        let mut unshare = test.command().stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        told(&test);
        let children = fs::read_to_string(format!("/proc/{0}/task/{0}/children", unshare.id())).unwrap();
        kill_it(children.trim().parse().unwrap(), signal);
        assert_eq!(unshare.wait().unwrap().code(), Some(128 + signal as i32));
        assert!(!test.path("ran").exists());
    }
}

#[test]
fn keys_and_a_closed_terminal() {
    for (key, signal) in [("\x03", Signal::SIGINT), ("\x1c", Signal::SIGQUIT), ("", Signal::SIGHUP)] {
        let test = telling();
        let mut terminal = Terminal::start(test.command(), 80);
        let children = told(&test);
        if key.is_empty() {
            terminal.hang_up();
        } else {
            terminal.types(key);
        }
        gone(&children);
        let (status, _) = terminal.end();
        assert_eq!(status.signal(), Some(signal as i32));
        assert!(!test.path("ran").exists());
    }
}

#[test]
fn several_signals_at_once_and_several_programs() {
    let mut profile = String::from("[secrets]\n");
    for i in 0..20 {
        profile += &format!("A{i} = 'c:{i}'\n");
    }
    profile += "[source.c]\nkind = 'command'\nrun = ['/bin/sh', '-c', 'echo $$ >>pids; sleep 60; :', 'sh', '{}']\n";
    let test = Test::new().file("p.toml", profile).args(["-p", "./p.toml", "--", "/usr/bin/touch", "ran"]);
    let mut child = test.command().spawn().unwrap();
    until(Duration::from_secs(5), "eight run", || {
        fs::read_to_string(test.path("pids")).unwrap_or_default().lines().count() == 8
    });
    for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP] {
        let _ = kill(Pid::from_raw(child.id().cast_signed()), signal);
    }
    gone(&pids(&test.path("pids")));
    assert!(child.wait().unwrap().signal().is_some());
    assert!(!test.path("ran").exists());
}

#[test]
fn killed_outright_it_still_takes_its_program_along() {
    let test = telling();
    let mut child = test.command().spawn().unwrap();
    let children = told(&test);
    kill_it(child.id(), Signal::SIGKILL);
    gone(&children[..1]);
    child.wait().unwrap();
    assert!(!test.path("ran").exists());
    // Nobody is left to end what the program had started: the kernel knows no more than the child.
    children[1..].iter().filter(|pid| lives(**pid)).for_each(|pid| kill_it(*pid, Signal::SIGKILL));
}

/// Runs with a prefix of `starter` and the signals of a caller.
#[track_caller]
fn started(options: &[&str], profile: &str, command: &[&str]) -> Test {
    let prefix = [tool("starter").display().to_string()].into_iter().chain(options.iter().map(|o| (*o).to_owned()));
    let test = Test::new().file("p.toml", profile).prefix(prefix.chain(["--".to_owned()]));
    test.args(["-p", "./p.toml", "--"]).args(command)
}

#[test]
fn what_the_caller_ignores_stays_ignored() {
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP, Signal::SIGQUIT] {
        let ignore = format!("ignore={}", signal as i32);
        // The program ignores it, too: it sends it to itself and to its parent, and all go on.
        let line = format!("kill -{0} $$; kill -{0} $PPID; sleep 0.05; echo v", signal as i32);
        let command = ["/bin/sh", "-c", "echo $A; grep SigIgn /proc/self/status"];
        let done = started(&[&ignore], &script(&line), &command).stderr("").run();
        let text = String::from_utf8(done.stdout).unwrap();
        let (value, ignored) = text.split_once('\n').unwrap();
        let mask = u64::from_str_radix(ignored.trim().trim_start_matches("SigIgn:").trim(), 16).unwrap();
        assert_eq!((value, mask >> (signal as i32 - 1) & 1), ("v", 1), "{signal}");
    }
}

#[test]
fn what_the_caller_blocks_is_pending_for_the_command() {
    let line = "kill -TERM $PPID; sleep 0.05; echo v";
    let command = ["/bin/grep", "ShdPnd", "/proc/self/status"];
    started(&["block=15"], &script(line), &command).stdout_contains("4000\n").stderr("").run();
    // Not blocked, it ends the launch there and then.
    started(&[], &script(line), &command).status(128 + 15).stdout("").run();
}

#[test]
fn sigpipe_reaches_the_command_as_it_came() {
    let mask = |done: &Output| {
        let text = String::from_utf8_lossy(&done.stdout).into_owned();
        u64::from_str_radix(text.trim().trim_start_matches("SigIgn:").trim(), 16).unwrap() >> 12 & 1
    };
    for profile in ["[vars]\nB = '1'\n".to_owned(), script("echo v")] {
        for (option, ignored) in [("default=13", 0), ("ignore=13", 1)] {
            let done = started(&[option], &profile, &["/bin/grep", "SigIgn", "/proc/self/status"]).run();
            assert_eq!(mask(&done), ignored, "{option}");
        }
    }
}

/// Children of the process that became `inject`: before, while and after it resolves they are the caller's.
#[test]
fn the_callers_own_children_are_left_alone() {
    let wait = tool("starter").display().to_string();
    let command = [wait.as_str(), "wait", "0", "said"];
    for (options, expected) in [
        (&["child=0"][..], "ended 7\nnone\n"),
        (&["child=100"], "ended 7\nnone\n"),
        (&["block=17", "child=0"], "ended 7\nnone\nchld pending\n"),
        (&["block=17", "child=100"], "ended 7\nnone\nchld pending\n"),
        (&["ignore=17", "child=100"], "none\n"),
        (&["child=0", "child-forever=living"], "ended 7\nliving\n"),
        (&["child-forever=living"], "living\n"),
        (&["ignore=17", "child-forever=living"], "living\n"),
        (&["block=17", "child-forever=living"], "living\n"),
        (&["block=17"], "none\n"),
        (&["ignore=17"], "none\n"),
    ] {
        let done = started(options, &script("sleep 0.3; echo v"), &command).stderr("").run();
        let said = fs::read_to_string(done.dir.path().join("said")).unwrap();
        assert_eq!(said, expected, "{options:?}");
        if let Ok(living) = fs::read_to_string(done.dir.path().join("living")) {
            let pid = living.trim().parse().unwrap();
            assert!(lives(pid));
            kill_it(pid, Signal::SIGKILL);
        }
    }
}

/// A launcher that failed leaves them alone as well, and its own are gone.
#[test]
fn no_child_is_left_at_failure() {
    let done = launch(script("echo $$ >pid; sleep 0.05; exit 3")).status(125).run();
    gone(&pids(&done.dir.path().join("pid")));
}
