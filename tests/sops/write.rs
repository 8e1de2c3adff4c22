//! What is written: `sops set` on a copy, held against what was meant, in each of the formats; the real sops reads it.

use super::support::{age, encrypted, encrypted_to, path, sops};
use crate::common::hostile::values;
use crate::common::project::{Project, fresh, profile, variables};
use crate::common::{Test, tool};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

fn on(test: Test) -> Test {
    test.env("PATH", path()).env("SOPS_AGE_KEY", &age().identity)
}

fn project(reference: &str, file: &str, text: &[u8]) -> Project {
    let project = Project::new(&format!("[secrets]\nA = \"sops:{reference}\"\n"));
    project.file(file, text);
    project
}

/// What the real program decrypts.
fn decrypted(project: &Project, file: &str) -> String {
    let folder = project.path("");
    let text = sops(&folder, &[("SOPS_AGE_KEY", &age().identity)], &["decrypt", file]);
    String::from_utf8(text).unwrap()
}

fn told(reference: &str, what: &str) -> String {
    format!("inject: A: sops:{reference}: {what}\n")
}

#[test]
fn each_format_keeps_what_stands_around_a_field() {
    for (file, plain, field, after, gone) in [
        (
            "s.yaml",
            "# c\ndb:\n    # d\n    url: old\n    port: 0o17\nl:\n    - a\n",
            "db.url",
            "# c\ndb:\n    # d\n    url: new\n    port: 15\nl:\n    - a\n",
            "# c\ndb:\n    # d\n    port: 15\nl:\n    - a\n",
        ),
        ("s.json", "{\"a\": \"old\", \"n\": 7}", "a", "{\n\t\"a\": \"new\",\n\t\"n\": 7\n}\n", "{\n\t\"n\": 7\n}\n"),
        (".env", "# c\nA=old\nB=2\n", "A", "# c\nA=new\nB=2\n", "# c\nB=2\n"),
        ("s.ini", "[s]\nk = old\nm = 2\n", "s.k", "[s]\nk = new\nm = 2\n", "[s]\nm = 2\n"),
    ] {
        let reference = format!("{file}#{field}");
        let project = project(&reference, file, &encrypted(file, plain));
        fs::set_permissions(project.path(file), fs::Permissions::from_mode(0o640)).unwrap();
        on(project.set("A", "new", &[])).stderr(told(&reference, "replaced")).run();
        assert_eq!(decrypted(&project, file), after);
        let written = project.read(file);
        on(project.set("A", "new", &[])).stderr(told(&reference, "unchanged")).run();
        assert_eq!(project.read(file), written, "sops would encrypt anew");
        on(project.unset("A", &[])).stderr(told(&reference, "removed")).run();
        assert_eq!(decrypted(&project, file), gone);
        on(project.unset("A", &[])).stderr(told(&reference, "there was nothing to remove")).run();
        on(project.set("A", "again", &[])).stderr(told(&reference, "created")).run();
        on(project.inject(["get", "-p", "./p.toml", "A"])).stdout("again").run();
        assert_eq!(project.names().len(), 2, "{:?}", project.names());
        assert_eq!(fs::metadata(project.path(file)).unwrap().permissions().mode() & 0o777, 0o640);
    }
}

