//! `inject init`: a first profile of a project, in a real repository and on a real terminal.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    unsafe_code,
    reason = "a test ends where it fails; a terminal needs pre_exec"
)]

mod common;

use common::project as support;

#[allow(dead_code, reason = "another test uses the rest")]
#[path = "care_write/asked.rs"]
mod asked;
mod care_init {
    mod asks;
    mod finds;
}
#[allow(dead_code, reason = "another test uses the rest")]
#[path = "care_scan/repository.rs"]
mod repository;
#[allow(dead_code, reason = "another test uses the rest")]
#[path = "process/terminal.rs"]
mod terminal;
