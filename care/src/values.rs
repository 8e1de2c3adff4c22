//! From a profile to its values, as a launch goes there: read, planned, trusted, resolved, merged.

use inject::audit::Audit;
use inject::cli::Load;
use inject::error::{Error, Fault, Report, printable};
use inject::merge::Merged;
use inject::plan::{Plan, template};
use inject::profile::{Profile, name_of};
use inject::reference::{Template, is_name, nearest};
use inject::secret::Secret;
use inject::sys::Environ;
use inject::variable::{Outcome, Variable, report};
use inject::{resolve, verb};

/// Everything that a launch would set; nothing where a part of it failed.
///
/// # Errors
/// What keeps a launch from starting its command, and `then`'s.
pub(crate) fn all<T>(
    load: &Load,
    environ: &Environ,
    then: impl FnOnce(&Plan<'_>, &Merged<'_>) -> Result<T, Error>,
) -> Result<T, Error> {
    let profile = Profile::read(load.wish(environ)?, environ);
    let plan = Plan::new(&profile, environ)?;
    verb::trust::require(&profile, load, environ)?;
    recorded(&profile, Some("export"), environ, |audit| {
        let answers = resolve::resolve(&plan, environ);
        let merged = Merged::new(&plan, &answers);
        audit.iter_mut().for_each(|audit| audit.note(merged.variables.iter().filter(|variable| variable.exposed())));
        merged.complete(&plan)?;
        then(&plan, &merged)
    })
}

/// Does something with values of a profile, and records it where the profile wants that: `outcome` is the word for it.
/// The line is written before anybody sees a value.
fn recorded<T>(
    profile: &Profile,
    outcome: Option<&str>,
    environ: &Environ,
    make: impl FnOnce(&mut Option<Audit>) -> Result<T, Error>,
) -> Result<T, Error> {
    let mut audit = outcome.map(|_| Audit::open(profile, None, environ)).transpose()?;
    let made = make(&mut audit);
    let (outcome, exit) = match &made {
        Ok(_) => (outcome.unwrap_or_default(), None),
        Err(error) => ("failed", Some(error.exit)),
    };
    audit.map_or(Ok(()), |audit| audit.write(outcome, exit))?;
    made
}

/// The value of one variable; nothing is asked for but what it needs. `first` comes when the profile is trusted and no
/// source was touched yet. With an `outcome` it is recorded.
///
/// # Errors
/// There is no such variable, or no value; `first`'s.
pub(crate) fn one<T>(
    load: &Load,
    name: &str,
    outcome: Option<&str>,
    environ: &Environ,
    first: impl FnOnce() -> Result<T, Error>,
) -> Result<(Secret, T), Error> {
    if !is_name(name.as_bytes()) {
        // Nobody knows what stands there: it could be a value.
        return Err(Error::new("NAME is no name of a variable: letters, digits and '_', and no digit first"));
    }
    let profile = Profile::read(load.wish(environ)?, environ);
    let plan = Plan::new(&profile, environ)?.only(&[name], environ);
    verb::trust::require(&profile, load, environ)?;
    recorded(&profile, outcome, environ, |audit| {
        let first = first()?;
        let answers = resolve::resolve(&plan, environ);
        let merged = Merged::new(&plan, &answers);
        audit.iter_mut().for_each(|audit| audit.note(merged.get(name)));
        blocked(&plan, &merged, name)?;
        let variable = merged.get(name).ok_or_else(|| unknown(&plan, name))?;
        let value = variable.bytes().ok_or_else(|| missing(&plan, variable))?;
        Ok((Secret::from(value), first))
    })
}

/// Nobody knows what a pattern that failed would have given: what `name`, or a template that it needs, may come from it
/// has no value. A pattern that did give the name has not failed for it, whatever else stands in its document.
fn blocked(plan: &Plan<'_>, merged: &Merged<'_>, name: &str) -> Result<(), Error> {
    let mut reports = Vec::new();
    let mut transient = true;
    let mut names = vec![name];
    let mut at = 0;
    while let Some(name) = names.get(at).copied() {
        at += 1;
        let line = merged.get(name).and_then(|variable| variable.line);
        let used = line.and_then(|line| template(line.entry)).into_iter().flat_map(Template::names);
        let new: Vec<_> = used.filter(|used| !names.contains(used)).collect();
        names.extend(new);
        for variable in &merged.variables {
            let Outcome::Failed(fault) = &variable.outcome else { continue };
            let gave = matches!((line, variable.line), (Some(a), Some(b)) if std::ptr::eq(a, b));
            if !gave && variable.name.strip_suffix('*').is_some_and(|prefix| name.starts_with(prefix)) {
                transient &= fault.transient;
                reports.push(report(plan, variable, fault));
            }
        }
    }
    Error::of(reports).map_err(|error| if transient { error.exit(124) } else { error })
}

fn missing(plan: &Plan<'_>, variable: &Variable<'_>) -> Error {
    let (fault, exit) = match &variable.outcome {
        Outcome::Failed(fault) | Outcome::Dependent(_, fault) => ((**fault).clone(), fault.exit()),
        Outcome::Unset => (Fault::absent("is optional and absent, so it has no value"), 125),
        _ => (Fault::invalid("was not resolved"), 125),
    };
    Error { exit, reports: vec![report(plan, variable, &fault)] }
}

fn unknown(plan: &Plan<'_>, name: &str) -> Error {
    let lines = plan.stacks.iter().flat_map(|stack| &stack.files).flat_map(|(explicit, _)| explicit);
    let near = nearest(name, lines.filter_map(|line| name_of(&line.entry.key)));
    let message = format!("{}: this profile does not set it", printable(name));
    let hint = near.map(|near| format!("did you mean '{near}'?"));
    Error { exit: 125, reports: vec![Report { place: None, message, hint }] }
}
