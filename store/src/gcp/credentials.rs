//! Application Default Credentials (google.aip.dev/auth/4110): a file that the source, the environment or gcloud names,
//! else the metadata server of the machine. Read here and built by the SDK, whose errors are never shown: they can quote
//! the document that a subject token comes from.

use std::cell::Cell;
use std::io;
use std::time::{Duration, Instant};

use google_cloud_auth::credentials::{AccessTokenCredentials, mds};
use google_cloud_auth::errors::CredentialsError;
use google_cloud_gax::retry_policy::{AlwaysRetry, RetryPolicyExt};
use inject::error::{Fault, printable};
use inject::secret::Secret;
use inject::source::Note;
use serde_json::Value;

use super::METADATA;
use super::document::{SCOPE, build, document, malformed};
use super::metadata;
use crate::net::{ATTEMPT, Cause, Runtime, within};
use crate::settings::Settings;

/// Where the credentials are.
pub(super) enum Origin {
    /// A document, and what it is called in messages.
    Document(Secret, String),
    /// The metadata server, and the file that is not there.
    Metadata(Option<String>),
}

impl Origin {
    /// The first that there is of `credentials`, `GOOGLE_APPLICATION_CREDENTIALS` and gcloud's own file. What the first
    /// two hold is never quoted: a reference gives a credential, and some put the document itself into the variable.
    ///
    /// # Errors
    /// A file that is named cannot be read.
    pub(super) fn find(settings: &Settings) -> Result<Self, Fault> {
        if let Some(said) = settings.secret("credentials") {
            if said.expose().trim_ascii_start().starts_with(b"{") {
                return Ok(Self::Document(Secret::from(said.expose()), "'credentials'".into()));
            }
            let path = settings.text("credentials")?.unwrap_or_default();
            return read(path, "'credentials'").map_err(|fault| {
                fault
                    .hint("a file is wanted there, or a reference to the JSON document that Google Cloud's tools write")
            });
        }
        if let Some(path) = Settings::env("GOOGLE_APPLICATION_CREDENTIALS")? {
            return read(&path, "GOOGLE_APPLICATION_CREDENTIALS").map_err(|fault| fault.hint("it names a file"));
        }
        let folder = match Settings::env("CLOUDSDK_CONFIG")? {
            Some(folder) => Some(folder),
            None => Settings::env("HOME")?.map(|home| format!("{home}/.config/gcloud")),
        };
        let Some(folder) = folder else { return Ok(Self::Metadata(None)) };
        let path = format!("{folder}/application_default_credentials.json");
        match std::fs::read(&path) {
            Ok(bytes) => Ok(Self::Document(Secret::new(bytes), "gcloud's application default credentials".into())),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                Ok(Self::Metadata(Some(path)))
            }
            Err(error) => Err(unread(&printable(&path), &error)),
        }
    }
}

fn read(path: &str, whose: &str) -> Result<Origin, Fault> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Origin::Document(Secret::new(bytes), format!("the file of {whose}"))),
        Err(error) => Err(unread(whose, &error)),
    }
}

fn unread(what: &str, error: &io::Error) -> Fault {
    let why = match error.kind() {
        io::ErrorKind::NotFound => "no such file".to_owned(),
        kind => kind.to_string(),
    };
    Fault::denied(format!("no credentials: {what}: {why}"))
}

/// Credentials that have given a token.
pub(super) struct Login {
    pub(super) credentials: AccessTokenCredentials,
    /// What kind they are, and of where.
    from: String,
    project: Option<String>,
    said: Cell<bool>,
}

impl Login {
    /// Builds them and asks for the first token, so that what is wrong with them is told as such.
    ///
    /// # Errors
    /// There are none, or they give no token.
    pub(super) async fn new(origin: &Origin, deadline: Instant) -> Result<Self, Fault> {
        let (credentials, from, project, limit) = match origin {
            Origin::Document(bytes, whose) => {
                let document = document(bytes, whose)?;
                let text = |name: &str| document.get(name).and_then(Value::as_str).map(str::to_owned);
                let kind = text("type").unwrap_or_default();
                let project = text("project_id").or_else(|| text("quota_project_id"));
                let (credentials, kind) = build(&kind, document, whose)?;
                (credentials, format!("{kind}, from {whose}"), project, ATTEMPT)
            }
            Origin::Metadata(_) => {
                metadata::host()?;
                let built =
                    mds::Builder::default().with_scopes([SCOPE]).with_retry_policy(AlwaysRetry.with_attempt_limit(2));
                let built = built.build_access_token_credentials().map_err(|_| malformed("the metadata server"))?;
                (built, "metadata server".to_owned(), None, METADATA)
            }
        };
        let left = deadline.saturating_duration_since(Instant::now());
        let token = within(limit.min(left), credentials.access_token()).await;
        match token {
            Some(Ok(_)) => Ok(Self { credentials, from, project, said: Cell::new(false) }),
            Some(Err(error)) => Err(refused(&error, origin, &from)),
            None => Err(late(origin, &from, limit)),
        }
    }

    /// The project that the credentials belong to.
    ///
    /// # Errors
    /// Nothing says one.
    pub(super) fn project(&self, runtime: &Runtime) -> Result<String, Fault> {
        if let Some(project) = &self.project {
            return Ok(project.clone());
        }
        let asked = (self.from == "metadata server").then(|| runtime.run(within(METADATA, metadata::project())));
        asked.flatten().flatten().ok_or_else(|| {
            Fault::invalid("which project? nothing says it")
                .hint("[source.gcp] project = \"...\", GOOGLE_CLOUD_PROJECT, or projects/P/secrets/NAME says it")
        })
    }

    /// Which credentials were used, once.
    pub(super) fn told(&self) -> Option<Note> {
        (!self.said.replace(true)).then(|| Note::fact(format!("credentials: {}", self.from)))
    }
}

/// No token. Only the causes of the error are looked at.
fn refused(error: &CredentialsError, origin: &Origin, from: &str) -> Fault {
    if let Origin::Metadata(file) = origin {
        return none(file.as_deref());
    }
    // A token endpoint that cannot be reached is an outage; one that refuses is not.
    let broken = std::error::Error::source(error).is_some_and(|source| Cause::of(source) != Cause::Broken);
    match (error.is_transient(), broken) {
        (_, true) => Cause::of(error).failure(&format!("the login ({from})")).fault,
        (true, false) => Fault::outage(format!("the login ({from}) does not work now")),
        (false, false) => Fault::denied(format!("the login was refused ({from})"))
            .hint("the key may have been deleted, or the login expired: `gcloud auth application-default login`"),
    }
}

fn late(origin: &Origin, from: &str, limit: Duration) -> Fault {
    match origin {
        Origin::Metadata(file) => none(file.as_deref()),
        Origin::Document(..) => Fault::timeout(format!("the login ({from}): no answer within {} s", limit.as_secs())),
    }
}

fn none(file: Option<&str>) -> Fault {
    let file = file.map_or_else(String::new, |file| format!(", {}", printable(file)));
    Fault::denied(format!("no credentials: tried GOOGLE_APPLICATION_CREDENTIALS{file}, the metadata server"))
        .hint("`gcloud auth application-default login`, or [source.gcp] credentials = \"...\"")
}
