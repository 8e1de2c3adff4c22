//! Kind `azure`: secrets of Azure Key Vault, with the official SDK. Locators are `NAME[/VERSION]` of the source's vault,
//! or `https://VAULT/secrets/NAME[/VERSION]`.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use azure_core::credentials::TokenCredential;
use azure_core::http::{ClientOptions, RetryOptions, Transport};
use azure_security_keyvault_secrets::models::{Secret, SecretClientGetSecretOptions};
use azure_security_keyvault_secrets::{SecretClient, SecretClientOptions};
use inject::error::{Fault, printable};
use inject::source::{Locator, Note, Payload, Source, Stored, Writer};

use crate::net::{self, Runtime, retry};
use crate::settings::Settings;

mod chain;
mod fault;
mod http;
mod tool;
mod write;

use chain::Chain;

/// One login; a client for each vault, over one connection pool.
struct Azure {
    runtime: Runtime,
    vault: Option<String>,
    options: ClientOptions,
    chain: Arc<Chain>,
    deadline: Instant,
    clients: RefCell<BTreeMap<String, Arc<SecretClient>>>,
    said: Cell<bool>,
}

/// Looks at everything that needs no request.
pub(crate) fn open(settings: Settings) -> Result<Box<dyn Source>, Fault> {
    settings.only(&["vault", "tenant-id", "client-id", "client-secret"])?;
    let runtime = Runtime::new()?;
    let identity = Settings::env("IDENTITY_ENDPOINT")?;
    let options = ClientOptions {
        transport: Some(Transport::new(Arc::new(http::Http::new(identity.as_deref())))),
        // Tried again by the rules of the house, not by the SDK's.
        retry: RetryOptions::none(),
        ..ClientOptions::default()
    };
    let vault = settings.text("vault")?.map(host).transpose()?;
    let chain = Arc::new(Chain::new(&settings, options.clone())?);
    let (clients, said) = Default::default();
    Ok(Box::new(Azure { runtime, vault, options, chain, deadline: settings.deadline(), clients, said }))
}

/// The vault of an address: `https://HOST[:PORT]`, always TLS, also to this machine.
fn host(address: &str) -> Result<String, Fault> {
    let url = net::address(address, "'vault'")?;
    if url.scheme() != "https" {
        return Err(Fault::invalid("'vault': a vault speaks https only"));
    }
    Ok(url.origin().ascii_serialization())
}

/// What to ask of which vault.
struct Wanted {
    vault: String,
    name: String,
    version: Option<String>,
}

impl Source for Azure {
    fn fetch(&self, locators: &[Locator]) -> Result<Vec<Result<Payload, Fault>>, Fault> {
        let wanted: Vec<_> = locators.iter().map(|locator| self.wanted(&locator.text)).collect();
        let mut answers: Vec<Option<Result<Payload, Fault>>> = locators.iter().map(|_| None).collect();
        let mut first = BTreeMap::new();
        let mut rest = Vec::new();
        for (place, wanted) in wanted.into_iter().enumerate() {
            match wanted {
                Ok(wanted) if !self.knows(&wanted.vault) && !first.contains_key(&wanted.vault) => {
                    first.insert(wanted.vault.clone(), (place, wanted));
                }
                Ok(wanted) => rest.push((place, wanted)),
                Err(fault) => answers[place] = Some(Err(fault)),
            }
        }
        // The first request of a vault brings its challenge, by which all others are made.
        for jobs in [first.into_values().collect(), rest] {
            let done = self
                .runtime
                .each(jobs, |(place, wanted): (usize, Wanted)| async move { (place, self.read(&wanted).await) });
            for (place, answer) in done {
                answers[place] = Some(fault::whole(answer)?);
            }
        }
        let unanswered = || Err(Fault::invalid("inject-store has a bug: a locator without an answer"));
        Ok(answers.into_iter().map(|answer| answer.unwrap_or_else(unanswered)).collect())
    }

    fn writer(&self) -> Option<&dyn Writer> {
        Some(self)
    }
}

