//! DESIGN 2: a profile's file belongs to you or root, and so does each folder above it. (B of the list of bad input.)

use crate::support::{Test, is_root, own};
use std::process::Stdio;

const A: &str = "[vars]\nA = \"1\"\n";

#[test]
fn a_file_that_others_can_write_is_refused_with_the_command_to_run() {
    for (mode, who, fix) in [(0o666, "anyone", "chmod go-w"), (0o602, "anyone", "chmod go-w")] {
        Test::new().file_mode("p.toml", A, mode).fails(&format!(
            "inject: error: p.toml: not trusted: [DIR]/p.toml can be written by {who}\n\
             inject: hint: `{fix} [DIR]/p.toml`, or look at it and run `inject trust p.toml`\n"
        ));
    }
    for mode in [0o600, 0o644, 0o400, 0o755, 0o444] {
        Test::new().file_mode("p.toml", A, mode).gives("A=1");
    }
}

#[test]
fn a_group_of_the_owners_own_number_is_the_owner() {
    // Files of this test's own uid: its group may write where the numbers are the same.
    if is_root() {
        Test::new().file_mode("p.toml", A, 0o664).gives("A=1");
        let test = Test::new().file_mode("p.toml", A, 0o664);
        std::os::unix::fs::chown(test.path("p.toml"), None, Some(12345)).unwrap();
        test.fails(
            "inject: error: p.toml: not trusted: [DIR]/p.toml can be written by its group\n\
             inject: hint: `chmod g-w [DIR]/p.toml`, or look at it and run `inject trust p.toml`\n",
        );
        let nobody = Test::new().file_mode("p.toml", A, 0o664).mode("", 0o775).as_nobody();
        nobody.gives("A=1");
    }
}

#[test]
fn folders_above_count_too_unless_they_are_sticky() {
    let test = |mode| Test::new().file("a/b/p.toml", A).mode("a", mode).line("-p a/b/p.toml -- env");
    test(0o755).status(0);
    test(0o1777).status(0);
    test(0o777).status(125).stderr(
        "inject: error: a/b/p.toml: not trusted: [DIR]/a can be written by anyone\n\
         inject: hint: `chmod go-w [DIR]/a`, or look at it and run `inject trust a/b/p.toml`\n\
         inject: nothing was run\n",
    );
    // Also on the way of a link.
    let test = Test::new().file("open/p.toml", A).mode("open", 0o777).link("p.toml", "open/p.toml");
    test.line("-p p.toml -- env").status(125).err_has("[DIR]/open can be written by anyone");
}

#[test]
fn somebody_elses_file_is_refused() {
    if !is_root() {
        return;
    }
    let theirs = |test: Test, name: &str| {
        own(&test.path(name), 1234);
        test
    };
    theirs(Test::profile(A), "p.toml")
        .line("-p p.toml -- env")
        .status(125)
        .err_has("[DIR]/p.toml belongs to uid 1234")
        .err_has("`chown 0 [DIR]/p.toml`");
    theirs(Test::new().file("d/p.toml", A), "d")
        .line("-p d/p.toml -- env")
        .status(125)
        .err_has("[DIR]/d belongs to uid 1234");
    // A link in a sticky folder is its owner's to point anywhere.
    let test = theirs(Test::profile(A).link("l.toml", "p.toml"), "l.toml");
    test.line("-p l.toml -- env").status(125).err_has("[DIR]/l.toml is a link of uid 1234");
    // Root's own files are everybody's.
    let test = Test::profile(A).as_nobody();
    std::os::unix::fs::chown(test.path("p.toml"), Some(0), Some(0)).unwrap();
    test.mode("p.toml", 0o644).gives("A=1");
}

