//! `command`: what is executed, with which arguments and environment, and what counts as an answer.

use super::support::{NOTHING, launch, launch_with, program, script};
use crate::common::Test;
use crate::common::tool::tool;
use std::fs;
use std::os::unix::fs::PermissionsExt;

#[test]
fn arguments_go_through_no_shell() {
    let profile = "[secrets]\nA = '''c:;$(id)`id` \"q\" \\n *|&> ~ $HOME'''\n[source.c]\nkind = \"command\"\n\
        run = [\"/usr/bin/printf\", \"<%s>\", \"{}\", \"a{}b{}c\", \"; $(id) $HOME *\", \"\", \"--x={}\", \"{\", \"}\", \"{ }\"]\n";
    let it = ";$(id)`id` \"q\" \\n *|&> ~ $HOME";
    let expected = format!("<{it}><a{it}b{it}c><; $(id) $HOME *><><--x={it}><{{><}}><{{ }}>\0");
    launch(profile).stdout(expected).stderr("").run();
}

#[test]
fn one_final_newline_is_not_part_of_the_value() {
    for (printed, raw, value) in [
        (r"v", false, "v"),
        (r"v\n", false, "v"),
        (r"v\n\n", false, "v\n"),
        (r"\nv\r\n", false, "\nv\r"),
        (r"\n", false, ""),
        (r"v\n", true, "v\n"),
        (r"v", true, "v"),
    ] {
        let run = format!("[\"/usr/bin/printf\", '{printed}']");
        let profile = program(&run, if raw { "raw = true" } else { "" });
        launch(profile).stdout(format!("{value}\0")).stderr("").run();
    }
}

#[test]
fn a_failed_program_is_never_absence() {
    for (line, words) in [
        ("echo v; exit 1", "the program ended with exit code 1"),
        ("echo v; exit 125", "exit code 125"),
        ("echo v; exit 255", "exit code 255"),
        ("echo v; kill -9 $$", "ended by signal 9"),
        ("echo v; kill -TERM $$", "ended by signal 15"),
        ("exit 0", "printed nothing"),
        ("printf '' ", "printed nothing"),
    ] {
        for forgiving in ["'c:it'", "{ from = 'c:it', optional = true }", "{ from = ['c:it', 'env:HOME'] }"] {
            let profile = script(line).replacen("'c:it'", forgiving, 1);
            let done = launch(profile).status(125).stdout("").stderr_contains(words).run();
            let told = String::from_utf8(done.stderr).unwrap();
            assert!(
                told.starts_with("inject: error: ./p.toml:2: A: c:it") && told.contains(": the program "),
                "{told}"
            );
            assert!(told.ends_with(NOTHING) && told.contains("run it by hand: /bin/sh -c "), "{told}");
        }
    }
}

#[test]
fn absent_exit_says_which_codes_mean_absence() {
    let with = |from: &str, line: &str| {
        let run = format!("[\"/bin/sh\", \"-c\", '{line}']");
        program(&run, "absent-exit = [1, 44]").replacen("'c:it'", from, 1)
    };
    launch(with("'c:it'", "exit 44")).status(125).stderr_contains("exit code 44").run();
    launch(with("{ from = 'c:it', default = 'd' }", "echo v; exit 1")).stdout("d\0").stderr("").run();
    launch(with("{ from = ['c:it', 'env:HOME'], trim = true }", "exit 44")).stdout_contains("/inject-test-").run();
    launch(with("{ from = 'c:it', optional = true }", "exit 1")).status(1).stdout("").stderr("").run();
    // Another code, a signal of the same number and an empty answer are none.
    for line in ["exit 2", "kill -1 $$", "true"] {
        launch(with("{ from = 'c:it', optional = true }", line)).status(125).stderr_contains(NOTHING).run();
    }
}