#[test]
fn the_only_field_lists_and_binary_files() {
    let yaml = encrypted("s.yaml", "only: old\n");
    let one = project("s.yaml", "s.yaml", &yaml);
    on(one.set("A", "new", &[])).stderr(told("s.yaml", "replaced")).run();
    assert_eq!(decrypted(&one, "s.yaml"), "only: new\n");
    let list = project("s.yaml#l.1.k", "s.yaml", &encrypted("s.yaml", "l:\n- x\n- k: old\n"));
    on(list.set("A", "new", &[])).run();
    assert_eq!(decrypted(&list, "s.yaml"), "l:\n    - x\n    - k: new\n");
    let place = project("s.yaml#l.0", "s.yaml", &encrypted("s.yaml", "l:\n- x\n- y\n"));
    on(place.set("A", "new", &[])).run();
    on(place.unset("A", &[])).status(125).stderr_contains("is a place in a list: the others would move").run();
    assert_eq!(decrypted(&place, "s.yaml"), "l:\n    - new\n    - \"y\"\n");
    let binary = project("key.pem", "key.pem", &encrypted("key.pem", "-----BEGIN\nold\n"));
    on(binary.set("A", "-----BEGIN\nnew\n", &[])).stderr_contains(told("key.pem", "replaced")).run();
    assert_eq!(decrypted(&binary, "key.pem"), "-----BEGIN\nnew\n");
    on(binary.set("A", b"\xff\xfe", &[])).status(125).stderr_contains("not UTF-8 at byte 0").run();
    let within = project("all.enc#a.b", "all.enc", &encrypted("all.enc", "{\"a\":{\"c\":0.10}}"));
    on(within.set("A", "new", &[])).run();
    assert_eq!(decrypted(&within, "all.enc"), "{\"a\":{\"c\":0.10,\"b\":\"new\"}}");
    on(within.unset("A", &[])).run();
    assert_eq!(decrypted(&within, "all.enc"), "{\"a\":{\"c\":0.10}}");
    on(binary.unset("A", &[])).stderr(told("key.pem", "removed")).run();
    assert!(!binary.path("key.pem").exists());
}

#[test]
fn what_cannot_be_written_changes_nothing() {
    let yaml = encrypted("s.yaml", "a:\n  b: x\nt: text\nk.d: dots\n");
    for (field, said) in [
        ("a", "'a' is a table or a list, not a text"),
        ("t.x", "it has no field 'x'"),
        ("k.d", "write the field as '/k.d'"),
        ("/k[0", "holds a '['"),
        ("x_unencrypted", "would stand in the file in plain text"),
    ] {
        let project = project(&format!("s.yaml#{field}"), "s.yaml", &yaml);
        on(project.set("A", "needle-77c1", &[])).status(125).stderr_contains(said).run();
        assert_eq!(fs::read(project.path("s.yaml")).unwrap(), yaml, "{field}");
        assert_eq!(project.names(), ["p.toml", "s.yaml"]);
    }
    let ini =
        encrypted_to(&["--encrypted-regex", "^s$", "--age", &age().recipient], &[], "s.ini", "[x]\ns = 1\np = 2\n");
    let plain = project("s.ini#x.p", "s.ini", &ini);
    on(plain.set("A", "new", &[])).status(125).stderr_contains("in plain text").run();
    let hidden = project("s.ini#x.s", "s.ini", &ini);
    on(hidden.set("A", "new", &[])).run();
    let nokey = project("s.yaml#t", "s.yaml", &yaml);
    on(nokey.set("A", "new", &[]))
        .env("SOPS_AGE_KEY", "")
        .status(125)
        .stderr_contains("sops could use none of the keys that open it")
        .run();
    let none = project("none.yaml#t", "s.yaml", &yaml);
    on(none.set("A", "new", &[])).status(125).stderr_contains("none.yaml: no such file").run();
    on(none.unset("A", &[])).stderr_contains("there was nothing to remove").run();
    let missing = nokey.set("A", "new", &[]).env("PATH", "/nowhere");
    missing.status(125).stderr_contains("https://github.com/getsops/sops/releases has it").run();
    assert_eq!(fs::read(nokey.path("s.yaml")).unwrap(), yaml);
}

