//! Seccomp filters: under systemd's `SystemCallFilter=@system-service` a system call that is not on the list does not
//! fail, it kills. What we can do without is tried where that costs nothing.

use super::signals::Mask;
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
    let mut stack = vec![0_u128; 1024];
    let Ok(before) = Mask::ALL.change(libc::SIG_SETMASK) else { return false };
    // SAFETY: the stack is ours, aligned, and alive until the child has ended (CLONE_VFORK). No signal is asked for at
    // its end: the caller's SIGCHLD stays as it is, and even where it is ignored the status is kept for us.
    let survived = unsafe {
        let top = stack.as_mut_ptr().add(stack.len()).cast();
        let pid = libc::clone(attempt, top, libc::CLONE_VM | libc::CLONE_VFORK, number as *mut libc::c_void);
        let mut status = -1;
        while pid > 0 && libc::waitpid(pid, &raw mut status, libc::__WALL) < 0 && Errno::last() == Errno::EINTR {}
        pid > 0 && status == 0
    };
    let _ = before.change(libc::SIG_SETMASK);
    survived
}
