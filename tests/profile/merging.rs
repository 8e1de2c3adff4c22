//! Which profile, line or pattern wins a name.

use super::support::{env, refuses, vars};
use crate::common::Test;

fn run(profiles: &str) -> Test {
    Test::new().args(["-p", profiles, "--", "/usr/bin/env", "-0"])
}

#[test]
fn a_profile_beats_what_it_extends_and_the_later_of_those_the_earlier() {
    run("p.toml")
        .file("p.toml", "extends = ['a', 'b']\nvars = { P = 'p', X = 'p' }")
        .file("a.toml", "extends = ['base']\nvars = { A = 'a', X = 'a', Y = 'a', Z = 'a' }")
        .file("b.toml", "extends = ['base']\nvars = { B = 'b', X = 'b', Y = 'b' }")
        .file("base.toml", "vars = { BASE = '0', X = '0', Y = '0', Z = '0' }")
        .stdout(vars(&[("P", "p"), ("X", "p"), ("B", "b"), ("Y", "b"), ("A", "a"), ("Z", "a"), ("BASE", "0")]))
        .stderr("")
        .run();
}

#[test]
fn circles_and_missing_profiles() {
    refuses(
        run("a.toml").file("a.toml", "extends = ['b']").file("b.toml", "\nextends = ['a']"),
        &["error: b.toml:2: extends: 'a' leads back to this profile"],
    );
    refuses(
        run("a.toml").file("a.toml", "extends = ['a']"),
        &["error: a.toml:1: extends: 'a' leads back to this profile"],
    );
    run("a.toml")
        .file("a.toml", "extends = [\n'bass',\n'./c.toml']")
        .file("base.toml", "")
        .status(125)
        .stderr_contains("inject: error: a.toml:2: extends: no profile 'bass': looked in ")
        .stderr_contains("inject: error: a.toml:3: extends: ./c.toml: no such profile\n")
        .run();
}

#[test]
fn a_bare_name_in_extends_is_looked_for_beside_the_profile_first() {
    let test = run("sub/p.toml")
        .file("sub/p.toml", "extends = ['base', 'other']")
        .file("sub/base.toml", "vars.A = 'beside'")
        .file(".config/inject/profiles/base.toml", "vars.A = 'configured'")
        .file(".config/inject/profiles/other.toml", "vars.B = 'configured'");
    test.stdout(vars(&[("B", "configured"), ("A", "beside")])).run();
}

#[test]
fn sources_merge_key_by_key_along_extends() {
    let script = "[source.say]\nkind = 'command'\nrun = ['/bin/echo', 'low', '{}']\nraw = true";
    run("p.toml")
        .file("p.toml", "extends = ['b']\n[source.say]\nrun = ['/bin/echo', 'high', '{}']\n[secrets]\nA = 'say:a'")
        .file("b.toml", format!("secrets.B = 'say:b'\n{script}"))
        .stdout(vars(&[("A", "high a\n"), ("B", "high b\n")]))
        .run();
}

#[test]
fn sources_never_merge_across_profiles() {
    let source = |word: &str, name: &str| {
        format!("secrets.{name} = 'say:x'\n[source.say]\nkind = 'command'\nrun = ['/bin/echo', '{word}']")
    };
    run("a.toml,b.toml")
        .file("a.toml", source("one", "A"))
        .file("b.toml", source("two", "B"))
        .stdout(vars(&[("B", "two"), ("A", "one")]))
        .run();
    refuses(
        run("a.toml,b.toml").file("a.toml", source("one", "A")).file("b.toml", "secrets.B = 'say:x'"),
        &[
            "error: b.toml:1: B: unknown source 'say'",
            "hint: a source is a [source.NAME] of the profile or one of env, dotenv, file, keychain, vault, aws, ssm, gcp, azure, sops, systemd, command",
        ],
    );
}

