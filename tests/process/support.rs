//! What the modules share: profiles with one program as a source, and ways to see what became of processes.

use crate::common::tool::tool;
use crate::common::{Test, inject};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// A profile in which `A` is what a program prints; `more` are further lines of its source.
pub(crate) fn program(run: &str, more: &str) -> String {
    format!("[secrets]\nA = 'c:it'\n[source.c]\nkind = \"command\"\nrun = {run}\n{more}\n")
}

/// The same for a line of sh; it must hold no `'''`.
pub(crate) fn script(line: &str) -> String {
    program(&format!("[\"/bin/sh\", \"-c\", '''{line}''']"), "")
}

/// A launch with this profile, from the folder that it lies in. The command prints `A` and a NUL.
#[track_caller]
pub(crate) fn launch(profile: impl AsRef<[u8]>) -> Test {
    launch_with(&[], profile)
}

/// The same with further arguments.
#[track_caller]
pub(crate) fn launch_with(args: &[&str], profile: impl AsRef<[u8]>) -> Test {
    let test = Test::new().file("p.toml", profile).args(["-p", "./p.toml"]).args(args);
    test.args(["--", "/usr/bin/printenv", "-0", "A"])
}

/// What a launch may never leave behind when it ran nothing.
pub(crate) const NOTHING: &str = "inject: nothing was run\n";

/// Whether a process is there and is no zombie.
pub(crate) fn lives(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next());
    !matches!(state, None | Some('Z' | 'X'))
}

/// The numbers in a file, one a line.
#[track_caller]
pub(crate) fn pids(file: &Path) -> Vec<u32> {
    let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    text.lines().map(|line| line.trim().parse().expect("a pid")).collect()
}

/// Waits until something is so, at most `limit`.
#[track_caller]
pub(crate) fn until(limit: Duration, what: &str, mut so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !so() {
        assert!(started.elapsed() < limit, "not within {limit:?}: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// All of these processes end within a tenth of a second; the machine may be slow, so it is the processes' own state
/// that is looked at, not their parent's report.
#[track_caller]
pub(crate) fn gone(pids: &[u32]) {
    assert!(!pids.is_empty());
    until(Duration::from_millis(100), &format!("{pids:?} are gone"), || !pids.iter().any(|pid| lives(*pid)));
}

/// How long something takes.
pub(crate) fn timed<T>(what: impl FnOnce() -> T) -> (T, Duration) {
    let started = Instant::now();
    let done = what();
    (done, started.elapsed())
}

/// A launcher of its own in `bin/`, beside the fake store in the given mode; the log of the store is in `log`.
#[track_caller]
pub(crate) fn with_fake(mode: &str, profile: impl AsRef<[u8]>) -> Test {
    let test = Test::new().file("p.toml", profile);
    let launcher = install(&test, &inject(), "bin/inject");
    install(&test, &tool("fake-store"), "bin/inject-store");
    let log = test.path("log");
    let test = test.program(launcher).env("XDG_FAKE", mode).env("XDG_FAKE_LOG", log);
    test.args(["-p", "./p.toml", "--timeout", "2s", "--", "/usr/bin/printenv", "-0", "A"])
}

/// Copies a program into the folder of a test; by another process, since a writing descriptor of ours could be
/// inherited by another thread's child, and the program would be busy.
#[track_caller]
pub(crate) fn install(test: &Test, program: &Path, name: &str) -> PathBuf {
    let to = test.path(name);
    fs::create_dir_all(to.parent().unwrap()).unwrap();
    let done = Command::new("cp").arg(program).arg(&to).status().expect("cp");
    assert!(done.success());
    fs::set_permissions(&to, fs::Permissions::from_mode(0o755)).unwrap();
    to
}

/// What the fake store noted.
pub(crate) fn log(folder: &Path) -> Vec<String> {
    let text = fs::read_to_string(folder.join("log")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

/// How many of the lines begin with this.
pub(crate) fn count(lines: &[String], begin: &str) -> usize {
    lines.iter().filter(|line| line.starts_with(begin)).count()
}
