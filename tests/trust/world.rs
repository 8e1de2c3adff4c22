//! A folder in which several runs happen: HOME and the working tree.

use crate::common::Test;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Somebody else's number, and their group's.
pub(crate) const OTHER: u32 = 12345;

/// A profile that leaves a mark where anything of it is run, and hangs where its FIFO is opened.
pub(crate) const MARKS: &str = "[secrets]\nA = \"mark:x\"\nB = { from = \"file:../fifo\", optional = true }\n\
    [source.mark]\nkind = \"command\"\nrun = [\"/bin/sh\", \"-c\", \"echo >> mark; echo ran\", \"{}\"]\n";

/// The same without the FIFO.
pub(crate) const RUNS: &str = "[secrets]\nA = \"mark:x\"\n[source.mark]\nkind = \"command\"\n\
    run = [\"/bin/sh\", \"-c\", \"echo >> mark; echo ran\", \"{}\"]\n";

pub(crate) struct World {
    dir: TempDir,
}

impl World {
    pub(crate) fn new() -> Self {
        let dir = tempfile::Builder::new().prefix("inject-trust-").tempdir().unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o700)).unwrap();
        fs::create_dir(dir.path().join("tree")).unwrap();
        fs::create_dir(dir.path().join("home")).unwrap();
        Self { dir }
    }

    /// With `tree/profiles/dev.toml`.
    pub(crate) fn with(dev: &str) -> Self {
        let world = Self::new();
        world.file("tree/profiles/dev.toml", dev);
        world
    }

    pub(crate) fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        self.dir.path().join(path)
    }

    pub(crate) fn file(&self, path: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path
    }

    pub(crate) fn mode(&self, path: &str, mode: u32) {
        fs::set_permissions(self.path(path), fs::Permissions::from_mode(mode)).unwrap();
    }

    pub(crate) fn owner(&self, path: &str, uid: u32, gid: u32) {
        chown(self.path(path), Some(uid), Some(gid)).expect("these tests run as root");
    }

    pub(crate) fn fifo(&self, path: &str) {
        nix::unistd::mkfifo(&self.path(path), nix::sys::stat::Mode::S_IRWXU).unwrap();
    }

    /// A run in `tree` with `home` as HOME.
    pub(crate) fn test<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(&self, args: I) -> Test {
        Test::new().current_dir(self.path("tree")).env("HOME", self.path("home")).args(args)
    }

    /// `-p dev -- /usr/bin/env`.
    pub(crate) fn launch(&self) -> Test {
        self.test(["-p", "dev", "--", "/usr/bin/env"])
    }

    pub(crate) fn trust(&self, name: &str) {
        self.test(["trust", name]).stdout("").run();
    }

    /// Whether anything was run.
    pub(crate) fn marked(&self) -> bool {
        self.path("tree/mark").exists()
    }

    pub(crate) fn store(&self) -> PathBuf {
        self.path("home/.local/state/inject/trust")
    }
}
