//! What is opened before anybody approved it: nothing. Trust, the opening of profiles, and their schema.
//!
//! Needs root, for files of other users, and a python with `jsonschema`; what is missing makes these tests fail.

#![allow(clippy::expect_used, clippy::unwrap_used, unsafe_code, reason = "a test ends where it fails")]

mod common;

mod trust {
    mod approve;
    mod asked;
    mod opening;
    mod pipes;
    mod schema;
    mod store;
    mod world;
}

#[path = "process/terminal.rs"]
#[allow(dead_code)]
mod terminal;
