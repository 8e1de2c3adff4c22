//! Names, versions, projects, locations, and how many requests they take.

use super::world::{asked, inside, launch, one, python, reads, with};
use crate::common::Test;
use std::collections::BTreeSet;
use std::fmt::Write;

#[test]
fn names_and_versions() {
    for (reference, value) in [
        ("gcp:plain", "value of plain"),
        ("gcp:plain/versions/1", "value of plain"),
        ("gcp:plain/versions/latest", "value of plain"),
        ("gcp:rotated", "two"),
        ("gcp:rotated/versions/1", "one"),
        ("gcp:rotated/versions/stable", "one"),
        ("gcp:projects/demo-project/secrets/rotated/versions/2", "two"),
        ("gcp:projects/demo-project/locations/europe-west3/secrets/plain", "of the region"),
        ("gcp:json#user", "me"),
        ("gcp:json#port", "5432"),
        ("gcp:sum-none", "without a checksum"),
    ] {
        launch(&one(reference), &[]).stdout(format!("A={value}\0")).stderr("").run();
    }
    let all: Vec<u8> = (1..=255).collect();
    launch(&one("gcp:bytes"), &[]).stdout([b"A=", &all[..], b"\0"].concat()).run();
}

#[test]
fn a_version_as_an_option() {
    let entry = |version: &str| format!("[secrets]\nA = {{ from = 'gcp:rotated', version = {version} }}\n");
    for (version, value) in [("1", "one"), ("'1'", "one"), ("'stable'", "one"), ("'latest'", "two")] {
        launch(&entry(version), &[]).stdout(format!("A={value}\0")).run();
    }
    let twice = "[secrets]\nA = { from = 'gcp:rotated/versions/1', version = 2 }\n";
    launch(twice, &[]).status(125).stderr_contains("A: gcp:rotated/versions/1: the version is said twice").run();
    launch("[secrets]\n'*' = 'gcp:json'\n", &[]).stdout("user=me\0port=5432\0").run();
}

#[test]
fn the_project() {
    let user = |profile: &str| with(&["-p", "./p.toml", "--", "/usr/bin/env", "-0"], "external", profile, &[]);
    let said = "[source.gcp]\nproject = 'demo-project'\n";
    user(&(one("gcp:plain") + said)).stdout("A=value of plain\0").run();
    user(&one("gcp:plain")).env("GOOGLE_CLOUD_PROJECT", "demo-project").stdout("A=value of plain\0").run();
    // The profile beats the environment.
    user(&(one("gcp:plain") + said)).env("GOOGLE_CLOUD_PROJECT", "other").stdout("A=value of plain\0").run();
    let words = "A: gcp:plain: which project? nothing says it";
    user(&one("gcp:plain")).status(125).stderr_contains(words).run();
}

#[test]
fn fifty_secrets_over_one_pool() {
    let mut profile = String::from("[secrets]\n");
    for n in 0..50 {
        writeln!(profile, "S{n:02} = 'gcp:many-{n:02}'").unwrap();
        writeln!(profile, "AGAIN_{n:02} = {{ from = 'gcp:many-{n:02}', trim = true }}").unwrap();
    }
    let done = launch(&profile, &[]).run();
    assert_eq!(done.stdout.split(|c| *c == 0).filter(|v| !v.is_empty()).count(), 100);
    let asked = asked(&done);
    assert_eq!((asked.len(), reads(&asked)), (50, 50));
    let most = asked.iter().filter_map(|one| one["most"].as_u64()).max().unwrap();
    assert!((2..=8).contains(&most), "{most} at once");
    let connections: BTreeSet<_> = asked.iter().map(|one| one["connection"].as_u64().unwrap()).collect();
    // The client opens one before it sees that another has become free, so it can be some more than 8.
    assert!(connections.len() <= 16, "{} connections", connections.len());
}

#[test]
fn one_login_for_both_rounds_of_a_list() {
    let profile = "[secrets]\nA = ['gcp:no-such', 'gcp:plain']\nB = ['gcp:no-such-either', 'gcp:rotated']\n";
    let done = with(&["-p", "./p.toml", "--", "/usr/bin/env", "-0"], "user", profile, &[]).stderr("").run();
    let asked = asked(&done);
    assert_eq!((asked.len(), reads(&asked)), (5, 4), "{asked:?}");
}

/// The stand-in is no invention of ours: Google's own client for Python takes it for the real thing.
#[test]
fn the_official_client_takes_the_stand_in_for_the_real_one() {
    let script = "import sys\nfrom google.cloud import secretmanager\n\
        client = secretmanager.SecretManagerServiceClient(transport='rest')\n\
        for name in ('plain', 'rotated'):\n\
        \tanswer = client.access_secret_version(name=f'projects/demo-project/secrets/{name}/versions/latest')\n\
        \tsys.stdout.write(answer.payload.data.decode() + '\\n')\n";
    let test = Test::new().file("client.py", script);
    let file = test.path("service.json");
    let client = test.path("client.py");
    let test = test.env("GOOGLE_APPLICATION_CREDENTIALS", file).env("PATH", "/usr/bin:/bin");
    inside(test, &[]).program(python()).args([client]).stdout("value of plain\ntwo\n").run();
}
