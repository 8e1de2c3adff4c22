//! DESIGN 1, "Trust", sentence by sentence.

use crate::support::{INJECT, Test};
use std::process::{Command, Stdio};

/// A tree profile with a program that leaves a mark, a pipe that is not written, and a listener that counts.
const MARKING: &str = "[source.op]\nkind = \"command\"\nrun = [\"../mark\", \"{}\"]\n[secrets]\nA = \"op:x\"\n";

fn tree() -> Test {
    Test::new().file("profiles/dev.toml", MARKING).script("mark", "#!/bin/sh\n: >mark.done\necho v\n")
}

const REFUSED: &str = "inject: error: profiles/dev.toml: not trusted: it was found in the working tree\n\
                       inject: hint: look at it, then run `inject trust dev`\n\
                       inject: nothing was run\n";
const CHANGED: &str = "inject: error: profiles/dev.toml: changed since it was trusted\n\
                       inject: hint: look at it, then run `inject trust dev`\n\
                       inject: nothing was run\n";
const RUN: &str = "-p dev -- env";

#[test]
fn refused_until_it_is_recorded_and_again_after_each_change() {
    let ran = tree().line(RUN).status(125).stdout("").stderr(REFUSED);
    assert!(!ran.has("mark.done") && !ran.has(".local"));
    let ran = ran
        .again()
        .line("trust dev")
        .status(0)
        .stdout("")
        .stderr("inject: profiles/dev.toml is trusted as it is now\n");
    assert!(!ran.has("mark.done"));
    let mode = std::fs::metadata(ran.dir.path().join(".local/state/inject/trust")).unwrap();
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&mode.permissions()) & 0o777, 0o600);
    let ran = ran.again().line(RUN).status(0).stdout("A=v\n").stderr("");
    assert!(ran.has("mark.done"));
    std::fs::remove_file(ran.dir.path().join("mark.done")).unwrap();
    let ran = ran.again().file("profiles/dev.toml", format!("{MARKING}\n")).line(RUN).status(125).stderr(CHANGED);
    assert!(!ran.has("mark.done"));
    let ran = ran.again().file("profiles/dev.toml", MARKING).line(RUN).status(0);
    // A path is what the user named.
    ran.again().file("profiles/dev.toml", format!("{MARKING}#")).line("-p profiles/dev.toml -- env").status(0);
}

#[test]
fn untrusted_opens_no_source_runs_no_program_and_connects_nowhere() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let text = format!(
        "{MARKING}F = \"file:../pipe\"\nE = \"dotenv:../pipe#E\"\nT = \"tcp:x\"\n[source.tcp]\nkind = \"command\"\n\
         run = [\"/bin/bash\", \"-c\", \"echo x >/dev/tcp/127.0.0.1/{port}\"]\n"
    );
    let test = tree().file("profiles/dev.toml", text).fifo("pipe");
    for words in [RUN, "check -p dev"] {
        let out = test.path("trace");
        let trace = ["strace", "-f", "-o", out.to_str().unwrap(), "-e", "trace=%file,%network,%process"];
        let mut command = Command::new("/usr/bin/strace");
        command
            .args(&trace[1..])
            .arg(INJECT)
            .args(words.split(' '))
            .env_clear()
            .env("HOME", test.path(""))
            .env("PATH", "/usr/bin:/bin");
        let output = command.current_dir(test.path("")).output().unwrap();
        assert_eq!(output.status.code(), Some(125));
        let trace = std::fs::read_to_string(&out).unwrap();
        assert_eq!(trace.matches("execve(").count(), 1, "{trace}");
        for word in ["/pipe", "socket(", "fork(", "clone", "mark"] {
            assert!(!trace.contains(word), "{word}: {trace}");
        }
    }
    assert!(listener.accept().is_err());
    assert!(!test.path("mark.done").exists());
}

