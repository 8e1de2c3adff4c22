//! DESIGN 2: `*` and `PREFIX_*`, what is inherited, credentials.

use crate::support::Test;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

#[test]
fn a_star_takes_every_key_and_a_prefix_stands_in_front() {
    let files = || {
        Test::new().file(".env", "A=1\nB=2\n").file("d.json", "{\"x\":{\"C\":3,\"D\":true}}").file("d.yaml", "E: no\n")
    };
    let text = "[secrets]\n\"*\" = \"dotenv:.env\"\n\"APP_*\" = \"file:d.json#x\"\n\"Y_*\" = \"file:d.yaml\"\n";
    files().file("p.toml", text).gives("A=1\nAPP_C=3\nAPP_D=true\nB=2\nY_E=no");
    let odd = "[secrets]\n\"APP_*\" = \"dotenv:odd.env\"\n";
    Test::profile(odd).file("odd.env", "1A=x\n_=y\n").gives("APP_1A=x\nAPP__=y");
}

#[test]
fn explicit_names_beat_a_star_of_their_own_profile() {
    Test::profile("[vars]\nA = \"var\"\n[secrets]\n\"*\" = \"dotenv:.env\"\nB = \"env:X\"\n")
        .env("X", "explicit")
        .file(".env", "A=1\nB=2\nC=3\n")
        .gives("A=var\nB=explicit\nC=3");
    // And a star beats what its profile extends, explicit or not.
    Test::profile("extends = [\"./b.toml\"]\n[secrets]\n\"*\" = \"dotenv:.env\"\n")
        .file("b.toml", "[vars]\nA = \"base\"\nZ = \"base\"\n[secrets]\n\"*\" = \"dotenv:b.env\"\n")
        .file("b.env", "C=base\nD=base\n")
        .file(".env", "A=1\nC=3\n")
        .gives("A=1\nC=3\nD=base\nZ=base");
}

#[test]
fn two_patterns_that_give_one_name_are_an_error() {
    let text = "[secrets]\n\"*\" = \"dotenv:a.env\"\n\"A_*\" = \"dotenv:b.env\"\n";
    let test = |text: &str| Test::profile(text).file("a.env", "A_X=1\n").file("b.env", "X=2\n");
    test(text).fails(
        "inject: error: p.toml:3: A_*: dotenv:b.env: A_X: another pattern of this profile gives this name too\n\
         inject: hint: A_X = \"...\", written out, decides between them\n",
    );
    test(&format!("{text}A_X = \"env:V\"\n")).env("V", "x").gives("A_X=x");
    // Of two profiles the higher one's is taken.
    test("extends = [\"./q.toml\"]\n[secrets]\n\"*\" = \"dotenv:a.env\"\n")
        .file("q.toml", "[secrets]\n\"A_*\" = \"dotenv:b.env\"\n")
        .gives("A_X=1");
}

#[test]
fn a_document_must_not_choose_a_name_that_steers_programs() {
    for name in [
        "LD_PRELOAD",
        "LD_X",
        "DYLD_INSERT_LIBRARIES",
        "GLIBC_TUNABLES",
        "BASH_ENV",
        "ENV",
        "PATH",
        "NODE_OPTIONS",
        "PYTHONPATH",
        "PYTHONSTARTUP",
        "HTTP_PROXY",
        "https_proxy",
        "ALL_PROXY",
        "IFS",
        "PERL5OPT",
        "RUBYOPT",
        "SHELLOPTS",
        "GIT_SSH_COMMAND",
        "JAVA_TOOL_OPTIONS",
        "BASH_FUNC_x",
        "PS4",
        "TERMINFO",
        "HOSTALIASES",
    ] {
        for allow in ["", "allow-unsafe-names = true\n"] {
            let ran = Test::profile(&format!("{allow}[secrets]\n\"*\" = \"dotenv:.env\"\n"))
                .file(".env", format!("{name}=x\n"))
                .line("-p p.toml -- env")
                .status(125);
            ran.err_has(&format!("*: dotenv:.env: {name}: a document must not choose this name"));
        }
    }
    Test::profile("[secrets]\n\"LD_*\" = \"dotenv:.env\"\n")
        .file(".env", "PRELOAD=x\n")
        .line("-p p.toml -- env")
        .status(125)
        .err_has("LD_PRELOAD: a document must not choose");
    Test::profile("[secrets]\n\"*\" = \"dotenv:.env\"\nPATH = \"dotenv:.env\"\n")
        .file(".env", "PATH=/x\n")
        .line("-p p.toml -- env")
        .status(125);
}

#[test]
fn a_key_that_is_no_name_is_an_error() {
    Test::profile("[secrets]\n\"*\" = \"file:d.json\"\n").file("d.json", "{\"a-b\":1,\"C\":null}").fails(
        "inject: error: p.toml:2: *: file:d.json: the key 'a-b' is no name of a variable\n\
         inject: error: p.toml:2: C: file:d.json: 'C' is null, not a text\n",
    );
}

#[test]
fn inherit_copies_what_its_patterns_match_and_nothing_else() {
    let test = |text: &str| {
        let test = Test::profile(text).env("LC_ALL", "C").env("LC_X", "y").env("LANG", "en").env("XLC_ALL", "no");
        test.env("TERM", OsStr::from_bytes(b"\xff\n"))
            .no_env("HOME")
            .no_env("PATH")
            .line("-p p.toml -- /usr/bin/env -0")
    };
    test("inherit = [\"LC_*\", \"LANG\", \"MISSING\"]\n").status(0).out_has("LC_ALL=C").out_has("LANG=en");
    let ran = test("inherit = [\"LC_*\"]\n").status(0);
    assert_eq!(ran.out.split(|c| *c == 0).filter(|s| !s.is_empty()).count(), 2);
    let ran = test("inherit = [\"*\"]\n").status(0);
    assert!(ran.out.windows(7).any(|w| w == b"TERM=\xff\n"));
    assert_eq!(ran.out.split(|c| *c == 0).filter(|s| !s.is_empty()).count(), 5);
    assert_eq!(test("").status(0).out, b"");
}

