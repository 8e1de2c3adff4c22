//! Kind `keychain`: the freedesktop Secret Service (specifications.freedesktop.org/secret-service), which GNOME Keyring,
//! KWallet and KeePassXC provide. Locators are `SERVICE/ACCOUNT`; items are found by the attributes `service` and
//! `username` in all collections, as python-keyring, keyring-rs and `secret-tool store` write them.
//!
//! Not through keyring-core and its dbus-secret-service-keyring-store, but with the crate underneath: the store unlocks
//! whatever matches before it looks whether that is ambiguous, once for each item, waits for a prompt without saying
//! so, makes a locked item and a bus that is not there the same kind of error, and tells nothing of D-Bus's own
//! error names, which are what keeps absent, locked and unreachable apart here.
//!
//! KeePassXC asks who we are by `/proc/PID/exe`, which nobody may read of a process that is not dumpable: its dialog
//! names an unknown program. The promise that nothing can be read is worth more than the name.

use std::cell::Cell;
use std::collections::HashMap;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use dbus_secret_service::{EncryptionType, Error, Item, SecretService};
use inject::error::{Fault, State, printable};
use inject::secret::Secret;
use inject::source::{Locator, Payload, Source};

/// The crate gives up a call after two seconds, but the bus may still be starting the service, or the machine be slow:
/// then the call, which changes nothing, is made again, for this long.
const PATIENCE: Duration = Duration::from_secs(8);
/// A call that failed without an answer after this long was given up, not refused.
const SLOW: Duration = Duration::from_millis(1900);

/// One connection and one encrypted session for all requests.
struct Keychain {
    service: SecretService,
    /// A prompt is shown once. Who dismissed it is not asked again.
    asked: Cell<bool>,
}

