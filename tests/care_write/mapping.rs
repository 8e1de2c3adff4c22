//! `--to`, and the trust in the profile that it writes.

use super::support::Project;
use crate::common::Test;
use std::fs;

#[test]
fn a_mapping_is_added_and_everything_else_stays() {
    let profile = "# mine\n\n[vars]   # plain\nX = \"1\"\n\n[secrets]\n  # b\n  B = 'env:B' # why\n\n[source.eu]\nkind = \"dotenv\"\n";
    let project = Project::new(profile);
    let told = "inject: A: eu:.env#X: created\ninject: A: mapped in ./p.toml:9\n";
    project.set("A", "hunter2", &["--to", "eu:.env#X"]).stderr(told).run();
    assert_eq!(project.read("p.toml"), profile.replace("# why\n", "# why\nA = \"eu:.env#X\"\n"));
    // The same again maps nothing.
    project.set("A", "hunter2", &["--to", "eu:.env#X"]).stderr("inject: A: eu:.env#X: unchanged\n").run();
    let got = project.launched(|test| test.env("B", "b"));
    assert!(got.contains(&("A".into(), b"hunter2".to_vec())));
    // No [secrets] yet, line ends of Windows, a byte order mark.
    project.file("p.toml", "\u{feff}description = \"d\"\r\n[vars]\r\nX = '1'\r\n");
    project.set("A", "hunter2", &["--to", "dotenv:.env"]).run();
    let wanted = "\u{feff}description = \"d\"\r\n[vars]\r\nX = '1'\r\n\r\n[secrets]\r\nA = \"dotenv:.env\"\r\n";
    assert_eq!(project.read("p.toml"), wanted);
    // No line end at the end.
    project.file("p.toml", "[secrets]");
    project.set("A", "hunter2", &["--to", "dotenv:.env"]).run();
    assert_eq!(project.read("p.toml"), "[secrets]\nA = \"dotenv:.env\"\n");
}

#[test]
fn what_is_mapped_elsewhere_is_not_mapped_again() {
    let project = Project::new("extends = ['base']\n[vars]\nV = 'x'\n[secrets]\nA = 'dotenv:.env'\n");
    project.file("base.toml", "[secrets]\nB = ['env:B', 'env:C']\n");
    let before = project.read("p.toml");
    for (name, words) in [
        ("A", "./p.toml:5: A: is mapped to dotenv:.env already"),
        ("B", "./base.toml:2: B: is mapped to env:B, env:C already"),
        ("V", "./p.toml:3: V: stands in [vars] already"),
    ] {
        project
            .set(name, "hunter2", &["--to", "file:x"])
            .status(125)
            .stderr_contains(format!("inject: error: {words}\n"))
            .run();
    }
    for (to, words) in [
        ("nowhere:x", "unknown source 'nowhere'"),
        ("x", "--to: a reference is SOURCE:LOCATOR"),
        ("env:1x", "is no name of a variable"),
        ("env:X", "N: env:X: cannot be written"),
        ("file:no/x", "its folder is not there"),
    ] {
        project.set("N", "hunter2", &["--to", to]).status(125).stderr_contains(words).run();
    }
    project
        .set("1N", "hunter2", &["--to", "file:x"])
        .status(125)
        .stderr_contains("NAME is no name of a variable")
        .run();
    project.set("LD_PRELOAD", "hunter2", &["--to", "file:x"]).status(125).stderr_contains("dynamic loader").run();
    assert_eq!((project.read("p.toml"), project.names()), (before, vec!["base.toml".into(), "p.toml".into()]));
}

#[test]
fn the_last_profile_gets_the_line() {
    let project = Project::new("[secrets]\nA = 'file:a'\n");
    project.file("q.toml", "extends = ['base']\n");
    project.file("base.toml", "");
    let args = ["set", "-p", "./p.toml", "-p", "./q.toml", "B", "--stdin", "--to", "file:b"];
    project.inject(args).stdin("x").run();
    assert_eq!(project.read("q.toml"), "extends = ['base']\n\n[secrets]\nB = \"file:b\"\n");
    assert_eq!(
        (project.read("base.toml"), project.read("p.toml")),
        (String::new(), "[secrets]\nA = 'file:a'\n".into())
    );
}

