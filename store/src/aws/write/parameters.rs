//! Parameter Store: a new parameter is a SecureString; one that is there keeps its type, its tier and its key.

use aws_sdk_ssm::config::retry::RetryConfig;
use aws_sdk_ssm::types::{Parameter, ParameterMetadata, ParameterStringFilter, ParameterTier, ParameterType};
use inject::document::edit;
use inject::error::{Fault, State};
use inject::secret::Secret;

use super::super::parameters::{Name, stranger};
use super::{At, fits};
use crate::document;

/// The largest values of the two tiers.
const STANDARD: usize = 4 << 10;
const ADVANCED: usize = 8 << 10;
const READ: &str = "ssm:GetParameters";
const PUT: &str = "ssm:PutParameter";
const DESCRIBE: &str = "ssm:DescribeParameters";

pub(super) async fn put(at: &At<'_>, field: Option<&str>, value: &Secret) -> Result<String, Fault> {
    let current = current(at).await?;
    let old = current.as_ref().and_then(Parameter::value).unwrap_or_default();
    let new = document::put(old.as_bytes(), field, value)?;
    if current.is_some() && old.as_bytes() == new.expose() {
        return Ok("unchanged".into());
    }
    write(at, current.as_ref(), &new).await
}

pub(super) async fn remove(at: &At<'_>, field: Option<&str>) -> Result<Option<String>, Fault> {
    let Some(current) = current(at).await? else { return Ok(None) };
    let Some(field) = field else {
        let name = current.name().unwrap_or(at.text);
        return match at.clients.parameters.delete_parameter().name(name).send().await {
            Ok(_) => Ok(Some("removed for good: Parameter Store keeps nothing".into())),
            Err(error) => Err(at.failed("ssm:DeleteParameter", &error)),
        };
    };
    let old = current.value().unwrap_or_default();
    match document::remove(old.as_bytes(), field)? {
        Some(new) => write(at, Some(&current), &new).await.map(|told| Some(format!("removed, by {told}"))),
        None => Ok(None),
    }
}

/// What is there now, decrypted.
async fn current(at: &At<'_>) -> Result<Option<Parameter>, Fault> {
    let name = Name::new(at.text);
    if let Some(selector) = name.selector {
        let shown = inject::error::printable(selector);
        return Err(Fault::invalid(format!("':{shown}' says which version is read: what is written would be another")));
    }
    if at.text.ends_with('/') {
        return Err(Fault::invalid("this is a path, not a parameter"));
    }
    let request = at.clients.parameters.get_parameters().names(at.text).with_decryption(true);
    let answer = request.send().await.map_err(|error| at.call(READ).failed(&error))?;
    let mut found = answer.parameters.ok_or_else(stranger)?;
    match (found.pop(), found.is_empty()) {
        (None, _) => Ok(None),
        (Some(only), true) if name.is(&only, true) => Ok(Some(only)),
        _ => Err(Fault::invalid("AWS answered with another parameter than it was asked for")),
    }
}

async fn write(at: &At<'_>, current: Option<&Parameter>, value: &Secret) -> Result<String, Fault> {
    let text = edit::text(value.expose(), "Parameter Store")?;
    let request = at.clients.parameters.put_parameter().value(text).overwrite(current.is_some());
    let request = match current {
        None if at.text.starts_with("arn:") => {
            return Err(Fault::invalid("no such parameter, and none is made by an ARN").hint("write its name"));
        }
        None => {
            room(value, false)?;
            request.name(at.text).r#type(ParameterType::SecureString)
        }
        Some(current) => {
            let about = about(at, current).await?;
            let advanced = about.tier.as_ref().is_some_and(|tier| *tier == ParameterTier::Advanced);
            room(value, advanced)?;
            // Without its key and its tier it would get those of the account.
            let secure = current.r#type() == Some(&ParameterType::SecureString);
            request
                .name(current.name().unwrap_or(at.text))
                .set_type(current.r#type().cloned())
                .set_key_id(about.key_id.filter(|_| secure))
                .set_tier(about.tier.filter(|_| advanced))
        }
    };
    // A second try would be a second version.
    let once = aws_sdk_ssm::config::Builder::new().retry_config(RetryConfig::disabled());
    let written = request.customize().config_override(once).send().await.map_err(|error| at.failed(PUT, &error))?;
    told(current, written.version)
}

/// What the new version's number and the type say.
fn told(current: Option<&Parameter>, version: i64) -> Result<String, Fault> {
    let Some(current) = current else { return Ok("created".into()) };
    if version != current.version() + 1 {
        return Err(Fault::invalid("was stored, but somebody else has stored a version meanwhile")
            .hint(format!("version {} is theirs: what it changed is to be set again", version - 1)));
    }
    let plain = match current.r#type() {
        Some(ParameterType::SecureString) | None => "",
        Some(_) => "; it is no SecureString, so Parameter Store does not encrypt it",
    };
    Ok(format!("new version {version}{plain}"))
}

fn room(value: &Secret, advanced: bool) -> Result<(), Fault> {
    fits(value, ADVANCED, "Parameter Store")?;
    if value.len() > STANDARD && !advanced {
        return Err(Fault::invalid("only an advanced parameter holds more than 4 KiB")
            .hint("`aws ssm put-parameter --tier Advanced` makes it one"));
    }
    Ok(())
}

/// What only this call tells: the key and the tier.
async fn about(at: &At<'_>, current: &Parameter) -> Result<ParameterMetadata, Fault> {
    let name = current.name().unwrap_or(at.text);
    let filter = ParameterStringFilter::builder().key("Name").option("Equals").values(name).build();
    let filter = filter.map_err(|_| Fault::invalid("this makes no request"))?;
    let request = at.clients.parameters.describe_parameters().parameter_filters(filter);
    let answer = request.send().await.map_err(|error| {
        let fault = at.call(DESCRIBE).failed(&error);
        let why = "without it nobody knows the key that the parameter is encrypted with";
        if fault.state == State::Denied {
            Fault { message: format!("{}; {why}", fault.message), ..fault }
        } else {
            fault
        }
    })?;
    let found = answer.parameters.ok_or_else(stranger)?.into_iter().find(|found| found.name() == Some(name));
    found.ok_or_else(|| Fault::invalid("AWS does not describe the parameter"))
}
