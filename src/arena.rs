//! The one block of memory that holds secrets at the exec: locked, left out of core files, and where the kernel has
//! memfd_secret(2) readable by nobody else, not even root's ptrace. The kernel copies the environment out of it.
#![allow(unsafe_code)]

use nix::errno::Errno;
use nix::sys::resource::{Resource, getrlimit};
use std::num::NonZeroUsize;
use std::os::fd::{FromRawFd, OwnedFd};
use std::ptr::NonNull;

/// How well the arena is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// memfd_secret: not swapped, not dumped, not readable by any other process.
    Secret,
    /// Locked and not dumped.
    Locked,
    /// Not dumped; the limit for locked memory allows no more.
    Unlocked,
}

/// A block of a fixed size, filled from its start. Wiped on drop.
pub struct Arena {
    start: NonNull<u8>,
    size: usize,
    used: usize,
    /// How well it is kept.
    pub kept: Kept,
}

impl Arena {
    /// A block of at least `size` bytes. Only what is used is ever touched.
    ///
    /// # Errors
    /// There is no memory.
    pub fn new(size: usize) -> nix::Result<Self> {
        let size = size.max(1).next_multiple_of(4096);
        let (start, kept) = match secret(size) {
            Ok(start) => (start, Kept::Secret),
            Err(_) => fallback(size)?,
        };
        Ok(Self { start, size, used: 0, kept })
    }

    /// Appends the pieces and a NUL as one string; where it starts. `None` where there is no room or a piece holds a NUL.
    pub fn push(&mut self, pieces: &[&[u8]]) -> Option<*const libc::c_char> {
        let length = pieces.iter().try_fold(1_usize, |sum, piece| sum.checked_add(piece.len()))?;
        let end = self.used.checked_add(length).filter(|end| *end <= self.size)?;
        let first = self.start.as_ptr().wrapping_add(self.used);
        let mut at = first;
        for piece in pieces {
            // SAFETY: `at..at + piece.len()` lies inside the mapping, as was just checked, and nothing else refers to it.
            unsafe { std::ptr::copy_nonoverlapping(piece.as_ptr(), at, piece.len()) };
            at = at.wrapping_add(piece.len());
        }
        // SAFETY: the last byte of this string's place. Fresh mappings are zero, but a bound is not a guess.
        unsafe { at.write(0) };
        // Also where it is refused: what was written is wiped with the rest.
        self.used = end;
        // SAFETY: what was just written. One look at the whole costs less than one at each piece.
        let string = unsafe { std::slice::from_raw_parts(first, length - 1) };
        if memchr::memchr(0, string).is_some() {
            return None;
        }
        Some(first.cast())
    }
}

impl Drop for Arena {
    /// Only reached where nothing was run.
    fn drop(&mut self) {
        for at in 0..self.used {
            // SAFETY: inside the mapping; volatile, so that it is not optimised away.
            unsafe { self.start.as_ptr().add(at).write_volatile(0) };
        }
        // SAFETY: this mapping is ours and nothing refers to it any more.
        unsafe { libc::munmap(self.start.as_ptr().cast(), self.size) };
    }
}

/// Not in libc for every target; the number is the same on all of them.
const MEMFD_SECRET: libc::c_long = 447;

fn secret(size: usize) -> nix::Result<NonNull<u8>> {
    // ftruncate above RLIMIT_FSIZE does not fail: it kills.
    let (limit, _) = getrlimit(Resource::RLIMIT_FSIZE)?;
    if limit < size as u64 {
        return Err(Errno::EFBIG);
    }
    if !crate::sys::permits(MEMFD_SECRET) {
        return Err(Errno::EPERM);
    }
    // SAFETY: a system call on one number.
    let fd = Errno::result(unsafe { libc::syscall(MEMFD_SECRET, libc::O_CLOEXEC) })?;
    let fd = i32::try_from(fd).map_err(|_| Errno::EBADF)?;
    // SAFETY: the kernel just made it for us. It is closed before anything else is opened, so it may be 0 to 2.
    let fd = unsafe { OwnedFd::from_raw_fd(fd) };
    nix::unistd::ftruncate(&fd, i64::try_from(size).map_err(|_| Errno::EFBIG)?)?;
    map(size, libc::MAP_SHARED, std::os::fd::AsRawFd::as_raw_fd(&fd))
}

fn fallback(size: usize) -> nix::Result<(NonNull<u8>, Kept)> {
    let start = map(size, libc::MAP_SHARED | libc::MAP_ANONYMOUS, -1)?;
    let at = start.as_ptr().cast();
    // SAFETY: both calls are about the mapping that was just made, and change no content. ONFAULT: locking must not touch
    // the pages that stay unused.
    let locked = unsafe {
        Errno::result(libc::madvise(at, size, libc::MADV_DONTDUMP))?;
        libc::mlock2(at, size, libc::MLOCK_ONFAULT as _) == 0
    };
    Ok((start, if locked { Kept::Locked } else { Kept::Unlocked }))
}

fn map(size: usize, flags: libc::c_int, fd: i32) -> nix::Result<NonNull<u8>> {
    let size = NonZeroUsize::new(size).ok_or(Errno::EINVAL)?;
    // SAFETY: a new mapping at an address of the kernel's choice.
    let at = unsafe { libc::mmap(std::ptr::null_mut(), size.get(), libc::PROT_READ | libc::PROT_WRITE, flags, fd, 0) };
    if at == libc::MAP_FAILED {
        return Err(Errno::last());
    }
    NonNull::new(at.cast()).ok_or(Errno::ENOMEM)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::ffi::CStr;

    fn fill(mut arena: Arena) {
        let text = arena.push(&[b"A", b"=", b"b c"]).unwrap();
        let empty = arena.push(&[b""]).unwrap();
        // SAFETY: `push` made both.
        unsafe {
            assert_eq!(CStr::from_ptr(text).to_bytes(), b"A=b c");
            assert_eq!(CStr::from_ptr(empty).to_bytes(), b"");
        }
        assert!(arena.push(&[b"a\0b"]).is_none());
        assert!(arena.push(&[&vec![b'x'; arena.size - arena.used]]).is_none());
        assert!(arena.push(&[&vec![b'x'; arena.size - arena.used - 1]]).is_some());
        assert!(arena.push(&[b""]).is_none());
    }

    #[test]
    fn strings_fit_or_are_refused() {
        fill(Arena::new(10).unwrap());
        let (start, kept) = fallback(4096).unwrap();
        fill(Arena { start, size: 4096, used: 0, kept });
    }
}
