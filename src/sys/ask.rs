//! A question on the terminal whose answer is not shown. Whatever ends it, the terminal is left as it was.

use super::signals::{ENDING, Mask, disposition};
use super::{above_stdio, open, write_lossy};
use crate::secret::Secret;
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::Signal;
use nix::sys::termios::{LocalFlags, SetArg, Termios, tcgetattr, tcsetattr};
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::path::Path;
use zeroize::Zeroizing;

/// What ends a process by default and can be sent to one that asks, besides what ends a launch.
const OTHERS: [Signal; 6] =
    [Signal::SIGALRM, Signal::SIGPIPE, Signal::SIGPROF, Signal::SIGUSR1, Signal::SIGUSR2, Signal::SIGVTALRM];

/// What the terminal driver hands over as one line at most.
const LINE: usize = 4096;

/// Asks on the controlling terminal, with echo off, and gives the line back without its newline. What was typed before
/// is no answer. A signal that would end the process ends it, after the terminal is restored; Ctrl-Z waits until then.
///
/// # Errors
/// `ENOTTY`: there is no terminal, or this process is in its background. `EINTR`: a signal that cannot end the process,
/// the first of a container. `ENODATA`: the terminal was closed or Ctrl-D was typed.
pub fn ask(question: &str) -> nix::Result<Secret> {
    let terminal = open(Path::new("/dev/tty"), OFlag::O_RDWR).map_err(|_| Errno::ENOTTY)?;
    if nix::unistd::tcgetpgrp(&terminal)? != nix::unistd::getpgrp() {
        return Err(Errno::ENOTTY);
    }
    let asking = Asking::new(terminal)?;
    write_lossy(asking.terminal.as_raw_fd(), question.as_bytes());
    asking.line()
}

/// Shows `text`, which ends in a question, on the controlling terminal, and says whether the answer is yes; false where
/// stderr is no terminal or this process is in its background. What was typed before the question is no answer to it.
pub fn confirm(text: &str) -> bool {
    if !super::foreground_terminal(2) {
        return false;
    }
    let Ok(terminal) = open(Path::new("/dev/tty"), OFlag::O_RDWR) else { return false };
    let _ = nix::sys::termios::tcflush(&terminal, nix::sys::termios::FlushArg::TCIFLUSH);
    write_lossy(terminal.as_raw_fd(), text.as_bytes());
    let mut line = Vec::new();
    let mut byte = [0];
    while line.len() < 100 {
        match nix::unistd::read(&terminal, &mut byte) {
            Ok(1) if byte != *b"\n" => line.push(byte[0]),
            Err(Errno::EINTR) => {}
            _ => break,
        }
    }
    matches!(line.as_slice(), b"y" | b"Y" | b"yes")
}

/// Echo is off for as long as this lives, and no signal comes in between.
struct Asking {
    terminal: OwnedFd,
    before: Termios,
    signals: OwnedFd,
    mask: Mask,
}

impl Asking {
    fn new(terminal: OwnedFd) -> nix::Result<Self> {
        let before = tcgetattr(&terminal)?;
        let ending = || ENDING.into_iter().chain(OTHERS);
        let mask = Mask::of(ending().chain([Signal::SIGTSTP])).change(libc::SIG_BLOCK)?;
        // What the caller ignores or blocks does not end anything here either.
        let ends = |signal: &Signal| !mask.has(*signal) && disposition(*signal as i32) != libc::SIG_IGN;
        let signals = Mask::of(ending().filter(ends)).descriptor().inspect_err(|_| {
            let _ = mask.change(libc::SIG_SETMASK);
        })?;
        let asking = Self { terminal, before, signals, mask };
        let mut silent = asking.before.clone();
        silent.local_flags.remove(LocalFlags::ECHO);
        silent.local_flags.insert(LocalFlags::ECHONL | LocalFlags::ICANON);
        tcsetattr(&asking.terminal, SetArg::TCSAFLUSH, &silent)?;
        Ok(asking)
    }

    fn line(&self) -> nix::Result<Secret> {
        let mut line = Zeroizing::new(Vec::with_capacity(LINE));
        let mut byte = Zeroizing::new([0]);
        loop {
            let mut fds = [
                PollFd::new(self.terminal.as_fd(), PollFlags::POLLIN),
                PollFd::new(self.signals.as_fd(), PollFlags::POLLIN),
            ];
            match poll(&mut fds, PollTimeout::NONE) {
                Err(Errno::EINTR) => continue,
                polled => polled?,
            };
            if fds[1].any() == Some(true) {
                return Err(Errno::EINTR);
            }
            match nix::unistd::read(&self.terminal, &mut *byte) {
                Ok(1) if byte[0] == b'\n' => break,
                Ok(1) if line.len() < LINE => line.push(byte[0]),
                Ok(1) | Err(Errno::EINTR) => {}
                Ok(_) if line.is_empty() => return Err(Errno::ENODATA),
                Ok(_) => break,
                Err(error) => return Err(error),
            }
        }
        Ok(Secret::new(std::mem::take(&mut *line)))
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        let _ = tcsetattr(&self.terminal, SetArg::TCSADRAIN, &self.before);
        // What came meanwhile happens now.
        let _ = self.mask.change(libc::SIG_SETMASK);
    }
}

impl Mask {
    /// signalfd(2): readable when one of these is pending.
    fn descriptor(self) -> nix::Result<OwnedFd> {
        // SAFETY: signalfd4(2) with a live mask and its size; it makes a new descriptor that nobody else knows.
        unsafe {
            let flags = libc::SFD_CLOEXEC | libc::SFD_NONBLOCK;
            let fd = libc::syscall(libc::SYS_signalfd4, -1, self.bits(), size_of::<u64>(), flags);
            let fd = i32::try_from(Errno::result(fd)?).map_err(|_| Errno::EBADF)?;
            above_stdio(OwnedFd::from_raw_fd(fd))
        }
    }
}
