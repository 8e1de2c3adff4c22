//! `inject doctor`: what it says of a machine and of a profile, on real stores.
//!
//! Needs what tests/vault.rs needs, gnome-keyring and util-linux; what is missing makes these tests fail.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test ends where it fails")]

mod common;

use common::project as support;

mod care_doctor {
    mod machine;
    mod profile;
    mod stores;
}
#[allow(dead_code, reason = "another test uses the rest")]
#[path = "vault/world.rs"]
mod world;
