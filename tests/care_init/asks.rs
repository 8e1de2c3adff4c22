//! Each change is asked for.

use crate::asked::Asked;
use crate::support::Project;

const WRITE: &str =
    "inject: write profiles/dev.toml, with 2 variables of .env and 1 variable of secrets.json, and trust it? [y/N] ";
const IGNORE: &str = "inject: put /.env, /secrets.json into .gitignore, so that git does not take it? [y/N] ";

fn project() -> Project {
    let project = Project::new("");
    project.file(".env", "A=1\nB=2\n");
    project.file("secrets.json", "{\"C\": \"3\"}");
    project
}

#[test]
fn each_answer_counts_for_its_change() {
    for (write, ignore) in [("y\n", "y\n"), ("n\n", "y\n"), ("y\n", "\n"), ("no\n", "n\n")] {
        let project = project();
        let shown =
            Asked::new(&project, &project.inject(["init"])).answers(WRITE, write).answers(IGNORE, ignore).ended(0);
        assert_eq!(project.path("profiles/dev.toml").exists(), write == "y\n", "{shown}");
        assert_eq!(project.path(".gitignore").exists(), ignore == "y\n", "{shown}");
        if write == "y\n" {
            project.inject(["-p", "dev", "--", "/usr/bin/printenv", "C"]).stdout("3\n").stderr("").run();
        }
    }
}

#[test]
fn ctrl_c_changes_nothing() {
    let project = project();
    Asked::new(&project, &project.inject(["init"])).answers(WRITE, "\u{3}").ended(130);
    assert!(!project.path("profiles").exists() && !project.path(".gitignore").exists());
}

#[test]
fn an_empty_project_is_asked_too() {
    let project = Project::new("");
    let question = "inject: nothing is here that could be mapped; write an empty profiles/dev.toml? [y/N] ";
    Asked::new(&project, &project.inject(["init"])).answers(question, "n\n").ended(0);
    assert!(!project.path("profiles").exists());
}

#[test]
fn without_a_terminal_nothing_changes_unless_yes_is_said() {
    let project = project();
    let run = || project.inject(["init"]).prefix(["/usr/bin/setsid", "-w"]);
    let told = "inject: error: init asks before each change, and there is no terminal to ask on; nothing was changed\n\
                inject: hint: --yes makes the changes without a question\n";
    run().status(125).stdout("").stderr(told).run();
    assert!(!project.path("profiles").exists() && !project.path(".gitignore").exists());
    project.inject(["init", "--yes"]).prefix(["/usr/bin/setsid", "-w"]).run();
    // Now there is nothing to ask.
    run().stderr("inject: profiles/dev.toml is there already, so it stays as it is\n").run();
}
