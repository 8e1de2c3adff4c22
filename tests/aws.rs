//! The kinds `aws` and `ssm` against moto and ministack, two independent servers that check signatures and policies, and
//! against a stand-in for what those do not do.
//!
//! Needs `cargo build --workspace` and the Python packages that `tests/run install` installs.

mod common;

#[path = "aws/chain.rs"]
mod chain;
#[path = "aws/faults.rs"]
mod faults;
#[path = "aws/parameters.rs"]
mod parameters;
#[path = "aws/requests.rs"]
mod requests;
#[path = "aws/secrets.rs"]
mod secrets;
#[path = "aws/stand_in.rs"]
mod stand_in;
#[path = "aws/told.rs"]
mod told;
#[path = "aws/world.rs"]
mod world;