#[test]
fn every_tree_file_that_it_extends_is_recorded_too() {
    let test = || {
        tree()
            .file("profiles/dev.toml", "extends = [\"base\", \"../more.toml\"]\n")
            .file("profiles/base.toml", "")
            .file("more.toml", "")
    };
    let ran = test().line(RUN).status(125).stderr(
        "inject: error: profiles/dev.toml: not trusted: it was found in the working tree\n\
         inject: error: profiles/base.toml: not trusted: it was found in the working tree\n\
         inject: error: profiles/../more.toml: not trusted: it was found in the working tree\n\
         inject: hint: look at it, then run `inject trust dev`\n\
         inject: nothing was run\n",
    );
    // Also where only what a named file extends lies in the tree.
    test()
        .file("q/p.toml", "extends = [\"base\"]\n")
        .line("-p q/p.toml -- env")
        .status(125)
        .err_has("run `inject trust q/p.toml`")
        .again()
        .line("trust q/p.toml")
        .status(0)
        .again()
        .line("-p q/p.toml -- env")
        .status(0);
    let ran = ran.again().line("trust dev").status(0).again().line(RUN).status(0);
    ran.again()
        .file("more.toml", "#")
        .line(RUN)
        .status(125)
        .err_has("profiles/../more.toml: changed since it was trusted");
    let ran = test().line("trust dev").status(0);
    ran.again().file("profiles/base.toml", "#").line(RUN).status(125).err_has("profiles/base.toml: changed");
    // Of the user's own folder nothing needs to be recorded.
    let ran = Test::new()
        .file("profiles/dev.toml", "extends = [\"mine\"]\n")
        .file(".config/inject/profiles/mine.toml", "[vars]\nM = \"1\"\n")
        .line("trust dev")
        .status(0)
        .stderr("inject: profiles/dev.toml is trusted as it is now\n");
    ran.again().file(".config/inject/profiles/mine.toml", "[vars]\nM = \"2\"\n").line(RUN).status(0).stdout("M=2\n");
}

#[test]
fn copied_or_linked_elsewhere_it_is_not_trusted() {
    let ran = tree().line("trust dev").status(0);
    let test = ran
        .again()
        .file("clone/profiles/dev.toml", MARKING)
        .script("clone/mark", "#!/bin/sh\necho evil\n")
        .folder("clone/.git");
    let ran = test.cwd("clone").line(RUN).status(125).stderr(REFUSED);
    // A link to the trusted file would run what lies beside the link.
    let real = ran.dir.path().join("profiles/dev.toml");
    std::fs::remove_file(ran.dir.path().join("clone/profiles/dev.toml")).unwrap();
    ran.again().link("clone/profiles/dev.toml", real).cwd("clone").line(RUN).status(125).stderr(REFUSED);
    // A link to the folder is the same place.
    let ran = tree().line("trust dev").status(0);
    ran.again().link("l", ".").cwd("l").line(RUN).status(0);
}

#[test]
fn where_it_hides_a_users_profile_the_message_names_both() {
    tree().file(".config/inject/profiles/dev.toml", "").line(RUN).status(125).stderr(
        "inject: error: profiles/dev.toml: not trusted: it was found in the working tree; it hides \
         [DIR]/.config/inject/profiles/dev.toml\n\
         inject: hint: look at it, then run `inject trust dev`\n\
         inject: nothing was run\n",
    );
}

#[test]
fn the_flag_and_the_variable_are_for_ci_and_not_remembered() {
    let ran = tree().line("-p dev --trust -- env").status(0).stdout("A=v\n");
    assert!(!ran.has(".local"));
    let ran = ran.again().line(RUN).status(125);
    let ran = ran.again().env("INJECT_TRUST", "1").line(RUN).status(0);
    ran.again().line("check -p dev").status(125).again().line("check -p dev --trust").status(0);
    for value in ["", "0", "yes", "11"] {
        tree().env("INJECT_TRUST", value).line(RUN).status(125);
    }
}

