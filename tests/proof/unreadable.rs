//! While it resolves, the launcher cannot be looked into by another process of the same user.

use {
    super::{
        core_dump::{SLOW, wait_until_it_is},
        scan::ORDINARY_UID,
    },
    crate::common::{
        Test, inject,
        tool::{file_name, tool},
    },
    nix::{sys::stat::Mode, unistd::mkfifo},
    std::{
        ffi::OsString,
        fs,
        path::Path,
        process::{Command, Stdio},
        thread,
        time::Duration,
    },
};

/// What a reader of the same ordinary user got in half a second: name, tries, seen, refused, other.
#[track_caller]
pub(crate) fn read_by_the_same_user(launcher: &Path, args: &[&str]) -> Vec<(String, [u64; 4])> {
    let test = Test::new().file("p.toml", SLOW);
    let (program, reader) = (test.bring(launcher), test.bring(&tool("reader")));
    let profile = test.path("p.toml");
    let user = format!("uid-{ORDINARY_UID}");
    let test = test
        .prefix([tool("state").as_os_str(), user.as_ref()])
        .program(&program)
        .args(args)
        .replace_arg("{profile}", profile.as_os_str())
        .owner(ORDINARY_UID);
    let mut child =
        test.command().stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("a child");
    wait_until_it_is(child.id(), &file_name(&program));
    thread::sleep(Duration::from_millis(20));
    let output = Command::new(tool("state"))
        .arg(&user)
        .arg(reader)
        .args([child.id().to_string(), "500".to_owned()])
        .output()
        .expect("the reader");
    let alive = child.try_wait().expect("its state").is_none();
    child.kill().expect("the end");
    child.wait().expect("the end");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(alive, "{} ended while it was looked at", launcher.display());
    String::from_utf8(output.stdout)
        .expect("text")
        .lines()
        .map(|line| {
            let mut words = line.split(' ');
            let name = words.next().expect("a name").to_owned();
            let mut number = || words.next()?.split_once('=')?.1.parse().ok();
            (name, std::array::from_fn(|_| number().expect("a number")))
        })
        .collect()
}

#[track_caller]
pub(crate) fn assert_unreadable(launcher: &Path) {
    for (way, [tries, seen, refused, other]) in read_by_the_same_user(launcher, &["-p", "{profile}", "--", "/bin/true"])
    {
        assert!(tries > 20, "{way}: only {tries} tries");
        assert_eq!((seen, refused, other), (0, tries, 0), "{way} of {tries}: seen, refused, other");
    }
}

#[test]
fn the_launcher_is_closed_to_its_own_user() {
    assert_unreadable(&inject());
}

#[test]
fn another_program_is_open_to_its_own_user() {
    for (way, [tries, seen, ..]) in read_by_the_same_user(Path::new("/bin/sleep"), &["9"]) {
        assert_eq!(seen, tries, "{way}: if this cannot be read, a refusal elsewhere says nothing");
    }
}

#[test]
fn a_launcher_that_cannot_close_itself_runs_nothing() {
    Test::new()
        .file("p.toml", "[vars]\nA = \"1\"\n")
        .prefix([tool("state").as_os_str(), ".no-prctl".as_ref()])
        .args(["-p", "p.toml", "--", "/bin/echo", "ran"])
        .status(125)
        .stdout("")
        .stderr("inject: error: cannot close its memory to other processes: operation not permitted\ninject: nothing was run\n")
        .run();
}

/// What is closed before the exec anyway must not depend on that: the proof is taken while everything is open.
#[test]
fn every_descriptor_of_its_own_closes_at_an_exec() {
    let test = Test::new().file("p.toml", SLOW.replace("[secrets]\n", "[secrets]\nB = \"file:pipe\"\n"));
    mkfifo(&test.path("pipe"), Mode::S_IRWXU).expect("a FIFO");
    let test = test.args(["-p", "p.toml", "--", "/bin/true"]);
    let mut child =
        test.command().stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("a child");
    thread::sleep(Duration::from_millis(300));
    let of_it = format!("/proc/{}/fdinfo", child.id());
    let open_on =
        |pid: u32, number: &OsString| fs::read_link(format!("/proc/{pid}/fd/{}", number.to_string_lossy())).ok();
    let flags: Vec<_> = fs::read_dir(&of_it)
        .expect("root may look")
        .map(|entry| entry.expect("an entry").file_name())
        .filter(|number| number.to_string_lossy().parse::<u32>().expect("a number") > 2)
        // What the caller of the tests left open stands in every process under the same number.
        .filter(|number| open_on(child.id(), number) != open_on(std::process::id(), number))
        .map(|number| fs::read_to_string(Path::new(&of_it).join(number)).expect("its state"))
        .collect();
    child.kill().expect("the end");
    child.wait().expect("the end");
    assert!(flags.len() >= 3, "a FIFO, a pidfd and a pipe: {flags:?}");
    for state in flags {
        let octal = state.lines().find_map(|line| line.strip_prefix("flags:")).expect("flags").trim();
        assert_ne!(u32::from_str_radix(octal, 8).expect("octal") & 0o2_000_000, 0, "no O_CLOEXEC: {state}");
    }
}
