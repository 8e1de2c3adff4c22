//! The two servers, started once, and launches against them.

use crate::common::Test;
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

/// A server and what is in it.
pub(crate) struct Server {
    pub(crate) name: &'static str,
    pub(crate) url: String,
    facts: Value,
}

/// Both of them.
pub(crate) fn servers() -> [&'static Server; 2] {
    let [moto, ministack] = &world().1;
    [moto, ministack]
}

pub(crate) fn moto() -> &'static Server {
    servers()[0]
}

pub(crate) fn ministack() -> &'static Server {
    servers()[1]
}

/// The address of moto behind TLS with a `good`, an `expired` or an `other` name's certificate, or the file of the
/// authority that signed them, `ca`.
pub(crate) fn tls(of: &str) -> &'static str {
    world().2[of].as_str().unwrap()
}

fn world() -> &'static (Child, [Server; 2], Value) {
    // The child's input closes when this process ends, and then it ends.
    static WORLD: OnceLock<(Child, [Server; 2], Value)> = OnceLock::new();
    WORLD.get_or_init(|| {
        let mut child = Command::new(python())
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/servers/aws.py"))
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the Python of the tests");
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let facts: Value = serde_json::from_str(&line).expect("moto and ministack: is `tests/run install` done?");
        let server = |name: &'static str| {
            let facts = facts[name].clone();
            Server { name, url: facts["url"].as_str().unwrap().to_owned(), facts }
        };
        let servers = [server("moto"), server("ministack")];
        (child, servers, facts["tls"].clone())
    })
}

/// The Python with the servers in it.
pub(crate) fn python() -> String {
    std::env::var("INJECT_TEST_PYTHON").expect("INJECT_TEST_PYTHON, see tests/run")
}

impl Server {
    pub(crate) fn arn(&self, of: &str) -> &str {
        self.facts["arns"][of].as_str().unwrap()
    }

    pub(crate) fn role(&self) -> &str {
        self.facts["role"].as_str().unwrap()
    }

    /// The version of `app/rotated` before its last.
    pub(crate) fn first_version(&self) -> &str {
        self.facts["first"].as_str().unwrap()
    }

    /// The key and the token of a session of the role.
    pub(crate) fn session(&self) -> [&str; 3] {
        [0, 1, 2].map(|part| self.facts["session"][part].as_str().unwrap())
    }

    /// An identity token: `identity` of the issuer whom the role trusts, `stranger` of another.
    pub(crate) fn token(&self, of: &str) -> &str {
        self.facts[of].as_str().unwrap()
    }

    /// The two halves of a user's key.
    pub(crate) fn key(&self, user: &str) -> [&str; 2] {
        [0, 1].map(|half| self.facts["users"][user][half].as_str().unwrap())
    }

    /// A launch as this user, with its key in the environment. The command prints all variables, each with a NUL.
    #[track_caller]
    pub(crate) fn launch(&self, user: &str, profile: &str) -> Test {
        let [id, secret] = self.key(user);
        launch(&self.url, profile).env("AWS_ACCESS_KEY_ID", id).env("AWS_SECRET_ACCESS_KEY", secret)
    }
}

/// A launch against this address without credentials.
#[track_caller]
pub(crate) fn launch(url: &str, profile: &str) -> Test {
    bare(&[], profile).env("AWS_ENDPOINT_URL", url).env("AWS_REGION", "us-east-1")
}

/// A launch with `-v`.
#[track_caller]
pub(crate) fn verbose(url: &str, profile: &str) -> Test {
    bare(&["-v"], profile).env("AWS_ENDPOINT_URL", url).env("AWS_REGION", "us-east-1")
}

/// A launch that knows nothing of AWS but that this machine has no metadata service.
#[track_caller]
pub(crate) fn bare(args: &[&str], profile: &str) -> Test {
    let test = Test::new().file("p.toml", profile).args(args).args(["-p", "./p.toml", "--", "/usr/bin/env", "-0"]);
    test.env("AWS_EC2_METADATA_DISABLED", "true")
}

/// `NAME = 'REFERENCE'` lines under `[secrets]`.
pub(crate) fn secrets(lines: &[(&str, &str)]) -> String {
    let lines = lines.iter().map(|(name, reference)| format!("{name} = '{reference}'\n"));
    format!("[secrets]\n{}", lines.collect::<String>())
}

/// What the command prints for these variables, in this order.
pub(crate) fn environment(variables: &[(&str, &str)]) -> String {
    variables.iter().map(|(name, value)| format!("{name}={value}\0")).collect()
}
