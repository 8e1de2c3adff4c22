//! A file that is replaced as a whole: whoever reads it, and whatever ends this process, finds the old one or the new one.

use inject::error::{Fault, os, printable};
use inject::secret::Secret;
use inject::sys::{self, MAX_BYTES};
use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg, OFlag, RenameFlags, readlink, renameat2};
use nix::sys::stat::{FileStat, Mode, fchmod, fstat, lstat};
use nix::unistd::{Gid, Uid, UnlinkatFlags, fchown, fsync, unlinkat};
use std::ffi::OsString;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

/// Links that may be followed on the way, as many as the kernel's own limit.
const MAX_LINKS: usize = 40;
/// What the new file is called until it takes the old one's place. Beside `.env` that is a name which ignores of `.env.*`
/// and of editors' backups match.
const BESIDE: &str = ".inject~";
/// What a copy is called that another program changes: the end of the name may tell it the format.
const COPY: &str = "inject~";

/// A file, or the place for one, in a folder that no other inject writes in meanwhile.
pub(crate) struct Held {
    folder: Folder,
    path: PathBuf,
    name: OsString,
    old: Option<Old>,
    /// The mode of a new one.
    mode: libc::mode_t,
}

/// A copy of a file, beside it, for as long as this lives.
pub(crate) struct Copy<'h> {
    held: &'h Held,
    name: OsString,
}

impl Copy<'_> {
    /// Where it is.
    pub(crate) fn path(&self) -> PathBuf {
        self.held.path.with_file_name(&self.name)
    }

    /// What stands in it now.
    ///
    /// # Errors
    /// It is gone, or cannot be read.
    pub(crate) fn bytes(&self) -> Result<Secret, Fault> {
        let now = read(&self.held.folder, &self.name)?;
        now.map(|now| now.bytes).ok_or_else(|| Fault::invalid("its copy is gone"))
    }
}

impl Drop for Copy<'_> {
    fn drop(&mut self) {
        let _ = unlinkat(self.held.folder.fd(), Path::new(&self.name), UnlinkatFlags::NoRemoveDir);
    }
}

/// What stands there.
struct Old {
    bytes: Secret,
    stat: FileStat,
}

/// Locked until it is dropped, where its file system knows locks: what others have changed is seen in any case.
enum Folder {
    Locked(Flock<OwnedFd>),
    Open(OwnedFd),
}

impl Folder {
    fn fd(&self) -> &OwnedFd {
        match self {
            Self::Locked(fd) => fd,
            Self::Open(fd) => fd,
        }
    }
}

impl Held {
    /// Follows links to the file itself, and reads it.
    ///
    /// # Errors
    /// It is no regular file, cannot be read, or another inject is writing in its folder.
    pub(crate) fn open(path: &Path) -> Result<Self, Fault> {
        let path = target(path)?;
        let name = path.file_name().ok_or_else(|| Fault::invalid("is a folder, not a file"))?.to_owned();
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let fd = sys::open(folder, OFlag::O_RDONLY | OFlag::O_DIRECTORY).map_err(|error| match error {
            Errno::ENOENT => {
                let shown = printable(&folder.to_string_lossy());
                Fault::invalid("its folder is not there").hint(format!("mkdir -m 700 {shown}"))
            }
            error => failed(error),
        })?;
        let folder = match Flock::lock(fd, FlockArg::LockExclusiveNonblock) {
            Ok(locked) => Folder::Locked(locked),
            Err((_, Errno::EWOULDBLOCK)) => {
                return Err(Fault::outage("another inject is writing in the same folder; nothing was changed")
                    .hint("run this again when it has finished"));
            }
            Err((fd, Errno::EBADF | Errno::EOPNOTSUPP | Errno::ENOLCK | Errno::ENOSYS | Errno::EINVAL)) => {
                Folder::Open(fd)
            }
            Err((_, error)) => return Err(failed(error)),
        };
        let old = read(&folder, &name)?;
        Ok(Self { folder, path, name, old, mode: 0o600 })
    }

    /// The same for a file that holds no value: a new one is for everybody to read.
    #[must_use]
    pub(crate) fn for_all(self) -> Self {
        Self { mode: 0o644, ..self }
    }

    /// What stands there.
    pub(crate) fn bytes(&self) -> Option<&[u8]> {
        self.old.as_ref().map(|old| old.bytes.expose())
    }

