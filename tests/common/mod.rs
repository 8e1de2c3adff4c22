//! What the integration tests share: a builder for one run, and the C tools of `tests/tools`.

#![allow(dead_code)] // each test binary uses its own part

pub(crate) mod hostile;
pub(crate) mod keyring;
pub(crate) mod project;
#[allow(dead_code)]
pub(crate) mod stand_in;
pub(crate) mod tool;

use {
    std::{
        ffi::{OsStr, OsString},
        fs,
        io::Write,
        os::unix::{fs::PermissionsExt, process::ExitStatusExt},
        path::{Path, PathBuf},
        process::{Command, ExitStatus, Stdio},
        sync::mpsc,
        thread,
        time::Duration,
    },
    tempfile::TempDir,
};

/// A run that takes longer hangs, and is killed so that the suite ends.
const TOO_LONG: Duration = Duration::from_secs(60);

/// The launcher under test: the one that cargo built, or the one that the caller names.
pub(crate) fn inject() -> PathBuf {
    std::env::var_os("INJECT_UNDER_TEST").map_or_else(|| env!("CARGO_BIN_EXE_inject").into(), PathBuf::from)
}

enum Expected {
    Exact(Vec<u8>),
    Contains(Vec<u8>),
}

impl Expected {
    fn holds(&self, actual: &[u8]) -> bool {
        match self {
            Self::Exact(expected) => actual == expected,
            Self::Contains(part) => part.is_empty() || actual.windows(part.len()).any(|window| window == part),
        }
    }
}

/// How a run ended.
pub(crate) struct Output {
    pub(crate) pid: u32,
    pub(crate) status: ExitStatus,
    pub(crate) stderr: Vec<u8>,
    pub(crate) stdout: Vec<u8>,
    /// The folder of the run, which lives as long as this.
    pub(crate) dir: TempDir,
}

/// One run of the launcher (or of `program`), in a folder of its own, with an empty environment but for HOME.
#[must_use = "nothing is run before `run`"]
pub(crate) struct Test {
    args: Vec<OsString>,
    current_dir: PathBuf,
    dir: TempDir,
    env: Vec<(OsString, OsString)>,
    prefix: Vec<OsString>,
    program: PathBuf,
    status: Option<i32>,
    stderr: Vec<Expected>,
    stdin: Option<Vec<u8>>,
    stdout: Vec<Expected>,
}

impl Test {
    #[track_caller]
    pub(crate) fn new() -> Self {
        let dir = tempfile::Builder::new()
            .prefix("inject-test-")
            .permissions(fs::Permissions::from_mode(0o700))
            .tempdir()
            .expect("a temporary folder");
        Self {
            args: Vec::new(),
            current_dir: dir.path().into(),
            env: vec![("HOME".into(), dir.path().into())],
            dir,
            prefix: Vec::new(),
            program: inject(),
            status: Some(0),
            stderr: Vec::new(),
            stdin: None,
            stdout: Vec::new(),
        }
    }

    pub(crate) fn args<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(mut self, args: I) -> Self {
        self.args.extend(args.into_iter().map(|arg| arg.as_ref().into()));
        self
    }

    /// Puts a path into the arguments that is known only now that the folder exists.
    pub(crate) fn replace_arg(mut self, placeholder: &str, value: impl AsRef<OsStr>) -> Self {
        for arg in self.args.iter_mut().filter(|arg| *arg == placeholder) {
            *arg = value.as_ref().into();
        }
        self
    }

    pub(crate) fn current_dir(mut self, path: impl AsRef<Path>) -> Self {
        self.current_dir = self.path(path);
        self
    }

    /// Replaces the variable if it is set already.
    pub(crate) fn env(mut self, key: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.env.retain(|(name, _)| name != key.as_ref());
        self.env.push((key.as_ref().into(), value.as_ref().into()));
        self
    }

