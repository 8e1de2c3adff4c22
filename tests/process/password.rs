//! The password of `auth = "userpass"`, asked for on a real terminal: not shown, outside the deadline, and whatever ends
//! the question leaves the terminal as it was. The store is a fake one in C.

use super::support::{NOTHING, log, until, with_fake};
use super::terminal::Terminal;
use crate::common::Test;
use nix::sys::signal::Signal;
use nix::unistd::Pid;
use std::os::unix::process::ExitStatusExt;
use std::process::Command;
use std::time::Duration;

const QUESTION: &str = "inject: password of jane for source 'vault': ";

fn asks() -> Test {
    let passed = "pass-env = ['XDG_FAKE', 'XDG_FAKE_LOG']\n";
    let source = format!("[source.vault]\nauth = 'userpass'\nusername = 'jane'\n{passed}");
    with_fake("record", format!("[secrets]\nA = {{ from = 'vault:kv/a', optional = true }}\n{source}"))
}

/// The launch, and behind it the state of the terminal.
fn started(test: &Test) -> Terminal {
    let command = test.command();
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", "trap : INT; stty -a >before; \"$@\"; echo \"ended $?\"; stty -a >after", "sh"]);
    shell.arg(command.get_program()).args(command.get_args()).current_dir(test.path(""));
    shell
        .env_clear()
        .envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))))
        .env("PATH", "/usr/bin:/bin");
    let terminal = Terminal::start(shell, 80);
    until(Duration::from_secs(5), "the question", || terminal.shown().contains(QUESTION));
    terminal
}

#[track_caller]
fn unchanged(test: &Test) {
    let state = |name: &str| std::fs::read_to_string(test.path(name)).unwrap_or_default();
    assert!(state("before").contains(" echo "), "{}", state("before"));
    assert_eq!(state("after"), state("before"));
}

#[test]
fn it_is_not_shown_and_does_not_count_against_the_deadline() {
    let test = asks();
    let mut terminal = started(&test);
    // The deadline is two seconds, and no store runs while somebody is asked.
    assert_eq!(terminal.after(2500).matches("inject").count(), 1);
    assert_eq!(log(&test.path("")).len(), 0);
    terminal.types("open se\u{e9}same\n");
    until(Duration::from_secs(5), "the end", || terminal.shown().contains("ended"));
    let (_, shown) = terminal.end();
    assert!(!shown.contains("same"), "{shown}");
    let lines = log(&test.path(""));
    assert!(lines.contains(&"setting password=open se\u{e9}same".to_owned()), "{lines:?}");
    unchanged(&test);
}

#[test]
fn ctrl_c_ends_the_launch() {
    let test = asks();
    let mut terminal = started(&test);
    terminal.types("half\u{3}");
    until(Duration::from_secs(5), "the end", || terminal.shown().contains("ended"));
    let (_, shown) = terminal.end();
    assert!(shown.contains("ended 130") && !shown.contains("half"), "{shown}");
    assert_eq!(log(&test.path("")).len(), 0);
    unchanged(&test);
}

#[test]
fn any_signal_that_ends_it_leaves_the_terminal_as_it_was() {
    for signal in [Signal::SIGTERM, Signal::SIGUSR1, Signal::SIGALRM] {
        let test = asks();
        let terminal = started(&test);
        let shell = terminal.child.id();
        let children = std::fs::read_to_string(format!("/proc/{shell}/task/{shell}/children")).expect("its children");
        let launcher = children.trim().parse().expect("one child");
        nix::sys::signal::kill(Pid::from_raw(launcher), signal).expect("to send it");
        until(Duration::from_secs(5), "the end", || terminal.shown().contains("ended"));
        let (_, shown) = terminal.end();
        assert!(shown.contains(&format!("ended {}", 128 + signal as i32)), "{shown}");
        unchanged(&test);
    }
}

#[test]
fn ctrl_d_is_no_password() {
    let test = asks();
    let mut terminal = started(&test);
    terminal.types("\u{4}");
    until(Duration::from_secs(5), "the end", || terminal.shown().contains("ended"));
    let (_, shown) = terminal.end();
    assert!(
        shown.contains("no 'password' was typed") && shown.contains(NOTHING) && shown.contains("ended 125"),
        "{shown}"
    );
    unchanged(&test);
}

#[test]
fn without_a_terminal_nobody_is_asked() {
    let said = "inject: error: ./p.toml:2: A: vault:kv/a: no 'password', and no terminal to ask for it";
    let hint = "inject: hint: password = \"keychain:SERVICE/ACCOUNT\", or another reference, in [source.vault]";
    let test =
        asks().prefix(["/usr/bin/setsid", "-w"]).status(125).stdout("").stderr_contains(said).stderr_contains(hint);
    let done = test.run();
    assert_eq!(log(done.dir.path()).len(), 0);
    assert!(done.status.signal().is_none());
}
