//! What is told apart, and what a server, a network and a middleman can do instead of answering.

use super::world::{asked, inside, launch, one, python, reads, with};
use crate::common::Test;
use std::time::{Duration, Instant};

#[track_caller]
fn refused(reference: &str, faults: &[&str], exit: i32, words: &str) {
    // Neither is forgiven by what forgives absence.
    let profile = format!("[secrets]\nA = {{ from = '{reference}', optional = true }}\n");
    let test = launch(&profile, faults).status(exit).stdout("").stderr_contains(format!("A: {reference}: {words}"));
    let done = test.stderr_contains("inject: nothing was run\n").run();
    let told = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(!told.contains("SECRET") && !told.contains("ya29"), "{told}");
}

#[test]
fn what_is_told_apart() {
    refused("gcp:disabled", &[], 125, "version latest is disabled");
    refused("gcp:disabled/versions/1", &[], 125, "version 1 is disabled");
    refused("gcp:destroyed", &[], 125, "version latest is destroyed");
    refused("gcp:denied", &[], 125, "permission denied (403)");
    refused("gcp:projects/foreign/secrets/plain", &[], 125, "permission denied (403)");
    refused("gcp:sum-wrong", &[], 125, "the checksum of the payload is wrong");
    refused("gcp:plain", &["api-disabled"], 125, "the API of Secret Manager is not enabled");
    // Absent is only what the status and the code say.
    refused("gcp:plain", &["not-found-400"], 125, "Secret Manager refuses (NOT_FOUND)\n");
    refused("gcp:plain", &["other-404"], 125, "Secret Manager refuses (FAILED_PRECONDITION)\n");
    // What a server says in its own words can hold what it was sent; its codes cannot.
    refused("gcp:plain", &["precondition"], 125, "Secret Manager refuses (FAILED_PRECONDITION, CMEK_KEY_GONE)\n");
    refused("gcp:plain", &["out-of-words"], 125, "Secret Manager refuses (FAILED_PRECONDITION)\n");
    refused("gcp:plain", &["argument"], 125, "Secret Manager does not take this as the name of a secret\n");
    refused("gcp:plain", &["unauthenticated"], 125, "the token is not accepted (401)");
    let hint = "inject: hint: the role roles/secretmanager.secretAccessor on the secret allows it\n";
    launch(&one("gcp:denied"), &[]).status(125).stderr_contains(hint).run();
}

#[test]
fn absent_is_forgiven() {
    for reference in ["gcp:no-such", "gcp:plain/versions/7", "gcp:rotated/versions/no-alias"] {
        launch(&one(reference), &[]).status(125).stderr_contains("no such secret, or no such version of it").run();
        let optional = format!("[secrets]\nA = {{ from = '{reference}', default = 'd' }}\n");
        launch(&optional, &[]).stdout("A=d\0").stderr("").run();
    }
}

