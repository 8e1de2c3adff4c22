//! A profile that others could have written is not run.

use super::world::{OTHER, World};
use crate::common::{Test, inject};
use std::fs;
use std::os::unix::fs::{chown, lchown, symlink};
use std::sync::atomic::{AtomicBool, Ordering};

const DEV: &str = "[vars]\nA = \"1\"\n";

fn by_path(world: &World) -> Test {
    world.test(["-p", "profiles/dev.toml", "--", "/usr/bin/env"])
}

fn real(world: &World, path: &str) -> String {
    let path = fs::canonicalize(world.path("tree")).unwrap().join(path).display().to_string();
    path.trim_end_matches('/').into()
}

/// Refused with this concern and this command, and then approved as it is: that content and no other.
fn refused(spoil: impl FnOnce(&World), concern: &str, path: &str, fix: &str) {
    let world = World::with(DEV);
    spoil(&world);
    let path = real(&world, path);
    by_path(&world)
        .status(125)
        .stdout("")
        .stderr(format!(
            "inject: error: profiles/dev.toml: not trusted: {path} {concern}\n\
             inject: hint: `{fix} {path}`, or look at it and run `inject trust profiles/dev.toml`\ninject: nothing was run\n"
        ))
        .run();
    by_path(&world).env("INJECT_TRUST", "1").stdout("A=1\n").run();
    world.trust("profiles/dev.toml");
    by_path(&world).stdout("A=1\n").stderr("").run();
    let file = fs::canonicalize(world.path("tree/profiles/dev.toml")).unwrap();
    fs::write(file, "[vars]\nA = \"2\"\n").unwrap();
    by_path(&world).status(125).stdout("").stderr_contains(concern).run();
}

fn accepted(prepare: impl FnOnce(&World)) {
    let world = World::with(DEV);
    prepare(&world);
    by_path(&world).stdout("A=1\n").stderr("").run();
}

#[test]
fn modes_of_the_file() {
    let file = "tree/profiles/dev.toml";
    refused(|w| w.mode(file, 0o666), "can be written by anyone", "profiles/dev.toml", "chmod go-w");
    refused(|w| w.mode(file, 0o602), "can be written by anyone", "profiles/dev.toml", "chmod go-w");
    // What makes a folder safe says nothing of a file.
    refused(|w| w.mode(file, 0o1666), "can be written by anyone", "profiles/dev.toml", "chmod go-w");
    let foreign_group = |w: &World| {
        w.owner(file, 0, OTHER);
        w.mode(file, 0o664);
    };
    refused(foreign_group, "can be written by its group", "profiles/dev.toml", "chmod g-w");
    accepted(|w| w.mode(file, 0o664)); // its group has its owner's number
    accepted(|w| w.mode(file, 0o444));
    accepted(|w| {
        w.owner(file, 0, OTHER);
        w.mode(file, 0o644);
    });
}

#[test]
fn owners() {
    let belongs = format!("belongs to uid {OTHER}");
    refused(|w| w.owner("tree/profiles/dev.toml", OTHER, 0), &belongs, "profiles/dev.toml", "chown 0");
    refused(|w| w.owner("tree/profiles", OTHER, 0), &belongs, "profiles", "chown 0");
}

#[test]
fn folders() {
    refused(|w| w.mode("tree/profiles", 0o777), "can be written by anyone", "profiles", "chmod go-w");
    let foreign_group = |w: &World| {
        w.owner("tree/profiles", 0, OTHER);
        w.mode("tree/profiles", 0o770);
    };
    refused(foreign_group, "can be written by its group", "profiles", "chmod g-w");
    refused(|w| w.mode("tree", 0o777), "can be written by anyone", "", "chmod go-w");
    accepted(|w| w.mode("tree/profiles", 0o1777));
    accepted(|w| w.mode("tree/profiles", 0o775));
}

