//! Completion scripts, and what they ask while somebody types.

use super::print;
use crate::cli::Load;
use crate::error::Error;
use crate::profile::{Profile, find, name_of};
use crate::source::kind::KINDS;
use crate::sys::Environ;
use std::path::Path;
use std::time::Duration;

/// Prints the script for a shell.
///
/// # Errors
/// None: the shells are the parser's.
pub fn completions(shell: &str) -> Result<u8, Error> {
    Ok(print(match shell {
        "bash" => include_str!("../../completions/inject.bash"),
        "zsh" => include_str!("../../completions/_inject"),
        _ => include_str!("../../completions/inject.fish"),
    }))
}

/// The longest that somebody who types waits: a profile can be a pipe, or stand on a server that does not answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Prints names, one a line. Whatever is wrong, nothing is printed: an error would land in somebody's command line.
///
/// # Errors
/// None.
pub fn complete(what: &str, load: &Load, environ: &Environ) -> Result<u8, Error> {
    std::thread::spawn(|| {
        std::thread::sleep(PATIENCE);
        std::process::exit(0)
    });
    let profile = || {
        let mut wish = load.wish(environ).ok()?;
        // A launch would read a pipe, which gives its content once.
        wish.profiles.retain(|name| !find::is_path(name) || Path::new(name).is_file());
        Profile::load(wish, environ).ok()
    };
    let mut names: Vec<String> = match what {
        "profiles" => find::all(environ).into_iter().map(|(name, _)| name).collect(),
        "variables" => {
            let entries = |p: &Profile| -> Vec<String> {
                p.files
                    .iter()
                    .flat_map(|file| &file.said.entries)
                    .filter_map(|e| name_of(&e.key))
                    .map(String::from)
                    .collect()
            };
            profile().as_ref().map(entries).unwrap_or_default()
        }
        _ => {
            let named = |p: &Profile| -> Vec<String> {
                p.stacks.iter().flat_map(|s| s.sources.all()).map(|s| s.name.clone()).collect()
            };
            let mut all = profile().as_ref().map(named).unwrap_or_default();
            all.extend(KINDS.iter().map(|kind| kind.name.into()));
            all
        }
    };
    names.sort();
    names.dedup();
    names.retain(|name| !name.contains(char::is_whitespace) && !name.contains(char::is_control));
    Ok(print(&names.iter().map(|name| format!("{name}\n")).collect::<String>()))
}
