//! What keeps a secret from escaping through git: the warnings of `check`, and `inject scan`, over real repositories.
//!
//! Needs git, and a `python3` (or `$INJECT_TEST_PYTHON`); what is missing makes these tests fail.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test ends where it fails")]

mod common;

use common::project as support;

mod care_scan {
    mod encodings;
    mod guard;
    mod repository;
    mod staged;
    mod tree;
    mod values;
}