#[test]
fn a_pattern_says_where_a_name_goes() {
    let project = Project::new("[secrets]\n'*' = 'dotenv:.env'\n'APP_*' = 'file:s.json#app'\n");
    project.set("APP_X", "one", &[]).stderr("inject: APP_X: dotenv:.env#APP_X: created\n").run();
    project.file("p.toml", "[secrets]\n'APP_*' = 'file:s.json#app'\n");
    project.set("APP_X", "two", &[]).stderr("inject: APP_X: file:s.json#app.X: created\n").run();
    assert_eq!(project.launched(|test| test), [("APP_X".to_owned(), b"two".to_vec())]);
    project.unset("APP_X", &[]).stderr("inject: APP_X: file:s.json#app.X: removed\n").run();
    assert_eq!(project.read("p.toml"), "[secrets]\n'APP_*' = 'file:s.json#app'\n");
}

#[test]
fn entropy_is_judged() {
    let project = Project::new("[secrets]\nA = { from = 'dotenv:.env', min-entropy = 80 }\n");
    for weak in
        ["", "hunter2", "Correct1!", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "passwordpasswordpassword"]
    {
        let done =
            project.set("A", weak, &[]).status(125).stderr_contains("bits of entropy, and min-entropy is 80").run();
        assert!(weak.is_empty() || !String::from_utf8_lossy(&done.stderr).contains(weak));
    }
    project.set("A", "", &[]).status(125).stderr_contains("about 0 bits of entropy").run();
    assert_eq!(project.names(), ["p.toml"]);
    project.set("A", "0f6b1c9e5d7a48e3b2c1d0f9e8a7b6c5", &[]).stderr("inject: A: dotenv:.env: created\n").run();
}

#[test]
fn a_last_newline_is_named() {
    let project = Project::new("[secrets]\nA = 'dotenv:.env'\n");
    let warning = "inject: warning: A: the value ends in a newline, which is stored with it\n";
    project.set("A", "x\n", &[]).stderr_contains(warning).run();
    project.file("value", "y\n");
    project.inject(["set", "-p", "./p.toml", "A", "--from-file", "value"]).stderr_contains(warning).run();
    assert_eq!(project.launched(|test| test), [("A".to_owned(), b"y\n".to_vec())]);
    project
        .inject(["set", "-p", "./p.toml", "A", "--from-file", "none"])
        .status(125)
        .stderr_contains("none: no such file")
        .run();
}

/// A profile that is found in a working tree, by its bare name.
struct Tree(Project);

impl Tree {
    fn new() -> Self {
        let project = Project::new("");
        fs::remove_file(project.path("p.toml")).unwrap();
        fs::create_dir(project.path("profiles")).unwrap();
        let tree = Self(project);
        tree.write("[secrets]\nA = 'file:../a'\n");
        tree
    }

    fn write(&self, text: &str) {
        self.0.file("profiles/dev.toml", text);
    }

    fn run(&self, args: &[&str]) -> Test {
        self.0.inject(args.iter().copied()).stdin("hunter2")
    }

    fn add(&self, name: &str) -> Test {
        self.run(&["set", "-p", "dev", name, "--stdin", "--to", "dotenv:../.env"])
    }
}

#[test]
fn what_inject_writes_into_a_trusted_profile_stays_trusted() {
    let tree = Tree::new();
    let refused = "profiles/dev.toml: not trusted: it was found in the working tree";
    for args in [
        &["set", "-p", "dev", "A", "--stdin"][..],
        &["unset", "-p", "dev", "A", "--yes"],
        &["import", "-p", "dev", "x.env", "--to", "file:x"],
    ] {
        tree.run(args).status(125).stdout("").stderr_contains(refused).run();
    }
    assert!(!tree.0.path("a").exists());
    tree.run(&["trust", "dev"]).run();
    tree.run(&["set", "-p", "dev", "A", "--stdin"]).run();
    tree.add("B").run();
    tree.add("C").run();
    tree.run(&["-p", "dev", "--", "/bin/true"]).run();
}

