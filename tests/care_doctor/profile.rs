//! What a profile meets, and that a launch meets the same.

use super::machine::rows;
use crate::support::Project;

/// `doctor` and a launch of the same profile: both work, or neither does.
#[track_caller]
fn both(project: &Project, profile: &str, fails: bool, about: &str) -> Vec<String> {
    let launch = project.inject(["-p", profile, "--", "/bin/true"]).status(if fails { 125 } else { 0 });
    launch.run();
    rows(project.inject(["doctor", "-p", profile]).env("PATH", "/usr/bin:/bin"), i32::from(fails), about)
}

#[test]
fn a_profile_that_works_has_only_good_rows() {
    let project = Project::new(
        "[secrets]\nA = 'dotenv:.env'\nB = ['env:NOPE', 'file:b']\nC = { from = 'env:NOPE', optional = true }\n\
         '*' = { from = 'dotenv:none', optional = true }\n",
    );
    project.file(".env", "A=hunter2hunter2\n");
    project.file("b", "hunter2hunter2");
    assert_eq!(both(&project, "./p.toml", false, "profile"), ["ok: is well-formed and trusted"]);
    for source in ["dotenv", "env", "file"] {
        assert_eq!(both(&project, "./p.toml", false, source), ["ok: answers"]);
    }
    let done = project.inject(["doctor", "-p", "./p.toml"]).env("PATH", "/usr/bin").run();
    let told = String::from_utf8(done.stdout).unwrap();
    assert!(told.lines().all(|line| line.starts_with("ok ")) && !told.contains("hunter2"), "{told}");
    // INJECT_PROFILE names it as well.
    let named = project.inject(["doctor"]).env("INJECT_PROFILE", "./p.toml").env("PATH", "/usr/bin");
    named.stdout(told).run();
}

#[test]
fn every_failure_of_a_launch_is_told_in_its_words() {
    let project = Project::new(
        "[secrets]\nA = 'dotenv:.env'\nB = 'env:NOPE'\nC = 'file:b'\nD = 'op:x'\n[source.op]\nkind = 'command'\n\
         run = ['no-such-program', '{}']\n",
    );
    project.file("b", "fine");
    let told = both(&project, "./p.toml", true, "secret");
    let expected = [
        "wrong: ./p.toml:2: A: dotenv:.env: no such file",
        "wrong: ./p.toml:3: B: env:NOPE: not set in the caller's environment",
        "wrong: ./p.toml:5: D: op:x: no-such-program: not found in the caller's PATH",
    ];
    assert_eq!(told, expected);
    assert_eq!(both(&project, "./p.toml", true, "file"), ["ok: answers"]);
    assert!(both(&project, "./p.toml", true, "dotenv").is_empty());
}

#[test]
fn a_profile_that_is_none_is_told_and_no_source_is_asked() {
    let project = Project::new("[secrets]\nA = 'dotenv:.env'\nB = 'nope:x'\nC = 7\n");
    let told = both(&project, "./p.toml", true, "profile");
    assert!(
        told.len() == 2 && told[0].starts_with("wrong: ./p.toml:3: B: ") && told[1].starts_with("wrong: ./p.toml:4: C"),
        "{told:?}"
    );
    assert!(both(&project, "./p.toml", true, "dotenv").is_empty());
    let told = both(&project, "nowhere", true, "profile");
    assert!(told[0].starts_with("wrong: no profile 'nowhere': looked in profiles"), "{told:?}");
}

#[test]
fn a_profile_that_is_not_trusted_is_told_with_the_way_to_trust_it() {
    let project = Project::new("");
    std::fs::create_dir(project.path("profiles")).unwrap();
    project.file(
        "profiles/dev.toml",
        "[secrets]\nA = 'op:x'\n[source.op]\nkind = 'command'\nrun = ['/usr/bin/touch', 'ran']\n",
    );
    let told = both(&project, "dev", true, "profile");
    assert!(told[0].contains("profiles/dev.toml: not trusted") && told[0].contains("`inject trust dev`"), "{told:?}");
    assert!(!project.path("ran").exists());
    // The positive control.
    project.inject(["trust", "dev"]).run();
    rows(project.inject(["doctor", "-p", "dev"]).env("PATH", "/usr/bin"), 1, "profile");
    assert!(project.path("ran").exists());
    // What others can write is told with the command that ends it.
    project.file("p.toml", "");
    std::fs::set_permissions(project.path("p.toml"), std::os::unix::fs::PermissionsExt::from_mode(0o666)).unwrap();
    let told = both(&project, "./p.toml", true, "profile");
    assert!(told[0].contains("can be written by anyone") && told[0].contains("chmod go-w"), "{told:?}");
}

#[test]
fn what_others_can_read_and_what_is_too_large_is_told() {
    let project = Project::new("[secrets]\nA = 'dotenv:.env'\n");
    project.file(".env", "A=1\n");
    std::fs::set_permissions(project.path(".env"), std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    let told = both(&project, "./p.toml", false, "source");
    assert_eq!(told, ["note: dotenv: ./.env can be read by others (mode 644); chmod 600 ends that"]);
    let names: String = (0..60).map(|n| format!("V{n} = 'file:big'\n")).collect();
    project.file("p.toml", format!("[secrets]\n{names}"));
    project.file("big", "x".repeat(120_000));
    let told = both(&project, "./p.toml", true, "secret");
    assert!(told.len() == 1 && told[0].contains("the kernel's limit here is"), "{told:?}");
}

#[test]
fn a_record_that_is_required_and_cannot_be_written_is_told() {
    let project = Project::new("audit = '/no/such/folder/log'\naudit-required = true\n");
    let told = both(&project, "./p.toml", true, "audit");
    assert!(told[0].starts_with("wrong: ") && told[0].contains("/no/such/folder/log"), "{told:?}");
}
