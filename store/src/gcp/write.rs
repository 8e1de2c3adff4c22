//! Writing: each value is a new version. The service adds one whatever was there, so who edits a field finds out by the
//! numbers that somebody else was in between; theirs is still there.

use google_cloud_gax::error::Error;
use google_cloud_gax::error::rpc::Code;
use google_cloud_secretmanager_v1::client::SecretManagerService;
use google_cloud_secretmanager_v1::model::replication::Automatic;
use google_cloud_secretmanager_v1::model::{Replication, Secret as NewSecret, SecretPayload};
use inject::error::{Fault, State};
use inject::secret::Secret;
use inject::source::{Locator, Writer};

use super::name::Name;
use super::{Gcp, fault};
use crate::document;

/// The largest value (the service's own limit).
const MOST: usize = 64 << 10;

/// What is there now.
enum Current {
    /// A value, and the number of its version.
    Value(Secret, u64),
    /// The newest version cannot be read.
    Closed(Fault),
    None,
}

impl Writer for Gcp {
    fn put(&self, locator: &Locator, field: Option<&str>, value: &Secret) -> Result<String, Fault> {
        let at = self.at(locator)?;
        let current = at.current()?;
        let old = match &current {
            Current::Value(old, _) => old.expose(),
            // What stands beside the field would be lost.
            Current::Closed(fault) if field.is_some() => return Err(fault.clone()),
            Current::Closed(_) | Current::None => b"",
        };
        let new = document::put(old, field, value)?;
        if let Current::Value(old, _) = &current
            && old.expose() == new.expose()
        {
            return Ok("unchanged".into());
        }
        let (number, created) = match at.add(&new)? {
            Some(number) => (number, number == 1),
            None => {
                at.create()?;
                let gone = || Fault::invalid("the secret was made, and was gone again");
                (at.add(&new)?.ok_or_else(gone)?, true)
            }
        };
        match current {
            Current::Value(_, before) if field.is_some() => nobody_between(before, number)?,
            _ => {}
        }
        Ok(if created { "created".into() } else { format!("new version {number}") })
    }

    fn remove(&self, locator: &Locator, field: Option<&str>) -> Result<Option<String>, Fault> {
        let at = self.at(locator)?;
        let (old, before) = match at.current()? {
            Current::Value(old, number) => (old, number),
            Current::Closed(_) | Current::None => return Ok(None),
        };
        let Some(field) = field else { return at.disable(before).map(Some) };
        let Some(new) = document::remove(old.expose(), field)? else { return Ok(None) };
        let number = at.add(&new)?.ok_or_else(|| Fault::invalid("the secret is gone"))?;
        nobody_between(before, number)?;
        Ok(Some(format!("removed, by new version {number}")))
    }
}

/// One secret.
struct At<'g> {
    gcp: &'g Gcp,
    client: SecretManagerService,
    name: Name,
}

impl Gcp {
    fn at(&self, locator: &Locator) -> Result<At<'_>, Fault> {
        let login = self.login()?;
        let name = self.name(locator, login)?;
        if name.version() != "latest" {
            return Err(Fault::invalid("the name says which version is read: what is written would be another one"));
        }
        let client = self.client(&self.endpoint(&name), &login.credentials)?;
        Ok(At { gcp: self, client, name })
    }
}

impl At<'_> {
    fn current(&self) -> Result<Current, Fault> {
        let login = self.gcp.login()?;
        let read = self.gcp.runtime.run(self.gcp.read(&self.client, &self.name, login));
        match read {
            Ok(payload) => {
                let number = payload.stored.version.as_deref().and_then(|number| number.parse().ok());
                let number = number.ok_or_else(|| Fault::invalid("Secret Manager does not say which version it is"))?;
                Ok(Current::Value(payload.bytes, number))
            }
            Err(fault) if fault.state == State::Absent => Ok(Current::None),
            Err(fault) if fault::is_closed(&fault, &self.name) => Ok(Current::Closed(fault)),
            Err(fault) => Err(fault),
        }
    }

    /// Adds a version; its number, or nothing where there is no such secret.
    fn add(&self, value: &Secret) -> Result<Option<u64>, Fault> {
        if value.is_empty() {
            return Err(Fault::invalid("Secret Manager holds no empty value"));
        }
        if value.len() > MOST {
            return Err(Fault::invalid("Secret Manager holds at most 64 KiB"));
        }
        let sum = i64::from(crc32c::crc32c(value.expose()));
        let payload = SecretPayload::new().set_data(value.expose().to_vec()).set_data_crc32c(sum);
        let request = self.client.add_secret_version().set_parent(self.name.secret()).set_payload(payload);
        match self.gcp.runtime.run(request.send()) {
            Ok(added) => {
                let number = added.name.rsplit('/').next().and_then(|number| number.parse().ok());
                number
                    .map(Some)
                    .ok_or_else(|| Fault::invalid("Secret Manager does not say which version it has stored"))
            }
            Err(error) => match self.refused(&error, "roles/secretmanager.secretVersionAdder") {
                Fault { state: State::Absent, .. } => Ok(None),
                fault => Err(fault),
            },
        }
    }

    /// Makes the secret, with copies where Google sees fit, as the console does where nobody says otherwise.
    fn create(&self) -> Result<(), Fault> {
        let (parent, id) = self.name.parts();
        let secret = match self.name.location {
            Some(_) => NewSecret::new(),
            None => NewSecret::new().set_replication(Replication::new().set_automatic(Automatic::new())),
        };
        let request = self.client.create_secret().set_parent(parent).set_secret_id(id).set_secret(secret);
        self.gcp
            .runtime
            .run(request.send())
            .map(drop)
            .map_err(|error| self.refused(&error, "roles/secretmanager.admin"))
    }

    /// A version that is disabled can be enabled again; a secret that is deleted is gone.
    fn disable(&self, number: u64) -> Result<String, Fault> {
        let (_, id) = self.name.parts();
        let name = format!("{}/versions/{number}", self.name.secret());
        let request = self.client.disable_secret_version().set_name(name);
        let role = "roles/secretmanager.secretVersionManager";
        self.gcp.runtime.run(request.send()).map_err(|error| self.refused(&error, role))?;
        Ok(format!(
            "version {number} disabled; `gcloud secrets versions enable {number} --secret {id}` takes that back"
        ))
    }

    /// Why a call that writes failed. None is tried again: it may have been heard.
    fn refused(&self, error: &Error, role: &str) -> Fault {
        if error.status().is_some_and(|status| status.code == Code::AlreadyExists) {
            return Fault::outage("somebody else has made it meanwhile; nothing was changed here")
                .hint("run this again");
        }
        let fault = fault::of(error, &self.name).fault;
        match error.status().map(|status| status.code) {
            Some(Code::PermissionDenied) if fault.message == fault::PERMISSION => {
                fault.hint(format!("the role {role} allows it"))
            }
            Some(Code::InvalidArgument) => {
                Fault::invalid("Secret Manager does not take this as a secret: its name, or its value")
            }
            _ => fault,
        }
    }
}

fn nobody_between(before: u64, now: u64) -> Result<(), Fault> {
    if now == before + 1 {
        return Ok(());
    }
    Err(Fault::invalid("was stored, but somebody else has stored a version meanwhile, without what is in this one")
        .hint(format!("version {} is theirs: what it changed is to be set again", now.saturating_sub(1))))
}