#[test]
fn trust_or_a_flag_lifts_it() {
    let loose = || Test::new().file_mode("p.toml", A, 0o666);
    loose().line("-p p.toml --trust -- env").status(0).stdout("A=1\n");
    loose().env("INJECT_TRUST", "1").line("-p p.toml -- env").status(0);
    loose().env("INJECT_TRUST", "0").line("-p p.toml -- env").status(125);
    let test = loose().line("trust p.toml").status(0).again().line("-p p.toml -- env").status(0).again();
    test.file_mode("p.toml", "[vars]\nA = \"2\"\n", 0o666).line("-p p.toml -- env").status(125);
}

#[test]
fn what_is_no_regular_file_is_refused() {
    let refused = |test: Test, name: &str, message: &str| {
        test.args(["-p", name, "--", "env"])
            .status(125)
            .stderr(&format!("inject: error: {name}: {message}\ninject: nothing was run\n"));
    };
    refused(Test::new().folder("d.toml"), "d.toml", "a profile is a regular file");
    refused(Test::new(), "/dev/zero", "a profile is a regular file");
    refused(Test::new(), "/dev/null", "a profile is a regular file");
    refused(Test::new().link("l.toml", "/dev/zero"), "l.toml", "a profile is a regular file");
    refused(Test::new().link("l.toml", "l.toml"), "l.toml", "too many symbolic links encountered");
    refused(Test::new().link("l.toml", "nowhere"), "l.toml", "no such profile");
    refused(Test::profile(A), "p.toml/x", "not a directory");
    refused(Test::new().file("p.toml", vec![b'#'; (1 << 20) + 1]), "p.toml", "larger than 1 MiB; no profile is");
    let test = Test::new();
    let _socket = std::os::unix::net::UnixListener::bind(test.path("s.toml")).unwrap();
    refused(test, "s.toml", "a profile is a regular file");
    // By a bare name, not even a pipe.
    let fifo = Test::new().folder("profiles").fifo("profiles/f.toml");
    fifo.line("-p f --trust -- env")
        .status(125)
        .stderr("inject: error: profiles/f.toml: a profile is a regular file\ninject: nothing was run\n");
}

#[test]
fn a_pipe_that_the_user_names_is_read() {
    let shell = |script: &str| {
        let words = ["-c".to_owned(), script.to_owned(), crate::support::INJECT.to_owned()];
        let test = Test::new();
        let mut command = std::process::Command::new("/bin/bash");
        command
            .args(words)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", test.path(""))
            .current_dir(test.path(""));
        let output = command.stdin(Stdio::null()).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let fine = (Some(0), "A=1\n".to_owned(), String::new());
    assert_eq!(shell("$0 -p <(printf '[vars]\\nA = \"1\"\\n') -- env"), fine);
    assert_eq!(shell("$0 -p <(sleep 0.2; printf '[vars]\\nA = \"1\"\\n') -- env"), fine);
    assert_eq!(shell("printf '[vars]\\nA = \"1\"\\n' | $0 -p /dev/stdin -- env"), fine);
    // One that is opened for writing only later is not an empty profile.
    assert_eq!(shell("mkfifo f.toml; (sleep 0.3; printf '[vars]\\nA = \"1\"\\n' >f.toml) & $0 -p f.toml -- env"), fine);
    let endless = shell("$0 -p <(cat /dev/zero) -- env");
    assert_eq!(endless.0, Some(125));
    assert!(endless.2.contains("larger than 1 MiB"), "{}", endless.2);
    // Not a second path: what stands beside a pipe is /dev/fd's.
    let extends = shell("$0 -p <(echo 'extends = [\"base\"]') -- env");
    assert_eq!(extends.0, Some(125), "{}", extends.2);
}

#[test]
fn an_ordinary_user_meets_what_he_may_not_read() {
    if !is_root() {
        return;
    }
    let test = || Test::profile(A).file("d/p.toml", A).as_nobody();
    test().gives("A=1");
    test()
        .mode("p.toml", 0)
        .line("-p p.toml -- env")
        .status(125)
        .stderr("inject: error: p.toml: permission denied\ninject: nothing was run\n");
    test()
        .mode("d", 0)
        .line("-p d/p.toml -- env")
        .status(125)
        .stderr("inject: error: d/p.toml: permission denied\ninject: nothing was run\n");
    let own = "./inject-copy -p <(printf '[vars]\\nA = \"1\"\\n') -- env";
    let shell = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "bash", "-c", own];
    test().under(shell).status(0).stdout("A=1\n");
    // A source that may not be read is denied, and never absent.
    let text = "[secrets]\nA = { from = \"file:s\", default = \"no\" }\n";
    let denied = Test::profile(text).file_mode("s", "x", 0).as_nobody();
    denied.fails("inject: error: p.toml:2: A: file:s: permission denied\n");
    // A program that may not be executed.
    test().script("tool", "#!/bin/sh\n").mode("tool", 0o600).line("-p p.toml -- ./tool").status(126);
}

