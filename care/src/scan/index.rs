//! What the next commit would change, as it stands in the index.

use super::files::{told, up};
use super::{Identity, Scanner, identity};
use inject::error::{Error, Fault, Report, printable};
use inject::git;
use inject::process::Output;
use inject::sys::{self, Environ};
use inject::verb;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A commit of gigabytes is read in less.
const PATIENCE: Duration = Duration::from_secs(3600);

/// What git says of the index and HEAD, also where nothing was committed yet.
const CHANGED: [&str; 9] = [
    "diff",
    "--cached",
    "--raw",
    "-z",
    "--no-abbrev",
    "--no-renames",
    "--no-relative",
    "--no-ext-diff",
    "--ignore-submodules=none",
];

/// A file that was added or changed.
struct Staged {
    path: PathBuf,
    object: Vec<u8>,
}

/// Reads every file that was staged, but for those that the profile reads; `plain` are those of them that are to be warned
/// of.
///
/// # Errors
/// There is no work tree, or git fails.
pub(super) fn scan(scanner: &mut Scanner<'_>, plain: &[PathBuf], environ: &Environ) -> Result<(), Error> {
    let up = PathBuf::from(up(environ)?);
    let spec = git::spec(&CHANGED.map(OsStr::new), environ);
    let changed = spec.and_then(|spec| git::printed(spec, PATIENCE)).map_err(told)?;
    let mut staged = staged(&changed, &up)?;
    let own = staged.extract_if(.., |file| known(&file.path).is_some_and(|file| scanner.own.contains(&file)));
    let own: Vec<_> = own.filter_map(|file| known(&file.path)).collect();
    let plain: Vec<_> =
        plain.iter().filter(|path| known(path).is_some_and(|file| own.contains(&file))).cloned().collect();
    verb::warn(&git::warnings(&plain, environ));
    let request: Vec<u8> = staged.iter().flat_map(|file| [&file.object[..], b"\n"].concat()).collect();
    if request.is_empty() {
        return Ok(());
    }
    let spec = git::spec(&["cat-file", "--batch"].map(OsStr::new), environ).map_err(told)?;
    let objects = Objects { scanner, files: staged, next: 0, header: Vec::new(), left: None };
    git::run(spec, request, Box::new(objects), PATIENCE).map_err(told)
}

fn known(path: &Path) -> Option<Identity> {
    sys::stat(path).ok().map(|stat| identity(&stat))
}

/// Reads `:MODE MODE OBJECT OBJECT STATUS`, each with the path behind it.
fn staged(changed: &[u8], up: &Path) -> Result<Vec<Staged>, Error> {
    let mut fields = changed.split(|byte| *byte == 0);
    let (mut staged, mut unmerged) = (Vec::new(), Vec::new());
    while let (Some(row), Some(path)) = (fields.next().filter(|row| !row.is_empty()), fields.next()) {
        let path = up.join(OsStr::from_bytes(path));
        let words: Vec<_> = row.split(|byte| *byte == b' ').collect();
        match words[..] {
            [_, _, _, _, b"D"] | [_, b"160000", ..] => {}
            [_, _, _, _, b"U"] => {
                let message = format!("{}: is not merged yet", printable(&path.to_string_lossy()));
                unmerged.push(Report { place: None, message, hint: None });
            }
            [_, _, _, object, _] => staged.push(Staged { path, object: object.to_vec() }),
            _ => return Err(Error::new("git names what is staged in a way that is not understood")),
        }
    }
    Error::of(unmerged)?;
    Ok(staged)
}

/// What `git cat-file --batch` prints: `OBJECT TYPE SIZE`, so many bytes and a newline, in the order of the request.
struct Objects<'s, 'n> {
    scanner: &'s mut Scanner<'n>,
    files: Vec<Staged>,
    /// The file whose object comes.
    next: usize,
    header: Vec<u8>,
    /// Of the object, the last newline included, once its header was read.
    left: Option<usize>,
}

impl Output for Objects<'_, '_> {
    fn feed(&mut self, mut bytes: &[u8]) -> Result<bool, Fault> {
        while let Some(file) = self.files.get(self.next) {
            let Some(left) = self.left else {
                let Some(end) = memchr::memchr(b'\n', bytes) else {
                    self.header.extend_from_slice(bytes);
                    return Ok(false);
                };
                self.header.extend_from_slice(&bytes[..end]);
                bytes = &bytes[end + 1..];
                let size = size(&std::mem::take(&mut self.header), &file.object);
                let missing =
                    || format!("{}: git does not have what is staged", printable(&file.path.to_string_lossy()));
                self.left = Some(size.ok_or_else(|| Fault::invalid(missing()))? + 1);
                continue;
            };
            if bytes.is_empty() {
                return Ok(false);
            }
            let reading = &mut self.scanner.reading;
            let room = reading.room();
            let count = bytes.len().min(left - 1).min(room.len());
            room[..count].copy_from_slice(&bytes[..count]);
            reading.took(count);
            bytes = &bytes[count..];
            self.left = Some(left - count);
            if left - count == 1 && !bytes.is_empty() {
                let hits = reading.end();
                self.scanner.keep(&file.path, hits);
                (bytes, self.left, self.next) = (&bytes[1..], None, self.next + 1);
            }
        }
        Ok(true)
    }
}

/// The size in a header, where it is that of this object.
fn size(header: &[u8], object: &[u8]) -> Option<usize> {
    std::str::from_utf8(header.strip_prefix(object)?).ok()?.strip_prefix(" blob ")?.parse().ok()
}
