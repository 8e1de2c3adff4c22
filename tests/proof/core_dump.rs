//! A launcher that is killed while it holds secrets leaves no core file, whatever the limit of the caller.

use {
    super::secrets::random,
    crate::common::{
        Test, inject,
        tool::{file_name, tool},
    },
    nix::{
        sys::signal::{Signal, kill},
        unistd::Pid,
    },
    std::{fs, os::unix::process::ExitStatusExt, path::Path, process::Stdio, thread, time::Duration},
};

/// Resolves for five seconds: `wait` is what the stand-in reads, the rest is for the launcher.
pub(crate) const SLOW: &str = "# wait\n[secrets]\nA = \"slow:x\"\n\
    [source.slow]\nkind = \"command\"\nrun = [\"/bin/sh\", \"-c\", \"sleep 5; echo secret-{}\"]\n";

/// Waits until the process has become this program. What was there before may leave what it likes.
pub(crate) fn wait_until_it_is(pid: u32, name: &str) {
    for _ in 0..5000 {
        if fs::read_link(format!("/proc/{pid}/exe")).is_ok_and(|exe| exe.file_name().is_some_and(|file| file == name)) {
            return;
        }
        thread::sleep(Duration::from_millis(1));
    }
    panic!("{pid} never became {name}");
}

/// Kills it after that long, and lists the core files that are there then.
#[track_caller]
pub(crate) fn cores_after(launcher: &Path, args: &[&str], signal: Signal, after: Duration) -> Vec<String> {
    let pattern = fs::read_to_string("/proc/sys/kernel/core_pattern").expect("core_pattern");
    assert_eq!(pattern.trim(), "core", "the proof needs `sysctl kernel.core_pattern=core`: it looks for the file");
    let test = Test::new().file("p.toml", SLOW).file("cwd/empty", "");
    let mut command = test
        .program(launcher)
        .args(args)
        .prefix([tool("state").as_os_str(), "core-unlimited".as_ref()])
        .current_dir("cwd");
    // `{profile}` stands for the path, which only this function knows.
    let profile = command.path("p.toml");
    command = command.replace_arg("{profile}", profile.as_os_str());
    let folder = command.path("cwd");
    let mut child =
        command.command().stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("a child");
    wait_until_it_is(child.id(), &file_name(launcher));
    thread::sleep(after);
    kill(Pid::from_raw(child.id().cast_signed()), signal).expect("the signal");
    let status = child.wait().expect("its end");
    assert_eq!(status.signal(), Some(signal as i32), "it ended in another way: {status}");
    fs::read_dir(folder)
        .expect("the folder")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .filter(|name| name.starts_with("core"))
        .collect()
}

/// Twenty moments between 20 and 1,020 ms, half of them by each signal.
#[track_caller]
pub(crate) fn leaves_no_core(launcher: &Path) {
    let moments = random(20);
    thread::scope(|scope| {
        // Side by side: the time goes by in waiting.
        for (index, &moment) in moments.iter().enumerate() {
            scope.spawn(move || {
                let signal = if index % 2 == 0 { Signal::SIGSEGV } else { Signal::SIGABRT };
                let after = Duration::from_millis(20 + u64::from(moment) * 1000 / 255);
                let args = ["-p", "{profile}", "--", "/bin/true"];
                let cores = cores_after(launcher, &args, signal, after);
                assert_eq!(cores, [""; 0], "a core file after {after:?} and {signal}");
            });
        }
    });
}

#[test]
fn a_killed_launcher_leaves_no_core() {
    leaves_no_core(&inject());
}

#[test]
fn a_program_that_may_be_dumped_leaves_one() {
    for signal in [Signal::SIGSEGV, Signal::SIGABRT] {
        let cores = cores_after(Path::new("/bin/sleep"), &["9"], signal, Duration::from_millis(50));
        assert_eq!(cores.len(), 1, "without a core file here, its absence elsewhere says nothing");
    }
}