/// A sops in front of the real one.
fn with_sops(project: &Project, test: Test, script: &str) -> Test {
    let script = format!("#!/bin/sh\n{script}\nexec '{}' \"$@\"\n", tool::sops().display());
    let bin = project.path("bin");
    fs::create_dir_all(&bin).unwrap();
    fs::write(bin.join("new"), script).unwrap();
    fs::set_permissions(bin.join("new"), fs::Permissions::from_mode(0o755)).unwrap();
    // By another process, so that no child of this one has it open for writing.
    let copied = std::process::Command::new("/bin/cp").arg(bin.join("new")).arg(bin.join("sops")).status().unwrap();
    assert!(copied.success());
    on(test).env("PATH", format!("{}:/usr/bin:/bin", bin.display()))
}

#[test]
fn an_old_sops_is_not_asked_to_set() {
    let yaml = encrypted("s.yaml", "a: old\n");
    for version in ["sops 3.10.2", "sops 3.8.1 (latest)", "sops 2.0.10", "something"] {
        let project = project("s.yaml#a", "s.yaml", &yaml);
        let script = format!("echo \"$*\" >>log\n[ \"$2\" = --version ] && {{ echo '{version}'; exit 0; }}");
        let test = with_sops(&project, project.set("A", "new", &[]), &script);
        test.status(125).stderr_contains("version 3.11 or newer is needed").run();
        assert!(!project.read("log").contains("set"), "{version}");
        assert_eq!(fs::read(project.path("s.yaml")).unwrap(), yaml);
    }
}

#[test]
fn a_sops_that_breaks_off_or_does_something_else_changes_nothing() {
    let yaml = encrypted("s.yaml", "a: old\nb: other\n");
    let other = encrypted("s.yaml", "a: new\nb: changed\n");
    for (script, exit, said) in [
        ("[ \"$2\" = set ] && { : >\"$4\"; exit 0; }", 125, "is no SOPS file"),
        ("[ \"$2\" = set ] && { echo x >\"$4\"; kill -9 $$; }", 125, "was ended by signal 9"),
        (
            "[ \"$2\" = set ] && { cp ../other \"$4\" 2>/dev/null || cp other \"$4\"; exit 0; }",
            125,
            "cannot be changed",
        ),
        ("[ \"$2\" = set ] && exit 0", 125, "cannot be changed"),
        ("[ \"$2\" = set ] && { echo '#' >>s.yaml; }", 124, "somebody else has changed it meanwhile"),
    ] {
        let project = project("s.yaml#a", "s.yaml", &yaml);
        project.file("other", &other);
        let done = with_sops(&project, project.set("A", "new", &[]), script).status(exit).stderr_contains(said).run();
        drop(done);
        assert!(fs::read(project.path("s.yaml")).unwrap().starts_with(&yaml), "{script}");
        assert!(!project.path("inject~s.yaml").exists());
    }
}

#[test]
fn a_link_leads_to_the_file_and_its_own_name_says_the_format() {
    let project = project("s.yaml#a", "real.enc", &encrypted("s.yaml", "a: old\n"));
    symlink("real.enc", project.path("s.yaml")).unwrap();
    on(project.set("A", "new", &[])).stderr(told("s.yaml#a", "replaced")).run();
    assert!(fs::symlink_metadata(project.path("s.yaml")).unwrap().is_symlink());
    assert_eq!(decrypted(&project, "s.yaml"), "a: new\n");
}

/// The value is in no argument and in no file: from inject to sops through a socket, and back through a pipe.
#[test]
fn the_value_goes_through_standard_input_only() {
    const NEEDLE: &str = "needle-8d0c35aa17";
    let project = project("s.yaml#a", "s.yaml", &encrypted("s.yaml", "a: old\n"));
    let trace = ["/usr/bin/strace", "-f", "-yy", "-s", "200000", "-o", "trace", "-e", "trace=all"];
    let done = on(project.set("A", NEEDLE, &[])).prefix(trace).run();
    assert!(!String::from_utf8_lossy(&done.stderr).contains(NEEDLE));
    let text = String::from_utf8_lossy(&fs::read(project.path("trace")).unwrap()).into_owned();
    let mut seen = 0;
    for line in text.lines().filter(|line| line.contains(NEEDLE)) {
        let call = line.split_whitespace().skip(1).collect::<Vec<_>>().join(" ");
        let known = ["read(", "<... read", "write(1<pipe:", "sendto(", "recvfrom("].iter().any(|k| call.starts_with(k));
        assert!(known && !call.contains("s.yaml"), "{call:.200}");
        seen += 1;
    }
    assert!(seen >= 4 && text.contains("--value-stdin"), "{seen}");
}

