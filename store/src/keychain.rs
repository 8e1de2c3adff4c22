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
use std::time::Instant;

use dbus_secret_service::{EncryptionType, Error, Item, SecretService};
use inject::error::{Fault, State, printable};
use inject::source::{Locator, Payload, Source, Writer};

use crate::settings::Settings;

mod bus;
mod envchain;
mod write;
use bus::patiently;

/// One connection and one encrypted session for all requests.
struct Keychain {
    service: SecretService,
    /// Whether each item is asked when it was changed.
    ages: bool,
    /// Who dismissed a prompt is not asked again.
    refused: Cell<bool>,
}

/// What a search gave: exactly one item, by its state.
enum Match<'a> {
    Open(Item<'a>),
    Locked(Item<'a>),
}

/// Connects; the session's key is agreed upon by Diffie-Hellman, so that values cross the bus encrypted.
pub(crate) fn open(settings: Settings) -> Result<Box<dyn Source>, Fault> {
    settings.only(&[])?;
    bus::find()?;
    seed()?;
    let service = patiently(|| SecretService::connect(EncryptionType::Dh))?;
    Ok(Box::new(Keychain { service, ages: settings.ages(), refused: Cell::new(false) }))
}

/// The crate draws its private key from fastrand, which starts from the time of day and could be guessed by who sees
/// the bus. Its generators fork off this thread's, which is seeded here from the kernel.
fn seed() -> Result<(), Fault> {
    let seed = getrandom::u64().map_err(|_| Fault::unreachable("the system has no random numbers"))?;
    fastrand::seed(seed);
    Ok(())
}

impl Source for Keychain {
    fn fetch(&self, locators: &[Locator]) -> Result<Vec<Result<Payload, Fault>>, Fault> {
        if let [only] = locators
            && let Some(namespace) = envchain::namespace(only)
        {
            return Ok(vec![whole(self.envchain(namespace))?]);
        }
        let mut found = self.search_all(locators)?;
        if found.iter().any(|one| matches!(one, Err(fault) if fault.state == State::Absent)) {
            match self.open_hidden()? {
                Hidden::None => {}
                Hidden::Opened => found = self.search_all(locators)?,
                Hidden::Locked(fault) => forbid_absence(&mut found, &fault),
            }
        }
        let refused = self.unlock(&found)?;
        found.into_iter().map(|one| whole(self.read(one, refused.as_ref()))).collect()
    }

    fn writer(&self) -> Option<&dyn Writer> {
        Some(self)
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
        locators.iter().map(|locator| whole(self.search(locator))).collect()
    }

    fn search(&self, locator: &Locator) -> Result<Match<'_>, Fault> {
        let (service, account) = parse(locator)?;
        let attributes = HashMap::from([("service", service), ("username", account)]);
        let mut items = patiently(|| self.service.search_items(attributes.clone()))?;
        match (items.unlocked.len(), items.locked.len()) {
            // The crate reads a list of the wrong type as an empty one. A service that breaks the specification so could
            // as well say that there is nothing, so this is taken as its word.
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
        let mut hidden = Hidden::None;
        for collection in patiently(|| self.service.get_all_collections())? {
            let hides = || Ok(collection.is_locked()? && collection.get_all_items()?.is_empty());
            // An error is a collection that went away meanwhile.
            if whole(patiently(hides))? != Ok(true) {
                continue;
            }
            match self.ask(|| collection.unlock())? {
                None => hidden = Hidden::Opened,
                Some(refused) => return Ok(Hidden::Locked(refused)),
            }
        }
        Ok(hidden)
    }

    /// Unlocks all that is locked, with one prompt; the inner answer is why it stays so.
    fn unlock(&self, found: &[Result<Match<'_>, Fault>]) -> Result<Option<Fault>, Fault> {
        let mut items = Vec::new();
        for one in found {
            if let Ok(Match::Locked(item)) = one {
                items.push(item);
            }
        }
        if items.is_empty() {
            return Ok(None);
        }
        self.ask(|| self.service.unlock_all(&items))
    }

    /// May show a prompt of the desktop, for as long as the launcher lets us live.
    fn ask(&self, unlock: impl FnOnce() -> Result<(), Error>) -> Result<Option<Fault>, Fault> {
        if self.refused.get() {
            return Ok(Some(bus::locked()));
        }
        let started = Instant::now();
        let Err(error) = unlock() else {
            return Ok(None);
        };
        self.refused.set(true);
        Ok(whole::<()>(Err(bus::explain(&error, started)))?.err())
    }

    fn read(&self, found: Result<Match<'_>, Fault>, refused: Option<&Fault>) -> Result<Payload, Fault> {
        let item = match (found?, refused) {
            (Match::Locked(_), Some(fault)) => return Err(fault.clone()),
            (Match::Locked(item) | Match::Open(item), _) => item,
        };
        let mut payload = patiently(|| item.get_secret()).map(Payload::from)?;
        if self.ages {
            payload.stored.created = Some(patiently(|| item.get_modified())?).filter(|time| *time > 0);
        }
        Ok(payload)
    }
}

/// `SERVICE/ACCOUNT`; a service may hold slashes (URLs do), so the last one splits.
fn parse(locator: &Locator) -> Result<(&str, &str), Fault> {
    if let Some((name, _)) = locator.options.first() {
        return Err(Fault::invalid(format!("keychain has no option '{}'", printable(name))));
    }
    match locator.text.rsplit_once('/') {
        // D-Bus has no strings with NUL, and the crate would panic.
        Some((service, account)) if !service.is_empty() && !account.is_empty() && !locator.text.contains('\0') => {
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
