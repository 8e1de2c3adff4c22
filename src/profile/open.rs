//! A profile's file, opened once. Owner and mode are those of the descriptor that is read, and of every folder and link
//! that leads to it, each looked at through a descriptor too: a name can mean something else a moment later.

use crate::clock::Clock;
use crate::error::{Error, os, printable};
use crate::sys;
use nix::errno::Errno;
use nix::fcntl::{OFlag, readlinkat};
use nix::poll::{PollFd, PollFlags};
use nix::sys::stat::{FileStat, fstat};
use std::ffi::OsString;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

/// An open profile.
pub struct Opened {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Its path with every link resolved; empty for a pipe.
    pub real: PathBuf,
    /// Why others could have written it: what, and the command that ends it.
    pub concern: Option<(String, String)>,
}

/// Links that may be followed on the way, as many as the kernel's own limit.
const MAX_LINKS: usize = 40;

/// Opens and reads `path`. Only a file that the user named may be a pipe, and has a deadline then.
///
/// # Errors
/// With the path as it is `shown`: exit 125, or 124 where the deadline passed.
pub fn open(path: &Path, shown: &str, pipe_limit: Option<Duration>) -> Result<Opened, Error> {
    let fail = |what: String| about(shown, &what);
    let absolute = if path.is_absolute() {
        path.to_owned()
    } else {
        nix::unistd::getcwd().map_err(|e| fail(format!("the working directory: {}", os(e))))?.join(path)
    };
    let uid = nix::unistd::geteuid().as_raw();
    let mut walk = Walk { real: "/".into(), concern: None, links: 0, uid, named: pipe_limit.is_some() };
    let (fd, stat) = walk.to(&absolute).map_err(|error| fail(words(error)))?;
    let pipe = sys::file_type(&stat) == libc::S_IFIFO;
    let bytes = match pipe_limit.filter(|_| pipe) {
        Some(limit) => {
            walk.real.clear();
            from_pipe(&fd, shown, limit)?
        }
        None if sys::file_type(&stat) == libc::S_IFREG => {
            sys::read_all(&fd, || Ok(())).map_err(|error| fail(words(error)))?
        }
        None => return Err(fail("a profile is a regular file".into())),
    };
    Ok(Opened { bytes, real: walk.real, concern: walk.concern })
}

/// A pipe that nobody has opened for writing yet looks as if it had ended, and so does one whose writer failed: neither
/// is a profile that sets nothing.
fn from_pipe(fd: &OwnedFd, shown: &str, limit: Duration) -> Result<Vec<u8>, Error> {
    let clock = Clock::new(limit);
    let ready = || clock.poll(&mut [PollFd::new(fd.as_fd(), PollFlags::POLLIN)], &|| printable(shown));
    match sys::read_all(fd, ready) {
        Ok(bytes) if bytes.is_empty() => {
            Err(about(shown, "the pipe is empty").hint("what writes the profile into it may have failed"))
        }
        Ok(bytes) => Ok(bytes),
        Err(Errno::ETIMEDOUT) => {
            let hint = "something has to write the profile into this pipe; --timeout gives it longer";
            Err(about(shown, &clock.up().message).exit(124).hint(hint))
        }
        Err(error) => Err(about(shown, &words(error))),
    }
}

fn about(shown: &str, what: &str) -> Error {
    Error::new(format!("{}: {what}", printable(shown)))
}

fn words(error: Errno) -> String {
    match error {
        Errno::ENOENT => "no such profile".into(),
        Errno::E2BIG => "larger than 1 MiB; no profile is".into(),
        Errno::EISDIR => "a profile is a regular file".into(),
        error => os(error),
    }
}

struct Walk {
    real: PathBuf,
    concern: Option<(String, String)>,
    links: usize,
    uid: libc::uid_t,
    named: bool,
}

