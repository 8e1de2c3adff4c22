//! `inject get`: one value, byte for byte.

use crate::{output, values};
use inject::cli::Load;
use inject::error::Error;
use inject::sys::Environ;

/// Writes the value of `name` to standard output, with nothing before or behind it.
///
/// # Errors
/// There is none, or it may not or cannot be written.
pub(crate) fn get(load: &Load, name: &str, show: bool, environ: &Environ) -> Result<u8, Error> {
    output::allowed(show)?;
    let (value, ()) = values::one(load, name, Some("get"), environ, || Ok(()))?;
    output::write(value.expose())
}
