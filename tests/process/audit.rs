//! The record of launches: one line each, before the exec, never a value, and nothing run that cannot be recorded.

use super::support::NOTHING;
use crate::common::{Output, Test, inject};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

const PROFILE: &str = "audit = 'log/launches'\n[vars]\nA = 'plain-A'\n[secrets]\nB = 'env:SECRET'\n";

fn audited(profile: &str) -> Test {
    let test = Test::new().file("p.toml", profile).file("log/.keep", "").env("SECRET", "needle-of-B");
    test.args(["-p", "p.toml", "--"])
}

fn lines(done: &Output) -> Vec<Value> {
    let text = fs::read_to_string(done.dir.path().join("log/launches")).unwrap_or_default();
    assert!(!text.contains("needle") && !text.contains("plain-A"), "{text}");
    text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}

#[test]
fn a_launch_is_one_line_of_json() {
    let done = audited(PROFILE).args(["/usr/bin/printenv", "B"]).stdout("needle-of-B\n").stderr("").run();
    let [line] = &lines(&done)[..] else { panic!("not one line") };
    let mut keys: Vec<_> = line.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    assert_eq!(keys, ["command", "duration_ms", "outcome", "pid", "profiles", "time", "uid", "variables"]);
    assert_eq!((&line["outcome"], &line["command"]), (&"exec".into(), &"/usr/bin/printenv".into()));
    // It is the command's own pid, which the exec keeps.
    assert_eq!(line["pid"], done.pid);
    assert_eq!(line["uid"], nix::unistd::getuid().as_raw());
    let time = line["time"].as_str().unwrap();
    let now = Command::new("date").args(["-u", "+%Y-%m-%dT%H"]).output().unwrap().stdout;
    assert!(
        time.starts_with(String::from_utf8(now).unwrap().trim()) && time.ends_with('Z') && time.len() == 24,
        "{time}"
    );
    let path = done.dir.path().canonicalize().unwrap().join("p.toml");
    let sum = Command::new("sha256sum").arg(&path).output().unwrap().stdout;
    let sum = String::from_utf8(sum).unwrap();
    assert_eq!(line["profiles"], serde_json::json!([{"path": path, "sha256": sum.split(' ').next().unwrap()}]));
    let variables = serde_json::json!([
        {"name": "A", "source": null, "from": "vars", "version": null},
        {"name": "B", "source": "env", "from": "env:SECRET", "version": null},
    ]);
    assert_eq!(line["variables"], variables);
    let mode = fs::metadata(done.dir.path().join("log/launches")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn failures_say_how_inject_ended() {
    let missing = PROFILE.replace("env:SECRET", "env:NOT_SET");
    for (profile, command, exit) in [
        (PROFILE, "/nowhere/at/all", 127),
        (PROFILE, "/etc/passwd", 126),
        (&missing, "/bin/true", 125),
        ("audit = 'log/launches'\ntimeout = '100ms'\n[secrets]\nB = 'file:pipe'\n", "/bin/true", 124),
    ] {
        let test = audited(profile).args([command]).status(exit);
        nix::unistd::mkfifo(&test.path("pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
        let done = test.run();
        let lines = lines(&done);
        assert_eq!(lines.len(), 1, "{command}");
        assert_eq!((&lines[0]["outcome"], &lines[0]["exit"]), (&"failed".into(), &exit.into()));
    }
}

#[test]
fn an_execve_that_fails_is_a_second_line() {
    // A script whose interpreter is a script whose interpreter is not there: only the kernel looks so far.
    let test = audited(PROFILE).file("inner", "#!/nowhere/at/all\n");
    let inner = test.path("inner");
    let test = test.file("outer", format!("#!{}\n", inner.display()));
    for name in ["inner", "outer"] {
        fs::set_permissions(test.path(name), fs::Permissions::from_mode(0o755)).unwrap();
    }
    let done = test.args(["./outer"]).status(126).stderr_contains(NOTHING).run();
    let told: Vec<_> = lines(&done).iter().map(|line| (line["outcome"].clone(), line["exit"].clone())).collect();
    assert_eq!(told, [("exec".into(), Value::Null), ("exec-failed".into(), 126.into())]);
}

#[test]
fn what_is_required_and_cannot_be_written_runs_nothing_and_reads_nothing() {
    let source = "[source.c]\nkind = 'command'\nrun = ['/bin/sh', '-c', 'touch ran']\n";
    let required = format!("audit-required = true\naudit = 'none/launches'\n[secrets]\nA = 'c:x'\n{source}");
    let done = audited(&required)
        .args(["/bin/true"])
        .status(125)
        .stderr_contains("inject: error: audit: none/launches: no such file or directory\n")
        .stderr_contains(NOTHING)
        .run();
    assert!(!done.dir.path().join("ran").exists());
    // A full device: the exec does not happen.
    let full = "audit-required = true\naudit = '/dev/full'\n";
    audited(full)
        .args(["/bin/echo", "ran"])
        .status(125)
        .stdout("")
        .stderr_contains("inject: error: audit: /dev/full: ")
        .run();
    let nowhere = "audit-required = true\n";
    audited(nowhere).args(["/bin/true"]).status(125).stderr_contains("nothing says where").run();
    // Not required: a warning, and the launch.
    let lax = "audit = 'none/launches'\n";
    audited(lax)
        .args(["/bin/echo", "ran"])
        .stdout("ran\n")
        .stderr("inject: warning: audit: none/launches: no such file or directory\n")
        .run();
}

#[test]
fn the_highest_profile_says_where_and_any_may_require_it() {
    let test = Test::new()
        .file("p.toml", "extends = ['base']\naudit = 'p.log'\n")
        .file("base.toml", "audit = 'base.log'\naudit-required = true\n")
        .args(["-p", "p.toml", "--", "/bin/true"]);
    let done = test.run();
    assert!(done.dir.path().join("p.log").exists() && !done.dir.path().join("base.log").exists());
}

#[test]
fn the_lines_of_fifty_launches_at_once_never_mix() {
    let test = audited(&format!("{PROFILE}X = {{ from = 'env:SECRET', optional = true }}\n"));
    let launch = || {
        let mut command = Command::new(inject());
        command.args(["-p", "p.toml", "--", "/bin/true"]).current_dir(test.path("")).env_clear();
        command.env("SECRET", "needle").env("HOME", "/").stdin(Stdio::null()).spawn().unwrap()
    };
    let children: Vec<_> = (0..50).map(|_| launch()).collect();
    let mut pids: Vec<_> = children.iter().map(std::process::Child::id).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let text = fs::read_to_string(test.path("log/launches")).unwrap();
    let mut seen: Vec<_> = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("a whole line")["pid"].as_u64().unwrap() as u32)
        .collect();
    seen.sort_unstable();
    pids.sort_unstable();
    assert_eq!(seen, pids);
}

/// Root's own configuration, in a mount namespace of its own.
#[test]
fn what_root_says_holds_for_every_launch() {
    let mounted = |test: Test| {
        let line = "mkdir -p etc && mount -t tmpfs none /etc && mkdir /etc/inject && cp config.toml /etc/inject/ && exec \"$@\"";
        test.prefix(["/usr/bin/unshare", "-m", "/bin/sh", "-c", line, "sh"])
    };
    let run = |config: &str, profile: &str| {
        let test =
            Test::new().file("config.toml", config).file("p.toml", profile).args(["-p", "p.toml", "--", "/bin/true"]);
        mounted(test).any_status().run()
    };
    let done = run("audit = '/etc/inject/launches'\naudit-required = true\n", "audit = 'own'\n");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    assert_eq!(fs::read_to_string(done.dir.path().join("own")).unwrap().lines().count(), 1);
    let refused = |config: &str, words: &str| {
        let done = run(config, "");
        let told = String::from_utf8_lossy(&done.stderr).into_owned();
        assert_eq!(done.status.code(), Some(125), "{told}");
        assert!(told.contains(words), "{told}");
    };
    refused("audit = '/nowhere/at/all'\naudit-required = true\n", "audit: /nowhere/at/all: no such file");
    refused("audit = 'relative'\n", "/etc/inject/config.toml:1: audit: an absolute path is wanted here");
    refused("inherit = ['A']\n", "/etc/inject/config.toml:1: only 'audit' and 'audit-required' stand here");
    refused("audti = 'x'\n", "unknown key 'audti'");
}
