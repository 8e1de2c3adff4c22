//! Secrets Manager: each value is a new version, and the one before it stays, as AWSPREVIOUS.

use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueOutput;
use aws_sdk_secretsmanager::primitives::Blob;
use inject::error::Fault;
use inject::secret::Secret;

use super::super::fault::refusal;
use super::super::secrets::is;
use super::{At, fits};
use crate::document;

/// The largest value (AWS's own limit).
const MOST: usize = 64 << 10;
const READ: &str = "secretsmanager:GetSecretValue";
const PUT: &str = "secretsmanager:PutSecretValue";

/// What is there now.
enum Current {
    /// A value, whether it is text, and its version.
    Value(Secret, bool, Option<String>),
    /// A secret without one.
    Empty,
    /// One that is scheduled for deletion.
    Deleted(Fault),
    None,
}

pub(super) async fn put(at: &At<'_>, field: Option<&str>, value: &Secret) -> Result<String, Fault> {
    let current = current(at).await?;
    let (old, was_text) = match &current {
        Current::Value(old, text, _) => (old.expose(), *text),
        Current::Deleted(fault) => return Err(fault.clone()),
        Current::Empty | Current::None => (&b""[..], true),
    };
    let new = document::put(old, field, value)?;
    fits(&new, MOST, "Secrets Manager")?;
    if let Current::Value(old, ..) = &current
        && old.expose() == new.expose()
    {
        return Ok("unchanged".into());
    }
    match current {
        Current::None => create(at, &new).await,
        Current::Value(_, _, before) => {
            let told = write(at, &new, was_text).await?;
            if field.is_some() {
                nobody_between(at, before.as_deref()).await?;
            }
            Ok(told)
        }
        _ => write(at, &new, true).await.map(|_| "created".into()),
    }
}

pub(super) async fn remove(at: &At<'_>, field: Option<&str>) -> Result<Option<String>, Fault> {
    let (old, was_text, before) = match current(at).await? {
        Current::Value(old, text, version) => (old, text, version),
        Current::Empty if field.is_none() => return delete(at).await.map(Some),
        Current::Empty | Current::Deleted(_) | Current::None => return Ok(None),
    };
    let Some(field) = field else { return delete(at).await.map(Some) };
    let Some(new) = document::remove(old.expose(), field)? else { return Ok(None) };
    fits(&new, MOST, "Secrets Manager")?;
    let told = write(at, &new, was_text).await?;
    nobody_between(at, before.as_deref()).await?;
    Ok(Some(format!("removed, by {told}")))
}

async fn current(at: &At<'_>) -> Result<Current, Fault> {
    let found = match at.clients.secrets.get_secret_value().secret_id(at.text).send().await {
        Ok(found) => found,
        Err(error) => {
            let refusal = refusal(&error, at.region)?;
            let fault = at.call(READ).refused(&refusal);
            return match (refusal.code, fault.state) {
                ("ResourceNotFoundException", inject::error::State::Absent) => Ok(Current::None),
                ("ResourceNotFoundException", _) => Ok(Current::Empty),
                ("InvalidRequestException", _) if refusal.text.contains("delet") => Ok(Current::Deleted(fault)),
                _ => Err(fault),
            };
        }
    };
    let GetSecretValueOutput { arn, name, version_id, secret_string, secret_binary, .. } = found;
    if !is(at.text, arn.as_deref(), name.as_deref()) {
        return Err(Fault::invalid("AWS answered with another secret than it was asked for"));
    }
    Ok(match (secret_string, secret_binary) {
        (Some(text), _) => Current::Value(Secret::new(text.into_bytes()), true, version_id),
        (None, Some(binary)) => Current::Value(Secret::new(binary.into_inner()), false, version_id),
        (None, None) => Current::Empty,
    })
}

/// The two forms that a value can have: text where it is some, but what was binary stays so.
fn forms(value: &Secret, text: bool) -> (Option<String>, Option<Blob>) {
    match std::str::from_utf8(value.expose()) {
        Ok(words) if text => (Some(words.to_owned()), None),
        _ => (None, Some(Blob::new(value.expose()))),
    }
}

async fn create(at: &At<'_>, value: &Secret) -> Result<String, Fault> {
    if at.text.starts_with("arn:") {
        return Err(Fault::invalid("no such secret, and none is made by an ARN").hint("write its name"));
    }
    let (text, binary) = forms(value, true);
    let request = at.clients.secrets.create_secret().name(at.text).set_secret_string(text).set_secret_binary(binary);
    match request.send().await {
        Ok(_) => Ok("created".into()),
        Err(error) => Err(at.failed("secretsmanager:CreateSecret", &error)),
    }
}

async fn write(at: &At<'_>, value: &Secret, text: bool) -> Result<String, Fault> {
    let (text, binary) = forms(value, text);
    let request =
        at.clients.secrets.put_secret_value().secret_id(at.text).set_secret_string(text).set_secret_binary(binary);
    let written = request.send().await.map_err(|error| at.failed(PUT, &error))?;
    let version = written.version_id.ok_or_else(|| Fault::invalid("AWS does not say which version it has stored"))?;
    Ok(format!("new version {version}"))
}

/// Whether the version that was read is the one before what was written.
async fn nobody_between(at: &At<'_>, before: Option<&str>) -> Result<(), Fault> {
    let request = at.clients.secrets.get_secret_value().secret_id(at.text).version_stage("AWSPREVIOUS");
    let previous = request.send().await.map_err(|error| at.failed(READ, &error))?;
    if previous.version_id.as_deref() == before {
        return Ok(());
    }
    Err(Fault::invalid("was stored, but somebody else has stored a version meanwhile, without what is in this one")
        .hint("theirs is AWSPREVIOUS now: what it changed is to be set again"))
}

/// Within the recovery window it can be had again.
async fn delete(at: &At<'_>) -> Result<String, Fault> {
    match at.clients.secrets.delete_secret().secret_id(at.text).send().await {
        Ok(_) => Ok("scheduled for deletion; `aws secretsmanager restore-secret` takes that back".into()),
        Err(error) => Err(at.failed("secretsmanager:DeleteSecret", &error)),
    }
}
