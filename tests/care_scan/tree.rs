//! Which files are read: the work tree as git sees it, and what somebody names.

use super::repository::Repository;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;

const VALUE: &str = "tok_5f2c8e1b9a";

fn repository() -> Repository {
    let repository = Repository::new("[secrets]\nA = 'dotenv:.env'\n");
    repository.file(".env", format!("A={VALUE}\n"));
    repository.file(".gitignore", ".env\nbuild/\n*.log\n");
    repository
}

/// The lines of a scan that finds something, from a folder of the repository.
#[track_caller]
fn found(repository: &Repository, folder: &str, paths: &[&str]) -> Vec<String> {
    let up = "../".repeat(folder.split('/').filter(|part| !part.is_empty()).count());
    let profile = format!("./{up}p.toml");
    let args = ["scan", "-p", &profile].into_iter().chain(paths.iter().copied());
    let run = repository.inject(args).current_dir(repository.path(folder)).any_status().stderr("").run();
    let told = String::from_utf8(run.stdout).unwrap();
    assert_eq!(run.status.code(), Some(i32::from(!told.is_empty())), "{told}");
    told.lines().map(|line| line.strip_suffix(": A").expect("the variable").to_owned()).collect()
}

#[test]
fn tracked_and_new_files_are_read_and_ignored_ones_are_not() {
    let repository = repository();
    assert!(found(&repository, "", &[]).is_empty());
    for file in ["tracked", "new", "b.log", "build/deep/x", "sub/c", "sub/.env"] {
        repository.deep(file, format!("x\n{VALUE}\n"));
    }
    repository.git(&["add", "tracked"]);
    repository.deep("forced.log", VALUE);
    repository.git(&["add", "-f", "forced.log"]);
    repository.git(&["add", "-N", "sub/c"]);
    assert_eq!(found(&repository, "", &[]), ["forced.log:1", "new:2", "sub/c:2", "tracked:2"]);
    // From below, the same files.
    assert_eq!(found(&repository, "sub", &[]), ["../forced.log:1", "../new:2", "../tracked:2", "c:2"]);
    assert_eq!(found(&repository, "build/deep", &[]).len(), 4);
    // What was deleted is not there, and the index is not the work tree.
    for file in ["tracked", "new", "sub/c", "forced.log"] {
        std::fs::remove_file(repository.path(file)).unwrap();
    }
    assert!(found(&repository, "", &[]).is_empty());
}

#[test]
fn paths_are_read_ignored_or_not() {
    let repository = repository();
    for file in ["a.log", "build/x", "build/deep/y", "sub/b.log", "sub/c"] {
        repository.deep(file, VALUE);
    }
    assert_eq!(found(&repository, "", &["a.log"]), ["a.log:1"]);
    assert_eq!(found(&repository, "", &["build"]), ["build/deep/y:1", "build/x:1"]);
    assert_eq!(found(&repository, "", &["build/deep", "sub/b.log"]), ["build/deep/y:1", "sub/b.log:1"]);
    // An ignored file in a folder is not what PATH names.
    assert_eq!(found(&repository, "", &["sub", "."]), ["sub/c:1", "./sub/c:1"]);
    assert_eq!(found(&repository, "sub", &["..", "../build/x"]), ["../sub/c:1", "../build/x:1"]);
    // The profile's own file is where the value belongs, by whatever name.
    symlink(".env", repository.path("link")).unwrap();
    std::fs::hard_link(repository.path(".env"), repository.path("sub/hard")).unwrap();
    assert!(found(&repository, "", &[".env", "link", "sub/hard"]).is_empty());
    std::fs::write(repository.path("copy.log"), format!("A={VALUE}\n")).unwrap();
    assert_eq!(found(&repository, "", &["copy.log", ".env"]), ["copy.log:1"]);
}

#[test]
fn without_git_folders_are_read_whole_and_the_work_tree_is_not_known() {
    let repository = repository();
    for file in ["a.log", "build/x", "sub/c"] {
        repository.deep(file, VALUE);
    }
    std::fs::remove_dir_all(repository.path(".git")).unwrap();
    assert_eq!(found(&repository, "", &["."]), ["./a.log:1", "./build/x:1", "./sub/c:1"]);
    let run = repository.inject(["scan", "-p", "./p.toml"]).status(125).stdout("");
    run.stderr_contains("inject: error: there is no git repository here")
        .stderr_contains("`inject scan PATH...`")
        .run();
}

#[test]
fn a_pipe_that_is_named_is_read_and_links_are_followed_where_they_are_named() {
    let repository = repository();
    repository.deep("build/x", VALUE);
    symlink("build/x", repository.path("link")).unwrap();
    assert!(found(&repository, "", &[]).is_empty());
    assert_eq!(found(&repository, "", &["link"]), ["link:1"]);
    let piped = repository.inject(["scan", "-p", "./p.toml", "/dev/stdin"]).stdin(format!("1\n2\n{VALUE}"));
    piped.status(1).stdout("/dev/stdin:3: A\n").stderr("").run();
    let run = repository.inject(["scan", "-p", "./p.toml", "/dev/null", "nowhere"]).status(125).stdout("");
    run.stderr(
        "inject: error: /dev/null: is neither a file nor a folder\ninject: error: nowhere: no such file or directory\n",
    )
    .run();
}

