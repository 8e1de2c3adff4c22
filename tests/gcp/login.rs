//! Application Default Credentials in each form, as a setting, and where there are none.

use super::world::{asked, inside, launch, one, with};
use crate::common::Test;
use std::time::{Duration, Instant};

const ARGS: &[&str] = &["-v", "-p", "./p.toml", "--", "/usr/bin/env", "-0"];

fn alone(profile: &str, faults: &[&str]) -> Test {
    inside(Test::new().file("p.toml", profile).args(ARGS), faults)
}

#[test]
fn each_form() {
    for (file, told, token) in [
        ("service", "service account", "self-signed"),
        ("user", "user", "user"),
        ("external", "workload identity federation", "federated"),
        ("impersonated", "impersonated service account", "impersonated"),
    ] {
        let said = format!("inject: note: gcp: credentials: {told}, from the file of GOOGLE_APPLICATION_CREDENTIALS\n");
        let test = with(ARGS, file, &one("gcp:plain"), &[]).env("GOOGLE_CLOUD_PROJECT", "demo-project");
        let done = test.stdout("A=value of plain\0").stderr_contains(said).run();
        assert_eq!(asked(&done).last().unwrap()["token"], token);
    }
}

#[test]
fn the_metadata_server_and_its_project() {
    let said = "inject: note: gcp: credentials: metadata server\n";
    let done = alone(&one("gcp:plain"), &[]).stdout("A=value of plain\0").stderr_contains(said).run();
    assert_eq!(asked(&done).last().unwrap()["token"], "metadata");
}

#[test]
fn as_a_setting() {
    // A file, beside the profile, and what a reference gives.
    for credentials in ["service.json", "file:service.json"] {
        let profile = format!("{}[source.gcp]\ncredentials = '{credentials}'\n", one("gcp:plain"));
        alone(&profile, &["no-metadata"]).stdout("A=value of plain\0").run();
    }
    let profile = one("gcp:plain") + "[source.gcp]\ncredentials = 'env:KEY'\n";
    let test = alone(&profile, &["no-metadata"]).env("KEY", "{\"type\": \"SECRET-type\"}").status(125).stdout("");
    test.stderr_contains("no credentials: 'credentials': the type 'SECRET-type' is not known").run();
}

#[test]
fn gclouds_own_file() {
    let test = alone(&one("gcp:plain"), &["no-metadata"]);
    let folder = test.path(".config/gcloud");
    std::fs::create_dir_all(&folder).unwrap();
    std::os::unix::fs::symlink(test.path("user.json"), folder.join("application_default_credentials.json")).unwrap();
    test.stdout("A=value of plain\0").stderr_contains("user, from gcloud's application default credentials").run();
}

#[test]
fn nowhere() {
    // No server, no route, and one that never answers.
    for fault in ["no-metadata", "no-route", "silent-metadata"] {
        let test = alone(&one("gcp:plain"), &[fault]).status(125).stdout("");
        let test = test.stderr_contains("A: gcp:plain: no credentials: tried GOOGLE_APPLICATION_CREDENTIALS, ");
        let started = Instant::now();
        test.stderr_contains(", the metadata server\n").run();
        // Two seconds for the metadata server, and what the stand-in itself takes to start.
        assert!(started.elapsed() < Duration::from_millis(4500), "{fault}: {:?}", started.elapsed());
    }
}

#[test]
fn what_is_wrong_with_them() {
    for (file, words) in [
        ("revoked", "the login was refused (user, from the file of GOOGLE_APPLICATION_CREDENTIALS)"),
        ("stranger", "the token is not accepted (401)"),
        ("no-such-file", "no-such-file.json: no such file"),
    ] {
        with(ARGS, file, &one("gcp:plain"), &[]).status(125).stdout("").stderr_contains(words).run();
    }
    for text in ["", "SECRET", "{\"type\": \"service_account\", \"private_key\": \"SECRET\"}", "{\"SECRET\": 1}", "[]"]
    {
        let test = Test::new().file("p.toml", one("gcp:plain")).file("bad.json", text);
        let bad = test.path("bad.json");
        let test = inside(test.args(ARGS).env("GOOGLE_APPLICATION_CREDENTIALS", bad), &[]).status(125).stdout("");
        let done = test.stderr_contains("no credentials: the file of GOOGLE_APPLICATION_CREDENTIALS").run();
        assert!(!String::from_utf8_lossy(&done.stderr).contains("SECRET"));
    }
}

#[test]
fn none_of_it_reaches_the_command() {
    let profile = format!("inherit = ['*']\n{}", one("gcp:plain"));
    let done = launch(&profile, &[]).run();
    let text = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(text.contains("HOME=") && !text.contains("GOOGLE_APPLICATION_CREDENTIALS"), "{text}");
}
