//! DESIGN 1: the words in front of `--`.

use crate::support::{INJECT, Test, lossy};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::process::{Command, Stdio};

const A: &str = "[vars]\nA = \"1\"\n";

#[test]
fn no_arguments_are_a_usage_error() {
    Test::new().status(125).stdout("").stderr(
        "inject: error: no command\ninject: hint: usage: inject [OPTIONS] -- COMMAND [ARG]..., or inject VERB [OPTIONS]; \
         `inject --help` shows the rest\n",
    );
    Test::profile(A).line("-p p.toml").status(125).err_has("usage: ");
    Test::profile(A).line("-p p.toml --").status(125).err_has("usage: ").err_has("inject: nothing was run\n");
}

#[test]
fn help_and_version_exit_0() {
    for words in ["--help", "-h", "--version", "-V", "plan --help", "check -h", "trust --help"] {
        let ran = Test::new().line(words).status(0).stderr("");
        assert!(!ran.out.is_empty(), "{words}");
    }
    Test::new().line("--version").status(0).stdout(concat!("inject ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn usage_errors_exit_125_with_a_hint_and_a_prefix_on_each_line() {
    for (words, message, hint) in [
        ("--sett A=1", "unexpected argument '--sett' found", "'--set'"),
        ("plann", "unrecognized subcommand 'plann'", "'plan'"),
        ("foo -- bar", "unrecognized subcommand 'foo'", "usage: inject [OPTIONS] -- COMMAND"),
        ("-p p.toml env", "unrecognized subcommand 'env'", "-- COMMAND"),
        ("plan --jsn", "unexpected argument '--jsn' found", "'--json'"),
        ("completions", "required", "SHELL"),
        ("completions tcsh", "bash, zsh, fish", ""),
        ("-p", "a value is required for '--profile <PROFILE>'", "usage: "),
        ("list -p p.toml", "unexpected argument '-p'", "inject list"),
        ("-p p.toml list", "takes none of -p", ""),
        ("-p p.toml check -- env", "takes no command", ""),
        ("-p p.toml --timeout 5 -- env", "--timeout: '5' is no duration", ""),
        ("-p p.toml --timeout 0s -- env", "--timeout: ", ""),
        ("-p p.toml --timeout 1.5s -- env", "--timeout: ", ""),
        ("-p p.toml --timeout 1w -- env", "ms, s, m, h or d", ""),
        ("-p p.toml --set A -- env", "--set: NAME=VALUE is wanted", ""),
        ("-p p.toml --set =x -- env", "--set: '' is no name", ""),
        ("-p p.toml --set A-B=x -- env", "--set: 'A-B' is no name", ""),
        ("-p p.toml --set LD_PRELOAD=x -- env", "--set: LD_PRELOAD: ", "allow-unsafe-names"),
        ("-p p.toml -i A-B -- env", "-i: 'A-B' is neither a name nor a pattern", ""),
        ("trust --list --remove", "cannot be used with", ""),
        ("trust", "which profile?", "inject trust NAME"),
        ("-- env", "no profile", "inject list"),
    ] {
        let ran = Test::profile(A).line(words).status(125).stdout("").err_has(message).err_has(hint);
        let text = ran.err_text();
        assert!(text.lines().all(|line| line.starts_with("inject: ")), "{text}");
        assert_eq!(text.matches("inject: error: ").count(), 1, "{text}");
    }
}

#[test]
fn a_profile_may_be_called_like_a_verb() {
    for name in ["list", "plan", "check", "trust", "completions"] {
        let file = format!("profiles/{name}.toml");
        Test::new().file(&file, A).args(["-p", name, "--trust", "--", "env"]).status(0).stdout("A=1\n").stderr("");
        Test::new().file(&file, A).args(["--trust", "-p", name, "plan"]).status(0).stderr("");
    }
}

#[test]
fn flags_stand_in_front_of_a_verb_or_behind_it() {
    let both = Test::profile(A).file("q.toml", "[vars]\nB = \"2\"\n");
    let ran = both.line("-p p.toml --set C=3 plan -p q.toml --json").status(0);
    let names: Vec<_> = ran.json()["variables"].as_array().unwrap().iter().map(|v| v["name"].clone()).collect();
    assert_eq!(names.len(), 3, "{names:?}");
    for name in ["A", "B", "C"] {
        assert!(names.iter().any(|n| n == name));
    }
}

#[test]
fn the_command_is_passed_byte_for_byte() {
    let odd: Vec<OsString> = [&b"a b"[..], b"\xff\xfe", b"", b"--", b"-p", b"$HOME", b"*", b"\n"]
        .iter()
        .map(|bytes| OsStr::from_bytes(bytes).to_owned())
        .collect();
    let words = ["-p", "p.toml", "--", "printf", "%s\\0"].map(OsString::from);
    let ran = Test::profile(A).args(words.into_iter().chain(odd.iter().cloned())).status(0);
    let got: Vec<_> = ran.out.split(|c| *c == 0).map(|b| OsStr::from_bytes(b).to_owned()).collect();
    assert_eq!(&got[..got.len() - 1], &odd[..]);
}

#[test]
fn a_command_that_looks_like_a_flag_is_a_command() {
    Test::profile(A)
        .line("-p p.toml -- -weird")
        .status(127)
        .stderr("inject: error: -weird: not found in the caller's PATH\ninject: nothing was run\n");
    Test::profile(A).args(["-p", "p.toml", "--", ""]).status(127).err_has("'': not found");
}

#[test]
fn a_hundred_thousand_arguments() {
    let words = ["-p", "p.toml", "--", "sh", "-c", "echo $#"].map(String::from);
    Test::profile(A).args(words.into_iter().chain((0..100_001).map(|i| i.to_string()))).status(0).stdout("100000\n");
}

#[test]
fn names_that_are_not_utf8() {
    for flag in ["-p", "-i", "--timeout"] {
        let bad = OsStr::from_bytes(b"\xffx").to_owned();
        let words = [flag.into(), bad, "--".into(), "env".into()];
        Test::new().args(words).status(125).stdout("").err_has("UTF-8");
    }
    Test::new().env("INJECT_PROFILE", OsStr::from_bytes(b"\xff")).line("-- env").status(125).err_has("INJECT_PROFILE");
    let value = OsStr::from_bytes(b"A=\xff\xfe").to_owned();
    let words = ["-p".into(), "p.toml".into(), "--set".into(), value, "--".into(), "env".into()];
    let ran = Test::profile(A).args(words).status(0);
    assert_eq!(ran.out, b"A=\xff\xfe\n");
}

#[test]
fn names_that_are_no_names() {
    Test::new().args(["-p", "", "--", "env"]).status(125).err_has("'' is no name of a profile");
    Test::new().line("-p .x -- env").status(125).err_has("'.x' is no name of a profile");
    Test::new().args(["-p", "a\nb", "--", "env"]).status(125).err_has(r"'a\nb' is no name of a profile");
    Test::new()
        .line("-p ../no-such -- env")
        .status(125)
        .stderr("inject: error: ../no-such: no such profile\ninject: nothing was run\n");
    Test::new().line("-p a/b -- env").status(125).err_has("a/b: no such profile");
}

#[test]
fn inject_profile_stands_in_for_a_missing_p() {
    let all = || Test::profile(A).file("q.toml", "[vars]\nA = \"2\"\n").env("INJECT_PROFILE", "p.toml,q.toml");
    all().line("-- env").status(0).stdout("A=2\n");
    all().line("-p p.toml -- env").status(0).stdout("A=1\n");
    all().line("-p q.toml,p.toml -- env").status(0).stdout("A=1\n");
    all().line("-p q.toml -p p.toml -- env").status(0).stdout("A=1\n");
    Test::profile(A).env("INJECT_PROFILE", "").line("-- env").status(125).err_has("no profile");
}

#[test]
fn set_beats_all() {
    Test::profile("inherit = [\"A\"]\n[vars]\nA = \"1\"\n")
        .env("A", "0")
        .line("--set A=2 --set A=3=x --set B=")
        .gives("A=3=x\nB=");
    // What it overrides is not asked for.
    Test::profile("[secrets]\nA = \"env:MISSING\"\n").line("--set A=x").gives("A=x");
}

#[test]
fn all_missing_profiles_are_named_at_once() {
    Test::new().line("-p x.toml,y.toml -- env").status(125).stderr(
        "inject: error: x.toml: no such profile\ninject: error: y.toml: no such profile\ninject: nothing was run\n",
    );
}

#[test]
fn silent_on_success_and_verbose_names_no_values() {
    let text = "inherit = [\"KEEP\"]\n[vars]\nA = \"plainvalue\"\n[secrets]\nS = \"env:SEC\"\nD = { from = \"env:X\", \
                default = \"defaultvalue\" }\nO = { from = \"env:X\", optional = true }\n";
    let test = || Test::profile(text).env("SEC", "secretvalue").env("KEEP", "keptvalue").env("LISTEN_FDS", "1");
    test().line("-p p.toml -- true").status(0).stderr("").stdout("");
    let ran = test().line("-v -p p.toml -- true").status(0).stdout("");
    let told = ran.err_text();
    for word in ["KEEP inherited", "A from vars", "S from env:SEC", "D from env:X", "O from env:X", "LISTEN_FDS"] {
        assert!(told.contains(word), "{word}: {told}");
    }
    assert!(!told.contains("value"), "{told}");
}

#[test]
fn output_to_a_closed_pipe_or_a_full_device_never_panics() {
    for words in [&["--help"][..], &["--version"], &["list"], &["plan", "-p", "p.toml"], &["completions", "bash"]] {
        let test = Test::profile(A).args(words.iter().copied());
        let full = || Stdio::from(std::fs::File::options().write(true).open("/dev/full").unwrap());
        assert_eq!(test.command().stdout(full()).stderr(full()).status().unwrap().code(), Some(0), "{words:?}");
        let (read, write) = std::io::pipe().unwrap();
        drop(read);
        assert_eq!(test.command().stdout(write).status().unwrap().code(), Some(0), "{words:?}");
    }
    for words in [&[][..], &["--bad"], &["-p", "none.toml", "--", "env"]] {
        let (read, write) = std::io::pipe().unwrap();
        drop(read);
        let status = Command::new(INJECT).args(words).stderr(write).status().unwrap();
        assert_eq!(status.code(), Some(125), "{words:?}");
        let closed = Command::new("/bin/sh").args(["-c", "exec \"$0\" \"$@\" >&- 2>&-", INJECT]).args(words).status();
        assert_eq!(closed.unwrap().code(), Some(125), "{words:?}");
    }
}

#[test]
fn durations_in_each_unit() {
    for good in ["1ms", "10s", "2m", "3h", "90d"] {
        let ran = Test::profile(A).args(["-p", "p.toml", "--timeout", good, "plan"]).run();
        assert_eq!(ran.code, 0, "{good}: {}", lossy(&ran.err));
        Test::profile(&format!("timeout = \"{good}\"\n")).gives("");
    }
    Test::profile("timeout = \"30\"\n").fails(
        "inject: error: p.toml:1: timeout: '30' is no duration; write an integer and ms, s, m, h or d, like 30s\n",
    );
}

#[test]
fn the_deadline_is_the_flags_then_the_highest_profiles() {
    let slow = "timeout = \"1h\"\n[secrets]\nA = \"file:pipe\"\n";
    Test::profile(slow).fifo("pipe").line("-p p.toml --timeout 100ms -- env").status(124).stderr(
        "inject: error: p.toml:3: A: file:pipe: no answer within 100 ms\ninject: hint: --timeout, or timeout = \"...\" in \
         the profile, gives it longer\ninject: nothing was run\n",
    );
    Test::profile(slow)
        .fifo("pipe")
        .file("q.toml", "timeout = \"50ms\"\n")
        .line("-p p.toml,q.toml -- env")
        .status(124)
        .err_has("within 50 ms");
}
