//! The kinds `aws` and `ssm` against moto and ministack, two independent servers that check signatures and policies, and
//! against a stand-in for what those do not do.
//!
//! Needs `cargo build --workspace` and the Python packages that `tests/run install` installs.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test ends where it fails")]

mod common;

mod aws {
    mod chain;
    mod faults;
    mod names;
    mod parameters;
    mod requests;
    mod secrets;

    mod told;
    mod world;
    mod write;
}
