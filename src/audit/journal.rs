//! journald's native protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL): a datagram of `FIELD=value` lines, or, where that is
//! too large for one, a sealed file that holds it.

use crate::sys;
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, SealFlag, fcntl};
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::socket::{
    AddressFamily, ControlMessage, MsgFlags, SockFlag, SockType, UnixAddr, connect, sendmsg, socket,
};
use std::io::IoSlice;
use std::os::fd::{AsRawFd, OwnedFd};

const SOCKET: &str = "/run/systemd/journal/socket";

/// A connection to journald.
pub(super) struct Journal(OwnedFd);

impl Journal {
    /// Connects.
    pub(super) fn open() -> nix::Result<Self> {
        let flags = SockFlag::SOCK_CLOEXEC;
        let socket = sys::above_stdio(socket(AddressFamily::Unix, SockType::Datagram, flags, None)?)?;
        connect(socket.as_raw_fd(), &UnixAddr::new(SOCKET)?)?;
        Ok(Self(socket))
    }

    /// Sends a message without newlines, at the level of information.
    pub(super) fn send(&self, message: &str) -> nix::Result<()> {
        let entry = format!("SYSLOG_IDENTIFIER=inject\nPRIORITY=6\nMESSAGE={message}\n");
        let flags = MsgFlags::MSG_NOSIGNAL;
        let send = |bytes: &[u8], with: &[ControlMessage<'_>]| {
            sendmsg::<UnixAddr>(self.0.as_raw_fd(), &[IoSlice::new(bytes)], with, flags, None).map(drop)
        };
        match send(entry.as_bytes(), &[]) {
            Err(Errno::EMSGSIZE | Errno::ENOBUFS) => {
                let file = memfd_create("inject-audit", MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING)?;
                sys::write_all(file.as_raw_fd(), entry.as_bytes())?;
                fcntl(&file, FcntlArg::F_ADD_SEALS(SealFlag::all()))?;
                send(&[], &[ControlMessage::ScmRights(&[file.as_raw_fd()])])
            }
            sent => sent,
        }
    }
}
