//! `inject export`: what a launch would set, written for another tool to read. A format is what that tool makes of the
//! text; what it could not read back byte for byte is refused, and then nothing is printed.

mod docker;
mod dotenv;
mod github;
mod json;
mod shell;
mod systemd;

use crate::output;
use crate::values::{self, Recorded};
use inject::cli::Load;
use inject::error::{Error, Fault};
use inject::merge::Merged;
use inject::plan::Plan;
use inject::sys::Environ;
use inject::variable::report;
use zeroize::Zeroizing;

/// One way to write an environment.
struct Format {
    name: &'static str,
    before: &'static [u8],
    between: &'static [u8],
    after: &'static [u8],
    write: Write,
}

/// Appends one variable, or says why it cannot be held.
type Write = fn(out: &mut Vec<u8>, name: &str, value: &[u8]) -> Result<(), String>;

const FORMATS: [Format; 6] =
    [dotenv::FORMAT, json::FORMAT, shell::FORMAT, docker::FORMAT, github::FORMAT, systemd::FORMAT];

/// Writes the variables of [vars] and [secrets] and of `--set`, by name; nothing of what is inherited.
///
/// # Errors
/// One of them has no value or the format cannot hold it; it may not or cannot be written.
pub(crate) fn export(load: &Load, format: &str, show: bool, environ: &Environ) -> Result<u8, Error> {
    output::allowed(show)?;
    let known = FORMATS.iter().find(|known| known.name == format);
    let format = known.ok_or_else(|| Error::new("--format: no such format"))?;
    let text = values::all(load, Recorded::Export, environ, |plan, merged, _| written(plan, merged, format))?;
    output::write(&text)
}

fn written(plan: &Plan<'_>, merged: &Merged<'_>, format: &Format) -> Result<Zeroizing<Vec<u8>>, Error> {
    let mut variables: Vec<_> = merged.variables.iter().filter(|variable| variable.exposed()).collect();
    variables.sort_by(|a, b| a.name.cmp(&b.name));
    let mut out = Zeroizing::new(format.before.to_vec());
    let mut reports = Vec::new();
    let mut first = true;
    for variable in variables {
        let Some(value) = variable.bytes() else { continue };
        if !std::mem::take(&mut first) {
            out.extend_from_slice(format.between);
        }
        if let Err(reason) = (format.write)(&mut out, &variable.name, value) {
            let fault =
                Fault::invalid(reason).hint(format!("nothing was written: --format {} cannot hold it", format.name));
            reports.push(report(plan, variable, &fault));
        }
    }
    out.extend_from_slice(format.after);
    Error::of(reports)?;
    Ok(out)
}

/// The text of a value, for a tool that reads UTF-8 only.
fn text<'v>(value: &'v [u8], reader: &str) -> Result<&'v str, String> {
    std::str::from_utf8(value)
        .map_err(|error| format!("{reader} reads UTF-8, which the value is not, at byte {}", error.valid_up_to()))
}

/// Appends `value` with `before` in front of each byte of `special`.
fn escape(out: &mut Vec<u8>, value: &[u8], special: &[u8], before: u8) {
    for byte in value {
        if special.contains(byte) {
            out.push(before);
        }
        out.push(*byte);
    }
}
