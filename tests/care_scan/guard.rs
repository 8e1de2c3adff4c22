//! `check` warns of plaintext that git has, or would take.

use super::repository::Repository;
use std::os::unix::fs::PermissionsExt;

const PROFILE: &str = "[secrets]\nA = 'dotenv:.env'\nB = 'file:sub dir/b.json#x'\n";

fn repository() -> Repository {
    let repository = Repository::new(PROFILE);
    repository.file(".env", "A=one\n");
    repository.deep("sub dir/b.json", "{\"x\": \"two\"}");
    repository
}

/// What `check` says on stderr, and how it exits with `--strict`.
#[track_caller]
fn told(repository: &Repository, strict: i32) -> String {
    let done = repository.inject(["check", "-p", "./p.toml"]).run();
    let code = repository.inject(["check", "-p", "./p.toml", "--strict"]).any_status().run().status.code();
    let told = String::from_utf8(done.stderr).unwrap();
    assert_eq!(code, Some(strict), "{told}");
    told
}

#[test]
fn what_git_does_not_ignore_is_named_with_the_line_that_ends_it() {
    let repository = repository();
    let message = "secrets are read from it in plain text, and git does not ignore it";
    let expected = format!(
        "inject: warning: .env: {message}\n\
         inject: hint: the line /.env in .gitignore keeps it out of the next commit\n\
         inject: warning: sub dir/b.json: {message}\n\
         inject: hint: the line /sub\\ dir/b.json in .gitignore keeps it out of the next commit\n"
    );
    assert_eq!(told(&repository, 1), expected);
    repository.file(".gitignore", "/.env\n/sub\\ dir/b.json\n");
    assert_eq!(told(&repository, 0), "");
}

#[test]
fn what_git_tracks_is_named_with_the_way_out_which_works() {
    let repository = repository();
    repository.file(".gitignore", "b.json\n");
    // Ignored and tracked: only the second counts.
    repository.git(&["add", "-f", ".env", "sub dir/b.json"]);
    repository.commit();
    let out = told(&repository, 1);
    for (file, within) in [(".env", "/.env"), ("'sub dir/b.json'", "/sub\\ dir/b.json")] {
        let plain = file.trim_matches('\'');
        assert!(
            out.contains(&format!(
                "inject: warning: {plain}: secrets are read from it in plain text, and git tracks it\n\
             inject: hint: rotate what is in it, for whoever has a clone has it; then `git rm --cached {file}` and the \
             line {within} in .gitignore; `git filter-repo --path {file} --invert-paths` takes it out of the history\n"
            )),
            "{out}"
        );
    }
    repository.git(&["rm", "-q", "--cached", ".env", "sub dir/b.json"]);
    repository.file(".gitignore", "/.env\n/sub\\ dir/b.json\n");
    assert_eq!(told(&repository, 0), "");
}

#[test]
fn a_folder_below_sees_the_same() {
    let repository = repository();
    repository.git(&["add", "."]);
    let done = repository.inject(["check", "-p", "../p.toml"]).current_dir(repository.path("sub dir")).run();
    let told = String::from_utf8(done.stderr).unwrap();
    assert!(told.contains("warning: b.json: secrets are read"), "{told}");
    assert!(told.contains("warning: ../.env: secrets are read"), "{told}");
    assert!(told.contains("`git rm --cached ../.env`"), "{told}");
}

#[test]
fn what_others_can_read_is_named_with_git_and_without() {
    let repository = repository();
    repository.file(".gitignore", "/.env\nb.json\n");
    std::fs::set_permissions(repository.path(".env"), std::fs::Permissions::from_mode(0o644)).unwrap();
    let out = told(&repository, 1);
    assert!(
        out.contains(".env can be read by others (mode 644); chmod 600 ends that") && out.lines().count() == 1,
        "{out}"
    );
}

#[test]
fn the_callers_own_repository_is_not_the_files() {
    // In a hook GIT_DIR and GIT_INDEX_FILE are of the repository that the hook is of.
    let (one, two) = (repository(), repository());
    one.file(".gitignore", "*\n");
    one.git(&["add", "-f", "p.toml"]);
    let run = two.inject(["check", "-p", "./p.toml"]).env("GIT_DIR", one.path(".git"));
    let done = run.env("GIT_WORK_TREE", one.path("")).env("GIT_INDEX_FILE", one.path(".git/index")).run();
    assert!(String::from_utf8_lossy(&done.stderr).contains(".env: secrets are read"), "the wrong repository");
}

#[test]
fn a_folder_without_git_has_nothing_to_say_and_a_repository_runs_nothing() {
    let repository = repository();
    let marks = repository.path("ran");
    let script = format!("#!/bin/sh\ntouch {}\n", marks.display());
    repository.file("evil", &script);
    std::fs::set_permissions(repository.path("evil"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let evil = repository.path("evil");
    for key in ["core.fsmonitor", "core.pager", "diff.external", "filter.x.clean"] {
        repository.git(&["config", key, evil.to_str().unwrap()]);
    }
    repository.file(".gitattributes", "* filter=x diff=x\n");
    assert!(told(&repository, 1).contains("git does not ignore it"));
    assert!(!marks.exists(), "a repository's own program was run");
    // The positive control: git itself runs it.
    repository.git(&["status"]);
    assert!(marks.exists());
    std::fs::remove_dir_all(repository.path(".git")).unwrap();
    assert_eq!(told(&repository, 0), "");
}
