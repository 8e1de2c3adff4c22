//! `inject check`: resolves everything and says how each variable fares.

use super::{absolute, columns, pretty, print};
use crate::cli::Load;
use crate::error::{Error, Fault, printable};
use crate::merge::Merged;
use crate::plan::Plan;
use crate::profile::entry::{Secret, Value};
use crate::profile::{Profile, is_secret};
use crate::source::Note;
use crate::sys::{self, Environ};
use crate::variable::{Outcome, Variable, report, shown_from, source};
use serde_json::{Value as Json, json};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Prints a row for each secret; exits as a launch would, and with `strict` with 1 where there is a warning.
///
/// # Errors
/// What keeps a launch from starting to resolve.
pub fn check(load: &Load, as_json: bool, strict: bool, environ: &Environ) -> Result<u8, Error> {
    let profile = Profile::read(load.wish(environ)?, environ);
    let plan = Plan::new(&profile, environ)?;
    super::trust::require(&profile, load, environ)?;
    let answers = crate::resolve::resolve(&plan, environ, true);
    let merged = Merged::new(&plan, &answers);
    let failed = merged.complete(&plan).and_then(|()| crate::block::check(&plan, &merged, environ)).err();
    let secret = |v: &Variable<'_>| v.line.is_some_and(|l| is_secret(&l.entry.value));
    let wanted = |v: &&Variable<'_>| match v.outcome {
        Outcome::Failed(_) => true,
        Outcome::Unneeded => false,
        _ => secret(v),
    };
    let mut shown: Vec<_> = merged.variables.iter().filter(wanted).collect();
    shown.sort_by_key(|v| v.line.map(|line| (line.file, line.entry.at)));
    if as_json {
        let rows: Vec<_> = shown.iter().map(|variable| row(&plan, variable)).collect();
        print(&pretty(&json!({"ok": failed.is_none(), "variables": rows})));
    } else {
        let rows: Vec<_> = shown.iter().map(|variable| cells(&plan, variable)).collect();
        print(&columns(&rows));
    }
    // What is wrong with all of them together has no row.
    if let Some(error) = failed.as_ref().filter(|_| merged.complete(&plan).is_ok()) {
        sys::write_lossy(2, error.render().as_bytes());
    }
    for note in &answers.notes {
        sys::write_lossy(2, note.line().as_bytes());
    }
    let old: Vec<_> = shown.iter().filter_map(|variable| too_old(&plan, variable)).collect();
    old.iter().for_each(|note| sys::write_lossy(2, note.line().as_bytes()));
    let warned = strict && answers.notes.iter().chain(&old).any(|note| note.warning);
    Ok(failed.map_or(u8::from(warned), |error| error.exit))
}

/// The word and the fault, where there is one.
fn state<'a>(variable: &'a Variable<'_>) -> (&'static str, Option<&'a Fault>) {
    match &variable.outcome {
        Outcome::Default(_) => ("default", None),
        Outcome::Unset => ("unset", None),
        Outcome::Failed(fault) | Outcome::Dependent(_, fault) => (fault.state.word(), Some(&**fault)),
        _ => ("ok", None),
    }
}

fn row(plan: &Plan<'_>, variable: &Variable<'_>) -> Json {
    let (state, fault) = state(variable);
    let (from, file, line) = variable.line.map_or((Json::Null, Json::Null, Json::Null), |line| {
        let file = &plan.profile.files[line.file];
        (shown_from(line.entry).into(), absolute(&file.found.path).into(), file.line(line.entry.at).into())
    });
    json!({
        "name": variable.name,
        "source": source(variable),
        "from": from,
        "state": state,
        "exit": fault.map_or(0, Fault::exit),
        "message": fault.map(|fault| printable(&fault.message)),
        "file": file,
        "line": line,
        "version": variable.stored.and_then(|stored| stored.version.as_ref()),
        "created": variable.stored.and_then(|stored| stored.created).map(|at| sys::utc(Duration::from_secs(at))),
    })
}

/// What is said of a value that has a `max-age`: how old it is, and what makes a new one where that is too old.
fn too_old(plan: &Plan<'_>, variable: &Variable<'_>) -> Option<Note> {
    const DAY: u64 = 86_400;
    let line = variable.line?;
    let Value::Secret(Secret { max_age: Some(limit), .. }) = &line.entry.value else { return None };
    let name = &variable.name;
    let Some(created) = variable.stored?.created else {
        return Some(Note::warning(format!(
            "{name}: its source does not say when it was stored, so 'max-age' says nothing"
        )));
    };
    let age = SystemTime::now().duration_since(UNIX_EPOCH + Duration::from_secs(created)).unwrap_or_default();
    let told = |age: Duration| match age.as_secs() / DAY {
        0 => format!("{} hours", age.as_secs() / 3600),
        days => format!("{days} days"),
    };
    if age <= *limit {
        return Some(Note::fact(format!("{name}: {} old, of at most {}", told(age), told(*limit))));
    }
    let profile = printable(&plan.profile.files[line.file].shown);
    Some(Note::warning(format!(
        "{name}: {} old, and at most {} are wanted; `inject set -p {profile} {name} --generate` makes a new one",
        told(age),
        told(*limit)
    )))
}

fn cells(plan: &Plan<'_>, variable: &Variable<'_>) -> Vec<String> {
    let (state, fault) = state(variable);
    let mut cells = vec![printable(&variable.name), state.into()];
    cells.push(variable.line.map(|line| printable(&shown_from(line.entry))).unwrap_or_default());
    if let Some(fault) = fault {
        let report = report(plan, variable, fault);
        let place = report.place.map_or_else(String::new, |(file, line)| format!("{}:{line}: ", printable(&file)));
        let hint = fault.hint.as_ref().map_or_else(String::new, |hint| format!(" ({hint})"));
        cells.push(format!("{place}{}{hint}", fault.message));
    }
    cells
}
