//! Each way to fail has its own words and its own state, and nothing of what sops says goes on.

use super::support::{NOTHING, age, encrypted, launch, new_age, run, with_program};
use crate::common::tool::{sops, tool};
use crate::common::{Test, inject};
use nix::sys::stat::Mode;
use std::fs;
use std::os::unix::fs::PermissionsExt;

/// A launch and a check both end with these words and this state.
#[track_caller]
fn fails(make: &dyn Fn() -> Test, state: &str, words: &str) {
    let exit = if state == "timeout" { 124 } else { 125 };
    let test = make().args(["-p", "./p.toml", "--", "/bin/echo", "ran"]).status(exit).stdout("");
    let done = test.stderr_contains(words).stderr_contains(NOTHING).run();
    assert!(!String::from_utf8_lossy(&done.stderr).contains("hunter2"));
    let test = make().args(["check", "-p", "./p.toml", "--json"]).status(exit);
    let done = test.stdout_contains(format!("\"state\": \"{state}\"")).run();
    assert!(!String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).contains("hunter2"));
}

/// The same for one field of one file, whose absence would be forgiven.
#[track_caller]
fn file_fails(name: &str, text: &[u8], field: &str, state: &str, words: &str) {
    let line = format!("A = {{ from = 'sops:{name}{field}', optional = true }}");
    fails(&|| run(&line).file(name, text), state, words);
}

fn yaml() -> String {
    String::from_utf8(encrypted("s.yaml", "password: hunter2\nother: hunter22\n")).unwrap()
}

#[test]
fn no_key_and_another_key() {
    let line = "A = { from = 'sops:s.yaml#password', optional = true }";
    let words =
        "A: sops:s.yaml: sops could use none of the keys that open it\ninject: hint: it needs an age, SSH or PGP key";
    fails(&|| run(line).file("s.yaml", yaml()).env("SOPS_AGE_KEY", ""), "denied", words);
    let other = new_age();
    fails(&|| run(line).file("s.yaml", yaml()).env("SOPS_AGE_KEY", &other.identity), "denied", words);
    let missing = "/no/such/key";
    fails(
        &|| run(line).file("s.yaml", yaml()).env("SOPS_AGE_KEY", "").env("SOPS_AGE_KEY_FILE", missing),
        "denied",
        words,
    );
}

#[test]
fn a_file_that_was_changed() {
    let without = |start: &str| {
        let text = yaml();
        let kept: Vec<_> = text.lines().filter(|line| !line.starts_with(start)).collect();
        kept.join("\n")
    };
    let value = |text: &str, key: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(key)).unwrap().to_owned();
        (line.clone(), line)
    };
    let text = yaml();
    let (password, _) = value(&text, "password: ");
    let (other, _) = value(&text, "other: ");
    let swapped = text.replace(&password, "@").replace(&other, &password).replace('@', &other);
    let bent = text.replace("password: ENC[AES256_GCM,data:", "password: ENC[AES256_GCM,data:A");
    let flipped = {
        let at = text.find("password: ENC[AES256_GCM,data:").unwrap() + "password: ENC[AES256_GCM,data:".len();
        let mut bytes = text.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        String::from_utf8(bytes).unwrap()
    };
    for changed in [
        swapped,
        bent,
        flipped,
        without("other:"),
        without("    mac:"),
        text.replace("other: ENC[", "other: ENC"),
        text.replace(&format!("other: {other}"), "other: hunter3"),
        format!("added: hunter4\n{text}"),
        text.replace("lastmodified: \"20", "lastmodified: \"19"),
    ] {
        let words = "A: sops:s.yaml: it was changed since sops encrypted it, or is damaged\n";
        file_fails("s.yaml", changed.as_bytes(), "#password", "invalid", words);
    }
}

#[test]
fn what_is_no_sops_file() {
    for (name, text, field) in [
        ("s.yaml", "a: hunter2\n", "#a"),
        ("s.yaml", "# sops\na: hunter2\n", "#a"),
        ("s.yaml", "", "#a"),
        ("s.json", "{\"a\": \"hunter2\"}", "#a"),
        ("s.env", "a=hunter2\n", "#a"),
        ("s.env", "", "#a"),
        ("s.ini", "[s]\na=hunter2\n", "#s.a"),
        ("key.pem", "-----BEGIN hunter2", ""),
        ("key.pem", "", ""),
        ("s.bin", "{\"a\": \"hunter2\"}", ""),
    ] {
        let words = format!(
            "A: sops:{name}: is no SOPS file: nothing in it says how it was encrypted\ninject: hint: the sources 'file' and"
        );
        file_fails(name, text.as_bytes(), field, "invalid", &words);
    }
}

