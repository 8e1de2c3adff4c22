//! The servers, started once, and launches against them.

use crate::common::Test;
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

/// What `tests/servers/vault.py` says of its servers.
pub(crate) fn fact(name: &str) -> &'static str {
    // The child's input closes when this process ends, and then it ends.
    static WORLD: OnceLock<(Child, Value)> = OnceLock::new();
    let (_, facts) = WORLD.get_or_init(|| {
        let mut child = Command::new(std::env::var("INJECT_TEST_PYTHON").expect("INJECT_TEST_PYTHON, see tests/run"))
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/servers/vault.py"))
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the Python of the tests");
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        (child, serde_json::from_str(&line).expect("OpenBao and PostgreSQL: is `tests/run install` done?"))
    });
    facts[name].as_str().unwrap_or_else(|| panic!("no fact {name}"))
}

/// A file of the servers' folder.
pub(crate) fn file(name: &str) -> String {
    format!("{}/{name}", fact("folder"))
}

/// `NAME = 'REFERENCE'` lines under `[secrets]`.
pub(crate) fn secrets(lines: &[(&str, &str)]) -> String {
    let lines = lines.iter().map(|(name, reference)| format!("{name} = '{reference}'\n"));
    format!("[secrets]\n{}", lines.collect::<String>())
}

/// One variable, `A`, from this path.
pub(crate) fn one(path: &str) -> String {
    secrets(&[("A", &format!("vault:{path}"))])
}

/// The same, with a table of the source.
pub(crate) fn with(path: &str, source: &str) -> String {
    format!("{}[source.vault]\n{source}\n", one(path))
}

/// A launch that knows of no server. The command prints all variables, each with a NUL.
#[track_caller]
pub(crate) fn bare(args: &[&str], profile: &str) -> Test {
    let test = Test::new().file("p.toml", profile).args(args);
    test.args(["-p", "./p.toml", "--", "/usr/bin/env", "-0"])
}

/// A launch at the active server with a token that may read most things.
#[track_caller]
pub(crate) fn launch(profile: &str) -> Test {
    at(fact("url"), profile)
}

/// A launch at an address.
#[track_caller]
pub(crate) fn at(address: &str, profile: &str) -> Test {
    bare(&[], profile).env("VAULT_ADDR", address).env("VAULT_TOKEN", fact("app"))
}

/// `inject check` at the active server.
#[track_caller]
pub(crate) fn check(profile: &str) -> Test {
    let test = Test::new().file("p.toml", profile).args(["check", "-p", "./p.toml"]);
    test.env("VAULT_ADDR", fact("url")).env("VAULT_TOKEN", fact("app"))
}

/// What the command prints for `A`.
pub(crate) fn printed(value: &str) -> String {
    format!("A={value}\0")
}

/// Asks the active server as its root: the answer.
pub(crate) fn root(method: &str, path: &str, body: &Value, header: &str) -> Value {
    let url = fact("url").trim_start_matches("http://");
    let mut stream = TcpStream::connect(url).unwrap();
    let body = body.to_string();
    let head = format!(
        "{method} /v1/{path} HTTP/1.1\r\nHost: {url}\r\nConnection: close\r\nX-Vault-Token: {}\r\nContent-Length: {}\r\n\
         {header}\r\n",
        fact("root"),
        body.len()
    );
    stream.write_all((head + &body).as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 2"), "{method} {path}: {answer}");
    if body.is_empty() { Value::Null } else { serde_json::from_str(body).unwrap_or_else(|_| panic!("{answer}")) }
}

/// A new token of the policy `app`, with more said of it.
pub(crate) fn token(mut more: Value) -> String {
    more["policies"] = serde_json::json!(["app"]);
    root("POST", "auth/token/create", &more, "")["auth"]["client_token"].as_str().unwrap().to_owned()
}

/// The paths of all requests that the active server noted.
pub(crate) fn noted() -> Vec<String> {
    let log = fs::read_to_string(file("audit.log")).unwrap();
    let entries = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let requests = entries.filter(|entry| entry["type"] == "request");
    requests.map(|entry| entry["request"]["path"].as_str().unwrap_or_default().to_owned()).collect()
}
