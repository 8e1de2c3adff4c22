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
fn another_metadata_server() {
    let at = |host: &str, faults: &[&str]| alone(&one("gcp:plain"), faults).env("GCE_METADATA_HOST", host);
    for host in ["169.254.169.254", "metadata.google.internal:80", "metadata.google.internal"] {
        at(host, &[]).stdout("A=value of plain\0").run();
    }
    for host in ["127.0.0.1:9", "[::1]:9", "localhost"] {
        at(host, &[]).status(125).stderr_contains("no credentials: tried ").run();
    }
    for host in ["", "a b", "[", "127.0.0.1:x", "127.0.0.1:99999", "u@127.0.0.1", "127.0.0.1/x?", "\u{e4}"] {
        let words = format!("A: gcp:plain: GCE_METADATA_HOST: '{host}' is no HOST[:PORT]");
        at(host, &[]).status(125).stderr_contains(words).run();
    }
    for host in ["10.1.1.1", "metadata.google.internal.example", "2130706433.example:80"] {
        let words = format!("GCE_METADATA_HOST: '{host}' is neither this machine nor on its link");
        at(host, &[]).status(125).stderr_contains(words).run();
    }
}

#[test]
fn as_a_setting() {
    // A file, beside the profile, and what a reference gives.
    for credentials in ["service.json", "file:service.json"] {
        let profile = format!("{}[source.gcp]\ncredentials = '{credentials}'\n", one("gcp:plain"));
        alone(&profile, &["no-metadata"]).stdout("A=value of plain\0").run();
    }
}

/// Whatever a credential is instead of a document, no word of it is told.
#[test]
fn what_is_no_document_is_not_quoted() {
    let profile = one("gcp:plain") + "[source.gcp]\ncredentials = 'env:KEY'\n";
    for (key, words) in [
        ("SECRET-of-a-kind", "no credentials: 'credentials': no such file"),
        ("/SECRET/of/a/kind", "no credentials: 'credentials': no such file"),
        ("", "no credentials: 'credentials': no such file"),
        ("{\"type\": \"SECRET-type\"}", "no credentials: 'credentials': its type is none that there is"),
        ("{\"type\": \"gdch_service_account\"}", "the type 'gdch_service_account' is not supported"),
        ("{\"type\": \"SECRET", "no credentials: 'credentials': it is not what Google Cloud's tools write"),
    ] {
        let test = alone(&profile, &["no-metadata"]).env("KEY", key).status(125).stdout("").stderr_contains(words);
        let told = test.run().stderr;
        assert!(!String::from_utf8_lossy(&told).contains("SECRET"), "{}", String::from_utf8_lossy(&told));
    }
    // The document where its file's name belongs.
    let test =
        alone(&one("gcp:plain"), &["no-metadata"]).env("GOOGLE_APPLICATION_CREDENTIALS", "{\"key\": \"SECRET\"}");
    let told = test.status(125).stderr_contains("no credentials: GOOGLE_APPLICATION_CREDENTIALS: ").run().stderr;
    assert!(!String::from_utf8_lossy(&told).contains("SECRET"));
}

/// The SDK sends to whatever address a document names, so those are looked at first.
#[test]
fn addresses_that_would_show_the_credentials() {
    let user = |more: &str| {
        format!(
            "{{\"type\": \"authorized_user\", \"client_id\": \"c\", \"client_secret\": \"SECRET\", \"refresh_token\": \"SECRET\"{more}}}"
        )
    };
    let external = |token: &str, source: &str| {
        format!(
            "{{\"type\": \"external_account\", \"audience\": \"a\", \"subject_token_type\": \"t\", \"token_url\": \"{token}\", \"credential_source\": {source}}}"
        )
    };
    let impersonated = |url: &str, source: &str| {
        format!(
            "{{\"type\": \"impersonated_service_account\", \"service_account_impersonation_url\": \"{url}\", \"source_credentials\": {source}}}"
        )
    };
    let run = |document: &str| {
        let test = Test::new().file("p.toml", one("gcp:plain")).file("mine.json", document).args(ARGS);
        let mine = test.path("mine.json");
        inside(test.env("GOOGLE_APPLICATION_CREDENTIALS", mine), &[]).status(125).stdout("")
    };
    let token_uri = ", \"token_uri\": \"http://oauth2.googleapis.com/SECRET\"";
    let (iam, sts) = ("https://iamcredentials.googleapis.com/v1/x", "https://sts.googleapis.com/v1/token");
    for (document, name) in [
        (user(token_uri), "token_uri"),
        (user(", \"token_uri\": \"https://SECRET@oauth2.googleapis.com/token\""), "token_uri"),
        (user(", \"token_uri\": \"SECRET\""), "token_uri"),
        (external("http://sts.googleapis.com/v1/token", "{\"file\": \"/dev/null\"}"), "token_url"),
        (external(sts, "{\"url\": \"http://oauth2.googleapis.com/SECRET\"}"), "url"),
        (external(sts, "{\"url\": \"http://169.254.169.254.example/SECRET\"}"), "url"),
        (impersonated("http://iamcredentials.googleapis.com/v1/x", &user("")), "service_account_impersonation_url"),
        (impersonated(iam, &user(token_uri)), "token_uri"),
        (impersonated(iam, &impersonated(iam, &user(token_uri))), "token_uri"),
    ] {
        let words = format!("its '{name}' is no https address, so nothing is sent there");
        let done = run(&document).stderr_contains(words).run();
        assert!(asked(&done).is_empty(), "{document}");
        assert!(!String::from_utf8_lossy(&done.stderr).contains("SECRET"), "{document}");
    }
    // A machine's own identity is asked for in plain http, on its own link.
    let machine = external(sts, "{\"url\": \"http://169.254.169.254/metadata/identity\"}");
    let done = run(&machine).stderr_contains("the login was refused (workload identity federation").run();
    assert_eq!(asked(&done)[0]["path"], "/metadata/identity");
}

#[test]
fn no_proxy_leads_to_this_machine_or_its_link() {
    // One that breaks whatever is sent to it.
    let proxy = "http://127.0.0.2:443";
    alone(&one("gcp:plain"), &[]).env("HTTP_PROXY", proxy).stdout("A=value of plain\0").run();
    alone(&one("gcp:plain"), &[])
        .env("ALL_PROXY", proxy)
        .env("NO_PROXY", "googleapis.com")
        .stdout("A=value of plain\0")
        .run();
    let here = one("gcp:plain") + "[source.gcp]\nendpoint = 'http://127.0.0.1:9'\n";
    alone(&here, &[]).env("HTTP_PROXY", proxy).status(124).stderr_contains("Secret Manager: connection refused").run();
    // To everywhere else it does.
    let told = alone(&one("gcp:plain"), &[]).env("HTTPS_PROXY", proxy).status(124);
    told.stderr_contains("A: gcp:plain: Secret Manager: ").run();
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
        ("no-such-file", "no credentials: GOOGLE_APPLICATION_CREDENTIALS: no such file"),
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
