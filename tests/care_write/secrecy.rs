//! Where a value goes while it is written, as strace sees it: into its store, and nowhere else.

use super::support::Project;
use crate::common::Test;
use crate::common::keyring::Keyring;
use std::collections::HashMap;

const NEEDLE: &str = "needle-5f2c8e1b9a";

/// The calls with the value in them, and on what: the part in <> that strace puts behind a descriptor.
fn carriers(project: &Project, test: Test) -> Vec<(String, String)> {
    let trace = ["/usr/bin/strace", "-f", "-yy", "-s", "200000", "-o", "trace", "-e", "trace=all"];
    let done = test.prefix(trace).run();
    assert!(!String::from_utf8_lossy(&done.stderr).contains(NEEDLE));
    let text = String::from_utf8_lossy(&std::fs::read(project.path("trace")).unwrap()).into_owned();
    // A call that another process cut in two is named by its first half.
    let mut begun = HashMap::new();
    let mut seen = Vec::new();
    for line in text.lines() {
        let (pid, call) = line.split_once(' ').unwrap_or_default();
        if call.ends_with("<unfinished ...>") {
            begun.insert(pid, call);
        }
        if line.contains(NEEDLE) {
            let whole = if call.trim_start().starts_with("<... ") { begun[pid] } else { call };
            let (name, rest) = whole.trim_start().split_once('(').unwrap_or((whole, ""));
            let on = rest.split_once('<').map_or("", |(_, on)| on.split(['>', '[']).next().unwrap_or_default());
            seen.push((name.to_owned(), on.rsplit('/').next().unwrap_or_default().to_owned()));
        }
    }
    seen
}

#[test]
fn a_file_gets_it_and_nothing_else() {
    let project = Project::new("[secrets]\nA = 'file:s.json#a'\n");
    let mut seen = carriers(&project, project.set("A", NEEDLE, &["--to", "file:s.json#a"]));
    seen.dedup();
    let (written, read): (Vec<_>, Vec<_>) = seen.into_iter().partition(|(name, _)| name != "read");
    assert_eq!(written, [("write".to_owned(), "s.json.inject~".to_owned())]);
    assert!(read.iter().all(|(_, on)| on.starts_with("pipe:") || on.starts_with("s.json")), "{read:?}");
    assert!(!read.is_empty());
}

#[test]
fn the_keychain_gets_it_over_an_encrypted_bus() {
    let keyring = Keyring::start();
    let project = Project::new("[secrets]\nA = 'keychain:my app/user'\n");
    let seen = carriers(&project, keyring.on(project.set("A", NEEDLE, &[])));
    // Never by sendmsg or recvmsg, with which libdbus talks. From standard input, over the socket pair to the store, and back for the comparison: in no argument, in no file.
    let known = ["read", "sendto", "recvfrom", "write"];
    for (name, on) in &seen {
        let place = ["pipe:", "UNIX", "socket:", "UNIX-STREAM:"].iter().any(|place| on.starts_with(place));
        assert!(known.contains(&name.as_str()) && place, "{name} on {on}");
    }
    assert!(seen.iter().any(|(name, _)| name == "sendto"), "{seen:?}");
}

#[test]
fn an_import_names_no_value() {
    let project = Project::new("");
    project.file("x.env", format!("A={NEEDLE}\n"));
    let run = project.inject(["import", "-p", "./p.toml", "x.env", "--to", "dotenv:.env#", "--remove"]);
    let seen = carriers(&project, run);
    let odd: Vec<_> =
        seen.iter().filter(|(name, on)| !(name == "read" && on.ends_with(".env") || on == ".env.inject~")).collect();
    assert!(odd.is_empty() && seen.iter().any(|(name, _)| name == "write"), "{seen:?}");
}
