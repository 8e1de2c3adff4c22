//! Writing to KV: a whole secret is read, one of its fields changed, and all of it written. KV 2 takes that only where
//! nobody has written meanwhile (check-and-set); KV 1 has no such thing, and no former versions either.

use inject::document::dotenv::Dialect;
use inject::document::{Document, Format};
use inject::error::{Fault, printable};
use inject::secret::Secret;
use inject::source::{Locator, Writer};
use vaultrs::api::kv1::requests::{DeleteSecretRequest, GetSecretRequest, SetSecretRequest};

use super::answer::{self, Current, Envelope, Metadata};
use super::client::Reply;
use super::session::{Holds, Session, allowed};
use super::{Vault, answer::refused};
use crate::document;

/// A secret, by where the API has it.
struct Place {
    versioned: bool,
    mount: String,
    path: String,
}

impl Writer for Vault {
    fn put(&self, locator: &Locator, field: Option<&str>, value: &Secret) -> Result<String, Fault> {
        let (session, place) = self.place(locator)?;
        let Current { version, fields } = self.current(session, &place)?;
        let old = fields.as_ref().map_or(&b""[..], Secret::expose);
        let new = document::put(old, Some(&named(old, field)?), value)?;
        if fields.as_ref().is_some_and(|old| old.expose() == new.expose()) {
            return Ok("unchanged".into());
        }
        let written = self.write(session, &place, version, &new)?;
        Ok(match written {
            Some(1) => "created".into(),
            Some(version) => format!("new version {version}"),
            None if fields.is_none() => "created".into(),
            None => "replaced".into(),
        })
    }

    fn remove(&self, locator: &Locator, field: Option<&str>) -> Result<Option<String>, Fault> {
        let (session, place) = self.place(locator)?;
        let Current { version, fields } = self.current(session, &place)?;
        let Some(old) = fields else { return Ok(None) };
        let Some(field) = field else {
            // As for reading: of several fields nobody knows which one is meant.
            named(old.expose(), None)?;
            return self.delete(session, &place, version).map(Some);
        };
        let Some(new) = document::remove(old.expose(), field)? else { return Ok(None) };
        Ok(Some(match self.write(session, &place, version, &new)? {
            Some(version) => format!("removed, by new version {version}"),
            None => "removed".into(),
        }))
    }
}

impl Vault {
    fn place(&self, locator: &Locator) -> Result<(&Session, Place), Fault> {
        let session = self.session()?;
        let (holds, mount, path) = session.placed(&self.runtime, &self.client, locator)?;
        let versioned = match holds {
            Holds::Plain => false,
            Holds::Versioned => true,
            Holds::Else => {
                return Err(Fault::invalid("is made by another engine than KV: nothing can be stored there"));
            }
            Holds::Unknown => {
                return Err(Fault::denied("there is no such mount, or the token may do nothing in it")
                    .hint("`vault secrets list` shows the mounts; a policy of the token's has to allow \"read\", \"create\" and \"update\""));
            }
        };
        // The API's own path, typed by hand.
        if versioned && path.starts_with("data/") {
            return Err(
                Fault::invalid("begins with 'data/'").hint("leave that out: this is KV 2, and inject puts it in")
            );
        }
        let mount = if versioned { format!("{mount}/data") } else { mount };
        Ok((session, Place { versioned, mount, path }))
    }

    fn current(&self, session: &Session, place: &Place) -> Result<Current, Fault> {
        let request = GetSecretRequest { mount: place.mount.clone(), path: place.path.clone() };
        let reply = self.runtime.run(self.client.ask(&session.headers, request))?;
        let whom = &self.client.place.shown;
        let current = if place.versioned {
            answer::current(&reply, whom)
        } else {
            match answer::fields(&reply, false, None, whom) {
                Ok(payload) => Ok(Current { version: 0, fields: Some(payload.bytes) }),
                Err(fault) if fault.state == inject::error::State::Absent => Ok(Current::default()),
                Err(fault) => Err(fault),
            }
        };
        current.map_err(|fault| place.allowed(fault, "\"read\""))
    }

    /// Writes all fields in place of `version`; the new one's number, in KV 2.
    fn write(&self, session: &Session, place: &Place, version: u64, fields: &Secret) -> Result<Option<u64>, Fault> {
        let mut body = Vec::with_capacity(fields.len() + 64);
        if place.versioned {
            body.extend_from_slice(format!("{{\"options\":{{\"cas\":{version}}},\"data\":").as_bytes());
        }
        body.extend_from_slice(fields.expose());
        if place.versioned {
            body.push(b'}');
        }
        let request = SetSecretRequest { mount: place.mount.clone(), path: place.path.clone(), data: body };
        let reply = self.runtime.run(self.client.ask_once(&session.headers, request))?;
        let whom = &self.client.place.shown;
        match reply.status {
            200 | 204 if !place.versioned => Ok(None),
            200 if place.versioned => {
                let data = Envelope::of(&reply, whom)?.data;
                let metadata: Option<Metadata> = data.and_then(|data| serde_json::from_str(data.get()).ok());
                let metadata = metadata.ok_or_else(|| answer::stranger(reply.status, &reply.body, whom))?;
                Ok(Some(metadata.version))
            }
            _ => Err(place.unwritten(&reply, whom)),
        }
    }

    /// In KV 2 what is deleted can be had again.
    fn delete(&self, session: &Session, place: &Place, version: u64) -> Result<String, Fault> {
        let request = DeleteSecretRequest { mount: place.mount.clone(), path: place.path.clone() };
        let reply = self.runtime.run(self.client.ask_once(&session.headers, request))?;
        if reply.status != 204 {
            let fault = refused(reply.status, &reply.body, &self.client.place.shown);
            return Err(place.allowed(fault, "\"delete\""));
        }
        Ok(if place.versioned {
            format!("version {version} deleted; `vault kv undelete -versions={version}` brings it back")
        } else {
            "removed for good: this is KV 1".into()
        })
    }
}

impl Place {
    fn allowed(&self, fault: Fault, what: &str) -> Fault {
        allowed(fault, &format!("{}/{}", self.mount, self.path), what, "")
    }

    fn unwritten(&self, reply: &Reply, whom: &str) -> Fault {
        let errors = answer::errors(&reply.body).unwrap_or_default();
        if errors.iter().any(|error| error.contains("check-and-set")) {
            return Fault::outage("somebody else has changed it meanwhile; nothing was changed here")
                .hint("run this again");
        }
        self.allowed(refused(reply.status, &reply.body, whom), "\"create\", \"update\"")
    }
}

/// The field that is meant: without a name the only one that there is, as when it is read.
fn named(old: &[u8], field: Option<&str>) -> Result<String, Fault> {
    if let Some(field) = field {
        return Ok(field.to_owned());
    }
    let unknown = |what: &str| Fault::invalid(format!("which field? {what}")).hint("put #FIELD behind the reference");
    if old.is_empty() {
        return Err(unknown("there is no such secret yet"));
    }
    let document = Document::parse(Secret::from(old), Format::Json, Dialect::Python)
        .map_err(|_| Fault::invalid("the fields cannot be read"))?;
    let mut names = document.entries_at(None)?.map(|(name, _)| name.unwrap_or_default());
    match (names.next(), names.next()) {
        (Some(only), None) => Ok(format!("/{}", only.replace('~', "~0").replace('/', "~1"))),
        (None, _) => Err(unknown("it has none")),
        (Some(one), Some(two)) => {
            Err(unknown(&format!("it has '{}', '{}' and perhaps more", printable(one), printable(two))))
        }
    }
}