#[test]
fn without_home_nothing_is_trusted_and_the_path_form_is_offered() {
    let refused = "inject: error: profiles/dev.toml: not trusted: it was found in the working tree\n\
                   inject: hint: HOME is not set, so nothing is trusted; name it by its path, like -p ./profiles/dev.toml\n\
                   inject: nothing was run\n";
    tree().no_env("HOME").line(RUN).status(125).stderr(refused);
    tree().env("HOME", "x").line(RUN).status(125).stderr(refused);
    tree().no_env("HOME").line("trust dev").status(125).err_has("nothing can be trusted");
    tree().no_env("HOME").line("-p ./profiles/dev.toml -- env").status(0);
    let test = tree().no_env("HOME");
    let state = test.path("state");
    let ran = test.env("XDG_STATE_HOME", &state).line("trust dev").status(0);
    assert!(ran.has("state/inject/trust"));
    ran.again().no_env("HOME").env("XDG_STATE_HOME", &state).line(RUN).status(0);
}

#[test]
fn a_state_folder_that_cannot_be_written_is_told() {
    let ran = tree().env("XDG_STATE_HOME", "/proc/x").line("trust dev").status(125).err_has("/proc/x/inject: ");
    ran.again().env("XDG_STATE_HOME", "/proc/x").line(RUN).status(125).stderr(REFUSED);
    if crate::support::is_root() {
        let test = tree().as_nobody().folder("state").mode("state", 0o500);
        let state = test.path("state");
        crate::support::own(&state, 65534);
        let ran = test.env("XDG_STATE_HOME", &state).line("trust dev").status(125);
        ran.stderr("inject: error: [DIR]/state/inject: permission denied\n");
    }
}

#[test]
fn a_store_that_is_damaged_foreign_or_writable_trusts_nothing() {
    const STORE: &str = ".local/state/inject/trust";
    let trusted = || tree().line("trust dev").status(0).again();
    let good = std::fs::read_to_string(trusted().path(STORE)).unwrap();
    assert_eq!(good.lines().count(), 1);
    for text in ["x\n", "{}\n", "\n", "{\"path\": 3}\n", "[\n"] {
        let ran = trusted().file(STORE, format!("{good}{text}")).line(RUN).status(125);
        ran.err_has("line 2 is no approval").err_has("approve again");
    }
    trusted().file(STORE, b"\xff").line(RUN).status(125).err_has("not UTF-8");
    for mode in [0o666, 0o620, 0o602] {
        trusted()
            .mode(STORE, mode)
            .line(RUN)
            .status(125)
            .err_has("not a file that only you can write")
            .err_has("chmod 600");
    }
    let test = trusted();
    let path = test.path(STORE);
    std::fs::rename(&path, test.path("elsewhere")).unwrap();
    test.link(STORE, "../../../elsewhere").line(RUN).status(125);
    let test = trusted();
    std::fs::remove_file(test.path(STORE)).unwrap();
    test.fifo(STORE).line(RUN).status(125).err_has("not a file that only you can write");
    if crate::support::is_root() {
        let test = trusted();
        crate::support::own(&test.path(STORE), 1234);
        test.line(RUN).status(125).err_has("not a file that only you can write");
    }
}

#[test]
fn listed_and_taken_back() {
    let ran = tree().file("profiles/b.toml", "").line("trust --list").status(0).stdout("").again();
    let ran = ran.line("trust dev").status(0).again().line("trust b").status(0).again().line("trust --list").status(0);
    let text = ran.out_text();
    let rows: Vec<_> = text.lines().map(|line| line.split_once("  ").unwrap()).collect();
    assert_eq!(rows.iter().map(|row| row.1).collect::<Vec<_>>(), ["[DIR]/profiles/dev.toml", "[DIR]/profiles/b.toml"]);
    assert!(rows.iter().all(|row| row.0.len() == 64));
    let ran = ran
        .again()
        .line("trust dev --remove")
        .status(0)
        .stderr("inject: [DIR]/profiles/dev.toml is no longer trusted\n");
    let ran =
        ran.again().line("trust dev --remove").status(0).stderr("inject: [DIR]/profiles/dev.toml was not trusted\n");
    ran.again().line(RUN).status(125).again().line("-p b -- env").status(0);
}

