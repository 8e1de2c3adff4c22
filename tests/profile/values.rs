//! Values: exact bytes, what is done to them, and what no variable can hold.

use super::support::{env, refused, refuses, vars};
use crate::common::Test;

#[test]
fn exact_bytes() {
    let odd: &[u8] = b" \x1b[31m\xff\xfe\ttab\r\n() { :; }\n$HOME `id` $(id)\n\n";
    env("secrets.A = 'file:a'").file("a", odd).stdout(vars(&[("A", odd)])).stderr("").run();
    let odd = "\u{1b}[31mé $HOME ${X} `id`\n";
    env("vars.A = \"\\u001b[31mé $HOME ${X} `id`\\n\"").stdout(vars(&[("A", odd)])).run();
    env("secrets.A = 'file:a'").file("a", "").stdout(vars(&[("A", "")])).run();
}

#[test]
fn decoding() {
    let table = "{ from = 'env:V', decode = ";
    let decoded = |how: &str, value: &str, bytes: &[u8]| {
        env(&format!("secrets.A = {table}'{how}' }}")).env("V", value).stdout(vars(&[("A", bytes)])).stderr("").run();
    };
    decoded("base64", "/+8=", b"\xff\xef");
    decoded("base64url", "_-8=", b"\xff\xef");
    decoded("base64url", "_-8", b"\xff\xef");
    decoded("hex", "FFef", b"\xff\xef");
    decoded("hex", "", b"");
    for (how, value) in
        [("base64", "/+8"), ("base64", "_-8="), ("base64", "/+9="), ("hex", "f"), ("hex", "0x"), ("base64url", "/+8")]
    {
        let told = format!("error: p.toml:1: A: env:V: the value is not {how}");
        refuses(env(&format!("secrets.A = {table}'{how}' }}")).env("V", value), &[&told]);
    }
    refuses(
        env(&format!("secrets.A = {table}'hex' }}")).env("V", "ff\n"),
        &[
            "error: p.toml:1: A: env:V: the value is not hex",
            "hint: there is white space at its ends; trim = true takes it away",
        ],
    );
}

#[test]
fn trimming_comes_before_decoding_and_keeps_what_is_inside() {
    env("secrets.A = { from = 'env:V', trim = true }\nsecrets.B = { from = 'env:W', trim = true, decode = 'hex' }")
        .env("V", " \t\r\n a b \u{a0}\n\u{b}\u{c}")
        .env("W", "\n2020\n")
        .stdout(vars(&[("A", "a b \u{a0}"), ("B", "  ")]))
        .run();
}

#[test]
fn templates_and_their_filters() {
    env("[secrets]\nP = { from = 'file:p', expose = false }\nU.template = 'x://${P|url}@h'\nJ.template = '{\"p\":\"${P|json}\"}'\n\
         S.template = 'p=${P|shell}'\nB.template = '${P|base64}'\nUB.template = '${P|url|base64}'\nR.template = '$${P}$ ${U}${V}'\n\
         [vars]\nV = '$${P}'")
    .file("p", "a/'\"\n")
    .stdout(vars(&[
        ("U", "x://a%2F%27%22%0A@h"),
        ("J", "{\"p\":\"a/'\\\"\\n\"}"),
        ("S", "p='a/'\\''\"\n'"),
        ("B", "YS8nIgo="),
        ("UB", "YSUyRiUyNyUyMiUwQQ=="),
        ("R", "${P}$ x://a%2F%27%22%0A@h$${P}"),
        ("V", "$${P}"),
    ]))
    .stderr("")
    .run();
    env("[secrets]\nP = 'file:p'\nT.template = '${P|json}'")
        .file("p", b"\xff")
        .status(125)
        .stderr(
            "inject: error: p.toml:3: T: P: the value is not UTF-8, so JSON cannot hold it\ninject: nothing was run\n",
        )
        .run();
    refused(
        "[secrets]\nP = { from = 'env:NO', optional = true }\nT.template = '${P}'",
        &["error: p.toml:3: T: the template uses 'P', which is absent"],
    );
    // What fails is told once, where it fails.
    refused(
        "[secrets]\nT.template = '${P}'\nP = 'env:NO'",
        &["error: p.toml:3: P: env:NO: not set in the caller's environment"],
    );
    env("[secrets]\nP = { from = 'env:NO', default = 'd' }\nT.template = '<${P}>'")
        .stdout(vars(&[("P", "d"), ("T", "<d>")]))
        .run();
}

