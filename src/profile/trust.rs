//! Which profiles of a working tree the user approved: a file of JSON lines, one a profile, in the user's state folder.
//! What is hashed is the text that was parsed.

use super::find::{Origin, base};
use super::{File, Profile};
use crate::error::{Error, os, printable};
use crate::sys::{self, Environ};
use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg, OFlag, RenameFlags, renameat2};
use nix::sys::stat::{FileStat, Mode, fstat};
use serde_json::{Value as Json, json};
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

mod reads;
pub use reads::reads;

/// How many contents that inject itself has replaced stay approved: more than it can write while a launch reads.
const BEFORE: usize = 8;

/// One approved file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// Its real path, see [`place`].
    pub path: String,
    /// The SHA-256 of its content, in hex.
    pub sha256: String,
    /// What it read and ran when it was approved, to show what a changed one does that it did not.
    pub reads: Vec<String>,
}

/// The approvals of this user.
pub struct Store {
    folder: PathBuf,
    /// In the order in which they were given.
    pub approvals: Vec<Approval>,
}

impl Store {
    /// Reads the store; an empty one where there is none yet, `None` where there is no place for one (no HOME).
    ///
    /// # Errors
    /// It cannot be read, belongs to somebody else, or is damaged: nothing is trusted then.
    pub fn open(environ: &Environ) -> Result<Option<Self>, Error> {
        let Some(state) = base(environ, "XDG_STATE_HOME", ".local/state") else { return Ok(None) };
        let folder = state.join("inject");
        let path = folder.join("trust");
        let shown = printable(&path.to_string_lossy());
        let fail = |what: String| Error::new(format!("{shown}: {what}"));
        let lone =
            |stat: &FileStat| stat.st_uid == nix::unistd::geteuid().as_raw() && sys::other_writers(stat).is_none();
        if let Ok(stat) = sys::stat(&folder)
            && !lone(&stat)
        {
            let folder = printable(&folder.to_string_lossy());
            let hint = format!("chmod 700 {folder}, and see who wrote {shown}");
            return Err(Error::new(format!("{folder}: not a folder that only you can write in")).hint(hint));
        }
        let fd = match sys::open(&path, OFlag::O_RDONLY | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK) {
            Ok(fd) => fd,
            Err(Errno::ENOENT | Errno::ENOTDIR) => return Ok(Some(Self { folder, approvals: Vec::new() })),
            Err(error) => return Err(fail(os(error))),
        };
        let stat = fstat(&fd).map_err(|error| fail(os(error)))?;
        let mine = lone(&stat) && stat.st_mode & 0o022 == 0;
        if !mine || sys::file_type(&stat) != libc::S_IFREG {
            return Err(
                fail("not a file that only you can write".into()).hint(format!("remove it, or chmod 600 {shown}"))
            );
        }
        let bytes = sys::read_all(&fd, || Ok(())).map_err(|error| fail(os(error)))?;
        let text = String::from_utf8(bytes).map_err(|_| fail("not UTF-8".into()))?;
        let lines = text.lines().enumerate().map(|(i, line)| {
            approval(line).ok_or_else(|| {
                fail(format!("line {} is no approval", i + 1)).hint(format!("remove {shown} and approve again"))
            })
        });
        let approvals = lines.collect::<Result<_, _>>()?;
        Ok(Some(Self { folder, approvals }))
    }

    /// Whether exactly this content was approved at this path.
    pub fn knows(&self, file: &File) -> bool {
        let (path, hash) = (place(&file.found.path), hash(&file.text));
        self.approvals.iter().any(|approval| Some(&approval.path) == path.as_ref() && approval.sha256 == hash)
    }

    /// The last approval of this path, of whatever content.
    pub fn of(&self, file: &File) -> Option<&Approval> {
        let path = place(&file.found.path)?;
        self.approvals.iter().rfind(|approval| approval.path == path)
    }

