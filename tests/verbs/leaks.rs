//! DESIGN 3: no value ever reaches a message. A corpus of everything that can go wrong, each with a needle in it.

use crate::support::Test;

/// Random for each run, and never a word that a message could hold by chance.
fn needle() -> String {
    let mut bytes = [0_u8; 12];
    std::io::Read::read_exact(&mut std::fs::File::open("/dev/urandom").unwrap(), &mut bytes).unwrap();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether any 8 bytes of the needle stand in `text`.
fn leaks(needle: &str, text: &[u8]) -> bool {
    needle.as_bytes().windows(8).any(|window| text.windows(8).any(|piece| piece == window))
}

/// Documents that are wrong, by the name of their file; `@` is the needle.
const DOCUMENTS: &[(&str, &str)] = &[
    (".env", "A='@"),
    (".env", "A=\"@"),
    (".env", "@"),
    (".env", "A B=@"),
    (".env", "=@"),
    (".env", "A=\"${@}\""),
    (".env", "A=${@}"),
    (".env", "A=\"@\" @"),
    (".env", "A='@'@"),
    (".env", "export @ @"),
    (".env", "B=@\n@ x"),
    (".env", "A=@\0"),
    (".env", "A-@=x"),
    (".env", "\u{feff}\u{feff}A='@"),
    (".env", "A=\"\\x@"),
    ("d.json", "@"),
    ("d.json", "{\"A\":@}"),
    ("d.json", "{\"A\":\"@"),
    ("d.json", "{\"A\":\"@\\q\"}"),
    ("d.json", "{\"A\":\"@\"} @"),
    ("d.json", "{\"A\":\"@\",\"A\":\"@\"}"),
    ("d.json", "{A:\"@\"}"),
    ("d.json", "{\"A\":\"@\\ud800\"}"),
    ("d.json", "{\"A\":\"@\\u0000\"}"),
    ("d.json", "{\"A\":[\"@\"]}"),
    ("d.json", "{\"A\":{\"x\":\"@\"}}"),
    ("d.json", "[\"@\"]"),
    ("d.json", "\"@\""),
    ("d.json", "{\"A\":1@}"),
    ("d.json", "{\"A\":\"@\n\"}"),
    ("d.json", "{\"B\":\"@\"}"),
    ("d.json", "{\"A\":\"@\",}"),
    ("d.json", "{'A':'@'}"),
    ("d.json", ""),
    ("d.yaml", "A: \"@"),
    ("d.yaml", "A: '@"),
    ("d.yaml", "A: @\n B: @"),
    ("d.yaml", "A: [@"),
    ("d.yaml", "A: {@"),
    ("d.yaml", "A: !@ x"),
    ("d.yaml", "A: *@"),
    ("d.yaml", "A: &@ x\nA: y"),
    ("d.yaml", "A: @\n---\nB: @"),
    ("d.yaml", "\tA: @"),
    ("d.yaml", "A: \"\\q@\""),
    ("d.yaml", "@"),
    ("d.yaml", "- @"),
    ("d.yaml", "A: {x: @}"),
    ("d.yaml", "A: |\n @\n@"),
    ("d.yaml", "A: @: @"),
    ("d.yaml", "%@\n---\nA: 1"),
    ("d.yaml", "A: `@"),
    ("d.toml", "A = @"),
    ("d.toml", "A = \"@"),
    ("d.toml", "A = '@"),
    ("d.toml", "A = \"@\\q\""),
    ("d.toml", "A = \"@\" @"),
    ("d.toml", "A = [\"@\""),
    ("d.toml", "A = {x = \"@\""),
    ("d.toml", "A = \"@\"\nA = \"@\""),
    ("d.toml", "[@\nA = 1"),
    ("d.toml", "A = \"\"\"@"),
    ("d.toml", "A = 1@"),
    ("d.toml", "A = 2020-@"),
    ("d.toml", "@ = "),
    ("d.toml", "A = {x = \"@\"}"),
    ("d.toml", "A = \"@\\ud800\""),
    ("d.toml", "A.@ = 1\nA = 2"),
];

/// Entries that fail with a value that is fine as such; `S` is the needle in the caller's environment, `F` a file of it.
const ENTRIES: &[&str] = &[
    "{ from = \"env:S\", decode = \"base64\" }",
    "{ from = \"env:ODD\", decode = \"hex\" }",
    "{ from = \"env:ODD\", decode = \"base64url\" }",
    "{ from = \"file:F.json#x\" }",
    "\"file:F\\u002f\"",
    "{ from = \"file:F#x\" }",
    "\"dotenv:F\"",
    "{ template = \"${T}\" }",
    "{ template = \"${S|json}${NO}\" }",
    "\"op:x\"",
    "\"err:x\"",
    "\"lots:x\"",
    "\"none:x\"",
    "{ from = [\"env:NO\", \"err:x\"], default = \"d\" }",
];

const SOURCES: &str = "[source.op]\nkind = \"command\"\nrun = [\"/bin/sh\", \"-c\", \"echo $S; echo $S >&2; exit 3\"]\n\
    [source.err]\nkind = \"command\"\nrun = [\"/bin/sh\", \"-c\", \"echo $S; kill -SEGV $$\"]\n\
    [source.lots]\nkind = \"command\"\nrun = [\"/bin/sh\", \"-c\", \"yes $S\"]\n\
    [source.none]\nkind = \"command\"\nrun = [\"/bin/sh\", \"-c\", \"echo $S >&2\"]\n";

#[track_caller]
fn holds_back(test: Test, needle: &str, what: &str) {
    let test = test.env("RUST_BACKTRACE", "full").env("S", needle).env("ODD", format!("{needle}-{needle}x"));
    for words in ["-v -p p.toml -- true", "check -p p.toml", "check --json -p p.toml", "plan -p p.toml"] {
        let words: Vec<_> = words.split(' ').collect();
        let mut command = test.command();
        let output = command.args(&words).output().unwrap();
        let code = output.status.code();
        assert!(matches!(code, Some(0 | 125)), "{words:?} {code:?}: {what}");
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(!leaks(needle, &output.stdout) && !leaks(needle, &output.stderr), "{words:?}: {what}\n{out}{err}");
        assert!(!err.contains("panicked") && !err.contains("this is a bug"), "{what}: {err}");
    }
}

#[test]
fn documents_that_are_wrong() {
    let needle = needle();
    for (file, content) in DOCUMENTS {
        let source = if *file == ".env" { "dotenv" } else { "file" };
        let content = content.replace('@', &needle);
        for entry in [format!("A = \"{source}:{file}#A\""), format!("\"*\" = \"{source}:{file}\"")] {
            let profile = format!("[secrets]\n{entry}\n");
            // A key is a name, and names are told: the needle must not be one.
            let named = content.contains(&format!("-{needle}=")) || content.contains(&format!("A.{needle} "));
            if !named {
                holds_back(Test::profile(&profile).file(file, &content), &needle, &content);
            }
            let rust = format!("{profile}[source.dotenv]\ndialect = \"rust\"\n");
            if *file == ".env" && !named {
                holds_back(Test::profile(&rust).file(file, &content), &needle, &content);
            }
        }
    }
}

#[test]
fn entries_that_fail() {
    let needle = needle();
    for entry in ENTRIES {
        let profile = format!("[vars]\nV = \"x\"\n[secrets]\nA = {entry}\nT = \"env:S\"\n{SOURCES}");
        let test = Test::profile(&profile).file("F", &needle).file("F.json", format!("\"{needle}\""));
        holds_back(test, &needle, entry);
    }
    let big = needle.repeat(8000);
    holds_back(Test::profile("[secrets]\nA = \"file:big\"\n").file("big", &big), &needle, "too large");
    holds_back(
        Test::profile("[secrets]\nA = \"file:bad\"\nT = { template = \"${A|json}\" }\n")
            .file("bad", [needle.as_bytes(), b"\xff"].concat()),
        &needle,
        "json filter",
    );
    holds_back(Test::profile("[secrets]\nA = \"file:nul\"\n").file("nul", format!("{needle}\0")), &needle, "nul");
}

/// A profile in which somebody wrote a value where it does not belong: the syntax error must not quote the line.
#[test]
fn profiles_that_are_no_toml() {
    let needle = needle();
    for text in [
        "A = @",
        "[vars]\nA = @",
        "[vars]\nA = \"@",
        "[vars]\nA = \"@\\q\"",
        "[vars]\nA = '@",
        "[vars]\nA = \"@\" @",
        "[vars]\nA = \"@\"\nA = \"@\"",
        "[vars]\nA = \"\"\"@",
        "[vars]\nA @",
        "[vars]\nA = {x = \"@\"",
        "[vars]\nA = [\"@\"",
        "[vars]\nA = 1@",
        "[vars]\nA = \"@\\ud800\"",
        "[vars\nA = \"@\"",
        "[vars]\nA = [\"@\"]",
        "[vars]\nA = {x = \"@\"}",
        "[vars]\nA = \"\\u0000@\"",
        "[vars]\n1A = \"@\"",
        "[secrets]\nA = \"@\"",
        "[secrets]\nA = {from = \"@\"}",
        "[secrets]\nA = {from = \"env:X\", default = \"\\u0000@\"}",
        "[secrets]\nA = {from = \"env:X\", optional = \"@\"}",
        "[secrets]\nA = {valu = \"@\"}",
        "timeout = [\"@\"]",
        "[source.op]\nkind = \"command\"\nrun = \"@\"",
        "[source.op]\nkind = \"command\"\nrun = [\"x\"]\nraw = \"@\"",
        "\u{feff}\u{feff}A = \"@\"",
    ] {
        holds_back(Test::profile(&text.replace('@', &needle)), &needle, text);
    }
}

/// The control: the needle is found where it is allowed to be.
#[test]
fn the_test_finds_a_needle() {
    let needle = needle();
    let ran = Test::profile("[secrets]\nA = \"env:S\"\n").env("S", &needle).line("-p p.toml -- env").status(0);
    assert!(leaks(&needle, &ran.out) && leaks(&needle, &needle.as_bytes()[3..11]) && !leaks(&needle, b"abcdefgh"));
}

/// A panic says where it happened, not what it was about: its own words can quote a value.
#[test]
fn a_panic_says_only_where() {
    let needle = needle();
    if let Ok(needle) = std::env::var("TEST_PANIC_WITH") {
        inject::sys::hide_panics();
        panic!("{needle}");
    }
    let me = std::env::current_exe().unwrap();
    let mut again = std::process::Command::new(me);
    again.args(["--exact", "leaks::a_panic_says_only_where", "--nocapture"]).env("RUST_BACKTRACE", "full");
    let output = again.env("TEST_PANIC_WITH", &needle).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("this is a bug at tests/verbs/leaks.rs:"), "{told}");
    assert!(!leaks(&needle, &output.stdout) && !leaks(&needle, &output.stderr), "{told}");
}