#[test]
fn bad_syntax_and_a_name_of_another_format() {
    let json = String::from_utf8(encrypted("s.json", "{\"a\": \"hunter2\"}")).unwrap();
    let dotenv = String::from_utf8(encrypted("s.env", "a=hunter2\n")).unwrap();
    for (name, text, words) in [
        ("s.yaml", yaml().replace("other: ", "other: hunter2: "), "line 2: not YAML\n"),
        ("s.yaml", format!("{}a: hunter2: b\n", yaml()), ": not YAML\n"),
        ("s.json", json.replace("\"a\": ", "\"a\" "), "line 2: not JSON at column 6\n"),
        ("s.json", json[..json.len() - 4].into(), ": the JSON ends too early\n"),
        ("s.env", format!("hunter2\n{dotenv}"), "line 1: neither a comment nor NAME=VALUE\n"),
        ("s.enc", json.clone(), "sops encrypted it in another format than its name tells\n"),
        ("s.enc", yaml(), ": not JSON at column 1\n"),
        (
            "s.yaml",
            "sops: hunter2\na: b\n".into(),
            "sops ended with exit code 1\ninject: hint: its error output is not shown",
        ),
    ] {
        file_fails(name, text.as_bytes(), if name == "s.enc" { "" } else { "#a" }, "invalid", words);
    }
}

#[test]
fn files_that_are_not_there_or_cannot_be_read() {
    let line = |from: &str| format!("A = {{ from = 'sops:{from}#a', default = 'd' }}");
    for name in ["nothing.yaml", "no/such.env", "p.toml/x.yaml"] {
        launch(&line(name)).stdout("A=d\0").stderr("").run();
        // It is absent where there is no sops, too.
        launch(&line(name)).env("PATH", "/usr/bin").stdout("A=d\0").run();
        let test = launch(&format!("A = 'sops:{name}#a'")).status(125);
        test.stderr_contains(format!("A: sops:{name}: no such file\n")).run();
    }
    let folder = || run(&line("x.yaml"));
    fails(
        &|| {
            let test = folder();
            fs::create_dir(test.path("x.yaml")).unwrap();
            test
        },
        "invalid",
        "A: sops:x.yaml: is a folder, not a file\n",
    );
    fails(
        &|| {
            let test = folder();
            nix::unistd::mkfifo(&test.path("x.yaml"), Mode::S_IRWXU).unwrap();
            test
        },
        "invalid",
        "A: sops:x.yaml: is no regular file\n",
    );
    fails(
        &|| {
            let test = folder().file("x.yaml", yaml());
            fs::set_permissions(test.path("x.yaml"), fs::Permissions::from_mode(0o0)).unwrap();
            let program = test.bring(&inject());
            test.program(program).prefix([tool("state").as_os_str(), "uid-65534".as_ref()]).owner(65534)
        },
        "denied",
        "A: sops:x.yaml: permission denied\n",
    );
}

#[test]
fn sops_is_missing_or_too_old() {
    let line = "A = { from = 'sops:s.yaml#password', optional = true }";
    let missing =
        "A: sops:s.yaml: sops: not found in the caller's PATH\ninject: hint: sops decrypts the file: https://";
    fails(&|| run(line).file("s.yaml", yaml()).env("PATH", "/usr/bin:/bin"), "unreachable", missing);
    fails(
        &|| {
            let test = with_program(run(line).file("s.yaml", yaml()), "sops", "#!/bin/sh\n");
            fs::set_permissions(test.path("bin/sops"), fs::Permissions::from_mode(0o644)).unwrap();
            test
        },
        "unreachable",
        "bin/sops: cannot be executed: permission denied\n",
    );
    // As 3.7 answers (cli.v1): usage on the standard output, before it looks at any file.
    let old = "#!/bin/sh\ncase $1 in --disable-version-check) echo 'Incorrect Usage. flag provided but not defined: '$1;\n\
        echo; exit 1;; esac\ntouch \"$HOME/went-on\"\n";
    let words = "A: sops:s.yaml: this sops is too old\ninject: hint: version 3.8 or newer is needed";
    fails(&|| with_program(run(line).file("s.yaml", yaml()), "sops", old), "unreachable", words);
}

