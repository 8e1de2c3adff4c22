//! Children, started with vfork semantics: no copy of this process's memory exists at any time.

use super::signals::Mask;
use super::{above_stdio, signals};
use nix::errno::Errno;
use std::ffi::{CStr, CString};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

/// What to execute.
pub enum Program {
    /// By path.
    Path(CString),
    /// What this descriptor, which was checked, is open on.
    Descriptor(OwnedFd),
}

/// A child's descriptors 0, 1 and 2; it gets no other.
pub struct Stdio {
    /// Standard input.
    pub input: OwnedFd,
    /// Standard output.
    pub output: OwnedFd,
    /// Standard error.
    pub error: OwnedFd,
}

/// A running child in a process group of its own. Dropping it kills the group and reaps the child.
pub struct Child {
    pid: libc::pid_t,
    /// Becomes readable when the child has exited.
    pub pidfd: OwnedFd,
    reaped: bool,
}

/// How a child ended; `None` where the system would not say.
pub(super) type Ending = Option<std::process::ExitStatus>;

struct Start<'a> {
    program: &'a Program,
    argv: *const *const libc::c_char,
    envp: *const *const libc::c_char,
    stdio: [RawFd; 3],
    mask: Mask,
    parent: libc::pid_t,
    error: i32,
}

/// Runs in the child, on its own stack but in our memory, until the exec: only system calls, no allocation, no panic.
extern "C" fn child(start: *mut libc::c_void) -> libc::c_int {
    // SAFETY: `spawn` passes a live Start and sleeps until this function has exec'd or returned.
    unsafe {
        let start = &mut *start.cast::<Start<'_>>();
        start.error = set_up(start).err().map_or_else(
            || {
                match start.program {
                    Program::Path(path) => libc::execve(path.as_ptr(), start.argv, start.envp),
                    Program::Descriptor(fd) => libc::syscall(
                        libc::SYS_execveat,
                        fd.as_raw_fd(),
                        c"".as_ptr(),
                        start.argv,
                        start.envp,
                        libc::AT_EMPTY_PATH,
                    ) as i32,
                };
                *libc::__errno_location()
            },
            |error| error as i32,
        );
        libc::_exit(127)
    }
}

/// # Safety
/// Only in the child.
unsafe fn set_up(start: &Start<'_>) -> nix::Result<()> {
    // SAFETY: plain system calls on numbers and on memory that lives in the sleeping parent.
    unsafe {
        Errno::result(libc::setpgid(0, 0))?;
        Errno::result(libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL))?;
        // The parent may have died before that call, and then no signal comes.
        if libc::getppid() != start.parent {
            return Err(Errno::ESRCH);
        }
        for signal in signals::ENDING.map(|signal| signal as i32) {
            if signals::disposition(signal) != libc::SIG_IGN {
                signals::set_disposition(signal, libc::SIG_DFL);
            }
        }
        // All three are 3 or above, so no dup2 overwrites one that is still needed.
        for (target, fd) in (0..).zip(start.stdio) {
            Errno::result(libc::dup2(fd, target))?;
        }
        close_others()?;
    }
    start.mask.change(libc::SIG_SETMASK).map(drop)
}

/// Marks every descriptor above 2 close-on-exec: the child's table is a copy, so ours and the command's stay as they are.
unsafe fn close_others() -> nix::Result<()> {
    const CLOSE_RANGE_CLOEXEC: libc::c_uint = 4;
    // SAFETY: a system call on three numbers.
    Errno::result(unsafe { libc::syscall(libc::SYS_close_range, 3, libc::c_uint::MAX, CLOSE_RANGE_CLOEXEC) })?;
    Ok(())
}

