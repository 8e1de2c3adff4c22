//! The deadline over what is no program: pipes that nobody writes into, and several rounds together.

use super::support::{NOTHING, launch_with, script, timed};
use super::terminal::Terminal;
use crate::common::{Output, Test};
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use std::fs;
use std::io::Write;
use std::thread;
use std::time::Duration;

/// A launch from a folder with a FIFO `pipe`.
#[track_caller]
fn with_pipe(profile: &str) -> Test {
    let test = Test::new().file("p.toml", profile);
    mkfifo(&test.path("pipe"), Mode::from_bits_truncate(0o600)).expect("a FIFO");
    test.args(["-p", "./p.toml", "--timeout", "500ms", "--", "/usr/bin/printenv", "-0", "A"])
}

#[track_caller]
fn late(test: Test) -> Output {
    let test = test.status(124).stdout("").stderr_contains("no answer within 500 ms").stderr_contains(NOTHING);
    let (done, took) = timed(|| test.run());
    assert!((500..750).contains(&took.as_millis()), "{took:?}");
    done
}

/// Writes into the pipe in pieces, after a while each.
fn write_later(test: &Test, pieces: &'static [&'static str], pause: u64) -> thread::JoinHandle<()> {
    let path = test.path("pipe");
    thread::spawn(move || {
        thread::sleep(Duration::from_millis(pause));
        let mut pipe = fs::OpenOptions::new().write(true).open(path).unwrap();
        for piece in pieces {
            pipe.write_all(piece.as_bytes()).unwrap();
            thread::sleep(Duration::from_millis(pause));
        }
    })
}

#[test]
fn a_pipe_that_nobody_writes_into() {
    late(with_pipe("[secrets]\nA = 'dotenv:pipe#A'\n"));
    late(with_pipe("[secrets]\nA = 'file:pipe'\n"));
    // Nobody's silence is no absence.
    late(with_pipe("[secrets]\nA = { from = ['file:pipe', 'env:HOME'], optional = true }\n"));
    late(with_pipe("[secrets]\n'*' = 'dotenv:pipe'\n"));
}

#[test]
fn a_pipe_that_is_written_late_works() {
    for (profile, pieces) in [
        ("[secrets]\nA = 'dotenv:pipe#A'\n", &["A=va", "lue\n"][..]),
        ("[secrets]\nA = 'file:pipe'\n", &["val", "ue"]),
        ("[secrets]\nA = 'file:pipe#a'\n[source.file]\nformat = 'json'\n", &["{\"a\":", "\"value\"}"]),
    ] {
        let test = with_pipe(profile);
        let writer = write_later(&test, pieces, 100);
        test.stdout("value\0").stderr("").run();
        writer.join().unwrap();
    }
}

#[test]
fn a_writer_that_never_ends() {
    let test = with_pipe("[secrets]\nA = 'file:pipe'\n");
    let path = test.path("pipe");
    let keep = fs::OpenOptions::new().read(true).write(true).open(&path).unwrap();
    (&keep).write_all(b"partial").unwrap();
    late(test);
    let test = with_pipe("[secrets]\nA = 'file:pipe'\n");
    let path = test.path("pipe");
    let flood = thread::spawn(move || {
        let mut pipe = fs::OpenOptions::new().write(true).open(path).unwrap();
        while pipe.write_all(&[b'x'; 4096]).is_ok() {}
    });
    test.status(125).stderr_contains("larger than 1 MiB").run();
    flood.join().unwrap();
}

#[test]
fn a_writer_that_writes_nothing() {
    let test = with_pipe("[secrets]\nA = 'file:pipe'\n");
    let writer = write_later(&test, &[], 100);
    test.stdout("\0").run();
    writer.join().unwrap();
}

/// What a program answered in time counts, although a file kept the launcher from reading it.
#[test]
fn a_pipe_does_not_blame_others() {
    let profile = "[secrets]\nA = 'file:pipe'\nB = 'c:1'\nC = 'c:2'\n\
        [source.c]\nkind = 'command'\nrun = ['/bin/sh', '-c', 'echo {}; exit {}']\n";
    let done = with_pipe(profile).status(125).stderr_contains("A: file:pipe: no answer within 500 ms").run();
    let told = String::from_utf8(done.stderr).unwrap();
    assert!(told.contains("B: c:1: the program ended with exit code 1"), "{told}");
    assert!(told.contains("C: c:2: the program ended with exit code 2"), "{told}");
}

#[test]
fn one_deadline_covers_all_rounds() {
    // Each entry of the list takes a fifth of a second and is absent: the third round is cut.
    let profile = "[secrets]\nA = { from = ['c:1', 'c:2', 'c:3', 'c:4', 'c:5'] }\n\
        [source.c]\nkind = 'command'\nrun = ['/bin/sh', '-c', 'echo {} >>asked; sleep 0.2; exit 3']\nabsent-exit = [3]\n";
    let test = Test::new().file("p.toml", profile);
    let done = late(test.args(["-p", "./p.toml", "--timeout", "500ms", "--", "/bin/true"]));
    assert_eq!(fs::read_to_string(done.dir.path().join("asked")).unwrap(), "1\n2\n3\n");
    // Nothing is started when the time is up.
    let profile = profile.replace("'c:1', 'c:2', 'c:3', 'c:4', 'c:5'", "'c:1', 'file:pipe', 'c:5'");
    let done = late(with_pipe(&profile));
    assert_eq!(fs::read_to_string(done.dir.path().join("asked")).unwrap(), "1\n");
}

#[test]
fn the_profile_says_it_too() {
    let profile = "timeout = '1s'\n[secrets]\nA = 'file:pipe'\n";
    let test = Test::new().file("p.toml", profile);
    mkfifo(&test.path("pipe"), Mode::from_bits_truncate(0o600)).unwrap();
    let test = test.args(["-p", "./p.toml", "--", "/bin/true"]).status(124).stderr_contains("no answer within 1 s");
    let ((), took) = timed(|| drop(test.run()));
    assert!((1000..1250).contains(&took.as_millis()), "{took:?}");
}

#[test]
fn a_profile_in_a_pipe_is_waited_for_and_never_empty() {
    let test = || with_pipe("").replace_arg("./p.toml", "./pipe");
    late(test());

    let written = test().stdout("value\0").stderr("");
    let writer = write_later(&written, &["[vars]\nA = 'val", "ue'\n"], 100);
    written.run();
    writer.join().unwrap();

    // What should have written it failed: that is no profile that sets nothing.
    let empty = test().status(125).stdout("").stderr_contains("./pipe: the pipe is empty\n").stderr_contains(NOTHING);
    let writer = write_later(&empty, &[], 100);
    empty.run();
    writer.join().unwrap();
}

#[test]
fn a_program_that_asks_on_the_terminal_is_named_as_such() {
    let test = launch_with(&["--timeout", "500ms"], script("read x </dev/tty; echo $x"));
    let (status, shown) = Terminal::start(test.command(), 80).end();
    assert_eq!(status.code(), Some(124));
    assert!(shown.contains("no answer within 500 ms") && shown.contains("run it by hand first, to log in"), "{shown}");
}
