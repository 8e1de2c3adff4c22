//! Seccomp filters: under systemd's `SystemCallFilter=@system-service` a system call that is not on the list does not
//! fail, it kills. What we can do without is tried where that costs nothing.

use super::signals::Mask;
use super::spawn::vfork;
use nix::errno::Errno;

/// Runs in a child with our memory, of which it touches nothing.
extern "C" fn attempt(number: *mut libc::c_void) -> libc::c_int {
    // SAFETY: a system call on one number; the descriptor that it may make is the child's, which ends here.
    unsafe {
        let made = libc::syscall(number as libc::c_long, libc::O_CLOEXEC);
        libc::_exit(i32::from(made < 0))
    }
}

/// Whether this process may make a system call whose only argument are flags, and that makes a descriptor. Without a
/// filter the call itself says so; under one a child of our own dies in our place, and the kernel's log has a line of it.
pub fn permits(number: libc::c_long) -> bool {
    const FILTERED: libc::c_int = 2;
    // SAFETY: PR_GET_SECCOMP takes no argument.
    if unsafe { libc::prctl(libc::PR_GET_SECCOMP, 0, 0, 0, 0) } != FILTERED {
        return true;
    }
    let Ok(before) = Mask::ALL.change(libc::SIG_SETMASK) else { return false };
    // SAFETY: `attempt` makes two system calls and ends. No signal is asked for at its end: the caller's SIGCHLD stays as
    // it is, and even where it is ignored the status is kept for us.
    let survived = unsafe {
        vfork(attempt, number as *mut libc::c_void, 0, &mut -1).is_ok_and(|pid| {
            let mut status = -1;
            while libc::waitpid(pid, &raw mut status, libc::__WALL) < 0 && Errno::last() == Errno::EINTR {}
            status == 0
        })
    };
    let _ = before.change(libc::SIG_SETMASK);
    survived
}
