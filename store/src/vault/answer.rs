//! What Vault's answers say.

use inject::error::{Fault, State};
use inject::secret::Secret;
use inject::source::{Note, Payload, Stored};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::client::Reply;

/// What stands around every answer; none of the fields is in all of them.
#[derive(Deserialize)]
pub(super) struct Envelope<'b> {
    pub(super) request_id: Option<String>,
    pub(super) errors: Option<Vec<String>>,
    /// Kept as it is written: no number is read and written again.
    #[serde(borrow)]
    pub(super) data: Option<&'b RawValue>,
    #[serde(default)]
    lease_id: String,
    #[serde(default)]
    lease_duration: u64,
    #[serde(default)]
    renewable: bool,
    pub(super) auth: Option<Auth>,
}

/// A login.
#[derive(Deserialize)]
pub(super) struct Auth {
    pub(super) client_token: String,
    /// In seconds; 0 where it does not end.
    pub(super) lease_duration: u64,
}

/// `data` of a read in KV 2.
#[derive(Deserialize)]
struct Versioned<'b> {
    #[serde(borrow)]
    data: Option<&'b RawValue>,
    metadata: Metadata,
}

#[derive(Deserialize)]
pub(super) struct Metadata {
    #[serde(default)]
    destroyed: bool,
    pub(super) version: u64,
    created_time: Option<String>,
}

impl<'b> Envelope<'b> {
    /// Every answer of Vault's to a read or a login says which request it answers, or is a list of errors.
    ///
    /// # Errors
    /// It is not Vault that answered.
    pub(super) fn of(reply: &'b Reply, whom: &str) -> Result<Self, Fault> {
        let read: Option<Self> = serde_json::from_slice(&reply.body).ok();
        read.filter(|read| read.request_id.is_some() || read.errors.is_some())
            .ok_or_else(|| stranger(reply.status, &reply.body, whom))
    }

    /// What is to be said of the lease; `lives` is the time of the token that it hangs on.
    fn notes(&self, lives: Option<u64>) -> Vec<Note> {
        if self.lease_id.is_empty() || self.lease_duration == 0 {
            return Vec::new();
        }
        let renewable = if self.renewable { ", renewable" } else { "" };
        let mut notes = vec![Note::fact(format!("lease {}{renewable}", duration(self.lease_duration)))];
        let earlier = lives.filter(|lives| (1..self.lease_duration).contains(lives));
        if let Some(lives) = earlier {
            notes.push(Note::fact(format!("it ends with the login's token, after {}", duration(lives))));
        }
        if earlier.unwrap_or(self.lease_duration) < 60 {
            notes.push(Note::warning("the lease is shorter than a minute"));
        }
        notes
    }
}

/// The fields of what was read.
///
/// # Errors
/// Why there are none.
pub(super) fn fields(reply: &Reply, versioned: bool, lives: Option<u64>, whom: &str) -> Result<Payload, Fault> {
    let envelope = Envelope::of(reply, whom)?;
    let mut stored = Stored::default();
    let fields = match envelope.data {
        Some(data) if versioned => {
            let Versioned { data, metadata } =
                serde_json::from_str(data.get()).map_err(|_| stranger(reply.status, &reply.body, whom))?;
            let created = metadata.created_time.as_deref().and_then(Stored::time);
            stored = Stored { version: Some(metadata.version.to_string()), created };
            data.ok_or_else(|| gone(&metadata))?
        }
        Some(data) if reply.status == 200 => data,
        _ if reply.status == 200 => return Err(Fault::invalid("the answer holds no fields")),
        _ => return Err(refused(reply.status, &reply.body, whom)),
    };
    if !fields.get().starts_with('{') {
        return Err(Fault::invalid("the answer holds something else than fields"));
    }
    let notes = envelope.notes(lives);
    Ok(Payload { notes, stored, ..fields.get().as_bytes().to_vec().into() })
}

/// What KV 2 holds now.
#[derive(Default)]
pub(super) struct Current {
    /// 0 before the first one.
    pub(super) version: u64,
    /// The object of the fields; `None` where the version was deleted or destroyed, and where there is none.
    pub(super) fields: Option<Secret>,
}

/// The newest version in KV 2, to be changed.
///
/// # Errors
/// The server does not say.
pub(super) fn current(reply: &Reply, whom: &str) -> Result<Current, Fault> {
    match Envelope::of(reply, whom)?.data {
        Some(data) => {
            let Versioned { data, metadata } =
                serde_json::from_str(data.get()).map_err(|_| stranger(reply.status, &reply.body, whom))?;
            let fields = data.map(|data| Secret::from(data.get().as_bytes()));
            Ok(Current { version: metadata.version, fields })
        }
        None => match refused(reply.status, &reply.body, whom) {
            Fault { state: State::Absent, .. } => Ok(Current::default()),
            fault => Err(fault),
        },
    }
}

