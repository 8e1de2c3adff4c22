//! What the verbs say from the outside: how profiles extend each other, `plan`, the states of `check`, the names that are
//! refused, and that no message holds a value.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, unreachable_pub)]

#[path = "verbs/support.rs"]
mod support;

#[path = "verbs/extends.rs"]
mod extends;
#[path = "verbs/leaks.rs"]
mod leaks;
#[path = "verbs/names.rs"]
mod names;
#[path = "verbs/plan.rs"]
mod plan;
#[path = "verbs/states.rs"]
mod states;
