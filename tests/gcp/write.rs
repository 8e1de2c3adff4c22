//! What is written, against the stand-in and against a second Secret Manager that somebody else wrote.

use super::world::{asked, inside, python};
use crate::common::hostile::values;
use crate::common::project::{self, profile, variables};
use crate::common::{Output, Test, inject};
use std::fmt::Write;

/// Lines of a shell in the network of the stand-in, which lives as long as they run.
#[track_caller]
fn shell(profile: &str, lines: &str, faults: &[&str]) -> Test {
    let test = project::shell(profile, lines);
    let key = test.path("service.json");
    inside(test.env("GOOGLE_APPLICATION_CREDENTIALS", key), faults)
}

fn one(reference: &str) -> String {
    format!("[secrets]\nA = 'gcp:{reference}'\n")
}

fn told(done: &Output, reference: &str) -> Vec<String> {
    project::told(done, &format!("gcp:{reference}"))
}

#[test]
fn a_secret_is_made_and_gets_versions() {
    for reference in
        ["w-new", "projects/demo-project/secrets/w-new", "projects/demo-project/locations/europe-west3/secrets/w-new"]
    {
        let lines = "printf one | set_ A\nprintf one | set_ A\nprintf two | set_ A\nget A; launch\n\
            printf '\\377\\376' | set_ A\nget A\n";
        let done = shell(&one(reference), lines, &[]).stdout(b"twoA=two\0\xff\xfe").run();
        assert_eq!(told(&done, reference), ["created", "unchanged", "new version 2", "new version 3"]);
    }
    // A secret that has no version yet is not made.
    let done = shell(&one("empty"), "printf one | set_ A; get A\n", &[]).stdout("one").run();
    assert_eq!(told(&done, "empty"), ["created"]);
    assert!(!asked(&done).iter().any(|one| one["path"].as_str().unwrap().contains("secretId")));
}

#[test]
fn a_field_is_changed_without_its_neighbours() {
    let lines = "printf you | set_ A\n\"$I\" get -p ./whole.toml W; echo\nunset_ A\n\"$I\" get -p ./whole.toml W; echo\nunset_ A\n";
    let test = shell(&one("json#user"), lines, &[]).file("whole.toml", "[secrets]\nW = 'gcp:json'\n");
    let done = test.stdout("{\"user\": \"you\", \"port\": 5432}\n{\"port\": 5432}\n").run();
    assert_eq!(told(&done, "json#user"), ["new version 2", "removed, by new version 3", "there was nothing to remove"]);
    let done = shell(&one("w-field#a.b"), "printf x | set_ A; printf y | set_ A; get A", &[]).stdout("y").run();
    assert_eq!(told(&done, "w-field#a.b"), ["created", "new version 2"]);
    let plain = shell(&one("plain#a"), "printf x | set_ A", &[]).status(125);
    plain.stderr_contains("is no document, so it has no fields").run();
}

#[test]
fn a_whole_secret_can_be_had_again() {
    let lines = "unset_ A; unset_ A --yes; get A; unset_ A --yes\nprintf new | set_ A; get A\n";
    let done = shell(&one("rotated"), lines, &[]).stdout("new").run();
    let told = told(&done, "rotated");
    assert!(told[0].contains("nothing was removed") && told[1].contains("pass --yes"), "{told:?}");
    assert_eq!(told[2], "version 2 disabled; `gcloud secrets versions enable 2 --secret rotated` takes that back");
    assert!(told[3].contains("version latest is disabled"), "{told:?}");
    assert_eq!(told[5..], ["there was nothing to remove", "new version 3"]);
    // A field of a version that nobody can read has neighbours that would be lost.
    let field = shell(&one("disabled#a"), "printf x | set_ A", &[]).status(125);
    field.stderr_contains("version latest is disabled").run();
}

#[test]
fn who_writes_meanwhile_is_told() {
    let field = shell(&one("json#user"), "printf you | set_ A", &["overtaken"]).status(125);
    field.stderr_contains("was stored, but somebody else has stored a version meanwhile").run();
    shell(&one("json"), "printf '{}' | set_ A", &["overtaken"]).stderr_contains("new version 3").run();
}

/// One letter more than a name may have.
const LONG: &str = concat!(
    "a123456789012345678901234567890123456789012345678901234567890123",
    "b123456789012345678901234567890123456789012345678901234567890123",
    "c123456789012345678901234567890123456789012345678901234567890123",
    "d123456789012345678901234567890123456789012345678901234567890123"
);

