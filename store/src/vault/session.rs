//! Reads, with a token. What KV 2 holds stands at another path than it is called, so the server is asked what is
//! mounted there, once a mount; that question costs no use of the token.

use std::cell::RefCell;
use std::collections::HashSet;

use inject::error::{Fault, State, printable};
use inject::source::{Locator, Payload};
use serde::Deserialize;
use vaultrs::api::EndpointMiddleware;
use vaultrs::api::kv1::requests::GetSecretRequest;
use vaultrs::api::kv2::requests::ReadSecretRequest;

use super::answer::{self, Envelope};
use super::client::Client;
use super::place::path;
use crate::net::Runtime;

/// A login, and what it has learned.
pub(super) struct Session {
    pub(super) headers: EndpointMiddleware,
    /// For how many seconds the token of a login lives; 0 is without end.
    lives: Option<u64>,
    mounts: RefCell<Vec<Mount>>,
}

/// What stands at a path.
struct Mount {
    /// With a slash at the end; without one, a single path about which the server says nothing.
    path: String,
    holds: Holds,
}

/// What a mount is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    /// KV 1.
    Plain,
    /// KV 2.
    Versioned,
    /// What another engine makes.
    Else,
    /// Nobody says.
    Unknown,
}

impl Mount {
    /// What `text` is called within.
    fn within<'t>(&self, text: &'t str) -> Option<&'t str> {
        text.strip_prefix(self.path.as_str()).filter(|rest| rest.is_empty() != self.path.ends_with('/'))
    }
}

/// A locator, understood.
struct Wanted<'l> {
    text: &'l str,
    version: Option<u64>,
}

/// `data` of the answer about a mount.
#[derive(Deserialize)]
struct Mounted {
    path: String,
    #[serde(rename = "type")]
    engine: String,
    options: Option<Options>,
}

#[derive(Deserialize)]
struct Options {
    version: Option<String>,
}

impl Session {
    /// Whose token `headers` has, and for how many seconds, where a login said it.
    pub(super) fn new(headers: EndpointMiddleware, lives: Option<u64>) -> Self {
        Self { headers, lives, mounts: RefCell::default() }
    }

    /// Reads every locator. What the way there fails with fails them all.
    ///
    /// # Errors
    /// The server cannot be asked, or does not take the token.
    pub(super) fn fetch(
        &self,
        runtime: &Runtime,
        client: &Client,
        locators: &[Locator],
    ) -> Result<Vec<Result<Payload, Fault>>, Fault> {
        let wanted: Vec<_> = locators.iter().map(understand).collect();
        self.find_mounts(runtime, client, wanted.iter().flatten().map(|wanted| wanted.text).collect())?;
        Ok(runtime.each(wanted, |wanted| async {
            let wanted = wanted?;
            let text = wanted.text;
            let mut payload = self.read(client, wanted).await?;
            payload.notes = payload.notes.into_iter().map(|note| note.about(text)).collect();
            Ok(payload)
        }))
    }

    /// Learns of every mount that the paths stand in. One path is asked for of those that begin alike, and the others
    /// only where its mount turns out not to be theirs.
    fn find_mounts(&self, runtime: &Runtime, client: &Client, mut texts: Vec<&str>) -> Result<(), Fault> {
        let mut hidden = HashSet::new();
        loop {
            texts.retain(|text| self.mounts.borrow().iter().all(|mount| mount.within(text).is_none()));
            let mut begun = HashSet::new();
            let asked: Vec<&str> = texts
                .iter()
                .copied()
                .filter(|text| {
                    let begins = text.split('/').next();
                    begun.insert(begins) || hidden.contains(&begins)
                })
                .collect();
            if asked.is_empty() {
                return Ok(());
            }
            let found = runtime.each(asked.iter().copied(), |text| self.mount_of(client, text));
            for (text, mounted) in asked.into_iter().zip(found) {
                let mount = mounted?.unwrap_or_else(|| {
                    hidden.insert(text.split('/').next());
                    Mount { path: text.to_owned(), holds: Holds::Unknown }
                });
                self.mounts.borrow_mut().push(mount);
            }
        }
    }

