//! The verbs that write: `set`, `unset` and `import`, into files and into a real keychain, through the programs as they
//! are installed. What is missing on the machine (strace, python-dotenv, gnome-keyring) makes these tests fail.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    unsafe_code,
    reason = "a test ends where it fails; a terminal needs pre_exec"
)]

mod common;

#[allow(dead_code, reason = "another test uses the rest")]
#[path = "process/terminal.rs"]
mod terminal;

mod care_write {
    use crate::common::{hostile, project as support};

    mod asked;
    mod crash;
    mod files;
    mod import;
    mod keychain;
    mod mapping;
    mod mishaps;
    mod prompts;
    mod secrecy;
    mod values;
}
