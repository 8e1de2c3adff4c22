//! Writing to the keychain: an item that is there is replaced in place, a new one goes into the default collection.

use std::collections::HashMap;
use std::time::Instant;

use dbus_secret_service::{Collection, Error, Item};
use inject::error::{Fault, State};
use inject::secret::Secret;
use inject::source::{Locator, Writer};

use super::bus::{self, patiently};
use super::{Hidden, Keychain, Match, parse};
use crate::document;

impl Writer for Keychain {
    fn put(&self, locator: &Locator, field: Option<&str>, value: &Secret) -> Result<String, Fault> {
        let Some(item) = self.opened(locator)? else {
            return self.create(locator, &document::put(b"", field, value)?);
        };
        let old = Secret::new(patiently(|| item.get_secret())?);
        let new = document::put(old.expose(), field, value)?;
        if old.expose() == new.expose() {
            return Ok("unchanged".into());
        }
        once(|| item.set_secret(new.expose(), content_type(&new)))?;
        Ok("replaced".into())
    }

    fn remove(&self, locator: &Locator, field: Option<&str>) -> Result<Option<String>, Fault> {
        let Some(item) = self.opened(locator)? else { return Ok(None) };
        let Some(field) = field else {
            once(|| item.delete())?;
            return Ok(Some("removed".into()));
        };
        let old = Secret::new(patiently(|| item.get_secret())?);
        match document::remove(old.expose(), field)? {
            Some(new) => once(|| item.set_secret(new.expose(), content_type(&new)))?,
            None => return Ok(None),
        }
        Ok(Some("removed".into()))
    }
}

impl Keychain {
    /// The one item that matches, unlocked; `None` where there is none, and nothing is locked that could hide one.
    fn opened(&self, locator: &Locator) -> Result<Option<Item<'_>>, Fault> {
        let mut found = self.search(locator);
        if matches!(&found, Err(fault) if fault.state == State::Absent) {
            match self.open_hidden()? {
                Hidden::None => {}
                Hidden::Opened => found = self.search(locator),
                Hidden::Locked(fault) => return Err(fault),
            }
        }
        match found {
            Ok(Match::Open(item)) => Ok(Some(item)),
            Ok(Match::Locked(item)) => match self.ask(|| item.unlock())? {
                None => Ok(Some(item)),
                Some(refused) => Err(refused),
            },
            Err(fault) if fault.state == State::Absent => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// With the attributes and nothing else that `secret-tool store service S username A` gives an item.
    fn create(&self, locator: &Locator, value: &Secret) -> Result<String, Fault> {
        let (service, account) = parse(locator)?;
        let collection = self.collection()?;
        let attributes = HashMap::from([("service", service), ("username", account)]);
        let label = format!("{service}/{account}");
        once(|| collection.create_item(&label, attributes, value.expose(), true, content_type(value)))?;
        Ok("created".into())
    }

    /// The default collection, unlocked.
    fn collection(&self) -> Result<Collection<'_>, Fault> {
        let missing = || {
            Fault::unreachable("the keychain has no default keyring to put a new item into")
                .hint("log in on the desktop once, or make one in its own program (Passwords and Keys, KWallet)")
        };
        let find = || match self.service.get_default_collection() {
            Err(Error::NoResult) => Ok(None),
            found => found.map(Some),
        };
        let collection = patiently(find)?.ok_or_else(missing)?;
        if patiently(|| collection.is_locked())?
            && let Some(refused) = self.ask(|| collection.unlock())?
        {
            return Err(refused);
        }
        Ok(collection)
    }
}

/// A call that changes something is made once: who waited too long for it does not know whether it was done.
fn once<T>(call: impl FnOnce() -> Result<T, Error>) -> Result<T, Fault> {
    let started = Instant::now();
    call().map_err(|error| bus::explain(&error, started))
}

/// What libsecret's programs look at before they show a value.
fn content_type(value: &Secret) -> &'static str {
    if std::str::from_utf8(value.expose()).is_ok() { "text/plain" } else { "application/octet-stream" }
}
