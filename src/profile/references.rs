//! Every reference of one stack, held against its sources: those of entries and those that are settings themselves.

use super::entry::{Entry, From, Key, Secret, Value};
use super::sources::{SourceDef, file_in, kind_names};
use super::{File, locator};
use crate::document::Field;
use crate::error::{Report, printable};
use crate::plan::MAX_NESTING;
use crate::reference::{Ref, nearest};
use crate::source::kind::{self, Documents, Locates};
use crate::sys::Environ;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

type Sources = BTreeMap<String, SourceDef>;
/// A message and what to do.
type Wrong = (String, Option<String>);

/// What stands where a reference does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Variable,
    Pattern,
    Setting,
}

/// Checks them all; a source that only a reference names is added. `broken` are sources that were reported themselves.
pub(super) fn check(
    sources: &mut Sources,
    files: &[File],
    order: &[usize],
    environ: &Environ,
    broken: &BTreeSet<&str>,
    reports: &mut Vec<Report>,
) {
    for file in order.iter().map(|index| &files[*index]) {
        for entry in &file.said.entries {
            let Value::Secret(secret) = &entry.value else { continue };
            of_entry(sources, file, entry, secret, environ, broken, reports);
        }
    }
    of_settings(sources, files, environ, broken, reports);
    circles(sources, files, reports);
}

fn of_entry(
    sources: &mut Sources,
    file: &File,
    entry: &Entry,
    secret: &Secret,
    environ: &Environ,
    broken: &BTreeSet<&str>,
    reports: &mut Vec<Report>,
) {
    let From::Refs(refs) = &secret.from else { return };
    let shown = entry.key.shown();
    let place = if matches!(entry.key, Key::Pattern(_)) { Place::Pattern } else { Place::Variable };
    let before = reports.len();
    let mut kinds = BTreeSet::new();
    for reference in refs.iter().filter(|reference| !broken.contains(reference.source.as_str())) {
        if let Err((message, hint)) = of(sources, reference, place, environ) {
            reports.push(file.report(entry.at, format!("{shown}: {message}"), hint));
        }
        kinds.extend(sources.get(&reference.source).map(|source| source.kind.name));
    }
    if kinds.is_empty() || reports.len() > before {
        return;
    }
    for (name, _, at) in &secret.options {
        if !kinds.iter().filter_map(|kind| kind::kind(kind)).any(|kind| kind.has_option(name)) {
            let kinds: Vec<_> = kinds.iter().copied().collect();
            let message = format!("{shown}: '{name}' is no option of a source of kind '{}'", kinds.join("' or '"));
            reports.push(file.report(*at, message, None));
        }
    }
}

fn of_settings(
    sources: &mut Sources,
    files: &[File],
    environ: &Environ,
    broken: &BTreeSet<&str>,
    reports: &mut Vec<Report>,
) {
    let mut settings = Vec::new();
    for source in sources.values() {
        for (name, reference, file) in source.references().filter(|(_, r, _)| !broken.contains(r.source.as_str())) {
            let at = source.settings.get(name).map_or(0, |(_, _, at)| *at);
            settings.push((format!("source.{}.{name}", source.name), reference.clone(), file, at));
        }
    }
    for (what, reference, file, at) in settings {
        if let Err((message, hint)) = of(sources, &reference, Place::Setting, environ) {
            reports.push(files[file].report(at, format!("{what}: {message}"), hint));
        }
    }
}

