//! Where the command is found, and what cannot be executed.

use super::support::{env, script};
use crate::common::Test;
use std::os::unix::fs::symlink;

fn run(command: &str) -> Test {
    Test::new().file("p.toml", "[vars]\nPATH = '/nowhere'\nA = '1'").args(["-p", "p.toml", "--", command])
}

fn told(message: &str) -> String {
    format!("inject: error: {message}\ninject: nothing was run\n")
}

#[test]
fn the_callers_path_is_searched_and_not_the_profiles() {
    run("env").env("PATH", "/nowhere:/usr/bin").stdout("PATH=/nowhere\nA=1\n").stderr("").run();
    // Without one, the system's two folders.
    run("env").stdout("PATH=/nowhere\nA=1\n").run();
    run("env").env("PATH", "/nowhere").status(127).stderr(told("env: not found in the caller's PATH")).run();
}

#[test]
fn empty_and_relative_elements_are_skipped() {
    let note = told("tool: not found in the caller's PATH (its empty and relative elements are skipped)");
    for path in ["", ":", ".", "bin", "/nowhere:", "/nowhere:./bin", ":/nowhere", "../bin:/nowhere"] {
        let test = script(run("tool"), "tool", "#!/bin/sh\n", 0o755);
        let test = script(test, "bin/tool", "#!/bin/sh\n", 0o755);
        test.env("PATH", path).status(127).stdout("").stderr(&note).run();
    }
}

#[test]
fn the_first_executable_regular_file_wins() {
    let test = script(run("tool"), "a/tool", "#!/bin/sh\necho a\n", 0o644);
    let test = script(test, "b/tool/file", "", 0o755);
    let test = script(test, "c/tool", "#!/bin/sh\necho c\n", 0o755);
    let test = script(test, "d/tool", "#!/bin/sh\necho d\n", 0o755);
    let folders = ["a", "b", "c", "d"].map(|folder| test.path(folder).display().to_string());
    test.env("PATH", folders.join(":")).stdout("c\n").stderr("").run();

    let test = script(run("tool"), "a/tool", "#!/bin/sh\n", 0o644);
    let folder = test.path("a").display().to_string();
    let message = told(&format!("{folder}/tool: cannot be executed: permission denied"));
    test.env("PATH", folder).status(126).stderr(message).run();
}

#[test]
fn with_a_slash_it_is_a_path() {
    let test = script(run("./tool"), "tool", "#!/bin/sh\necho \"$0\"\n", 0o755);
    test.stdout("./tool\n").run();
    run("./tool").status(127).stderr(told("./tool: not found")).run();
    run("p.toml/x").status(127).stderr(told("p.toml/x: not found")).run();
    run("/").status(126).stderr(told("/: cannot be executed: is a directory")).run();
    let test = script(run("./tool"), "tool", "#!/bin/sh\n", 0o644);
    test.status(126).stderr(told("./tool: cannot be executed: permission denied")).run();
    run("").status(127).stderr(told("'': not found in the caller's PATH")).run();
    run("/dev/null").status(126).stderr(told("/dev/null: cannot be executed: permission denied")).run();
}

#[test]
fn argv_0_stays_as_typed() {
    let show = ["sh", "-c", "tr '\\0' ' ' < /proc/$$/cmdline"];
    let test = Test::new().file("p.toml", "").args(["-p", "p.toml", "--"]).args(show);
    test.stdout("sh -c tr '\\0' ' ' < /proc/$$/cmdline ").run();
    let test = run("./link");
    symlink("/bin/sh", test.path("link")).expect("a link");
    test.args(["-c", "read -r name < /proc/$$/cmdline; printf %s \"${name%%-c*}\""]).stdout("./link").run();
}

#[test]
fn what_the_kernel_refuses_is_126_with_a_hint_and_no_shell() {
    let hint = |name: &str| {
        format!(
            "inject: error: {name}: cannot be executed: exec format error\ninject: hint: it has no '#!' line and is no \
             program; name its interpreter, like: sh {name}\ninject: nothing was run\n"
        )
    };
    // A marker would show that a shell, or a source, ran.
    let profile = "[secrets]\nA = 'mark:x'\n[source.mark]\nkind = 'command'\nrun = ['/usr/bin/touch', 'marker']";
    let foreign = "inject: error: ./tool: cannot be executed: exec format error\ninject: hint: it is a program for \
                   another machine\ninject: nothing was run\n";
    let start = || Test::new().file("p.toml", profile).args(["-p", "p.toml", "--", "./tool"]);
    for (text, message) in [
        ("touch marker\n".into(), hint("./tool")),
        (String::new(), hint("./tool")),
        ("MZ\u{1}\u{2}".into(), hint("./tool")),
        ("\u{7f}ELF".into(), foreign.into()),
        (format!("\u{7f}ELF\u{2}\u{1}\u{1}{}\u{2}\0\u{16}\0{}", "\0".repeat(9), "\0".repeat(44)), foreign.into()),
        ("#!/no/such/thing -x\n".into(), told("./tool: its interpreter /no/such/thing: no such file or directory")),
    ] {
        let test = script(start(), "tool", &text, 0o755);
        let output = test.status(126).stdout("").stderr(message).run();
        assert!(!output.dir.path().join("marker").exists(), "{text:?}");
    }
}

#[test]
fn a_command_that_looks_like_a_flag() {
    run("-weird").status(127).stderr(told("-weird: not found in the caller's PATH")).run();
}

#[test]
fn nothing_is_asked_for_a_command_that_is_not_there() {
    let profile = "[secrets]\nA = 'mark:x'\n[source.mark]\nkind = 'command'\nrun = ['/usr/bin/touch', 'marker']";
    let test = Test::new().file("p.toml", profile).args(["-p", "p.toml", "--", "no-such-command"]);
    let output = test.env("PATH", "/bin").status(127).run();
    assert!(!output.dir.path().join("marker").exists());
}

#[test]
fn the_working_directory_may_be_gone() {
    let inject = crate::common::inject();
    let script = "mkdir gone && cd gone && rmdir ../gone && exec \"$@\"";
    let test = env("vars = { A = '1' }");
    let profile = test.path("p.toml");
    let test = Test::new().program("/bin/sh").args(["-c", script, "sh"]).args([inject]);
    test.args(["-p".as_ref(), profile.as_os_str(), "--".as_ref(), "/usr/bin/env".as_ref()]).stdout("A=1\n").run();
}
