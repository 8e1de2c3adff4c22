//! The proofs of the promise: the command inherits what it would have had, and nothing of a secret is left behind.
//!
//! They need root and a C compiler. Under `unshare -r` those that need a second uid fail and say so.
//! `INJECT_UNDER_TEST` names another launcher than cargo's; `INJECT_LEAK_NO_SCRUB` and
//! `INJECT_LEAK_SYSTEM_ALLOCATOR` name those with a leak; what is not named is built here, optimised.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::print_stderr, reason = "a test ends where it fails")]

mod common;

mod proof {
    mod care;
    mod core_dump;
    mod leftovers;
    mod observe;
    mod remote;
    mod scan;
    mod secrets;
    mod tools_work;
    mod transparent;
    mod unreadable;
}
