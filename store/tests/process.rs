//! `inject-store` as a process: hostile requests, and what others may see of it. Needs no keyring.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use inject::protocol::{Open, encode_request};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use support::{STORE, Session, request};

/// Runs it with no environment at all; it must end by itself with 125 and say why in a reply.
fn refused(kind: &str, input: &[u8]) -> String {
    let session = Session::run(Vec::new(), kind, input);
    assert_eq!((session.status.code(), session.stderr.as_str()), (Some(125), ""));
    assert!(session.opened && session.answers.is_empty());
    session.failed.expect("no Failed").message
}

#[test]
fn the_version() {
    let output = Command::new(STORE).arg("--version").output().unwrap();
    let expected = format!("inject-store {} (protocol 1)\n", env!("CARGO_PKG_VERSION"));
    assert_eq!((output.status.code(), output.stdout), (Some(0), expected.into_bytes()));
    let full = fs::File::create("/dev/full").unwrap();
    let output = Command::new(STORE).arg("--version").stdout(full).stderr(Stdio::piped()).output().unwrap();
    assert_eq!((output.status.code(), output.stderr.len()), (Some(125), 0));
    for args in [&[][..], &["keychain", "more"]] {
        let output = Command::new(STORE).args(args).output().unwrap();
        assert_eq!((output.status.code(), output.stdout.len(), output.stderr.len()), (Some(125), 0, 0));
    }
}

#[test]
fn another_protocol_number_is_named() {
    let open =
        Open { protocol: 7, kind: "keychain", left: std::time::Duration::from_secs(30), ages: false, settings: &[] };
    let bytes = encode_request(&open, &[]).unwrap();
    let words = refused("keychain", bytes.expose());
    assert_eq!(words, "inject speaks protocol 7, and inject-store protocol 1");
}

#[test]
fn kinds_must_be_known_and_equal() {
    assert!(refused("keychain", &request("vault", &[])).contains("another kind"));
    assert_eq!(refused("vault\n", &request("vault\n", &[])), "this inject-store knows no kind 'vault\\n'");
}

#[test]
fn garbage_and_truncated_requests() {
    let good = request("keychain", &["s/a"]);
    for bytes in [&b"hello\n"[..], &[0xff; 64], &[0; 64]] {
        assert_eq!(refused("keychain", bytes), "inject asked something that is not protocol 1");
    }
    // The rest of a frame that never comes; the first frame alone is whole, and there is no bus for it.
    for end in 0..good.len() {
        refused("keychain", &good[..end]);
    }
    let twice = [&good[..], &good[..]].concat();
    refused("keychain", &twice);
}

#[test]
fn a_launcher_that_is_gone_ends_it_quietly() {
    let mut child = support::spawn(Vec::new(), "keychain");
    drop(child.stdout.take());
    let _ = std::io::Write::write_all(&mut child.stdin.take().unwrap(), &request("keychain", &["s/a"]));
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.len()), (Some(125), 0));
}

/// A command as an ordinary user: this one, or nobody where the tests run as root, whom nothing is hidden from.
fn ordinary(program: &str) -> Command {
    if !nix::unistd::geteuid().is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups", program]);
    command
}

/// `inject-store` or another program as an ordinary user, with its input open, in a folder that it can write.
fn waiting(program: &str, args: &[&str]) -> (Child, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o777)).unwrap();
    let copy = dir.path().join("program");
    fs::copy(program, &copy).unwrap();
    fs::set_permissions(&copy, fs::Permissions::from_mode(0o755)).unwrap();
    let child = ordinary("sh")
        .args(["-c", "ulimit -c unlimited; exec ./program \"$@\"", "sh"])
        .args(args)
        .current_dir(dir.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("setpriv and sh must be installed for this test");
    (child, dir)
}

fn readable(pid: u32, file: &str) -> bool {
    let path = format!("/proc/{pid}/{file}");
    let mut command = ordinary(if file == "exe" {
        "readlink"
    } else if file == "fd" {
        "ls"
    } else {
        "head"
    });
    if file == "mem" {
        // Opening it is what is refused; what lies at address 0 is nothing.
        command = ordinary("sh");
        command.args(["-c", "exec 3<\"$0\""]);
    }
    command.arg(path).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap().success()
}

/// Until the program itself runs, and not `setpriv` or `sh`.
fn settled(pid: u32) {
    let started = Instant::now();
    while fs::read_to_string(format!("/proc/{pid}/comm")).unwrap() != "program\n" {
        assert!(started.elapsed() < Duration::from_secs(10));
        std::thread::sleep(Duration::from_millis(10));
    }
    std::thread::sleep(Duration::from_millis(200));
}

#[test]
fn nothing_of_it_can_be_read_by_the_same_user() {
    let files = ["environ", "mem", "maps", "fd", "exe", "auxv"];
    let (mut control, _dir) = waiting("/bin/cat", &[]);
    settled(control.id());
    let open: Vec<_> = files.iter().filter(|file| readable(control.id(), file)).collect();
    assert_eq!(open.len(), files.len(), "the test cannot see anything at all: {open:?}");
    let (mut store, _dir) = waiting(STORE, &["keychain"]);
    settled(store.id());
    let open: Vec<_> = files.iter().filter(|file| readable(store.id(), file)).collect();
    assert!(open.is_empty(), "{open:?}");
    assert_eq!(fs::metadata(format!("/proc/{}/environ", store.id())).unwrap().uid(), 0);
    for child in [&mut control, &mut store] {
        drop(child.stdin.take());
        child.wait().unwrap();
    }
}

#[test]
fn a_crash_leaves_no_core() {
    let crash = |program: &str, args: &[&str]| {
        let (mut child, dir) = waiting(program, args);
        settled(child.id());
        // Rust's own handler for a stack that overflows takes the first one.
        let status = loop {
            let _ = kill(Pid::from_raw(child.id().try_into().unwrap()), Signal::SIGSEGV);
            std::thread::sleep(Duration::from_millis(50));
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
        };
        assert_eq!(status.signal(), Some(11));
        (status.core_dumped(), fs::read_dir(dir.path()).unwrap().count())
    };
    assert!(crash("/bin/cat", &[]).0, "no program can leave a core here: set `ulimit -Hc unlimited`");
    assert_eq!(crash(STORE, &["keychain"]), (false, 1));
}
