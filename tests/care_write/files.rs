//! What becomes of a file that is written: its mode, its owner, its links, and of two who write at once.

use super::support::{Project, owner};
use nix::fcntl::{Flock, FlockArg};
use std::fs::{self, File, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};

const PROFILE: &str =
    "[secrets]\nA = 'dotenv:.env'\nB = 'file:s.json#db.b'\nC = 'file:s.yaml#c'\nD = 'file:s.toml#d'\nE = 'file:e'\n";

#[test]
fn what_was_done_is_told() {
    let project = Project::new(PROFILE);
    for (name, place) in [
        ("A", "dotenv:.env"),
        ("B", "file:s.json#db.b"),
        ("C", "file:s.yaml#c"),
        ("D", "file:s.toml#d"),
        ("E", "file:e"),
    ] {
        let told = |what: &str| format!("inject: {name}: {place}: {what}\n");
        project.unset(name, &[]).stderr(told("there was nothing to remove")).run();
        project.set(name, "hunter2", &[]).stderr(told("created")).run();
        project.set(name, "hunter2", &[]).stderr(told("unchanged")).run();
        project.set(name, "hunter3", &[]).stderr(told("replaced")).run();
        project.unset(name, &[]).stderr(told("removed")).run();
        project.unset(name, &[]).stderr(told("there was nothing to remove")).run();
        project.set(name, "hunter4", &[]).stderr(told("created")).run();
    }
    let got = project.launched(|test| test.stderr(""));
    assert!(got.len() == 5 && got.iter().all(|(_, value)| value == b"hunter4"));
    for file in [".env", "s.json", "s.yaml", "s.toml", "e"] {
        assert_eq!(owner(&project.path(file)).0, 0o600, "{file}");
    }
    assert_eq!(project.names(), [".env", "e", "p.toml", "s.json", "s.toml", "s.yaml"]);
}

#[test]
fn neighbours_comments_and_order_stay() {
    let project = Project::new(PROFILE);
    project.file(".env", "# z\nZ=1\nexport A = old  # why\n\nB='2'\n");
    project.file("s.json", "{\"z\": [1, 2],\n \"db\": {\"x\": 1e400, \"b\": \"old\"}}");
    project.file("s.yaml", "# z\nz: 0755 # odd\nc: old # why\nb:\n- 1\n");
    project.file("s.toml", "# z\nz = 0xFF\nd = 'old' # why\n\n[b]\n");
    for name in ["A", "B", "C", "D"] {
        project.set(name, "new", &[]).run();
    }
    assert_eq!(project.read(".env"), "# z\nZ=1\nexport A = new  # why\n\nB='2'\n");
    assert_eq!(project.read("s.json"), "{\"z\": [1, 2],\n \"db\": {\"x\": 1e400, \"b\": \"new\"}}");
    assert_eq!(project.read("s.yaml"), "# z\nz: 0755 # odd\nc: \"new\" # why\nb:\n- 1\n");
    assert_eq!(project.read("s.toml"), "# z\nz = 0xFF\nd = \"new\" # why\n\n[b]\n");
}

#[test]
fn mode_and_owner_are_kept() {
    let project = Project::new(PROFILE);
    for (mode, uid, gid) in [(0o640, 0, 0), (0o400, 12345, 54321), (0o666, 0, 7)] {
        project.file(".env", "A=old\n");
        fs::set_permissions(project.path(".env"), Permissions::from_mode(mode)).unwrap();
        std::os::unix::fs::chown(project.path(".env"), Some(uid), Some(gid)).expect("these tests run as root");
        project.set("A", "new", &[]).run();
        assert_eq!(owner(&project.path(".env")), (mode, uid, gid));
        assert_eq!(project.read(".env"), "A=new\n");
    }
}

