//! The command: found before anything is resolved, and become at the end.

use crate::error::{Error, os, printable};
use crate::sys::{self, Environ};
use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag};
use nix::unistd::{AccessFlags, faccessat};
use std::ffi::{CStr, CString, OsStr};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Where the caller has no PATH.
const DEFAULT_PATH: &[u8] = b"/bin:/usr/bin";

/// The file to execute for `name`: itself where it holds a `/`, else the first executable regular file of that name in
/// the caller's PATH. Empty and relative elements of PATH are passed over: they would run whatever lies in the working
/// directory.
///
/// # Errors
/// 127 not found; 126 found, but it cannot be executed.
pub fn locate(name: &CStr, environ: &Environ) -> Result<CString, Error> {
    let bytes = name.to_bytes();
    let shown = if bytes.is_empty() { "''".into() } else { printable(&String::from_utf8_lossy(bytes)) };
    if bytes.contains(&b'/') {
        return match usable(Path::new(OsStr::from_bytes(bytes))) {
            Ok(()) => Ok(name.into()),
            Err(Errno::ENOENT | Errno::ENOTDIR) => Err(Error::new(format!("{shown}: not found")).exit(127)),
            Err(error) => Err(refused(&shown, error)),
        };
    }
    let path = environ.get("PATH").unwrap_or(DEFAULT_PATH);
    let mut skipped = false;
    let mut found = None;
    for folder in path.split(|c| *c == b':') {
        if !folder.starts_with(b"/") {
            skipped = true;
            continue;
        }
        let file = [folder, b"/", bytes].concat();
        match usable(Path::new(OsStr::from_bytes(&file))) {
            Ok(()) if !bytes.is_empty() => {
                return CString::new(file).map_err(|_| Error::new("a NUL character in PATH"));
            }
            Ok(()) | Err(Errno::ENOENT | Errno::ENOTDIR | Errno::ENAMETOOLONG) => {}
            Err(error) => found = found.or(Some((file, error))),
        }
    }
    if let Some((file, error)) = found.filter(|_| !bytes.is_empty()) {
        return Err(refused(&printable(&String::from_utf8_lossy(&file)), error));
    }
    let note = if skipped { " (its empty and relative elements are skipped)" } else { "" };
    Err(Error::new(format!("{shown}: not found in the caller's PATH{note}")).exit(127))
}

/// Whether a path is an executable regular file.
fn usable(path: &Path) -> nix::Result<()> {
    let stat = sys::stat(path)?;
    match sys::file_type(&stat) {
        libc::S_IFREG => faccessat(nix::fcntl::AT_FDCWD, path, AccessFlags::X_OK, AtFlags::AT_EACCESS),
        libc::S_IFDIR => Err(Errno::EISDIR),
        _ => Err(Errno::EACCES),
    }
}

fn refused(shown: &str, error: Errno) -> Error {
    Error::new(format!("{shown}: cannot be executed: {}", os(error))).exit(126)
}

/// Looks at the first bytes of a command: what the kernel would refuse after everything was resolved is refused now.
///
/// # Errors
/// 126: no program and no script, an interpreter that is not there.
pub fn check_format(path: &CStr) -> Result<(), Error> {
    let shown = printable(&path.to_string_lossy());
    // A file that may be executed but not read is left to the kernel.
    let Ok(fd) = sys::open(Path::new(OsStr::from_bytes(path.to_bytes())), OFlag::O_RDONLY | OFlag::O_NONBLOCK) else {
        return Ok(());
    };
    let mut head = [0; 1024];
    let Ok(length) = nix::unistd::read(&fd, &mut head) else { return Ok(()) };
    let head = &head[..length];
    let interpreter = match head {
        [b'#', b'!', rest @ ..] => {
            let line = rest.split(|c| *c == b'\n' || *c == 0).next().unwrap_or_default();
            line.trim_ascii_start().split(u8::is_ascii_whitespace).next()
        }
        [0x7f, b'E', b'L', b'F', ..] if !foreign(head) || further_formats() => elf_interpreter(head),
        [0x7f, b'E', b'L', b'F', ..] => {
            return Err(refused(&shown, Errno::ENOEXEC).hint("it is a program for another machine"));
        }
        // Somebody registered further formats with the kernel: it decides.
        _ if further_formats() => None,
        _ => {
            return Err(refused(&shown, Errno::ENOEXEC)
                .hint(format!("it has no '#!' line and is no program; name its interpreter, like: sh {shown}")));
        }
    };
    let Some(interpreter) = interpreter.filter(|path| path.starts_with(b"/")) else { return Ok(()) };
    match usable(Path::new(OsStr::from_bytes(interpreter))) {
        Ok(()) => Ok(()),
        Err(error) => {
            let interpreter = printable(&String::from_utf8_lossy(interpreter));
            Err(Error::new(format!("{shown}: its interpreter {interpreter}: {}", os(error))).exit(126))
        }
    }
}

/// The path in PT_INTERP of a 64-bit little-endian ELF file, where the first bytes hold it (System V ABI, chapter 5).
fn elf_interpreter(head: &[u8]) -> Option<&[u8]> {
    let number = |at: usize, length: usize| -> Option<usize> {
        let bytes = head.get(at..at.checked_add(length)?)?;
        Some(bytes.iter().rev().fold(0, |sum, byte| sum << 8 | usize::from(*byte)))
    };
    if head.get(4..6)? != [2, 1] {
        return None;
    }
    let (table, size, count) = (number(32, 8)?, number(54, 2)?, number(56, 2)?);
    let row = (0..count).map(|i| table.wrapping_add(i * size)).find(|row| number(*row, 4) == Some(3))?;
    let (at, length) = (number(row + 8, 8)?, number(row + 32, 8)?);
    head.get(at..at.checked_add(length)?)?.split(|c| *c == 0).next()
}

/// Whether an ELF file is for a machine that this one never is (e_machine, System V ABI, chapter 4).
fn foreign(head: &[u8]) -> bool {
    let runs: &[u8] = match std::env::consts::ARCH {
        "x86_64" => &[62, 3],
        "aarch64" => &[183, 40],
        _ => return false,
    };
    !matches!(head, [_, _, _, _, _, 1, ..] if head.get(18).is_some_and(|low| runs.contains(low)) && head.get(19) == Some(&0))
}

fn further_formats() -> bool {
    let entries = std::fs::read_dir("/proc/sys/fs/binfmt_misc").into_iter().flatten().flatten();
    entries.into_iter().any(|entry| entry.file_name() != "status" && entry.file_name() != "register")
}

/// The words for an execve that came back.
pub fn failed(path: &CStr, error: Errno) -> Error {
    let shown = printable(&path.to_string_lossy());
    match error {
        Errno::ENOENT => Error::new(format!("{shown}: it, or the interpreter that it names, is not there")).exit(126),
        Errno::ENOEXEC => refused(&shown, error).hint("it is no program for this machine, and has no '#!' line"),
        error => refused(&shown, error),
    }
}
