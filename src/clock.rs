//! The one deadline of a launch, and the line that says what it is waiting for.

use crate::error::Fault;
use crate::sys::{self, Endings};
use nix::errno::Errno;
use nix::poll::{PollFd, PollTimeout, poll};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// When the resolution began and must end. Nothing is shown for the first second, and nothing at all where stderr is no
/// terminal in the foreground.
pub struct Clock {
    start: Instant,
    limit: Duration,
    terminal: bool,
    shown: AtomicU64,
    endings: OnceLock<Endings>,
}

impl Clock {
    /// Starts now.
    pub fn new(limit: Duration) -> Self {
        let terminal = sys::foreground_terminal(2);
        Self { start: Instant::now(), limit, terminal, shown: AtomicU64::new(0), endings: OnceLock::new() }
    }

    /// The time that is left, zero when it is up.
    pub fn left(&self) -> Duration {
        self.limit.saturating_sub(self.start.elapsed())
    }

    /// What is said of a source that the deadline overtook.
    pub fn up(&self) -> Fault {
        let limit = self.limit;
        let limit = if limit.subsec_millis() == 0 {
            format!("{} s", limit.as_secs())
        } else {
            format!("{} ms", limit.as_millis())
        };
        Fault::timeout(format!("no answer within {limit}"))
            .hint("--timeout, or timeout = \"...\" in the profile, gives it longer")
    }

    /// poll(2) until something happens or the time is up (ETIMEDOUT), with the waiting line for `what`.
    ///
    /// # Errors
    /// The system's.
    pub fn poll(&self, fds: &mut [PollFd<'_>], what: &dyn Fn() -> String) -> nix::Result<()> {
        loop {
            let left = self.left();
            if left.is_zero() {
                return Err(Errno::ETIMEDOUT);
            }
            let elapsed = self.start.elapsed();
            let tick = Duration::from_secs(elapsed.as_secs() + 1).saturating_sub(elapsed);
            let wait = if self.terminal { left.min(tick) } else { left };
            // Rounded up, so that the last wait does not spin.
            let milliseconds = wait.as_millis().saturating_add(1).min(60_000);
            let timeout = PollTimeout::from(u16::try_from(milliseconds).unwrap_or(u16::MAX));
            match poll(fds, timeout) {
                Ok(0) | Err(Errno::EINTR) => self.show(what),
                Ok(_) => {
                    // Something that comes in small bits comes before every tick.
                    self.show(what);
                    return Ok(());
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn show(&self, what: &dyn Fn() -> String) {
        let seconds = self.start.elapsed().as_secs();
        // A shell may have put us into the background meanwhile.
        if seconds == 0
            || !self.terminal
            || !sys::foreground_terminal(2)
            || self.shown.swap(seconds, Ordering::SeqCst) == seconds
        {
            return;
        }
        let line = format!("inject: waiting for {} ({seconds} of {} s)", what(), self.limit.as_secs().max(1));
        // One column is left free: a full line would wrap on some terminals and could not be wiped.
        let cut: String = line.chars().take(sys::columns(2).saturating_sub(1)).collect();
        // A launch that only waits for a file handles no signals yet, and Ctrl-C must wipe the line.
        self.endings.get_or_init(Endings::new);
        sys::show_line(true);
        sys::write_lossy(2, format!("\r\x1b[K{cut}").as_bytes());
    }
}

impl Drop for Clock {
    fn drop(&mut self) {
        if self.shown.load(Ordering::SeqCst) > 0 {
            sys::show_line(false);
            // From the background a write could stop us, and the shell has written over the line long ago.
            if sys::foreground_terminal(2) {
                sys::write_lossy(2, b"\r\x1b[K");
            }
        }
    }
}
