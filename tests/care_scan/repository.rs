//! A project that git looks after.

use crate::support::Project;
use std::ops::Deref;
use std::process::Command;

/// A repository, and the profile in it.
pub(super) struct Repository(Project);

impl Deref for Repository {
    type Target = Project;

    fn deref(&self) -> &Project {
        &self.0
    }
}

impl Repository {
    #[track_caller]
    pub(super) fn new(profile: &str) -> Self {
        let repository = Self(Project::new(profile));
        repository.git(&["init", "-q", "-b", "main", "."]);
        repository
    }

    /// Runs git in it; what it printed.
    #[track_caller]
    pub(super) fn git(&self, args: &[&str]) -> String {
        let mut command = Command::new("git");
        command.args(args).current_dir(self.path("")).env_clear().env("PATH", "/usr/bin:/bin");
        command.envs([("HOME", self.path("home")), ("GIT_CONFIG_NOSYSTEM", "1".into())]);
        for who in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{who}_NAME"), "somebody").env(format!("GIT_{who}_EMAIL"), "somebody@example.org");
        }
        let done = command.output().expect("git must be installed for this test");
        assert!(done.status.success(), "{args:?}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap()
    }

    /// A file in a folder that need not be there yet.
    #[track_caller]
    pub(super) fn deep(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        self.file(name, content);
    }

    #[track_caller]
    pub(super) fn commit(&self) {
        self.git(&["commit", "-q", "--no-verify", "-m", "x"]);
    }
}