#[test]
fn an_owner_that_cannot_be_kept_is_refused() {
    let project = Project::new(PROFILE);
    project.file(".env", "A=old\n");
    let folder = project.path("");
    for path in [folder.clone(), project.path("p.toml")] {
        std::os::unix::fs::chown(path, Some(12345), Some(12345)).expect("these tests run as root");
    }
    let test = project.set("A", "hunter2", &[]);
    let programs = ["inject", "inject-care"].map(|name| test.bring(&crate::common::inject().with_file_name(name)));
    fs::set_permissions(test.path(""), Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(project.path(".env"), Permissions::from_mode(0o644)).unwrap();
    let words = "belongs to uid 0, gid 0, and that cannot be kept; nothing was changed";
    test.prefix(["/usr/bin/setpriv", "--reuid=12345", "--regid=12345", "--clear-groups"])
        .program(&programs[0])
        .status(125)
        .stderr_contains(words)
        .run();
    assert_eq!((project.read(".env"), project.names()), ("A=old\n".into(), vec![".env".into(), "p.toml".into()]));
}

#[test]
fn links_are_followed_to_the_file_itself() {
    let project = Project::new(PROFILE);
    fs::create_dir(project.path("real")).unwrap();
    fs::write(project.path("real/env"), "A=old\n").unwrap();
    symlink("second", project.path(".env")).unwrap();
    symlink("real/env", project.path("second")).unwrap();
    project.set("A", "new", &[]).run();
    assert_eq!(project.read("real/env"), "A=new\n");
    assert!(fs::symlink_metadata(project.path(".env")).unwrap().is_symlink());
    // A link to what is not there yet.
    symlink("real/e", project.path("e")).unwrap();
    project.set("E", "new", &[]).run();
    assert_eq!(project.read("real/e"), "new");
    // A link of somebody else's.
    std::os::unix::fs::lchown(project.path("second"), Some(12345), None).unwrap();
    project.set("A", "hunter2", &[]).status(125).stderr_contains("is a link of uid 12345").run();
    // Links in a circle, and what is no file.
    fs::remove_file(project.path("e")).unwrap();
    symlink("e", project.path("e")).unwrap();
    project.set("E", "hunter2", &[]).status(125).stderr_contains("E: file:e: ").run();
    fs::remove_file(project.path("e")).unwrap();
    nix::unistd::mkfifo(&project.path("e"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    project.set("E", "hunter2", &[]).status(125).stderr_contains("is no regular file").run();
}

#[test]
fn no_folder_no_file() {
    let project = Project::new("[secrets]\nA = 'dotenv:no/.env'\n");
    let done = project.set("A", "hunter2", &[]).status(125).stderr_contains("its folder is not there").run();
    assert!(String::from_utf8_lossy(&done.stderr).contains("inject: hint: mkdir -m 700 ./no\n"));
}

#[test]
fn of_two_writers_one_gets_an_error() {
    let project = Project::new(PROFILE);
    project.file(".env", "A=old\n");
    let folder = File::open(project.path("")).unwrap();
    let lock = Flock::lock(folder, FlockArg::LockExclusiveNonblock).map_err(|(_, error)| error).unwrap();
    let words = "inject: error: ./p.toml:2: A: dotenv:.env: another inject is writing in the same folder; nothing was changed\n";
    project.set("A", "hunter2", &[]).status(124).stderr_contains(words).run();
    project.unset("A", &[]).status(124).stderr_contains(words).run();
    assert_eq!(project.read(".env"), "A=old\n");
    drop(lock);
    project.set("A", "hunter2", &[]).run();
}

#[test]
fn of_many_writers_nothing_is_lost() {
    const WRITERS: usize = 12;
    let mut profile = "[secrets]\n".to_owned();
    (0..WRITERS).for_each(|at| profile.push_str(&format!("V{at} = 'dotenv:.env'\n")));
    let project = Project::new(&profile);
    project.file(".env", "KEPT=1\n");
    let written: Vec<_> = std::thread::scope(|scope| {
        let runs: Vec<_> = (0..WRITERS)
            .map(|at| {
                let test = project.set(&format!("V{at}"), format!("value {at}"), &[]).any_status();
                scope.spawn(move || test.run().status.code().unwrap())
            })
            .collect();
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    });
    let now = project.read(".env");
    assert!(now.starts_with("KEPT=1\n") && written.contains(&0), "{now}");
    for (at, status) in written.into_iter().enumerate() {
        let there = now.contains(&format!("V{at}='value {at}'\n"));
        assert!(matches!((status, there), (0, true) | (124, false)), "{at}: {status}\n{now}");
    }
    assert_eq!(project.names(), [".env", "p.toml"]);
}

#[test]
fn sources_that_cannot_be_written_say_so() {
    let project = Project::new(
        "[vars]\nV = 'x'\n[secrets]\nA = 'env:X'\nB = 'systemd:b'\nC = 'op:x'\nT = { template = '${A}' }\n\
         L = ['dotenv:.env#L', 'env:X']\nP = { from = 'vault:kv/a#b', version = 3 }\n[source.op]\nkind = 'command'\nrun = ['true']\n",
    );
    for (name, words) in [
        ("A", "4: A: env:X: cannot be written: a variable of the caller's environment is the caller's"),
        ("B", "5: B: systemd:b: cannot be written: credentials are the service manager's"),
        ("C", "6: C: op:x: cannot be written: nobody knows what the program reads"),
        ("T", "7: T: is a template: what it is made of can be set, it cannot"),
        ("P", "9: P: 'version' says which version is read"),
        ("V", "2: V: is plain text in [vars]"),
    ] {
        project.set(name, "hunter2", &[]).status(125).stderr_contains(format!("inject: error: ./p.toml:{words}")).run();
        project.unset(name, &[]).status(125).stderr_contains(words).run();
    }
    project
        .set("NONE", "hunter2", &[])
        .status(125)
        .stderr_contains("inject: error: NONE: this profile does not map it\n")
        .run();
    // Of a list the first.
    project.set("L", "hunter2", &[]).stderr("inject: L: dotenv:.env#L: created\n").run();
    assert_eq!(project.read(".env"), "L=hunter2\n");
}

/// Somebody who knows nothing of locks (an editor) writes between the reading and the renaming.
#[test]
fn what_an_editor_writes_meanwhile_is_not_lost() {
    let project = Project::new(PROFILE);
    project.file(".env", "A=old\n");
    let slow = [
        "/usr/bin/strace",
        "-f",
        "-qq",
        "-o",
        "trace",
        "-e",
        "trace=fsync",
        "-e",
        "inject=fsync:delay_enter=1500000:when=1",
    ];
    let test = project.set("A", "hunter2", &[]).prefix(slow).status(124);
    let path = project.path(".env");
    let editor = std::thread::spawn(move || {
        let beside = path.with_file_name(".env.inject~");
        while !beside.exists() {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        fs::write(path, "A=old\nEDITED=1\n").unwrap();
    });
    test.stderr_contains("A: dotenv:.env: somebody else has changed it meanwhile; nothing was changed here\n").run();
    editor.join().unwrap();
    assert_eq!(project.read(".env"), "A=old\nEDITED=1\n");
    assert_eq!(project.names(), [".env", "p.toml", "trace"]);
}
