//! The programs that belong to this one and hold what a launch does not need: `inject-store` and `inject-care`. Found
//! beside it, opened once, judged by what was opened, and executed from that.

use crate::error::{Error, Fault, os, printable};
use crate::sys::{self, Environ};
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sys::stat::fstat;
use std::ffi::CStr;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

/// Opens the companion of this name, from the folder of this program or `../libexec/inject` beside it.
///
/// # Errors
/// It is not installed, or somebody else could have written it.
pub fn open(name: &str) -> Result<OwnedFd, Fault> {
    let own = own_path().ok_or_else(|| Fault::unreachable(format!("{name}: cannot tell where inject is installed")))?;
    let owner = sys::stat(&own).map_err(|error| Fault::unreachable(format!("{name}: {}", os(error))))?.st_uid;
    let folder = own.parent().unwrap_or(Path::new("/"));
    let places = [folder.join(name), folder.join("../libexec/inject").join(name)];
    for place in &places {
        match sys::open(place, OFlag::O_PATH) {
            Ok(fd) => return check(fd, place, owner),
            Err(Errno::ENOENT | Errno::ENOTDIR) => {}
            Err(error) => return Err(Fault::unreachable(format!("{}: {}", shown(place), os(error)))),
        }
    }
    let looked = places.map(|place| shown(&place)).join(" and ");
    let package = name.trim_start_matches("inject-");
    Err(Fault::unreachable(format!("{name} is not installed: looked for {looked}"))
        .hint(format!("`cargo install --path {package}`, in inject's source tree, puts it beside inject")))
}

/// Becomes a companion, with these arguments and the caller's whole environment. Comes back only with the reason.
pub fn become_it(name: &str, argv: &[&CStr], environ: &Environ) -> Error {
    let fault = match open(name) {
        Ok(fd) => Fault::unreachable(format!("{name}: cannot be started: {}", os(sys::execveat(&fd, argv, environ)))),
        Err(fault) => fault,
    };
    let error = Error::new(fault.message);
    match fault.hint {
        Some(hint) => error.hint(hint),
        None => error,
    }
}

/// Where this program lies, every link resolved. One that was executed from a descriptor is asked for by /proc.
fn own_path() -> Option<PathBuf> {
    let path = sys::executed_as()?;
    let path = if path.starts_with("/dev/fd") { Path::new("/proc/self/exe") } else { path };
    std::fs::canonicalize(path).ok()
}

fn check(fd: OwnedFd, place: &Path, owner: libc::uid_t) -> Result<OwnedFd, Fault> {
    let shown = shown(place);
    let stat = fstat(&fd).map_err(|error| Fault::unreachable(format!("{shown}: {}", os(error))))?;
    if sys::file_type(&stat) != libc::S_IFREG {
        return Err(Fault::invalid(format!("{shown}: is not a file")));
    }
    if stat.st_uid != 0 && stat.st_uid != owner {
        return Err(Fault::invalid(format!(
            "{shown}: belongs to uid {}, neither to root nor to inject's owner",
            stat.st_uid
        )));
    }
    if sys::other_writers(&stat).is_some() {
        return Err(Fault::invalid(format!("{shown}: can be written by others")).hint(format!("chmod go-w {shown}")));
    }
    Ok(fd)
}

fn shown(path: &Path) -> String {
    printable(&path.to_string_lossy())
}
