//! Writing to Key Vault: what is set is a new version, and all former ones stay. The service has no check-and-set: of two
//! who change one document at once the later one wins, and the other's version is behind it.

use azure_core::error::Error;
use azure_security_keyvault_secrets::models::{DeletedSecret, Secret as Held, SetSecretParameters};
use inject::document::edit;
use inject::error::{Fault, State, printable};
use inject::secret::Secret;
use inject::source::{Locator, Writer};

use super::fault::{self, Act};
use super::{Azure, Wanted, unreadable, version};
use crate::document;
use crate::net::{ATTEMPT, within};

impl Writer for Azure {
    fn put(&self, locator: &Locator, field: Option<&str>, value: &Secret) -> Result<String, Fault> {
        let wanted = self.current(locator)?;
        let held = self.held(&wanted)?;
        let old = held.as_ref().map(|held| held.value.as_deref().unwrap_or_default());
        let new = document::put(old.unwrap_or_default().as_bytes(), field, value)?;
        if old.is_some_and(|old| old.as_bytes() == new.expose()) {
            return Ok("unchanged".into());
        }
        let (version, undated) = self.set(&wanted, held.as_ref(), &new)?;
        let done = if held.is_some() { format!("new version {version}") } else { "created".into() };
        Ok(if undated { format!("{done}, without the dates of the former one") } else { done })
    }

    fn remove(&self, locator: &Locator, field: Option<&str>) -> Result<Option<String>, Fault> {
        let wanted = self.current(locator)?;
        let Some(field) = field else { return self.delete(&wanted) };
        let Some(held) = self.held(&wanted)? else { return Ok(None) };
        let old = held.value.as_deref().unwrap_or_default();
        let Some(new) = document::remove(old.as_bytes(), field)? else { return Ok(None) };
        let (version, _) = self.set(&wanted, Some(&held), &new)?;
        Ok(Some(format!("removed, by new version {version}")))
    }
}

impl Azure {
    /// What a locator names, where that can be written.
    fn current(&self, locator: &Locator) -> Result<Wanted, Fault> {
        let wanted = self.wanted(&locator.text)?;
        match wanted.version {
            None => Ok(wanted),
            Some(_) => {
                Err(Fault::invalid("names one version: what is written would be another one")
                    .hint("leave the version out"))
            }
        }
    }

    /// The newest version; `None` where there is none.
    fn held(&self, wanted: &Wanted) -> Result<Option<Held>, Fault> {
        match self.runtime.run(self.get(wanted)) {
            Ok(held) if held.managed == Some(true) => {
                Err(Fault::invalid("belongs to a certificate of this name: nothing else can be stored there"))
            }
            Ok(held) => Ok(Some(held)),
            Err(fault) if fault.state == State::Absent => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// Adds a version, which keeps what is said of the secret itself; that one, and whether it lacks dates that the former
    /// one had: those were that value's.
    fn set(&self, wanted: &Wanted, held: Option<&Held>, value: &Secret) -> Result<(String, bool), Fault> {
        let text = edit::text(value.expose(), "Key Vault")?;
        let parameters = SetSecretParameters {
            value: Some(text.to_owned()),
            content_type: held.and_then(|held| held.content_type.clone()),
            tags: held.and_then(|held| held.tags.clone()),
            secret_attributes: None,
        };
        let body = parameters.try_into().map_err(|_| Fault::invalid("the value makes no JSON"))?;
        let client = self.client(&wanted.vault)?;
        let asked = async { client.set_secret(&wanted.name, body, None).await?.into_model() };
        let set: Held = self.once(Act::Set, wanted, asked)?;
        let version = version(set.id.as_deref()).ok_or_else(unreadable)?;
        let attributes = held.and_then(|held| held.attributes.as_ref());
        let dated = attributes.is_some_and(|dates| dates.expires.is_some() || dates.not_before.is_some());
        Ok((printable(&version), dated))
    }

    /// Takes all versions away, in a way that can be undone unless the vault knows none; `None` where there is none.
    fn delete(&self, wanted: &Wanted) -> Result<Option<String>, Fault> {
        let client = self.client(&wanted.vault)?;
        let asked = async { client.delete_secret(&wanted.name, None).await?.into_model() };
        let gone: DeletedSecret = match self.once(Act::Delete, wanted, asked) {
            Err(fault) if fault.state == State::Absent => return Ok(None),
            gone => gone?,
        };
        Ok(Some(match gone.recovery_id {
            Some(_) => {
                let id = wanted.id("deletedsecrets");
                format!("deleted; `az keyvault secret recover --id {id}` brings it back")
            }
            None => "removed for good: this vault has no soft delete".into(),
        }))
    }

    /// One attempt: nobody knows what became of one that was not answered.
    fn once<T>(&self, act: Act, wanted: &Wanted, asked: impl Future<Output = Result<T, Error>>) -> Result<T, Fault> {
        let done = self.runtime.run(within(ATTEMPT, asked));
        let late = || Fault::timeout(format!("no answer within {} s", ATTEMPT.as_secs()));
        done.ok_or_else(late)?.map_err(|error| fault::of(&error, act, wanted).fault)
    }
}