#[test]
fn of_many_at_once_none_is_lost() {
    let mut test = Test::new();
    for i in 0..24 {
        test = test.file(&format!("profiles/p{i}.toml"), format!("# {i}\n"));
    }
    let spawn = |i| test_command(&test, &["trust", &format!("p{i}")]).spawn().unwrap();
    let children: Vec<_> = (0..24).map(spawn).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    for i in 0..24 {
        let output = test_command(&test, &["-p", &format!("p{i}"), "--", "true"]).output().unwrap();
        assert!(output.status.success(), "{i}: {}", String::from_utf8_lossy(&output.stderr));
    }
    let left = std::fs::read_dir(test.path(".local/state/inject")).unwrap().count();
    assert_eq!(left, 1);
}

fn test_command(test: &Test, words: &[&str]) -> Command {
    let mut command = Command::new(INJECT);
    command.args(words).env_clear().env("HOME", test.path("")).env("PATH", "/usr/bin:/bin").current_dir(test.path(""));
    command.stderr(Stdio::piped());
    command
}

/// In a terminal of its own (util-linux `script`), with this typed: the exit code and what the terminal showed.
fn on_a_terminal(test: &Test, typed: &str) -> (Option<i32>, String) {
    let mut command = Command::new("/usr/bin/script");
    command.args(["-qec", &format!("{INJECT} {RUN}"), "/dev/null"]).env_clear().env("HOME", test.path(""));
    command.env("PATH", "/usr/bin:/bin").env("SHELL", "/bin/sh").current_dir(test.path(""));
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    std::io::Write::write_all(&mut stdin, typed.as_bytes()).unwrap();
    let mut text = String::new();
    std::io::Read::read_to_string(child.stdout.as_mut().unwrap(), &mut text).unwrap();
    drop(stdin);
    (child.wait().unwrap().code(), text.replace('\r', "").replace(test.path("").to_str().unwrap(), "[DIR]/"))
}

#[test]
fn on_a_terminal_it_asks_and_shows_what_the_profile_reads_and_runs() {
    let test = tree().file(".config/inject/profiles/dev.toml", "");
    for no in ["n\n", "\n", "x\n", "yy\n"] {
        let (code, text) = on_a_terminal(&test, no);
        assert_eq!(code, Some(125), "{text}");
        assert!(text.contains("inject: hint: look at it, then run `inject trust dev`"), "{text}");
    }
    assert!(!test.path("mark.done").exists());
    let (code, text) = on_a_terminal(&test, "y\n");
    assert_eq!(code, Some(0), "{text}");
    for line in [
        "inject: profiles/dev.toml was found in the working tree; it reads and runs:",
        "inject:   it hides [DIR]/.config/inject/profiles/dev.toml",
        "inject:   A = op:x",
        "inject:   source.op.run = ../mark {}",
        "inject: trust this? [y/N]",
        "A=v",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    // Remembered; and of a changed one it shows what is new.
    let (code, text) = on_a_terminal(&test, "");
    assert_eq!((code, text.as_str()), (Some(0), "A=v\n"));
    let test = test
        .file("profiles/dev.toml", format!("inherit = [\"USER\"]\n{MARKING}"))
        .file("profiles/dev.toml", MARKING.replace("A = \"op:x\"", "A = \"op:x\"\nB = \"file:~/.ssh/id\""));
    let (code, text) = on_a_terminal(&test, "n\n");
    assert_eq!(code, Some(125));
    assert!(text.contains("changed since it was trusted; what is new in it:\n"), "{text}");
    assert!(text.contains("inject:   B = file:~/.ssh/id\n") && !text.contains("A = op:x"), "{text}");
}
