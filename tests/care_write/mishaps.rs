//! What happens at night: a launch beside a write, no room for a record, an empty pipe, a value in the wrong place.

use super::support::Project;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

const PROFILE: &str = "[secrets]\nA = 'dotenv:a.env'\n";

/// A trusted profile of the tree.
fn trusted() -> Project {
    let project = Project::new("");
    std::fs::create_dir_all(project.path("profiles")).unwrap();
    project.file("profiles/dev.toml", PROFILE);
    project.file("profiles/a.env", "A=1\n");
    project.inject(["trust", "dev"]).run();
    project
}

#[test]
fn a_launch_beside_writes_never_finds_its_profile_untrusted() {
    let project = trusted();
    let done = AtomicBool::new(false);
    let launches = thread::scope(|scope| {
        let launches = scope.spawn(|| {
            let mut count = 0;
            while !done.load(Ordering::Relaxed) {
                project.inject(["-p", "dev", "--", "/bin/true"]).run();
                count += 1;
            }
            count
        });
        for n in 0..40 {
            let name = format!("N{n}");
            project.inject(["set", "-p", "dev", &name, "--generate", "--to", "dotenv:b.env"]).run();
        }
        done.store(true, Ordering::Relaxed);
        launches.join().expect("each launch worked")
    });
    assert!(launches > 5, "only {launches} launches");
    // What somebody else writes is not trusted for it.
    project.file("profiles/dev.toml", project.read("profiles/dev.toml") + "X = 'env:X'\n");
    project.inject(["-p", "dev", "--", "/bin/true"]).status(125).stderr_contains("changed since it was trusted").run();
}

#[test]
fn without_room_for_the_approval_the_profile_stays_as_it_was() {
    let project = trusted();
    let before = project.read("profiles/dev.toml");
    // The files of the project are smaller than that, the record of what is trusted is not.
    let record = std::fs::metadata(project.path("home/.local/state/inject/trust")).expect("the record").len();
    assert!(record > 120, "{record}");
    let test = project.inject(["set", "-p", "dev", "B", "--stdin", "--to", "dotenv:b.env"]).stdin("v");
    let test = test.prefix(["/usr/bin/prlimit".to_owned(), format!("--fsize={record}")]).status(125);
    test.stderr_contains("the value is stored, but its mapping was not written: ").run();
    assert_eq!(project.read("profiles/dev.toml"), before);
    project.inject(["-p", "dev", "--", "/bin/true"]).run();
}

#[test]
fn an_empty_value_is_named() {
    let project = Project::new(PROFILE);
    let warned = "inject: warning: A: the value is empty\n";
    project.set("A", "", &[]).stderr_contains(warned).run();
    let done = project.set("A", "a value that is none of those", &[]).run();
    assert!(!String::from_utf8_lossy(&done.stderr).contains("warning"));
}

#[test]
fn a_value_among_the_arguments_is_not_shown() {
    let project = Project::new(PROFILE);
    project.file("a.env", "A=1\n");
    for args in [
        &["set", "-p", "./p.toml", "A", "hunter2secretvalue"][..],
        &["set", "-p", "./p.toml", "A=hunter2secretvalue"],
        &["set", "-p", "./p.toml", "A=hunter2secretvalue", "--to", "dotenv:a.env"],
        &["set", "-p", "./p.toml", "A", "--stdin=hunter2secretvalue"],
        &["unset", "-p", "./p.toml", "A=hunter2secretvalue"],
        &["verify", "-p", "./p.toml", "A", "hunter2secretvalue"],
    ] {
        let done = project.inject(args.iter().copied()).status(125).stdout("").run();
        let told = String::from_utf8_lossy(&done.stderr);
        assert!(!told.contains("hunter2"), "{args:?}: {told}");
        assert!(told.contains("a value is never an argument"), "{args:?}: {told}");
    }
    // The control: another mistake is shown.
    project.inject(["set", "-p", "./p.toml", "--no-such"]).status(125).stderr_contains("--no-such").run();
}

#[test]
fn a_typo_is_seen() {
    let project =
        Project::new("[secrets]\nA = 'dotenv:a.env'\nLONG_NAME = { from = 'dotenv:a.env', optional = true }\n");
    for verb in ["set", "unset"] {
        let test = project.inject([verb, "-p", "./p.toml", "LONG_NAMES"]).stdin("").status(125);
        test.stderr_contains("did you mean 'LONG_NAME'?").run();
    }
}
