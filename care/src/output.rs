//! Values on standard output: all of them or a failure, and to a terminal only where somebody wants to see them.

use inject::error::{Error, os};
use inject::sys;
use std::io::IsTerminal;

/// Before anything is read: whether a value may go where standard output leads.
///
/// # Errors
/// It is a terminal, and nobody said `--show`.
pub(crate) fn allowed(show: bool) -> Result<(), Error> {
    if show || !std::io::stdout().is_terminal() {
        return Ok(());
    }
    Err(Error::new("standard output is a terminal, where others can read along").hint("--show prints it there"))
}

/// Writes all of it. The exit code 0.
///
/// # Errors
/// A closed pipe or a full device: whoever reads has a part of a secret at most, and that is no success.
pub(crate) fn write(bytes: &[u8]) -> Result<u8, Error> {
    sys::write_all(1, bytes).map_err(|error| Error::new(format!("standard output: {}", os(error))))?;
    Ok(0)
}
