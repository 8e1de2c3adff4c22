//! Signals while children live: Ctrl-C must end them, and us by the same signal, and leave no trace of either.
//!
//! Handlers rather than a signalfd: a read from a slow disk can still be interrupted. What the caller ignores or blocks
//! stays so. A launch that starts no child never comes here.

use nix::errno::Errno;
use nix::sys::signal::{SigSet, Signal};
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};

/// The signals that end a launch.
pub(super) const ENDING: [Signal; 4] = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP, Signal::SIGQUIT];

/// How many children there can be at once: one per source and command, each of which holds three descriptors.
const MAX_GROUPS: usize = 1024;

static GROUPS: [AtomicI32; MAX_GROUPS] = [const { AtomicI32::new(0) }; MAX_GROUPS];
static LINE_SHOWN: AtomicBool = AtomicBool::new(false);

/// Says that the waiting line is (or is no longer) on the terminal, so that the handler wipes it.
pub fn show_line(shown: bool) {
    LINE_SHOWN.store(shown, Ordering::SeqCst);
}

/// Remembers a child's process group for the handler.
pub(super) fn enlist(group: i32) -> bool {
    GROUPS.iter().any(|slot| slot.compare_exchange(0, group, Ordering::SeqCst, Ordering::SeqCst).is_ok())
}

/// Forgets it.
pub(super) fn delist(group: i32) {
    for slot in &GROUPS {
        let _ = slot.compare_exchange(group, 0, Ordering::SeqCst, Ordering::SeqCst);
    }
}

/// Only async-signal-safe calls: kill, tcgetpgrp, getpgrp, write, signal, raise, _exit.
extern "C" fn end(signal: libc::c_int) {
    // SAFETY: each of these is on signal-safety(7)'s list, and the arguments are plain numbers and a static string.
    unsafe {
        for slot in &GROUPS {
            let group = slot.load(Ordering::SeqCst);
            if group > 1 {
                libc::kill(-group, libc::SIGKILL);
            }
        }
        // From the background a write could stop us instead (SIGTTOU).
        if LINE_SHOWN.load(Ordering::SeqCst) && libc::tcgetpgrp(2) == libc::getpgrp() {
            libc::write(2, c"\r\x1b[K".as_ptr().cast(), 4);
        }
        libc::signal(signal, libc::SIG_DFL);
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut set);
        libc::sigaddset(&raw mut set, signal);
        libc::raise(signal);
        libc::sigprocmask(libc::SIG_UNBLOCK, &raw const set, std::ptr::null_mut());
        // A default action does not end the first process of a container: it says so as a shell would.
        libc::_exit(128 + signal)
    }
}

/// A signal mask as the kernel has it, a bit a signal. glibc's own type and calls hide signals 32 and 33 from programs,
/// and would take them out of a mask that the caller had.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Mask(u64);

impl Mask {
    /// Every signal.
    pub(super) const ALL: Self = Self(u64::MAX);

    /// These signals.
    pub(super) fn of(signals: impl IntoIterator<Item = Signal>) -> Self {
        Self(signals.into_iter().fold(0, |bits, signal| bits | 1 << (signal as u32 - 1)))
    }

    /// Whether this signal is one of them.
    pub(super) fn has(self, signal: Signal) -> bool {
        self.0 & Self::of([signal]).0 != 0
    }

    /// As the kernel takes it: 8 bytes.
    pub(super) fn bits(&self) -> *const u64 {
        &raw const self.0
    }

    /// Changes this thread's mask (`how` is one of the `SIG_` constants) and gives back what it was.
    pub(super) fn change(self, how: libc::c_int) -> nix::Result<Self> {
        let mut before = 0_u64;
        // SAFETY: rt_sigprocmask(2) with two live masks and their size.
        let changed = unsafe {
            libc::syscall(libc::SYS_rt_sigprocmask, how, &raw const self.0, &raw mut before, size_of::<u64>())
        };
        Errno::result(changed).map(|_| Self(before))
    }
}

/// What happens at a signal. Async-signal-safe, as [`set_disposition`] is.
pub(super) fn disposition(signal: libc::c_int) -> libc::sighandler_t {
    // SAFETY: a null new action only asks for the old one, which is plain data.
    unsafe {
        let mut old: libc::sigaction = std::mem::zeroed();
        libc::sigaction(signal, std::ptr::null(), &raw mut old);
        old.sa_sigaction
    }
}

/// Changes it.
pub(super) fn set_disposition(signal: libc::c_int, handler: libc::sighandler_t) {
    // SAFETY: the handler is SIG_DFL, SIG_IGN or `end`, which only does what a handler may.
    unsafe { libc::signal(signal, handler) };
}

