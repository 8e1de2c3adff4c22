//! What is no regular file.

use super::world::World;
use crate::common::inject;
use std::fs;
use std::os::unix::fs::symlink;

/// `-p /dev/fd/N` with a pipe that this shell command feeds.
fn piped(feed: &str) -> crate::common::Test {
    let command = format!("{feed} | {{ exec {} -p /dev/fd/3 -- /usr/bin/env 3<&0; }}", inject().display());
    crate::common::Test::new().program("/bin/sh").args(["-c", &command])
}

#[test]
fn a_pipe_that_the_user_named_is_read() {
    piped("printf '[vars]\\nA = \"1\"\\n'").stdout("A=1\n").stderr("").run();
    piped("(printf '[vars]\\n'; /bin/sleep 0.2; printf 'A = \"1\"\\n')").stdout("A=1\n").run();
    let world = World::new();
    let script = format!("exec {} -p <(printf '[vars]\\nA = \"1\"\\n') -- /usr/bin/env", inject().display());
    world.test(["-c", &script]).program("/bin/bash").stdout_contains("A=1\n").run();
    // A FIFO with a name waits for its writer, as any reader of it does.
    world.fifo("tree/fifo");
    let script = format!(
        "(/bin/sleep 0.3; printf '[vars]\\nA = \"1\"\\n' > fifo) & exec {} -p ./fifo -- /usr/bin/env",
        inject().display()
    );
    world.test(["-c", &script]).program("/bin/sh").stdout_contains("A=1\n").run();
}

#[test]
fn a_pipe_has_an_end() {
    piped("(printf '#'; /bin/cat /dev/zero)").status(125).stdout("").stderr_contains("larger than 1 MiB").run();
    piped("/bin/dd if=/dev/zero bs=1M count=1 2>/dev/null | /usr/bin/tr '\\0' '\\n'").stdout("").stderr("").run();
}

#[test]
fn discovery_takes_regular_files_only() {
    let world = World::new();
    fs::create_dir_all(world.path("tree/profiles/folder.toml")).unwrap();
    world.fifo("tree/profiles/fifo.toml");
    symlink("/dev/zero", world.path("tree/profiles/device.toml")).unwrap();
    symlink("fifo.toml", world.path("tree/profiles/link.toml")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(world.path("tree/profiles/socket.toml")).unwrap();
    for name in ["folder", "fifo", "device", "link", "socket"] {
        for args in [&["-p", name, "--", "/bin/true"][..], &["plan", "-p", name], &["trust", name]] {
            world.test(args).status(125).stdout("").stderr_contains("a profile is a regular file").run();
        }
    }
    world.test(["list"]).stdout_contains("device").run();
    for path in ["profiles/folder.toml", "profiles/device.toml", "profiles/socket.toml", "/dev/null", "/"] {
        world.test(["-p", path, "--", "/bin/true"]).status(125).stderr_contains("a profile is a regular file").run();
    }
}

#[test]
fn what_is_extended_is_no_pipe_either_unless_the_user_named_it() {
    let world = World::with("extends = [\"pipe\"]\n");
    world.fifo("tree/profiles/pipe.toml");
    world.launch().status(125).stderr_contains("a profile is a regular file").run();
}
