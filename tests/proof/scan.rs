//! A run under the scanner, and what must hold of its report.

use {
    super::secrets::Case,
    crate::common::{
        Output, Test,
        tool::{file_name, tool},
    },
    serde_json::Value,
    std::{
        collections::BTreeMap,
        ffi::OsString,
        fs,
        path::{Path, PathBuf},
    },
};

/// Which memory the launcher finds for its arena: the kernel's best, or what is left where a filter refuses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arena {
    /// memfd_secret, which not even root's tracer reads.
    Secret,
    /// Shared memory, locked and out of dumps.
    Locked,
    /// The same where nothing may be locked.
    Unlocked,
}

impl Arena {
    fn state(self) -> &'static str {
        match self {
            Self::Secret => "plain",
            Self::Locked => "no-secret-memory",
            Self::Unlocked => "no-locked-memory",
        }
    }
}

/// When the launcher is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum At {
    Exec,
    Exit,
}

/// Who runs the launcher.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum User {
    Caller,
    Ordinary,
}

pub(crate) const ORDINARY_UID: u32 = 65534;

pub(crate) struct Report {
    json: Value,
    label: String,
    /// The environment that the command had.
    pub(crate) environment: BTreeMap<String, String>,
}

/// The store that was built with the tests; it goes beside the launcher.
pub(crate) fn store() -> PathBuf {
    let store = Path::new(env!("CARGO_BIN_EXE_inject")).with_file_name("inject-store");
    assert!(store.exists(), "no {}: cargo build --workspace", store.display());
    store
}

/// What stands before a command line, so that the program `from` in it is looked at when it ends. The test's folder
/// holds `needles` and the profile `p.toml`.
pub(crate) fn scanner(test: &Test, from: &str, at: At, more: &[OsString]) -> Vec<OsString> {
    let mut words: Vec<OsString> = vec![tool("scan").into(), "--at".into()];
    words.extend([if at == At::Exec { "exec" } else { "exit" }, "--from", from, "--arena-ok"].map(OsString::from));
    for (option, file) in [("--needles", "needles"), ("--report", "report.json"), ("--text", "p.toml")] {
        words.extend([option.into(), test.path(file).into()]);
    }
    words.extend_from_slice(more);
    words.push("--".into());
    words
}

/// Runs the case and scans it. The scanner stays what it is (root), also where the launcher is an ordinary user's.
#[track_caller]
pub(crate) fn scan(case: Case, launcher: &Path, arena: Arena, at: At, user: User) -> Report {
    let label = format!("{} {arena:?} {at:?} {user:?} {}", case.name, launcher.display());
    let needles = case.needle_file();
    let test = case.test.file("p.toml", &case.profile).file("needles", needles);
    let (probe, program) = (test.bring(&tool("probe")), test.bring(launcher));
    let state = match user {
        User::Caller => arena.state().to_owned(),
        User::Ordinary => format!("{},uid-{ORDINARY_UID}", arena.state()),
    };
    if !case.servers.is_empty() {
        test.bring(&store());
    }
    let (scanner, profile) = (scanner(&test, &file_name(&program), at, &[]), test.path("p.toml"));
    let test = test
        .prefix(&case.servers)
        .prefix(scanner)
        .prefix([tool("state").as_os_str(), state.as_ref()])
        .program(program)
        .args(["-p".as_ref(), profile.as_os_str(), "--".as_ref(), probe.as_os_str()])
        .status(if at == At::Exec { 0 } else { 125 });
    let output = if user == User::Ordinary { test.owner(ORDINARY_UID) } else { test }.run();
    let environment = String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| line.strip_prefix("environ.0")?.split_once('='))
        .map(|(_, hex)| data_encoding::HEXLOWER.decode(hex.as_bytes()).expect("hex"))
        .filter_map(|entry| {
            let entry = String::from_utf8(entry).ok()?;
            entry.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()))
        })
        .collect();
    Report { environment, ..Report::of(&output, label) }
}

impl Report {
    /// What the scanner wrote of a run.
    #[track_caller]
    pub(crate) fn of(output: &Output, label: String) -> Self {
        let text = fs::read_to_string(output.dir.path().join("report.json")).expect("the scanner's report");
        let json: Value = serde_json::from_str(&text).expect("JSON of the scanner");
        assert_eq!(json["finished"], true, "{label}: never came to its end: {json:#}");
        assert_eq!(json["mistakes"], Value::Array(Vec::new()), "{label}: the test gave a secret away itself");
        Self { json, label, environment: BTreeMap::new() }
    }

    pub(crate) fn windows_outside(&self) -> u64 {
        self.json["windows"]["outside"].as_u64().expect("a number")
    }

    /// Whether the scanner saw a needle anywhere, arena included.
    pub(crate) fn windows_in_arena(&self) -> u64 {
        self.json["windows"]["arena"].as_u64().expect("a number")
    }

    /// Everything that must hold whenever the launcher ends: no window outside the arena, one thread, no child,
    /// no descriptor of its own.
    #[track_caller]
    pub(crate) fn assert_nothing_left(&self) {
        let Self { json, label, .. } = self;
        assert_eq!(self.windows_outside(), 0, "{label}: left behind: {json:#}");
        assert_eq!(json["threads"], 1, "{label}: {json:#}");
        assert_eq!(json["children"]["living"], 0, "{label}: {json:#}");
        assert_eq!(json["children"]["zombies"], 0, "{label}: {json:#}");
        assert_eq!(json["own_fds"], Value::Array(Vec::new()), "{label}: {json:#}");
    }

    /// The arena is there, one of it, of the kind that was to be had.
    #[track_caller]
    pub(crate) fn assert_arena(&self, arena: Arena) {
        let Self { json, label, .. } = self;
        let arenas = json["arenas"].as_array().expect("a list");
        assert_eq!(arenas.len(), 1, "{label}: {json:#}");
        let found = &arenas[0];
        let secret = arena == Arena::Secret;
        assert_eq!(found["kind"], if secret { "secretmem" } else { "shared" }, "{label}: {found}");
        assert_eq!(found["readable"] == "unreadable", secret, "{label}: {found}");
        assert_eq!(found["dontdump"], true, "{label}: {found}");
        assert_eq!(found["locked"], arena != Arena::Unlocked, "{label}: {found}");
        // The scanner does see secrets where it can read the arena: this run is its own positive control.
        assert_eq!(self.windows_in_arena() > 0, !secret, "{label}: {json:#}");
    }
}
