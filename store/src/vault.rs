//! Kind `vault`: HashiCorp Vault and OpenBao. Locators are `MOUNT/PATH`; every answer is the JSON object of a secret's
//! fields, as the server wrote it.
//!
//! The requests are vaultrs's, the sending of them is not: its client knows no limit of a body and no `Retry-After`,
//! quotes answers in its errors, and reads the fields into numbers, which do not survive it. Its settings read
//! `VAULT_SKIP_VERIFY` the wrong way round and panic on an address that is none.

use std::cell::{Cell, OnceCell};

use inject::error::Fault;
use inject::source::{Locator, Payload, Source, Writer};

use crate::net::Runtime;
use crate::settings::Settings;

mod answer;
mod auth;
mod client;
mod environment;
mod login;
mod place;
mod session;
mod trust;
mod write;

use client::Client;
use login::Login;
use session::Session;

/// One connection pool and one login for all requests.
struct Vault {
    runtime: Runtime,
    client: Client,
    /// What it logs in with, until it has.
    login: Cell<Option<Login>>,
    session: OnceCell<Session>,
}

/// Looks at everything that needs no request.
pub(crate) fn open(settings: Settings) -> Result<Box<dyn Source>, Fault> {
    environment::verifies()?;
    let runtime = Runtime::new()?;
    let client = Client::new(&settings)?;
    let login = Login::new(&settings)?;
    Ok(Box::new(Vault { runtime, client, login: Cell::new(Some(login)), session: OnceCell::new() }))
}

impl Vault {
    /// The one login.
    fn session(&self) -> Result<&Session, Fault> {
        if let Some(login) = self.login.take() {
            let session = self.runtime.run(login.log_in(&self.client))?;
            let _ = self.session.set(session);
        }
        self.session.get().ok_or_else(|| Fault::denied("the login failed"))
    }
}

impl Source for Vault {
    fn fetch(&self, locators: &[Locator]) -> Result<Vec<Result<Payload, Fault>>, Fault> {
        self.session()?.fetch(&self.runtime, &self.client, locators)
    }

    fn writer(&self) -> Option<&dyn Writer> {
        Some(self)
    }
}
