//! All unsafe code but the arena's: descriptors that never land on 0 to 2, the initial environment, signals, children.
#![allow(unsafe_code)]

mod alloc;
mod ask;
mod environ;
mod filter;
mod signals;
mod spawn;

pub use alloc::Wiping;
pub use ask::{ask, confirm};
pub use environ::Environ;
pub use filter::permits;
pub use signals::{Endings, Guard, Mask, show_line};
pub use spawn::{Child, Program, Stdio, spawn};

use nix::errno::Errno;
use nix::fcntl::{AtFlags, FcntlArg, OFlag, fcntl, openat};
use nix::sys::stat::{FileStat, Mode, fstat};
use std::ffi::CStr;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::path::Path;

/// The most that a profile, a document or an answer may hold, in bytes.
pub const MAX_BYTES: usize = 1 << 20;

/// `PR_SET_DUMPABLE 0`: no core file, and nobody but root reads this process through /proc. The exec resets it.
pub fn undumpable() -> nix::Result<()> {
    // SAFETY: PR_SET_DUMPABLE takes one integer and touches no memory.
    Errno::result(unsafe { libc::prctl(libc::PR_SET_DUMPABLE, 0, 0, 0, 0) }).map(drop)
}

/// Overwrites what functions that have come back left of their frames below the caller's: vector code spills what it looks
/// at, and what is moved leaves its copy. A quarter of a megabyte is deeper than any document nests.
#[inline(never)]
pub fn wipe_stack() {
    // Not optimised away: something that the compiler knows nothing of may look at it.
    std::hint::black_box(&mut [0_u8; 256 << 10]);
}

/// A panic says where it happened and nothing else: its message can quote a value.
pub fn hide_panics() {
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map_or_else(String::new, |at| format!(" at {}:{}", at.file(), at.line()));
        write_lossy(2, format!("inject: error: this is a bug{place}; nothing was run\n").as_bytes());
    }));
}

/// The arguments of main, as strings.
///
/// # Safety
/// They are main's.
pub unsafe fn words(argc: i32, argv: *const *const libc::c_char) -> Vec<&'static CStr> {
    // SAFETY: argc pointers, each to a string on the initial stack.
    unsafe { pointers(argc, argv).into_iter().filter(|at| !at.is_null()).map(|at| CStr::from_ptr(at)).collect() }
}

/// The arguments of main, as they are, the null at the end included.
///
/// # Safety
/// They are main's.
pub unsafe fn pointers(argc: i32, argv: *const *const libc::c_char) -> Vec<*const libc::c_char> {
    let count = usize::try_from(argc).unwrap_or(0);
    // SAFETY: argv has argc elements and a null behind them.
    unsafe { std::slice::from_raw_parts(argv, count + 1) }.to_vec()
}

/// A C string as std's own type for what the system gives, byte for byte.
pub fn os_string(text: &CStr) -> std::ffi::OsString {
    use std::os::unix::ffi::OsStrExt;
    std::ffi::OsStr::from_bytes(text.to_bytes()).to_owned()
}

/// Whether the kernel started this program with more rights than its caller has (set-user-ID, file capabilities).
pub fn elevated() -> bool {
    // SAFETY: getauxval only reads the auxiliary vector.
    unsafe { libc::getauxval(libc::AT_SECURE) != 0 }
}

/// The path that the kernel executed (AT_EXECFN), with which `inject-store` is found; no /proc needed.
pub fn executed_as() -> Option<&'static Path> {
    use std::os::unix::ffi::OsStrExt;
    // SAFETY: AT_EXECFN is 0 or points to a string on the initial stack, which lives as long as the process.
    let name = unsafe {
        let at = libc::getauxval(libc::AT_EXECFN) as *const libc::c_char;
        (!at.is_null()).then(|| CStr::from_ptr(at))
    }?;
    Some(Path::new(std::ffi::OsStr::from_bytes(name.to_bytes())))
}

/// Moves a descriptor to 3 or above: where the caller closed 0, 1 or 2, a file of ours must not become the command's
/// standard output.
pub fn above_stdio(fd: OwnedFd) -> nix::Result<OwnedFd> {
    if fd.as_raw_fd() > 2 {
        return Ok(fd);
    }
    let high = fcntl(&fd, FcntlArg::F_DUPFD_CLOEXEC(3))?;
    // SAFETY: fcntl just made this descriptor and nobody else knows it.
    Ok(unsafe { OwnedFd::from_raw_fd(high) })
}

/// openat(2) with O_CLOEXEC and O_NOCTTY, never on 0 to 2.
///
/// # Errors
/// The system's.
pub fn open_at(folder: impl AsFd, path: &Path, flags: OFlag) -> nix::Result<OwnedFd> {
    above_stdio(openat(folder, path, flags | OFlag::O_CLOEXEC | OFlag::O_NOCTTY, Mode::from_bits_truncate(0o600))?)
}

/// The same, from the working directory.
///
/// # Errors
/// The system's.
pub fn open(path: &Path, flags: OFlag) -> nix::Result<OwnedFd> {
    open_at(nix::fcntl::AT_FDCWD, path, flags)
}

/// stat(2), without std's own descriptors and allocations.
///
/// # Errors
/// The system's.
pub fn stat(path: &Path) -> nix::Result<FileStat> {
    nix::sys::stat::fstatat(nix::fcntl::AT_FDCWD, path, AtFlags::empty())
}

/// What kind of file `stat` describes: one of the `S_IF` constants.
pub fn file_type(stat: &FileStat) -> libc::mode_t {
    stat.st_mode & libc::S_IFMT
}

