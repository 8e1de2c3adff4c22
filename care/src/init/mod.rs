//! `inject init`: a first profile of a project, made of what lies in its folder, and a .gitignore that keeps that where it
//! is.

mod compose;
mod found;

use crate::write::file::Held;
use found::{Found, Plain};
use inject::error::{Error, Fault, os, printable};
use inject::git::{self, Known, Standing};
use inject::plan::Plan;
use inject::profile::trust::Store;
use inject::profile::{Profile, Wish};
use inject::source::Note;
use inject::sys::{self, Environ};
use inject::verb;
use nix::errno::Errno;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use toml_edit::Value;

const PROFILE: &str = "profiles/dev.toml";
const IGNORE: &str = ".gitignore";

/// The verb: what is there already stays as it is.
///
/// # Errors
/// There is something to do, and nobody to ask; a file cannot be written.
pub(crate) fn init(yes: bool, environ: &Environ) -> Result<u8, Error> {
    let Found { files, notes, loose } = Found::here();
    let paths: Vec<_> = files.iter().map(|file| PathBuf::from(&file.path)).collect();
    let lines = unignored(&paths, environ)?;
    let new = std::fs::symlink_metadata(PROFILE).is_err();
    if !yes && (new || !lines.is_empty()) && !sys::foreground_terminal(2) {
        return Err(Error::new(
            "init asks before each change, and there is no terminal to ask on; nothing was changed",
        )
        .hint("--yes makes the changes without a question"));
    }
    let notes = notes.into_iter().filter(|_| new).map(Note::warning);
    loose.into_iter().chain(notes).for_each(|note| sys::write_lossy(2, note.line().as_bytes()));
    let allowed = |question: String| yes || sys::confirm(&format!("inject: {question} [y/N] "));
    if !new {
        tell(&format!("{PROFILE} is there already, so it stays as it is"));
    } else if allowed(question(&files)) {
        write(&files, environ)?;
    }
    if !lines.is_empty() && allowed(format!("put {} into {IGNORE}, so that git does not take it?", lines.join(", "))) {
        ignore(&lines)?;
    }
    verb::warn(&git::warnings(&paths, environ));
    Ok(0)
}

fn tell(text: &str) {
    sys::write_lossy(2, format!("inject: {text}\n").as_bytes());
}

/// The lines of .gitignore that are missing: git would take these files, or nobody asked it yet.
fn unignored(paths: &[PathBuf], environ: &Environ) -> Result<Vec<String>, Error> {
    let there = Held::open(Path::new(IGNORE)).map_err(failed(IGNORE))?;
    let there = String::from_utf8_lossy(there.bytes().unwrap_or_default()).into_owned();
    let known = git::standing(paths, environ);
    let open = paths
        .iter()
        .zip(known)
        .filter(|(_, known)| !known.as_ref().is_some_and(|Known { standing, .. }| *standing == Standing::Ignored));
    let lines = open.map(|(path, _)| git::pattern(path));
    Ok(lines.filter(|line| !there.lines().any(|known| known == line)).collect())
}

fn ignore(lines: &[String]) -> Result<(), Error> {
    let held = Held::open(Path::new(IGNORE)).map_err(failed(IGNORE))?.for_all();
    let mut text = held.bytes().unwrap_or_default().to_vec();
    if text.last().is_some_and(|last| *last != b'\n') {
        text.push(b'\n');
    }
    lines.iter().for_each(|line| text.extend_from_slice(format!("{line}\n").as_bytes()));
    held.replace(&text).map_err(failed(IGNORE))?;
    tell(&format!("{IGNORE}: {} added", lines.join(", ")));
    Ok(())
}

/// What is asked before the profile is written.
fn question(files: &[Plain]) -> String {
    let mapped = files.iter().filter(|file| !file.variables.is_empty());
    let parts: Vec<_> =
        mapped.map(|file| format!("{} of {}", count(file.variables.len()), printable(&file.path))).collect();
    match parts.as_slice() {
        [] => format!("nothing is here that could be mapped; write an empty {PROFILE}?"),
        _ => format!("write {PROFILE}, with {}, and trust it?", parts.join(" and ")),
    }
}

fn count(variables: usize) -> String {
    if variables == 1 { "1 variable".into() } else { format!("{variables} variables") }
}

/// Writes the profile, and trusts it: its user has just made it, and it reads nothing that lies elsewhere.
fn write(files: &[Plain], environ: &Environ) -> Result<(), Error> {
    let path = Path::new(PROFILE);
    let folder = path.parent().unwrap_or(path);
    // Nobody else may write there, whatever the umask: a launch would refuse it.
    if let Err(error) = std::fs::DirBuilder::new().mode(0o755).recursive(true).create(folder) {
        let why = error.raw_os_error().map_or(Errno::EIO, Errno::from_raw);
        return Err(Error::new(format!("{}: {}", folder.display(), os(why))));
    }
    let held = Held::open(path).map_err(failed(PROFILE))?.for_all();
    if held.bytes().is_some() {
        return Err(Error::new(format!("{PROFILE}: somebody else has written it meanwhile, so it stays as it is")));
    }
    held.replace(profile(files).as_bytes()).map_err(failed(PROFILE))?;
    let written: usize = files.iter().map(|file| file.variables.len()).sum();
    tell(&format!("{PROFILE}: written, with {}", count(written)));
    let loaded = Profile::load(Wish { profiles: vec![format!("./{PROFILE}")], ..Wish::default() }, environ)?;
    Plan::new(&loaded, environ)?;
    match Store::open(environ)? {
        Some(_) => Store::approve(environ, &loaded.files.iter().collect::<Vec<_>>()),
        None => {
            tell(&format!("there is no HOME to remember trust in: -p ./{PROFILE} needs none"));
            Ok(())
        }
    }
}

/// The text of the profile.
fn profile(files: &[Plain]) -> String {
    let mut text = String::from(
        "description = \"development\"\ninherit = [\"PATH\", \"HOME\", \"LANG\", \"LC_*\", \"TERM\"]\n\n[secrets]\n",
    );
    for file in files.iter().filter(|file| !file.variables.is_empty()) {
        text.push_str(&format!("# {}\n", printable(&file.path)));
        for (name, field) in &file.variables {
            let place = format!("{}:../{}", file.source, file.path);
            let string = |text: &str| Value::from(text).to_string();
            let value = match field {
                // A '#' in the path would start the field.
                _ if file.path.contains('#') => {
                    let field = string(field.as_ref().unwrap_or(name));
                    format!("{{ from = {}, field = {field} }}", string(&place))
                }
                Some(field) => string(&format!("{place}#{field}")),
                None => string(&place),
            };
            text.push_str(&format!("{name} = {value}\n"));
        }
    }
    if files.iter().any(|file| file.expands && !file.variables.is_empty()) {
        text.push_str("\n[source.dotenv]\nexpand = true # ${NAME} in a .env file is the value of NAME in it\n");
    }
    text
}

/// A fault of one of the files that are written.
fn failed(file: &'static str) -> impl Fn(Fault) -> Error {
    move |fault| {
        let exit = fault.exit();
        let error = Error::new(format!("{file}: {}", fault.message)).exit(exit);
        fault.hint.into_iter().fold(error, Error::hint)
    }
}
