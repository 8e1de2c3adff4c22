//! `inject get`: exact bytes of one variable, and nothing touched that it does not need.

use super::support::{hostile, test};
use crate::common::Test;
use crate::terminal::Terminal;
use std::process::{Command, Stdio};

/// A profile in which `mark` leaves a file `mark` where it is run; `inject get` with `args` behind it.
fn get(profile: &str, args: &[&str]) -> Test {
    let mark = "[source.mark]\nkind = 'command'\nrun = ['/bin/sh', '-c', 'echo >>mark; echo {}', 'sh', '{}']\n";
    Test::new().file("p.toml", format!("{profile}{mark}")).args(["get", "-p", "./p.toml"]).args(args)
}

#[test]
fn every_value_byte_for_byte() {
    for (name, value) in hostile() {
        test(&[(name.clone(), value.clone())]).args(["get", "-p", "./p.toml", &name]).stdout(value).stderr("").run();
    }
}

#[test]
fn what_other_variables_need_is_left_alone() {
    let mut profile = "[vars]\nPLAIN = 'p'\n[secrets]\nGOOD = 'env:GOOD'\nRUNS = 'mark:x'\n".to_owned();
    for n in 0..200 {
        profile.push_str(&format!(
            "BAD{n} = 'env:NONE'\nMARK{n} = 'mark:{n}'\nMADE{n} = {{ template = '${{BAD{n}}}' }}\n"
        ));
    }
    let done = get(&profile, &["GOOD"]).env("GOOD", "good").stdout("good").stderr("").run();
    assert!(!done.dir.path().join("mark").exists());
    get(&profile, &["PLAIN"]).stdout("p").run();
    get(&profile, &["BAD7"]).status(125).stdout("").stderr_contains("p.toml:27: BAD7: env:NONE: ").run();
    let done = get(&profile, &["RUNS"]).stdout("x").run();
    assert_eq!(std::fs::read(done.dir.path().join("mark")).unwrap(), b"\n", "once, and the control");
}

#[test]
fn a_template_and_what_it_uses() {
    let profile = "[vars]\nHOST = 'h'\n[secrets]\nPW = { from = 'env:PW', expose = false }\nRUNS = 'mark:x'\n\
        DSN = { template = '${USER}:${PW|url}@${HOST}' }\nUSER = { template = 'u-${HOST}' }\n\
        BAD = { template = '${NONE}' }\nNONE = 'env:NONE'\n";
    let done = get(profile, &["DSN"]).env("PW", "p w").stdout("u-h:p%20w@h").stderr("").run();
    assert!(!done.dir.path().join("mark").exists());
    get(profile, &["PW"]).env("PW", "p w").stdout("p w").run();
    let told = "inject: error: ./p.toml:8: BAD: it needs NONE: not set in the caller's environment\n";
    get(profile, &["BAD"]).status(125).stdout("").stderr(told).run();
}

#[test]
fn a_pattern_is_read_where_it_could_win() {
    let get = |name: &str| get("[secrets]\n'*' = 'dotenv:.env'\nB_X = 'env:B'\n'C_*' = 'dotenv:none.env'\n", &[name]);
    let broken = "A='not closed\n";
    // Written out beats a pattern of the same profile.
    get("B_X").env("B", "b").file(".env", broken).stdout("b").stderr("").run();
    let fine = "A='a b'\nLD_PRELOAD=x\nNOTHING\n";
    // What is wrong with other keys, and with patterns of another prefix, is not looked at.
    get("A").file(".env", fine).stdout("a b").stderr("").run();
    get("A").file(".env", broken).status(125).stdout("").stderr_contains("p.toml:2: *: dotenv:.env: line 1: ").run();
    get("A").status(125).stdout("").stderr_contains("p.toml:2: *: dotenv:.env: ").run();
    get("Z").file(".env", "A=1\n").status(125).stderr("inject: error: Z: this profile does not set it\n").run();
    // Where another pattern could give the name and did not say, nobody knows.
    get("C_X").file(".env", "C_X=1\n").status(125).stdout("").stderr_contains("p.toml:4: C_*: dotenv:none.env: ").run();
}

#[test]
fn the_profile_that_wins() {
    let files = |test: Test| {
        let test =
            test.file("base.toml", "[secrets]\n'*' = 'dotenv:none.env'\nA = 'env:BASE'\nT = { template = '${A}' }\n");
        let test = test.file("top.toml", "extends = ['base']\n[secrets]\nA = 'env:TOP'\n");
        let test = test.file("pattern.toml", "extends = ['base']\n[secrets]\n'*' = 'dotenv:x.env'\n");
        test.file("x.env", "A=from a pattern\n").env("BASE", "base").env("TOP", "top")
    };
    let get = |args: &[&str]| files(Test::new()).args(["get"]).args(args);
    get(&["-p", "./base.toml", "A"]).stdout("base").run();
    get(&["-p", "./top.toml", "A"]).stdout("top").run();
    get(&["-p", "./top.toml", "T"]).stdout("top").run();
    get(&["-p", "./top.toml,./base.toml", "A"]).stdout("base").run();
    get(&["-p", "./base.toml", "-p", "./top.toml", "A"]).stdout("top").run();
    get(&["-p", "./pattern.toml", "A"]).stdout("from a pattern").run();
    get(&["-p", "./pattern.toml", "T"]).stdout("from a pattern").run();
    get(&["-p", "./base.toml", "--set", "A=set", "A"]).stdout("set").run();
    // The pattern on top could have the name, and fails.
    let test = get(&["-p", "./pattern.toml", "A"]).file("x.env", "A='\n");
    test.status(125).stdout("").stderr_contains("pattern.toml:3: *: dotenv:x.env: ").run();
    let test = get(&["-p", "./pattern.toml", "T"]).file("x.env", "A='\n");
    test.status(125).stdout("").stderr_contains("pattern.toml:3: *: dotenv:x.env: ").run();
}