/// Who but the owner and root can write what `stat` describes. A group of the owner's own number is the owner (umask 002).
pub fn other_writers(stat: &FileStat) -> Option<&'static str> {
    let anyone = stat.st_mode & 0o002 != 0;
    let group = stat.st_mode & 0o020 != 0 && stat.st_gid != stat.st_uid;
    anyone.then_some("anyone").or(group.then_some("its group"))
}

/// Reads to the end, into one buffer sized by fstat. `ready` is called before each read of what is no regular file and
/// waits until there is something to read.
///
/// # Errors
/// E2BIG where there are more than [`MAX_BYTES`]; the system's; `ready`'s.
pub fn read_all(fd: &OwnedFd, mut ready: impl FnMut() -> nix::Result<()>) -> nix::Result<Vec<u8>> {
    let stat = fstat(fd)?;
    let regular = file_type(&stat) == libc::S_IFREG;
    let size = usize::try_from(stat.st_size).unwrap_or(0);
    if size > MAX_BYTES {
        return Err(Errno::E2BIG);
    }
    // One byte more than the file has, so that the read that finds the end needs no larger buffer.
    let mut bytes = vec![0; if regular && size > 0 { size + 1 } else { 4096 }];
    let mut filled = 0;
    loop {
        if !regular {
            ready()?;
        }
        match nix::unistd::read(fd, &mut bytes[filled..]) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(Errno::EINTR | Errno::EAGAIN) => continue,
            Err(error) => return Err(error),
        }
        if filled > MAX_BYTES {
            return Err(Errno::E2BIG);
        }
        if filled == bytes.len() {
            bytes.resize(filled * 2, 0);
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}

/// Writes to a descriptor and ignores what becomes of it: a closed pipe, a full device or a closed descriptor is no
/// reason to fail.
pub fn write_lossy(fd: RawFd, bytes: &[u8]) {
    let _ = write_all(fd, bytes);
}

/// Writes everything, or says why not: neither a closed pipe (SIGPIPE) nor `ulimit -f` (SIGXFSZ) ends us.
///
/// # Errors
/// The system's.
pub fn write_all(fd: RawFd, mut bytes: &[u8]) -> nix::Result<()> {
    let _quiet = signals::Quiet::new();
    while !bytes.is_empty() {
        // SAFETY: the pointer and the length are those of a live slice; a bad descriptor is an error.
        match Errno::result(unsafe { libc::write(fd, bytes.as_ptr().cast(), bytes.len()) }) {
            Ok(n) => bytes = bytes.get(n.unsigned_abs()..).unwrap_or_default(),
            Err(Errno::EINTR) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// A time since 1970 as RFC 3339 writes it, in UTC, to the millisecond.
pub fn utc(since: std::time::Duration) -> String {
    let seconds = libc::time_t::try_from(since.as_secs()).unwrap_or(libc::time_t::MAX);
    // SAFETY: gmtime_r fills in the struct that it is given, for which zeroes are valid.
    let tm = unsafe {
        let mut tm: libc::tm = std::mem::zeroed();
        libc::gmtime_r(&raw const seconds, &raw mut tm);
        tm
    };
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
        tm.tm_year + 1900,
        tm.tm_mon + 1,
        tm.tm_mday,
        tm.tm_hour,
        tm.tm_min,
        tm.tm_sec,
        since.subsec_millis()
    )
}

/// Whether `fd` is a terminal on which this process is in the foreground.
pub fn foreground_terminal(fd: RawFd) -> bool {
    // SAFETY: both calls only look at a descriptor number.
    unsafe { libc::isatty(fd) == 1 && libc::tcgetpgrp(fd) == libc::getpgrp() }
}

/// The columns of the terminal `fd`, 80 where it does not say.
pub fn columns(fd: RawFd) -> usize {
    // SAFETY: TIOCGWINSZ fills in the struct that it is given; zeroes are valid for it.
    let size = unsafe {
        let mut size: libc::winsize = std::mem::zeroed();
        if libc::ioctl(fd, libc::TIOCGWINSZ, &raw mut size) == 0 { size.ws_col } else { 0 }
    };
    if size == 0 { 80 } else { size.into() }
}

/// execve(2) with pointers that the caller vouches for; comes back only with an error.
///
/// # Safety
/// Both lists end in a null pointer, and every other element points to a NUL-terminated string.
pub unsafe fn execve(path: &CStr, argv: &[*const libc::c_char], envp: &[*const libc::c_char]) -> Errno {
    // SAFETY: the caller's promise.
    unsafe { libc::execve(path.as_ptr(), argv.as_ptr(), envp.as_ptr()) };
    Errno::last()
}

/// execveat(2) of an open program, with the caller's environment; comes back only with an error.
pub fn execveat(program: &OwnedFd, argv: &[&CStr], environ: &Environ) -> Errno {
    let list = |strings: &[&CStr]| -> Vec<_> {
        strings.iter().map(|string| string.as_ptr()).chain([std::ptr::null()]).collect::<Vec<_>>()
    };
    let (argv, envp) = (list(argv), list(environ.entries()));
    // SAFETY: both lists end in a null pointer, and their strings outlive the call.
    unsafe {
        libc::syscall(
            libc::SYS_execveat,
            program.as_raw_fd(),
            c"".as_ptr(),
            argv.as_ptr(),
            envp.as_ptr(),
            libc::AT_EMPTY_PATH,
        )
    };
    Errno::last()
}

/// The bytes that the strings of an argument list take, NULs included.
///
/// The list is `argv` as the kernel gave it: its pointers are null or point to strings on the initial stack.
pub fn lengths(argv: &[*const libc::c_char]) -> usize {
    // SAFETY: see above; only this crate's main makes such lists.
    argv.iter().filter(|at| !at.is_null()).map(|at| unsafe { CStr::from_ptr(*at) }.to_bytes_with_nul().len()).sum()
}
