//! What `optional`, `default` and the next entry of a list forgive: true absence, and nothing else.

use super::support::{env, refused, vars};
use crate::common::{Test, inject};
use std::{fs, os::unix::fs::PermissionsExt};

const SOURCES: &str = "[source.say]\nkind = 'command'\nrun = ['/bin/sh', '-c', '$0', '{}']\n\
                       [source.gone]\nkind = 'command'\nrun = ['/no/such/program', '{}']\n";

/// The three ways to forgive, each of them around `reference`.
fn forgiving(reference: &str) -> [(String, &'static [(&'static str, &'static str)]); 3] {
    [
        (format!("secrets.A = {{ from = '{reference}', optional = true }}\n{SOURCES}"), &[]),
        (format!("secrets.A = {{ from = '{reference}', default = 'd' }}\n{SOURCES}"), &[("A", "d")]),
        (format!("secrets.A = ['{reference}', 'env:NEXT']\n{SOURCES}"), &[("A", "next")]),
    ]
}

fn files(test: Test) -> Test {
    test.env("NEXT", "next")
        .file("x.json", r#"{"a": {"b": "1"}, "n": null, "l": ["x"]}"#)
        .file("bad.json", "{")
        .file(".env", "KEY\nOTHER=1\n")
        .file("folder/file", "")
}

#[test]
fn absence_is_forgiven() {
    for reference in [
        "env:NO",
        "file:no",
        "file:folder/no",
        "dotenv:no",
        "dotenv:.env#NO",
        "dotenv:.env#KEY",
        "file:x.json#no",
        "file:x.json#a.no",
        "file:x.json#l.1",
    ] {
        for (profile, expected) in forgiving(reference) {
            files(env(&profile)).stdout(vars(expected)).stderr("").run();
        }
        let plain = format!("secrets.A = '{reference}'");
        files(env(&plain)).status(125).stdout("").stderr_contains("inject: error: p.toml:1: A: ").run();
    }
    let seven = "[source.seven]\nkind = 'command'\nrun = ['/bin/sh', '-c', 'exit 7']\nabsent-exit = [7]";
    env(&format!("secrets.A = {{ from = 'seven:x', default = 'd' }}\n{seven}")).stdout(vars(&[("A", "d")])).run();
}

#[test]
fn nothing_else_is() {
    for (reference, state) in [
        ("file:folder", "invalid"),
        ("file:bad.json#a", "invalid"),
        ("file:x.json#n", "invalid"),
        ("file:x.json#a", "invalid"),
        ("file:x.json#n.x", "invalid"),
        ("file:x.json#l.x", "invalid"),
        ("gone:x", "unreachable"),
        ("say:/bin/false", "invalid"),
        ("systemd:x", "unreachable"),
    ] {
        for (profile, _) in forgiving(reference) {
            let output = files(env(&profile)).status(125).stdout("").run();
            let told = String::from_utf8(output.stderr).unwrap();
            assert!(told.starts_with("inject: error: p.toml:1: A: "), "{reference}: {told}");
            let check = files(Test::new().file("p.toml", &profile)).args(["check", "--json", "-p", "p.toml"]);
            check.status(125).stdout_contains(format!("\"state\": \"{state}\"")).run();
        }
    }
}

#[test]
fn nothing_else_is_for_a_pattern_either() {
    let pattern =
        |from: &str| files(env(&format!("secrets.'P_*' = {{ from = '{from}', optional = true }}\n{SOURCES}")));
    for from in ["file:no.json", "file:x.json#no", "dotenv:no"] {
        pattern(from).stdout("").stderr("").run();
    }
    for from in ["file:bad.json", "file:folder", "file:x.json#n", "file:x.json#a.b", "systemd:x", "say:/bin/false"] {
        pattern(from).status(125).stdout("").stderr_contains("inject: error: p.toml:1: P_*: ").run();
    }
}

/// Root may read everything, so somebody else asks.
#[test]
fn what_may_not_be_read_is_not_absent() {
    for (profile, _) in forgiving("file:closed/secret").into_iter().chain(forgiving("file:secret")) {
        let test = env(&profile).env("NEXT", "next").file("closed/secret", "x").file("secret", "x");
        let binary = test.bring(&inject());
        let test = test.owner(12345).program(binary);
        for (path, mode) in [("closed", 0), ("secret", 0o200)] {
            fs::set_permissions(test.path(path), fs::Permissions::from_mode(mode)).unwrap();
        }
        test.prefix(["/usr/bin/setpriv", "--clear-groups", "--reuid", "12345", "--regid", "12345"])
            .status(125)
            .stdout("")
            .stderr_contains("permission denied\n")
            .run();
    }
}

#[test]
fn the_next_entry_is_asked_only_where_the_one_before_is_absent() {
    let mark = "[source.mark]\nkind = 'command'\nrun = ['/bin/sh', '-c', 'touch marker; echo x']";
    for (first, asked) in [("env:NEXT", false), ("env:NO", true)] {
        let profile = format!("secrets.A = ['{first}', 'mark:x']\n{mark}");
        let output = files(env(&profile)).run();
        assert_eq!(output.dir.path().join("marker").exists(), asked, "{first}");
    }
    // All absent: the last one's words, unless that is forgiven.
    refused("secrets.A = ['env:X', 'file:no']", &["error: p.toml:1: A: env:X, file:no: no such file"]);
    env("secrets.A = { from = ['env:X', 'file:no'], optional = true }").stdout("").run();
}

#[test]
fn what_is_there_but_cannot_be_used_is_not_forgiven() {
    for rest in ["optional = true", "default = 'd'"] {
        let profile = format!("secrets.A = {{ from = 'env:V', decode = 'hex', {rest} }}");
        env(&profile).env("V", "zz").status(125).stderr_contains("A: env:V: the value is not hex\n").run();
    }
    // A default is taken as it stands: nothing is decoded or trimmed.
    env("secrets.A = { from = 'env:V', decode = 'hex', trim = true, default = ' d ' }")
        .stdout(vars(&[("A", " d ")]))
        .run();
    env("secrets.A = { from = 'env:V', default = 'd' }").env("V", "").stdout(vars(&[("A", "")])).run();
}

#[test]
fn the_credentials_folder() {
    let profile = "[secrets]\nA = 'systemd:token'\nB = 'systemd:app.env#K'\n'P_*' = 'systemd:app.json'\nC = { from = 'systemd:no', optional = true }";
    let test =
        env(profile).file("creds/token", "t\n").file("creds/app.env", "K=v\n").file("creds/app.json", "{\"X\": \"1\"}");
    let folder = test.path("creds");
    test.env("CREDENTIALS_DIRECTORY", folder).stdout(vars(&[("A", "t\n"), ("B", "v"), ("P_X", "1")])).stderr("").run();
}