#[test]
fn what_cannot_be_written_says_why() {
    for (reference, lines, said) in [
        ("w-none", "printf '' | set_ A", "Secret Manager holds no empty value"),
        ("w-none", "head -c 65537 /dev/zero | tr '\\0' x | set_ A", "Secret Manager holds at most 64 KiB"),
        ("rotated/versions/1", "printf x | set_ A", "the name says which version is read"),
        ("denied", "printf needle-5f | set_ A", "the role roles/secretmanager.secretAccessor on the secret allows it"),
        ("read-only", "printf needle-5f | set_ A", "the role roles/secretmanager.secretVersionAdder allows it"),
        ("no-create", "printf needle-5f | set_ A", "the role roles/secretmanager.admin allows it"),
        ("read-only", "unset_ A --yes", "the role roles/secretmanager.secretVersionManager allows it"),
        (LONG, "printf needle-5f | set_ A", "does not take this as a secret: its name, or its value"),
    ] {
        let profile = format!("[secrets]\nA = {{ from = 'gcp:{reference}', expose = false }}\n");
        let done = shell(&profile, lines, &[]).status(125).stderr_contains(said).run();
        let told = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(!told.contains("needle"), "{told}");
    }
}

#[test]
fn hostile_values_come_back() {
    let all: Vec<_> = values(false).into_iter().filter(|value| !value.is_empty()).collect();
    let mut test = shell("", "for f in v/*; do set_ ${f#v/} <$f 2>>log || exit 1; done; launch\n", &["quiet"]);
    for (at, value) in all.iter().enumerate() {
        test = test.file(format!("v/V{at}"), value);
    }
    let test = test.file("p.toml", profile(all.len(), |at| format!("gcp:h-{at}")));
    let got = variables(&test.run());
    for (at, value) in all.iter().enumerate() {
        let found = got.iter().find(|(name, _)| *name == format!("V{at}"));
        assert_eq!(found.map(|(_, value)| value), Some(value), "V{at}");
    }
    assert!(got.len() == all.len() && all.len() >= 200);
}

/// The stand-in is no invention of ours: Google's own client reads what inject wrote, and inject what it wrote.
#[test]
fn the_official_client_reads_what_is_written() {
    let script = "import sys\nfrom google.cloud import secretmanager\n\
        client = secretmanager.SecretManagerServiceClient(transport='rest')\n\
        def read(name):\n\treturn client.access_secret_version(name=f'projects/demo-project/secrets/{name}/versions/latest').payload.data\n\
        sys.stdout.write(read('ours').decode() + '\\n')\n\
        client.add_secret_version(parent='projects/demo-project/secrets/ours', payload={'data': b'of python'})\n\
        client.create_secret(parent='projects/demo-project', secret_id='theirs', secret={'replication': {'automatic': {}}})\n\
        client.add_secret_version(parent='projects/demo-project/secrets/theirs', payload={'data': b'theirs'})\n";
    let profile = "[secrets]\nA = 'gcp:ours'\nB = 'gcp:theirs'\n";
    let lines = format!("printf 'of inject' | set_ A\n'{}' client.py && launch\n", python());
    let test = shell(profile, &lines, &[]).file("client.py", script);
    test.stdout("of inject\nA=of python\0B=theirs\0").run();
}

/// A second Secret Manager, which somebody else wrote.
#[test]
fn drongo_takes_it_too() {
    let serve = "import os, subprocess, sys, time, urllib.request\n\
        server = subprocess.Popen([sys.executable, os.path.dirname(sys.executable) + '/drongo', 'server', '--host', '127.0.0.1', '--port', '9090'], stdout=2)\n\
        for _ in range(200):\n\
        \ttry:\n\t\turllib.request.urlopen('http://127.0.0.1:9090/v1/projects/p/secrets')\n\t\tbreak\n\
        \texcept OSError:\n\t\ttime.sleep(0.05)\n\
        done = subprocess.run(['/bin/sh', 'all.sh'])\nserver.kill()\nserver.wait()\nsys.exit(done.returncode)\n";
    let mut lines = String::from("I=$1\n");
    writeln!(lines, "exec '{}' serve.py", python()).unwrap();
    let source = "[source.gcp]\nproject = 'p'\nendpoint = 'http://127.0.0.1:9090'\n";
    let all = format!(
        "set_() {{ '{0}' set -p ./p.toml --stdin \"$@\"; }}\nprintf one | set_ A && printf two | set_ A && printf x | set_ B && \
         printf y | set_ B && exec '{0}' -p ./p.toml -- /usr/bin/env -0\n",
        inject().display()
    );
    let profile = format!("[secrets]\nA = 'gcp:whole'\nB = 'gcp:field#a.b'\n{source}");
    let test = shell(&profile, &lines, &[]).file("serve.py", serve).file("all.sh", all);
    let done = test.stdout("A=two\0B=y\0").run();
    let told = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(told.contains("gcp:whole: created") && told.contains("gcp:whole: new version 2"), "{told}");
}