impl Walk {
    fn to(&mut self, path: &Path) -> nix::Result<(OwnedFd, FileStat)> {
        let mut todo = parts(path);
        let mut here = self.root()?;
        while let Some(part) = todo.pop() {
            let next = sys::open_at(&here, Path::new(&part), OFlag::O_PATH | OFlag::O_NOFOLLOW)?;
            let stat = fstat(&next)?;
            match sys::file_type(&stat) {
                libc::S_IFLNK => {
                    let target = self.link(&next, &stat, &part)?;
                    let Some(target) = target else { return self.last(&here, &part, None) };
                    if target.is_absolute() {
                        here = self.root()?;
                        self.real = "/".into();
                    }
                    todo.extend(parts(&target));
                }
                libc::S_IFDIR => {
                    if part == ".." {
                        self.real.pop()
                    } else {
                        self.real.push(&part);
                        true
                    };
                    self.look_at(&stat, self.real.clone());
                    here = next;
                }
                _ if todo.is_empty() => {
                    self.real.push(&part);
                    return self.last(&here, &part, Some(&stat));
                }
                _ => return Err(Errno::ENOTDIR),
            }
        }
        Err(Errno::EISDIR)
    }

    fn root(&mut self) -> nix::Result<OwnedFd> {
        let root = sys::open(Path::new("/"), OFlag::O_PATH | OFlag::O_DIRECTORY)?;
        self.look_at(&fstat(&root)?, "/".into());
        Ok(root)
    }

    /// Where a link leads; `None` for the kernel's own links to a pipe (`/dev/fd/63`), which have no path.
    fn link(&mut self, link: &OwnedFd, stat: &FileStat, part: &OsString) -> nix::Result<Option<PathBuf>> {
        self.links += 1;
        if self.links > MAX_LINKS {
            return Err(Errno::ELOOP);
        }
        let target = PathBuf::from(readlinkat(link, "")?);
        if self.real.starts_with("/proc") && target.to_string_lossy().starts_with("pipe:[") {
            return Ok(None);
        }
        // A link in a sticky folder is its owner's to point anywhere.
        if stat.st_uid != self.uid && stat.st_uid != 0 {
            self.note(self.real.join(part), format!("is a link of uid {}", stat.st_uid), None);
        }
        Ok(Some(target))
    }

    /// Opens the file itself; `seen` is what stood there a moment ago.
    fn last(&mut self, folder: &OwnedFd, part: &OsString, seen: Option<&FileStat>) -> nix::Result<(OwnedFd, FileStat)> {
        let follow = if seen.is_some() { OFlag::O_NOFOLLOW } else { OFlag::empty() };
        // Only what may be read is opened at all: opening a device can act on it.
        let pipe = seen.is_some_and(|stat| sys::file_type(stat) == libc::S_IFIFO);
        if seen.is_some_and(|stat| sys::file_type(stat) != libc::S_IFREG && !(pipe && self.named)) {
            return Err(Errno::EISDIR);
        }
        let fd = sys::open_at(folder, Path::new(part), OFlag::O_RDONLY | OFlag::O_NONBLOCK | follow)?;
        let stat = fstat(&fd)?;
        self.look_at(&stat, self.real.clone());
        Ok((fd, stat))
    }

    fn look_at(&mut self, stat: &FileStat, path: PathBuf) {
        if stat.st_uid != self.uid && stat.st_uid != 0 {
            return self.note(path, format!("belongs to uid {}", stat.st_uid), Some(format!("chown {}", self.uid)));
        }
        let folder = sys::file_type(stat) == libc::S_IFDIR;
        if let Some(who) = sys::other_writers(stat)
            && !(folder && stat.st_mode & libc::S_ISVTX != 0)
        {
            let fix = if who == "anyone" { "chmod go-w" } else { "chmod g-w" };
            self.note(path, format!("can be written by {who}"), Some(fix.into()));
        }
    }

    fn note(&mut self, path: PathBuf, what: String, fix: Option<String>) {
        if self.concern.is_some() {
            return;
        }
        let shown = printable(&path.to_string_lossy());
        let fix = fix.map_or_else(|| format!("remove {shown}"), |fix| format!("{fix} {shown}"));
        self.concern = Some((format!("{shown} {what}"), fix));
    }
}

/// The parts of a path, last first.
fn parts(path: &Path) -> Vec<OsString> {
    let part = |component| match component {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some("..".into()),
        _ => None,
    };
    let mut parts: Vec<_> = path.components().filter_map(part).collect();
    parts.reverse();
    parts
}
