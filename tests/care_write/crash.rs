//! Killed at every system call that it makes, a writer leaves the old file or the new one, and nothing that keeps the next
//! one from writing. strace does the killing.

use super::support::{Project, owner};
use crate::common::Test;
use std::collections::HashMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

/// The same run under strace.
fn traced(test: Test, options: &[&str]) -> Test {
    test.prefix(["/usr/bin/strace", "-f", "-qq", "-o", "trace"].iter().chain(options))
}

/// Each call of inject-care, by its name and how often that was called before, the launcher's own calls included.
fn calls(project: &Project) -> Vec<(String, usize)> {
    let (mut counts, mut calls) = (HashMap::new(), Vec::new());
    let mut care = false;
    for line in project.read("trace").lines() {
        let Some((call, _)) = line.split_once('(') else { continue };
        let name = call.split_whitespace().last().unwrap_or_default();
        let count: &mut usize = counts.entry(name.to_owned()).or_default();
        *count += 1;
        if care {
            calls.push((name.to_owned(), *count));
        }
        care |= name == "execveat";
    }
    calls
}

/// Kills `run` at each call; `state` puts the folder into its state before, `whole` says whether what is left is one of the
/// two that may be. How often each of the two was left.
fn killed_everywhere(
    project: &Project,
    run: impl Fn() -> Test,
    state: impl Fn(),
    whole: impl Fn() -> Option<bool>,
) -> [usize; 2] {
    state();
    traced(run(), &[]).run();
    assert_eq!(whole(), Some(true));
    let calls = calls(project);
    assert!(calls.iter().any(|(name, _)| name.starts_with("rename")), "{calls:?}");
    let mut left = [0; 2];
    for (name, count) in calls {
        state();
        let inject = format!("inject={name}:signal=SIGKILL:when={count}");
        traced(run(), &["-e", &format!("trace={name}"), "-e", &inject]).any_status().run();
        let new = whole().unwrap_or_else(|| panic!("neither the old nor the new state, killed at {name} {count}"));
        left[usize::from(new)] += 1;
        for name in project.names().iter().filter(|name| name.ends_with(".inject~")) {
            assert_eq!(owner(&project.path(name)).0 & 0o007, 0, "{name} can be read by others");
        }
    }
    left
}

#[test]
fn an_old_file_or_the_new_one() {
    let project = Project::new("[secrets]\nA = 'dotenv:.env'\nB = 'dotenv:.env'\n");
    let (old, new) = ("# c\nA=old\nB=2\n", "# c\nA=new\nB=2\n");
    let state = || {
        project.file(".env", old);
        fs::set_permissions(project.path(".env"), Permissions::from_mode(0o640)).unwrap();
    };
    let whole = || {
        assert_eq!(owner(&project.path(".env")).0, 0o640);
        Some(project.read(".env")).filter(|now| now == old || now == new).map(|now| now == new)
    };
    let [olds, news] = killed_everywhere(&project, || project.set("A", "new", &[]), state, whole);
    assert!(olds > 20 && news > 5, "{olds} {news}");
    // Whatever was left does not keep the next one from writing, and is gone then.
    project.file(".env.inject~", "left over");
    project.set("A", "newer", &[]).run();
    assert_eq!(project.names(), [".env", "p.toml", "trace"]);
}

#[test]
fn no_file_or_the_new_one() {
    let project = Project::new("[secrets]\nA = 'file:s.json#a'\n");
    let state = || drop(fs::remove_file(project.path("s.json")));
    let whole = || match fs::read(project.path("s.json")) {
        Err(_) => Some(false),
        Ok(bytes) => (bytes == b"{\n  \"a\": \"new\"\n}\n").then_some(true),
    };
    let [olds, news] = killed_everywhere(&project, || project.set("A", "new", &[]), state, whole);
    assert!(olds > 20 && news > 5, "{olds} {news}");
}

#[test]
fn the_value_is_there_before_its_mapping() {
    let profile = "# mine\n[secrets]\nB = 'env:B' # b\n";
    let mapped = "# mine\n[secrets]\nB = 'env:B' # b\nA = \"file:a\"\n";
    let project = Project::new(profile);
    let state = || {
        project.file("p.toml", profile);
        let _ = fs::remove_file(project.path("a"));
    };
    let whole = || {
        let value = fs::read(project.path("a")).ok();
        match (project.read("p.toml"), value.as_deref()) {
            (now, None) if now == profile => Some(false),
            (now, Some(b"new")) if now == profile => Some(false),
            (now, Some(b"new")) if now == mapped => Some(true),
            _ => None,
        }
    };
    let [olds, news] = killed_everywhere(&project, || project.set("A", "new", &["--to", "file:a"]), state, whole);
    assert!(olds > 40 && news > 2, "{olds} {news}");
}
