//! Application Default Credentials (google.aip.dev/auth/4110): a file that the source, the environment or gcloud names,
//! else the metadata server of the machine. Read here and built by the SDK, whose errors are never shown: they can quote
//! the document that a subject token comes from.

use std::cell::Cell;
use std::io;
use std::time::{Duration, Instant};

use google_cloud_auth::credentials::{
    AccessTokenCredentials, external_account, impersonated, mds, service_account, user_account,
};
use google_cloud_auth::errors::CredentialsError;
use google_cloud_gax::retry_policy::{AlwaysRetry, NeverRetry, RetryPolicyExt};
use inject::error::{Fault, printable};
use inject::secret::Secret;
use inject::source::Note;
use serde_json::Value;

use super::METADATA;
use crate::net::{ATTEMPT, Cause, Runtime, within};
use crate::settings::Settings;

const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";

/// Where the credentials are.
pub(super) enum Origin {
    /// A document, and what it is called in messages.
    Document(Secret, String),
    /// The metadata server, and the file that is not there.
    Metadata(Option<String>),
}

impl Origin {
    /// The first that there is of `credentials`, `GOOGLE_APPLICATION_CREDENTIALS` and gcloud's own file.
    ///
    /// # Errors
    /// A file that is named cannot be read.
    pub(super) fn find(settings: &Settings) -> Result<Self, Fault> {
        if let Some(said) = settings.secret("credentials") {
            if said.expose().trim_ascii_start().starts_with(b"{") {
                return Ok(Self::Document(Secret::from(said.expose()), "'credentials'".into()));
            }
            let path = settings.text("credentials")?.unwrap_or_default();
            return read(path, "'credentials'");
        }
        if let Some(path) = Settings::env("GOOGLE_APPLICATION_CREDENTIALS")? {
            return read(&path, "GOOGLE_APPLICATION_CREDENTIALS");
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
            Err(error) => Err(unread(&path, &error)),
        }
    }
}

fn read(path: &str, whose: &str) -> Result<Origin, Fault> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Origin::Document(Secret::new(bytes), format!("the file of {whose}"))),
        Err(error) => Err(unread(path, &error)),
    }
}

fn unread(path: &str, error: &io::Error) -> Fault {
    let why = match error.kind() {
        io::ErrorKind::NotFound => "no such file".to_owned(),
        kind => kind.to_string(),
    };
    Fault::denied(format!("no credentials: {}: {why}", printable(path)))
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
        let asked = (self.from == "metadata server").then(|| runtime.run(within(METADATA, metadata_project())));
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

fn document(bytes: &Secret, whose: &str) -> Result<Value, Fault> {
    // The parser's error could quote the key.
    serde_json::from_slice(bytes.expose()).map_err(|_| malformed(whose))
}

fn malformed(whose: &str) -> Fault {
    Fault::denied(format!("no credentials: {whose}: it is not what Google Cloud's tools write"))
}

/// The credentials that a document of this type describes, and what they are called.
fn build(kind: &str, json: Value, whose: &str) -> Result<(AccessTokenCredentials, &'static str), Fault> {
    let (built, name) = match kind {
        "service_account" => (
            service_account::Builder::new(json)
                .with_access_specifier(service_account::AccessSpecifier::from_scopes([SCOPE]))
                .build_access_token_credentials(),
            "service account",
        ),
        "authorized_user" => (
            user_account::Builder::new(json)
                .with_scopes([SCOPE])
                .with_retry_policy(NeverRetry)
                .build_access_token_credentials(),
            "user",
        ),
        "impersonated_service_account" => (
            impersonated::Builder::new(json)
                .with_scopes([SCOPE])
                .with_retry_policy(NeverRetry)
                .build_access_token_credentials(),
            "impersonated service account",
        ),
        "external_account" => (
            external_account::Builder::new(json)
                .with_scopes([SCOPE])
                .with_retry_policy(NeverRetry)
                .build_access_token_credentials(),
            "workload identity federation",
        ),
        "" => return Err(malformed(whose)),
        other => {
            return Err(Fault::denied(format!(
                "no credentials: {whose}: the type '{}' is not known",
                printable(other)
            )));
        }
    };
    built.map(|built| (built, name)).map_err(|_| malformed(whose))
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

/// The metadata server's own project (cloud.google.com/compute/docs/metadata).
async fn metadata_project() -> Option<String> {
    let host = Settings::env("GCE_METADATA_HOST").ok()?.unwrap_or_else(|| "metadata.google.internal".into());
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .tls_certs_only(Vec::new())
        .build()
        .ok()?;
    let url = format!("http://{host}/computeMetadata/v1/project/project-id");
    let answer = client.get(url).header("Metadata-Flavor", "Google").send().await.ok()?;
    let text = answer.error_for_status().ok()?.text().await.ok()?;
    let plain = text.len() < 100 && text.chars().all(|c| c.is_ascii_alphanumeric() || "-:.".contains(c));
    (plain && !text.is_empty()).then_some(text)
}