/// What a search gave: exactly one item, by its state.
enum Match<'a> {
    Open(Item<'a>),
    Locked(Item<'a>),
}

/// Connects; the session's key is agreed upon by Diffie-Hellman, so that values cross the bus encrypted.
pub(crate) fn open(settings: &[(String, Secret)]) -> Result<Box<dyn Source>, Fault> {
    if let Some((name, _)) = settings.first() {
        return Err(Fault::invalid(format!(
            "keychain has no setting '{}'",
            printable(name)
        )));
    }
    find_bus()?;
    seed()?;
    let service = patiently(|| SecretService::connect(EncryptionType::Dh))?;
    Ok(Box::new(Keychain {
        service,
        asked: Cell::new(false),
    }))
}

/// libdbus starts a bus of its own where it finds none; an item would then be absent from an empty keyring. So there
/// must be one, by libdbus's own rules (dbus-daemon(1), `_dbus_lookup_user_bus`).
fn find_bus() -> Result<(), Fault> {
    if let Some(address) = std::env::var_os("DBUS_SESSION_BUS_ADDRESS").filter(|a| !a.is_empty()) {
        let address = address.to_string_lossy();
        let starts = |one: &str| one.starts_with("autolaunch:") || one.starts_with("unixexec:");
        return match address.split(';').any(starts) {
            true => Err(Fault::unreachable(
                "DBUS_SESSION_BUS_ADDRESS would start a program, and inject does not do that",
            )),
            false => Ok(()),
        };
    }
    let socket = std::env::var_os("XDG_RUNTIME_DIR").map(|dir| PathBuf::from(dir).join("bus"));
    let found = socket.and_then(|path| path.symlink_metadata().ok());
    match found {
        Some(bus) if bus.file_type().is_socket() && bus.uid() == nix::unistd::getuid().as_raw() => Ok(()),
        _ => Err(Fault::unreachable(
            "there is no session bus: DBUS_SESSION_BUS_ADDRESS is not set, and $XDG_RUNTIME_DIR/bus is not there",
        )
        .hint("start it from the desktop session, or keep the value elsewhere: a server has no keychain")),
    }
}

/// The crate draws its private key from fastrand, which starts from the time of day and could be guessed by who sees
/// the bus. Its generators fork off this thread's, which is seeded here from the kernel.
fn seed() -> Result<(), Fault> {
    let seed =
        getrandom::u64().map_err(|_| Fault::unreachable("the system has no random numbers"))?;
    fastrand::seed(seed);
    Ok(())
}

impl Source for Keychain {
    fn fetch(&self, locators: &[Locator]) -> Result<Vec<Result<Payload, Fault>>, Fault> {
        let mut found = self.search_all(locators)?;
        if found
            .iter()
            .any(|one| matches!(one, Err(fault) if fault.state == State::Absent))
        {
            match self.open_hidden()? {
                Hidden::None => {}
                Hidden::Opened => found = self.search_all(locators)?,
                Hidden::Locked(fault) => forbid_absence(&mut found, &fault),
            }
        }
        let refused = self.unlock(&found)?;
        found
            .into_iter()
            .map(|one| whole(self.read(one, refused.as_ref())))
            .collect()
    }
}

/// Collections that are locked and show none of their items.
enum Hidden {
    None,
    Opened,
    Locked(Fault),
}

impl Keychain {
    fn search_all(&self, locators: &[Locator]) -> Result<Vec<Result<Match<'_>, Fault>>, Fault> {
        locators
            .iter()
            .map(|locator| whole(self.search(locator)))
            .collect()
    }

    fn search(&self, locator: &Locator) -> Result<Match<'_>, Fault> {
        let (service, account) = parse(locator)?;
        let attributes = HashMap::from([("service", service), ("username", account)]);
        let mut items = patiently(|| self.service.search_items(attributes.clone()))?;
        match (items.unlocked.len(), items.locked.len()) {
            (0, 0) => Err(Fault::absent("no such item in the keychain")),
            (1, 0) => Ok(Match::Open(items.unlocked.swap_remove(0))),
            (0, 1) => Ok(Match::Locked(items.locked.swap_remove(0))),
            (open, locked) => Err(Fault::invalid(format!("ambiguous: {} items match", open + locked))
                .hint("`secret-tool search --all service SERVICE username ACCOUNT` shows them; remove all but one")),
        }
    }

    /// GNOME Keyring finds the items of a locked collection. KeePassXC shows none of a locked database: there, nothing
    /// found is no proof of absence, so the collection is opened, or the item counts as locked.
    fn open_hidden(&self) -> Result<Hidden, Fault> {
        let mut opened = false;
        for collection in patiently(|| self.service.get_all_collections())? {
            // A collection may go while we look at the others; that is not our failure.
            let hides = whole(patiently(|| {
                Ok(collection.is_locked()? && collection.get_all_items()?.is_empty())
            }))?;
            if hides != Ok(true) {
                continue;
            }
            if self.asked.replace(true) {
                return Ok(Hidden::Locked(locked()));
            }
            let started = Instant::now();
            match collection.unlock() {
                Ok(()) => opened = true,
                Err(error) => {
                    return whole(Err(explain(&error, started))).map(
                        |gone: Result<(), _>| match gone {
                            Err(fault) => Hidden::Locked(fault),
                            Ok(()) => Hidden::None,
                        },
                    );
                }
            }
            self.asked.set(false);
        }
        Ok(if opened { Hidden::Opened } else { Hidden::None })
    }

    /// Asks once to unlock all that is locked; the inner answer is why it stays so.
    fn unlock(&self, found: &[Result<Match<'_>, Fault>]) -> Result<Option<Fault>, Fault> {
        let items: Vec<&Item> = found
            .iter()
            .filter_map(|one| match one {
                Ok(Match::Locked(item)) => Some(item),
                _ => None,
            })
            .collect();
        if items.is_empty() {
            return Ok(None);
        }
        if self.asked.replace(true) {
            return Ok(Some(locked()));
        }
        let started = Instant::now();
        match self.service.unlock_all(&items) {
            Ok(()) => Ok(None),
            Err(error) => Ok(whole::<()>(Err(explain(&error, started)))?.err()),
        }
    }

    fn read(
        &self,
        found: Result<Match<'_>, Fault>,
        refused: Option<&Fault>,
    ) -> Result<Payload, Fault> {
        let item = match (found?, refused) {
            (Match::Locked(_), Some(fault)) => return Err(fault.clone()),
            (Match::Locked(item) | Match::Open(item), _) => item,
        };
        patiently(|| item.get_secret()).map(Payload::from)
    }
}