impl Azure {
    fn wanted(&self, text: &str) -> Result<Wanted, Fault> {
        let (vault, name) = match text.strip_prefix("https://").map(|rest| rest.split_once("/secrets/")) {
            Some(Some((vault, name))) => (host(&format!("https://{vault}"))?, name),
            Some(None) => return Err(Fault::invalid("a secret's identifier is https://VAULT/secrets/NAME")),
            None => (self.vault.clone().ok_or_else(no_vault)?, text),
        };
        let (name, version) = match name.split_once('/') {
            Some((name, version)) => (name, Some(version.to_owned())),
            None => (name, None),
        };
        let plain = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        if !plain(name) || version.as_deref().is_some_and(|version| !plain(version)) {
            return Err(Fault::invalid("a secret's name is letters, digits and '-'"));
        }
        Ok(Wanted { vault, name: name.to_owned(), version })
    }

    fn knows(&self, vault: &str) -> bool {
        self.clients.borrow().contains_key(vault)
    }

    fn client(&self, vault: &str) -> Result<Arc<SecretClient>, Fault> {
        if let Some(client) = self.clients.borrow().get(vault) {
            return Ok(client.clone());
        }
        let options = SecretClientOptions { client_options: self.options.clone(), ..SecretClientOptions::default() };
        let chain: Arc<dyn TokenCredential> = self.chain.clone();
        let client = SecretClient::new(vault, chain, Some(options));
        let client = Arc::new(client.map_err(|_| Fault::invalid(format!("'{}' is no vault", printable(vault))))?);
        self.clients.borrow_mut().insert(vault.to_owned(), client.clone());
        Ok(client)
    }

    async fn get(&self, wanted: &Wanted) -> Result<Secret, Fault> {
        let client = self.client(&wanted.vault)?;
        retry(self.deadline, || async {
            let options = SecretClientGetSecretOptions { secret_version: wanted.version.clone(), ..Default::default() };
            let answer = client.get_secret(&wanted.name, Some(options)).await;
            let answer = answer.map_err(|error| fault::of(&error, wanted))?;
            answer.into_model().map_err(|_| unreadable().into())
        })
        .await
    }

    async fn read(&self, wanted: &Wanted) -> Result<Payload, Fault> {
        let secret = self.get(wanted).await?;
        let (notes, stored) = (times(&secret), stored(&secret));
        let Some(value) = secret.value else {
            return Err(Fault::invalid("Key Vault answered without a value"));
        };
        let mut payload = Payload { stored, ..Payload::from(value.into_bytes()) };
        payload.notes.extend(notes.into_iter().map(|note| note.about(&wanted.name)));
        if !self.said.replace(true) {
            payload.notes.extend(self.chain.used().map(|used| Note::fact(format!("credentials: {used}"))));
        }
        Ok(payload)
    }
}

fn unreadable() -> Fault {
    Fault::invalid("Key Vault answered something that cannot be read")
}

/// The version, at the end of the identifier, and its time.
fn stored(secret: &Secret) -> Stored {
    let version = secret.id.as_deref().and_then(|id| id.split_once("/secrets/")?.1.split_once('/'));
    let updated = secret.attributes.as_ref().and_then(|attributes| attributes.updated);
    Stored {
        version: version.map(|(_, version)| version.to_owned()),
        created: updated.and_then(|time| u64::try_from(time.unix_timestamp()).ok()),
    }
}

fn no_vault() -> Fault {
    Fault::invalid("which vault? nothing says it").hint("[source.azure] vault = \"https://NAME.vault.azure.net\"")
}

/// The service still answers what has expired, or is not valid yet.
fn times(secret: &Secret) -> Vec<Note> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs());
    let now = i64::try_from(now).unwrap_or(i64::MAX);
    let attributes = secret.attributes.as_ref();
    let expired = attributes.and_then(|a| a.expires).is_some_and(|end| end.unix_timestamp() <= now);
    let early = attributes.and_then(|a| a.not_before).is_some_and(|start| start.unix_timestamp() > now);
    let notes = [(expired, "has expired, by its own date"), (early, "is not valid yet, by its own date")];
    notes.into_iter().filter(|(is, _)| *is).map(|(_, text)| Note::warning(text)).collect()
}
