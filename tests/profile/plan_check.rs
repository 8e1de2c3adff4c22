//! `plan`, `check` and `list`, for people and for programs.

use super::support::{folder, refuses, stdout};
use crate::common::Test;
use serde_json::{Value, json};

const TOP: &str = "inherit = ['PATH', 'HOM*']\nextends = ['sub/b.toml']\n[vars]\nA = '1'\n[secrets]\nB = ['env:X', 'file:no']\n\
                   T.template = 'x${B}'\n'APP_*' = 'dotenv:.env'\nN = { from = 'env:Y', expose = false }\n\
                   HOME = { from = 'env:Z', optional = true }\n";

fn start(args: &[&str]) -> Test {
    Test::new().file("p.toml", TOP).file("sub/b.toml", "vars.A = '0'\nvars.Z = 'z'").env("PATH", "/bin").args(args)
}

#[test]
fn the_plan_for_people() {
    start(&["plan", "-p", "p.toml", "--set", "Z=1"])
        .env("OTHER", "x")
        .env("MAKEFLAGS", "x")
        .stdout(
            "Z      plain      --set           the command line, overrides vars (sub/b.toml:2)\n\
             A      plain      vars            p.toml:4, overrides vars (sub/b.toml:1)\n\
             B      secret     env:X, file:no  p.toml:6\n\
             T      secret     x${B}           p.toml:7\n\
             HOME   secret     env:Z           p.toml:10, overrides HOM* (p.toml:1)\n\
             APP_*  secret     dotenv:.env     p.toml:8\n\
             PATH   inherited  PATH            p.toml:1\n\
             note: a pattern's names are in its document, which was not opened; the other rows are as if it gave none\n\
             note: MAKEFLAGS is dropped; inherit = [\"MAKEFLAGS\"] passes it\n",
        )
        .stderr("")
        .run();
    Test::new()
        .file("p.toml", "")
        .args(["plan", "-p", "p.toml", "--dropped", "-i", "B*"])
        .env("BB", "x")
        .env("LISTEN_FDS", "1")
        .env("NOTIFY_SOCKET", "x")
        .stdout(
            "BB  inherited  B*  the command line\nHOME is dropped\nLISTEN_FDS is dropped\nNOTIFY_SOCKET is dropped\n\
             note: LISTEN_FDS is dropped; inherit = [\"LISTEN_FDS\"] passes it\n\
             note: NOTIFY_SOCKET is dropped; inherit = [\"NOTIFY_SOCKET\"] passes it\n",
        )
        .run();
}

#[test]
fn the_plan_for_programs() {
    let test =
        start(&["plan", "--json", "-p", "p.toml", "--set", "Z=1", "--", "sh"]).env("OTHER", "x").env("ANOTHER", "x");
    let here = folder(&test);
    let path = |name: &str| here.join(name).display().to_string();
    let row = |name: &str, kind: &str, from: &str, line: u32, overrides: Value| json!({"name": name, "kind": kind, "from": from, "file": path("p.toml"), "line": line, "overrides": overrides});
    let below = |line: u32| json!([{"from": "vars", "file": path("sub/b.toml"), "line": line}]);
    let expected = json!({
        "profiles": [path("p.toml"), path("sub/b.toml")],
        "command": "/bin/sh",
        "variables": [
            {"name": "Z", "kind": "plain", "from": "--set", "file": null, "line": null, "overrides": below(2)},
            row("A", "plain", "vars", 4, below(1)),
            row("B", "secret", "env:X, file:no", 6, json!([])),
            row("T", "secret", "x${B}", 7, json!([])),
            row("HOME", "secret", "env:Z", 10, json!([{"from": "HOM*", "file": path("p.toml"), "line": 1}])),
            row("APP_*", "secret", "dotenv:.env", 8, json!([])),
            row("PATH", "inherited", "PATH", 1, json!([])),
        ],
        "dropped": ["ANOTHER", "OTHER"],
    });
    let actual: Value = serde_json::from_str(&stdout(&test.stderr("").run())).unwrap();
    assert_eq!(actual, expected);
    let test = Test::new().file("p.toml", "").args(["plan", "--json", "-p", "p.toml", "-i", "HOME"]);
    let actual: Value = serde_json::from_str(&stdout(&test.run())).unwrap();
    assert_eq!(actual["command"], Value::Null);
    let home =
        json!([{"name": "HOME", "kind": "inherited", "from": "HOME", "file": null, "line": null, "overrides": []}]);
    assert_eq!(actual["variables"], home);
}

#[test]
fn the_plan_touches_no_source_and_needs_no_trust() {
    let profile = "[secrets]\nA = 'mark:x'\nB = 'file:fifo'\n'*' = 'dotenv:fifo'\nC = 'keychain:a/b'\n[source.mark]\n\
                   kind = 'command'\nrun = ['/usr/bin/touch', 'marker']";
    let test = Test::new().file("profiles/dev.toml", profile).args(["plan", "-p", "dev", "--", "/bin/sh"]);
    nix::unistd::mkfifo(&test.path("profiles/fifo"), nix::sys::stat::Mode::S_IRUSR).expect("a FIFO");
    let output = test.stdout_contains("A  secret  mark:x        profiles/dev.toml:2\n").stderr("").run();
    assert!(!output.dir.path().join("marker").exists());
}

