//! The command inherits exactly what `env -i A=1 COMMAND` would have given it.

use {
    super::observe::{observe, possible, states},
    crate::common::{Test, inject, tool::tool},
    std::fs,
};

const PROFILE: &str = "[vars]\nA = \"1\"\n";

/// A launcher that resolves a secret from a program has had a child, handlers, and a blocked signal or two.
const WITH_A_CHILD: &str = "[secrets]\nA = \"program:1\"\n\
    [source.program]\nkind = \"command\"\nrun = [\"/bin/echo\", \"{}\"]\n";

/// Where a state leaves no room for a child, only the profile without one can be started.
const NO_CHILD: &[&str] = &[];

#[track_caller]
fn same_in_every_state(profile: &str, except: &[&str]) {
    let mut differences = Vec::new();
    let (mut proved, mut impossible) = (0, Vec::new());
    for state in states() {
        if except.contains(&state.as_str()) {
            continue;
        }
        if !possible(&state) {
            impossible.push(state);
            continue;
        }
        let direct = observe(&state, None, profile);
        let through = observe(&state, Some(&inject()), profile);
        assert!(direct.attributes().len() >= 25, "{state}: only {:?}", direct.attributes());
        assert_eq!(direct.environment(), [b"A=1"], "{state}: the oracle itself");
        differences.extend(direct.differences(&through, &state));
        proved += 1;
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    assert!(proved >= 20, "only {proved} states; impossible here: {impossible:?}");
    let one_user_only = fs::read_to_string("/proc/self/uid_map").expect("uid_map").trim_end().ends_with(" 1");
    assert!(impossible.is_empty() || one_user_only, "impossible here: {impossible:?}");
}

#[test]
fn every_inherited_state_reaches_the_command() {
    same_in_every_state(PROFILE, &[]);
}

#[test]
fn every_inherited_state_survives_a_child_of_the_launcher() {
    same_in_every_state(WITH_A_CHILD, NO_CHILD);
}

/// What is inherited by name keeps its bytes; of duplicates that nobody sets the first is kept, and of those
/// that the profile sets none.
#[test]
fn inherited_variables_keep_their_bytes() {
    let cases: [(&str, &str, &[&[u8]]); 4] = [
        ("env-duplicates", "inherit = [\"DUP\"]\n", &[b"A=1", b"DUP=first"]),
        ("env-duplicates", "inherit = [\"DUP\", \"A\"]\n", &[b"A=1", b"DUP=first"]),
        ("env-bytes", "inherit = [\"BYTES\", \"LATIN\"]\n", &[b"A=1", b"BYTES=\xff\xfe\x80", b"LATIN=caf\xe9"]),
        ("env-no-equals", "inherit = [\"*\"]\n", &[b"A=1", b"KEPT=yes"]),
    ];
    for (state, inherit, expected) in cases {
        let through = observe(state, Some(&inject()), &format!("{inherit}{PROFILE}"));
        let mut actual = through.environment();
        actual.sort();
        assert_eq!(actual, expected, "{state} with {inherit}");
    }
}

#[test]
fn ten_thousand_variables_are_inherited() {
    let through = observe("env-many", Some(&inject()), &format!("inherit = [\"MANY_*\"]\n{PROFILE}"));
    assert_eq!(through.environment().len(), 10_001);
}

/// Status and signals are the command's own, as the process is the command.
#[test]
fn the_end_of_the_command_is_the_end_of_the_process() {
    for (script, status) in [("exit 0", 0), ("exit 77", 77), ("kill -TERM $$", 143), ("kill -KILL $$", 137)] {
        let test = Test::new().file("p.toml", PROFILE);
        let profile = test.path("p.toml");
        test.args(["-p".as_ref(), profile.as_os_str()])
            .args(["--", "/bin/sh", "-c", script])
            .prefix([tool("state").as_os_str(), "plain".as_ref()])
            .stdout("")
            .stderr("")
            .status(status)
            .run();
    }
}
