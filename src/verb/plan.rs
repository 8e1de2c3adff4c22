//! `inject plan`: the environment to be, without touching a source.

use super::{absolute, columns, pretty, print};
use crate::block::missed;
use crate::cli::Load;
use crate::error::{Error, printable};
use crate::exec;
use crate::plan::{Line, Plan};
use crate::profile::entry::{Key, Secret, Value};
use crate::profile::{Profile, is_secret};
use crate::sys::Environ;
use crate::variable::shown_from;
use serde_json::{Value as Json, json};
use std::collections::HashMap;
use std::ffi::CStr;

/// One row.
struct Row {
    name: String,
    kind: &'static str,
    from: Origin,
    overrides: Vec<Origin>,
}

/// Where something comes from.
#[derive(Clone)]
struct Origin {
    from: String,
    /// Index of the file, and the byte.
    place: Option<(usize, usize)>,
}

/// Prints the plan.
///
/// # Errors
/// What would keep a launch from starting to resolve, trust apart; 126 and 127 for the command.
pub fn plan(load: &Load, as_json: bool, dropped: bool, command: Option<&CStr>, environ: &Environ) -> Result<u8, Error> {
    let profile = Profile::read(load.wish(environ)?, environ);
    let plan = Plan::new(&profile, environ)?;
    let path = command.map(|name| exec::locate(name, environ)).transpose()?;
    path.as_deref().map(exec::check_format).transpose()?;
    let rows = rows(&plan, environ);
    let mut gone: Vec<String> = environ.pairs().map(|(name, _)| String::from_utf8_lossy(name).into_owned()).collect();
    let known: HashMap<_, _> = rows.iter().map(|row| (row.name.as_str(), ())).collect();
    gone.retain(|name| !known.contains_key(name.as_str()));
    gone.sort();
    gone.dedup();
    if as_json {
        let path = path.map(|path| path.to_string_lossy().into_owned()).map(|path| absolute(path.as_ref()));
        Ok(print(&pretty(&machine(&profile, &rows, path, &gone))))
    } else {
        let mut text = people(&profile, &rows);
        if dropped {
            gone.iter().for_each(|name| text.push_str(&format!("{} is dropped\n", printable(name))));
        }
        for name in missed(&plan, None, environ).into_iter().filter(|name| !known.contains_key(name)) {
            text.push_str(&format!("note: {name} is dropped; inherit = [\"{name}\"] passes it\n"));
        }
        Ok(print(&text))
    }
}

/// The profile's variables as if every pattern gave nothing, one row for each pattern, then what is inherited.
fn rows(plan: &Plan<'_>, environ: &Environ) -> Vec<Row> {
    let mut claims: Vec<(&str, Vec<Claim<'_>>)> = Vec::new();
    let mut index: HashMap<&str, usize> = HashMap::new();
    let mut patterns = Vec::new();
    let mut claim = |name, claim| {
        let at = *index.entry(name).or_insert_with(|| {
            claims.push((name, Vec::new()));
            claims.len() - 1
        });
        claims[at].1.push(claim);
    };
    for (name, _) in plan.profile.wish.set.iter().rev() {
        claim(name, Claim::Set);
    }
    for (explicit, starred) in plan.stacks.iter().rev().flat_map(|stack| &stack.files) {
        for line in explicit {
            if let Key::Name(name) = &line.entry.key {
                claim(name, Claim::Line(*line));
            }
        }
        patterns.extend(starred.iter().copied());
    }
    let mut rows: Vec<_> = claims.iter().filter_map(|(name, all)| row(plan, name, all, environ)).collect();
    rows.extend(patterns.iter().filter(|line| exposed(line)).map(|line| Row {
        name: line.entry.key.shown().into_owned(),
        kind: "secret",
        from: line_origin(line),
        overrides: Vec::new(),
    }));
    let decided = |name: &str| claims.iter().any(|(known, _)| *known == name);
    for (name, _) in crate::block::inherited(plan, &decided, environ) {
        let Some((pattern, place)) = plan.inherit.by(name) else { continue };
        let from = Origin { from: pattern.into(), place };
        rows.push(Row {
            name: String::from_utf8_lossy(name).into_owned(),
            kind: "inherited",
            from,
            overrides: Vec::new(),
        });
    }
    rows
}

/// Something that sets a name, the winner first.
enum Claim<'p> {
    Set,
    Line(Line<'p>),
}

fn row(plan: &Plan<'_>, name: &str, claims: &[Claim<'_>], environ: &Environ) -> Option<Row> {
    let mut origins = claims.iter().map(|claim| match claim {
        Claim::Set => Origin { from: "--set".into(), place: None },
        Claim::Line(line) => line_origin(line),
    });
    let kind = match claims.first()? {
        Claim::Line(line) if !exposed(line) => return None,
        Claim::Line(line) if is_secret(&line.entry.value) => "secret",
        _ => "plain",
    };
    let from = origins.next()?;
    let mut overrides: Vec<_> = origins.collect();
    if environ.get(name).is_some()
        && let Some((pattern, place)) = plan.inherit.by(name.as_bytes())
    {
        overrides.push(Origin { from: pattern.into(), place });
    }
    Some(Row { name: name.into(), kind, from, overrides })
}

fn exposed(line: &Line<'_>) -> bool {
    !matches!(line.entry.value, Value::Secret(Secret { expose: false, .. }))
}

fn line_origin(line: &Line<'_>) -> Origin {
    Origin { from: shown_from(line.entry), place: Some((line.file, line.entry.at)) }
}

fn machine(profile: &Profile, rows: &[Row], command: Option<String>, dropped: &[String]) -> Json {
    let origin = |origin: &Origin| {
        let (file, line) = match origin.place {
            Some((file, at)) => {
                let file = &profile.files[file];
                (Json::from(absolute(&file.found.path)), Json::from(file.line(at)))
            }
            None => (Json::Null, Json::Null),
        };
        json!({"from": origin.from, "file": file, "line": line})
    };
    let variables = rows.iter().map(|row| {
        let mut json = origin(&row.from);
        json["name"] = row.name.clone().into();
        json["kind"] = row.kind.into();
        json["overrides"] = row.overrides.iter().map(origin).collect();
        json
    });
    let variables: Vec<_> = variables.collect();
    let profiles: Vec<_> = profile.files.iter().map(|file| absolute(&file.found.path)).collect();
    json!({"profiles": profiles, "command": command, "variables": variables, "dropped": dropped})
}

fn people(profile: &Profile, rows: &[Row]) -> String {
    let place = |origin: &Origin| match origin.place {
        Some((file, at)) => format!("{}:{}", printable(&profile.files[file].shown), profile.files[file].line(at)),
        None => "the command line".into(),
    };
    let cells = rows.iter().map(|row| {
        let mut last = place(&row.from);
        for over in &row.overrides {
            last.push_str(&format!(", overrides {} ({})", printable(&over.from), place(over)));
        }
        vec![printable(&row.name), row.kind.into(), printable(&row.from.from), last]
    });
    let mut text = columns(&cells.collect::<Vec<_>>());
    if rows.iter().any(|row| row.name.ends_with('*')) {
        text.push_str("note: a pattern's names are in its document, which was not opened; the other rows are as if it gave none\n");
    }
    text
}
