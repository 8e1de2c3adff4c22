//! `inject set`: a value goes to where the profile maps its variable. The mapping, where it is new, follows the value.

use crate::mapping::{self, Revision};
use crate::origin::Origin;
use crate::strength;
use crate::target::{self, Target};
use crate::values;
use inject::cli::Load;
use inject::error::{Error, Fault};
use inject::filter;
use inject::git;
use inject::merge::Merged;
use inject::plan::Plan;
use inject::profile::Profile;
use inject::secret::Secret;
use inject::sys::{self, Environ};
use inject::variable::MAX_STRING;
use inject::verb::{self, trust};

/// The verb.
///
/// # Errors
/// Nothing was stored, or no mapping was written: the message says which.
pub(crate) fn set(load: &Load, name: &str, to: Option<&str>, origin: &Origin, environ: &Environ) -> Result<u8, Error> {
    values::is_name(name)?;
    let profile = Profile::read(load.wish(environ)?, environ);
    Plan::new(&profile, environ)?;
    trust::require(&profile, load, environ)?;
    let (profile, revision) = match to {
        Some(to) => mapped(profile, name, to, environ)?,
        None => (as_written(profile, name, environ)?, None),
    };
    store(&profile, name, origin, environ)
        .map_err(|error| if revision.is_some() { placeless(error) } else { error })?;
    if let Some(revision) = revision {
        revision.write(&profile, environ)?;
        let file = &profile.files[revision.file];
        let line = mapping::lines(&profile, name).first().map_or(0, |(_, entry)| file.line(entry.at));
        sys::write_lossy(2, format!("inject: {name}: mapped in {}:{line}\n", file.shown).as_bytes());
    }
    Ok(0)
}

/// Stores the value, and reads it back.
fn store(profile: &Profile, name: &str, origin: &Origin, environ: &Environ) -> Result<(), Error> {
    let plan = Plan::new(profile, environ)?.only(&[name], environ);
    let target = Target::of(&plan, name)?;
    let (value, bits) = origin.value(name)?;
    judge(&target, &value, bits, origin)?;
    let mut clock = None;
    let mut writing = target::open(&plan, environ, &mut clock);
    let done = target.put(&mut writing, &value)?;
    target.compare(&Merged::new(&plan, writing.read()), &value)?;
    target.tell(&done);
    verb::warn(&git::warnings(&git::plaintext(&plan), environ));
    Ok(())
}

/// Without the line: it is not in the file yet.
fn placeless(mut error: Error) -> Error {
    error.reports.iter_mut().for_each(|report| report.place = None);
    error
}

/// The profile with a line for `--to`, unless it has just that one.
fn mapped(profile: Profile, name: &str, to: &str, environ: &Environ) -> Result<(Profile, Option<Revision>), Error> {
    let reference = mapping::reference(name, to)?;
    let lines = mapping::lines(&profile, name);
    if lines.first().is_some_and(|(_, entry)| mapping::leads_to(entry, &reference)) {
        return Ok((profile, None));
    }
    Error::of(lines.iter().map(|line| mapping::elsewhere(&profile, name, *line)).collect())?;
    let file = mapping::own_file(&profile)?;
    let line = [(name.to_owned(), to.to_owned())];
    mapping::revised(profile, file, &line, &|_| false, environ).map(|(profile, revision)| (profile, Some(revision)))
}

/// The profile, in memory with a line for a variable that only a pattern gives.
pub(crate) fn as_written(profile: Profile, name: &str, environ: &Environ) -> Result<Profile, Error> {
    if !mapping::lines(&profile, name).is_empty() {
        return Ok(profile);
    }
    match mapping::of_pattern(&profile, name) {
        Some((file, reference)) => {
            let line = [(name.to_owned(), reference)];
            mapping::revised(profile, file, &line, &|_| false, environ).map(|(profile, _)| profile)
        }
        None => Ok(profile),
    }
}

/// What may be a mistake is said, what its entry does not want or no variable can hold is refused.
fn judge(target: &Target<'_>, value: &Secret, bits: Option<f64>, origin: &Origin) -> Result<(), Error> {
    fits(target, value, bits)?;
    if value.expose().is_empty() {
        target.warn("the value is empty");
    } else if origin.is_typed() && strength::bits(value.expose(), target.name()) < strength::WEAK {
        target.warn("this value is weak: it is easily guessed; --generate makes a better one");
    }
    if origin.is_read() && value.expose().ends_with(b"\n") {
        target.warn("the value ends in a newline, which is stored with it");
    }
    Ok(())
}

/// Refuses what would not come out of a launch as it went in, and what its entry calls too weak. `bits` is the entropy of
/// what was made up; of everything else it is estimated.
///
/// # Errors
/// NUL, too many bytes, white space that the entry's `trim` takes away, less than its `min-entropy`.
pub(crate) fn fits(target: &Target<'_>, value: &Secret, bits: Option<f64>) -> Result<(), Error> {
    let (bytes, options) = (value.expose(), target.options);
    let refused = |what: &str| Err(target.error(&Fault::invalid(what)));
    if let Some(at) = bytes.iter().position(|byte| *byte == 0) {
        return refused(&format!("a NUL character, at byte {at}, cannot be in a variable"));
    }
    if options.expose && target.name().len() + bytes.len() + 2 > MAX_STRING {
        return refused("larger than a variable can be (128 KiB with its name)");
    }
    if options.trim && options.decode.is_none() && filter::trim(bytes).len() != bytes.len() {
        return refused("begins or ends in white space, and its entry has trim = true");
    }
    let Some(wanted) = options.min_entropy else { return Ok(()) };
    let bits = bits.unwrap_or_else(|| strength::bits(bytes, target.name()));
    if bits >= f64::from(wanted) {
        return Ok(());
    }
    let fault = Fault::invalid(format!("this value has about {bits:.0} bits of entropy, and min-entropy is {wanted}"));
    Err(target.error(&fault.hint(format!("`inject set {} --generate` makes a good one", target.name()))))
}
