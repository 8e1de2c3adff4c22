//! DESIGN 1: `plan`, `check` and `list`, to the letter.

use crate::support::{INJECT, Test};
use serde_json::{Value, json};
use std::process::Command;

fn full() -> Test {
    let text = "extends = [\"./base.toml\"]\ninherit = [\"LANG\", \"LC_*\", \"W\"]\n[vars]\nV = \"x\"\nW = \"top\"\n[secrets]\n\
                S = \"file:none#a.b\"\nL = { from = [\"env:L1\", \"env:L2\"] }\nT = { template = \"a${H}b\" }\n\
                H = { from = \"env:H\", expose = false }\n\"APP_*\" = \"dotenv:none\"\nO = { from = \"env:O\", optional = true }\n";
    Test::new()
        .file("d/p.toml", text)
        .file("d/base.toml", "[vars]\nW = \"base\"\n[secrets]\nV = \"env:BASE\"\n")
        .env("LANG", "C")
        .env("LC_ALL", "C")
        .env("W", "caller")
        .env("H", "caller")
        .env("X", "gone")
        .env("MAKEFLAGS", "-j")
}

#[test]
fn json_to_the_letter() {
    let ran = full().line("plan --json -p d/p.toml --set W=y --set Z=z -i X* -- true").status(0).stderr("");
    let dir = ran.dir.path().to_str().unwrap().to_owned();
    let file = format!("{dir}/d/p.toml");
    let base = format!("{dir}/d/./base.toml").replace("/./", "/");
    let row = |name: &str, kind: &str, from: &str, file: Value, line: Value, overrides: Value| json!({"name": name, "kind": kind, "from": from, "file": file, "line": line, "overrides": overrides});
    let none = || json!([]);
    let expected = json!([
        row("Z", "plain", "--set", Value::Null, Value::Null, none()),
        row(
            "W",
            "plain",
            "--set",
            Value::Null,
            Value::Null,
            json!([
            {"from": "vars", "file": file, "line": 5}, {"from": "vars", "file": base, "line": 2},
            {"from": "W", "file": file, "line": 2}])
        ),
        row("V", "plain", "vars", json!(file), json!(4), json!([{"from": "env:BASE", "file": base, "line": 4}])),
        row("S", "secret", "file:none#a.b", json!(file), json!(7), none()),
        row("L", "secret", "env:L1, env:L2", json!(file), json!(8), none()),
        row("T", "secret", "a${H}b", json!(file), json!(9), none()),
        row("O", "secret", "env:O", json!(file), json!(12), none()),
        row("APP_*", "secret", "dotenv:none", json!(file), json!(11), none()),
        row("LANG", "inherited", "LANG", json!(file), json!(2), none()),
        row("LC_ALL", "inherited", "LC_*", json!(file), json!(2), none()),
        row("X", "inherited", "X*", Value::Null, Value::Null, none()),
    ]);
    let got = ran.json();
    let by_name = |rows: &Value| {
        let mut rows = rows.as_array().unwrap().clone();
        rows.sort_by_key(|row| row["name"].as_str().unwrap().to_owned());
        rows
    };
    assert_eq!(by_name(&got["variables"]), by_name(&expected));
    assert_eq!(got["command"], "/usr/bin/true");
    assert_eq!(got["dropped"], json!(["H", "HOME", "MAKEFLAGS", "PATH"]));
    let mut profiles: Vec<_> = got["profiles"].as_array().unwrap().iter().map(|p| p.as_str().unwrap()).collect();
    profiles.sort();
    assert_eq!(profiles, [base.as_str(), file.as_str()]);
    assert_eq!(got.as_object().unwrap().len(), 4);
}

#[test]
fn text_is_a_row_a_variable() {
    full().line("plan -p d/p.toml --set W=y").status(0).stderr("").stdout(
        "W       plain      --set           the command line, overrides vars (d/p.toml:5), overrides vars (d/./base.toml:2), overrides W (d/p.toml:2)\n\
         V       plain      vars            d/p.toml:4, overrides env:BASE (d/./base.toml:4)\n\
         S       secret     file:none#a.b   d/p.toml:7\n\
         L       secret     env:L1, env:L2  d/p.toml:8\n\
         T       secret     a${H}b          d/p.toml:9\n\
         O       secret     env:O           d/p.toml:12\n\
         APP_*   secret     dotenv:none     d/p.toml:11\n\
         LANG    inherited  LANG            d/p.toml:2\n\
         LC_ALL  inherited  LC_*            d/p.toml:2\n\
         note: a pattern's names are in its document, which was not opened; the other rows are as if it gave none\n\
         note: MAKEFLAGS is dropped; inherit = [\"MAKEFLAGS\"] passes it\n",
    );
    Test::profile("inherit = [\"A\"]\n")
        .env("A", "1")
        .env("B", "2")
        .line("plan -p p.toml --dropped")
        .status(0)
        .stdout("A  inherited  A  p.toml:1\nB is dropped\nHOME is dropped\nPATH is dropped\n");
    for name in ["LISTEN_FDS", "NOTIFY_SOCKET", "MAKEFLAGS"] {
        let note = format!("note: {name} is dropped; inherit = [\"{name}\"] passes it\n");
        Test::profile("").env(name, "1").line("plan -p p.toml").status(0).stdout(&note);
        Test::profile(&format!("inherit = [\"{name}\"]\n"))
            .env(name, "1")
            .line("plan -p p.toml")
            .status(0)
            .stdout(&format!("{name}  inherited  {name}  p.toml:1\n"));
        Test::profile(&format!("[vars]\n{name} = \"2\"\n"))
            .env(name, "1")
            .line("plan -p p.toml")
            .status(0)
            .stdout(&format!("{name}  plain  vars  p.toml:2\n"));
    }
}

