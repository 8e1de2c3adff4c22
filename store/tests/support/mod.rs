//! Drives the built `inject-store` as the launcher does, and starts keyrings for it.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, ExitStatus, Output, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use inject::error::Fault;
use inject::protocol::{Answers, Decoder, Open, Reply, VERSION, encode_request};
use inject::source::{Locator, Payload};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

pub const STORE: &str = env!("CARGO_BIN_EXE_inject-store");
/// A prompt that nobody answers would wait for the launcher's deadline. Here this is the deadline.
const DEADLINE: Duration = Duration::from_secs(30);

pub fn server(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/servers").join(name)
}

/// A bus, with GNOME Keyring or nothing on it, that ends with this value.
pub struct Keyring {
    script: Child,
    hold: Option<ChildStdin>,
    pub env: Vec<(String, String)>,
}

impl Keyring {
    pub fn start() -> Self {
        Self::with(&[])
    }

    pub fn bare() -> Self {
        Self::with(&["--bare"])
    }

    fn with(options: &[&str]) -> Self {
        let mut script = Command::new(server("keyring.sh"))
            .args(options)
            .args(["sh", "-c", "env; echo; exec cat"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("tests/servers/keyring.sh cannot be started");
        let hold = script.stdin.take();
        let kept = ["HOME", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS", "PATH", "BUS_PID", "KEYRING_PID"];
        let env: Vec<(String, String)> = BufReader::new(script.stdout.as_mut().unwrap())
            .lines()
            .map_while(|line| line.ok().filter(|line| !line.is_empty()))
            .filter_map(|line| line.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned())))
            .filter(|(name, _)| kept.contains(&name.as_str()))
            .collect();
        assert!(env.len() == kept.len(), "no keyring: see what tests/servers/keyring.sh says above");
        Self { script, hold, env }
    }

    pub fn get(&self, name: &str) -> &str {
        &self.env.iter().find(|(known, _)| known == name).unwrap().1
    }

    pub fn signal(&self, name: &str, signal: Signal) {
        kill(Pid::from_raw(self.get(name).parse().unwrap()), signal).unwrap();
    }

    /// Runs a program on this bus; its standard input is `input`. It must succeed: a missing tool is a failure.
    pub fn run(&self, program: &str, args: &[&str], input: &[u8]) -> Output {
        let mut child = Command::new(program)
            .args(args)
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|_| panic!("no {program}: it must be installed for this test"));
        child.stdin.take().unwrap().write_all(input).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{program} {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        output
    }

    pub fn python(&self, code: &str) {
        // Real python-keyring and secretstorage; `pip install keyring secretstorage` where they are missing.
        self.run("python3", &["-c", code], b"");
    }

    pub fn put(&self, account: &str, value: &[u8]) {
        self.run("secret-tool", &["store", "--label=l", "service", "inject", "username", account], value);
    }

    pub fn lock(&self) {
        let login = "array:objpath:/org/freedesktop/secrets/collection/login";
        let (to, at) = ("--dest=org.freedesktop.secrets", "/org/freedesktop/secrets");
        self.run(
            "dbus-send",
            &["--session", "--print-reply", to, at, "org.freedesktop.Secret.Service.Lock", login],
            b"",
        );
    }

    /// A fake provider on a bare bus; kill it with the value.
    pub fn fake(&self, mode: &str) -> Fake {
        let mut child = Command::new("python3")
            .arg(server("secret-service.py"))
            .arg(mode)
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .stdout(Stdio::piped())
            .spawn()
            .expect("no python3: it must be installed for this test");
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n", "the fake needs: pip install secretstorage jeepney");
        Fake(child)
    }

    pub fn ask(&self, locators: &[&str]) -> Session {
        Session::run(self.env.clone(), "keychain", &request("keychain", locators))
    }

    /// The one answer to one locator.
    pub fn one(&self, locator: &str) -> Result<Vec<u8>, Fault> {
        self.ask(&[locator]).all(1).remove(0)
    }
}

impl Drop for Keyring {
    fn drop(&mut self) {
        self.hold = None;
        let _ = self.script.wait();
    }
}

pub struct Fake(Child);

impl Drop for Fake {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What one run of the store said.
pub struct Session {
    pub opened: bool,
    pub answers: Vec<(u32, Result<Payload, Fault>)>,
    pub failed: Option<Fault>,
    /// The bytes were not the protocol.
    pub wrong: Option<Fault>,
    pub status: ExitStatus,
    pub stderr: String,
    pub took: Duration,
}

pub fn request(kind: &str, locators: &[&str]) -> Vec<u8> {
    let locators: Vec<_> =
        locators.iter().map(|text| Locator { kind: "keychain", text: (*text).into(), options: Vec::new() }).collect();
    let open = Open { protocol: VERSION, kind, left: std::time::Duration::from_secs(30), ages: false, settings: &[] };
    encode_request(&open, &locators).unwrap().expose().to_vec()
}

pub fn spawn(env: Vec<(String, String)>, kind: &str) -> Child {
    Command::new(STORE)
        .arg(kind)
        .env_clear()
        .envs(env)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn drain(pipe: Option<impl Read + Send + 'static>) -> JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        pipe.unwrap().read_to_end(&mut bytes).unwrap();
        bytes
    })
}

impl Session {
    pub fn run(env: Vec<(String, String)>, kind: &str, input: &[u8]) -> Self {
        let mut child = spawn(env, kind);
        // It may refuse the request before it has read it all.
        let _ = child.stdin.take().unwrap().write_all(input);
        Self::end(child)
    }

    pub fn end(mut child: Child) -> Self {
        let started = Instant::now();
        // Read meanwhile: a pipe holds 64 KiB.
        let (out, err) = (drain(child.stdout.take()), drain(child.stderr.take()));
        let status = loop {
            match child.try_wait().unwrap() {
                Some(status) => break status,
                None if started.elapsed() > DEADLINE => child.kill().unwrap(),
                None => std::thread::sleep(Duration::from_millis(5)),
            }
        };
        let took = started.elapsed();
        let bytes = out.join().unwrap();
        let stderr = String::from_utf8(err.join().unwrap()).unwrap();
        let mut session = Self { opened: false, answers: Vec::new(), failed: None, wrong: None, status, stderr, took };
        let mut decoder = Decoder::new();
        decoder.feed(&bytes);
        loop {
            match decoder.reply() {
                Ok(None) => break assert!(decoder.is_empty(), "the last reply is cut off"),
                Ok(Some(Reply::Opened { .. })) => session.opened = true,
                Ok(Some(Reply::Answer { index, result })) => session.answers.push((index, result)),
                Ok(Some(Reply::Failed(fault))) => session.failed = Some(fault),
                Err(fault) => break session.wrong = Some(fault),
            }
        }
        session
    }

    /// Each answer in its place, as the launcher sees it.
    pub fn all(self, count: usize) -> Vec<Result<Vec<u8>, Fault>> {
        assert!(self.wrong.is_none() && self.opened);
        let mut answers = Answers::new(count);
        for (index, result) in self.answers {
            answers.take(index, result).unwrap();
        }
        let rest = self.failed.unwrap_or_else(|| Fault::invalid("nothing was said"));
        let exposed = |one: Result<Payload, Fault>| one.map(|payload| payload.bytes.expose().to_vec());
        answers.finish(&rest).into_iter().map(exposed).collect()
    }
}