/// The ending signals, handled for as long as this lives: the children's groups and the waiting line go with us.
pub struct Endings {
    handled: Vec<Signal>,
}

impl Endings {
    /// Takes over what the caller does not ignore, and nobody else of us handles already.
    pub fn new() -> Self {
        let handled: Vec<_> = ENDING.into_iter().filter(|s| disposition(*s as i32) == libc::SIG_DFL).collect();
        for signal in &handled {
            set_disposition(*signal as i32, end as *const () as libc::sighandler_t);
        }
        Self { handled }
    }
}

impl Default for Endings {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Endings {
    fn drop(&mut self) {
        for signal in &self.handled {
            set_disposition(*signal as i32, libc::SIG_DFL);
        }
    }
}

/// The signal state that a launch with children needs: SIGCHLD default and unblocked (an ignored one would reap our
/// children before we see how they ended), the ending signals handled. Restored on drop.
pub struct Guard {
    sigchld: libc::sighandler_t,
    mask: Mask,
    pending: bool,
    /// Whether the caller left us a child that had ended before.
    zombie: bool,
    /// Dropped last: until then a signal finds the state that it knows.
    _endings: Endings,
}

impl Guard {
    /// Takes over. The four ending signals are left alone where the caller ignores them.
    pub fn new() -> Self {
        let endings = Endings::new();
        let sigchld = disposition(libc::SIGCHLD);
        let pending = pending(Signal::SIGCHLD);
        set_disposition(libc::SIGCHLD, libc::SIG_DFL);
        let mask = Mask::of([Signal::SIGCHLD]).change(libc::SIG_UNBLOCK).unwrap_or(Mask(0));
        Self { sigchld, mask, pending, zombie: zombie(), _endings: endings }
    }

    /// The mask that the caller had, which the children get too.
    pub fn mask(&self) -> Mask {
        self.mask
    }
}

impl Default for Guard {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let _ = self.mask.change(libc::SIG_SETMASK);
        // Our own children are reaped by now: what has ended since is the caller's, and had no chance to be seen.
        let ended = !self.zombie && zombie();
        set_disposition(libc::SIGCHLD, self.sigchld);
        if ended && self.sigchld == libc::SIG_IGN {
            // SAFETY: numbers only. With SIGCHLD ignored the system would have reaped them itself.
            while unsafe { libc::waitpid(-1, std::ptr::null_mut(), libc::WNOHANG) } > 0 {}
        }
        // A blocked SIGCHLD of the caller's own child was pending when we came, or came meanwhile: it was consumed.
        if (self.pending || ended && self.sigchld != libc::SIG_IGN) && self.mask.has(Signal::SIGCHLD) {
            // To the process, as the kernel sends it, not to the thread as raise(3) does.
            let _ = nix::sys::signal::kill(nix::unistd::getpid(), Signal::SIGCHLD);
        }
    }
}

/// Whether a child has ended that nobody has reaped.
fn zombie() -> bool {
    // SAFETY: waitid fills in the struct that it is given, for which zeroes are valid, and reaps nothing (WNOWAIT).
    unsafe {
        let mut info: libc::siginfo_t = std::mem::zeroed();
        let flags = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
        libc::waitid(libc::P_ALL, 0, &raw mut info, flags) == 0 && info.si_pid() != 0
    }
}

fn pending(signal: Signal) -> bool {
    // SAFETY: sigpending fills in the set that it is given.
    unsafe {
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigpending(&raw mut set) == 0 && libc::sigismember(&raw const set, signal as i32) == 1
    }
}

/// The signals that a write can raise.
const OF_WRITES: [Signal; 2] = [Signal::SIGPIPE, Signal::SIGXFSZ];

/// Blocks the signals of a write of ours, and takes back what it raised, so that neither a closed stderr nor the
/// caller's own pending SIGPIPE changes anything.
pub(super) struct Quiet {
    before: Mask,
    were_pending: [bool; 2],
}

impl Quiet {
    pub(super) fn new() -> Self {
        let were_pending = OF_WRITES.map(pending);
        Self { before: Mask::of(OF_WRITES).change(libc::SIG_BLOCK).unwrap_or(Mask(0)), were_pending }
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        for (signal, was_pending) in OF_WRITES.into_iter().zip(self.were_pending) {
            if !was_pending && pending(signal) {
                let only = SigSet::from_iter([signal]);
                let now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
                // SAFETY: the set and the time are live; no information is asked for.
                unsafe { libc::sigtimedwait(only.as_ref(), std::ptr::null_mut(), &raw const now) };
            }
        }
        let _ = self.before.change(libc::SIG_SETMASK);
    }
}
