//! `command` in time: slow ones, hanging ones, those that leave something behind, and many at once.

use super::support::{NOTHING, gone, launch, launch_with, pids, script, timed};
use crate::common::Test;
use std::fmt::Write;
use std::fs;
use std::time::Duration;

/// The deadline of these tests, and how much later than it the launcher may end.
const DEADLINE: Duration = Duration::from_millis(500);
const LATE: Duration = Duration::from_millis(250);

#[track_caller]
fn at_the_deadline(test: Test) -> crate::common::Output {
    let test = test.status(124).stdout("").stderr_contains("no answer within 500 ms").stderr_contains(NOTHING);
    let (done, took) = timed(|| test.run());
    assert!(took >= DEADLINE && took < DEADLINE + LATE, "{took:?}");
    done
}

#[test]
fn the_deadline_ends_the_whole_group() {
    // A child of the program, one of a child of it, and one that ignores what can be ignored.
    let line = "echo $$ >>pids; (sleep 60 & echo $! >>pids; wait) & echo $! >>pids; \
        sh -c 'trap \"\" TERM INT HUP; echo $$ >>pids; sleep 60; :' & sleep 0.1; echo partial; sleep 60";
    let done = at_the_deadline(launch_with(&["--timeout", "500ms"], script(line)));
    let pids = pids(&done.dir.path().join("pids"));
    assert!(pids.len() == 4, "{pids:?}");
    gone(&pids);
}

#[test]
fn output_does_not_prolong_the_deadline() {
    at_the_deadline(launch_with(
        &["--timeout", "500ms"],
        script("while :; do printf x; for i in 1 2 3 4 5 6 7 8; do :; done; done"),
    ));
    at_the_deadline(launch_with(&["--timeout", "500ms"], script("while :; do printf x; sleep 0.01; done")));
}

#[test]
fn one_that_hangs_does_not_hide_the_fault_of_another() {
    let profile = "[secrets]\nA = 'a:1'\nB = 'b:1'\n[source.a]\nkind = \"command\"\nrun = [\"sleep\", \"60\"]\n\
        [source.b]\nkind = \"command\"\nrun = [\"false\"]\n";
    // Both are told, and both together are no reason to try again.
    let test = launch_with(&["--timeout", "500ms"], profile).status(125).stderr_contains("no answer within 500 ms");
    test.stderr_contains("the program ended with exit code 1").run();
}

#[test]
fn a_grandchild_that_keeps_the_pipe_is_not_awaited() {
    let (done, took) = timed(|| launch(script("sleep 60 & echo $! >pid; echo v")).stdout("v\0").run());
    assert!(took < Duration::from_millis(400), "{took:?}");
    gone(&pids(&done.dir.path().join("pid")));
    // Also where it fails, and where all of it is in the pipe only when it has gone.
    launch(script("sleep 60 & head -c 60000 /dev/zero | tr '\\0' x")).stdout(format!("{}\0", "x".repeat(60_000))).run();
    launch(script("sleep 60 & exit 4")).status(125).stderr_contains("exit code 4").run();
}

#[test]
fn one_that_left_the_group_keeps_nobody_waiting() {
    let (done, took) = timed(|| launch(script("setsid sleep 5 & echo v; echo $! >pid")).stdout("v\0").run());
    assert!(took < Duration::from_millis(400), "{took:?}");
    drop(done);
}

#[test]
fn a_closed_output_is_no_end() {
    let (_, took) = timed(|| launch(script("echo v; exec >&-; sleep 0.3")).stdout("v\0").run());
    assert!(took >= Duration::from_millis(300), "{took:?}");
    launch(script("echo v; exec >&-; sleep 0.1; exit 9")).status(125).stderr_contains("exit code 9").run();
    at_the_deadline(launch_with(&["--timeout", "500ms"], script("echo v; exec >&-; sleep 60")));
}

#[test]
fn bits_that_come_slowly_make_one_answer() {
    let line = "for i in 1 2 3 4 5; do printf $i; sleep 0.05; done";
    let (_, took) = timed(|| launch(script(line)).stdout("12345\0").run());
    assert!(took >= Duration::from_millis(250), "{took:?}");
}

#[test]
fn two_hundred_programs_run_eight_at_a_time() {
    let mut profile = String::from("[secrets]\n");
    for i in 0..200 {
        writeln!(profile, "A{i} = 'c:{i}'").unwrap();
    }
    let line = "echo + >>log; sleep 0.02; echo - >>log; echo \"value $1\"";
    write!(profile, "[source.c]\nkind = \"command\"\nrun = [\"/bin/sh\", \"-c\", '{line}', \"sh\", \"{{}}\"]\n")
        .unwrap();
    let test = Test::new().file("p.toml", profile).args(["-p", "./p.toml", "--", "/usr/bin/env"]);
    // No more descriptors than eight programs need: nothing may pile up.
    let done = test.prefix(["/bin/sh", "-c", "ulimit -n 40; exec \"$@\"", "sh"]).run();
    let mut lines: Vec<_> = std::str::from_utf8(&done.stdout).unwrap().lines().collect();
    lines.sort_unstable();
    let mut expected: Vec<_> = (0..200).map(|i| format!("A{i}=value {i}")).collect();
    expected.sort_unstable();
    assert_eq!(lines, expected);
    let log = fs::read_to_string(done.dir.path().join("log")).unwrap();
    let (mut now, mut most) = (0, 0);
    for line in log.lines() {
        now += if line == "+" { 1 } else { -1 };
        most = most.max(now);
    }
    assert!((2..=8).contains(&most) && now == 0, "{most} at once");
}

#[test]
fn without_descriptors_or_processes_it_fails_with_words() {
    let short = ["/bin/sh", "-c", "ulimit -n 7; exec \"$@\"", "sh"];
    let test = launch(script("echo v")).prefix(short).status(125).stdout("");
    test.stderr_contains("cannot be started: too many open files").stderr_contains(NOTHING).run();
}

#[test]
fn a_program_that_cannot_be_killed_does_not_outlast_the_deadline() {
    // A set-user-ID program that became root, started by somebody else: no signal of ours reaches it.
    let test = launch_with(&["--timeout", "500ms"], script("exec ./root 3"));
    let root = test.path("root");
    let copied = std::process::Command::new("cp").arg(crate::common::tool::tool("become-root")).arg(&root).status();
    assert!(copied.unwrap().success());
    let launcher = test.bring(&crate::common::inject());
    let test = test.owner(1001).program(launcher);
    for command in [&["chown", "root:root"][..], &["chmod", "4755"]] {
        let done = std::process::Command::new(command[0]).args(&command[1..]).arg(&root).status().unwrap();
        assert!(done.success(), "this test must run as root");
    }
    let as_user = ["setpriv", "--reuid", "1001", "--regid", "1001", "--clear-groups"];
    let test = test.prefix(as_user).env("PATH", "/usr/bin:/bin").status(124).stderr_contains("no answer within 500 ms");
    let ((), took) = timed(|| drop(test.run()));
    assert!(took < DEADLINE + LATE, "{took:?}");
}