/// One reference.
fn of(sources: &mut Sources, reference: &Ref, place: Place, environ: &Environ) -> Result<(), Wrong> {
    let name = &reference.source;
    if !sources.contains_key(name) {
        let added = implied(sources, name)?;
        sources.insert(name.clone(), added);
    }
    let kind = sources[name].kind;
    locator::check(kind, reference, place == Place::Pattern).map_err(|message| (message, None))?;
    if kind.locates == Locates::File {
        file_in(Path::new(""), &reference.locator, environ).map_err(|m| (format!("'{reference}': {m}"), None))?;
    }
    let wrong = |what: String| Err((format!("'{reference}': {what}"), None));
    match (kind.documents, &reference.field, place) {
        (Documents::None, Some(_), _) => wrong(format!("a source of kind '{}' has no fields", kind.name)),
        (Documents::None, None, Place::Pattern) => {
            wrong(format!("a source of kind '{}' gives no document for a pattern", kind.name))
        }
        (Documents::Dotenv, Some(_), Place::Pattern) => {
            wrong("a pattern takes a whole .env file, not a key of it".into())
        }
        (Documents::Dotenv, None, Place::Setting) => wrong("which key? put #KEY behind the file".into()),
        (Documents::ByName | Documents::ByLook | Documents::Fields, Some(field), _) => match Field::parse(field) {
            Ok(_) => Ok(()),
            Err(message) => wrong(message),
        },
        _ => Ok(()),
    }
}

/// A source without a table: its name is its kind. `ssm` is `aws`'s other half.
fn implied(sources: &Sources, name: &str) -> Result<SourceDef, Wrong> {
    let Some(kind) = kind::kind(name) else { return Err(unknown(sources, name)) };
    if kind.settings.iter().any(|setting| setting.required) {
        let hint = format!("[source.{name}] with run = [\"PROGRAM\", \"{{}}\"] says what to run");
        return Err((format!("source '{name}' needs a table of its own"), Some(hint)));
    }
    let like = sources.get("aws").filter(|aws| name == "ssm" && aws.kind.name == "aws");
    let settings = like.map(|aws| aws.settings.clone()).unwrap_or_default();
    Ok(SourceDef { name: name.into(), kind, settings })
}

fn unknown(sources: &Sources, name: &str) -> Wrong {
    let known = sources.keys().map(String::as_str).chain(kind_names());
    let hint = nearest(name, known).map_or_else(
        || format!("a source is a [source.NAME] of the profile or one of {}", kind_names().join(", ")),
        |near| format!("did you mean '{near}'?"),
    );
    (format!("unknown source '{}'", printable(name)), Some(hint))
}

/// Settings that lead back to their own source. What closes a circle is taken out, so that nobody follows it.
fn circles(sources: &mut Sources, files: &[File], reports: &mut Vec<Report>) {
    let mut walk = Walk { sources, levels: HashMap::new(), wrong: Vec::new() };
    for name in walk.sources.keys() {
        walk.levels(name, &mut Vec::new());
    }
    for (source, setting, message) in walk.wrong {
        let taken = sources.get_mut(&source).and_then(|source| source.settings.remove(&setting));
        if let Some((_, file, at)) = taken {
            reports.push(files[file].report(at, format!("source.{source}.{setting}: {message}"), None));
        }
    }
}

struct Walk<'a> {
    sources: &'a Sources,
    /// How many sources must be opened, one after the other, to open one.
    levels: HashMap<&'a str, usize>,
    /// Source, setting and message.
    wrong: Vec<(String, String, String)>,
}

impl<'a> Walk<'a> {
    fn levels(&mut self, name: &'a str, above: &mut Vec<&'a str>) -> usize {
        let Some(source) = self.sources.get(name) else { return 0 };
        if let Some(known) = self.levels.get(name) {
            return *known;
        }
        above.push(name);
        let mut beneath = 0;
        for (setting, reference, _) in source.references() {
            let message = if above.contains(&reference.source.as_str()) {
                format!("'{reference}' leads back to source '{}'", reference.source)
            } else {
                let levels =
                    if above.len() == MAX_NESTING { MAX_NESTING } else { self.levels(&reference.source, above) };
                if levels < MAX_NESTING {
                    beneath = beneath.max(levels);
                    continue;
                }
                format!("sources that need sources, more than {MAX_NESTING} deep")
            };
            self.wrong.push((name.to_owned(), setting.to_owned(), message));
        }
        above.pop();
        self.levels.insert(name, beneath + 1);
        beneath + 1
    }
}