#[test]
fn a_template_sees_its_own_profile_after_merging_and_no_other() {
    run("p.toml")
        .file("p.toml", "extends = ['b']\nvars.WHO = 'high'")
        .file("b.toml", "vars.WHO = 'low'\nsecrets.T.template = 'by ${WHO}'")
        .stdout(vars(&[("WHO", "high"), ("T", "by high")]))
        .run();
    run("b.toml,q.toml")
        .file("b.toml", "vars.WHO = 'low'\nsecrets.T.template = 'by ${WHO}'")
        .file("q.toml", "vars.WHO = 'other'")
        .stdout(vars(&[("WHO", "other"), ("T", "by low")]))
        .run();
    refuses(
        run("q.toml,p.toml").file("p.toml", "secrets.T.template = '${WHO}'").file("q.toml", "vars.WHO = ''"),
        &["error: p.toml:1: T: the template uses 'WHO', which this profile does not set"],
    );
}

#[test]
fn patterns_take_every_key() {
    env("[secrets]\n'*' = 'dotenv:.env'\n'APP_*' = 'file:x.json'\n'S_*' = 'file:y.json#a.b'\nB = 'env:HOME2'\n")
        .file(".env", "A=1\nB=document\n")
        .file("x.json", r#"{"K": "v", "N": 0.10}"#)
        .file("y.json", r#"{"a": {"b": {"Q": true}}}"#)
        .env("HOME2", "written out")
        .stdout(vars(&[("B", "written out"), ("A", "1"), ("APP_K", "v"), ("APP_N", "0.10"), ("S_Q", "true")]))
        .stderr("")
        .run();
}

#[test]
fn two_patterns_of_one_profile_must_not_give_one_name() {
    let profile = "[secrets]\n'*' = 'dotenv:a'\n'A_*' = 'dotenv:b'";
    refuses(
        env(profile).file("a", "A_X=1\nY=2\n").file("b", "X=3\nZ=4\n"),
        &[
            "error: p.toml:3: A_*: dotenv:b: A_X: another pattern of this profile gives this name too",
            "hint: A_X = \"...\", written out, decides between them",
        ],
    );
    let decided = format!("{profile}\nA_X = 'env:W'");
    env(&decided).file("a", "A_X=1\n").file("b", "X=3\n").env("W", "w").stdout(vars(&[("A_X", "w")])).run();
    // Of two profiles, the higher one has it.
    run("p.toml")
        .file("p.toml", "extends = ['q']\nsecrets.'*' = 'dotenv:a'")
        .file("q.toml", "vars.V = 'low'\nsecrets.'A_*' = 'dotenv:b'")
        .file("a", "A_X=1\nV=high\n")
        .file("b", "X=3\n")
        .stdout(vars(&[("A_X", "1"), ("V", "high")]))
        .run();
}

#[test]
fn names_that_a_document_must_not_choose() {
    for name in
        ["LD_PRELOAD", "PATH", "BASH_ENV", "NODE_OPTIONS", "PYTHONPATH", "https_proxy", "HTTP_PROXY", "GIT_SSH_COMMAND"]
    {
        refuses(
            env("secrets.'*' = 'dotenv:.env'").file(".env", format!("A=1\n{name}=x\n")),
            &[
                &format!(
                    "error: p.toml:1: *: dotenv:.env: {name}: a document must not choose this name, which steers programs"
                ),
                &format!("hint: {name} = \"...\", written out, sets it on purpose"),
            ],
        );
    }
    env("secrets.'APP_*' = 'dotenv:.env'").file(".env", "PATH=x\n").stdout(vars(&[("APP_PATH", "x")])).run();
    refuses(
        env("secrets.'*' = 'file:x.json'").file("x.json", r#"{"a-b": "1", "1x": "2", "": "3", "A": "4"}"#),
        &[
            "error: p.toml:1: *: file:x.json: the key 'a-b' is no name of a variable",
            "error: p.toml:1: *: file:x.json: the key '1x' is no name of a variable",
            "error: p.toml:1: *: file:x.json: the key '' is no name of a variable",
        ],
    );
}

#[test]
fn a_pattern_that_is_absent() {
    env("secrets.'*' = { from = 'dotenv:no', optional = true }").stdout("").stderr("").run();
    refuses(env("secrets.'*' = 'dotenv:no'"), &["error: p.toml:1: *: dotenv:no: no such file"]);
}