    #[track_caller]
    pub(crate) fn file(self, path: impl AsRef<Path>, content: impl AsRef<[u8]>) -> Self {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("a file in the folder")).expect("its folder");
        fs::write(&path, &content).expect("the file");
        if content.as_ref().starts_with(b"#!") {
            // A script that somebody will execute: see `bring`.
            let fresh = path.with_extension("fresh");
            let done = Command::new("/bin/cp").arg("--").arg(&path).arg(&fresh).status().expect("cp");
            assert!(done.success(), "cp {}", path.display());
            fs::rename(fresh, &path).expect("in its place");
        }
        // The caller's umask must not decide what the launcher thinks of it.
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("its mode");
        self
    }

    /// Copies a program into the folder, where an ordinary user that owns the folder can execute it.
    #[track_caller]
    pub(crate) fn bring(&self, program: &Path) -> PathBuf {
        let copy = self.dir.path().join(program.file_name().expect("a program"));
        if !copy.exists() {
            // Not std::fs::copy: another thread's child would inherit the writing descriptor until its exec, and
            // ours would then be "text file busy". A child of our own writes it instead.
            let done = Command::new("/bin/cp").arg("--").arg(program).arg(&copy).status().expect("cp");
            assert!(done.success(), "cp {}", program.display());
            fs::set_permissions(&copy, fs::Permissions::from_mode(0o755)).expect("its mode");
        }
        copy
    }

    /// Gives the folder and what is in it to a user. Only root can.
    #[track_caller]
    pub(crate) fn owner(self, uid: u32) -> Self {
        let done = Command::new("/bin/chown")
            .args(["-R", &format!("{uid}:{uid}")])
            .arg(self.dir.path())
            .status()
            .expect("chown");
        assert!(done.success(), "cannot give the folder to {uid}: run the tests as root");
        self
    }

    pub(crate) fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        self.dir.path().join(path)
    }

    /// What runs the program: a tool that prepares something and then becomes the rest of its arguments.
    pub(crate) fn prefix<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(mut self, prefix: I) -> Self {
        self.prefix.extend(prefix.into_iter().map(|arg| arg.as_ref().into()));
        self
    }

    pub(crate) fn program(mut self, program: impl AsRef<Path>) -> Self {
        self.program = program.as_ref().into();
        self
    }

    pub(crate) fn status(mut self, status: i32) -> Self {
        self.status = Some(status);
        self
    }

    /// The test looks at the status by itself.
    pub(crate) fn any_status(mut self) -> Self {
        self.status = None;
        self
    }

    pub(crate) fn stdin(mut self, stdin: impl AsRef<[u8]>) -> Self {
        self.stdin = Some(stdin.as_ref().into());
        self
    }

    pub(crate) fn stdout(mut self, exact: impl AsRef<[u8]>) -> Self {
        self.stdout.push(Expected::Exact(exact.as_ref().into()));
        self
    }

    pub(crate) fn stdout_contains(mut self, part: impl AsRef<[u8]>) -> Self {
        self.stdout.push(Expected::Contains(part.as_ref().into()));
        self
    }

    pub(crate) fn stderr(mut self, exact: impl AsRef<[u8]>) -> Self {
        self.stderr.push(Expected::Exact(exact.as_ref().into()));
        self
    }

    pub(crate) fn stderr_contains(mut self, part: impl AsRef<[u8]>) -> Self {
        self.stderr.push(Expected::Contains(part.as_ref().into()));
        self
    }

    /// The command as it would be run, for tests that must act while it runs.
    pub(crate) fn command(&self) -> Command {
        let mut words =
            self.prefix.iter().cloned().chain([self.program.clone().into()]).chain(self.args.iter().cloned());
        let mut command = Command::new(words.next().unwrap_or_default());
        command
            .args(words)
            .env_clear()
            .envs(self.env.iter().map(|(key, value)| (key, value)))
            .current_dir(&self.current_dir);
        command
    }

    #[track_caller]
    pub(crate) fn run(self) -> Output {
        let mut command = self.command();
        let mut child = command
            .stdin(if self.stdin.is_some() { Stdio::piped() } else { Stdio::null() })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
        let pid = child.id();
        if let (Some(mut pipe), Some(bytes)) = (child.stdin.take(), self.stdin.clone()) {
            // A program that does not read its input ends; that is no fault of this thread.
            thread::spawn(move || drop(pipe.write_all(&bytes)));
        }
        let (done, guard) = mpsc::channel::<()>();
        let watch = thread::spawn(move || {
            let late = guard.recv_timeout(TOO_LONG) == Err(mpsc::RecvTimeoutError::Timeout);
            if late {
                let _ = nix::sys::signal::kill(
                    nix::unistd::Pid::from_raw(pid.cast_signed()),
                    nix::sys::signal::Signal::SIGKILL,
                );
            }
            late
        });
        let output = child.wait_with_output().expect("its output");
        drop(done);
        assert!(!watch.join().expect("the watch"), "still running after {TOO_LONG:?}: {command:?}");

        let told = String::from_utf8_lossy(&output.stderr);
        if let Some(expected) = self.status {
            let actual = output.status.code().unwrap_or_else(|| 128 + output.status.signal().unwrap_or_default());
            assert_eq!(actual, expected, "status of {command:?}\nstderr:\n{told}");
        }
        for (name, expected, actual) in
            [("stdout", &self.stdout, &output.stdout), ("stderr", &self.stderr, &output.stderr)]
        {
            for each in expected {
                let (Expected::Exact(text) | Expected::Contains(text)) = each;
                assert!(
                    each.holds(actual),
                    "{name} of {command:?}\nexpected:\n{}\nactual:\n{}",
                    String::from_utf8_lossy(text),
                    String::from_utf8_lossy(actual),
                );
            }
        }
        Output { pid, status: output.status, stderr: output.stderr, stdout: output.stdout, dir: self.dir }
    }
}