#[test]
fn the_longest_string() {
    let run = |name: &str, size: usize| env(&format!("secrets.{name} = 'file:v'")).file("v", "x".repeat(size));
    run("AB", 131_068).stdout(vars(&[("AB", "x".repeat(131_068))])).stderr("").run();
    refuses(
        run("AB", 131_069),
        &[
            "error: p.toml:1: AB: file:v: with its name the value takes 131073 bytes; the kernel's limit for one variable is 131072",
        ],
    );
    // What only templates use has no such limit, and a part of it may be taken.
    let profile = "[vars]\nV = 'v'\n[secrets]\nBIG = { from = 'file:v', expose = false }\nOK.template = '${V}'";
    env(profile).file("v", "x".repeat(200_000)).stdout(vars(&[("V", "v"), ("OK", "v")])).run();
    let profile = "[secrets]\nBIG = { from = 'file:v', expose = false }\nT.template = '${BIG}'";
    refuses(
        env(profile).file("v", "x".repeat(131_072)),
        &[
            "error: p.toml:3: T: with its name the value takes 131075 bytes; the kernel's limit for one variable is 131072",
        ],
    );
}

#[test]
fn the_total_is_limited() {
    let lines: String = (0..100).map(|n| format!("V{n} = 'file:v'\n")).collect();
    let told = env(&format!("[secrets]\n{lines}")).file("v", "x".repeat(100_000)).status(125).stdout("").run().stderr;
    let told = String::from_utf8(told).unwrap();
    assert!(told.starts_with("inject: error: the environment and the arguments take 100"), "{told}");
    assert!(
        told.contains("V") && told.contains("(100000 bytes)") && told.ends_with("inject: nothing was run\n"),
        "{told}"
    );
}

#[test]
fn two_thousand_variables() {
    let lines: String = (0..1000).map(|n| format!("P{n} = '{n}'\n")).collect();
    let keys: String = (0..1000).map(|n| format!("S{n}={n}\n")).collect();
    let expected = (0..1000).map(|n| ("P", n)).chain((0..1000).map(|n| ("S", n)));
    let expected: String = expected.map(|(letter, n)| format!("{letter}{n}={n}\0")).collect();
    env(&format!("[vars]\n{lines}[secrets]\n'*' = 'dotenv:.env'")).file(".env", keys).stdout(expected).run();
}

