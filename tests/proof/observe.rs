//! One look at a command from the inside, with and without a launcher in between.

use {
    crate::common::{Test, tool::tool},
    std::{
        collections::{BTreeMap, BTreeSet},
        fs,
        path::Path,
        process::{self, Command},
    },
};

/// `pid` of the process that was started, and what the probe printed.
pub(crate) struct Observation {
    pub(crate) expected_pid: u32,
    pub(crate) lines: BTreeMap<String, String>,
}

/// These states start a process of their own on the way (a session, a namespace), so the pid is another one.
const FORKING: &[&str] = &["setsid", "background", "pid-1"];

/// Another uid, and therefore a real root to become it from.
const ANOTHER_USER: &str = "uid-65534";

pub(crate) fn states() -> Vec<String> {
    let output = Command::new(tool("state")).arg("--list").output().expect("state --list");
    let names = String::from_utf8(output.stdout).expect("names");
    names.lines().map(str::to_owned).collect()
}

/// Whether the state can be entered here at all: `unshare -r` has one uid only.
pub(crate) fn possible(state: &str) -> bool {
    let status = Command::new(tool("state")).args([state, "/bin/true"]).status().expect("state");
    status.code() != Some(90)
}

/// As `env -i A=1 probe` (the oracle), or as `LAUNCHER -p PROFILE -- probe`.
#[track_caller]
pub(crate) fn observe(state: &str, launcher: Option<&Path>, profile: &str) -> Observation {
    let test = Test::new().file("p.toml", profile);
    let probe = test.bring(&tool("probe"));
    let program = launcher.map(|launcher| test.bring(launcher));
    let out = test.path("out");
    let profile = test.path("p.toml");
    let mut args: Vec<_> = match &program {
        Some(_) => vec!["-p".into(), profile.into_os_string(), "--".into()],
        None => vec!["-i".into(), "A=1".into()],
    };
    args.push(probe.into());
    // A closed standard output has the report in a file; argv is the same in both runs.
    let to_file = state.starts_with("closed");
    if to_file {
        args.extend(["--out".into(), out.clone().into_os_string()]);
    }
    let folder = test.path("");
    let test = test
        .prefix([tool("state").as_os_str(), state.as_ref()])
        .program(program.unwrap_or_else(|| "/usr/bin/env".into()))
        .current_dir("/")
        .args(args);
    let output = if state == ANOTHER_USER { test.owner(65534) } else { test }.run();
    let text = if to_file { fs::read(out).expect("what the probe saw") } else { output.stdout };
    let folder = folder.to_string_lossy().trim_end_matches('/').to_owned();
    Observation {
        expected_pid: output.pid,
        lines: String::from_utf8(text)
            .expect("the probe prints ASCII")
            .replace(&folder, "DIR")
            .replace(&hex(&folder), "DIR")
            .lines()
            .map(|line| line.split_once('=').expect("key=value"))
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect(),
    }
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

impl Observation {
    /// `limits`, not `limits.core`: what counts as one attribute.
    pub(crate) fn attributes(&self) -> BTreeSet<&str> {
        self.lines.keys().map(|key| key.split('.').next().unwrap_or(key)).collect()
    }

    pub(crate) fn environment(&self) -> Vec<Vec<u8>> {
        self.lines
            .iter()
            .filter(|(key, _)| key.starts_with("environ.0"))
            .map(|(_, value)| data_encoding::HEXLOWER.decode(value.as_bytes()).expect("hex"))
            .collect()
    }

    /// The keys in which two runs may differ are made comparable: no two processes share a pid, and the parent is
    /// this test in both, or a process that the state started.
    fn comparable(&self, state: &str) -> BTreeMap<&str, String> {
        let mut lines: BTreeMap<_, _> = self.lines.iter().map(|(key, value)| (key.as_str(), value.clone())).collect();
        let forking = FORKING.contains(&state);
        let mut put = |key, text: &str| lines.insert(key, text.into());
        if !forking {
            let same = self.lines["pid"] == self.expected_pid.to_string();
            put("pid", if same { "the one that was started" } else { "another one" });
        } else if self.lines["pid"] != "1" {
            put("pid", "a fork of the state");
        }
        let parent = &self.lines["ppid"];
        if *parent == process::id().to_string() {
            put("ppid", "the caller");
        } else if forking && parent != "0" {
            put("ppid", "the state");
        }
        lines
    }

    /// The keys that differ, with both values.
    pub(crate) fn differences(&self, other: &Self, state: &str) -> Vec<String> {
        let (one, two) = (self.comparable(state), other.comparable(state));
        let keys: BTreeSet<_> = one.keys().chain(two.keys()).copied().collect();
        keys.into_iter()
            .filter(|key| one.get(key) != two.get(key))
            .map(|key| format!("{state}: {key}: direct {:?}, through {:?}", one.get(key), two.get(key)))
            .collect()
    }
}