    /// A copy for another program to change, which only this user can read; its name ends with that of `like`.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn copy(&self, like: &Path) -> Result<Copy<'_>, Fault> {
        let mut name = OsString::from(COPY);
        name.push(like.file_name().unwrap_or(&self.name));
        let copy = Copy { held: self, name };
        // Left by one that was killed.
        let _ = unlinkat(self.folder.fd(), Path::new(&copy.name), UnlinkatFlags::NoRemoveDir);
        let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW;
        let file = sys::open_at(self.folder.fd(), Path::new(&copy.name), flags).map_err(failed)?;
        sys::write_all(file.as_raw_fd(), self.bytes().unwrap_or_default()).map_err(failed)?;
        Ok(copy)
    }

    /// Puts a file with these bytes in its place, with the mode and the owner of the old one.
    ///
    /// # Errors
    /// It cannot be written, its owner cannot be kept, or somebody has changed it since it was read.
    pub(crate) fn replace(self, new: &[u8]) -> Result<(), Fault> {
        if new.len() > MAX_BYTES {
            return Err(Fault::invalid("would be larger than 1 MiB, and no source reads that"));
        }
        let mut beside = self.name.clone();
        beside.push(BESIDE);
        let beside = Path::new(&beside);
        let forget = || {
            let _ = unlinkat(self.folder.fd(), beside, UnlinkatFlags::NoRemoveDir);
        };
        // Left by one that was killed: nobody else uses this name while the folder is locked.
        forget();
        let done = self.write(beside, new).and_then(|()| self.take_place(beside));
        if done.is_err() {
            forget();
        }
        done
    }

    /// Removes the file.
    ///
    /// # Errors
    /// It cannot be removed, or somebody has changed it since it was read.
    pub(crate) fn remove(self) -> Result<(), Fault> {
        self.unchanged()?;
        unlinkat(self.folder.fd(), Path::new(&self.name), UnlinkatFlags::NoRemoveDir).map_err(failed)?;
        self.settle()
    }

    fn write(&self, beside: &Path, new: &[u8]) -> Result<(), Fault> {
        let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW;
        let file = sys::open_at(self.folder.fd(), beside, flags).map_err(failed)?;
        let mine = fstat(&file).map_err(failed)?;
        let mut mode = self.mode;
        if let Some(Old { stat, .. }) = &self.old {
            mode = stat.st_mode & 0o7777;
            if (mine.st_uid, mine.st_gid) != (stat.st_uid, stat.st_gid) {
                fchown(&file, Some(Uid::from_raw(stat.st_uid)), Some(Gid::from_raw(stat.st_gid))).map_err(|_| {
                    let (uid, gid) = (stat.st_uid, stat.st_gid);
                    Fault::denied(format!(
                        "belongs to uid {uid}, gid {gid}, and that cannot be kept; nothing was changed"
                    ))
                    .hint("let its owner write it")
                })?;
            }
        }
        sys::write_all(file.as_raw_fd(), new).map_err(failed)?;
        fchmod(&file, Mode::from_bits_truncate(mode)).map_err(failed)?;
        fsync(&file).map_err(failed)
    }

    fn take_place(&self, beside: &Path) -> Result<(), Fault> {
        self.unchanged()?;
        let folder = self.folder.fd();
        let name = Path::new(&self.name);
        let flags = if self.old.is_some() { RenameFlags::empty() } else { RenameFlags::RENAME_NOREPLACE };
        match renameat2(folder, beside, folder, name, flags) {
            Err(Errno::EEXIST) => return Err(changed()),
            // A file system without that flag; it was looked a moment ago.
            Err(Errno::EINVAL) if self.old.is_none() => {
                renameat2(folder, beside, folder, name, RenameFlags::empty()).map_err(failed)?;
            }
            renamed => renamed.map_err(failed)?,
        }
        self.settle()
    }

    /// The folder's own entry reaches the disk too.
    fn settle(&self) -> Result<(), Fault> {
        match fsync(self.folder.fd()) {
            Ok(()) | Err(Errno::EINVAL | Errno::EBADF) => Ok(()),
            Err(error) => Err(failed(error)),
        }
    }

    fn unchanged(&self) -> Result<(), Fault> {
        let now = read(&self.folder, &self.name)?;
        let same = match (&self.old, &now) {
            (None, None) => true,
            (Some(old), Some(now)) => {
                (old.stat.st_dev, old.stat.st_ino) == (now.stat.st_dev, now.stat.st_ino)
                    && old.bytes.expose() == now.bytes.expose()
            }
            _ => false,
        };
        if same { Ok(()) } else { Err(changed()) }
    }
}

/// The file that a path leads to. A link of somebody else's could lead anywhere.
fn target(path: &Path) -> Result<PathBuf, Fault> {
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        let stat = match lstat(&path) {
            Ok(stat) => stat,
            Err(Errno::ENOENT) => return Ok(path),
            Err(error) => return Err(failed(error)),
        };
        if sys::file_type(&stat) != libc::S_IFLNK {
            return Ok(path);
        }
        if stat.st_uid != nix::unistd::geteuid().as_raw() && stat.st_uid != 0 {
            return Err(Fault::denied(format!("is a link of uid {}", stat.st_uid)));
        }
        let to = PathBuf::from(readlink(&path).map_err(failed)?);
        path = path.parent().unwrap_or(Path::new("")).join(to);
    }
    Err(failed(Errno::ELOOP))
}

fn read(folder: &Folder, name: &OsString) -> Result<Option<Old>, Fault> {
    let flags = OFlag::O_RDONLY | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK;
    let fd = match sys::open_at(folder.fd(), Path::new(name), flags) {
        Ok(fd) => fd,
        Err(Errno::ENOENT) => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let stat = fstat(&fd).map_err(failed)?;
    if sys::file_type(&stat) != libc::S_IFREG {
        return Err(Fault::invalid("is no regular file"));
    }
    let bytes = Secret::new(sys::read_all(&fd, || Ok(())).map_err(failed)?);
    Ok(Some(Old { bytes, stat }))
}

fn changed() -> Fault {
    Fault::outage("somebody else has changed it meanwhile; nothing was changed here").hint("run this again")
}

fn failed(error: Errno) -> Fault {
    match error {
        Errno::EACCES | Errno::EPERM | Errno::EROFS => Fault::denied(os(error)),
        Errno::E2BIG => Fault::invalid("larger than 1 MiB"),
        error => Fault::invalid(os(error)),
    }
}
