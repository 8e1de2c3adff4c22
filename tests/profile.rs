//! The profile's grammar, merging, plan, check and values, and the command line: DESIGN.md, sections 1 to 3.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    unsafe_code,
    reason = "a test ends where it fails; an environment with duplicates needs execve"
)]

mod common;

mod profile {
    mod absence;
    mod age;
    mod command_line;
    mod grammar;
    mod inherit;
    mod leaks;
    mod merging;
    mod path;
    mod plan_check;
    mod settings;
    mod support;
    mod syntax;
    mod values;
}