#[test]
fn no_value() {
    let profile = "inherit = ['HOME']\n[secrets]\nOPT = { from = 'env:NONE', optional = true }\n\
        DEF = { from = 'env:NONE', default = 'd' }\nLATE = 'slow:x'\nPAIR = ['env:NONE', 'env:B']\n\
        [source.slow]\nkind = 'command'\nrun = ['sleep', '60']\n";
    get(profile, &["DEF"]).stdout("d").run();
    get(profile, &["PAIR"]).env("B", "b").stdout("b").run();
    let told = "inject: error: ./p.toml:3: OPT: env:NONE: is optional and absent, so it has no value\n";
    get(profile, &["OPT"]).status(125).stdout("").stderr(told).run();
    get(profile, &["--timeout", "100ms", "LATE"])
        .status(124)
        .stdout("")
        .stderr_contains("LATE: slow:x: no answer")
        .run();
    get(profile, &["HOME"]).status(125).stderr("inject: error: HOME: this profile does not set it\n").run();
    get(profile, &["DEV"]).status(125).stderr_contains("hint: did you mean 'DEF'?\n").run();
    // What stands in the place of a name could be a value.
    get(profile, &["hunter 2"]).status(125).stdout("").stderr_contains("NAME is no name of a variable").run();
    let done = get(profile, &["A=hunter2"]).any_status().run();
    assert!(!String::from_utf8_lossy(&done.stderr).contains("hunter"));
}

#[test]
fn an_untrusted_profile_is_refused() {
    for verb in [&["get", "A"][..], &["verify", "A", "--stdin"], &["export", "--format", "json"]] {
        let test = || {
            let profile = "[secrets]\nA = 'mark:x'\n[source.mark]\nkind = 'command'\nrun = ['sh', '-c', 'echo >>mark; echo x', '{}']\n";
            Test::new()
                .file("profiles/dev.toml", profile)
                .env("PATH", "/usr/bin:/bin")
                .args(verb)
                .args(["-p", "dev"])
                .stdin("x")
        };
        let done = test().status(125).stdout("").stderr_contains("inject trust dev").run();
        assert!(!done.dir.path().join("mark").exists(), "{verb:?}");
        let done = test().args(["--trust"]).stderr("").run();
        assert!(done.dir.path().join("mark").exists(), "{verb:?}");
    }
}

/// On a terminal, with the text of stderr in the file `told`.
fn on_a_terminal(args: &[&str]) -> (Option<i32>, String, bool, String) {
    let test = get("[secrets]\nA = 'mark:value'\n", args);
    let mut shell = Command::new("/bin/sh");
    let command = test.command();
    shell.args(["-c", "exec \"$@\" 2>told", "sh"]).arg(command.get_program()).args(command.get_args());
    shell.current_dir(test.path("")).env_clear().env("HOME", test.path("")).env("PATH", "/usr/bin:/bin");
    let (status, shown) = Terminal::start(shell, 80).end();
    let told = std::fs::read_to_string(test.path("told")).unwrap();
    (status.code(), shown, test.path("mark").exists(), told)
}

#[test]
fn to_a_terminal_only_with_show() {
    let hint = "inject: error: standard output is a terminal, where others can read along\ninject: hint: --show prints it there\n";
    assert_eq!(on_a_terminal(&["A"]), (Some(125), String::new(), false, hint.into()));
    assert_eq!(on_a_terminal(&["--show", "A"]), (Some(0), "value".into(), true, String::new()));
}

#[test]
fn a_cut_secret_is_no_success() {
    let verbs = [&["get", "A"][..], &["export", "--format", "shell"], &["generate"]];
    for verb in verbs {
        let test = || {
            let test = Test::new().file("p.toml", "[vars]\nA = 'value'\n").args(verb);
            if verb == ["generate"] { test } else { test.args(["-p", "./p.toml"]) }
        };
        let ended = |stdout: Stdio, told: &str| {
            let test = test();
            let done = test.command().stdin(Stdio::null()).stdout(stdout).stderr(Stdio::piped()).output().unwrap();
            let stderr = String::from_utf8(done.stderr).unwrap();
            assert_eq!((done.status.code(), stderr.as_str()), (Some(125), told), "{verb:?}");
        };
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        ended(full.into(), "inject: error: standard output: no space left on device\n");
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        ended(writer.into(), "inject: error: standard output: broken pipe\n");
        let closed = test().prefix(["/bin/sh", "-c", "exec \"$@\" >&-", "sh"]);
        closed.status(125).stderr("inject: error: standard output: bad file number\n").run();
    }
}
