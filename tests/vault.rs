//! The kind `vault` against a cluster of OpenBao on PostgreSQL, and against a stand-in for what those do not do.
//!
//! Needs `cargo build --workspace` and the Python packages that `tests/run install` installs.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test ends where it fails")]

mod common;

mod vault {
    mod database;
    mod faults;
    mod logins;
    mod places;
    mod reads;
    mod requests;
    #[allow(dead_code)] // the tests of aws use the rest
    mod told;
    mod world;
    mod write;
}