/// The control of the last one: the real program does say so of a flag that it does not know.
#[test]
fn an_unknown_flag_is_told_on_the_standard_output() {
    let done = std::process::Command::new(sops()).args(["--no-such-flag", "--decrypt", "x"]).output().unwrap();
    assert_eq!(done.status.code(), Some(1));
    assert!(done.stdout.starts_with(b"Incorrect Usage. flag provided but not defined"));
}

#[test]
fn what_sops_says_is_never_shown() {
    let line = "A = { from = 'sops:s.yaml#password', optional = true }";
    for (end, state, words) in [
        ("exit 1", "invalid", "sops ended with exit code 1\n"),
        ("exit 77", "invalid", "sops ended with exit code 77\ninject: hint: its error output is not shown"),
        ("exit 128", "denied", "none of the keys"),
        ("exit 51", "invalid", "it was changed"),
        ("exit 4", "invalid", "another format"),
        ("kill -9 $$", "invalid", "the program was ended by signal 9\n"),
        ("exec sleep 60", "timeout", "A: sops:s.yaml: no answer within 1 s\n"),
    ] {
        let script = format!("#!/bin/sh\nh=hunter; echo ${{h}}2; echo ${{h}}2 >&2; {end}\n");
        let make = || {
            let test = with_program(run(line).file("s.yaml", yaml()), "sops", &script);
            if state == "timeout" { test.args(["--timeout", "1s"]) } else { test }
        };
        if state == "timeout" {
            let test = make().args(["-p", "./p.toml", "--", "/bin/echo"]).status(124);
            test.stderr_contains(words).run();
        } else {
            fails(&make, state, words);
        }
    }
}

#[test]
fn an_answer_has_a_bound() {
    let large = "x".repeat((1 << 20) + 1);
    file_fails("large", &encrypted("large", &large), "", "invalid", "A: sops:large: it printed more than 1 MiB\n");
    let test = launch("A = 'sops:s.env#X'\n").file("s.env", encrypted("s.env", format!("X={}\n", &large[..100_000])));
    test.stdout(format!("A={}\0", &large[..100_000])).run();
}

/// Neither a look-up of a newer version nor a plaintext on disk: no socket is made and no file opened for writing.
#[test]
fn it_asks_nobody_and_writes_nothing() {
    let trace = |test: Test, command: &[&str]| {
        let log = test.path("trace");
        let calls = "trace=socket,connect,openat,open,creat,memfd_create,mknod,mknodat,rename,renameat2,execve";
        let test = test.prefix(["unshare", "-n", "strace", "-f", "-qq", "-e", calls, "-o"]).prefix([&log]);
        let done = test.args(command).any_status().run();
        fs::read_to_string(done.dir.path().join("trace")).unwrap()
    };
    for name in ["s.yaml", "s.env", "key"] {
        let reference = if name == "key" { "sops:key".into() } else { format!("sops:{name}#password") };
        let plain = if name == "s.yaml" { "password: hunter2\n" } else { "password=hunter2\\n\n" };
        let test = run(&format!("A = '{reference}'")).file(name, encrypted(name, plain));
        let log = trace(test, &["-p", "./p.toml", "--", "/bin/true"]);
        assert!(log.contains("\"--decrypt\", \"--output-type\"") && log.contains("/bin/true"), "{log}");
        let wrote = |line: &&str| {
            ["O_CREAT", "O_WRONLY", "O_RDWR", "creat(", "memfd_create", "mknod", "rename"]
                .iter()
                .any(|call| line.contains(call))
                && !line.contains("\"/dev/null\"")
        };
        assert_eq!(log.lines().filter(wrote).collect::<Vec<_>>(), [""; 0]);
        assert_eq!(
            log.lines().filter(|line| line.contains("socket(") || line.contains("connect(")).count(),
            0,
            "{log}"
        );
        // sops, and the command.
        assert_eq!(log.lines().filter(|line| line.contains("execve(") && line.ends_with("= 0")).count(), 3, "{log}");
    }
    // The control: the same program, asked for its version.
    let test = Test::new().program(sops()).env("SOPS_AGE_KEY", &age().identity);
    let log = trace(test, &["--version"]);
    assert!(log.contains("socket(AF_INET"), "{log}");
}