#[test]
fn a_nul_byte_names_its_variable() {
    refuses(
        env("[secrets]\nA = 'file:v'\nB = { from = 'file:w', decode = 'hex' }\n'*' = 'file:x.json'")
            .file("v", b"ab\0c")
            .file("w", "00")
            .file("x.json", r#"{"K": "x\u0000"}"#),
        &[
            "error: p.toml:2: A: file:v: the value holds a NUL byte, at byte 2, which no variable can",
            "error: p.toml:3: B: file:w: the value holds a NUL byte, at byte 0, which no variable can",
            "error: p.toml:4: K: file:x.json: the value holds a NUL byte, at byte 1, which no variable can",
        ],
    );
}

#[test]
fn numbers_and_booleans_are_their_source_text() {
    let json = r#"{"A": 1e400, "B": 0.10, "C": 9007199254740993, "D": true, "E": -0, "F": 1E+2}"#;
    env("secrets.'*' = 'file:x.json'")
        .file("x.json", json)
        .stdout(vars(&[
            ("A", "1e400"),
            ("B", "0.10"),
            ("C", "9007199254740993"),
            ("D", "true"),
            ("E", "-0"),
            ("F", "1E+2"),
        ]))
        .run();
    env("secrets.'*' = 'file:x.yaml'")
        .file("x.yaml", "A: 0755\nB: no\nC: 1e400\nD: 0.10\n")
        .stdout(vars(&[("A", "0755"), ("B", "no"), ("C", "1e400"), ("D", "0.10")]))
        .run();
    env("secrets.'*' = 'file:x.toml'")
        .file("x.toml", "A = 0x1F\nB = 1_000\nC = 0.10\nD = false\n")
        .stdout(vars(&[("A", "0x1F"), ("B", "1_000"), ("C", "0.10"), ("D", "false")]))
        .run();
}

#[test]
fn what_is_no_string_is_no_absence() {
    for (value, what) in [("null", "null"), ("{}", "a table"), ("[]", "a list of 0")] {
        let profile = "secrets.A = { from = 'file:x.json#A', optional = true }";
        let told = env(profile).file("x.json", format!("{{\"A\": {value}}}")).status(125).stdout("").run().stderr;
        let told = String::from_utf8(told).unwrap();
        assert!(told.starts_with("inject: error: p.toml:1: A: file:x.json: ") && told.contains(what), "{told}");
    }
}

#[test]
fn a_missing_field_lists_the_fields_and_suggests_the_pointer() {
    let json = r#"{"test": "1", "live": {"key": "2"}, "a.b": "3"}"#;
    let run = |field: &str| {
        Test::new().file("p.toml", format!("secrets.A = 'file:x.json#{field}'")).file("x.json", json).args([
            "-p",
            "p.toml",
            "--",
            "/usr/bin/env",
            "-0",
        ])
    };
    run("live.key").stdout(vars(&[("A", "2")])).run();
    run("/a.b").stdout(vars(&[("A", "3")])).run();
    run("nope")
        .status(125)
        .stdout("")
        .stderr_contains("p.toml:1: A: file:x.json: no field 'nope'; it has 'test', 'live', 'a.b'\n")
        .run();
    run("live.kez")
        .status(125)
        .stderr_contains("no field 'live.kez'; 'live' has 'key'\n")
        .stderr_contains("'key'")
        .run();
    run("a.b").status(125).stderr_contains("no field 'a.b'").stderr_contains("/a.b").run();
}

/// What nobody needs is not made: nobody has looked whether it uses itself.
#[test]
fn templates_that_are_overridden_are_not_made() {
    Test::new()
        .file("p.toml", "secrets.A.template = '${B}'\nsecrets.B.template = '${A}'")
        .args(["-p", "p.toml", "--set", "A=1", "--set", "B=2", "--", "/usr/bin/env", "-0"])
        .stdout(vars(&[("A", "1"), ("B", "2")]))
        .stderr("")
        .run();
}

/// In whichever order they stand: each level takes a frame of the stack.
#[test]
fn templates_are_at_most_64_deep() {
    let chain = |levels: usize, up: bool| {
        let line = |i: usize| format!("secrets.N{i:05}.template = '${{N{:05}}}'\n", if up { i + 1 } else { i - 1 });
        let (last, range) = if up { (levels, 1..levels) } else { (1, 2..levels + 1) };
        let plain = format!("vars.N{last:05} = 'x'\n");
        range.rev().fold(plain, |text, i| text + &line(i))
    };
    for up in [false, true] {
        let all: Vec<_> = (1..=64).map(|i| format!("N{i:05}")).collect();
        let all: Vec<_> = all.iter().map(|name| (name.as_str(), "x")).collect();
        let output = env(&chain(64, up)).stderr("").run();
        let mut got: Vec<_> = output.stdout.split_inclusive(|c| *c == 0).collect();
        got.sort();
        assert_eq!(got.concat(), vars(&all));
        let told = "templates that use templates, more than 64 deep\n";
        for levels in [65, 10_000] {
            env(&chain(levels, up)).status(125).stdout("").stderr_contains(told).run();
        }
    }
}

#[test]
fn templates_do_not_grow_without_bound() {
    let doubled = (1..60).map(|i| format!("secrets.N{i}.template = '${{N{}}}${{N{0}}}'\n", i - 1));
    let text = format!("vars.N0 = 'xxxxxxxx'\n{}", doubled.collect::<String>());
    env(&text).status(125).stdout("").stderr_contains("N18: the template makes more than 1 MiB\n").run();
    let filters = "|json".repeat(100);
    env(&format!("vars.Q = '\"'\nsecrets.T.template = '${{Q{filters}}}'"))
        .status(125)
        .stderr_contains("T: Q: the template makes more than 1 MiB\n")
        .run();
}

/// Judged before there is memory for it.
#[test]
fn a_huge_file_is_too_large_and_no_lack_of_memory() {
    let test = env("secrets.A = 'file:huge'").file("huge", "");
    std::fs::OpenOptions::new().write(true).open(test.path("huge")).unwrap().set_len(1 << 42).unwrap();
    refuses(test, &["error: p.toml:1: A: file:huge: larger than 1 MiB"]);
}
