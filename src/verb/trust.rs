//! `inject trust`, and the question that a launch asks.

use super::{columns, print};
use crate::cli::Load;
use crate::error::{Error, printable};
use crate::profile::find::{self, Origin};
use crate::profile::trust::{Store, no_home, place, reads, refusal, unapproved};
use crate::profile::{File, Profile, Wish};
use crate::sys::{self, Environ};
use std::path::{Path, PathBuf};

/// Lets a launch go on only where every file of the tree is approved. On a terminal it asks.
///
/// # Errors
/// Something is not trusted: exit 125, with the command to run.
pub fn require(profile: &Profile, load: &Load, environ: &Environ) -> Result<(), Error> {
    if load.trusts(environ) || unapproved(profile, None).is_empty() {
        return Ok(());
    }
    let store = Store::open(environ)?;
    let files = unapproved(profile, store.as_ref());
    if files.is_empty() {
        return Ok(());
    }
    // What others can write would have changed again by the next launch: that is for `inject trust` to take on knowingly.
    let askable = store.is_some() && files.iter().all(|file| file.concern.is_none());
    if askable && ask(&files, store.as_ref()) {
        return Store::approve(environ, &files);
    }
    Err(refusal(profile, &files, store.as_ref()))
}

/// Shows what the files read and run, and asks on the terminal; false where there is none.
fn ask(files: &[&File], store: Option<&Store>) -> bool {
    let mut text = String::new();
    for file in files {
        text.push_str(&described(file, store));
    }
    text.push_str("inject: trust this? [y/N] ");
    sys::confirm(&text)
}

fn described(file: &File, store: Option<&Store>) -> String {
    let now = reads(file);
    let before = store.and_then(|store| store.of(file));
    let mut text = match before {
        Some(_) => format!("inject: {} changed since it was trusted; what is new in it:\n", printable(&file.shown)),
        None => format!("inject: {} was found in the working tree; it reads and runs:\n", printable(&file.shown)),
    };
    if let Some(hidden) = &file.found.hides {
        text.push_str(&format!("inject:   it hides {}\n", printable(&hidden.to_string_lossy())));
    }
    let new: Vec<_> = now.iter().filter(|line| before.is_none_or(|before| !before.reads.contains(line))).collect();
    if new.is_empty() {
        text.push_str("inject:   nothing that it reads, runs or sets\n");
    }
    new.iter().for_each(|line| text.push_str(&format!("inject:   {line}\n")));
    text
}

/// The verb: approves, lists, takes back.
///
/// # Errors
/// No such profile, no place to remember it.
pub fn trust(name: Option<&str>, list: bool, remove: bool, environ: &Environ) -> Result<u8, Error> {
    if list {
        return show(name, environ);
    }
    let Some(name) = name else {
        return Err(Error::new("which profile?")
            .hint("inject trust NAME; `inject list` shows the profiles, `inject trust --list` what is trusted"));
    };
    if remove {
        return take_back(name, environ);
    }
    let profile = Profile::load(Wish { profiles: vec![name.into()], ..Wish::default() }, environ)?;
    Store::open(environ)?.ok_or_else(no_home)?;
    if let Some(pipe) = profile.files.iter().find(|file| file.real.as_os_str().is_empty()) {
        return Err(Error::new(format!("{}: what comes through a pipe cannot be recorded", printable(&pipe.shown))));
    }
    // What was extended from the user's own folders needs no approval, unless others can write it.
    let needed: Vec<_> =
        profile.files.iter().filter(|file| file.found.origin != Origin::Configured || file.concern.is_some()).collect();
    if needed.is_empty() {
        sys::write_lossy(2, format!("inject: {} needs no trust: it is your own\n", printable(name)).as_bytes());
        return Ok(0);
    }
    Store::approve(environ, &needed)?;
    let told = needed.iter().map(|file| format!("inject: {} is trusted as it is now\n", printable(&file.shown)));
    sys::write_lossy(2, told.collect::<String>().as_bytes());
    Ok(0)
}

fn show(name: Option<&str>, environ: &Environ) -> Result<u8, Error> {
    let store = Store::open(environ)?.ok_or_else(no_home)?;
    let wanted = |path: &str| {
        name.is_none_or(|name| Path::new(path).file_stem().is_some_and(|stem| stem == name) || path.ends_with(name))
    };
    let rows = store.approvals.iter().filter(|approval| wanted(&approval.path));
    let rows: Vec<_> = rows.map(|approval| vec![approval.sha256.clone(), printable(&approval.path)]).collect();
    Ok(print(&columns(&rows)))
}

/// By the real path; the file itself may be gone or broken by now.
fn take_back(name: &str, environ: &Environ) -> Result<u8, Error> {
    let found = match find::find(name, None, environ) {
        Ok(found) => found.path,
        // Gone: where it would be found, what was approved says.
        Err(error) => {
            let store = Store::open(environ)?.ok_or_else(no_home)?;
            let known = |path: &PathBuf| store.approvals.iter().any(|known| Some(&known.path) == place(path).as_ref());
            find::places(name, environ).into_iter().find(known).ok_or(error)?
        }
    };
    let real = place(&found).unwrap_or_else(|| super::absolute(&found));
    match Store::remove(environ, &real)? {
        0 => sys::write_lossy(2, format!("inject: {} was not trusted\n", printable(&real)).as_bytes()),
        _ => sys::write_lossy(2, format!("inject: {} is no longer trusted\n", printable(&real)).as_bytes()),
    }
    Ok(0)
}
