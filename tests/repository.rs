//! The repository holds itself to its own words: the profiles load, README's first command prints what README says,
//! each promise names a test that exists, the store is as new as its sources.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test ends where it fails")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

const INJECT: &str = env!("CARGO_BIN_EXE_inject");

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn files(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            files(&path, ending, found);
        } else if path.extension().is_some_and(|e| e == ending) {
            found.push(path);
        }
    }
}

#[test]
fn every_profile_loads() {
    for name in ["demo", "dev", "ci", "prod", "systemd"] {
        let path = format!("profiles/{name}.toml");
        let out = Command::new(INJECT).args(["plan", "-p", &path]).current_dir(root()).output().unwrap();
        assert!(out.status.success() && !out.stdout.is_empty(), "{name}: {}", String::from_utf8_lossy(&out.stderr));
        let text = read(&path);
        assert!(text.contains("description = "), "{name} has no description");
    }
    let out = Command::new(INJECT).args(["plan", "-p", "tests/no-such.toml"]).current_dir(root()).output().unwrap();
    assert_eq!(out.status.code(), Some(125), "a profile that is not there loads");
}

#[test]
fn the_first_command_of_the_readme_prints_what_it_says() {
    let readme = read("README.md");
    let (command, rest) = readme.split_once("$ cargo run --release -- ").unwrap().1.split_once('\n').unwrap();
    let expected = rest.split_once("```").unwrap().0;
    let out = Command::new(INJECT).args(command.split(' ')).current_dir(root()).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&out.stdout), expected);
    assert!(out.stderr.is_empty() && out.status.success());
}

#[test]
fn the_profile_of_the_readme_loads() {
    let readme = read("README.md");
    let profile = readme.split_once("```toml\n").unwrap().1.split_once("```").unwrap().0;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("prod.toml");
    std::fs::write(&path, profile).unwrap();
    let out = Command::new(INJECT).args(["plan", "-p"]).arg(&path).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let names = profile.lines().filter(|line| line.contains(" = ")).count();
    assert!(String::from_utf8_lossy(&out.stdout).lines().count() > 8 && names > 8, "a README without a profile");
}

#[test]
fn each_promise_of_the_readme_names_tests_that_exist() {
    let mut sources = Vec::new();
    for folder in ["tests", "src", "store"] {
        files(&root().join(folder), "rs", &mut sources);
    }
    let code: String = sources.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect();
    let readme = read("README.md");
    let table =
        readme.split_once("| promise | shown by |").expect("the table of promises").1.split("\n\n").next().unwrap();
    let rows: Vec<_> = table.lines().filter(|line| line.starts_with('|') && !line.starts_with("|--")).collect();
    assert!(rows.len() >= 8, "only {} promises", rows.len());
    for row in rows {
        let tests = row.rsplit('|').nth(1).unwrap();
        let names: Vec<_> = tests.split('`').skip(1).step_by(2).collect();
        assert!(!names.is_empty(), "no test: {row}");
        for name in names {
            let function = name.rsplit("::").next().unwrap();
            assert!(code.contains(&format!("fn {function}(")), "there is no test '{name}': {row}");
        }
    }
}

#[test]
fn the_credentials_that_are_published_are_those_of_the_kinds() {
    let text = read("docs/stores.md");
    let table = text.split_once("| kinds | variables |").expect("the table of credentials").1;
    for kind in inject::source::kind::KINDS {
        let own = format!("`{}`", kind.name);
        let rows = table.lines().filter_map(|line| line.strip_prefix("| ")?.split_once(" | "));
        let rows = rows.filter(|(kinds, _)| kinds.split(", ").any(|kind| kind == own));
        let mut told: Vec<_> = rows.flat_map(|(_, names)| names.split('`').skip(1).step_by(2)).collect();
        let mut known: Vec<_> = kind.credentials.iter().flat_map(|list| list.iter().copied()).collect();
        told.sort_unstable();
        known.sort_unstable();
        assert_eq!(told, known, "{}", kind.name);
    }
}

#[test]
fn the_store_is_as_new_as_its_sources() {
    let store = Path::new(INJECT).with_file_name("inject-store");
    let built =
        std::fs::metadata(&store).expect("inject-store is not built: cargo build --workspace").modified().unwrap();
    let mut sources = vec![root().join("src/protocol.rs")];
    files(&root().join("store/src"), "rs", &mut sources);
    let newest = sources.iter().map(|path| std::fs::metadata(path).unwrap().modified().unwrap()).max().unwrap();
    assert!(newest > SystemTime::UNIX_EPOCH);
    assert!(built >= newest, "inject-store is older than its sources: cargo build --workspace");
}