#[test]
fn a_write_approves_nothing_that_others_changed() {
    let tree = Tree::new();
    tree.run(&["trust", "dev"]).run();
    let changed = tree.0.read("profiles/dev.toml") + "EVIL = 'file:/etc/hostname'\n";
    tree.write(&changed);
    tree.add("B").status(125).stderr_contains("changed since it was trusted").run();
    assert_eq!(tree.0.read("profiles/dev.toml"), changed);
    // Trusted for this run only, or named by its path, which needs no trust: neither is remembered.
    tree.run(&["set", "-p", "dev", "B", "--stdin", "--to", "file:../b", "--trust"]).run();
    tree.run(&["-p", "dev", "--", "/bin/true"]).status(125).run();
    tree.run(&["set", "-p", "./profiles/dev.toml", "C", "--stdin", "--to", "file:../c"]).run();
    tree.run(&["-p", "dev", "--", "/bin/true"]).status(125).stderr_contains("changed since it was trusted").run();
}

#[test]
fn a_value_is_made_up() {
    let project = Project::new("[secrets]\nA = { from = 'dotenv:.env', min-entropy = 80 }\nB = 'dotenv:.env'\n");
    let set = |name, more: &[&str]| {
        project.inject(["set", "-p", "./p.toml", name, "--generate"].into_iter().chain(more.iter().copied())).stdout("")
    };
    set("A", &[]).stderr("inject: A: dotenv:.env: created\n").run();
    let wanted = "this value has about 32 bits of entropy, and min-entropy is 80";
    set("A", &["hex:4"]).status(125).stderr_contains(wanted).run();
    set("B", &["hex:4"]).stderr_contains("inject: warning: hex:4 has 32 bits").run();
    set("B", &["words:6"]).run();
    set("B", &["nothing"]).status(125).run();
    let got = project.launched(|test| test);
    assert!(got.iter().any(|(name, value)| name == "A" && value.len() == 43), "{got:?}");
}

/// The profile is changed while a value is awaited: trusted as it was read, it is not trusted as it is now.
#[test]
fn a_profile_that_changes_meanwhile_is_neither_written_nor_approved() {
    let tree = Tree::new();
    tree.run(&["trust", "dev"]).run();
    let fifo = tree.0.path("fifo");
    nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let test = tree.run(&["set", "-p", "dev", "B", "--from-file", "fifo", "--to", "file:../b"]).status(124);
    let changed = tree.0.read("profiles/dev.toml") + "EVIL = 'file:/etc/hostname'\n";
    let (path, text) = (tree.0.path("profiles/dev.toml"), changed.clone());
    let other = std::thread::spawn(move || {
        // Opens when the other end does: the profile was read by then.
        let mut pipe = fs::OpenOptions::new().write(true).open(fifo).unwrap();
        fs::write(path, text).unwrap();
        std::io::Write::write_all(&mut pipe, b"hunter2").unwrap();
    });
    test.stderr_contains("profiles/dev.toml: the value is stored, but its mapping was not written: changed meanwhile")
        .run();
    other.join().unwrap();
    assert_eq!((tree.0.read("profiles/dev.toml"), tree.0.read("b")), (changed, "hunter2".into()));
    tree.run(&["-p", "dev", "--", "/bin/true"]).status(125).stderr_contains("changed since it was trusted").run();
}

/// A pattern of a later profile gives the same name: what was stored is not what a launch gets.
#[test]
fn what_a_launch_would_not_get_is_told() {
    let project = Project::new("[secrets]\nA = 'file:a'\n");
    project.file("q.toml", "[secrets]\n'*' = 'dotenv:over.env'\n");
    project.file("over.env", "A=other\n");
    let set = project.inject(["set", "-p", "./p.toml", "-p", "./q.toml", "A", "--stdin"]).stdin("hunter2").status(125);
    set.stdout("").stderr("inject: error: ./p.toml:2: A: file:a: was stored, but something else is read back\n").run();
}
