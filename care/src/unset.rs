//! `inject unset`: a value goes from where the profile maps its variable.

use crate::set::as_written;
use crate::target::{self, Target};
use crate::values;
use crate::write;
use inject::cli::Load;
use inject::error::Error;
use inject::plan::Plan;
use inject::profile::Profile;
use inject::sys::{self, Environ};
use inject::verb::trust;

/// The verb. What is not there was removed by somebody else: that is no failure.
///
/// # Errors
/// Nothing was removed.
pub(crate) fn unset(load: &Load, name: &str, yes: bool, environ: &Environ) -> Result<u8, Error> {
    values::is_name(name)?;
    let profile = Profile::read(load.wish(environ)?, environ);
    Plan::new(&profile, environ)?;
    trust::require(&profile, load, environ)?;
    let profile = as_written(profile, name, environ)?;
    let plan = Plan::new(&profile, environ)?.only(&[name], environ);
    let target = Target::of(&plan, name)?;
    let kind = plan.batches[target.ask.batch].source.kind;
    // A keychain is on this machine; what lies behind a network is somebody else's too.
    let remote = kind.store.is_some() && kind.name != "keychain";
    let whole = target.ask.field.as_ref().is_none_or(|field| field.steps().is_empty());
    if remote && whole && !yes {
        let question = format!("inject: {name}: remove all of {}? [y/N] ", target.shown());
        if !sys::confirm(&question) {
            return Err(Error::new(format!("{name}: {}: nothing was removed", target.shown()))
                .hint("this removes a whole secret: answer y on a terminal, or pass --yes"));
        }
    }
    let mut clock = None;
    let mut writing = target::open(&plan, environ, &mut clock);
    let done = write::make(&plan, &mut writing, target.ask, None).map_err(|fault| target.error(&fault))?;
    target.tell(done.as_deref().unwrap_or("there was nothing to remove"));
    Ok(0)
}