#[test]
fn the_plan_exits_as_the_command_would() {
    let run = |command: &str| {
        Test::new().file("p.toml", "").args(["plan", "-p", "p.toml", "--", command]).env("PATH", "/bin")
    };
    run("sh").stdout("").run();
    let told = |message: &str| format!("inject: error: {message}\ninject: nothing was run\n");
    run("nope").status(127).stdout("").stderr(told("nope: not found in the caller's PATH")).run();
    run("/etc/passwd").status(126).stderr(told("/etc/passwd: cannot be executed: permission denied")).run();
}

const CHECK: &str = "inherit = ['PATH']\nvars.P = 'plain'\n[secrets]\nB = ['env:X', 'file:no']\nT.template = 'x${B}'\n'APP_*' = 'dotenv:.env'\n\
                     O = { from = 'env:Z', optional = true }\nD = { from = 'env:Z', default = 'd' }\nJ = 'file:x.json#a.b'\n\
                     F = 'fail:x'\n[source.fail]\nkind = 'command'\nrun = ['/bin/false']\n";

#[test]
fn the_check_for_programs() {
    let test = Test::new().file("p.toml", CHECK).file(".env", "K=SECRET\n").file("x.json", "{\"a\": null}");
    let test = test.args(["check", "--json", "-p", "p.toml"]).status(125).stderr("");
    let file = folder(&test).join("p.toml").display().to_string();
    let row = |name: &str, source: Value, from: &str, state: &str, exit: u8, message: Value, line: u32| json!({"name": name, "source": source, "from": from, "state": state, "exit": exit, "message": message, "file": file, "line": line, "version": null, "created": null});
    let mut actual: Value = serde_json::from_str(&stdout(&test.run())).unwrap();
    for row in actual["variables"].as_array_mut().unwrap() {
        let created = row["created"].take();
        assert_eq!(created.is_string(), row["state"] == "ok" || row["name"] == "J", "{row}");
    }
    let expected = json!({"ok": false, "variables": [
        row("B", "env".into(), "env:X, file:no", "absent", 125, "no such file".into(), 4),
        row("T", Value::Null, "x${B}", "absent", 125, "it needs B: no such file".into(), 5),
        row("APP_K", "dotenv".into(), "dotenv:.env", "ok", 0, Value::Null, 6),
        row("O", "env".into(), "env:Z", "unset", 0, Value::Null, 7),
        row("D", "env".into(), "env:Z", "default", 0, Value::Null, 8),
        row("J", "file".into(), "file:x.json#a.b", "invalid", 125, "'a' is null, so it has no field 'b'".into(), 9),
        row("F", "fail".into(), "fail:x", "invalid", 125, actual["variables"][6]["message"].clone(), 10),
    ]});
    assert_eq!(actual, expected);
}

#[test]
fn the_check_exits_as_the_launch_would() {
    let run =
        |profile: &str, args: &[&str]| Test::new().file("p.toml", profile).args(["check", "-p", "p.toml"]).args(args);
    run("secrets.A = 'env:V'", &[]).env("V", "hunter2").stdout("A  ok  env:V\n").stderr("").run();
    run("secrets.A = 'env:V'", &[])
        .status(125)
        .stdout("A  absent  env:V  p.toml:1: not set in the caller's environment\n")
        .stderr("")
        .run();
    let slow = "timeout = '200ms'\nsecrets.A = 'slow:x'\n[source.slow]\nkind = 'command'\nrun = ['/bin/sleep', '60']";
    run(slow, &["--json"]).status(124).stdout_contains("\"state\": \"timeout\"").stdout_contains("\"exit\": 124").run();
    // Where failures of both kinds meet, 125.
    run(&slow.replace("secrets.A", "secrets.B = 'env:V'\nsecrets.A"), &[]).status(125).run();
    // A warning is one line on stderr, and 1 with --strict.
    let twice = || run("secrets.A = 'dotenv:.env'", &[]).file(".env", "A=1\nA=2\n");
    twice().stdout("A  ok  dotenv:.env\n").stderr_contains("inject: warning: ").run();
    twice().args(["--strict"]).status(1).stderr_contains("inject: warning: ").run();
    run("secrets.A = 'env:V'", &["--strict"]).env("V", "x").stderr("").run();
    refuses(run("", &["--", "true"]), &["error: this verb takes no command behind '--'"]);
}

#[test]
fn the_list() {
    let test = Test::new()
        .file("profiles/dev.toml", "description = 'tree'")
        .file("profiles/broken.toml", "description = ")
        .file(".config/inject/profiles/dev.toml", "description = 'hidden'")
        .file(".config/inject/profiles/prod.toml", "description = 'the API'\nzzz = 1")
        .args(["list", "--json"]);
    let here = folder(&test);
    let path = |name: &str| here.join(name).display().to_string();
    let actual: Value = serde_json::from_str(&stdout(&test.stderr("").run())).unwrap();
    let mut actual = actual.as_array().unwrap().clone();
    // What the machine has in /etc is not this test's.
    actual.retain(|row| !row["path"].as_str().unwrap().starts_with("/etc/"));
    assert_eq!(
        Value::from(actual),
        json!([
            {"name": "broken", "path": path("profiles/broken.toml"), "description": null},
            {"name": "dev", "path": path("profiles/dev.toml"), "description": "tree"},
            {"name": "prod", "path": path(".config/inject/profiles/prod.toml"), "description": "the API"},
        ])
    );
}
