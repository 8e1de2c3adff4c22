//! Where a profile's name leads: a path as it is, a bare name through the working tree, the user's folder and /etc.

use crate::error::{Error, printable};
use crate::reference::nearest;
use crate::sys::{self, Environ};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// How a file was found, which decides whether it must be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The user named this file.
    Named,
    /// A bare name, found in the working tree: somebody else may have put it there.
    Tree,
    /// A bare name, found in the user's folder or in /etc.
    Configured,
}

/// A profile's file.
#[derive(Clone, Debug)]
pub struct Found {
    /// As the user would open it from here.
    pub path: PathBuf,
    /// How it was found.
    pub origin: Origin,
    /// For a file of the tree: the one of the same name in the user's folder or in /etc that it hides.
    pub hides: Option<PathBuf>,
}

/// Whether this is a path and not a bare name.
pub fn is_path(name: &str) -> bool {
    name.contains('/') || name.ends_with(".toml")
}

/// Finds a profile. A bare name in `extends` is first looked for `beside` the profile that names it: in its folder, where
/// what is found is of its origin.
///
/// # Errors
/// No such profile: the message lists where it was looked for.
pub fn find(name: &str, beside: Option<(&Path, Origin)>, environ: &Environ) -> Result<Found, Error> {
    if is_path(name) {
        return Ok(match beside {
            Some((folder, origin)) => Found { path: folder.join(name), origin, hides: None },
            None => Found { path: name.into(), origin: Origin::Named, hides: None },
        });
    }
    if name.is_empty() || name.starts_with('.') || name.contains(char::is_control) {
        return Err(Error::new(format!("'{}' is no name of a profile", printable(name))));
    }
    let file = format!("{name}.toml");
    let folders = folders(environ);
    let beside = beside.map(|(folder, origin)| (folder.to_owned(), origin));
    let mut hits = beside.iter().chain(&folders).map(|(folder, origin)| (folder.join(&file), *origin));
    let exists = |(path, _): &(PathBuf, Origin)| sys::stat(path).is_ok();
    let Some((path, origin)) = hits.find(exists) else { return Err(missing(name, &folders)) };
    let mut hidden = hits.filter(|(_, origin)| *origin == Origin::Configured);
    let hides = if origin == Origin::Tree { hidden.find(exists).map(|(path, _)| path) } else { None };
    Ok(Found { path, origin, hides })
}

fn missing(name: &str, folders: &[(PathBuf, Origin)]) -> Error {
    let looked: Vec<_> = folders.iter().map(|(folder, _)| printable(&folder.to_string_lossy())).collect();
    let known: Vec<_> = folders.iter().flat_map(|(folder, _)| names(folder)).collect();
    let error = Error::new(format!("no profile '{}': looked in {}", printable(name), looked.join(", ")));
    match nearest(name, known.iter().map(String::as_str)) {
        Some(near) => error.hint(format!("did you mean '{}'?", printable(near))),
        None => error.hint(
            "`inject list` shows the profiles that can be found; one elsewhere is named by its path, like ./prod.toml",
        ),
    }
}

/// Every profile that a bare name reaches, in the order of the search, the hidden ones left out.
pub fn all(environ: &Environ) -> Vec<(String, Found)> {
    let mut found: Vec<(String, Found)> = Vec::new();
    for (folder, origin) in folders(environ) {
        for name in names(&folder) {
            if found.iter().all(|(known, _)| *known != name) {
                let path = folder.join(format!("{name}.toml"));
                found.push((name, Found { path, origin, hides: None }));
            }
        }
    }
    found
}

/// Where a bare name is looked for.
pub fn places(name: &str, environ: &Environ) -> Vec<PathBuf> {
    folders(environ).into_iter().map(|(folder, _)| folder.join(format!("{name}.toml"))).collect()
}

/// The names in a folder, sorted; none where it cannot be read.
fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let name = |entry: std::fs::DirEntry| entry.file_name().to_str()?.strip_suffix(".toml").map(String::from);
    let mut names: Vec<_> = entries.filter_map(name).filter(|name| !name.starts_with('.')).collect();
    names.sort();
    names
}

/// `profiles/` in this folder and those above it, then the user's and the system's.
fn folders(environ: &Environ) -> Vec<(PathBuf, Origin)> {
    let home = environ.get("HOME").filter(|home| home.starts_with(b"/")).map(|home| Path::new(OsStr::from_bytes(home)));
    let mut folders: Vec<_> = tree(home).into_iter().map(|folder| (folder, Origin::Tree)).collect();
    if let Some(config) = base(environ, "XDG_CONFIG_HOME", ".config") {
        folders.push((config.join("inject/profiles"), Origin::Configured));
    }
    folders.push(("/etc/inject/profiles".into(), Origin::Configured));
    folders
}

/// An XDG base folder: the variable where it holds an absolute path, else a folder under an absolute HOME.
pub fn base(environ: &Environ, variable: &str, under_home: &str) -> Option<PathBuf> {
    let absolute =
        |name| environ.get(name).filter(|path| path.starts_with(b"/")).map(|p| PathBuf::from(OsStr::from_bytes(p)));
    absolute(variable).or_else(|| absolute("HOME").map(|home| home.join(under_home)))
}

/// From this folder up to the repository's root, or home. Relative, as the user would type it.
fn tree(home: Option<&Path>) -> Vec<PathBuf> {
    let Ok(here) = nix::unistd::getcwd() else { return Vec::new() };
    let mut folders = Vec::new();
    let mut up = PathBuf::new();
    for folder in here.ancestors() {
        folders.push(up.join("profiles"));
        if sys::stat(&folder.join(".git")).is_ok() || home == Some(folder) {
            break;
        }
        up.push("..");
    }
    folders
}
