//! The process side of the launcher: children, signals, deadlines, the waiting line, the store, and systemd.
//!
//! What is missing on the machine (a C compiler, gnome-keyring, secret-tool, systemd) makes these tests fail; nothing
//! is skipped.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::print_stderr,
    unsafe_code,
    reason = "a test ends where it fails; a terminal needs pre_exec"
)]

mod common;

mod process {
    mod audit;
    mod command;
    mod command_time;
    mod deadline;
    mod keychain;
    mod limits;
    mod password;
    mod remote;
    mod signals;
    mod store;
    mod store_faults;
    mod support;
    mod systemd;
    mod terminal;
    mod waiting;
}
