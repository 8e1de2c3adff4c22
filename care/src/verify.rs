//! `inject verify`: whether somebody knows a value, without showing it.

use crate::values;
use inject::cli::Load;
use inject::error::{Error, os};
use inject::secret::Secret;
use inject::sys::{self, Environ};
use nix::errno::Errno;
use std::os::fd::AsFd;
use subtle::ConstantTimeEq;

/// Compares the value of `name` with what is typed or piped. As of cmp(1), the exit code is the answer: 0, silently, or 1
/// with a word on stderr.
///
/// # Errors
/// There is nothing to compare.
pub(crate) fn verify(load: &Load, name: &str, stdin: bool, environ: &Environ) -> Result<u8, Error> {
    let given = || if stdin { piped() } else { typed(name) };
    let (value, given) = values::one(load, name, None, environ, given)?;
    // The time tells the length at most.
    if given.is_some_and(|given| bool::from(value.expose().ct_eq(given.expose()))) {
        return Ok(0);
    }
    sys::write_lossy(2, format!("inject: {name}: differs\n").as_bytes());
    Ok(1)
}

fn typed(name: &str) -> Result<Option<Secret>, Error> {
    sys::ask(&format!("inject: value of {name}: ")).map(Some).map_err(|error| match error {
        Errno::ENOTTY => Error::new("no terminal to ask on").hint("--stdin takes the value from standard input"),
        Errno::ENODATA | Errno::EINTR => Error::new("nothing was typed"),
        error => Error::new(format!("the terminal: {}", os(error))),
    })
}

/// All of standard input; `None` where it is larger than any value.
fn piped() -> Result<Option<Secret>, Error> {
    let read = || {
        let input = nix::unistd::dup(std::io::stdin().as_fd())?;
        sys::read_all(&input, || Ok(()))
    };
    match read() {
        Ok(bytes) => Ok(Some(Secret::new(bytes))),
        Err(Errno::E2BIG) => Ok(None),
        Err(error) => Err(Error::new(format!("standard input: {}", os(error)))),
    }
}
