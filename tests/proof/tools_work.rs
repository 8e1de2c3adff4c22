//! The tools themselves, on stand-ins whose faults are known: each must be seen, and nothing where there is none.

use {
    super::{
        core_dump::leaves_no_core,
        observe::{observe, possible, states},
        unreadable::assert_unreadable,
    },
    crate::common::{
        Test,
        tool::{file_name, linked, tool},
    },
    serde_json::Value,
    std::{collections::BTreeSet, fs, path::Path},
};

const SECRET: &str = "ABCDEF-kX9-\"q\\w\n/7pZ+vR2~mT4é&bN8 and so on, to seventy bytes or so: uJ5=cL1";

/// The report on a stand-in with this fault, scanned as root or as an ordinary user.
#[track_caller]
fn scanned(standin: &Path, fault: &str, state: &str, options: &[&str], status: i32) -> Value {
    let test = Test::new()
        .file("secret", SECRET)
        .file("needles", format!("SECRET {}\n", data_encoding::HEXLOWER.encode(SECRET.as_bytes())));
    let program = test.bring(standin);
    let (secret, needles, report) = (test.path("secret"), test.path("needles"), test.path("report"));
    let name = file_name(&program);
    let test = if state.contains("uid") { test.owner(65534) } else { test };
    let output = test
        .prefix([tool("scan")])
        .prefix(options)
        .prefix(["--from", &name, "--needles"])
        .prefix([needles.as_os_str(), "--report".as_ref(), report.as_os_str(), "--".as_ref()])
        .prefix([tool("state").as_os_str(), state.as_ref()])
        .program(program)
        .args([fault.as_ref(), secret.as_os_str()])
        .args(["/bin/sh", "-c", "exit 3"])
        .status(status)
        .run();
    let text = fs::read_to_string(report).expect("a report");
    drop(output);
    serde_json::from_str(&text).expect("JSON")
}

/// The stand-in linked in every way that a launcher may be.
fn standins() -> Vec<std::path::PathBuf> {
    let ways = [("standin", "-static"), ("standin-dynamic", "-Wl,-z,now"), ("standin-pie", "-static-pie")];
    ways.map(|(name, link)| linked("standin", name, link)).to_vec()
}

#[test]
fn the_scanner_finds_nothing_in_a_clean_launcher() {
    for standin in standins() {
        for (fault, state) in [
            ("clean", "plain"),
            ("clean", "uid-65534"),
            ("shared", "plain"),
            ("clean", "no-secret-memory"),
            ("clean", "no-locked-memory,uid-65534"),
            ("twice", "plain"),
        ] {
            if !possible(state) {
                continue; // `unshare -r`; the proofs themselves do not pass there without a second user
            }
            let report = scanned(&standin, fault, state, &["--arena-ok"], 3);
            assert!(report["windows"]["program"].as_u64() > Some(0), "the table of the stand-in: {report:#}");
            assert_eq!(report["clean"], true, "{fault} in {state}: {report:#}");
            assert_eq!(report["threads"], 1, "{report:#}");
            assert_eq!(report["own_fds"], Value::Array(Vec::new()), "{report:#}");
            assert_eq!(report["attempts"], if fault == "twice" { 2 } else { 1 }, "{report:#}");
            let arena = &report["arenas"][0];
            assert_eq!(arena["dontdump"], true, "{arena}");
            assert_eq!(arena["locked"], !state.contains("locked"), "{arena}");
            let hidden = fault != "shared" && !state.contains("memory");
            assert_eq!(arena["readable"] == "unreadable", hidden, "{arena}");
            assert_eq!(report["windows"]["arena"].as_u64() > Some(0), !hidden, "{report:#}");
        }
    }
}

#[test]
fn the_scanner_finds_every_way_to_leave_a_secret() {
    for standin in standins() {
        for (fault, kind, encoding) in [
            ("heap", "heap", "raw"),
            ("heap-tail", "heap", "raw"),
            ("data", "data", "raw"),
            ("hex", "heap", "hex"),
            ("mmap", "anonymous", "raw"),
            ("memfd", "memfd", "raw"),
            ("stack", "stack", "raw"),
        ] {
            for state in ["plain", "uid-65534"] {
                if !possible(state) {
                    continue;
                }
                let report = scanned(&standin, fault, state, &["--arena-ok"], 3);
                assert_eq!(report["clean"], false, "{fault}: {report:#}");
                let hits = report["hits"].as_array().expect("hits");
                let seen = |hit: &Value| {
                    let kinds =
                        if standin == tool("standin") || kind != "data" { vec![kind] } else { vec![kind, "anonymous"] };
                    kinds.iter().any(|kind| hit["kind"] == *kind) && hit["encoding"] == encoding
                };
                assert!(hits.iter().any(seen), "{fault}: {report:#}");
            }
        }
    }
}

#[test]
fn the_scanner_counts_threads_children_and_descriptors() {
    let standin = tool("standin");
    let report = |fault| scanned(&standin, fault, "plain", &["--arena-ok"], 3);
    assert_eq!(report("thread")["threads"], 2);
    assert_eq!(report("zombie")["children"]["zombies"], 1);
    assert_eq!(report("fd")["own_fds"][0]["cloexec"], false);
    assert_eq!(report("fd-cloexec")["own_fds"][0]["cloexec"], true);
}

