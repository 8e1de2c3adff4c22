//! The session bus under the keychain: finding it, waiting for it, and our words for its errors.

use std::env;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use dbus_secret_service::Error;
use inject::error::{Fault, printable};

/// The crate gives up a call after two seconds, but the bus may still be starting the service, or the machine be slow:
/// then the call, which changes nothing, is made again. Counted, not timed: a machine that stood still is no reason.
const ATTEMPTS: usize = 5;
/// A call that failed without an answer after this long was given up, not refused.
const SLOW: Duration = Duration::from_millis(1900);

/// libdbus starts a bus of its own where it finds none; an item would then be absent from an empty keyring. So there
/// must be one, by libdbus's own rules (dbus-daemon(1), `_dbus_lookup_user_bus`).
pub(super) fn find() -> Result<(), Fault> {
    if let Some(address) = env::var_os("DBUS_SESSION_BUS_ADDRESS").filter(|a| !a.is_empty()) {
        let address = address.to_string_lossy();
        let starts = |one: &str| one.starts_with("autolaunch:") || one.starts_with("unixexec:");
        return match address.split(';').any(starts) {
            true => {
                Err(Fault::unreachable("DBUS_SESSION_BUS_ADDRESS would start a program, and inject does not do that"))
            }
            false => Ok(()),
        };
    }
    let socket = env::var_os("XDG_RUNTIME_DIR").map(|dir| PathBuf::from(dir).join("bus"));
    let found = socket.and_then(|path| path.symlink_metadata().ok());
    match found {
        Some(bus) if bus.file_type().is_socket() && bus.uid() == nix::unistd::getuid().as_raw() => Ok(()),
        _ => Err(Fault::unreachable(
            "there is no session bus: DBUS_SESSION_BUS_ADDRESS is not set, and $XDG_RUNTIME_DIR/bus is not there",
        )
        .hint("start it from the desktop session, or keep the value elsewhere: a server has no keychain")),
    }
}

/// Behind a lock that nobody opened.
pub(super) fn locked() -> Fault {
    Fault::locked("the keyring is locked, and was not unlocked")
        .hint("unlock it (log in on the desktop, or open it in its own program) and try again")
}

/// Makes a call that only reads until it is answered, at most [`ATTEMPTS`] times.
pub(super) fn patiently<T>(call: impl Fn() -> Result<T, Error>) -> Result<T, Fault> {
    let mut left = ATTEMPTS;
    loop {
        left -= 1;
        let started = Instant::now();
        match call() {
            Ok(value) => return Ok(value),
            Err(Error::Dbus(error))
                if error.name() == Some("org.freedesktop.DBus.Error.NoReply")
                    && started.elapsed() >= SLOW
                    && left > 0 => {}
            Err(error) => return Err(explain(&error, started)),
        }
    }
}

/// Our words for the crate's error. Its own may quote what the service sent; only an error's name is passed on.
pub(super) fn explain(error: &Error, started: Instant) -> Fault {
    let name = match error {
        Error::Dbus(error) => error.name().unwrap_or_default(),
        Error::Locked | Error::Prompt => return locked(),
        Error::Crypto(_) => {
            return Fault::invalid("the secret service sent a value that cannot be decrypted");
        }
        _ => return Fault::invalid("the secret service answered something unexpected"),
    };
    let short = name.strip_prefix("org.freedesktop.DBus.Error.").unwrap_or(name);
    match short {
        "org.freedesktop.Secret.Error.IsLocked" => locked(),
        "NoReply" | "Timeout" | "TimedOut" if started.elapsed() >= SLOW => {
            Fault::outage("the secret service does not answer")
                .hint("it may be stopped or busy; its own program ends or restarts it")
        }
        "NoReply" => Fault::outage("the secret service ended while it was asked"),
        "Disconnected" => Fault::unreachable("the session bus ended while it was asked"),
        "ServiceUnknown" | "NameHasNoOwner" => no_provider(),
        spawn if spawn.starts_with("Spawn.") => no_provider(),
        "FileNotFound" | "NoServer" | "BadAddress" | "Timeout" | "TimedOut" => {
            Fault::unreachable("nothing answers at the session bus's address")
                .hint("DBUS_SESSION_BUS_ADDRESS may be left over from a session that ended")
        }
        "AccessDenied" | "AuthFailed" => Fault::denied("the session bus or the secret service refused the connection"),
        _ => Fault::invalid(format!("the secret service failed ({})", printable(name))),
    }
}

fn no_provider() -> Fault {
    Fault::unreachable("no program on the session bus provides the secret service")
        .hint("start GNOME Keyring, KWallet, or KeePassXC with its Secret Service integration on")
}
