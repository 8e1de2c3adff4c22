//! A launch in a folder of its own: nothing of the tester's environment, HOME is the folder.

use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

pub const INJECT: &str = env!("CARGO_BIN_EXE_inject");

/// A launch to be.
pub struct Test {
    dir: tempfile::TempDir,
    args: Vec<OsString>,
    env: Vec<(OsString, OsString)>,
    before: Vec<OsString>,
    stdin: Vec<u8>,
    cwd: PathBuf,
    program: Option<PathBuf>,
}

/// What became of it.
pub struct Ran {
    pub dir: tempfile::TempDir,
    pub code: i32,
    pub out: Vec<u8>,
    pub err: Vec<u8>,
}

impl Test {
    pub fn new() -> Self {
        let dir = tempfile::Builder::new().prefix("inject-").tempdir().unwrap();
        std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
        let env = vec![("HOME".into(), dir.path().into()), ("PATH".into(), "/usr/bin:/bin".into())];
        let cwd = dir.path().to_owned();
        Self { dir, args: Vec::new(), env, before: Vec::new(), stdin: Vec::new(), cwd, program: None }
    }

    /// With this text in `p.toml`.
    pub fn profile(text: &str) -> Self {
        Self::new().file("p.toml", text)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn file(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        self.file_mode(name, content, 0o600)
    }

    pub fn script(self, name: &str, content: &str) -> Self {
        self.file_mode(name, content, 0o755)
    }

    pub fn file_mode(self, name: &str, content: impl AsRef<[u8]>, mode: u32) -> Self {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        self.mode(name, mode)
    }

    pub fn folder(self, name: &str) -> Self {
        std::fs::create_dir_all(self.path(name)).unwrap();
        self
    }

    pub fn mode(self, name: &str, mode: u32) -> Self {
        std::fs::set_permissions(self.path(name), std::fs::Permissions::from_mode(mode)).unwrap();
        self
    }

    pub fn link(self, name: &str, target: impl AsRef<Path>) -> Self {
        symlink(target, self.path(name)).unwrap();
        self
    }

    pub fn fifo(self, name: &str) -> Self {
        nix::unistd::mkfifo(&self.path(name), nix::sys::stat::Mode::from_bits_truncate(0o600)).unwrap();
        self
    }

    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.env.retain(|(known, _)| known != name.as_ref());
        self.env.push((name.as_ref().into(), value.as_ref().into()));
        self
    }

    pub fn no_env(mut self, name: &str) -> Self {
        self.env.retain(|(known, _)| known != name);
        self
    }

    pub fn args<S: Into<OsString>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.args = args.into_iter().map(Into::into).collect();
        self
    }

    /// `inject WORDS`, split at spaces.
    pub fn line(self, words: &str) -> Self {
        self.args(words.split(' ').filter(|word| !word.is_empty()))
    }

    /// Under a program: `strace`, `setpriv`, `prlimit`, ...
    pub fn under<S: Into<OsString>>(mut self, before: impl IntoIterator<Item = S>) -> Self {
        self.before = before.into_iter().map(Into::into).collect();
        self
    }

    pub fn command(&self) -> Command {
        let inject = self.program.clone().unwrap_or_else(|| INJECT.into());
        let mut words = self.before.iter().cloned().chain([inject.into_os_string()]).chain(self.args.iter().cloned());
        let first = words.next().unwrap();
        let first = if self.before.is_empty() { first } else { which(&first).into() };
        let mut command = Command::new(first);
        command.args(words).env_clear().envs(self.env.iter().map(|(n, v)| (n, v))).current_dir(&self.cwd);
        command
    }

    pub fn run(self) -> Ran {
        let mut command = self.command();
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let text = self.stdin.clone();
        let writer = std::thread::spawn(move || drop(stdin.write_all(&text)));
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap();
        let code = output.status.code().unwrap_or_else(|| -output.status.signal().unwrap_or(0));
        Ran { dir: self.dir, code, out: output.stdout, err: output.stderr }
    }

    /// Runs, and holds the exit code against this one.
    #[track_caller]
    pub fn status(self, code: i32) -> Ran {
        let ran = self.run();
        assert_eq!(ran.code, code, "stdout: {}\nstderr: {}", lossy(&ran.out), lossy(&ran.err));
        ran
    }

    /// Runs `/usr/bin/env -0` with `p.toml`: the variables, sorted, one a line.
    #[track_caller]
    pub fn gives(self, expected: &str) -> Ran {
        let end = ["--", "/usr/bin/env", "-0"].map(OsString::from);
        let args = [&["-p".into(), "p.toml".into()][..], &self.args, &end].concat();
        let ran = self.args(args).status(0);
        let mut all: Vec<_> = ran.out.split(|c| *c == 0).map(lossy).filter(|line| !line.is_empty()).collect();
        all.sort();
        assert_eq!(all.join("\n"), expected);
        ran
    }

    /// Launches with `p.toml`, which must fail with exactly this on stderr.
    #[track_caller]
    pub fn fails(self, expected: &str) -> Ran {
        let args = [&["-p".into(), "p.toml".into()][..], &self.args, &["--".into(), "env".into()]].concat();
        self.args(args).status(125).stdout("").stderr(&format!("{expected}inject: nothing was run\n"))
    }
}

impl Ran {
    /// `[DIR]` stands for the test's folder.
    #[track_caller]
    pub fn stderr(self, expected: &str) -> Self {
        assert_eq!(self.err_text(), expected);
        self
    }

    #[track_caller]
    pub fn stdout(self, expected: &str) -> Self {
        assert_eq!(self.out_text(), expected);
        self
    }

    #[track_caller]
    pub fn err_has(self, expected: &str) -> Self {
        assert!(self.err_text().contains(expected), "{expected}\nis not in\n{}", self.err_text());
        self
    }

    #[track_caller]
    pub fn out_has(self, expected: &str) -> Self {
        assert!(self.out_text().contains(expected), "{expected}\nis not in\n{}", self.out_text());
        self
    }

    pub fn err_text(&self) -> String {
        self.shown(&self.err)
    }

    pub fn out_text(&self) -> String {
        self.shown(&self.out)
    }

    fn shown(&self, bytes: &[u8]) -> String {
        lossy(bytes).replace(self.dir.path().to_str().unwrap(), "[DIR]")
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.out).unwrap_or_else(|_| panic!("not JSON: {}", lossy(&self.out)))
    }

    pub fn has(&self, name: &str) -> bool {
        self.dir.path().join(name).symlink_metadata().is_ok()
    }

    /// Another launch in the same folder.
    pub fn again(self) -> Test {
        let env = vec![("HOME".into(), self.dir.path().into()), ("PATH".into(), "/usr/bin:/bin".into())];
        let cwd = self.dir.path().to_owned();
        Test { dir: self.dir, args: Vec::new(), env, before: Vec::new(), stdin: Vec::new(), cwd, program: None }
    }
}

pub fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn which(name: &OsStr) -> PathBuf {
    let places = ["/usr/bin", "/bin", "/usr/sbin"].map(|folder| Path::new(folder).join(name));
    places.into_iter().find(|path| path.exists()).unwrap_or_else(|| panic!("{name:?} is not installed"))
}