/// Starts `program`. `argv` is not empty; `envp` holds whole `NAME=VALUE` entries.
///
/// # Errors
/// The system's, the exec's included: nothing runs then.
pub fn spawn(program: &Program, argv: &[CString], envp: &[&CStr], stdio: &Stdio, mask: Mask) -> nix::Result<Child> {
    let pointers =
        |list: &mut dyn Iterator<Item = *const libc::c_char>| list.chain([std::ptr::null()]).collect::<Vec<_>>();
    let argv = pointers(&mut argv.iter().map(|s| s.as_ptr()));
    let envp = pointers(&mut envp.iter().map(|s| s.as_ptr()));
    let mut start = Start {
        program,
        argv: argv.as_ptr(),
        envp: envp.as_ptr(),
        stdio: [stdio.input.as_raw_fd(), stdio.output.as_raw_fd(), stdio.error.as_raw_fd()],
        mask,
        parent: nix::unistd::getpid().as_raw(),
        error: 0,
    };
    let mut pidfd: libc::c_int = -1;
    // No handler of ours may run in the child while it shares our memory.
    let before = Mask::ALL.change(libc::SIG_SETMASK)?;
    // SAFETY: `start` and both lists are alive until the child has exec'd or exited, and `child` never returns.
    let made = unsafe { vfork(child, (&raw mut start).cast(), libc::CLONE_PIDFD | libc::SIGCHLD, &mut pidfd) };
    let enlisted = start.error == 0 && made.is_ok_and(signals::enlist);
    let _ = before.change(libc::SIG_SETMASK);
    let pid = made?;
    // SAFETY: the kernel made this descriptor for us.
    let child = Child { pid, pidfd: above_stdio(unsafe { OwnedFd::from_raw_fd(pidfd) })?, reaped: false };
    match start.error {
        0 if enlisted => Ok(child),
        0 => Err(Errno::EAGAIN), // more children than the handler could end
        error => Err(Errno::from_raw(error)),
    }
}

/// A child with our memory and a stack of its own; we sleep until it has exec'd or exited.
///
/// # Safety
/// `run` only makes system calls and never returns, `argument` is what it takes, all signals are blocked.
pub(super) unsafe fn vfork(
    run: extern "C" fn(*mut libc::c_void) -> libc::c_int,
    argument: *mut libc::c_void,
    flags: libc::c_int,
    pidfd: &mut libc::c_int,
) -> nix::Result<libc::pid_t> {
    let mut stack = vec![0_u128; 4096];
    // SAFETY: the stack is ours and large enough for a few calls, grows down from its aligned end, and CLONE_VFORK keeps
    // it alive; the rest is the caller's promise.
    Errno::result(unsafe {
        let top = stack.as_mut_ptr().add(stack.len()).cast();
        libc::clone(run, top, libc::CLONE_VM | libc::CLONE_VFORK | flags, argument, &raw mut *pidfd)
    })
}

impl Child {
    /// Whether it is stopped because it is in the background and turned to the terminal.
    pub fn wants_terminal(&self) -> bool {
        // SAFETY: waitid fills in the struct that it is given, for which zeroes are valid, and reaps nothing (WNOWAIT).
        unsafe {
            let mut info: libc::siginfo_t = std::mem::zeroed();
            let flags = libc::WSTOPPED | libc::WNOHANG | libc::WNOWAIT;
            libc::waitid(libc::P_PID, self.pid.unsigned_abs(), &raw mut info, flags) == 0
                && info.si_pid() == self.pid
                && matches!(info.si_status(), libc::SIGTTIN | libc::SIGTTOU)
        }
    }

    /// Kills the whole group and reaps the child; how it ended, where it had ended by itself.
    pub fn finish(mut self) -> Ending {
        self.reap()
    }

    fn reap(&mut self) -> Ending {
        use std::os::unix::process::ExitStatusExt;
        if self.reaped {
            return None;
        }
        self.reaped = true;
        let mut status = 0;
        // SAFETY: numbers, and one integer to fill in. The child is not reaped yet, so the pid and the group are its
        // own, and a kill of what has exited only reaches what it left behind in its group.
        unsafe {
            libc::kill(-self.pid, libc::SIGKILL);
            // A set-user-ID program that became its owner cannot be killed: waiting for it would outlast any deadline.
            let refused = libc::kill(self.pid, libc::SIGKILL) == -1 && Errno::last() == Errno::EPERM;
            loop {
                let waited = libc::waitpid(self.pid, &raw mut status, if refused { libc::WNOHANG } else { 0 });
                if waited == self.pid {
                    break;
                }
                if waited == 0 || Errno::last() != Errno::EINTR {
                    signals::delist(self.pid);
                    return None;
                }
            }
        }
        signals::delist(self.pid);
        Some(std::process::ExitStatus::from_raw(status))
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.reap();
    }
}
