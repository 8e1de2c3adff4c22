//! A real terminal: a session of its own on a pty, as a login shell has it.

use nix::fcntl::{OFlag, open};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::pty::{PtyMaster, grantpt, posix_openpt, ptsname_r, unlockpt};
use nix::sys::stat::Mode;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// A program that is the leader of the terminal's session, and what the terminal shows.
pub(crate) struct Terminal {
    master: Option<Arc<PtyMaster>>,
    pub(crate) child: Child,
    shown: Arc<Mutex<Vec<u8>>>,
    started: Instant,
}

impl Terminal {
    /// Starts it on a terminal of that many columns.
    pub(crate) fn start(mut command: Command, columns: u16) -> Self {
        // All close-on-exec: another test's child would keep the terminal open.
        let master = posix_openpt(OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC).expect("a pty");
        grantpt(&master).expect("grantpt");
        unlockpt(&master).expect("unlockpt");
        let name = ptsname_r(&master).expect("its name");
        let slave =
            open(name.as_str(), OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC, Mode::empty()).expect("its end");
        let size = libc::winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        // SAFETY: the size is live and of the type that the call reads.
        assert_eq!(unsafe { libc::ioctl(master.as_raw_fd(), libc::TIOCSWINSZ, &raw const size) }, 0);
        let end = || Stdio::from(slave.try_clone().expect("a copy"));
        command.stdin(end()).stdout(end());
        if !command.get_envs().any(|(name, _)| name == "TEST_STDERR_ELSEWHERE") {
            command.stderr(end());
        } else {
            command.stderr(Stdio::null());
        }
        // SAFETY: two system calls between fork and exec.
        unsafe {
            command.pre_exec(|| {
                nix::unistd::setsid()?;
                nix::errno::Errno::result(libc::ioctl(0, libc::TIOCSCTTY, 0)).map(drop)?;
                Ok(())
            });
        }
        let child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        drop(command);
        let shown = Arc::new(Mutex::new(Vec::new()));
        let master = Arc::new(master);
        let (from, into) = (Arc::downgrade(&master), Arc::clone(&shown));
        thread::spawn(move || {
            // Not a copy of the descriptor: only the last one that is closed hangs up.
            while let Some(master) = from.upgrade() {
                let mut fds = [PollFd::new(master.as_fd(), PollFlags::POLLIN)];
                if poll(&mut fds, PollTimeout::from(5_u8)) == Ok(1) {
                    let mut buffer = [0; 4096];
                    let Ok(n @ 1..) = nix::unistd::read(&*master, &mut buffer) else { return };
                    into.lock().unwrap().extend_from_slice(&buffer[..n]);
                }
            }
        });
        Self { master: Some(master), child, shown, started: Instant::now() }
    }

    /// Waits until so long after the start, and says what is shown.
    pub(crate) fn after(&self, milliseconds: u64) -> String {
        thread::sleep(Duration::from_millis(milliseconds).saturating_sub(self.started.elapsed()));
        self.shown()
    }

    /// What was written so far; the terminal makes CR LF of LF, and that is undone.
    pub(crate) fn shown(&self) -> String {
        String::from_utf8(self.shown.lock().unwrap().clone()).unwrap().replace("\r\n", "\n")
    }

    /// Types.
    pub(crate) fn types(&mut self, keys: &str) {
        let master = self.master.as_ref().expect("a terminal");
        assert_eq!(nix::unistd::write(&**master, keys.as_bytes()), Ok(keys.len()));
    }

    /// Hangs up, as a closed window does.
    pub(crate) fn hang_up(&mut self) {
        self.master = None;
    }

    /// How it ended, and all that was shown.
    pub(crate) fn end(mut self) -> (ExitStatus, String) {
        let status = self.child.wait().expect("its status");
        thread::sleep(Duration::from_millis(50));
        (status, self.shown())
    }
}
