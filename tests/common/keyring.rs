//! A real GNOME Keyring on a bus of its own (tests/servers/keyring.sh).

use super::{Test, inject};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};

/// A bus, with GNOME Keyring or nothing on it, that ends with this value.
pub(crate) struct Keyring {
    script: Child,
    hold: Option<ChildStdin>,
    env: Vec<(String, String)>,
}

impl Keyring {
    pub(crate) fn start() -> Self {
        Self::with(&[])
    }

    pub(crate) fn with(options: &[&str]) -> Self {
        let store = inject().with_file_name("inject-store");
        assert!(store.exists(), "{} is not there: cargo build -p inject-store", store.display());
        let mut script = Command::new(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/servers/keyring.sh"))
            .args(options)
            .args(["sh", "-c", "env; echo; exec cat"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("tests/servers/keyring.sh");
        let hold = script.stdin.take();
        let env: Vec<_> = BufReader::new(script.stdout.as_mut().unwrap())
            .lines()
            .map_while(|line| line.ok().filter(|line| !line.is_empty()))
            .filter_map(|line| line.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned())))
            .collect();
        assert!(env.iter().any(|(name, _)| name == "BUS_PID"), "no keyring: see what keyring.sh says above");
        Self { script, hold, env }
    }

    pub(crate) fn get(&self, name: &str) -> &str {
        &self.env.iter().find(|(known, _)| known == name).unwrap_or_else(|| panic!("no {name}")).1
    }

    pub(crate) fn signal(&self, name: &str, signal: Signal) {
        kill(Pid::from_raw(self.get(name).parse().unwrap()), signal).expect("kill");
    }

    /// Runs a program on this bus; it must succeed.
    pub(crate) fn run(&self, program: &str, args: &[&str], input: &str) {
        let mut child = Command::new(program)
            .args(args)
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|_| panic!("no {program}: it must be installed for this test"));
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    }

    pub(crate) fn put(&self, account: &str, value: &str, more: &[&str]) {
        let args = ["store", "--label=l", "service", "my app", "username", account];
        self.run("secret-tool", &[&args[..], more].concat(), value);
    }

    pub(crate) fn lock(&self) {
        let to = ["--session", "--print-reply", "--dest=org.freedesktop.secrets", "/org/freedesktop/secrets"];
        let login = "array:objpath:/org/freedesktop/secrets/collection/login";
        self.run("dbus-send", &[&to[..], &["org.freedesktop.Secret.Service.Lock", login]].concat(), "");
    }

    /// The same run on this bus, with nothing else of the machine's.
    pub(crate) fn on(&self, test: Test) -> Test {
        let names = ["HOME", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS"];
        names.into_iter().fold(test, |test, name| test.env(name, self.get(name)))
    }

    /// A run with this profile on this bus.
    #[track_caller]
    pub(crate) fn test(&self, profile: &str) -> Test {
        self.on(Test::new().file("p.toml", profile))
    }
}

impl Drop for Keyring {
    fn drop(&mut self) {
        self.hold = None;
        let _ = self.script.wait();
    }
}