/// A version of KV 2 without fields: it was there, so this is no absence.
fn gone(Metadata { destroyed, version, .. }: &Metadata) -> Fault {
    if *destroyed {
        return Fault::invalid(format!("version {version} was destroyed"))
            .hint("its fields are gone for good; 'version' of the entry takes another one");
    }
    Fault::invalid(format!("version {version} was deleted")).hint(format!(
        "`vault kv undelete -versions={version}` brings it back; 'version' of the entry takes another one"
    ))
}

/// What a status other than success means. The texts of Vault's errors are compared, never shown: those of the engines
/// can quote what they were given.
pub(super) fn refused(status: u16, body: &[u8], whom: &str) -> Fault {
    let Some(errors) = errors(body) else {
        return stranger(status, body, whom);
    };
    let says = |part: &str| errors.iter().any(|error| error.contains(part));
    match status {
        403 if bad_token(&errors) => bad(),
        403 => Fault::denied("permission denied (403)"),
        404 if says("namespace not found") => Fault::invalid("there is no such namespace")
            .hint("'namespace', or VAULT_NAMESPACE, names it as the server's own root does"),
        404 if says("no handler for route") => {
            Fault::invalid("there is no such mount").hint("`vault secrets list` shows them")
        }
        404 if errors.is_empty() => Fault::absent("no such secret"),
        429 => Fault::outage("too many requests (429)"),
        472 => Fault::outage("the server is a standby for disasters (472)"),
        473 => Fault::outage("the server is a standby (473)"),
        _ if says("local node not active") || says("is in standby mode") => {
            Fault::outage(format!("{whom}: is a standby, and finds no active server"))
        }
        500.. => Fault::outage(format!("the server failed ({status})")).hint("its own log says why"),
        _ => unknown(status, &errors),
    }
}

/// Whether the server says that it is sealed; it says so as well before it was ever initialised.
pub(super) fn is_sealed(body: &[u8]) -> bool {
    errors(body).is_some_and(|errors| errors.iter().any(|error| error.contains("Vault is sealed")))
}

/// 400 and its like: a role that an engine does not know is the common one.
fn unknown(status: u16, errors: &[String]) -> Fault {
    let role = errors.iter().any(|error| error.starts_with("unknown role"));
    Fault::invalid(format!("refused ({status}){}", if role { ": the engine knows no such role" } else { "" }))
}

/// The errors of an answer, where it is one of Vault's.
pub(super) fn errors(body: &[u8]) -> Option<Vec<String>> {
    serde_json::from_slice::<Envelope<'_>>(body).ok()?.errors
}

/// Whether the token is what was wrong, and not what it may do: only a policy's refusal is one of a list of errors.
pub(super) fn bad_token(errors: &[String]) -> bool {
    errors.iter().any(|error| error == "permission denied" || error.contains("invalid token"))
}

/// A token that the server does not take.
pub(super) fn bad() -> Fault {
    Fault::denied("the server does not accept the token (403)")
        .hint("it is wrong, expired, revoked, used up, or of another namespace; `vault login` gets a new one")
}

/// Somebody else answered.
pub(super) fn stranger(status: u16, body: &[u8], whom: &str) -> Fault {
    if body.starts_with(b"Client sent an HTTP request to an HTTPS server") {
        return Fault::unreachable(format!("{whom}: wants TLS")).hint("write the address with https://");
    }
    if status >= 500 || status == 429 {
        return Fault::outage(format!("{whom}: not Vault, but something before it, answered ({status})"));
    }
    Fault::unreachable(format!("{whom}: what answered there is no Vault ({status})"))
}

/// As Go writes it, and so the official clients do.
pub(super) fn duration(seconds: u64) -> String {
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes) {
        (0, 0) => format!("{seconds}s"),
        (0, _) => format!("{minutes}m{seconds}s"),
        _ => format!("{hours}h{minutes}m{seconds}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_as_go_writes_them() {
        for (seconds, text) in [(0, "0s"), (59, "59s"), (60, "1m0s"), (3600, "1h0m0s"), (2_764_800, "768h0m0s")] {
            assert_eq!(duration(seconds), text);
        }
    }

    #[test]
    fn a_policy_is_no_bad_token() {
        let says = |errors: &[&str]| bad_token(&errors.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert!(says(&["permission denied"]));
        assert!(says(&["2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n"]));
        assert!(!says(&["1 error occurred:\n\t* permission denied\n\n"]));
        assert!(!says(&[]));
    }
}
