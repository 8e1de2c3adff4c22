//! What comes from the caller, and what never does: patterns, duplicates, credentials.

use super::support::{env, refuses, vars};
use crate::common::{Test, inject};
use std::ffi::CString;

#[test]
fn only_what_a_pattern_matches() {
    env("inherit = ['A', 'LC_*', 'X*Z']")
        .env("A", "1")
        .env("AB", "2")
        .env("LC_ALL", "3")
        .env("XYZ", "4")
        .env("XYZZY", "5")
        .env("lc_all", "6")
        .stdout(vars(&[("A", "1"), ("LC_ALL", "3"), ("XYZ", "4")]))
        .stderr("")
        .run();
    env("").env("A", "1").stdout("").run();
    // A union along all profiles and the command line.
    Test::new()
        .file("p.toml", "inherit = ['A']\nextends = ['q']")
        .file("q.toml", "inherit = ['B']")
        .file("r.toml", "inherit = ['C']")
        .envs(["A", "B", "C", "D", "E"])
        .args(["-p", "p.toml,r.toml", "-i", "D*", "--", "/usr/bin/env", "-0"])
        .stdout(vars(&[("A", "A"), ("B", "B"), ("C", "C"), ("D", "D")]))
        .run();
}

#[test]
fn what_is_set_beats_what_is_inherited_and_absent_unsets() {
    env("inherit = ['*']\nvars.A = 'set'\n[secrets]\nB = { from = 'env:NO', optional = true }\nC = { from = 'env:A', expose = false }")
        .envs(["A", "B", "C", "D"])
        .env("HOME", "h")
        .stdout(vars(&[("D", "D"), ("HOME", "h"), ("A", "set")]))
        .run();
}

#[test]
fn a_bad_pattern_on_the_command_line() {
    let test = Test::new().file("p.toml", "").args(["-p", "p.toml", "-i", "A-B", "--", "true"]);
    refuses(test, &["error: -i: 'A-B' is neither a name nor a pattern like LC_*"]);
}

/// Starts the launcher with exactly this environment, duplicates and all, and returns what it printed.
fn exactly(profile: &str, environ: &[&[u8]]) -> Vec<u8> {
    let test = Test::new().file("p.toml", profile);
    let words = ["inject".into(), "-p".into(), test.path("p.toml").display().to_string()];
    let words = words.into_iter().chain(["--", "/usr/bin/env", "-0"].map(String::from));
    let words: Vec<CString> = words.map(|word| CString::new(word).unwrap()).collect();
    let environ: Vec<CString> = environ.iter().map(|pair| CString::new(*pair).unwrap()).collect();
    let list = |strings: &[CString]| -> Vec<usize> { strings.iter().map(|s| s.as_ptr() as usize).chain([0]).collect() };
    let (argv, envp) = (list(&words), list(&environ));
    let program = CString::new(inject().into_os_string().into_encoded_bytes()).unwrap();
    let mut command = std::process::Command::new("/bin/true");
    // SAFETY: execve between fork and exec, of lists that live in this function and end in a null.
    unsafe {
        use std::os::unix::process::CommandExt;
        command.pre_exec(move || {
            libc::execve(program.as_ptr(), argv.as_ptr().cast(), envp.as_ptr().cast());
            Err(std::io::Error::last_os_error())
        });
    }
    let output = command.output().expect("inject");
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
    output.stdout
}

#[test]
fn duplicates_and_oddities_in_the_callers_environment() {
    let environ: [&[u8]; 9] = [b"A=1", b"B=1", b"A=2", b"noequals", b"=x", b"B=2", b"C=\xff\xfe", b"\xff=y", b"A=3"];
    // All duplicates of what is set are gone; of those that nobody sets the first is kept.
    assert_eq!(exactly("inherit = ['A', 'B', 'C']\nvars.A = 'set'", &environ), b"B=1\0C=\xff\xfe\0A=set\0");
    assert_eq!(exactly("inherit = ['A', 'B']\nsecrets.A = { from = 'env:N', optional = true }", &environ), b"B=1\0");
    assert_eq!(exactly("inherit = ['A']", &environ), b"A=1\0");
    // `env:` reads the first, as getenv does.
    assert_eq!(exactly("secrets.S = 'env:A'", &environ), b"S=1\0");
    let many: Vec<Vec<u8>> = (0..10_000).map(|n| format!("V{n}=x").into_bytes()).collect();
    let many: Vec<&[u8]> = many.iter().map(Vec::as_slice).collect();
    assert_eq!(exactly("inherit = ['V9999']", &many), b"V9999=x\0");
}

const OP: &str = "[source.op]\nkind = 'command'\nrun = ['/bin/echo', '{}']\ncredentials = ['OP_*']\n";

#[test]
fn credentials_are_not_inherited_by_a_pattern() {
    let profile = format!("inherit = ['O*', '*_T']\n[secrets]\nA = 'op:x'\n{OP}");
    env(&profile)
        .envs(["OP_TOKEN", "OP_T", "OTHER", "OP"])
        .stdout(vars(&[("OP", "OP"), ("OTHER", "OTHER"), ("A", "x")]))
        .stderr("")
        .run();
    let on_purpose = format!("inherit-credentials = ['OP_T*']\n{profile}");
    env(&on_purpose)
        .envs(["OP_TOKEN", "OP_X", "OTHER"])
        .stdout(vars(&[("OP_TOKEN", "OP_TOKEN"), ("OTHER", "OTHER"), ("A", "x")]))
        .run();
    // What the profile itself sets under such a name is set.
    env(&format!("inherit = ['*']\nvars.OP_TOKEN = 'mine'\n{OP}"))
        .env("OP_TOKEN", "caller")
        .env("HOME", "h")
        .stdout(vars(&[("HOME", "h"), ("OP_TOKEN", "mine")]))
        .run();
}

#[test]
fn a_credential_that_inherit_names_alone_is_an_error() {
    let hint = "hint: inherit-credentials = [\"OP_TOKEN\"] passes it on purpose";
    let profile = format!("inherit = [\n'A',\n'OP_TOKEN']\n{OP}");
    refuses(env(&profile), &["error: p.toml:3: inherit: OP_TOKEN is a credential of source 'op'", hint]);
    let test = Test::new().file("p.toml", OP).args(["-p", "p.toml", "-i", "OP_TOKEN", "--", "true"]);
    refuses(test, &["error: inherit: OP_TOKEN is a credential of source 'op'", hint]);
    refuses(
        env("inherit = ['CREDENTIALS_DIRECTORY']\nsecrets.A = 'systemd:x'"),
        &[
            "error: p.toml:1: inherit: CREDENTIALS_DIRECTORY is a credential of source 'systemd'",
            "hint: inherit-credentials = [\"CREDENTIALS_DIRECTORY\"] passes it on purpose",
        ],
    );
    // A kind that the profile does not use has none.
    env("inherit = ['CREDENTIALS_DIRECTORY']")
        .env("CREDENTIALS_DIRECTORY", "/c")
        .stdout(vars(&[("CREDENTIALS_DIRECTORY", "/c")]))
        .run();
}
