//! Files: `file`, `dotenv` and `systemd` read whole ones; what is in them is the documents' business.

use super::{Locator, Note, Payload, Source};
use crate::clock::Clock;
use crate::error::{Fault, os, printable};
use crate::sys;
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags};
use nix::sys::stat::fstat;
use std::ffi::OsStr;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Files by path, or by name in one folder.
pub struct Files<'a> {
    /// The source's name, for the waiting line.
    pub name: &'a str,
    /// For a pipe that nobody writes into.
    pub clock: &'a Clock,
    /// For `systemd`: `$CREDENTIALS_DIRECTORY`, or why there is none.
    pub folder: Option<Result<PathBuf, Fault>>,
}

impl<'a> Files<'a> {
    /// `systemd`: the credentials that the service manager handed over.
    pub fn credentials(name: &'a str, clock: &'a Clock, folder: Option<&[u8]>) -> Self {
        let folder = match folder {
            Some(folder) if folder.starts_with(b"/") => Ok(PathBuf::from(OsStr::from_bytes(folder))),
            Some(_) => Err(Fault::unreachable("CREDENTIALS_DIRECTORY is no absolute path")),
            None => Err(Fault::unreachable("CREDENTIALS_DIRECTORY is not set: no service manager passed credentials")
                .hint("LoadCredential= or SetCredential= in the unit passes one")),
        };
        Self { name, clock, folder: Some(folder) }
    }

    fn read(&self, path: &Path) -> Result<Payload, Fault> {
        let fail = |error| self.fault(error);
        let fd = sys::open(path, OFlag::O_RDONLY | OFlag::O_NONBLOCK).map_err(fail)?;
        let stat = fstat(&fd).map_err(fail)?;
        match sys::file_type(&stat) {
            libc::S_IFREG | libc::S_IFIFO => {}
            libc::S_IFDIR => return Err(Fault::invalid("is a folder, not a file")),
            _ => return Err(Fault::invalid("is neither a file nor a pipe")),
        }
        let waiting = || self.name.to_owned();
        let ready = || self.clock.poll(&mut [PollFd::new(fd.as_fd(), PollFlags::POLLIN)], &waiting);
        let mut payload = Payload::from(sys::read_all(&fd, ready).map_err(fail)?);
        payload.stored.created = u64::try_from(stat.st_mtime).ok().filter(|_| sys::file_type(&stat) == libc::S_IFREG);
        let mine = stat.st_uid == nix::unistd::geteuid().as_raw();
        if self.folder.is_none() && mine && sys::file_type(&stat) == libc::S_IFREG && stat.st_mode & 0o044 != 0 {
            let mode = stat.st_mode & 0o777;
            let path = printable(&path.to_string_lossy());
            let text = format!("{path} can be read by others (mode {mode:03o}); chmod 600 ends that");
            payload.notes.push(Note::warning(text));
        }
        Ok(payload)
    }

    fn fault(&self, error: Errno) -> Fault {
        match error {
            Errno::ENOENT | Errno::ENOTDIR if self.folder.is_some() => Fault::absent("no such credential"),
            Errno::ENOENT | Errno::ENOTDIR => Fault::absent("no such file"),
            Errno::EACCES | Errno::EPERM => Fault::denied(os(error)),
            Errno::E2BIG => Fault::invalid("larger than 1 MiB"),
            Errno::ETIMEDOUT => self.clock.up(),
            error => Fault::invalid(os(error)),
        }
    }
}

impl Source for Files<'_> {
    fn fetch(&self, locators: &[Locator]) -> Result<Vec<Result<Payload, Fault>>, Fault> {
        let folder = match &self.folder {
            Some(Ok(folder)) => folder.as_path(),
            Some(Err(fault)) => return Err(fault.clone()),
            None => Path::new(""),
        };
        // Without its folder nothing can be said of a credential, not even that there is none.
        if self.folder.is_some() && !sys::stat(folder).is_ok_and(|stat| sys::file_type(&stat) == libc::S_IFDIR) {
            return Err(Fault::unreachable("CREDENTIALS_DIRECTORY names no folder that can be looked into"));
        }
        Ok(locators.iter().map(|locator| self.read(&folder.join(&locator.text))).collect())
    }
}
