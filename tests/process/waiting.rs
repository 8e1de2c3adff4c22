//! The line that says what is waited for, on a real terminal.

use super::support::{launch, launch_with, script};
use super::terminal::Terminal;
use crate::common::Test;
use crate::common::tool::tool;
use nix::sys::stat::Mode;
use std::os::unix::process::ExitStatusExt;

const WIPE: &str = "\r\x1b[K";

fn line(what: &str, second: u32) -> String {
    format!("{WIPE}inject: waiting for {what} ({second} of 30 s)")
}

#[test]
fn nothing_in_the_first_second() {
    let test = launch(script("sleep 0.8; echo v"));
    let (status, shown) = Terminal::start(test.command(), 80).end();
    assert_eq!((status.code(), shown.as_str()), (Some(0), "v\0"));
}

#[test]
fn one_line_that_is_wiped_before_the_commands_first_byte() {
    let test = launch(script("sleep 2.3; echo v"));
    let terminal = Terminal::start(test.command(), 80);
    assert_eq!(terminal.after(900), "");
    assert_eq!(terminal.after(1400), line("c", 1));
    let (status, shown) = terminal.end();
    assert_eq!(status.code(), Some(0));
    assert_eq!(shown, format!("{}{}{WIPE}v\0", line("c", 1), line("c", 2)));
}

#[test]
fn it_is_cut_to_the_width() {
    for (columns, expected) in [(20, "inject: waiting for"), (7, "inject"), (24, "inject: waiting for c (1")] {
        let test = launch(script("sleep 1.3; echo v"));
        let (_, shown) = Terminal::start(test.command(), columns).end();
        let expected: String = expected.chars().take(usize::from(columns) - 1).collect();
        assert_eq!(shown, format!("{WIPE}{expected}{WIPE}v\0"));
    }
}

#[test]
fn it_is_wiped_at_failure() {
    let test = launch(script("sleep 1.3; exit 3"));
    let (status, shown) = Terminal::start(test.command(), 80).end();
    assert_eq!(status.code(), Some(125));
    assert!(shown.starts_with(&format!("{}{WIPE}inject: error: ", line("c", 1))), "{shown:?}");
    let test = launch_with(&["--timeout", "1500ms"], script("sleep 60"));
    let (status, shown) = Terminal::start(test.command(), 80).end();
    assert_eq!(status.code(), Some(124));
    assert!(shown.starts_with(&format!("{WIPE}inject: waiting for c (1 of 1 s){WIPE}inject: error: ")), "{shown:?}");
}

#[test]
fn it_is_wiped_on_ctrl_c() {
    let pipe = "[secrets]\nA = 'file:pipe'\n";
    // With a program, and where there is none, so that nothing but the line needs a handler.
    for (profile, what) in [(script("sleep 60"), "c"), (pipe.into(), "file")] {
        let test = launch(profile);
        nix::unistd::mkfifo(&test.path("pipe"), Mode::from_bits_truncate(0o600)).unwrap();
        let mut terminal = Terminal::start(test.command(), 80);
        assert_eq!(terminal.after(1300), line(what, 1));
        terminal.types("\x03");
        let (status, shown) = terminal.end();
        assert_eq!(status.signal(), Some(libc::SIGINT));
        assert_eq!(shown, format!("{}^C{WIPE}", line(what, 1)));
    }
}

#[test]
fn bits_that_come_all_the_time_do_not_keep_it_away() {
    // Some microseconds apart, so that there is never a quiet moment, and less than the limit in all.
    let bits = "while :; do printf x; for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do :; done; done";
    let test = launch(script(&format!("timeout 1.3 sh -c \"{bits}\"; exit 3")));
    let (status, shown) = Terminal::start(test.command(), 80).end();
    assert!(shown.starts_with(&format!("{}{WIPE}inject: error: ", line("c", 1))), "{shown:?}");
    assert!(status.code() == Some(125) && shown.contains("exit code 3"), "{shown:?}");
}

#[test]
fn it_names_all_that_is_waited_for() {
    let profile = "[secrets]\nA = 'a:1'\nB = 'b:1'\nC = 'b:1.3'\n[source.a]\nkind = 'command'\nrun = ['sh', '-c', 'echo v']\n\
        [source.b]\nkind = 'command'\nrun = ['sh', '-c', 'sleep {}; echo v']\n[source.d]\nkind = 'command'\n\
        run = ['sh', '-c', 'sleep 1.3; echo v']\n";
    let test = launch(profile.replace("C = ", "D = 'd:1'\nC = "));
    let (_, shown) = Terminal::start(test.command(), 80).end();
    assert!(shown.starts_with(&line("b, d", 1)), "{shown:?}");
}

#[test]
fn nothing_where_standard_error_is_no_terminal() {
    let test = launch(script("sleep 1.3; echo v")).env("TEST_STDERR_ELSEWHERE", "1");
    let (_, shown) = Terminal::start(test.command(), 80).end();
    assert_eq!(shown, "v\0");
}

#[test]
fn nothing_from_the_background() {
    let starter = tool("starter").into_os_string();
    let prefix = [starter, "background".into(), "--".into()];
    let test = launch(script("sleep 1.3; echo v")).prefix(&prefix);
    let (status, shown) = Terminal::start(test.command(), 80).end();
    assert_eq!((status.code(), shown.as_str()), (Some(0), "v\0"));
    // Where the terminal stops who writes from the background, a launch that is silent goes on.
    let test = launch(script("sleep 1.3; echo v"));
    let test = test.prefix(["/bin/sh", "-c", "stty tostop; exec \"$@\"", "sh"]).prefix(&prefix);
    let command =
        test.args([">"]).replace_arg("/usr/bin/printenv", "/bin/true").replace_arg("-0", "").replace_arg(">", "");
    let (status, shown) = Terminal::start(command.command(), 80).end();
    assert_eq!((status.code(), shown.as_str()), (Some(0), ""));
}

#[test]
fn nothing_while_somebody_is_asked() {
    let profile = script("sleep 0.1; echo v");
    let test = Test::new().file("profiles/p.toml", profile).args(["-p", "p", "--", "/usr/bin/printenv", "-0", "A"]);
    let mut terminal = Terminal::start(test.command(), 80);
    let shown = terminal.after(1500);
    assert!(!shown.is_empty() && !shown.contains("waiting"), "{shown:?}");
    terminal.types("y\n");
    let (status, shown) = terminal.end();
    assert_eq!(status.code(), Some(0), "{shown:?}");
    assert!(shown.ends_with("v\0") && !shown.contains("waiting"), "the time to answer is no time to wait: {shown:?}");
}
