//! At the entry of the execve that succeeds, and at an exit after a failure, no 8-byte window of any secret is
//! readable in the launcher outside its arena, in any encoding.

use {
    super::{
        scan::{Arena, At, User, scan},
        secrets::{KINDS, case},
    },
    crate::common::tool::{leaky, optimized},
};

#[track_caller]
fn nothing_is_left_at_the_exec(kind: &'static str, arenas: &[Arena], user: User) {
    for &arena in arenas {
        let case = case(kind);
        let expected = case.expected.clone();
        let report = scan(case, &optimized(), arena, At::Exec, user);
        let names = |map: &std::collections::BTreeMap<String, String>| map.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&report.environment), names(&expected), "{kind}: the names that the command got");
        assert!(report.environment == expected, "{kind}: a value did not arrive as it was");
        report.assert_nothing_left();
        report.assert_arena(arena);
    }
}

/// Nothing was run. A failed look-up ends before there is an arena, so this says nothing of one.
#[track_caller]
fn nothing_is_left_at_the_exit(kind: &'static str, user: User) {
    for arena in [Arena::Secret, Arena::Locked, Arena::Unlocked] {
        let report = scan(case(kind).failing(), &optimized(), arena, At::Exit, user);
        assert!(report.environment.is_empty(), "{kind}: the command ran");
        report.assert_nothing_left();
    }
}

const EVERY: &[Arena] = &[Arena::Secret, Arena::Locked, Arena::Unlocked];

/// Each kind of source is a test of its own, so that they run side by side and a failure names it.
macro_rules! kinds {
    ($($name:ident = $kind:literal;)*) => {
        $(mod $name {
            use super::*;

            #[test]
            fn at_exec() {
                nothing_is_left_at_the_exec($kind, EVERY, User::Caller);
            }

            #[test]
            fn at_exec_of_an_ordinary_user() {
                nothing_is_left_at_the_exec($kind, EVERY, User::Ordinary);
            }

            #[test]
            fn at_exit_after_a_failure() {
                nothing_is_left_at_the_exit($kind, User::Caller);
            }

            #[test]
            fn at_exit_of_an_ordinary_user_after_a_failure() {
                nothing_is_left_at_the_exit($kind, User::Ordinary);
            }
        })*

        #[test]
        fn every_kind_is_tested() {
            assert_eq!([$($kind),*], KINDS);
        }
    };
}

kinds! {
    env = "env";
    dotenv = "dotenv";
    json = "json";
    yaml = "yaml";
    toml = "toml";
    whole_file = "whole-file";
    template = "template";
    systemd = "systemd";
    command = "command";
    sops = "sops";
}

/// A keyring is its owner's, who is the tests' own user here.
#[test]
fn keychain_at_exec() {
    nothing_is_left_at_the_exec("keychain", EVERY, User::Caller);
}

#[test]
fn keychain_at_exit_after_a_failure() {
    nothing_is_left_at_the_exit("keychain", User::Caller);
}

/// Stores of the network, over TLS, with what logs in there.
macro_rules! remote {
    ($($name:ident)*) => {
        $(mod $name {
            use super::*;

            #[test]
            fn at_exec() {
                nothing_is_left_at_the_exec(stringify!($name), EVERY, User::Caller);
            }

            #[test]
            fn at_exit_after_a_failure() {
                nothing_is_left_at_the_exit(stringify!($name), User::Caller);
            }
        })*
    };
}

remote!(vault aws gcp azure);

/// The positive controls: with one protection compiled out, the very same scan must fail.
#[test]
fn a_launcher_that_does_not_scrub_is_caught() {
    let report = scan(case("env"), &leaky("leak-no-scrub"), Arena::Secret, At::Exec, User::Caller);
    assert!(report.windows_outside() > 0, "the scan saw nothing of an environment that was not scrubbed");
}

#[test]
fn a_launcher_that_does_not_zero_what_it_frees_is_caught() {
    let report = scan(case("json"), &leaky("leak-system-allocator"), Arena::Secret, At::Exec, User::Caller);
    assert!(report.windows_outside() > 0, "the scan saw nothing of memory that was freed as it was");
}
