//! Flags, verbs and arguments.

use super::support::{env, refuses, vars};
use crate::common::{Test, inject};
use std::{
    ffi::OsStr,
    fs::{self, File},
    os::unix::{ffi::OsStrExt, fs::PermissionsExt},
    process::Stdio,
};

const USAGE: &str =
    "usage: inject [OPTIONS] -- COMMAND [ARG]..., or inject VERB [OPTIONS]; `inject --help` shows the rest\n";

#[test]
fn no_arguments() {
    let told = format!("inject: error: no command\ninject: hint: {USAGE}");
    Test::new().status(125).stdout("").stderr(&told).run();
    // `--` is required, and something behind it.
    Test::new().file("p.toml", "").args(["-p", "p.toml"]).status(125).stdout("").stderr(&told).run();
    Test::new()
        .file("p.toml", "")
        .args(["-p", "p.toml", "--"])
        .status(125)
        .stderr(format!("{told}inject: nothing was run\n"))
        .run();
}

#[test]
fn help_and_version() {
    for flag in ["-h", "--help"] {
        Test::new().args([flag]).stdout_contains("Usage: inject").stderr("").run();
        Test::new().args(["plan", flag]).stdout_contains("Usage: inject plan").stderr("").run();
    }
    let version = format!("inject {}\n", env!("CARGO_PKG_VERSION"));
    for flag in ["-V", "--version"] {
        Test::new().args([flag]).stdout(&version).stderr("").run();
    }
    // Behind `--` they are the command's.
    Test::new()
        .file("p.toml", "")
        .args(["-p", "p.toml", "--", "/usr/bin/printf", "%s", "--help"])
        .stdout("--help")
        .run();
}

#[test]
fn unknown_flags_and_verbs() {
    let told = |message: &str, tip: &str| format!("inject: error: {message}\ninject: hint: {tip}{USAGE}");
    for (args, message, tip) in [
        (vec!["--sett"], "unexpected argument '--sett' found", "a similar argument exists: '--set'; "),
        (vec!["pln"], "unrecognized subcommand 'pln'", "a similar subcommand exists: 'plan'; "),
        (vec!["-p", "p.toml", "env"], "unrecognized subcommand 'env'", ""),
        (vec!["-x"], "unexpected argument '-x' found", ""),
    ] {
        Test::new().args(args).status(125).stdout("").stderr(told(message, tip)).run();
    }
}

#[test]
fn verbs_take_what_they_take() {
    let told = "inject: error: this verb takes no command behind '--'\ninject: nothing was run\n";
    for verb in ["check", "list"] {
        Test::new().args([verb, "--", "true"]).status(125).stderr(told).run();
    }
    Test::new()
        .args(["-p", "x", "list"])
        .status(125)
        .stderr("inject: error: this verb loads no profile, so it takes none of -p, -i, --set, --timeout and --trust\n")
        .run();
}

#[test]
fn arguments_arrive_byte_for_byte() {
    let odd: [&[u8]; 6] = [b"\xff\xfe", b"", b"--", b"$HOME;$(id)`id`*", b"-p", b"a\nb\x1b[0m"];
    let expected: Vec<u8> = odd.iter().flat_map(|arg| [b"<", *arg, b">"].concat()).collect();
    Test::new()
        .file("p.toml", "")
        .args(["-p", "p.toml", "--", "/usr/bin/printf", "<%s>"])
        .args(odd.map(OsStr::from_bytes))
        .stdout(expected)
        .stderr("")
        .run();
}

#[test]
fn twenty_thousand_arguments() {
    let args: Vec<String> = (0..20_000).map(|n| n.to_string()).collect();
    Test::new()
        .file("p.toml", "")
        .args(["-p", "p.toml", "--", "/bin/echo"])
        .args(&args)
        .stdout(args.join(" ") + "\n")
        .run();
}

#[test]
fn a_profile_name_that_is_not_utf_8() {
    Test::new()
        .args([OsStr::new("-p"), OsStr::from_bytes(b"\xff"), OsStr::new("--"), OsStr::new("true")])
        .status(125)
        .stdout("")
        .stderr_contains("inject: error: invalid UTF-8 was detected in one or more arguments\n")
        .run();
    Test::new()
        .env("INJECT_PROFILE", OsStr::from_bytes(b"\xff"))
        .args(["--", "true"])
        .status(125)
        .stderr("inject: error: INJECT_PROFILE: not UTF-8\ninject: nothing was run\n")
        .run();
}

#[test]
fn profile_names_that_are_none() {
    let hint = "hint: `inject list` shows the profiles that can be found";
    let none = "error: no profile: neither -p nor INJECT_PROFILE names one";
    refuses(Test::new().args(["--", "true"]), &[none, hint]);
    refuses(Test::new().env("INJECT_PROFILE", "").args(["--", "true"]), &[none, hint]);
    refuses(Test::new().args(["-p", "", "--", "true"]), &["error: '' is no name of a profile"]);
    refuses(Test::new().args(["-p", "..", "--", "true"]), &["error: '..' is no name of a profile"]);
    refuses(Test::new().args(["-p", "x/y", "--", "true"]), &["error: x/y: no such profile"]);
}

