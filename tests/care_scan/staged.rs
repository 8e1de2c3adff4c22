//! The index: what the next commit would carry, byte for byte, and the hook that keeps it from doing so.

use super::repository::Repository;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::{Command, Output};

const VALUE: &str = "tok_5f2c8e1b9a";

fn repository() -> Repository {
    let repository = Repository::new("[secrets]\nA = 'dotenv:.env'\n");
    repository.file(".env", format!("A={VALUE}\n"));
    repository.file(".gitignore", ".env\n");
    repository
}

#[track_caller]
fn staged(repository: &Repository, expected: &str) {
    let run = repository.inject(["scan", "-p", "./p.toml", "--staged"]).status(i32::from(!expected.is_empty()));
    run.stdout(expected).stderr("").run();
}

#[test]
fn the_index_is_read_and_not_the_work_tree() {
    let repository = repository();
    staged(&repository, "");
    repository.file("x", format!("\n{VALUE}\n"));
    staged(&repository, "");
    // Before the first commit, and with the work tree cleaned up.
    repository.git(&["add", "x"]);
    repository.file("x", "clean\n");
    repository.file("y", VALUE);
    staged(&repository, "x:2: A\n");
    repository.commit();
    // What is committed is not staged any more, until it changes.
    staged(&repository, "");
    repository.git(&["add", "x"]);
    staged(&repository, "");
    repository.file("x", format!("more\n\n{VALUE}"));
    repository.git(&["add", "x"]);
    staged(&repository, "x:3: A\n");
    repository.git(&["rm", "-q", "--cached", "-f", "x"]);
    staged(&repository, "");
}

#[test]
fn names_come_as_they_are_and_from_below_too() {
    let repository = repository();
    for name in ["sub dir/a b", "tab\tname", "sub dir/\u{fc}"] {
        repository.deep(name, VALUE);
    }
    repository.git(&["add", "."]);
    let run = repository.inject(["scan", "-p", "../p.toml", "--staged"]).current_dir(repository.path("sub dir"));
    run.status(1).stdout("../sub dir/a b:1: A\n../sub dir/\u{fc}:1: A\n../tab\\tname:1: A\n").stderr("").run();
    repository.git(&["commit", "-q", "-m", "x"]);
    repository.git(&["mv", "sub dir/a b", "moved"]);
    staged(&repository, "moved:1: A\n");
}

#[test]
fn binary_large_empty_and_odd_objects_count() {
    let repository = repository();
    let mut bytes: Vec<u8> = (0..700_000_u32).flat_map(|n| (n.wrapping_mul(0x9e37_79b1) >> 9).to_le_bytes()).collect();
    bytes[2_000_003..2_000_003 + VALUE.len()].copy_from_slice(VALUE.as_bytes());
    let line = 1 + bytes[..2_000_003].iter().filter(|byte| **byte == b'\n').count();
    repository.file("a.bin", &bytes);
    repository.file("b.empty", "");
    repository.file("c.nul", [b"\0\0\n".as_slice(), VALUE.as_bytes(), b"\0"].concat());
    repository.file("d.newlines", "\n".repeat(100_000) + VALUE);
    for n in 0..500 {
        repository.file(&format!("many{n:03}"), format!("{n}\n"));
    }
    symlink(format!("/somewhere/{VALUE}"), repository.path("z.link")).unwrap();
    repository.git(&["add", "."]);
    staged(&repository, &format!("a.bin:{line}: A\nc.nul:2: A\nd.newlines:100001: A\nz.link:1: A\n"));
}

#[test]
fn a_file_that_the_profile_reads_is_skipped_and_warned_of() {
    let repository = repository();
    repository.git(&["add", "-f", ".env"]);
    repository.inject(["scan", "-p", "./p.toml"]).stdout("").run();
    let warned = "inject: warning: .env: secrets are read from it in plain text, and git tracks it\n";
    let run = repository.inject(["scan", "--staged", "-p", "./p.toml"]).stdout("");
    run.stderr_contains(warned).stderr_contains("`git rm --cached .env`").run();
    // The same value elsewhere is found all the same.
    repository.git(&["rm", "-q", "--cached", ".env"]);
    repository.file("copy", format!("A={VALUE}\n"));
    repository.git(&["add", "copy"]);
    staged(&repository, "copy:1: A\n");
}

#[test]
fn what_git_cannot_give_is_no_clean_commit() {
    let repository = repository();
    repository.file("x", "clean\n");
    repository.git(&["add", "x"]);
    let object = repository.git(&["rev-parse", ":x"]);
    let (folder, name) = object.trim().split_at(2);
    std::fs::remove_file(repository.path(&format!(".git/objects/{folder}/{name}"))).unwrap();
    let run = repository.inject(["scan", "-p", "./p.toml", "--staged"]).status(125).stdout("");
    run.stderr("inject: error: x: git does not have what is staged\n").run();
    std::fs::write(repository.path(".git/index"), "no index").unwrap();
    let run = repository.inject(["scan", "-p", "./p.toml", "--staged"]).status(125).stdout("");
    run.stderr_contains("inject: error: git ended with exit code 128\ninject: hint: its error output is not shown")
        .run();
}

