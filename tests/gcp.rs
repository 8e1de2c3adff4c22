//! `gcp` against a stand-in that checks what the real services check, under their own names and over TLS, and against a
//! second, independent Secret Manager. Needs root, for the network.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test ends where it fails")]

mod common;

mod gcp {
    mod age;
    mod faults;
    mod login;
    mod names;
    mod world;
    mod write;
}
