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
    std::{
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
