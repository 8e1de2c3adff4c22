//! Writing to both services. Neither takes a value only where nobody has written meanwhile: who edits a field finds out
//! afterwards, by the versions, and the other's version is still there.

use std::error::Error;

use aws_sdk_secretsmanager::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use inject::error::{Fault, printable};
use inject::secret::Secret;
use inject::source::{Locator, Writer};

use super::Aws;
use super::fault::{Call, refusal};
use super::session::Clients;

mod parameters;
mod secrets;

impl Writer for Aws {
    fn put(&self, locator: &Locator, field: Option<&str>, value: &Secret) -> Result<String, Fault> {
        self.change(locator, field, |at, field| match locator.kind {
            "ssm" => self.runtime.run(parameters::put(&at, field, value)),
            _ => self.runtime.run(secrets::put(&at, field, value)),
        })
    }

    fn remove(&self, locator: &Locator, field: Option<&str>) -> Result<Option<String>, Fault> {
        self.change(locator, field, |at, field| match locator.kind {
            "ssm" => self.runtime.run(parameters::remove(&at, field)),
            _ => self.runtime.run(secrets::remove(&at, field)),
        })
    }
}

/// One secret or parameter.
struct At<'a> {
    text: &'a str,
    clients: Clients,
    thing: &'static str,
    region: &'a str,
    from: &'a str,
}

impl Aws {
    fn change<T>(
        &self,
        locator: &Locator,
        field: Option<&str>,
        make: impl FnOnce(At<'_>, Option<&str>) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        if let Some((name, _)) = locator.options.first() {
            return Err(Fault::invalid(format!("'{}' says which version is read", printable(name))));
        }
        super::kind(locator)?;
        let session = self.session(std::slice::from_ref(locator))?;
        let region = self.region(session, &locator.text)?;
        let thing = if locator.kind == "ssm" { "parameter" } else { "secret" };
        let clients = session.clients(&region);
        make(At { text: &locator.text, clients, thing, region: &region, from: &session.from }, field)
    }
}

impl At<'_> {
    fn call(&self, action: &'static str) -> Call<'_> {
        Call { thing: self.thing, action, region: self.region, from: self.from }
    }

    /// The fault of a call that writes.
    fn failed<E>(&self, action: &'static str, error: &SdkError<E, HttpResponse>) -> Fault
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let refusal = match refusal(error, self.region) {
            Ok(refusal) => refusal,
            Err(fault) => return fault,
        };
        match refusal.code {
            "ResourceExistsException" | "ParameterAlreadyExists" => meanwhile(),
            "InvalidParameterException" | "ValidationException" | "InvalidRequestException" => {
                Fault::invalid(format!("AWS does not take this as a {}: its name, or its value", self.thing))
            }
            "EncryptionFailure" => Fault::denied(format!("the key of the {} does not encrypt it", self.thing))
                .hint("kms:GenerateDataKey, or kms:Encrypt, must be allowed by the key's policy and the caller's"),
            _ => self.call(action).refused(&refusal),
        }
    }
}

/// Somebody else was first.
fn meanwhile() -> Fault {
    Fault::outage("somebody else has made it meanwhile; nothing was changed here").hint("run this again")
}

/// Neither service has room for all that a source can read.
fn fits(value: &Secret, most: usize, what: &str) -> Result<(), Fault> {
    if value.is_empty() {
        return Err(Fault::invalid(format!("{what} holds no empty value")));
    }
    if value.len() > most {
        return Err(Fault::invalid(format!("{what} holds at most {} KiB", most >> 10)));
    }
    Ok(())
}
