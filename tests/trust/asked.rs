//! On a terminal the launch asks, and shows what is new.

use super::world::World;
use crate::common::inject;
use crate::terminal::Terminal;
use std::process::{Command, Stdio};

const DEV: &str = "inherit = [\"PATH\"]\n[vars]\nMODE = \"one\"\n[secrets]\nA = \"mark:x\"\nT = { template = \"${A}!\" }\n\
    [source.mark]\nkind = \"command\"\nrun = [\"/bin/sh\", \"-c\", \"echo >> mark; echo ran\", \"{}\"]\n";

/// Launches on a terminal and types `answer` once it is asked; the exit code and what was shown.
fn launch(world: &World, answer: &str, args: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(inject());
    command.args(args).env_clear().env("HOME", world.path("home")).current_dir(world.path("tree"));
    let mut terminal = Terminal::start(command, 200);
    for step in 1..400 {
        let shown = terminal.after(step * 25);
        if shown.contains("[y/N] ") {
            assert!(!world.marked(), "run before the answer");
            terminal.types(answer);
            break;
        }
        if terminal.child.try_wait().unwrap().is_some() {
            break;
        }
    }
    let (status, shown) = terminal.end();
    (status.code(), shown)
}

const RUN: [&str; 4] = ["-p", "dev", "--", "/bin/true"];

#[test]
fn it_shows_what_is_read_and_run_and_a_yes_is_remembered() {
    let world = World::with(DEV);
    let own = world.file("home/.config/inject/profiles/dev.toml", "");
    let (code, shown) = launch(&world, "y\n", &RUN);
    assert_eq!(code, Some(0), "{shown}");
    for line in [
        "profiles/dev.toml was found in the working tree",
        &format!("it hides {}", own.display()),
        "A = mark:x",
        "T = ${A}!",
        "MODE = one",
        "source.mark.run = /bin/sh -c echo >> mark; echo ran {}",
        "inherit PATH",
    ] {
        assert!(shown.contains(line), "no {line:?}:\n{shown}");
    }
    assert!(world.marked());
    world.launch().stdout_contains("A=ran\n").stderr("").run();
}

#[test]
fn anything_else_refuses() {
    for answer in ["\n", "n\n", "N\n", "yellow\n", " \n", "\u{4}", "yy\n"] {
        let world = World::with(DEV);
        let (code, shown) = launch(&world, answer, &RUN);
        assert_eq!(code, Some(125), "{answer:?}:\n{shown}");
        assert!(shown.contains("run `inject trust dev`"), "{shown}");
        assert!(!world.marked() && !world.store().exists(), "{answer:?}");
    }
    let world = World::with(DEV);
    let (code, _) = launch(&world, "\u{3}", &RUN);
    assert_ne!(code, Some(0));
    assert!(!world.marked() && !world.store().exists());
}

#[test]
fn a_changed_one_shows_only_what_is_new() {
    let world = World::with(DEV);
    world.trust("dev");
    let changed = DEV.replace("\"mark:x\"", "\"mark:y\"").replace("\"one\"", "\"two\"") + "raw = true\n";
    world.file("tree/profiles/dev.toml", &changed);
    let (code, shown) = launch(&world, "n\n", &RUN);
    assert_eq!(code, Some(125));
    for line in ["changed since it was trusted", "A = mark:y", "MODE = two", "source.mark.raw = true"] {
        assert!(shown.contains(line), "no {line:?}:\n{shown}");
    }
    for line in ["source.mark.run", "inherit PATH", "${A}", "mark:x", "MODE = one"] {
        assert!(!shown.contains(line), "{line:?} is not new:\n{shown}");
    }
    let (code, shown) = launch(&world, "y\n", &RUN);
    assert_eq!(code, Some(0), "{shown}");
    let (code, shown) = launch(&world, "", &RUN);
    assert_eq!((code, shown.as_str()), (Some(0), ""), "asked again");
}

/// A change far behind in a long line, or in what only counts where something is absent.
#[test]
fn no_change_is_cut_off() {
    let long =
        format!("[secrets]\nA = {{ from = \"env:NO\", default = \"one\" }}\n[vars]\nV = \"{}one\"\n", "x".repeat(400));
    let world = World::with(&long);
    world.trust("dev");
    world.file("tree/profiles/dev.toml", long.replace("one", "\u{202e}two"));
    let (code, shown) = launch(&world, "n\n", &RUN);
    assert_eq!(code, Some(125));
    for line in ["A, absent, = \\u{202e}two", "x\\u{202e}two"] {
        assert!(shown.contains(line), "no {line:?}:\n{shown}");
    }
}

/// `y` and a newline from before the question: a pasted command line, say.
#[test]
fn what_was_typed_before_is_no_answer() {
    let world = World::with(DEV);
    let mut command = Command::new("/bin/sh");
    let run = format!("read -r line; sleep 0.5; exec {} -p dev -- /bin/true", inject().display());
    command.args(["-c", &run]).env_clear().env("HOME", world.path("home")).env("PATH", "/usr/bin:/bin");
    let mut terminal = Terminal::start(
        {
            command.current_dir(world.path("tree"));
            command
        },
        200,
    );
    terminal.types("x\ny\n");
    let shown = terminal.after(1500);
    assert!(shown.contains("[y/N] "), "{shown}");
    assert!(!world.marked() && !world.store().exists(), "{shown}");
    terminal.types("n\n");
    let (status, shown) = terminal.end();
    assert_eq!(status.code(), Some(125), "{shown}");
}

#[test]
fn what_it_shows_cannot_hide_anything() {
    let world = World::with("[secrets]\nA = \"file:x\\u001b[2J\\r\\ny\"\n");
    let (_, shown) = launch(&world, "n\n", &RUN);
    assert!(shown.contains("A = file:x") && !shown.contains('\u{1b}'), "{shown:?}");
    assert!(!shown.trim_end().contains('\r'), "{shown:?}");
}

#[test]
fn nobody_is_asked_where_nobody_could_answer() {
    let world = World::with(DEV);
    // stderr is no terminal, though there is one
    let mut command = Command::new(inject());
    command.args(RUN).env_clear().env("HOME", world.path("home")).current_dir(world.path("tree"));
    command.env("TEST_STDERR_ELSEWHERE", "1").stderr(Stdio::null());
    let (status, shown) = Terminal::start(command, 80).end();
    assert_eq!((status.code(), shown.as_str()), (Some(125), ""));
    // there is no place to remember the answer
    let mut command = Command::new(inject());
    command.args(RUN).env_clear().current_dir(world.path("tree"));
    let (status, shown) = Terminal::start(command, 80).end();
    assert_eq!(status.code(), Some(125));
    assert!(shown.contains("-p ./profiles/dev.toml"), "{shown}");
    assert!(!world.marked());
}