#[test]
fn the_scanner_looks_at_an_exit_too() {
    let standin = tool("standin");
    for (fault, clean) in [("exit,shared", false), ("exit,heap", false), ("exit", true)] {
        let report = scanned(&standin, fault, "plain", &["--at", "exit"], 125);
        assert_eq!(report["at"], "exit", "{report:#}");
        assert_eq!(report["clean"], clean, "{fault}: {report:#}");
    }
    // A launcher that became the command never exits as one.
    let report = scanned(&standin, "clean", "plain", &["--at", "exit"], 3);
    assert_eq!(report["finished"], false, "{report:#}");
}

#[test]
fn the_scanner_knows_every_encoding() {
    let encodings = [
        ("base64", data_encoding::BASE64.encode(format!("ab{SECRET}").as_bytes())),
        ("base64", data_encoding::BASE64.encode(format!("a{SECRET}").as_bytes())),
        ("base64", data_encoding::BASE64.encode(SECRET.as_bytes())),
        ("base64url", data_encoding::BASE64URL.encode(&[0xff; 24])),
        ("HEX", data_encoding::HEXUPPER.encode(&SECRET.as_bytes()[6..])),
        ("hex", data_encoding::HEXLOWER.encode(SECRET.as_bytes())),
        ("percent", "kX9-%22q%5Cw%0A%2F7pZ".to_owned()),
        ("Percent", "q%5cw%0a%2f7pZ".to_owned()),
        ("json", r#"kX9-\"q\\w\n/7p"#.to_owned()),
        ("json-ascii", r"~mT4\u00e9&bN8".to_owned()),
        ("utf-16", "k\0X\x009\0-\0".to_owned()),
    ];
    for (encoding, text) in encodings {
        // The needle is the secret; the place where it stands encoded is a public file, the cheapest one to search.
        let needle = if encoding == "base64url" { vec![0xfe; 24] } else { SECRET.as_bytes().to_vec() };
        let text = if encoding == "base64url" { data_encoding::BASE64URL.encode(&needle) } else { text };
        let test = Test::new()
            .file("text", text)
            .file("needles", format!("SECRET {}\n", data_encoding::HEXLOWER.encode(&needle)));
        let (needles, public, report) = (test.path("needles"), test.path("text"), test.path("report"));
        let output = test
            .prefix([tool("scan").as_os_str(), "--utf16".as_ref(), "--needles".as_ref(), needles.as_os_str()])
            .prefix(["--text".as_ref(), public.as_os_str(), "--report".as_ref(), report.as_os_str(), "--".as_ref()])
            .program("/bin/true")
            .run();
        let json: Value = serde_json::from_slice(&fs::read(report).expect("a report")).expect("JSON");
        drop(output);
        let mistake = json["mistakes"][0].as_str().unwrap_or_default();
        assert!(mistake.starts_with(&format!("needle SECRET ({encoding}) stands in")), "{encoding}: {json:#}");
    }
}

#[test]
fn a_secret_in_argv_is_a_mistake_of_the_test() {
    let test = Test::new()
        .file("secret", SECRET)
        .file("needles", format!("SECRET {}\n", data_encoding::HEXLOWER.encode(SECRET.as_bytes())));
    let (secret, needles) = (test.path("secret"), test.path("needles"));
    test.prefix([tool("scan").as_os_str(), "--needles".as_ref(), needles.as_os_str(), "--".as_ref()])
        .program(tool("standin"))
        .args(["clean".as_ref(), secret.as_os_str(), "/bin/true".as_ref(), SECRET.as_ref()])
        .stderr_contains("stands in argv")
        .run();
}

#[test]
fn there_are_enough_states_and_each_shows() {
    let states = states();
    assert!(states.len() >= 30, "{}", states.len());
    assert_eq!(states.iter().collect::<BTreeSet<_>>().len(), states.len(), "a name twice");
    let plain = observe("plain", None, "");
    assert!(plain.attributes().len() >= 30, "{:?}", plain.attributes());
    for state in states.iter().filter(|state| possible(state)) {
        let differs = !plain.differences(&observe(state, None, ""), state).is_empty();
        // `env -i` throws away what these made; the launcher must do the same.
        let invisible = state == "plain" || state.starts_with("env-");
        assert_eq!(differs, !invisible, "{state}: as if nothing had been set");
    }
}

#[test]
fn a_transparent_launcher_shows_no_difference() {
    for state in states().iter().filter(|state| possible(state)) {
        let direct = observe(state, None, "# none\n");
        let through = observe(state, Some(&tool("standin")), "# none\n");
        let differences = direct.differences(&through, state);
        assert!(differences.is_empty(), "{}", differences.join("\n"));
    }
}

#[test]
fn each_disturbance_of_the_command_shows() {
    for (fault, state, key) in [
        ("umask", "plain", "umask"),
        ("sigpipe", "plain", "signal.13"),
        ("chdir", "deleted-cwd", "cwd"),
        ("mask", "plain", "blocked"),
        ("fork", "plain", "pid"),
        ("fork", "alarm", "itimer.real"),
        ("fd", "fds-3-9", "fds"),
        ("plug", "closed-012", "fd.0000"),
        ("zombie", "plain", "children.wait"),
        ("reap", "zombie", "children.wait"),
    ] {
        let profile = format!("# {fault}\n");
        let differences =
            observe(state, None, &profile).differences(&observe(state, Some(&tool("standin")), &profile), state);
        let head = format!("{state}: {key}: ");
        assert!(differences.iter().any(|line| line.starts_with(&head)), "{fault} in {state}: {differences:?}");
    }
}

#[test]
fn a_closed_stand_in_leaves_no_core_and_cannot_be_read() {
    leaves_no_core(&tool("standin"));
    assert_unreadable(&tool("standin"));
}
