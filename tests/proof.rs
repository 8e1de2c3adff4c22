//! The proofs of the promise: the command inherits what it would have had, and nothing of a secret is left behind.
//!
//! They need root (or `unshare -r`, where what needs a second uid is left out) and a C compiler.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test ends where it fails"
)]

mod common;

mod proof {
    mod core_dump;
    mod leftovers;
    mod observe;
    mod scan;
    mod secrets;
    mod tools_work;
    mod transparent;
    mod unreadable;
}