/// `SERVICE/ACCOUNT`; a service may hold slashes (URLs do), so the last one splits.
fn parse(locator: &Locator) -> Result<(&str, &str), Fault> {
    if let Some((name, _)) = locator.options.first() {
        return Err(Fault::invalid(format!(
            "keychain has no option '{}'",
            printable(name)
        )));
    }
    match locator.text.rsplit_once('/') {
        // D-Bus has no strings with NUL, and the crate would panic.
        Some((service, account))
            if !service.is_empty() && !account.is_empty() && !locator.text.contains('\0') =>
        {
            Ok((service, account))
        }
        _ => Err(Fault::invalid("this names no item of a keychain")
            .hint("write it as keychain:SERVICE/ACCOUNT; the last '/' splits")),
    }
}

/// A service that cannot be reached fails them all.
fn whole<T>(result: Result<T, Fault>) -> Result<Result<T, Fault>, Fault> {
    match result {
        Err(fault) if fault.state == State::Unreachable => Err(fault),
        result => Ok(result),
    }
}

fn forbid_absence<T>(found: &mut [Result<T, Fault>], instead: &Fault) {
    for one in found {
        if matches!(one, Err(fault) if fault.state == State::Absent) {
            *one = Err(instead.clone());
        }
    }
}

fn locked() -> Fault {
    Fault::locked("the keyring is locked, and was not unlocked")
        .hint("unlock it (log in on the desktop, or open it in its own program) and try again")
}

/// Makes a call that only reads until it is answered, or [`PATIENCE`] is over.
fn patiently<T>(call: impl Fn() -> Result<T, Error>) -> Result<T, Fault> {
    let first = Instant::now();
    loop {
        let started = Instant::now();
        match call() {
            Ok(value) => return Ok(value),
            Err(Error::Dbus(error))
                if error.name() == Some("org.freedesktop.DBus.Error.NoReply")
                    && started.elapsed() >= SLOW
                    && first.elapsed() < PATIENCE => {}
            Err(error) => return Err(explain(&error, started)),
        }
    }
}

/// Our words for the crate's error. Its own may quote what the service sent; only an error's name is passed on.
fn explain(error: &Error, started: Instant) -> Fault {
    let name = match error {
        Error::Dbus(error) => error.name().unwrap_or_default(),
        Error::Locked | Error::Prompt => return locked(),
        Error::Crypto(_) => {
            return Fault::invalid("the secret service sent a value that cannot be decrypted");
        }
        _ => return Fault::invalid("the secret service answered something unexpected"),
    };
    let short = name
        .strip_prefix("org.freedesktop.DBus.Error.")
        .unwrap_or(name);
    match short {
        "org.freedesktop.Secret.Error.IsLocked" => locked(),
        "NoReply" | "Timeout" | "TimedOut" if started.elapsed() >= SLOW => {
            Fault::unreachable("the secret service does not answer")
        }
        "NoReply" => Fault::unreachable("the secret service ended while it was asked"),
        "Disconnected" => Fault::unreachable("the session bus ended while it was asked"),
        "ServiceUnknown" | "NameHasNoOwner" => no_provider(),
        spawn if spawn.starts_with("Spawn.") => no_provider(),
        "FileNotFound" | "NoServer" | "BadAddress" | "Timeout" | "TimedOut" => {
            Fault::unreachable("nothing answers at the session bus's address")
                .hint("DBUS_SESSION_BUS_ADDRESS may be left over from a session that ended")
        }
        "AccessDenied" | "AuthFailed" => {
            Fault::denied("the session bus or the secret service refused the connection")
        }
        _ => Fault::invalid(format!("the secret service failed ({})", printable(name))),
    }
}

fn no_provider() -> Fault {
    Fault::unreachable("no program on the session bus provides the secret service")
        .hint("start GNOME Keyring, KWallet, or KeePassXC with its Secret Service integration on")
}