    /// Approves what is about to stand in the place of an approved content, beside that: a launch that reads the file just
    /// then finds it approved, before and after. Of the contents before it the last ones stay approved.
    ///
    /// # Errors
    /// The store cannot be written.
    pub fn foresee(environ: &Environ, file: &File) -> Result<(), Error> {
        Self::change(environ, |approvals| {
            let new = Approval { path: recorded(file)?, sha256: hash(&file.text), reads: reads(file) };
            approvals.retain(|known| (&known.path, &known.sha256) != (&new.path, &new.sha256));
            let mut older = approvals.iter().filter(|known| known.path == new.path).count();
            approvals.retain(|known| {
                let goes = known.path == new.path && older > BEFORE;
                older -= usize::from(known.path == new.path);
                !goes
            });
            approvals.push(new);
            Ok(())
        })
    }

    /// Takes back what was foreseen and did not come.
    ///
    /// # Errors
    /// The store cannot be written.
    pub fn forget(environ: &Environ, file: &File) -> Result<(), Error> {
        Self::change(environ, |approvals| {
            let (path, hash) = (recorded(file)?, hash(&file.text));
            approvals.retain(|known| (&known.path, &known.sha256) != (&path, &hash));
            Ok(())
        })
    }

    /// Approves the files as they were parsed.
    ///
    /// # Errors
    /// The store cannot be written.
    pub fn approve(environ: &Environ, files: &[&File]) -> Result<(), Error> {
        Self::change(environ, |approvals| {
            for file in files {
                let path = recorded(file)?;
                approvals.retain(|approval| approval.path != path);
                approvals.push(Approval { path, sha256: hash(&file.text), reads: reads(file) });
            }
            Ok(())
        })
    }

    /// Takes approvals back; how many there were.
    ///
    /// # Errors
    /// The store cannot be written.
    pub fn remove(environ: &Environ, path: &str) -> Result<usize, Error> {
        let mut removed = 0;
        Self::change(environ, |approvals| {
            let before = approvals.len();
            approvals.retain(|approval| approval.path != path);
            removed = before - approvals.len();
            Ok(())
        })?;
        Ok(removed)
    }

    /// Reads, changes and writes under a lock, so that of two at once none is lost. The new file takes the old one's
    /// place in one step.
    fn change(environ: &Environ, change: impl FnOnce(&mut Vec<Approval>) -> Result<(), Error>) -> Result<(), Error> {
        let Some(store) = Self::open(environ)? else {
            return Err(no_home());
        };
        let shown = printable(&store.folder.to_string_lossy());
        let fail = |error: Errno| Error::new(format!("{shown}: {}", os(error)));
        make_folders(&store.folder).map_err(fail)?;
        let folder = sys::open(&store.folder, OFlag::O_RDONLY | OFlag::O_DIRECTORY).map_err(fail)?;
        let folder = Flock::lock(folder, FlockArg::LockExclusive).map_err(|(_, error)| fail(error))?;
        let mut approvals = Self::open(environ)?.map(|store| store.approvals).unwrap_or_default();
        change(&mut approvals)?;
        write(&folder, &approvals).map_err(fail)
    }
}

/// Under which path a file is recorded: where it was found, with the links of its folder resolved. Not its own link: what
/// it names is looked for beside the link, so its target's approval says nothing of the files that stand there.
pub fn place(path: &Path) -> Option<String> {
    let folder = path.parent().map(|folder| if folder.as_os_str().is_empty() { Path::new(".") } else { folder })?;
    Some(std::fs::canonicalize(folder).ok()?.join(path.file_name()?).to_str()?.to_owned())
}

fn recorded(file: &File) -> Result<String, Error> {
    place(&file.found.path).ok_or_else(|| {
        Error::new(format!("{}: its path cannot be recorded", printable(&file.shown)))
            .hint("only an absolute path in UTF-8 can")
    })
}

/// What is said where nothing can be remembered.
pub fn no_home() -> Error {
    Error::new("nothing can be trusted: neither HOME nor XDG_STATE_HOME is an absolute path")
        .hint("name the profile by its path, like -p ./profiles/dev.toml, or pass --trust")
}