/// A caller's environment that `Command` cannot make: duplicates, entries without a name or a `=`.
fn odd_caller(test: Test, entries: &[&[u8]]) -> Vec<u8> {
    let program = "import os,sys,ctypes\n\
                   n=int(sys.argv[1]); env=[bytes.fromhex(x) for x in sys.argv[2:2+n]]; args=[os.fsencode(a) for a in sys.argv[2+n:]]\n\
                   libc=ctypes.CDLL(None); P=ctypes.c_char_p\n\
                   libc.execve(P(args[0]),(P*(len(args)+1))(*args,None),(P*(n+1))(*env,None))\n";
    let hex = entries.iter().map(|entry| entry.iter().map(|b| format!("{b:02x}")).collect::<String>());
    let words = ["python3".into(), "-c".into(), program.to_owned(), entries.len().to_string()];
    test.under(words.into_iter().chain(hex)).status(0).out
}

#[test]
fn of_duplicates_the_first_is_kept_and_none_of_what_is_set() {
    let entries: &[&[u8]] = &[b"A=1", b"noequals", b"B=1", b"A=2", b"=x", b"B=2", b"C=1", b"", b"\xff=\xfe", b"C=2"];
    let text = "inherit = [\"*\"]\n[vars]\nB = \"set\"\n[secrets]\nC = { from = \"env:NONE\", optional = true }\n";
    let out = odd_caller(Test::profile(text).line("-p p.toml -- /usr/bin/env -0"), entries);
    let mut all: Vec<_> = out.split(|c| *c == 0).filter(|s| !s.is_empty()).collect();
    all.sort();
    assert_eq!(all, [&b"A=1"[..], b"B=set", b"\xff=\xfe"]);
    // A source reads the first one too.
    let out = odd_caller(Test::profile("[secrets]\nX = \"env:A\"\n").line("-p p.toml -- /usr/bin/env"), entries);
    assert_eq!(out, b"X=1\n");
}

#[test]
fn ten_thousand_variables_of_the_caller() {
    let test = (0..10_000).fold(Test::profile("inherit = [\"V1*\"]\n"), |test, i| {
        // `env` looks through what it has each time; this need not.
        if i % 10 == 1 { test.env(format!("V{i}"), "x") } else { test }
    });
    assert!(!test.line("-p p.toml -- env").status(0).out.is_empty());
}

#[test]
fn credentials_of_the_kinds_in_use_do_not_pass() {
    let op = "[source.op]\nkind = \"command\"\nrun = [\"/bin/echo\", \"{}\"]\ncredentials = [\"OP_*\", \"VAULT_PW\"]\n[secrets]\nA = \"op:x\"\n";
    let test = |head: &str| {
        let test = Test::profile(&format!("{head}\n{op}")).env("OP_TOKEN", "t").env("VAULT_PW", "p").env("OPEN", "o");
        test.no_env("HOME").no_env("PATH")
    };
    test("inherit = [\"*\"]").args(["-i", "O*"]).gives("A=x\nOPEN=o");
    test("inherit = [\"*\"]\ninherit-credentials = [\"OP_*\"]").gives("A=x\nOPEN=o\nOP_TOKEN=t");
    test("inherit = [\"OP_TOKEN\"]").fails(
        "inject: error: p.toml:1: inherit: OP_TOKEN is a credential of source 'op'\n\
         inject: hint: inherit-credentials = [\"OP_TOKEN\"] passes it on purpose\n",
    );
    test("").args(["-i", "VAULT_PW"]).fails(
        "inject: error: inherit: VAULT_PW is a credential of source 'op'\n\
         inject: hint: inherit-credentials = [\"VAULT_PW\"] passes it on purpose\n",
    );
    // What the profile sets under such a name is set.
    test("[vars]\nOP_TOKEN = \"mine\"").gives("A=x\nOP_TOKEN=mine");
    // The program itself has the caller's whole environment.
    let text = "[source.op]\nkind = \"command\"\nrun = [\"/usr/bin/printenv\", \"{}\"]\ncredentials = [\"OP_*\"]\n[secrets]\nA = \"op:OP_TOKEN\"\n";
    Test::profile(text).env("OP_TOKEN", "t").gives("A=t");
}

#[test]
fn credentials_directory_is_one_of_systemd() {
    let text = "inherit = [\"CRED*\", \"X\"]\n[secrets]\nA = \"systemd:a\"\n\"B_*\" = \"systemd:app.env\"\nC = \"systemd:j#c.d\"\n";
    let test = Test::profile(text)
        .file("creds/a", "whole\n")
        .file("creds/app.env", "K=1\n")
        .file("creds/j", "{\"c\":{\"d\":2}}");
    let folder = test.path("creds");
    test.env("CREDENTIALS_DIRECTORY", folder)
        .env("X", "x")
        .line("-p p.toml -- /usr/bin/env")
        .status(0)
        .stdout("X=x\nA=whole\n\nC=2\nB_K=1\n");
    Test::profile("inherit = [\"CRED*\"]\n").env("CREDENTIALS_DIRECTORY", "/x").gives("CREDENTIALS_DIRECTORY=/x");
    Test::profile("[secrets]\nA = { from = \"systemd:a\", optional = true }\n").fails(
        "inject: error: p.toml:2: A: systemd:a: CREDENTIALS_DIRECTORY is not set: no service manager passed credentials\n\
         inject: hint: LoadCredential= or SetCredential= in the unit passes one\n",
    );
}