#[test]
fn lists_of_profiles_and_the_variable_that_stands_in() {
    let files = || {
        Test::new()
            .file("a.toml", "vars = { X = 'a', A = '1' }")
            .file("b.toml", "vars = { X = 'b', B = '2' }")
            .file("c.toml", "vars = { X = 'c' }")
    };
    let command = ["--", "/usr/bin/env", "-0"];
    let both = vars(&[("X", "b"), ("B", "2"), ("A", "1")]);
    files().args(["-p", "a.toml,b.toml"]).args(command).stdout(&both).stderr("").run();
    files().args(["-p", "a.toml", "-p", "b.toml"]).args(command).stdout(&both).run();
    files().env("INJECT_PROFILE", "a.toml,b.toml").args(command).stdout(&both).run();
    // It stands in for a missing `-p` only.
    let one = vars(&[("X", "c")]);
    files().env("INJECT_PROFILE", "a.toml,b.toml").args(["-p", "c.toml"]).args(command).stdout(&one).run();
}

#[test]
fn set_beats_all() {
    let test = Test::new()
        .file("p.toml", "inherit = ['W']\nvars = { X = 'a' }\n[secrets]\nY = 'env:NO'\n'*' = 'dotenv:.env'")
        .file(".env", "Z=document\n")
        .env("W", "caller");
    test.args(["-p", "p.toml", "--set", "X=1", "--set", "Y==2", "--set", "Z=", "--set", "X=3", "--set", "W=w"])
        .args(["--", "/bin/sh", "-c", "echo \"$X|$Y|$Z|$W\""])
        .stdout("3|=2||w\n")
        .stderr("")
        .run();
}

#[test]
fn a_bad_set_says_why_but_not_what() {
    let set = |word: &str| Test::new().file("p.toml", "").args(["-p", "p.toml", "--set", word, "--", "true"]);
    refuses(set("word"), &["error: --set: NAME=VALUE is wanted; there is no '='"]);
    refuses(set("=v"), &["error: --set: '' is no name of a variable"]);
    refuses(set("A-B=v"), &["error: --set: 'A-B' is no name of a variable"]);
    refuses(
        set("LD_PRELOAD=v"),
        &[
            "error: --set: LD_PRELOAD: this name makes the dynamic loader run other code",
            "hint: a profile with allow-unsafe-names = true can set it",
        ],
    );
}

#[test]
fn durations() {
    let run = |timeout: &str| Test::new().file("p.toml", "").args(["-p", "p.toml", "--timeout", timeout, "--", "true"]);
    for good in ["500ms", "10s", "2m", "1h", "90d"] {
        run(good).env("PATH", "/bin").stderr("").run();
    }
    for bad in ["5", "1.5s", "s", "1 s", "1w", "-1s", ""] {
        let line = format!("error: --timeout: '{bad}' is no duration; write an integer and ms, s, m, h or d, like 30s");
        if bad != "-1s" {
            refuses(run(bad), &[&line]);
        }
    }
}

#[test]
fn a_full_device_and_a_closed_pipe_are_nobodys_failure() {
    for args in [vec!["--help"], vec!["plan", "-p", "p.toml"], vec!["check", "-p", "p.toml"], vec!["list", "--json"]] {
        let test = Test::new().file("p.toml", "[secrets]\nHOME = 'env:HOME'").args(&args);
        let full = || Stdio::from(File::options().write(true).open("/dev/full").expect("/dev/full"));
        let closed = || Stdio::from(std::io::pipe().expect("a pipe").1);
        for stdout in [full(), closed()] {
            let status = test.command().stdout(stdout).stderr(full()).status().expect("inject");
            // A closed pipe may also end it by SIGPIPE, as it ends any other program.
            assert!(status.code() == Some(0) || status.code().is_none(), "{args:?}: {status}");
        }
    }
    let test = Test::new().args(["--wrong"]);
    let full = File::options().write(true).open("/dev/full").expect("/dev/full");
    assert_eq!(test.command().stderr(full).status().expect("inject").code(), Some(125), "{}", inject().display());
}

/// Its own memory, a profile's path and PATH are the caller's: more rights than the caller has are nobody's to give.
#[test]
fn it_refuses_more_rights_than_its_caller_has() {
    let test = env("vars.A = '1'");
    let binary = test.bring(&inject());
    let test = test.owner(12345).program(&binary);
    std::os::unix::fs::chown(&binary, Some(0), Some(0)).unwrap();
    let caller = ["/usr/bin/setpriv", "--clear-groups", "--reuid", "12345", "--regid", "12345"];
    let test = test.prefix(caller);
    let run = |mode| {
        fs::set_permissions(&binary, fs::Permissions::from_mode(mode)).unwrap();
        test.command().output().unwrap()
    };
    assert!(run(0o755).status.success());
    let output = run(0o4755);
    let told =
        "inject: error: refuses to run set-user-ID, set-group-ID or with file capabilities\ninject: nothing was run\n";
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(125), told));
    assert_eq!(output.stdout, b"");
}
