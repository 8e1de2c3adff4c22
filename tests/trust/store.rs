//! Where approvals are kept, and what is not believed.

use super::world::{OTHER, RUNS, World};
use crate::common::{Test, inject};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

fn mode(path: &std::path::Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn it_is_a_file_for_the_user_alone() {
    let world = World::with(RUNS);
    let command = format!("umask 0; exec {} trust dev", inject().display());
    world.test(["-c", &command]).program("/bin/sh").run();
    assert_eq!(mode(&world.store()), 0o600);
    assert_eq!(mode(world.store().parent().unwrap()), 0o700);
    let state = world.path("state");
    world.launch().env("XDG_STATE_HOME", &state).status(125).run();
    world.test(["trust", "dev"]).env("XDG_STATE_HOME", &state).run();
    assert_eq!(mode(&state.join("inject/trust")), 0o600);
    world.launch().env("XDG_STATE_HOME", &state).stdout("A=ran\n").run();
    let left: Vec<_> = fs::read_dir(state.join("inject")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["trust"]);
}

fn refused(spoil: impl FnOnce(&World)) {
    let world = World::with(RUNS);
    world.trust("dev");
    spoil(&world);
    let store = world.store().display().to_string();
    for args in [&["-p", "dev", "--", "/usr/bin/env"][..], &["trust", "dev"], &["trust", "--list"]] {
        world.test(args).status(125).stdout("").stderr_contains(&store).run();
    }
    assert!(!world.marked());
}

#[test]
fn a_damaged_store_is_no_approval() {
    for text in ["{}\n", "nonsense\n", "\0\n", "{\"path\":\"/\",\"sha256\":\"\",\"reads\":[1]}\n"] {
        refused(|world| {
            let good = fs::read(world.store()).unwrap();
            fs::write(world.store(), [good.as_slice(), text.as_bytes()].concat()).unwrap();
        });
    }
    refused(|world| {
        let good = fs::read(world.store()).unwrap();
        fs::write(world.store(), &good[..good.len() / 2]).unwrap();
    });
    refused(|world| fs::write(world.store(), b"\xff\n").unwrap());
}

#[test]
fn what_others_could_have_written_is_no_approval() {
    refused(|world| world.owner("home/.local/state/inject/trust", OTHER, 0));
    refused(|world| world.mode("home/.local/state/inject/trust", 0o620));
    refused(|world| world.mode("home/.local/state/inject/trust", 0o602));
    refused(|world| world.mode("home/.local/state/inject", 0o777));
    refused(|world| world.owner("home/.local/state/inject", OTHER, OTHER));
}

#[test]
fn what_is_no_file_is_no_approval() {
    refused(|world| {
        fs::rename(world.store(), world.path("elsewhere")).unwrap();
        std::os::unix::fs::symlink(world.path("elsewhere"), world.store()).unwrap();
    });
    refused(|world| {
        fs::remove_file(world.store()).unwrap();
        world.fifo("home/.local/state/inject/trust");
    });
}

/// Root may write anywhere, so this is another user's run.
#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let test = Test::new().file("profiles/dev.toml", "").args(["trust", "dev"]);
    fs::create_dir_all(test.path("state/inject")).unwrap();
    let state = test.path("state");
    let binary = test.bring(&inject());
    let test = test.owner(OTHER).env("XDG_STATE_HOME", &state).program(binary);
    fs::set_permissions(state.join("inject"), fs::Permissions::from_mode(0o500)).unwrap();
    let uid = OTHER.to_string();
    test.prefix(["/usr/bin/setpriv", "--clear-groups", "--reuid", &uid, "--regid", &uid])
        .status(125)
        .stderr(format!("inject: error: {}: permission denied\n", state.join("inject").display()))
        .run();
}

#[test]
fn approvals_are_listed_and_taken_back() {
    let world = World::with(RUNS);
    world.test(["trust", "--list"]).stdout("").run();
    world.trust("dev");
    let real = fs::canonicalize(world.path("tree/profiles/dev.toml")).unwrap().display().to_string();
    world.test(["trust", "--list"]).stdout_contains(&real).run();
    world.test(["trust", "--list", "dev"]).stdout_contains(&real).run();
    world.test(["trust", "--list", "other"]).stdout("").run();
    world.test(["trust", "--remove", "dev"]).stderr_contains("no longer trusted").run();
    world.launch().status(125).run();
    world.test(["trust", "--remove", "dev"]).stderr_contains("was not trusted").run();
    world.test(["trust", "--list"]).stdout("").run();
    world.test(["trust"]).status(125).stderr_contains("which profile?").run();
}

#[test]
fn an_approval_of_a_file_that_is_gone_can_be_taken_back() {
    for name in ["dev", "profiles/dev.toml"] {
        let world = World::with(RUNS);
        world.trust("dev");
        fs::remove_file(world.path("tree/profiles/dev.toml")).unwrap();
        world.test(["trust", "--remove", name]).stderr_contains("no longer trusted").run();
        world.test(["trust", "--list"]).stdout("").run();
    }
}

#[test]
fn what_is_broken_or_has_no_path_is_not_approved() {
    let world = World::with("nonsense");
    world.test(["trust", "dev"]).status(125).run();
    world.test(["trust", "none"]).status(125).stderr_contains("no profile 'none'").run();
    world.test(["trust", "/dev/stdin"]).stdin(RUNS).status(125).stderr_contains("pipe").run();
    assert!(!world.store().exists());
}

#[test]
fn of_twenty_at_once_none_is_lost() {
    let world = World::new();
    let names: Vec<_> = (0..20).map(|i| format!("p{i}")).collect();
    for name in &names {
        world.file(&format!("tree/profiles/{name}.toml"), format!("description = \"{name}\"\n"));
    }
    let start = |name| {
        let mut command = Command::new(inject());
        command.args(["trust", name]).env_clear().env("HOME", world.path("home")).current_dir(world.path("tree"));
        command.stderr(Stdio::piped()).spawn().unwrap()
    };
    let children: Vec<_> = names.iter().map(|name| start(name.as_str())).collect();
    for child in children {
        let out = child.wait_with_output().unwrap();
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    }
    for name in &names {
        world.test(["-p", name, "--", "/bin/true"]).stderr("").run();
    }
    assert_eq!(fs::read_to_string(world.store()).unwrap().lines().count(), 20);
}
