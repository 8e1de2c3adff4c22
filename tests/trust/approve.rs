//! A bare name of the working tree runs only after somebody approved it.

use super::world::{MARKS, RUNS, World};
use std::fs;

const COMMAND: &str = "inject: hint: look at it, then run `inject trust dev`\n";

#[test]
fn a_profile_of_the_tree_is_refused_before_anything_is_opened() {
    let world = World::with(MARKS);
    world.fifo("tree/fifo"); // nobody writes: whoever opens it waits until the deadline
    world
        .launch()
        .status(125)
        .stdout("")
        .stderr_contains("profiles/dev.toml: not trusted: it was found in the working tree\n")
        .stderr_contains(COMMAND)
        .run();
    world.test(["check", "-p", "dev"]).status(125).stderr_contains(COMMAND).run();
    assert!(!world.marked() && !world.store().exists());
}

#[test]
fn an_approved_one_runs_until_a_byte_of_it_changes() {
    let world = World::with(RUNS);
    world.trust("dev");
    assert!(!world.marked(), "to approve is not to run");
    world.launch().stdout("A=ran\n").stderr("").run();
    world.file("tree/profiles/dev.toml", format!("{RUNS}#"));
    let refused = || {
        world.launch().status(125).stderr_contains("dev.toml: changed since it was trusted").stderr_contains(COMMAND)
    };
    fs::remove_file(world.path("tree/mark")).unwrap();
    refused().run();
    assert!(!world.marked());
    world.file("tree/profiles/dev.toml", RUNS);
    world.launch().stdout("A=ran\n").run();
}

#[test]
fn so_does_what_it_extends_in_the_tree() {
    let world = World::with("extends = [\"base\", \"../more/other.toml\"]\n");
    world.file("tree/profiles/base.toml", "[vars]\nA = \"1\"\n");
    world.file("tree/more/other.toml", "[vars]\nB = \"1\"\n");
    world.launch().status(125).run();
    world.trust("dev");
    world.launch().stdout_contains("A=1\n").run();
    for file in ["tree/profiles/base.toml", "tree/more/other.toml"] {
        world.file(file, "[vars]\nA = \"2\"\n");
        // The command to run is the one that helps: no bare name leads to more/other.toml.
        world.launch().status(125).stderr_contains("changed since it was trusted").stderr_contains(COMMAND).run();
        world.trust("dev");
        world.launch().stdout_contains("A=2\n").run();
    }
}

#[test]
fn a_copy_elsewhere_is_another_profile() {
    let world = World::with(RUNS);
    world.trust("dev");
    world.file("other/profiles/dev.toml", RUNS);
    world.launch().current_dir(world.path("other")).status(125).stderr_contains("not trusted").run();
    // Through a link it is the same one.
    std::os::unix::fs::symlink(world.path("tree"), world.path("link")).unwrap();
    world.launch().current_dir(world.path("link")).stdout("A=ran\n").run();
}

/// Its content is the approved one, but what it names would be looked for beside the link: the programs of another tree.
#[test]
fn a_link_to_an_approved_one_is_another_profile() {
    let world = World::with(RUNS);
    world.trust("dev");
    fs::create_dir_all(world.path("other/profiles")).unwrap();
    let (target, link) = (world.path("tree/profiles/dev.toml"), world.path("other/profiles/dev.toml"));
    std::os::unix::fs::symlink(target, link).unwrap();
    world.launch().current_dir(world.path("other")).status(125).stdout("").stderr_contains("not trusted").run();
    assert!(!world.path("other/mark").exists());
}

#[test]
fn one_that_hides_the_users_own_names_both() {
    let world = World::with(RUNS);
    let own = world.file("home/.config/inject/profiles/dev.toml", "");
    world
        .launch()
        .status(125)
        .stderr_contains("profiles/dev.toml: not trusted")
        .stderr_contains(format!("it hides {}\n", own.display()))
        .run();
    assert!(!world.marked());
    fs::remove_file(world.path("tree/profiles/dev.toml")).unwrap();
    world.launch().stdout("").run();
}

#[test]
fn the_users_own_needs_no_approval_and_what_it_takes_from_the_tree_does() {
    let world = World::new();
    world.file("home/.config/inject/profiles/dev.toml", "extends = [\"base\"]\n");
    world.file("tree/profiles/base.toml", RUNS);
    world.launch().status(125).stderr_contains("profiles/base.toml: not trusted").stderr_contains(COMMAND).run();
    world.trust("dev");
    world.launch().stdout("A=ran\n").run();
}

#[test]
fn a_flag_or_a_variable_answers_for_once() {
    let world = World::with(RUNS);
    world.launch().env("INJECT_TRUST", "1").stdout("A=ran\n").stderr("").run();
    world.test(["--trust", "-p", "dev", "--", "/usr/bin/env"]).stdout("A=ran\n").stderr("").run();
    world.test(["check", "--trust", "-p", "dev"]).run();
    world.launch().env("INJECT_TRUST", "0").status(125).run();
    world.launch().env("INJECT_TRUST", "yes").status(125).run();
    world.launch().status(125).run();
    assert!(!world.store().exists(), "it was remembered");
}

#[test]
fn without_a_home_nothing_is_trusted_and_the_path_form_is_offered() {
    let world = World::with(RUNS);
    for home in ["", "relative"] {
        let offered = "name it by its path, like -p ./profiles/dev.toml\n";
        world.launch().env("HOME", home).status(125).stderr_contains(offered).run();
        world
            .test(["trust", "dev"])
            .env("HOME", home)
            .status(125)
            .stderr_contains("nothing can be trusted")
            .stderr_contains("-p ./profiles/")
            .run();
    }
    world.test(["-p", "./profiles/dev.toml", "--", "/usr/bin/env"]).env("HOME", "").stdout("A=ran\n").run();
    world.launch().env("HOME", "").env("INJECT_TRUST", "1").stdout("A=ran\n").run();
}

#[test]
fn without_a_home_the_path_offered_from_a_folder_below_works() {
    let world = World::with(RUNS);
    fs::create_dir(world.path("tree/below")).unwrap();
    let launch = world.launch().current_dir(world.path("tree/below")).env("HOME", "");
    let run = launch.status(125).stderr_contains("like -p ../profiles/dev.toml\n").run();
    assert!(run.stdout.is_empty());
}

#[test]
fn to_look_needs_no_trust_and_a_path_needs_none() {
    let world = World::with(MARKS);
    world.fifo("tree/fifo");
    world.test(["plan", "-p", "dev"]).stdout_contains("mark:x").run();
    world.test(["list"]).stdout_contains("dev").run();
    assert!(!world.marked());
    world.file("tree/profiles/dev.toml", RUNS);
    world.test(["-p", "profiles/dev.toml", "--", "/usr/bin/env"]).stdout("A=ran\n").run();
    world.file("tree/dev.toml", "extends = [\"profiles/dev.toml\"]\n");
    world.test(["-p", "dev.toml", "--", "/usr/bin/env"]).stdout("A=ran\n").run();
}
