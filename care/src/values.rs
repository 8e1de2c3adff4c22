//! From a profile to its values, as a launch goes there: read, planned, trusted, resolved, merged.

use inject::answers::Answers;
use inject::audit::Audit;
use inject::cli::{self, Load};
use inject::error::{Error, Fault, Report, printable};
use inject::merge::Merged;
use inject::plan::{Plan, template};
use inject::profile::{Profile, name_of};
use inject::reference::{self, Template, nearest};
use inject::secret::Secret;
use inject::sys::Environ;
use inject::variable::{Outcome, Variable, report};
use inject::{resolve, verb};
use std::ffi::CStr;

/// What hands values out, and is recorded for that.
#[derive(Clone, Copy)]
pub(crate) enum Recorded {
    /// `get`.
    Get,
    /// `export`.
    Export,
    /// Values are compared and looked for, and not handed out.
    Nothing,
}

impl Recorded {
    /// The outcome, and what stands in the place of a command.
    fn words(self) -> Option<(&'static str, &'static CStr)> {
        match self {
            Self::Get => Some(("get", c"inject get")),
            Self::Export => Some(("export", c"inject export")),
            Self::Nothing => None,
        }
    }

    /// Resolves, and records that before anything is handed out.
    ///
    /// # Errors
    /// `check`'s, or the record cannot be written and is required.
    fn resolve<T>(
        self,
        plan: &Plan<'_>,
        environ: &Environ,
        check: impl FnOnce(&Merged<'_>, &Answers) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let record = self
            .words()
            .map(|(outcome, command)| Audit::open(plan.profile, Some(command), environ).map(|audit| (audit, outcome)));
        let record = record.transpose()?;
        let answers = resolve::resolve(plan, environ);
        let merged = Merged::new(plan, &answers);
        let done = check(&merged, &answers);
        if let Some((mut audit, outcome)) = record {
            audit.note(&merged);
            match &done {
                Ok(_) => audit.write(outcome, None)?,
                Err(error) => audit.write("failed", Some(error.exit))?,
            }
        }
        done
    }
}

/// Everything that a launch would set; nothing where a part of it failed.
///
/// # Errors
/// What keeps a launch from starting its command, and `then`'s.
pub(crate) fn all<T>(
    load: &Load,
    recorded: Recorded,
    environ: &Environ,
    then: impl FnOnce(&Plan<'_>, &Merged<'_>, &Answers) -> Result<T, Error>,
) -> Result<T, Error> {
    let profile = Profile::read(load.wish(environ)?, environ);
    let plan = Plan::new(&profile, environ)?;
    verb::trust::require(&profile, load, environ)?;
    recorded.resolve(&plan, environ, |merged, answers| {
        merged.complete(&plan)?;
        then(&plan, merged, answers)
    })
}

/// The value of one variable; nothing is asked for but what it needs. `first` comes when the profile is trusted and no
/// source was touched yet.
///
/// # Errors
/// There is no such variable, or no value; `first`'s.
pub(crate) fn one<T>(
    load: &Load,
    name: &str,
    recorded: Recorded,
    environ: &Environ,
    first: impl FnOnce() -> Result<T, Error>,
) -> Result<(Secret, T), Error> {
    is_name(name)?;
    let profile = Profile::read(load.wish(environ)?, environ);
    let plan = Plan::new(&profile, environ)?.only(&[name], environ);
    verb::trust::require(&profile, load, environ)?;
    let first = first()?;
    recorded.resolve(&plan, environ, |merged, _| {
        blocked(&plan, merged, name)?;
        let variable = merged.get(name).ok_or_else(|| unknown(&plan, name))?;
        let value = variable.bytes().ok_or_else(|| missing(&plan, variable))?;
        Ok((Secret::from(value), first))
    })
}

/// # Errors
/// It is no name. Nobody knows what stands there instead: it could be a value, so it is not shown.
pub(crate) fn is_name(name: &str) -> Result<(), Error> {
    if reference::is_name(name.as_bytes()) {
        return Ok(());
    }
    let error = Error::new("NAME is no name of a variable: letters, digits and '_', and no digit first");
    Err(if name.contains('=') { error.hint(cli::NO_VALUE) } else { error })
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

/// The name of the profile that was meant, perhaps.
pub(crate) fn meant(plan: &Plan<'_>, name: &str) -> Option<String> {
    let lines = plan.stacks.iter().flat_map(|stack| &stack.files).flat_map(|(explicit, _)| explicit);
    nearest(name, lines.filter_map(|line| name_of(&line.entry.key))).map(|near| format!("did you mean '{near}'?"))
}

fn unknown(plan: &Plan<'_>, name: &str) -> Error {
    let message = format!("{}: this profile does not set it", printable(name));
    let hint = meant(plan, name);
    Error { exit: 125, reports: vec![Report { place: None, message, hint }] }
}
