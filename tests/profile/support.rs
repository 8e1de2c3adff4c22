//! What these modules share.

use crate::common::{Output, Test};
use std::{ffi::OsStr, os::unix::fs::PermissionsExt, path::PathBuf};

/// A run with `-p p.toml -- /usr/bin/env -0`, of which the profile is `text`.
pub(crate) fn env(text: &str) -> Test {
    Test::new().file("p.toml", text).args(["-p", "p.toml", "--", "/usr/bin/env", "-0"])
}

/// What `env -0` prints for these.
pub(crate) fn vars<V: AsRef<[u8]>>(pairs: &[(&str, V)]) -> Vec<u8> {
    pairs.iter().flat_map(|(name, value)| [name.as_bytes(), b"=", value.as_ref(), b"\0"].concat()).collect()
}

/// A run of the profile `text` that must be refused with exactly these lines, each with its `inject: `.
#[track_caller]
pub(crate) fn refused(text: &str, lines: &[&str]) {
    refuses(env(text), lines);
}

/// A run that must be refused with exactly these lines.
#[track_caller]
pub(crate) fn refuses(test: Test, lines: &[&str]) {
    let told: String = lines.iter().chain(&["nothing was run"]).map(|line| format!("inject: {line}\n")).collect();
    test.status(125).stdout("").stderr(told).run();
}

/// Writes a file with these permissions.
#[track_caller]
pub(crate) fn script(test: Test, path: &str, text: &str, mode: u32) -> Test {
    let test = test.file(path, text);
    std::fs::set_permissions(test.path(path), std::fs::Permissions::from_mode(mode)).expect("its mode");
    test
}

/// The folder of a run with every link resolved, as JSON tells paths.
pub(crate) fn folder(test: &Test) -> PathBuf {
    test.path("").canonicalize().expect("the folder")
}

/// What a run printed, as text.
pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

impl Test {
    /// Sets each of these to its own name.
    pub(crate) fn envs<S: AsRef<OsStr>>(self, names: impl IntoIterator<Item = S>) -> Self {
        names.into_iter().fold(self, |test, name| test.env(&name, &name))
    }
}
