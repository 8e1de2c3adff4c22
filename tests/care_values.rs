//! `inject get`, `verify`, `generate` and `export`, by the programs that read what they write.
//!
//! Needs dash, bash, zsh, fish, jq, systemd (as root) and a `python3` (or `$INJECT_TEST_PYTHON`) with python-dotenv; what
//! is missing makes these tests fail.

#![allow(clippy::expect_used, clippy::unwrap_used, unsafe_code, reason = "a test ends where it fails")]

mod common;

mod care_values {
    mod audit;
    mod export;
    mod generate;
    mod get;
    mod shells;
    mod support;
    mod systemd;
    mod verify;
}

#[path = "process/terminal.rs"]
#[allow(dead_code)]
mod terminal;