#[test]
fn links() {
    let moved = |w: &World, target: &str| {
        fs::create_dir_all(w.path(target).parent().unwrap()).unwrap();
        fs::rename(w.path("tree/profiles/dev.toml"), w.path(target)).unwrap();
        symlink(w.path(target), w.path("tree/profiles/dev.toml")).unwrap();
    };
    accepted(|w| moved(w, "elsewhere/x.toml"));
    let foreign = |w: &World| {
        moved(w, "elsewhere/x.toml");
        w.mode("tree/profiles", 0o1777);
        lchown(w.path("tree/profiles/dev.toml"), Some(OTHER), Some(OTHER)).unwrap();
    };
    refused(foreign, &format!("is a link of uid {OTHER}"), "profiles/dev.toml", "remove");
    let unsafe_target = |w: &World| {
        moved(w, "tree/open/x.toml");
        w.mode("tree/open", 0o777);
    };
    refused(unsafe_target, "can be written by anyone", "open", "chmod go-w");
    // As Kubernetes mounts a ConfigMap.
    accepted(|w| {
        fs::create_dir(w.path("tree/profiles/..2026_01")).unwrap();
        fs::rename(w.path("tree/profiles/dev.toml"), w.path("tree/profiles/..2026_01/dev.toml")).unwrap();
        symlink("..2026_01", w.path("tree/profiles/..data")).unwrap();
        symlink("..data/dev.toml", w.path("tree/profiles/dev.toml")).unwrap();
        w.mode("tree/profiles", 0o1777);
    });
    let world = World::with(DEV);
    fs::remove_file(world.path("tree/profiles/dev.toml")).unwrap();
    symlink("dev.toml", world.path("tree/profiles/dev.toml")).unwrap();
    by_path(&world).status(125).run();
}

#[test]
fn what_is_extended_is_looked_at_as_well() {
    let world = World::with("extends = [\"base\"]\n");
    world.file("tree/profiles/base.toml", DEV);
    world.mode("tree/profiles/base.toml", 0o666);
    by_path(&world).status(125).stderr_contains("base.toml can be written by anyone").run();
    world.trust("profiles/dev.toml");
    by_path(&world).stdout("A=1\n").run();
}

#[test]
fn the_users_own_is_looked_at_as_well() {
    let world = World::new();
    world.file("home/.config/inject/profiles/dev.toml", DEV);
    world.mode("home/.config/inject", 0o777);
    world.launch().status(125).stderr_contains("inject can be written by anyone").run();
    world.test(["plan", "-p", "dev"]).stdout_contains("A").run();
    world.trust("dev");
    world.launch().stdout("A=1\n").run();
}

#[test]
fn what_a_user_may_not_read() {
    let test = Test::new().file("profiles/dev.toml", DEV).args(["-p", "profiles/dev.toml", "--", "/usr/bin/env"]);
    let binary = test.bring(&inject());
    let file = test.path("profiles/dev.toml");
    let test = test.owner(OTHER).program(binary);
    chown(&file, Some(0), Some(0)).unwrap();
    let uid = OTHER.to_string();
    test.prefix(["/usr/bin/setpriv", "--clear-groups", "--reuid", &uid, "--regid", &uid])
        .status(125)
        .stderr("inject: error: profiles/dev.toml: permission denied\ninject: nothing was run\n")
        .run();
}

/// What is judged is what is read: whichever of the two a name means at that moment.
#[test]
fn a_swap_while_it_is_opened_gains_nothing() {
    let world = World::with(DEV);
    world.file("tree/safe", DEV);
    world.file("tree/unsafe", "[vars]\nEVIL = \"1\"\n");
    world.mode("tree/unsafe", 0o666);
    let done = AtomicBool::new(false);
    let (mut ran, mut stopped) = (0, 0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let name = world.path("tree/profiles/dev.toml");
            while !done.load(Ordering::Relaxed) {
                for kind in ["tree/safe", "tree/unsafe"] {
                    let next = world.path("tree/next");
                    let _ = fs::remove_file(&next);
                    fs::hard_link(world.path(kind), &next).unwrap();
                    fs::rename(&next, &name).unwrap();
                    // Renaming a name onto another of the same file does nothing, so the first stays: remove both.
                    let _ = fs::remove_file(&next);
                }
            }
        });
        for _ in 0..150 {
            let out = by_path(&world).any_status().run();
            let shown = String::from_utf8_lossy(&out.stdout).into_owned();
            assert!(!shown.contains("EVIL"), "the unsafe one ran");
            match out.status.code() {
                Some(0) => ran += usize::from(shown == "A=1\n"),
                _ => stopped += 1,
            }
        }
        done.store(true, Ordering::Relaxed);
    });
    assert!(ran > 0 && stopped > 0, "the race was never run: {ran} and {stopped}");
}