#[test]
fn unmerged_files_are_no_commit_yet() {
    let repository = repository();
    repository.file("x", "one\n");
    repository.git(&["add", "."]);
    repository.commit();
    repository.git(&["checkout", "-q", "-b", "other"]);
    repository.file("x", "two\n");
    repository.git(&["commit", "-q", "-a", "-m", "two"]);
    repository.git(&["checkout", "-q", "main"]);
    repository.file("x", format!("{VALUE}\n"));
    repository.git(&["commit", "-q", "-a", "-m", "three"]);
    let mut merge = Command::new("git");
    merge.args(["-c", "user.name=x", "-c", "user.email=x@example.org", "merge", "-q", "other"]);
    let merged = merge.current_dir(repository.path("")).output().unwrap();
    assert_eq!(merged.status.code(), Some(1));
    let run = repository.inject(["scan", "-p", "./p.toml", "--staged"]).status(125).stdout("");
    run.stderr_contains("inject: error: x: is not merged yet").run();
    repository.inject(["scan", "-p", "./p.toml"]).status(1).stdout("x:2: A\n").run();
}

/// A commit with the hook of `examples/` in place, by git itself.
fn commit(repository: &Repository, folder: &str, args: &[&str]) -> Output {
    let hooks = repository.path(".git/hooks");
    std::fs::create_dir_all(&hooks).unwrap();
    let hook = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/pre-commit");
    let copied = Command::new("/bin/cp").arg(hook).arg(hooks.join("pre-commit")).status().unwrap();
    assert!(copied.success());
    std::fs::set_permissions(hooks.join("pre-commit"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:/usr/bin:/bin", crate::common::inject().parent().unwrap().display());
    let mut command = Command::new("git");
    command.args(["commit", "-q", "-m", "x"]).args(args).current_dir(repository.path(folder)).env_clear();
    command.env("PATH", path).env("HOME", repository.path("home")).env("INJECT_PROFILE", "./p.toml");
    for who in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{who}_NAME"), "x").env(format!("GIT_{who}_EMAIL"), "x@example.org");
    }
    command.output().unwrap()
}

#[track_caller]
fn refused(repository: &Repository, folder: &str, args: &[&str], told: &str) {
    let before = repository.git(&["rev-parse", "--all"]);
    let done = commit(repository, folder, args);
    let text = String::from_utf8_lossy(&done.stderr).into_owned() + &String::from_utf8_lossy(&done.stdout);
    assert_eq!(done.status.code(), Some(1), "{args:?}: {text}");
    assert!(text.contains(told) && !text.contains(VALUE), "{text}");
    assert_eq!(repository.git(&["rev-parse", "--all"]), before);
}

#[track_caller]
fn committed(repository: &Repository, folder: &str, args: &[&str]) {
    let done = commit(repository, folder, args);
    assert!(done.status.success() && done.stderr.is_empty(), "{}", String::from_utf8_lossy(&done.stderr));
}

#[test]
fn the_hook_stops_a_commit_with_a_value_however_it_is_made() {
    let repository = repository();
    repository.file("x", "clean\n");
    repository.file("y", "clean\n");
    repository.git(&["add", "x", "y"]);
    committed(&repository, "", &[]);
    repository.file("x", VALUE);
    // Nothing of it is in the index yet: `-a` and paths make one of their own for the commit.
    refused(&repository, "", &["-a"], "x:1: A");
    refused(&repository, "", &["x"], "x:1: A");
    repository.file("y", "clean too\n");
    committed(&repository, "", &["y"]);
    repository.git(&["add", "x"]);
    refused(&repository, "", &[], "x:1: A");
    repository.git(&["reset", "-q"]);
    // In another work tree of the repository, where git says GIT_DIR.
    let other = repository.path("other");
    repository.git(&["worktree", "add", "-q", other.to_str().unwrap()]);
    std::fs::write(other.join("z"), VALUE).unwrap();
    std::fs::copy(repository.path("p.toml"), other.join("p.toml")).unwrap();
    std::fs::copy(repository.path(".env"), other.join(".env")).unwrap();
    std::fs::set_permissions(other.join(".env"), std::fs::Permissions::from_mode(0o600)).unwrap();
    repository.git(&["-C", "other", "add", "z"]);
    refused(&repository, "other", &[], "z:1: A");
    repository.git(&["-C", "other", "rm", "-q", "--cached", "z"]);
    committed(&repository, "other", &["--allow-empty"]);
}
