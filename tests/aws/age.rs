//! The version of a value and its age, by each server's own record.

use super::world::{Server, ministack, moto, servers};
use crate::common::Test;
use crate::common::age::{battery, now, told};
use crate::common::stand_in::{Act, StandIn};

fn on(server: &Server, profile: &str, args: &[&str]) -> Test {
    let [id, secret] = server.key("all");
    let test = Test::new().file("p.toml", profile).args(args).env("AWS_ACCESS_KEY_ID", id);
    let test = test.env("AWS_SECRET_ACCESS_KEY", secret).env("AWS_EC2_METADATA_DISABLED", "true");
    test.env("AWS_ENDPOINT_URL", &server.url).env("AWS_REGION", "us-east-1")
}

const CHECK: [&str; 4] = ["check", "--json", "-p", "./p.toml"];

#[test]
fn check_says_version_and_age() {
    for server in servers() {
        let run = |profile: &str, args: &[&str]| on(server, profile, args);
        // All of it was stored when the server was started.
        let fresh = |at: Option<u64>| assert!(at.unwrap() + 600 > now(), "{}: {at:?}", server.name);
        let said = battery("aws:many/07", "secret 07", "", run);
        assert!(said.version.is_some_and(|version| version.len() >= 32), "{}", server.name);
        fresh(said.created);
        let said = battery("ssm:/many/07", "parameter 07", "", run);
        assert_eq!(said.version.as_deref(), Some("1"), "{}", server.name);
        fresh(said.created);
        // A former version is another one.
        let first = server.first_version();
        let former = format!("[secrets]\nA = {{ from = 'aws:app/rotated', version-id = '{first}' }}\n");
        assert_eq!(told(run(&former, &CHECK)).version.as_deref(), Some(first), "{}", server.name);
    }
    let former = "[secrets]\nA = 'ssm:/app/versions:2'\n";
    assert_eq!(told(on(moto(), former, &CHECK)).version.as_deref(), Some("2"));
}

#[test]
fn a_whole_path_is_as_old_as_its_oldest_parameter() {
    let said = told(on(ministack(), "[secrets]\n'*' = 'ssm:/app/prod/'\n", &CHECK));
    assert_eq!(said.version, None);
    assert!(said.created.unwrap() + 600 > now(), "{:?}", said.created);
}

/// Which calls are made, in order.
fn calls(server: &Server, profile: &str, args: &[&str]) -> Vec<String> {
    let front = StandIn::new(&server.url, |_, _| Act::Pass);
    on(server, profile, args).env("AWS_ENDPOINT_URL", &front.url).run();
    front.calls()
}

/// A launch asks for many secrets at once, whatever their age. That answer has the date of the secret, not of its version,
/// so `check` asks for each that it wants to know it of.
#[test]
fn it_costs_a_launch_no_request() {
    let aged = "[secrets]\nA = { from = 'aws:many/01', max-age = '1d' }\nB = 'aws:many/02'\nC = 'aws:many/03'\nD = { from = 'ssm:/many/04', max-age = '1d' }\n";
    for server in servers() {
        let sorted = |args: &[&str]| {
            let mut calls = calls(server, aged, args);
            calls.sort();
            calls
        };
        let launched = sorted(&["-p", "./p.toml", "--", "/usr/bin/true"]);
        assert_eq!(launched, ["BatchGetSecretValue", "GetParameters"]);
        // Of what has a limit.
        let checked = sorted(&["check", "-p", "./p.toml"]);
        assert_eq!(checked, ["BatchGetSecretValue", "GetParameters", "GetSecretValue"]);
        // Of all that is told of.
        let told = sorted(&CHECK);
        assert_eq!(told, ["GetParameters", "GetSecretValue", "GetSecretValue", "GetSecretValue"]);
    }
}