#[test]
fn hostile_values_come_back_or_are_refused() {
    let all = values(true);
    let refusals = ["cannot hold this value", "which sops prints alike", "U+2028 or U+2029"];
    let formats =
        [("yaml", "o: x\n", "a"), ("json", "{\"o\": \"x\"}", "a"), ("env", "o=x\n", "v"), ("ini", "[a]\no=x\n", "a")];
    std::thread::scope(|scope| {
        for (part, (ending, plain, table)) in formats.into_iter().enumerate() {
            let mine: Vec<_> = all.iter().skip(part).step_by(formats.len()).collect();
            scope.spawn(move || {
                let name = format!("s.{ending}");
                let flat = ending == "env";
                let place =
                    |at: usize| if flat { format!("sops:{name}#v{at}") } else { format!("sops:{name}#{table}.v{at}") };
                let project = Project::new(&profile(mine.len(), place));
                project.file(&name, encrypted(&name, plain));
                let mut refused = Vec::new();
                for (at, value) in mine.iter().enumerate() {
                    let done = on(project.set(&format!("V{at}"), value, &[])).any_status().run();
                    let told = String::from_utf8_lossy(&done.stderr).into_owned();
                    match done.status.code() {
                        Some(0) => {}
                        _ if refusals.iter().any(|words| told.contains(words)) => refused.push(at),
                        code => panic!("{name}: {code:?} {told} of {}", value.escape_ascii()),
                    }
                }
                let most = [3, 0, 8, 8][part];
                assert!(refused.len() <= most, "{name}: {refused:?}");
                let kept: Vec<_> = (0..mine.len()).filter(|at| !refused.contains(at)).collect();
                let lines = kept.iter().map(|at| format!("V{at} = \"{}\"\n", place(*at))).collect::<String>();
                project.file("p.toml", format!("[secrets]\n{lines}"));
                let got = variables(&on(project.inject(["-p", "./p.toml", "--", "/usr/bin/env", "-0"])).run());
                for at in kept {
                    let found = got.iter().find(|(name, _)| *name == format!("V{at}"));
                    assert_eq!(found.map(|(_, value)| value), Some(mine[at]), "{name}: V{at}");
                }
            });
        }
    });
}

#[test]
fn check_knows_when_the_file_was_written() {
    for (file, plain, field) in [
        ("s.yaml", "lastmodified: '2001-02-03T04:05:06Z'\na: x\n", "#a"),
        ("s.json", "{\"a\": \"x\"}", "#a"),
        (".env", "a=x\n", "#a"),
        ("s.ini", "[s]\na = x\n", "#s.a"),
        ("s.bin", "x", ""),
    ] {
        let project = project(&format!("{file}{field}"), file, &encrypted(file, plain));
        let done = on(project.inject(["check", "-p", "./p.toml", "--json"])).run();
        assert!(fresh(&done, "A").is_null(), "{file}");
    }
    let old = String::from_utf8(encrypted("s.yaml", "a: x\n")).unwrap();
    let at = old.find("lastmodified: \"").unwrap() + 15;
    let changed = [&old[..at], "2024", &old[at + 4..]].concat();
    let project = project("s.yaml#a", "s.yaml", changed.as_bytes());
    // The MAC is bound to that time.
    on(project.inject(["check", "-p", "./p.toml", "--json"])).status(125).stdout_contains("was changed since").run();
}
