//! The caller's limits: what they stop is said, and nothing of ours is killed by them.

use super::support::{NOTHING, launch, script};
use crate::common::Test;
use std::fs;

fn within(limits: &str) -> [String; 4] {
    ["/bin/sh".into(), "-c".into(), format!("{limits}; exec \"$@\""), "sh".into()]
}

#[test]
fn a_message_over_the_file_size_does_not_kill_it() {
    // Standard error is a file that is full already: the kernel would send SIGXFSZ.
    launch("[secrets]\nA = 'env:NONE'\n").prefix(within("ulimit -f 0; exec 2>log")).status(125).stdout("").run();
    launch("[vars]\nA = 'v'\n").prefix(within("ulimit -f 0; exec 2>log")).stdout("v\0").run();
    let shown = Test::new().file("p.toml", "[vars]\nA = 'v'\n").args(["plan", "-p", "./p.toml"]);
    shown.prefix(within("ulimit -f 0; exec >log")).stderr("").run();
}

#[test]
fn an_approval_over_the_file_size_leaves_nothing_behind() {
    let test = Test::new().file("p.toml", "[vars]\nA = 'v'\n").args(["trust", "./p.toml"]);
    let test = test.prefix(within("ulimit -f 0")).status(125).stderr_contains(".local/state/inject: file too large\n");
    let done = test.run();
    assert_eq!(fs::read_dir(done.dir.path().join(".local/state/inject")).unwrap().count(), 0);
}

#[test]
fn without_processes_it_says_which_limit() {
    let test = launch(script("echo v"));
    let launcher = test.bring(&crate::common::inject());
    let prefix = ["setpriv", "--reuid=1001", "--regid=1001", "--clear-groups", "prlimit", "--nproc=0"];
    let test = test.owner(1001).program(launcher).prefix(prefix).status(125).stdout("");
    test.stderr_contains("c:it: /bin/sh: cannot be started: the limit of processes is reached\n")
        .stderr_contains("`ulimit -u`")
        .stderr_contains(NOTHING)
        .run();
}