    /// The mount of a path, where the server says it to this token.
    async fn mount_of(&self, client: &Client, text: &str) -> Result<Option<Mount>, Fault> {
        let preflight = GetSecretRequest { mount: "sys/internal/ui/mounts".to_owned(), path: text.to_owned() };
        let reply = client.ask(&self.headers, preflight).await?;
        let shown = &client.place.shown;
        let envelope = Envelope::of(&reply, shown)?;
        if reply.status != 200 {
            let fault = answer::refused(reply.status, &reply.body, shown);
            // Nothing mounted, or nothing for this token: the read itself can tell which.
            let hidden = !answer::bad_token(envelope.errors.as_deref().unwrap_or_default())
                && matches!(fault.state, State::Denied | State::Absent);
            return if hidden { Ok(None) } else { Err(fault) };
        }
        let mounted: Option<Mounted> = envelope.data.and_then(|data| serde_json::from_str(data.get()).ok());
        let Mounted { path, engine, options } =
            mounted.ok_or_else(|| answer::stranger(reply.status, &reply.body, shown))?;
        let holds = match (engine.as_str(), options.and_then(|options| options.version).as_deref()) {
            ("kv", Some("2")) => Holds::Versioned,
            ("kv" | "generic", _) => Holds::Plain,
            _ => Holds::Else,
        };
        // A namespace that is a header stands before some paths, and before some not.
        let namespace = self.headers.namespace.as_deref().unwrap_or_default().trim_matches('/');
        let shorter = path.strip_prefix(namespace).and_then(|rest| rest.strip_prefix('/')).map(str::to_owned);
        let mut mounts = [Some(path), shorter].into_iter().flatten().map(|path| Mount { path, holds });
        Ok(mounts.find(|mount| mount.within(text).is_some()))
    }

    async fn read(&self, client: &Client, wanted: Wanted<'_>) -> Result<Payload, Fault> {
        match self.place(wanted.text) {
            (Holds::Versioned, mount, path) => {
                let request = ReadSecretRequest { mount, path, version: wanted.version };
                self.read_versioned(client, request).await
            }
            _ => self.read_plain(client, wanted).await,
        }
    }

    /// What holds a path, its mount, and what it is called in there.
    fn place(&self, text: &str) -> (Holds, String, String) {
        let mounts = self.mounts.borrow();
        let found = mounts.iter().find_map(|mount| {
            let path = mount.within(text).filter(|path| !path.is_empty())?;
            Some((mount.holds, mount.path.trim_end_matches('/').to_owned(), path.to_owned()))
        });
        found.unwrap_or_else(|| {
            let (mount, path) = text.split_once('/').unwrap_or_default();
            (Holds::Unknown, mount.to_owned(), path.to_owned())
        })
    }

    /// The same for a locator of which one thing is changed.
    ///
    /// # Errors
    /// It is no path, or the server cannot be asked what is mounted there.
    pub(super) fn placed(
        &self,
        runtime: &Runtime,
        client: &Client,
        locator: &Locator,
    ) -> Result<(Holds, String, String), Fault> {
        let wanted = understand(locator)?;
        self.find_mounts(runtime, client, vec![wanted.text])?;
        Ok(self.place(wanted.text))
    }

    /// KV 2.
    async fn read_versioned(&self, client: &Client, request: ReadSecretRequest) -> Result<Payload, Fault> {
        let (by_hand, version) = (request.path.starts_with("data/"), request.version);
        let stands_at = format!("{}/data/{}", request.mount, request.path);
        let reply = client.ask(&self.headers, request).await?;
        answer::fields(&reply, true, self.lives, &client.place.shown).map_err(|fault| match (fault.state, version) {
            (State::Absent, _) if by_hand => {
                Fault::invalid("no such secret").hint("leave the 'data/' out: this is KV 2, and inject puts it in")
            }
            (State::Absent, Some(version)) => Fault::absent(format!("no such secret, or no version {version} of it")),
            _ => allowed(fault, &stands_at, "\"read\"", ""),
        })
    }

    /// KV 1, and whatever else answers a read.
    async fn read_plain(&self, client: &Client, Wanted { text, version }: Wanted<'_>) -> Result<Payload, Fault> {
        if version.is_some() {
            return Err(Fault::invalid("'version' says nothing here: only KV 2 has versions"));
        }
        let (mount, path) = text.split_once('/').unwrap_or_default();
        let request = GetSecretRequest { mount: mount.to_owned(), path: path.to_owned() };
        let reply = client.ask(&self.headers, request).await?;
        let fields = answer::fields(&reply, false, self.lives, &client.place.shown);
        fields.map_err(|fault| allowed(fault, text, "\"read\"", ", if there is a mount at all"))
    }
}

/// Says what a policy would have to allow, where that is what was missing.
pub(super) fn allowed(fault: Fault, path: &str, what: &str, perhaps: &str) -> Fault {
    if fault.state != State::Denied || fault.hint.is_some() {
        return fault;
    }
    let path = printable(path);
    fault.hint(format!("a policy of the token's has to say: path \"{path}\" {{ capabilities = [{what}] }}{perhaps}"))
}

fn understand(locator: &Locator) -> Result<Wanted<'_>, Fault> {
    let text = path(&locator.text, "vault")?;
    if !text.contains('/') {
        return Err(Fault::invalid("this names no secret").hint("write it as vault:MOUNT/PATH"));
    }
    let mut version = None;
    for (name, value) in &locator.options {
        let number = value.parse().ok().filter(|number: &u64| *number > 0);
        match (name.as_str(), number) {
            ("version", Some(_)) => version = number,
            ("version", None) => return Err(Fault::invalid("'version' is a number of KV 2, from 1")),
            _ => return Err(Fault::invalid(format!("vault has no option '{}'", printable(name)))),
        }
    }
    Ok(Wanted { text, version })
}
