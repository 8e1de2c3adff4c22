//! Questions on a real terminal: nothing is shown, and whatever ends them leaves the terminal as it was.

use super::asked::Asked;
use super::support::Project;

const FIRST: &str = "inject: value of A: ";
const SECOND: &str = "inject: value of A once more: ";

fn set(project: &Project) -> Asked<'_> {
    Asked::new(project, &project.inject(["set", "-p", "./p.toml", "A"]))
}

fn project() -> Project {
    Project::new("[secrets]\nA = 'dotenv:.env'\n")
}

#[test]
fn a_value_is_asked_for_twice_and_not_shown() {
    let project = project();
    let shown =
        set(&project).answers(FIRST, "gr\u{fc}n p7Ks-29x $x\n").answers(SECOND, "gr\u{fc}n p7Ks-29x $x\n").ended(0);
    assert!(!shown.contains("p7Ks") && !shown.contains("weak") && shown.contains("A: dotenv:.env: created"), "{shown}");
    assert_eq!(project.launched(|test| test), [("A".to_owned(), "gr\u{fc}n p7Ks-29x $x".into())]);
}

#[test]
fn a_weak_value_is_named() {
    let project = project();
    let shown = set(&project).answers(FIRST, "hunter2\n").answers(SECOND, "hunter2\n").ended(0);
    assert!(!shown.contains("hunter2") && shown.contains("inject: warning: A: this value is weak"), "{shown}");
}

#[test]
fn two_different_values_are_none() {
    let project = project();
    let shown = set(&project).answers(FIRST, "hunter2\n").answers(SECOND, "hunter3\n").ended(125);
    assert!(
        !shown.contains("hunter") && shown.contains("two different values were typed; nothing was changed"),
        "{shown}"
    );
    assert!(!project.path(".env").exists());
}

#[test]
fn ctrl_c_leaves_the_terminal_as_it_was() {
    let project = project();
    let shown = set(&project).answers(FIRST, "half\u{3}").ended(130);
    assert!(!shown.contains("half"), "{shown}");
    let shown = set(&project).answers(FIRST, "hunter2\n").answers(SECOND, "half\u{3}").ended(130);
    assert!(!shown.contains("half") && !shown.contains("hunter2"), "{shown}");
    let shown = set(&project).answers(FIRST, "\u{4}").ended(125);
    assert!(shown.contains("no value was typed; nothing was changed"), "{shown}");
    assert!(!project.path(".env").exists());
}

#[test]
fn a_line_that_the_terminal_cuts_is_refused() {
    let project = project();
    let shown = set(&project).answers(FIRST, &("x".repeat(4095) + "\n")).ended(125);
    assert!(shown.contains("longer than a line of a terminal can be") && !shown.contains("xxx"), "{shown}");
}

#[test]
fn without_a_terminal_nobody_is_asked() {
    let project = project();
    let test = project.inject(["set", "-p", "./p.toml", "A"]).prefix(["/usr/bin/setsid", "-w"]).status(125);
    test.stderr_contains(
        "inject: error: A: no terminal to ask for a value\ninject: hint: --stdin, --from-file FILE or --generate",
    )
    .run();
}

#[test]
fn standard_input_is_no_terminal() {
    let project = project();
    let shown = Asked::new(&project, &project.inject(["set", "-p", "./p.toml", "A", "--stdin"])).ended(125);
    assert!(shown.contains("standard input is a terminal"), "{shown}");
}

#[test]
fn removal_of_the_plaintext_is_offered() {
    for (answer, gone) in [("n\n", false), ("\n", false), ("y\n", true)] {
        let project = Project::new("[secrets]\n");
        project.file("x.env", "A=1\n");
        let run = project.inject(["import", "-p", "./p.toml", "x.env", "--to", "dotenv:.env#"]);
        let shown = Asked::new(&project, &run)
            .answers("inject: remove x.env, now that nothing reads it? [y/N] ", answer)
            .ended(0);
        assert_eq!(project.path("x.env").exists(), !gone, "{shown}");
        assert_eq!(project.read(".env"), "A=1\n");
    }
}