#[test]
fn json_holds_a_long_template_whole() {
    let template = "x".repeat(1000) + "\\t";
    let ran = Test::profile(&format!("[secrets]\nT = {{ template = \"{template}\" }}\n"))
        .line("plan --json -p p.toml")
        .status(0);
    assert_eq!(ran.json()["variables"][0]["from"], "x".repeat(1000) + "\t");
    assert_eq!(ran.json()["command"], Value::Null);
}

#[test]
fn it_opens_profiles_and_nothing_else_and_needs_no_trust() {
    let text = "[source.op]\nkind = \"command\"\nrun = [\"../mark\", \"{}\"]\n[secrets]\nA = \"op:x\"\nB = \"file:../pipe\"\n\"*\" = \"dotenv:../pipe\"\n";
    let test = Test::new().file("profiles/dev.toml", text).script("mark", "#!/bin/sh\n: >mark.done\n").fifo("pipe");
    let trace = test.path("trace");
    let mut strace = Command::new("/usr/bin/strace");
    strace
        .args(["-f", "-e", "trace=%file,%network,%process", "-o"])
        .arg(&trace)
        .arg(INJECT)
        .args(["plan", "-p", "dev", "--", "true"]);
    let output = strace
        .env_clear()
        .env("HOME", test.path(""))
        .env("PATH", "/usr/bin:/bin")
        .current_dir(test.path(""))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let trace = std::fs::read_to_string(trace).unwrap();
    for word in ["/pipe", "socket(", "fork(", "clone", "mark", ".local"] {
        assert!(!trace.contains(word), "{word}: {trace}");
    }
    assert!(!test.path("mark.done").exists());
}

#[test]
fn it_exits_126_and_127_for_a_command_that_would() {
    let test = || Test::profile("").file("plain", "x");
    test()
        .line("plan -p p.toml -- nowhere")
        .status(127)
        .stdout("")
        .stderr("inject: error: nowhere: not found in the caller's PATH\ninject: nothing was run\n");
    test().line("plan -p p.toml -- ./plain").status(126).stdout("");
    test().line("plan --json -p p.toml -- ./nowhere").status(127).stdout("");
    test().script("s", "#!/no/such\n").line("plan -p p.toml -- ./s").status(126);
    test().line("plan -p p.toml --").status(0);
    let ran = test().script("s", "#!/bin/sh\n").line("plan --json -p p.toml -- ./s").status(0);
    assert_eq!(ran.json()["command"], ran.dir.path().join("s").to_str().unwrap());
}

const STATES: &str = "[vars]\nV = \"x\"\n[secrets]\nOK = \"env:OK\"\nDEF = { from = \"env:NO\", default = \"d\" }\n\
    UN = { from = \"env:NO\", optional = true }\nABS = \"env:NO\"\nINV = \"file:folder\"\nLATE = \"file:pipe\"\nPROG = \"op:x\"\n\
    T = { template = \"${OK}\" }\nD = { template = \"${ABS}\" }\nHID = { from = \"env:OK\", expose = false }\n\"P_*\" = { from = \"dotenv:none\", optional = true }\n\
    [source.op]\nkind = \"command\"\nrun = [\"/no/such/program\", \"{}\"]\n";

