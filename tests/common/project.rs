//! One project folder, and the verbs on it.

use crate::common::{Output, Test, inject};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// A folder with a profile `p.toml` that outlives the runs in it.
pub(crate) struct Project(tempfile::TempDir);

impl Project {
    #[track_caller]
    pub(crate) fn new(profile: &str) -> Self {
        let project = Self(tempfile::Builder::new().prefix("inject-care-").tempdir().expect("a folder"));
        project.file("p.toml", profile);
        project
    }

    #[track_caller]
    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) {
        use std::os::unix::fs::PermissionsExt;
        std::fs::write(self.path(name), content).expect("a file");
        std::fs::set_permissions(self.path(name), std::fs::Permissions::from_mode(0o600)).expect("its mode");
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    #[track_caller]
    pub(crate) fn read(&self, name: &str) -> String {
        String::from_utf8(std::fs::read(self.path(name)).expect("a file")).expect("UTF-8")
    }

    /// The names in the folder.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.0.path()).expect("the folder");
        let mut names: Vec<_> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// A run in the folder, with nothing in its environment but HOME.
    #[track_caller]
    pub(crate) fn inject<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> Test {
        Test::new().current_dir(self.0.path()).env("HOME", self.path("home")).args(args)
    }

    /// `inject set -p ./p.toml NAME --stdin` and more.
    #[track_caller]
    pub(crate) fn set(&self, name: &str, value: impl AsRef<[u8]>, more: &[&str]) -> Test {
        let args = ["set", "-p", "./p.toml", name, "--stdin"].into_iter().chain(more.iter().copied());
        self.inject(args).stdin(value).stdout("")
    }

    #[track_caller]
    pub(crate) fn unset(&self, name: &str, more: &[&str]) -> Test {
        self.inject(["unset", "-p", "./p.toml", name].into_iter().chain(more.iter().copied())).stdout("")
    }

    /// What the command gets, by name.
    #[track_caller]
    pub(crate) fn launched(&self, test: impl FnOnce(Test) -> Test) -> Vec<(String, Vec<u8>)> {
        let done = test(self.inject(["-p", "./p.toml", "--", "/usr/bin/env", "-0"])).run();
        variables(&done)
    }
}

/// The output of `env -0`.
pub(crate) fn variables(done: &Output) -> Vec<(String, Vec<u8>)> {
    let entries = done.stdout.split(|byte| *byte == 0).filter(|entry| !entry.is_empty());
    entries
        .map(|entry| {
            let at = entry.iter().position(|byte| *byte == b'=').expect("NAME=VALUE");
            (String::from_utf8(entry[..at].to_vec()).expect("a name"), entry[at + 1..].to_vec())
        })
        .collect()
}

/// A profile with `V0` and so on, each at what `place` says for its number.
pub(crate) fn profile(count: usize, place: impl Fn(usize) -> String) -> String {
    (0..count).fold("[secrets]\n".to_owned(), |mut text, at| {
        writeln!(text, "V{at} = \"{}\"", place(at)).unwrap();
        text
    })
}

/// Sets each value as `V0`, `V1`, ... and launches once; `with` is what the way to the store needs.
pub(crate) fn round_trip(project: &Project, values: &[Vec<u8>], with: impl Fn(Test) -> Test) {
    for (at, value) in values.iter().enumerate() {
        with(project.set(&format!("V{at}"), value, &[])).run();
    }
    let got = project.launched(with);
    for (at, value) in values.iter().enumerate() {
        let name = format!("V{at}");
        let found = got.iter().find(|(known, _)| *known == name);
        assert_eq!(found.map(|(_, value)| value), Some(value), "{name}");
    }
    assert_eq!(got.len(), values.len());
}

/// A shell that runs lines, for a server that lives only as long: `set_ NAME` takes its input, `get`, `unset_` and `launch`
/// are what they say, all with the profile.
#[track_caller]
pub(crate) fn shell(profile: &str, lines: &str) -> Test {
    let front = format!(
        "I='{}'\nset_() {{ \"$I\" set -p ./p.toml --stdin \"$@\"; }}\nget() {{ \"$I\" get -p ./p.toml \"$@\"; }}\n\
         unset_() {{ \"$I\" unset -p ./p.toml \"$@\"; }}\nlaunch() {{ \"$I\" -p ./p.toml -- /usr/bin/env -0; }}\n",
        inject().display()
    );
    let test = Test::new().file("p.toml", profile).file("run.sh", front + lines).env("PATH", "/usr/bin:/bin");
    test.program("/bin/sh").args(["run.sh"])
}

/// What such a shell was told of the variable `A`, a line each, without what is the same in all of them.
pub(crate) fn told(done: &Output, reference: &str) -> Vec<String> {
    let text = String::from_utf8_lossy(&done.stderr).into_owned();
    text.lines().map(|line| line.replace(&format!("inject: A: {reference}: "), "")).collect()
}

/// The mode, the owner and the group of a file.
pub(crate) fn owner(path: &Path) -> (u32, u32, u32) {
    use std::os::unix::fs::MetadataExt;
    let metadata = std::fs::symlink_metadata(path).expect("a file");
    (metadata.mode() & 0o7777, metadata.uid(), metadata.gid())
}
