//! The profile side of the launcher, from the outside: the command line, the profile's grammar, how files are found,
//! opened and trusted, how they merge, what `plan`, `check` and `list` say, and that no message holds a value.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, unreachable_pub)]

#[path = "profile/support.rs"]
mod support;

#[path = "profile/cli.rs"]
mod cli;
#[path = "profile/command.rs"]
mod command;
#[path = "profile/extends.rs"]
mod extends;
#[path = "profile/grammar.rs"]
mod grammar;
#[path = "profile/leaks.rs"]
mod leaks;
#[path = "profile/names.rs"]
mod names;
#[path = "profile/open.rs"]
mod open;
#[path = "profile/plan.rs"]
mod plan;
#[path = "profile/schema.rs"]
mod schema;
#[path = "profile/states.rs"]
mod states;
#[path = "profile/trust.rs"]
mod trust;
#[path = "profile/values.rs"]
mod values;