#[test]
fn check_json_to_the_letter() {
    let ran = Test::profile(STATES)
        .folder("folder")
        .fifo("pipe")
        .env("OK", "secretvalue")
        .line("check --json -p p.toml --timeout 100ms")
        .status(125);
    assert!(!ran.out_text().contains("secretvalue"));
    let file = ran.dir.path().join("p.toml").to_str().unwrap().to_owned();
    let row = |name: &str, source: Value, from: &str, state: &str, exit: u8, message: Value, line: u64| json!({"name": name, "source": source, "from": from, "state": state, "exit": exit, "message": message, "file": file, "line": line, "version": null, "created": null});
    let null = || Value::Null;
    assert_eq!(
        ran.json(),
        json!({"ok": false, "variables": [
            row("OK", json!("env"), "env:OK", "ok", 0, null(), 4),
            row("DEF", json!("env"), "env:NO", "default", 0, null(), 5),
            row("UN", json!("env"), "env:NO", "unset", 0, null(), 6),
            row("ABS", json!("env"), "env:NO", "absent", 125, json!("not set in the caller's environment"), 7),
            row("INV", json!("file"), "file:folder", "invalid", 125, json!("is a folder, not a file"), 8),
            row("LATE", json!("file"), "file:pipe", "timeout", 124, json!("no answer within 100 ms"), 9),
            row("PROG", json!("op"), "op:x", "unreachable", 125, json!("/no/such/program: not found"), 10),
            row("T", null(), "${OK}", "ok", 0, null(), 11),
            row("D", null(), "${ABS}", "absent", 125, json!("it needs ABS: not set in the caller's environment"), 12),
            row("HID", json!("env"), "env:OK", "ok", 0, null(), 13),
            row("P_*", json!("dotenv"), "dotenv:none", "unset", 0, null(), 14),
        ]})
    );
}

#[test]
fn check_exits_as_the_launch_would() {
    let late = || Test::profile("[secrets]\nA = \"file:pipe\"\n").fifo("pipe");
    late().line("check -p p.toml --timeout 50ms").status(124);
    late().line("-p p.toml --timeout 50ms -- env").status(124);
    let mixed = "[secrets]\nA = \"file:pipe\"\nB = \"env:NO\"\n";
    Test::profile(mixed).fifo("pipe").line("check -p p.toml --timeout 50ms").status(125);
    Test::profile("[secrets]\nA = \"env:X\"\n")
        .env("X", "v")
        .line("check -p p.toml")
        .status(0)
        .stdout("A  ok  env:X\n")
        .stderr("");
    Test::profile("[secrets]\nA = \"env:X\"\n")
        .line("check -p p.toml")
        .status(125)
        .stderr("")
        .stdout("A  absent  env:X  p.toml:2: not set in the caller's environment\n");
    // What is plain can fail too, and so can all of them together.
    let big = format!("[vars]\nA = \"{}\"\n", "x".repeat(131_072));
    Test::profile(&big)
        .line("check -p p.toml")
        .status(125)
        .out_has("A  invalid  vars  p.toml:2: with its name the value takes");
    let many: String = (0..60).map(|i| format!("V{i} = \"file:big\"\n")).collect();
    let many = Test::profile(&format!("[secrets]\n{many}")).file("big", "x".repeat(130_000));
    let ran = many.line("check -p p.toml").status(125).err_has("the kernel's limit here is");
    ran.again().line("-p p.toml -- true").status(125).err_has("the kernel's limit here is");
}

#[test]
fn strict_turns_a_warning_into_1() {
    let test = || Test::profile("[secrets]\nA = \"dotenv:.env\"\n").file_mode(".env", "A=1\nA=2\n", 0o644);
    test()
        .line("check -p p.toml")
        .status(0)
        .err_has("inject: warning: ")
        .err_has("chmod 600")
        .err_has("A stands in lines 1, 2");
    test().line("check -p p.toml --strict").status(1);
    test().line("check -p p.toml --strict --json").status(1);
    Test::profile("[secrets]\nA = \"dotenv:.env\"\n")
        .file(".env", "A=1\n")
        .line("check --strict -p p.toml")
        .status(0)
        .stderr("");
    test().line("-p p.toml -- true").status(0).stderr("");
}

#[test]
fn list_shows_what_can_be_found() {
    let test = || {
        Test::new()
            .file("profiles/a.toml", "description = \"the \\u001b[31m a\"\n")
            .file("profiles/b.toml", "not toml")
            .file(".config/inject/profiles/a.toml", "description = \"hidden\"\n")
            .file(".config/inject/profiles/c.toml", "description = \"c\"\nunknown = 1\n")
            .file(".config/inject/profiles/.d.toml", "")
            .file(".config/inject/profiles/e.txt", "")
    };
    let ran = test().line("list").status(0).stderr("");
    let rows: Vec<Vec<_>> = ran.out_text().lines().map(|l| l.split_whitespace().map(String::from).collect()).collect();
    assert_eq!(rows[0], ["a", "profiles/a.toml", "the", "\\u{1b}[31m", "a"]);
    assert_eq!(rows[1], ["b", "profiles/b.toml"]);
    assert_eq!(rows[2], ["c", "[DIR]/.config/inject/profiles/c.toml", "c"]);
    let ran = test().line("list --json").status(0);
    let dir = ran.dir.path().to_str().unwrap();
    assert_eq!(
        ran.json(),
        json!([
            {"name": "a", "path": format!("{dir}/profiles/a.toml"), "description": "the \u{1b}[31m a"},
            {"name": "b", "path": format!("{dir}/profiles/b.toml"), "description": null},
            {"name": "c", "path": format!("{dir}/.config/inject/profiles/c.toml"), "description": "c"},
        ])
    );
    let ran = Test::new().line("list --json").status(0);
    assert_eq!(ran.json(), json!([]));
}