#[test]
fn what_cannot_be_read_is_no_clean_file() {
    let repository = repository();
    repository.file("x", VALUE);
    repository.file("y", "nothing");
    repository.git(&["add", "x", "y"]);
    let scan = |paths: &[&str]| {
        let args = ["scan", "-p", "./p.toml"].into_iter().chain(paths.iter().copied());
        repository.inject(args)
    };
    let wrong = "inject: error: /proc/self/mem: ";
    scan(&["y", "/proc/self/mem"]).status(125).stdout("").stderr_contains(wrong).run();
    // What was found is told all the same.
    scan(&["x", "/proc/self/mem", "y"]).status(1).stdout("x:1: A\n").stderr_contains(wrong).run();
    // By another user, whom the mode of a file keeps out.
    std::fs::set_permissions(repository.path("y"), std::fs::Permissions::from_mode(0o000)).unwrap();
    let chown = Command::new("/bin/chown").args(["-R", "65534:65534"]).arg(repository.path("")).status().unwrap();
    assert!(chown.success(), "run the tests as root");
    let ordinary = ["/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    let run = scan(&[]).prefix(ordinary).status(1).stdout("x:1: A\n");
    let bin = repository.path(".git/bin");
    std::fs::create_dir(&bin).unwrap();
    for name in ["inject", "inject-care"] {
        let from = crate::common::inject().with_file_name(name);
        assert!(Command::new("/bin/cp").arg(from).arg(bin.join(name)).status().unwrap().success());
    }
    run.program(bin.join("inject")).stderr("inject: error: y: permission denied\n").run();
}

#[test]
fn repositories_in_the_repository_are_read_as_git_sees_them() {
    let (repository, other) = (repository(), repository());
    other.file("p.toml", VALUE);
    other.git(&["add", "p.toml", ".gitignore"]);
    other.commit();
    let url = other.path("");
    repository.git(&["-c", "protocol.file.allow=always", "submodule", "add", "-q", url.to_str().unwrap(), "module"]);
    repository.deep("nested/x", VALUE);
    repository.deep("nested/y.log", VALUE);
    let nested = repository.path("nested");
    assert!(Command::new("git").args(["init", "-q"]).arg(&nested).status().unwrap().success());
    repository.file("nested/.gitignore", "*.log\n");
    repository.deep("module/build/x", VALUE);
    assert_eq!(found(&repository, "", &[]), ["module/p.toml:1", "nested/x:1"]);
    assert_eq!(found(&repository, "", &["module"]), ["module/p.toml:1"]);
    // A submodule that nobody has fetched is an empty folder.
    repository.git(&["submodule", "deinit", "-q", "-f", "module"]);
    assert_eq!(found(&repository, "", &[]), ["nested/x:1"]);
}

#[test]
fn binary_and_large_files_count_wherever_the_value_stands() {
    let repository = repository();
    // Around the ends of what is in memory at a time.
    for around in [0, 4096, 512 * 1024 - 4096, 512 * 1024, 1020 * 1024, 1024 * 1024] {
        for before in (usize::saturating_sub(around, 20)..around + 20).step_by(7) {
            let mut bytes = vec![b'\n'; before];
            bytes.extend_from_slice(VALUE.as_bytes());
            bytes.resize(bytes.len() + 3, 0);
            repository.file("big", &bytes);
            assert_eq!(found(&repository, "", &[]), [format!("big:{}", before + 1)]);
        }
    }
    let mut bytes: Vec<u8> =
        (0..5_000_000_u32).flat_map(|n| (n.wrapping_mul(0x9e37_79b1) >> 9).to_le_bytes()).collect();
    repository.file("big", &bytes);
    assert!(found(&repository, "", &[]).is_empty());
    for at in [3, 7_000_001, 19_999_900] {
        bytes[at..at + VALUE.len()].copy_from_slice(VALUE.as_bytes());
    }
    let line = |at: usize| 1 + bytes[..at].iter().filter(|byte| **byte == b'\n').count();
    repository.file("big", &bytes);
    let expected: Vec<_> = [3, 7_000_001, 19_999_900].iter().map(|at| format!("big:{}", line(*at))).collect();
    assert_eq!(found(&repository, "", &[]), expected);
}

/// Every place of such a file could be the beginning of the value; a run that takes a minute is killed.
#[test]
fn a_value_that_repeats_itself_is_found_in_a_file_that_does() {
    let repository = repository();
    let value = "a".repeat(900);
    repository.file(".env", format!("A={value}\n"));
    repository.file("big", "a".repeat(20_000_000) + "\nb\n" + &value);
    assert_eq!(found(&repository, "", &[]), ["big:1", "big:3"]);
}

#[test]
fn a_repository_runs_nothing() {
    let repository = repository();
    let marks = repository.path("build/ran");
    repository.deep("build/evil", format!("#!/bin/sh\ntouch {}\n", marks.display()));
    let evil = repository.path("build/evil");
    std::fs::set_permissions(&evil, std::fs::Permissions::from_mode(0o755)).unwrap();
    for key in ["core.fsmonitor", "core.pager", "diff.external", "diff.x.textconv", "filter.x.clean"] {
        repository.git(&["config", key, evil.to_str().unwrap()]);
    }
    repository.file(".gitattributes", "* filter=x diff=x\n");
    repository.file("x", VALUE);
    repository.git(&["-c", "filter.x.clean=", "-c", "core.fsmonitor=", "add", "x"]);
    let _ = std::fs::remove_file(&marks);
    assert_eq!(found(&repository, "", &[]), ["x:1"]);
    assert_eq!(found(&repository, "", &["--staged"]), ["x:1"]);
    assert_eq!(found(&repository, "", &["."]), ["./x:1"]);
    assert!(!marks.exists(), "a repository's own program was run");
    // The positive control: git itself runs it.
    repository.git(&["status"]);
    assert!(marks.exists());
}
