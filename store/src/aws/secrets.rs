//! Secrets Manager.

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::primitives::{Blob, DateTime};
use inject::error::{Fault, printable};
use inject::source::{Locator, Payload};

use super::fault::{Call, Refusal, refusal};
use super::{Answer, payload};

/// The most that one call can be asked for.
pub(super) const BATCH: usize = 20;

/// One secret by a call of its own; it alone knows of stages and versions.
pub(super) async fn one(client: &Client, locator: &Locator, call: &Call<'_>) -> Result<Payload, Fault> {
    let mut request = client.get_secret_value().secret_id(&locator.text);
    for (name, value) in &locator.options {
        request = match name.as_str() {
            "stage" => request.version_stage(value),
            "version-id" => request.version_id(value),
            _ => return Err(Fault::invalid(format!("aws has no option '{}'", printable(name)))),
        };
    }
    let found = request.send().await.map_err(|error| call.failed(&error))?;
    if !is(&locator.text, found.arn.as_deref(), found.name.as_deref()) {
        return Err(Fault::invalid("AWS answered with another secret than it was asked for"));
    }
    value(found.secret_string, found.secret_binary, found.version_id, found.created_date.as_ref())
}

/// Up to [`BATCH`] of them by one call, which only knows of what is current.
pub(super) async fn many(client: &Client, texts: &[&str], call: &Call<'_>) -> Vec<Answer> {
    let mut answers: Vec<Answer> = texts.iter().map(|_| Answer::Alone).collect();
    let mut next: Option<String> = None;
    loop {
        let ids = texts.iter().map(|text| (*text).to_owned()).collect();
        let sent =
            client.batch_get_secret_value().set_secret_id_list(Some(ids)).set_next_token(next.clone()).send().await;
        let page = match sent {
            Ok(page) => page,
            Err(error) => match refusal(&error, call.region) {
                // Each will say why; nothing is taken from what a broken call had said before.
                Ok(refusal) if refusal.is_of_one() => return texts.iter().map(|_| Answer::Alone).collect(),
                Ok(refusal) => return super::all(texts.len(), &call.refused(&refusal)),
                Err(fault) => return super::all(texts.len(), &fault),
            },
        };
        for error in page.errors() {
            let refusal = Refusal {
                code: error.error_code().unwrap_or_default(),
                text: error.message().unwrap_or_default(),
                status: 400,
            };
            for (_, answer) in texts.iter().zip(&mut answers).filter(|(text, _)| error.secret_id() == Some(text)) {
                *answer = Answer::Is(Err(call.refused(&refusal)));
            }
        }
        for found in page.secret_values.unwrap_or_default() {
            let value = || {
                let (text, binary) = (found.secret_string.clone(), found.secret_binary.clone());
                value(text, binary, found.version_id.clone(), found.created_date.as_ref())
            };
            let named = |text| is(text, found.arn.as_deref(), found.name.as_deref());
            for (_, answer) in texts.iter().zip(&mut answers).filter(|(text, _)| named(text)) {
                *answer = Answer::Is(value());
            }
        }
        match page.next_token {
            Some(token) if next.as_ref() != Some(&token) => next = Some(token),
            // What no page has answered is asked for alone: to leave something out is not to say that it is absent.
            _ => return answers,
        }
    }
}

/// Whether `text` names the secret: by its name, by its ARN, or by its ARN without the six characters that AWS puts
/// behind each name.
pub(super) fn is(text: &str, arn: Option<&str>, name: Option<&str>) -> bool {
    let partial = |arn: &str| {
        let end = arn.strip_prefix(text).and_then(|rest| rest.strip_prefix('-'));
        text.starts_with("arn:")
            && end.is_some_and(|end| end.len() == 6 && end.bytes().all(|c| c.is_ascii_alphanumeric()))
    };
    name == Some(text) || arn.is_some_and(|arn| arn == text || partial(arn))
}

fn value(
    text: Option<String>,
    binary: Option<Blob>,
    version: Option<String>,
    created: Option<&DateTime>,
) -> Result<Payload, Fault> {
    match (text, binary) {
        (Some(text), _) => payload(text.into_bytes(), version, created),
        (None, Some(binary)) => payload(binary.into_inner(), version, created),
        (None, None) => Err(Fault::invalid("the secret has no value")),
    }
}

#[cfg(test)]
mod tests {
    use super::is;

    #[test]
    fn names_the_secret() {
        let arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db-AbCdEf";
        let named = |text| is(text, Some(arn), Some("prod/db"));
        assert!(named("prod/db") && named(arn) && named(&arn[..arn.len() - 7]));
        for other in ["prod/d", "prod/db-AbCdEf", "secret:prod/db", &arn[..arn.len() - 1], &arn[..arn.len() - 6], ""] {
            assert!(!named(other), "{other}");
        }
    }
}
