//! What a launch with this profile meets: every source is asked for what it would be asked for then.

use super::{Finding, lease, machine};
use crate::mapping;
use inject::answers::Answers;
use inject::audit::Audit;
use inject::cli::Load;
use inject::error::{Error, State};
use inject::merge::Merged;
use inject::plan::Plan;
use inject::profile::Profile;
use inject::profile::trust::{Store, refusal, unapproved};
use inject::sys::Environ;
use inject::{block, resolve};
use std::path::Path;
use std::time::{Duration, SystemTime};

/// In front of the names of variables that only this verb asks for.
const OWN: &str = "INJECT_DOCTOR_";
/// Where a token reads of itself.
const SELF: &str = "auth/token/lookup-self";
/// A file that was written so much later than now says that the clock is behind.
const AHEAD: Duration = Duration::from_secs(60);

/// Everything about the profile; where it cannot be read or is not trusted, that alone.
pub(super) fn findings(load: &Load, environ: &Environ) -> Vec<Finding> {
    looked(load, environ).unwrap_or_else(|error| Finding::all_of("profile", error))
}

fn looked(load: &Load, environ: &Environ) -> Result<Vec<Finding>, Error> {
    let profile = Profile::read(load.wish(environ)?, environ);
    let vaults = vaults(&profile, &Plan::new(&profile, environ)?);
    trusted(&profile, load, environ)?;
    let mut findings = vec![Finding::fine("profile", "is well-formed and trusted")];
    findings.extend(clock(&profile));
    if let Err(error) = Audit::open(&profile, None, environ) {
        findings.extend(Finding::all_of("audit", error));
    }
    let profile = with_leases(profile, &vaults, environ)?;
    let plan = Plan::new(&profile, environ)?;
    if plan.batches.iter().any(|batch| batch.source.kind.store.is_some() && batch.source.kind.name != "keychain") {
        findings.push(machine::authorities(environ));
    }
    let answers = resolve::resolve(&plan, environ);
    let merged = Merged::new(&plan, &answers);
    findings.extend(sources(&plan, &answers, &merged, &vaults));
    let said = |note: &inject::source::Note| {
        if note.warning { Finding::note("source", &*note.text) } else { Finding::fine("source", &*note.text) }
    };
    findings.extend(answers.notes.iter().map(said));
    let failed = merged.complete(&plan).err().map(|mut error| {
        error.reports.retain(|report| !report.message.starts_with(OWN));
        error
    });
    let failed = match failed.filter(|error| !error.reports.is_empty()) {
        None => block::check(&plan, &merged, environ).err(),
        failed => failed,
    };
    findings.extend(failed.into_iter().flat_map(|error| Finding::all_of("secret", error)));
    Ok(findings)
}

/// Whether a launch would go on without a question.
fn trusted(profile: &Profile, load: &Load, environ: &Environ) -> Result<(), Error> {
    if load.trusts(environ) || unapproved(profile, None).is_empty() {
        return Ok(());
    }
    let store = Store::open(environ)?;
    let files = unapproved(profile, store.as_ref());
    if files.is_empty() { Ok(()) } else { Err(refusal(profile, &files, store.as_ref())) }
}

/// Nothing was written in the future.
fn clock(profile: &Profile) -> Option<Finding> {
    let own = Path::new("/proc/self/exe").to_owned();
    let files = profile.files.iter().map(|file| file.found.path.clone()).chain([own]);
    let written = files.filter_map(|file| std::fs::metadata(file).ok()?.modified().ok()).max()?;
    let ahead = written.duration_since(SystemTime::now()).ok().filter(|ahead| *ahead > AHEAD)?;
    let text = format!(
        "is {} behind the time at which the profile or this program was written",
        lease::words(ahead.as_secs())
    );
    Some(
        Finding::note("clock", text)
            .hint("certificates are not valid yet then, and signatures not taken: set it, with NTP"),
    )
}

/// The sources of Vault that lines of the last profile could read from.
fn vaults(profile: &Profile, plan: &Plan<'_>) -> Vec<String> {
    let used = |name: &str| plan.batches.iter().any(|batch| batch.source.name == name);
    let sources = profile.stacks.iter().last().into_iter().flat_map(|stack| stack.sources.all());
    let vaults = sources.filter(|source| source.kind.name == "vault" && used(&source.name));
    vaults.map(|source| source.name.clone()).collect()
}

/// What a token says of itself, as variables: its time left, and when it ends.
fn lease_names(at: usize) -> [(String, &'static str); 2] {
    [(format!("{OWN}{at}_TTL"), "ttl"), (format!("{OWN}{at}_EXPIRES"), "expire_time")]
}

/// The profile, in memory with lines that read what the tokens say of themselves, over the login that is made anyway.
fn with_leases(profile: Profile, vaults: &[String], environ: &Environ) -> Result<Profile, Error> {
    let Ok(own) = mapping::own_file(&profile) else { return Ok(profile) };
    let lines = vaults
        .iter()
        .enumerate()
        .flat_map(|(at, source)| lease_names(at).map(|(name, field)| (name, format!("{source}:{SELF}#{field}"))));
    mapping::revised(profile, own, &lines.collect::<Vec<_>>(), &|_| false, environ).map(|(profile, _)| profile)
}

/// The sources that gave what they were asked for, and every token that can be read; what else was said stands with the
/// variables that miss it.
fn sources(plan: &Plan<'_>, answers: &Answers, merged: &Merged<'_>, vaults: &[String]) -> Vec<Finding> {
    let wanted = plan.wants.iter().filter_map(|want| {
        let ask = answers.chosen(want)?;
        let gave = if want.pattern { answers.document(ask).map(drop) } else { answers.value(ask).map(drop) };
        let forgives = want.secret.optional || want.secret.default.is_some();
        let good = gave.map_or_else(|fault| forgives && fault.state == State::Absent, |()| true);
        // What a token may not read of itself is no launch's concern.
        Some((ask, good || ask.reference.locator == SELF))
    });
    let needed = plan.batches.iter().flat_map(|batch| &batch.needs).map(|(_, ask)| (ask, answers.value(ask).is_ok()));
    let mut given: Vec<Option<bool>> = plan.batches.iter().map(|_| None).collect();
    for (ask, good) in wanted.chain(needed) {
        given[ask.batch] = Some(good && given[ask.batch].unwrap_or(true));
    }
    let asked = plan.batches.iter().zip(given).filter_map(|(batch, given)| Some((batch.source, given?)));
    let said = |name: &str| merged.get(name)?.bytes().and_then(|bytes| std::str::from_utf8(bytes).ok());
    let mut findings = Vec::new();
    for (source, good) in asked {
        let name = source.name.as_str();
        let lease = vaults.iter().position(|vault| *vault == source.name).map(lease_names);
        match (source.kind.name, lease.and_then(|[(ttl, _), (expires, _)]| Some((said(&ttl)?, said(&expires))))) {
            ("vault", Some((ttl, expires))) => findings.extend(lease::findings(name, ttl, expires)),
            _ if !good => {}
            ("vault", _) => {
                let text = "answers; its token may not read of itself for how long it is good";
                findings.push(Finding::fine(name, text));
            }
            ("keychain", _) => findings.push(Finding::fine(name, "is reachable and unlocked")),
            _ => findings.push(Finding::fine(name, "answers")),
        }
    }
    findings
}