#[test]
fn an_answer_has_a_bound() {
    let with = |bytes: &str| script(&format!("head -c {bytes} /dev/zero | tr '\\0' x"));
    launch(with("1048577")).status(125).stderr_contains("it printed more than 1 MiB").run();
    launch(script("yes")).status(125).stderr_contains("it printed more than 1 MiB").run();
    launch(with("100000")).stdout(format!("{}\0", "x".repeat(100_000))).run();
}

#[test]
fn standard_error_is_never_shown() {
    let secret = "hunter2-hunter2";
    for (end, status) in [("", 0), ("; exit 3", 125), ("; kill -9 $$", 125)] {
        let line = format!("h=hunter2; echo $h-$h >&2; echo $h-$h{end}");
        for verbose in [&[][..], &["-v"]] {
            let done = launch_with(verbose, script(&line)).status(status).run();
            assert!(!String::from_utf8_lossy(&done.stderr).contains(secret));
            assert_eq!(done.stdout.is_empty(), status != 0);
        }
        let check = Test::new().file("p.toml", script(&line)).args(["check", "-p", "./p.toml", "--json"]).any_status();
        let done = check.run();
        assert!(!String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).contains(secret));
    }
}

#[test]
fn a_program_that_is_not_there_or_cannot_be_executed() {
    let folder = |run: &str| {
        let test = launch(program(run, "")).file("plain", "#!/bin/sh\n").file("orphan", "#!/no/such/sh\n");
        let test = test.file("nothing", "echo v\n").status(125).stdout("").stderr_contains(NOTHING);
        for name in ["orphan", "nothing"] {
            fs::set_permissions(test.path(name), fs::Permissions::from_mode(0o700)).unwrap();
        }
        fs::create_dir(test.path("folder")).unwrap();
        test
    };
    for (run, words) in [
        (r#"["no-such-program"]"#, "no-such-program: not found in the caller's PATH"),
        (r#"["/no/such/program"]"#, "/no/such/program: not found"),
        (r#"["./missing"]"#, "./missing: not found"),
        (r#"["./plain"]"#, "./plain: cannot be executed: permission denied"),
        (r#"["./folder"]"#, "./folder: cannot be executed: is a directory"),
        (r#"["./orphan"]"#, "./orphan: it, or the interpreter that it names, is not there"),
        (r#"["./nothing"]"#, "./nothing: is no program for this machine, and has no '#!' line"),
    ] {
        folder(run).stderr_contains(words).run();
        let state = Test::new().file("p.toml", program(run, "")).args(["check", "-p", "./p.toml", "--json"]);
        if run.contains("such") {
            state.status(125).stdout_contains("\"state\": \"unreachable\"").run();
        }
    }
}

#[test]
fn a_program_with_a_slash_is_relative_to_the_profile() {
    let tool = "#!/bin/sh\necho \"from $0\"\n";
    for (run, at) in [("./tool", "sub/./tool"), ("bin/tool", "sub/bin/tool"), ("../tool", "sub/../tool")] {
        let test = Test::new().file("sub/p.toml", program(&format!("[\"{run}\"]"), "")).file(at, tool);
        fs::set_permissions(test.path(at), fs::Permissions::from_mode(0o700)).unwrap();
        let test = test.args(["-p", "sub/p.toml", "--", "/usr/bin/printenv", "-0", "A"]);
        test.stdout(format!("from {at}\0")).stderr("").run();
    }
    // Also from the folder itself, where the profile's path has none, and from a profile that another extends.
    let test = Test::new().file("p.toml", program("[\"bin/tool\"]", "")).file("bin/tool", tool);
    fs::set_permissions(test.path("bin/tool"), fs::Permissions::from_mode(0o700)).unwrap();
    test.args(["-p", "p.toml", "--", "/usr/bin/printenv", "-0", "A"]).stdout("from bin/tool\0").run();
    let test = Test::new().file("up/base.toml", program("[\"./tool\"]", "")).file("up/tool", tool);
    fs::set_permissions(test.path("up/tool"), fs::Permissions::from_mode(0o700)).unwrap();
    let test = test.file("p.toml", "extends = [\"up/base.toml\"]\n");
    test.args(["-p", "p.toml", "--", "/usr/bin/printenv", "-0", "A"]).stdout_contains("up/./tool\0").run();
}

#[test]
fn a_bare_name_is_searched_in_the_callers_path() {
    let test =
        launch(program(r#"["tool"]"#, "")).file("one/tool", "no program").file("two/tool", "#!/bin/sh\necho two\n");
    fs::set_permissions(test.path("two/tool"), fs::Permissions::from_mode(0o700)).unwrap();
    let path = format!("{}:{}:/usr/bin", test.path("one").display(), test.path("two").display());
    test.env("PATH", path).stdout("two\0").run();
    let test = launch(program(r#"["tool"]"#, "")).file("tool", "#!/bin/sh\necho here\n");
    fs::set_permissions(test.path("tool"), fs::Permissions::from_mode(0o700)).unwrap();
    test.env("PATH", ".::relative:/usr/bin").status(125).stderr_contains("tool: not found").run();
}

#[test]
fn it_gets_the_callers_whole_environment() {
    let test = launch(program(r#"["/usr/bin/env"]"#, "")).env("OP_TOKEN", "t").env("X", "a=b").env("EMPTY", "");
    let home = format!("HOME={}\n", test.path("").display().to_string().trim_end_matches('/'));
    let done = test.run();
    let mut lines: Vec<_> = std::str::from_utf8(&done.stdout).unwrap().trim_end_matches('\0').lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["EMPTY=", home.trim_end(), "OP_TOKEN=t", "X=a=b"]);
}

#[test]
fn it_gets_no_input_and_no_other_descriptor() {
    let state = tool("starter");
    let run = format!("[\"{}\", \"fds\"]", state.display());
    let outer = ["/bin/sh", "-c", "exec 3</dev/null 7</dev/null 9</dev/null; exec \"$@\"", "sh"];
    launch(program(&run, "")).prefix(outer).stdout("0 1 2 \0").run();
    // Those of the caller still reach the command, as does its input.
    let profile = script("readlink /proc/self/fd/0 /proc/self/fd/2; cat; echo end");
    let line = "exec 7</dev/null; exec \"$@\"";
    let command = ["--", "/bin/sh", "-c", "printenv A; cat; readlink /proc/self/fd/7"];
    let test = Test::new().file("p.toml", profile).args(["-p", "./p.toml"]).args(command);
    let test = test.prefix(["/bin/sh", "-c", line, "sh"]).stdin("input");
    test.stdout("/dev/null\n/dev/null\nend\ninput/dev/null\n").run();
    // Where the caller closed some, nothing of ours takes their place.
    for closed in ["<&-", ">&-", "2>&-", "<&- >&-", "<&- >&- 2>&-"] {
        let line = format!("exec \"$@\" {closed}");
        let test = Test::new().file("p.toml", program(&run, "")).args(["-p", "./p.toml", "--", "/bin/sh", "-c"]);
        let test = test.args(["printf '%s' \"$A\" >out"]);
        let done = test.prefix(["/bin/sh", "-c", line.as_str(), "sh"]).run();
        assert_eq!(fs::read(done.dir.path().join("out")).unwrap(), b"0 1 2 ", "{closed}");
    }
}

/// A bare password can look like a .env file, and then the name of a key in it is the password.
#[test]
fn a_field_of_what_is_no_document_shows_nothing_of_it() {
    for printed in ["c2VjcmV0LXZhbHVlLXg=", "c2VjcmV0LXZhbHVlLXg==", "c2VjcmV0LXZhbHVlLXg", "c2VjcmV0LXZhbHVlLXg=1 2"] {
        let test = launch(script(&format!("echo {printed}")).replacen("c:it", "c:it#password", 1)).status(125);
        let done = test.stdout("").run();
        let told = String::from_utf8_lossy(&done.stderr);
        assert!(!told.replace(&format!("'echo {printed}'"), "").contains("c2Vj"), "{told}");
    }
}
