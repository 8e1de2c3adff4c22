//! `inject`: start a program with its secrets.
pub mod document;
pub mod error;
pub mod protocol;
pub mod secret;
pub mod source;