#[test]
fn the_states_of_check() {
    let profile = "[secrets]\nA = 'gcp:plain'\nB = 'gcp:no-such'\nC = 'gcp:denied'\nD = 'gcp:disabled'\n";
    let args = &["check", "--json", "-p", "./p.toml"];
    let done = with(args, "service", profile, &[]).status(125).run();
    let told: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
    let states: Vec<_> = told["variables"].as_array().unwrap().iter().map(|v| v["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["ok", "absent", "denied", "invalid"]);
}

#[test]
fn outages() {
    refused("gcp:plain", &["unavailable"], 124, "Secret Manager does not work now (UNAVAILABLE)");
    refused("gcp:plain", &["close"], 124, "Secret Manager: the connection broke");
    // A minute is more than there is: it is told at once.
    let started = Instant::now();
    refused("gcp:plain", &["quota"], 124, "the quota is used up for now (429)");
    assert!(started.elapsed() < Duration::from_secs(5));
    let late = "timeout = '1s'\n".to_owned() + &one("gcp:plain");
    launch(&late, &["hang"]).status(124).stderr_contains("A: gcp:plain: no answer within 1 s").run();
}

#[test]
fn what_passes_is_tried_again() {
    let done = launch(&one("gcp:plain"), &["unavailable-once"]).stdout("A=value of plain\0").stderr("").run();
    assert_eq!(reads(&asked(&done)), 2);
    let done = launch(&one("gcp:plain"), &["unavailable"]).status(124).run();
    assert_eq!(reads(&asked(&done)), 3);
    let done = launch(&one("gcp:denied"), &[]).status(125).run();
    assert_eq!(reads(&asked(&done)), 1);
}

#[test]
fn answers_that_are_none() {
    for (fault, words) in [
        ("html", "Secret Manager answered something that cannot be read"),
        ("html-404", "this is not Secret Manager: it answered 404, and not in its form"),
        ("no-json", "Secret Manager answered something that cannot be read"),
        ("not-base64", "Secret Manager answered something that cannot be read"),
        ("no-payload", "Secret Manager answered without a payload"),
        ("large", "the value is larger than 1 MiB"),
        ("redirect", "Secret Manager redirects (302)"),
    ] {
        refused("gcp:plain", &[fault], 125, words);
    }
    refused("gcp:plain", &["truncated"], 124, "Secret Manager: the connection broke");
    // A redirect is not followed: nobody else is asked.
    let done = launch(&one("gcp:plain"), &["redirect"]).status(125).run();
    assert!(asked(&done).iter().all(|one| one["host"] == "secretmanager.googleapis.com"));
}

/// The SDK has no bound on an answer, so the process has.
#[test]
fn an_answer_without_end() {
    let words = "A: gcp:plain: inject-store gcp has no memory left, of 256 MiB\n";
    let done = launch(&one("gcp:plain"), &["endless"]).status(125).stdout("").stderr_contains(words).run();
    // In MiB, and never from the beginning again.
    let sent: Vec<_> = asked(&done).iter().filter_map(|one| one["sent"].as_u64()).collect();
    assert!(sent.is_sorted() && sent.last().is_some_and(|last| (128..300).contains(last)), "{sent:?}");
}

#[test]
fn certificates_and_plain_http() {
    refused("gcp:plain", &["other-host"], 125, "Secret Manager: its certificate is for another host");
    let endpoint = |url: &str| one("gcp:plain") + &format!("[source.gcp]\nendpoint = '{url}'\n");
    let words = "'endpoint': plain http to secretmanager.googleapis.com would show the secrets to the network";
    launch(&endpoint("http://secretmanager.googleapis.com"), &[]).status(125).stderr_contains(words).run();
    launch(&endpoint("http://127.0.0.1:9"), &[])
        .status(124)
        .stderr_contains("Secret Manager: connection refused")
        .run();
}

/// A second Secret Manager, which somebody else wrote; it checks no tokens.
#[test]
fn drongo() {
    let script = "import json, os, subprocess, sys, time, urllib.request\n\
        server = subprocess.Popen([sys.executable, os.path.dirname(sys.executable) + '/drongo', 'server', '--host', '127.0.0.1', '--port', '9090'], stdout=2)\n\
        def call(path, body):\n\
        \trequest = urllib.request.Request('http://127.0.0.1:9090/v1/' + path, json.dumps(body).encode(), {'Content-Type': 'application/json'})\n\
        \treturn urllib.request.urlopen(request).read()\n\
        for _ in range(200):\n\
        \ttry:\n\t\tcall('projects/p/secrets?secretId=it', {'replication': {'automatic': {}}})\n\t\tbreak\n\
        \texcept OSError:\n\t\ttime.sleep(0.05)\n\
        call('projects/p/secrets/it:addVersion', {'payload': {'data': 'ZHJvbmdv'}})\n\
        done = subprocess.run(sys.argv[1:])\nserver.kill()\nserver.wait()\nsys.exit(done.returncode)\n";
    let profile = "[secrets]\nA = 'gcp:it'\nB = { from = 'gcp:no-such', default = 'absent' }\n[source.gcp]\nproject = 'p'\nendpoint = 'http://127.0.0.1:9090'\n";
    let test = Test::new().file("p.toml", profile).file("serve.py", script);
    let (wrapper, key) = (test.path("serve.py"), test.path("service.json"));
    let launcher = crate::common::inject();
    let test = inside(test.env("GOOGLE_APPLICATION_CREDENTIALS", key).env("PATH", "/usr/bin:/bin"), &[]);
    let test = test.program(python()).args([wrapper.as_os_str(), launcher.as_os_str()]);
    test.args(["-p", "./p.toml", "--", "/usr/bin/env", "-0"]).stdout("A=drongo\0B=absent\0").run();
}
