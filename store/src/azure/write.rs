//! Writing: each value is a new version, with the tags and the type of the one before. The service takes it whoever has
//! written meanwhile, and says nothing of that; the other's version is still there.

use azure_core::http::RequestContent;
use azure_security_keyvault_secrets::models::{DeletionRecoveryLevel, Secret as Model, SetSecretParameters};
use inject::document::edit;
use inject::error::{Fault, State};
use inject::secret::Secret;
use inject::source::{Locator, Writer};

use super::{Azure, Wanted, fault, stored, unreadable};
use crate::document;

/// The largest value (the service's own limit).
const MOST: usize = 25 << 10;

/// What is there now.
enum Current {
    Value(Box<Model>, Secret),
    /// One that cannot be read.
    Closed(Fault),
    None,
}

impl Writer for Azure {
    fn put(&self, locator: &Locator, field: Option<&str>, value: &Secret) -> Result<String, Fault> {
        let wanted = self.newest(locator)?;
        let current = self.current(&wanted)?;
        let old = match &current {
            Current::Value(_, old) => old.expose(),
            // What stands beside the field would be lost.
            Current::Closed(fault) if field.is_some() => return Err(fault.clone()),
            Current::Closed(_) | Current::None => b"",
        };
        let new = document::put(old, field, value)?;
        match current {
            Current::Value(_, old) if old.expose() == new.expose() => Ok("unchanged".into()),
            Current::Value(model, _) => self.set(&wanted, Some(&model), &new),
            Current::Closed(_) => self.set(&wanted, None, &new),
            Current::None => self.set(&wanted, None, &new).map(|_| "created".into()),
        }
    }

    fn remove(&self, locator: &Locator, field: Option<&str>) -> Result<Option<String>, Fault> {
        let wanted = self.newest(locator)?;
        let (model, old) = match (self.current(&wanted)?, field) {
            (Current::None, _) => return Ok(None),
            (Current::Closed(fault), Some(_)) => return Err(fault),
            (Current::Closed(_), None) => return self.delete(&wanted).map(Some),
            (Current::Value(..), None) => return self.delete(&wanted).map(Some),
            (Current::Value(model, old), Some(_)) => (model, old),
        };
        match field.map(|field| document::remove(old.expose(), field)).transpose()?.flatten() {
            Some(new) => self.set(&wanted, Some(&model), &new).map(|told| Some(format!("removed, by {told}"))),
            None => Ok(None),
        }
    }
}

impl Azure {
    fn newest(&self, locator: &Locator) -> Result<Wanted, Fault> {
        let wanted = self.wanted(&locator.text)?;
        match wanted.version {
            Some(_) => Err(Fault::invalid("the name says which version is read: what is written would be another one")),
            None => Ok(wanted),
        }
    }

    /// It also brings the vault's challenge: no value is sent before that is judged.
    fn current(&self, wanted: &Wanted) -> Result<Current, Fault> {
        match self.runtime.run(self.get(wanted)) {
            Ok(mut model) => {
                let value = model.value.take().ok_or_else(|| Fault::invalid("Key Vault answered without a value"))?;
                Ok(Current::Value(Box::new(model), Secret::new(value.into_bytes())))
            }
            Err(fault) if fault.state == State::Absent => Ok(Current::None),
            Err(fault) if fault == fault::disabled() => Ok(Current::Closed(fault)),
            Err(fault) => Err(fault),
        }
    }

    fn set(&self, wanted: &Wanted, before: Option<&Model>, value: &Secret) -> Result<String, Fault> {
        let text = edit::text(value.expose(), "Key Vault")?;
        if value.len() > MOST {
            return Err(Fault::invalid("Key Vault holds at most 25 KiB"));
        }
        let parameters = SetSecretParameters {
            value: Some(text.to_owned()),
            content_type: before.and_then(|before| before.content_type.clone()),
            tags: before.and_then(|before| before.tags.clone()),
            secret_attributes: None,
        };
        let request = RequestContent::try_from(parameters).map_err(|_| Fault::invalid("this makes no request"))?;
        let client = self.client(&wanted.vault)?;
        let answer = self.runtime.run(client.set_secret(&wanted.name, request, None));
        let answer = answer.map_err(|error| fault::of_write(&error, wanted, "set"))?;
        let version = stored(&answer.into_model().map_err(|_| unreadable())?).version.ok_or_else(unreadable)?;
        let dated = before.and_then(|before| before.attributes.as_ref());
        let dated = dated.is_some_and(|dated| dated.expires.is_some() || dated.not_before.is_some());
        let dates = if dated { "; the dates of the one before are not its own" } else { "" };
        Ok(format!("new version {version}{dates}"))
    }

    /// What is deleted can be recovered, except in a vault that keeps nothing.
    fn delete(&self, wanted: &Wanted) -> Result<String, Fault> {
        let client = self.client(&wanted.vault)?;
        let answer = self.runtime.run(client.delete_secret(&wanted.name, None));
        let answer = answer.map_err(|error| fault::of_write(&error, wanted, "delete"))?;
        let deleted = answer.into_model().map_err(|_| unreadable())?;
        let level = deleted.attributes.and_then(|attributes| attributes.recovery_level);
        Ok(match level {
            Some(DeletionRecoveryLevel::Purgeable) => "removed for good: this vault keeps nothing".into(),
            _ => format!("deleted; `az keyvault secret recover --name {}` takes that back", wanted.name),
        })
    }
}
