//! The real sops, an age key, and files that sops encrypted.

use crate::common::{Test, tool};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

/// The last line of every launch that failed.
pub(crate) const NOTHING: &str = "inject: nothing was run\n";

/// The caller's PATH, sops in front.
pub(crate) fn path() -> String {
    format!("{}:/usr/bin:/bin", tool::sops().parent().unwrap().display())
}

/// An age key: what opens, and whom to encrypt for.
pub(crate) struct Age {
    pub(crate) identity: String,
    pub(crate) recipient: String,
}

/// The one that the files of most tests are for.
pub(crate) fn age() -> &'static Age {
    static MADE: OnceLock<Age> = OnceLock::new();
    MADE.get_or_init(new_age)
}

pub(crate) fn new_age() -> Age {
    let done = Command::new("age-keygen").output().expect("age-keygen: apt-get install age");
    let text = String::from_utf8(done.stdout).unwrap();
    let find = |start: &str| text.lines().find_map(|line| line.strip_prefix(start).map(str::to_owned)).unwrap();
    let identity = format!("AGE-SECRET-KEY-{}", find("AGE-SECRET-KEY-"));
    Age { identity, recipient: find("# public key: ") }
}

/// Runs sops in a folder, with a HOME in which there is no key; what it printed.
#[track_caller]
pub(crate) fn sops(folder: &Path, env: &[(&str, &str)], args: &[&str]) -> Vec<u8> {
    let mut command = Command::new(tool::sops());
    command.env_clear().env("HOME", folder).env("PATH", "/usr/bin:/bin").envs(env.iter().copied());
    let done = command.current_dir(folder).args(args).output().expect("sops");
    assert!(done.status.success(), "sops {args:?}: {}", String::from_utf8_lossy(&done.stderr));
    done.stdout
}

/// A file of this name as sops encrypts it, for whom `to` says.
#[track_caller]
pub(crate) fn encrypted_to(to: &[&str], env: &[(&str, &str)], name: &str, plain: impl AsRef<[u8]>) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(name), plain).unwrap();
    sops(folder.path(), env, &[&["encrypt"], to, &[name]].concat())
}

/// The same for the tests' own key.
#[track_caller]
pub(crate) fn encrypted(name: &str, plain: impl AsRef<[u8]>) -> Vec<u8> {
    encrypted_to(&["--age", &age().recipient], &[], name, plain)
}

/// A file, then changed as `sops set` does, a key and a value (both JSON) at a time.
#[track_caller]
pub(crate) fn encrypted_and_set(name: &str, plain: impl AsRef<[u8]>, set: &[(&str, &str)]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(name);
    fs::write(&file, encrypted(name, plain)).unwrap();
    for (key, value) in set {
        sops(folder.path(), &[("SOPS_AGE_KEY", &age().identity)], &["set", name, key, value]);
    }
    fs::read(file).unwrap()
}

/// A run of inject with the lines as `[secrets]`, the tests' key in its environment, and sops in its PATH.
#[track_caller]
pub(crate) fn run(secrets: &str) -> Test {
    let test = Test::new().file("p.toml", format!("[secrets]\n{secrets}\n"));
    test.env("PATH", path()).env("SOPS_AGE_KEY", &age().identity)
}

/// A launch of it, whose command prints its environment, each variable with a NUL.
#[track_caller]
pub(crate) fn launch(secrets: &str) -> Test {
    run(secrets).args(["-p", "./p.toml", "--", "/usr/bin/env", "-0"])
}

/// What `env -0` printed, sorted.
pub(crate) fn variables(printed: &[u8]) -> Vec<String> {
    let mut all: Vec<_> = printed.split(|c| *c == 0).filter(|entry| !entry.is_empty()).map(shown).collect();
    all.sort();
    all
}

/// Bytes as text in which all are told apart.
fn shown(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string()
}

/// Puts a program of the test's own under a name in `bin/`.
#[track_caller]
pub(crate) fn with_program(test: Test, name: &str, script: &str) -> Test {
    let test = test.file(format!("bin/{name}"), script);
    fs::set_permissions(test.path("bin").join(name), fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:/usr/bin:/bin", test.path("bin").display());
    test.env("PATH", path)
}

/// A `sops` that notes its arguments in `log` and then is the real one.
#[track_caller]
pub(crate) fn counted(test: Test) -> Test {
    let log = test.path("log").display().to_string();
    let script = format!("#!/bin/sh\necho \"$*\" >>'{log}'\nexec '{}' \"$@\"\n", tool::sops().display());
    with_program(test, "sops", &script)
}

/// How often it was started.
pub(crate) fn count(folder: &Path) -> usize {
    fs::read_to_string(folder.join("log")).map_or(0, |text| text.lines().count())
}
