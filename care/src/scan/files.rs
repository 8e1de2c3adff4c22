//! The work tree, or the files and folders that somebody names.

use super::{Scanner, identity};
use inject::error::{Error, Fault, Report, os, printable};
use inject::git;
use inject::sys::{self, Environ};
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sys::stat::fstat;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

/// A repository of millions of files is listed in less.
const PATIENCE: Duration = Duration::from_secs(600);

const LIST: [&str; 6] = ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--"];

/// Reads every file; where `paths` names none, those that git tracks or would.
///
/// # Errors
/// There is no work tree, or git fails.
pub(super) fn scan(scanner: &mut Scanner<'_>, paths: &[PathBuf], environ: &Environ) -> Result<(), Error> {
    if paths.is_empty() {
        let up = up(environ)?;
        let args: Vec<_> =
            LIST.iter().map(OsStr::new).chain([if up.is_empty() { ".".as_ref() } else { &*up }]).collect();
        let listed = git::spec(&args, environ).and_then(|spec| git::printed(spec, PATIENCE)).map_err(told)?;
        return all(scanner, split(&listed, Path::new("")), environ);
    }
    for path in paths {
        match sys::stat(path).map(|stat| sys::file_type(&stat)) {
            Ok(libc::S_IFDIR) => all(scanner, folder(path, environ)?, environ)?,
            Ok(libc::S_IFREG | libc::S_IFIFO) => {
                read(scanner, path, OFlag::empty()).unwrap_or_else(|error| scanner.fail(path, error));
            }
            Ok(_) => {
                let message = format!("{}: is neither a file nor a folder", printable(&path.to_string_lossy()));
                scanner.wrong.push(Report { place: None, message, hint: None });
            }
            Err(error) => scanner.fail(path, error),
        }
    }
    Ok(())
}

/// The way from here to the root of the work tree: empty, or `../` and so on.
///
/// # Errors
/// There is none.
pub(super) fn up(environ: &Environ) -> Result<OsString, Error> {
    let asked = git::spec(&["rev-parse", "--show-cdup"].map(OsStr::new), environ);
    let printed = asked.and_then(|spec| git::printed(spec, PATIENCE)).map_err(|fault| {
        let here = nix::unistd::getcwd().ok();
        if here.as_deref().is_some_and(|here| git::root(here).is_none()) {
            return Error::new("there is no git repository here, so nobody knows which files matter")
                .hint("`inject scan PATH...` reads the files and folders that you name");
        }
        told(fault)
    })?;
    Ok(OsStr::from_bytes(printed.trim_ascii_end()).to_owned())
}

/// A fault of git.
pub(super) fn told(fault: Fault) -> Error {
    let exit = fault.exit();
    let error = Error::new(fault.message).exit(exit);
    fault.hint.into_iter().fold(error, Error::hint)
}

fn split(listed: &[u8], folder: &Path) -> Vec<PathBuf> {
    let paths = listed.split(|byte| *byte == 0).filter(|path| !path.is_empty());
    // Backwards, for they are taken from the end; what is being merged is listed more than once.
    let mut paths: Vec<_> = paths.map(|path| folder.join(OsStr::from_bytes(path))).collect();
    paths.sort_unstable_by(|a, b| b.cmp(a));
    paths.dedup();
    paths
}

/// What is to be read of a folder that somebody names: what git does not ignore, or everything, where git ignores the
/// folder itself or does not know it.
fn folder(path: &Path, environ: &Environ) -> Result<Vec<PathBuf>, Error> {
    let real = std::fs::canonicalize(path).unwrap_or_else(|_| path.into());
    let inside = real.components().any(|part| part == Component::Normal(".git".as_ref()));
    let ask = |args: &[&str]| {
        let args: Vec<_> = args.iter().map(OsStr::new).collect();
        git::spec_in(&real, &args, environ).and_then(|spec| git::printed(spec, PATIENCE))
    };
    // It fails where the folder is not ignored.
    if inside || git::root(&real).is_none() || ask(&["check-ignore", "."]).is_ok() {
        let mut files = Vec::new();
        everything(path, environ, &mut files)?;
        files.sort_unstable_by(|a, b| b.cmp(a));
        return Ok(files);
    }
    let listed = ask(&[&LIST[..], &["."]].concat()).map_err(told)?;
    let mut files = split(&listed, path);
    // A submodule that is not there lists itself.
    files.retain(|file| file != path);
    Ok(files)
}

/// Every file below; of a repository in it what git does not ignore.
fn everything(path: &Path, environ: &Environ, files: &mut Vec<PathBuf>) -> Result<(), Error> {
    let failed = |error: std::io::Error| {
        let why = error.raw_os_error().map_or(Errno::EIO, Errno::from_raw);
        Error::new(format!("{}: {}", printable(&path.to_string_lossy()), os(why)))
    };
    for entry in std::fs::read_dir(path).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let below = entry.path();
        match entry.file_type().map_err(failed)?.is_dir() {
            true if sys::stat(&below.join(".git")).is_ok() => files.extend(folder(&below, environ)?),
            true => everything(&below, environ, files)?,
            false => files.push(below),
        }
    }
    Ok(())
}

/// Reads files, and what is in the folders among them: repositories in the repository, of which git lists the name only.
fn all(scanner: &mut Scanner<'_>, mut paths: Vec<PathBuf>, environ: &Environ) -> Result<(), Error> {
    while let Some(path) = paths.pop() {
        // What a link leads to is in the tree itself, or is not of it.
        match read(scanner, &path, OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK) {
            Err(Errno::ENOENT | Errno::ELOOP) => {}
            Err(Errno::EISDIR) => paths.extend(folder(&path, environ)?),
            Err(error) => scanner.fail(&path, error),
            Ok(()) => {}
        }
    }
    Ok(())
}

/// Reads one file, unless the profile does.
fn read(scanner: &mut Scanner<'_>, path: &Path, flags: OFlag) -> nix::Result<()> {
    let fd = sys::open(path, OFlag::O_RDONLY | flags)?;
    let stat = fstat(&fd)?;
    match sys::file_type(&stat) {
        libc::S_IFDIR => return Err(Errno::EISDIR),
        libc::S_IFREG if !scanner.own.contains(&identity(&stat)) => {}
        libc::S_IFIFO if flags.is_empty() => {}
        _ => return Ok(()),
    }
    loop {
        match nix::unistd::read(&fd, scanner.reading.room()) {
            Ok(0) => break,
            Ok(count) => scanner.reading.took(count),
            Err(Errno::EINTR) => {}
            Err(error) => {
                scanner.reading.end();
                return Err(error);
            }
        }
    }
    let hits = scanner.reading.end();
    scanner.keep(path, hits);
    Ok(())
}
