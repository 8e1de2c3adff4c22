//! What a verb that writes works on: one variable of a profile, and the first reference behind it.

use crate::{values, write};
use inject::batch::Ask;
use inject::clock::Clock;
use inject::error::{Error, Fault, State, printable};
use inject::merge::Merged;
use inject::plan::{Line, Plan};
use inject::profile::entry::{From, Secret as Options, Value};
use inject::profile::name_of;
use inject::resolve::Writing;
use inject::secret::Secret;
use inject::sys::{self, Environ};
use inject::variable::{Outcome, Variable, report};

/// One variable, and where its value is written.
pub(crate) struct Target<'a> {
    /// The plan of it alone, or of it among those that are written together.
    pub(crate) plan: &'a Plan<'a>,
    /// Its line.
    pub(crate) line: &'a Line<'a>,
    /// The options of its entry.
    pub(crate) options: &'a Options,
    /// Of a list the first.
    pub(crate) ask: &'a Ask<'a>,
    name: &'a str,
}

impl<'a> Target<'a> {
    /// Finds the line that counts for `name`.
    ///
    /// # Errors
    /// There is none, or none that can be written.
    pub(crate) fn of(plan: &'a Plan<'a>, name: &'a str) -> Result<Self, Error> {
        if plan.profile.wish.set.iter().any(|(set, _)| set == name) {
            return Err(Error::new(format!("{name}: --set says what it is in this run")));
        }
        let lines = plan.stacks.iter().rev().flat_map(|layers| &layers.files).flat_map(|(explicit, _)| explicit);
        let Some(line) = lines.into_iter().find(|line| line.live && name_of(&line.entry.key) == Some(name)) else {
            let map = || format!("`inject set {name} --to SOURCE:LOCATOR` maps it");
            return Err(Error::new(format!("{name}: this profile does not map it"))
                .hint(values::meant(plan, name).unwrap_or_else(map)));
        };
        let at = |message: &str, hint: Option<&str>| {
            let report =
                plan.profile.files[line.file].report(line.entry.at, format!("{name}: {message}"), hint.map(Into::into));
            Error { exit: 125, reports: vec![report] }
        };
        let options = match &line.entry.value {
            Value::Secret(options) => options,
            Value::Plain(_) => {
                return Err(at("is plain text in [vars]", Some("edit the profile, or move the line to [secrets]")));
            }
        };
        if matches!(options.from, From::Template(_)) {
            return Err(at("is a template: what it is made of can be set, it cannot", None));
        }
        if let Some((option, ..)) = options.options.first() {
            let message = format!("'{option}' says which version is read: what is written would be another one");
            return Err(at(&message, None));
        }
        let want = line.want.and_then(|want| plan.wants.get(want));
        let ask = want.and_then(|want| want.asks.first()).ok_or_else(|| at("leads to no source", None))?;
        let target = Self { plan, line, options, ask, name };
        write::possible(target.plan.batches[ask.batch].source, ask.field.as_ref()).map_err(|f| target.error(&f))?;
        Ok(target)
    }

    /// The variable.
    pub(crate) fn name(&self) -> &str {
        self.name
    }

    /// A fault, told as a launch tells it: with the line and the place.
    pub(crate) fn error(&self, fault: &Fault) -> Error {
        let variable =
            Variable { name: self.name.into(), line: Some(self.line), outcome: Outcome::Unset, stored: None };
        Error { exit: fault.exit(), reports: vec![report(self.plan, &variable, fault)] }
    }

    /// The source, and what is asked of it, for people.
    pub(crate) fn shown(&self) -> String {
        printable(&self.ask.reference.to_string())
    }

    /// A remark on stderr.
    pub(crate) fn warn(&self, what: &str) {
        sys::write_lossy(2, format!("inject: warning: {}: {what}\n", self.name).as_bytes());
    }

    /// What was done, on stderr.
    pub(crate) fn tell(&self, what: &str) {
        sys::write_lossy(2, format!("inject: {}: {}: {}\n", self.name, self.shown(), printable(what)).as_bytes());
    }

    /// The bytes as the source has to hold them.
    pub(crate) fn encoded(&self, value: &Secret) -> Secret {
        match self.options.decode {
            Some(decode) => Secret::new(decode.encode(value.expose()).into_bytes()),
            None => Secret::from(value.expose()),
        }
    }

    /// Stores `value`; what that did.
    ///
    /// # Errors
    /// It was not stored.
    pub(crate) fn put(&self, writing: &mut Writing<'_>, value: &Secret) -> Result<String, Error> {
        let done = write::make(self.plan, writing, self.ask, Some(self.encoded(value)));
        done.map(Option::unwrap_or_default).map_err(|fault| match fault.state {
            State::Timeout | State::Unreachable if fault.transient && fault.hint.is_none() => {
                let hint = format!("whether it was stored all the same, `inject verify {}` tells", self.name);
                self.error(&fault.hint(hint))
            }
            _ => self.error(&fault),
        })
    }

    /// Holds what a launch would get now against `value`.
    ///
    /// # Errors
    /// That is something else, or nothing.
    pub(crate) fn compare(&self, merged: &Merged<'_>, value: &Secret) -> Result<(), Error> {
        let now = merged.get(self.name);
        if now.and_then(Variable::bytes).is_some_and(|now| crate::origin::same(now, value.expose())) {
            return Ok(());
        }
        Err(match now.map(|variable| &variable.outcome) {
            Some(Outcome::Failed(fault)) => {
                let message = format!("was stored, but cannot be read back: {}", fault.message);
                self.error(&Fault { message, ..(**fault).clone() })
            }
            _ => self.error(&Fault::invalid("was stored, but something else is read back")),
        })
    }
}

/// Asks what has to be typed, and opens the way to the sources of a plan.
pub(crate) fn open<'a>(plan: &'a Plan<'a>, environ: &'a Environ, clock: &'a mut Option<Clock>) -> Writing<'a> {
    let typed = Writing::ask(plan);
    Writing::new(plan, typed, environ, clock.insert(Clock::new(plan.profile.timeout())))
}