/// A loop swaps a good file for a bad one while it is opened: what is read is what was looked at.
#[test]
fn what_is_checked_is_what_is_read() {
    let test = Test::profile(A).file_mode("bad.toml", "[vars]\nA = \"evil\"\n", 0o666);
    let (p, bad, spare) = (test.path("p.toml"), test.path("bad.toml"), test.path("spare.toml"));
    let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let seen = stop.clone();
    let swapping = std::thread::spawn(move || {
        while !seen.load(std::sync::atomic::Ordering::SeqCst) {
            let _ = std::fs::rename(&p, &spare).and_then(|()| std::fs::rename(&bad, &p));
            let _ = std::fs::rename(&p, &bad).and_then(|()| std::fs::rename(&spare, &p));
        }
    });
    let test = test.line("-p p.toml -- env");
    let mut good = 0;
    for _ in 0..200 {
        let output = test.command().output().unwrap();
        match output.status.code() {
            Some(0) => {
                assert_eq!(output.stdout, b"A=1\n");
                good += 1;
            }
            code => assert_eq!(code, Some(125)),
        }
    }
    stop.store(true, std::sync::atomic::Ordering::SeqCst);
    swapping.join().unwrap();
    assert!(good > 0);
}

#[test]
fn no_home_and_a_read_only_one_are_no_obstacle_to_a_path() {
    Test::profile(A).no_env("HOME").gives("A=1");
    Test::profile(A).env("HOME", "/nonexistent").gives("A=1");
    Test::profile(A).env("HOME", "relative").env("XDG_CONFIG_HOME", "relative").gives("A=1");
    Test::new().no_env("HOME").line("-p none -- env").status(125).err_has("no profile 'none': looked in ");
}

#[test]
fn a_bare_name_goes_up_to_the_repository_then_to_the_user() {
    let test = || {
        Test::new()
            .file("profiles/home.toml", A)
            .file("w/profiles/top.toml", A)
            .file("w/repo/profiles/repo.toml", A)
            .file("w/repo/a/profiles/near.toml", A)
            .folder("w/repo/.git")
            .file(".config/inject/profiles/user.toml", A)
            .file(".config/inject/profiles/near.toml", A)
            .cwd("w/repo/a/b")
    };
    for name in ["near", "repo", "user"] {
        test().args(["-p", name, "--trust", "--", "env"]).status(0).stdout("A=1\n");
    }
    test().line("-p top --trust -- env").status(125).stderr(
        "inject: error: no profile 'top': looked in profiles, ../profiles, ../../profiles, \
         [DIR]/.config/inject/profiles, /etc/inject/profiles\n\
         inject: hint: `inject list` shows the profiles that can be found; one elsewhere is named by its path, like ./prod.toml\n\
         inject: nothing was run\n",
    );
    test().line("-p nea --trust -- env").status(125).err_has("did you mean 'near'?");
    // Without a repository, up to home.
    test().cwd("w").line("-p home --trust -- env").status(0);
    let away = test().env("XDG_CONFIG_HOME", "/nonexistent");
    away.line("-p user --trust -- env").status(125);
    // Only what the user's folder holds needs no trust.
    test().line("-p user -- env").status(0);
    test().line("-p near -- env").status(125);
}