fn make_folders(folder: &Path) -> nix::Result<()> {
    for folder in folder.ancestors().collect::<Vec<_>>().into_iter().rev() {
        match nix::unistd::mkdir(folder, Mode::S_IRWXU) {
            Ok(()) | Err(Errno::EEXIST) => {}
            // A folder above that we may not write in is only a problem if it is not there.
            Err(_) if sys::stat(folder).is_ok() => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn write(folder: &Flock<OwnedFd>, approvals: &[Approval]) -> nix::Result<()> {
    let line = |a: &Approval| format!("{}\n", json!({"path": a.path, "sha256": a.sha256, "reads": a.reads}));
    let text: String = approvals.iter().map(line).collect();
    let name = format!("trust.{}", std::process::id());
    let _ = nix::unistd::unlinkat(&**folder, name.as_str(), nix::unistd::UnlinkatFlags::NoRemoveDir);
    let file = sys::open_at(&**folder, Path::new(&name), OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL)?;
    let done = (|| {
        sys::write_all(file.as_raw_fd(), text.as_bytes())?;
        nix::unistd::fsync(&file)?;
        renameat2(&**folder, name.as_str(), &**folder, "trust", RenameFlags::empty())
    })();
    if done.is_err() {
        let _ = nix::unistd::unlinkat(&**folder, name.as_str(), nix::unistd::UnlinkatFlags::NoRemoveDir);
    }
    done
}

fn approval(line: &str) -> Option<Approval> {
    let json: Json = serde_json::from_str(line).ok()?;
    let text = |name: &str| json.get(name)?.as_str().map(String::from);
    let reads = json.get("reads")?.as_array()?.iter().map(|item| item.as_str().map(String::from));
    Some(Approval { path: text("path")?, sha256: text("sha256")?, reads: reads.collect::<Option<_>>()? })
}

/// The SHA-256 of a text, in lower-case hexadecimal digits.
pub fn hash(text: &str) -> String {
    data_encoding::HEXLOWER.encode(&hmac_sha256::Hash::hash(text.as_bytes()))
}

/// The files of a profile that must be approved before anything is opened: those found in the working tree, and those
/// that others could have written.
pub fn unapproved<'a>(profile: &'a Profile, store: Option<&Store>) -> Vec<&'a File> {
    let needs = |file: &&File| file.found.origin == Origin::Tree || file.concern.is_some();
    profile.files.iter().filter(needs).filter(|file| !store.is_some_and(|store| store.knows(file))).collect()
}

/// Why a launch stops here, and the command to run.
pub fn refusal(profile: &Profile, files: &[&File], store: Option<&Store>) -> Error {
    let mut error = Error { exit: 125, reports: Vec::new() };
    for file in files {
        let shown = printable(&file.shown);
        let changed = store.and_then(|store| store.of(file)).is_some();
        let mut message = match &file.concern {
            Some((concern, _)) => format!("{shown}: not trusted: {concern}"),
            None if changed => format!("{shown}: changed since it was trusted"),
            None => format!("{shown}: not trusted: it was found in the working tree"),
        };
        if let Some(hidden) = &file.found.hides {
            message.push_str(&format!("; it hides {}", printable(&hidden.to_string_lossy())));
        }
        let (name, top) = top(profile, file);
        let hint = match (&file.concern, store) {
            (Some((_, fix)), _) => format!("`{fix}`, or look at it and run `inject trust {shown}`"),
            (None, None) => format!(
                "HOME is not set, so nothing is trusted; name it by its path, like -p {}",
                if top.starts_with(['/', '.']) { top } else { format!("./{top}") }
            ),
            (None, Some(_)) => format!("look at it, then run `inject trust {name}`"),
        };
        error.reports.push(crate::error::Report { place: None, message, hint: Some(hint) });
    }
    error
}

/// The `-p` that led to a file, as it was given and as a path: to approve it is to approve all that it extends.
fn top(profile: &Profile, file: &File) -> (String, String) {
    let stacks = profile.wish.profiles.iter().zip(&profile.stacks);
    let mut tops = stacks.filter(|(_, stack)| stack.files.iter().any(|i| std::ptr::eq(&profile.files[*i], file)));
    let path = |i: &usize| printable(&profile.files[*i].shown);
    tops.next().map_or_else(Default::default, |(name, stack)| {
        (printable(name), stack.files.last().map(path).unwrap_or_default())
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn hashes_are_sha256() {
        let known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"; // FIPS 180-4
        assert_eq!(super::hash("abc"), known);
    }
}
