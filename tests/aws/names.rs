//! AWS's own host names and addresses, in a network that is only this machine: what is used where nobody says otherwise.
//!
//! Needs root, for the network.

use super::world::{environment, python, secrets};
use crate::common::Test;

/// A launch that is told nothing of where AWS is.
#[track_caller]
fn alone(profile: &str) -> Test {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/servers/aws_names.py");
    let test = Test::new().file("p.toml", profile).args(["-p", "./p.toml", "--", "/usr/bin/env", "-0"]);
    test.prefix(["/usr/bin/unshare", "--net", "--mount", &python(), script]).env("PYTHONDONTWRITEBYTECODE", "1")
}

const BOTH: [(&str, &str); 2] = [("A", "aws:app/it"), ("B", "ssm:/app/it")];

#[test]
fn of_an_instance() {
    // Region and key are the machine's.
    let expected = [
        ("A", "secretsmanager.eu-west-1.amazonaws.com as AKIAMACHINE for eu-west-1/secretsmanager"),
        ("B", "ssm.eu-west-1.amazonaws.com as AKIAMACHINE for eu-west-1/ssm"),
    ];
    alone(&secrets(&BOTH)).stdout(environment(&expected)).stderr("").run();
}

#[test]
fn of_a_container_with_a_role() {
    let source = "[source.aws]\nregion = 'us-east-1'\nrole-arn = 'arn:aws:iam::123456789012:role/it'\n";
    let expected = [
        ("A", "secretsmanager.us-east-1.amazonaws.com as AKIAROLE for us-east-1/secretsmanager"),
        ("B", "ssm.us-east-1.amazonaws.com as AKIAROLE for us-east-1/ssm"),
    ];
    let test = alone(&(secrets(&BOTH) + source)).env("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/in-a-container");
    test.stdout(environment(&expected)).stderr("").run();
}

#[test]
fn of_the_endpoints_that_are_certified() {
    let test = alone(&secrets(&BOTH[..1])).env("AWS_USE_FIPS_ENDPOINT", "true").env("AWS_REGION", "us-east-1");
    let expected = "secretsmanager-fips.us-east-1.amazonaws.com as AKIAMACHINE for us-east-1/secretsmanager";
    test.stdout(environment(&[("A", expected)])).stderr("").run();
}
