//! DESIGN 1: COMMAND, found in the caller's PATH, refused before anything is asked, started as typed.

use crate::support::Test;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;

/// A profile whose one source leaves a mark: nothing may be asked before the command is found.
fn marking() -> Test {
    Test::profile("[source.op]\nkind = \"command\"\nrun = [\"./mark\", \"{}\"]\n[secrets]\nA = \"op:x\"\n")
        .script("mark", "#!/bin/sh\n: >mark.done\necho x\n")
}

#[test]
fn what_cannot_be_found_is_127_and_no_source_is_asked() {
    for (command, message) in
        [("nowhere", "nowhere: not found in the caller's PATH"), ("./nowhere", "./nowhere: not found")]
    {
        let ran = marking().args(["-p", "p.toml", "--", command]).status(127);
        assert!(!ran.has("mark.done"));
        ran.stderr(&format!("inject: error: {message}\ninject: nothing was run\n"));
    }
    // The control: it does leave its mark.
    assert!(marking().line("-p p.toml -- true").status(0).has("mark.done"));
}

#[test]
fn what_cannot_be_executed_is_126_and_no_source_is_asked() {
    for (name, mode, content, message) in [
        ("plain", 0o644, &b"#!/bin/sh\n"[..], "cannot be executed: permission denied"),
        ("bare", 0o755, b"echo hi\n", "no '#!' line"),
        ("empty", 0o755, b"", "no '#!' line"),
        ("gone", 0o755, b"#!/no/such/shell\n", "its interpreter /no/such/shell: no such file"),
        (
            "alien",
            0o755,
            b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\xf3\0\x01\0\0\0",
            "a program for another machine",
        ),
    ] {
        let test = marking().file_mode(name, content, mode);
        let ran = test.args(["-p".into(), "p.toml".into(), "--".into(), format!("./{name}")]).status(126);
        assert!(!ran.has("mark.done"), "{name}");
        ran.err_has(message).err_has(&format!("./{name}"));
    }
    marking().folder("folder").line("-p p.toml -- ./folder").status(126).err_has("is a directory");
}

#[test]
fn the_search_takes_the_first_executable_regular_file() {
    let test = Test::profile("")
        .file("a/tool", "#!/bin/sh\necho a\n")
        .folder("b/tool")
        .script("c/tool", "#!/bin/sh\necho c\n")
        .script("d/tool", "#!/bin/sh\necho d\n");
    let path = ["a", "b", "c", "d"].map(|name| test.path(name).to_str().unwrap().to_owned());
    let test = test.env("PATH", path.join(":")).line("-p p.toml -- tool").status(0).stdout("c\n").again();
    test.env("PATH", path[..2].join(":"))
        .line("-p p.toml -- tool")
        .status(126)
        .stderr("inject: error: [DIR]/a/tool: cannot be executed: permission denied\ninject: nothing was run\n");
}

#[test]
fn empty_and_relative_elements_are_passed_over_and_the_message_says_so() {
    let hint = "inject: hint: empty and relative elements of PATH were passed over\n";
    for path in [":/usr/bin", "/usr/bin:", "", ".", "bin:/usr/bin", "/usr/bin::/bin"] {
        Test::profile("")
            .script("tool", "#!/bin/sh\n")
            .script("bin/tool", "#!/bin/sh\n")
            .env("PATH", path)
            .line("-p p.toml -- tool")
            .status(127)
            .stderr(&format!("inject: error: tool: not found in the caller's PATH\n{hint}inject: nothing was run\n"));
    }
}

#[test]
fn without_a_path_bin_and_usr_bin_are_searched() {
    Test::profile("").no_env("PATH").line("-p p.toml -- true").status(0);
    Test::profile("")
        .no_env("PATH")
        .line("-p p.toml -- nowhere")
        .status(127)
        .stderr("inject: error: nowhere: not found in the caller's PATH\ninject: nothing was run\n");
}

#[test]
fn the_profiles_path_is_for_the_command_only() {
    let test = Test::profile("[vars]\nPATH = \"/nowhere\"\n");
    test.line("-p p.toml -- env").status(0).stdout("PATH=/nowhere\n");
}

#[test]
fn argv_0_stays_as_typed() {
    let test = Test::profile("").line("-p p.toml -- cat /proc/self/cmdline").status(0);
    assert_eq!(test.out, b"cat\0/proc/self/cmdline\0");
}

#[test]
fn a_busy_program_is_126() {
    let test = Test::profile("").args(["-p", "p.toml", "--", "./busy"]);
    std::fs::copy("/usr/bin/true", test.path("busy")).unwrap();
    let open = std::fs::File::options().append(true).open(test.path("busy")).unwrap();
    test.status(126).stderr("inject: error: ./busy: cannot be executed: text file busy\ninject: nothing was run\n");
    drop(open);
}

#[test]
fn a_deleted_working_directory_is_no_obstacle() {
    let test = Test::profile("[vars]\nA = \"1\"\n").cwd("gone");
    let (p, gone) = (test.path("p.toml"), test.path("gone"));
    let test = test.args(["-p", p.to_str().unwrap(), "--", "env"]);
    let mut command = test.command();
    let name = std::ffi::CString::new(gone.as_os_str().as_bytes()).unwrap();
    let remove =
        move || nix::unistd::unlinkat(nix::fcntl::AT_FDCWD, name.as_c_str(), nix::unistd::UnlinkatFlags::RemoveDir);
    // SAFETY: one system call between fork and exec.
    #[allow(unsafe_code)]
    unsafe {
        command.pre_exec(move || remove().map_err(Into::into));
    }
    let output = command.output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "A=1\n", "{}", String::from_utf8_lossy(&output.stderr));
    // A bare name is looked for in the user's folder then.
    let test = test.args(["-p", "nope", "--", "env"]);
    let mut command = test.command();
    let name = std::ffi::CString::new(gone.as_os_str().as_bytes()).unwrap();
    std::fs::create_dir(&gone).unwrap();
    let remove =
        move || nix::unistd::unlinkat(nix::fcntl::AT_FDCWD, name.as_c_str(), nix::unistd::UnlinkatFlags::RemoveDir);
    // SAFETY: as above.
    #[allow(unsafe_code)]
    unsafe {
        command.pre_exec(move || remove().map_err(Into::into));
    }
    assert_eq!(command.output().unwrap().status.code(), Some(125));
}
