//! Systems Manager's Parameter Store.

use aws_sdk_ssm::Client;
use aws_sdk_ssm::primitives::DateTime;
use aws_sdk_ssm::types::Parameter;
use inject::error::{Fault, printable};
use inject::source::Payload;

use super::fault::{Call, refusal};
use super::{Answer, LARGEST, payload};

/// The most that one call can be asked for.
pub(super) const BATCH: usize = 10;

/// Up to [`BATCH`] parameters by one call, decrypted.
pub(super) async fn many(client: &Client, texts: &[&str], call: &Call<'_>) -> Vec<Answer> {
    let names = texts.iter().map(|text| (*text).to_owned()).collect();
    let sent = client.get_parameters().set_names(Some(names)).with_decryption(true).send().await;
    let answer = match sent {
        Ok(answer) => answer,
        Err(error) => match refusal(&error, call.region) {
            Ok(refusal) if refusal.is_of_one() && texts.len() > 1 => {
                return texts.iter().map(|_| Answer::Alone).collect();
            }
            Ok(refusal) => return super::all(texts.len(), &call.refused(&refusal)),
            Err(fault) => return super::all(texts.len(), &fault),
        },
    };
    let Some(parameters) = &answer.parameters else {
        return super::all(texts.len(), &stranger());
    };
    let mut answers = Vec::new();
    for text in texts {
        let name = Name::new(text);
        let found: Vec<_> = parameters.iter().filter(|found| name.is(found, texts.len() == 1)).collect();
        answers.push(match found.as_slice() {
            [found] => Answer::Is(value(found)),
            [] if answer.invalid_parameters().iter().any(|invalid| invalid == text) => {
                Answer::Is(Err(missing(client, &name, call).await))
            }
            _ if texts.len() > 1 => Answer::Alone,
            _ => Answer::Is(Err(Fault::invalid("AWS answered with another parameter than it was asked for"))),
        });
    }
    answers
}

/// A name that AWS calls invalid. For one with a version or a label that can mean that the parameter is there and that
/// version is not, so the parameter itself is asked for, as it is, without its key.
async fn missing(client: &Client, name: &Name<'_>, call: &Call<'_>) -> Fault {
    let Some(selector) = name.selector else {
        return call.absent();
    };
    match client.get_parameters().names(name.base).with_decryption(false).send().await {
        Ok(answer) => match &answer.parameters {
            None => stranger(),
            Some(found) if found.is_empty() => call.absent(),
            Some(_) => Fault::invalid(format!("the parameter has no version or label '{}'", printable(selector))),
        },
        Err(error) => call.failed(&error),
    }
}

/// Where nothing is found, the service says so: an answer that says nothing is somebody else's.
pub(super) fn stranger() -> Fault {
    Fault::invalid("this is not an answer of Parameter Store")
}

/// All below a path, as a JSON object of their names from there on. A name with a further `/` keeps it.
pub(super) async fn path(client: &Client, path: &str, call: &Call<'_>) -> Result<Payload, Fault> {
    if !path.starts_with('/') {
        return Err(Fault::invalid("a path of parameters begins with '/'").hint("write it as ssm:/app/prod/"));
    }
    let request = client.get_parameters_by_path().path(path).recursive(true).with_decryption(true);
    let mut values = serde_json::Map::new();
    // Nothing in it is older than this.
    let mut oldest: Option<DateTime> = None;
    let (mut next, mut size) = (None, 0);
    loop {
        let sent = request.clone().set_next_token(next.clone()).send().await;
        let page = sent.map_err(|error| call.failed(&error))?;
        for found in page.parameters.ok_or_else(stranger)? {
            let name = found.name.as_deref().and_then(|name| name.strip_prefix(path)).filter(|name| !name.is_empty());
            let (Some(name), Some(value)) = (name, found.value.clone()) else {
                return Err(Fault::invalid("AWS answered with something that is not below the path"));
            };
            size += name.len() + value.len();
            if size > LARGEST {
                return Err(Fault::invalid("the parameters below the path are larger than 1 MiB together"));
            }
            oldest = [oldest, found.last_modified_date].into_iter().flatten().min();
            values.insert(name.to_owned(), value.into());
        }
        match page.next_token {
            Some(token) if next.as_ref() == Some(&token) => {
                return Err(Fault::invalid("AWS gives the same page of parameters over and over"));
            }
            Some(token) => next = Some(token),
            None => break,
        }
    }
    if values.is_empty() {
        return Err(Fault::absent(format!("no parameters below this path in {}", call.region)));
    }
    let all = serde_json::to_vec(&values).map_err(|_| Fault::invalid("the parameters make no JSON"))?;
    payload(all, None, oldest.as_ref())
}

/// `NAME`, `NAME:VERSION`, `NAME:LABEL`; NAME can be an ARN.
pub(super) struct Name<'a> {
    text: &'a str,
    pub(super) base: &'a str,
    pub(super) selector: Option<&'a str>,
}

impl<'a> Name<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        // The colons of an ARN end before its sixth part.
        let start = if text.starts_with("arn:") { text.find(":parameter").map_or(0, |at| at + 1) } else { 0 };
        match text[start..].rsplit_once(':') {
            Some((name, selector)) => Self { text, base: &text[..start + name.len()], selector: Some(selector) },
            None => Self { text, base: text, selector: None },
        }
    }

    /// Whether `found` is what this names. Some servers do not repeat the selector; then a number is compared with the
    /// version, and a label is believed where nothing else was asked for.
    pub(super) fn is(&self, found: &Parameter, alone: bool) -> bool {
        // A secret of Secrets Manager by way of here: some servers answer with its own name.
        let secret = self.base.strip_prefix("/aws/reference/secretsmanager/");
        let is = |known: Option<&str>| {
            known.is_some() && (known == Some(self.base) || known == Some(self.text) || known == secret)
        };
        let named = is(found.name()) || is(found.arn());
        let selected = match (self.selector, found.selector()) {
            (None, selector) => selector.is_none_or(str::is_empty),
            (Some(wanted), Some(selector)) => selector.trim_start_matches(':') == wanted,
            (Some(wanted), None) => alone || wanted == found.version().to_string(),
        };
        named && selected
    }
}

fn value(found: &Parameter) -> Result<Payload, Fault> {
    let value = found.value().ok_or_else(|| Fault::invalid("the parameter has no value"))?;
    payload(value.as_bytes().to_vec(), Some(found.version().to_string()), found.last_modified_date())
}

#[cfg(test)]
mod tests {
    use super::Name;

    #[test]
    fn takes_the_selector_off() {
        for (text, base, selector) in [
            ("/a/b", "/a/b", None),
            ("/a/b:3", "/a/b", Some("3")),
            ("b:live", "b", Some("live")),
            ("arn:aws:ssm:eu-west-1:1:parameter/a", "arn:aws:ssm:eu-west-1:1:parameter/a", None),
            ("arn:aws:ssm:eu-west-1:1:parameter/a:3", "arn:aws:ssm:eu-west-1:1:parameter/a", Some("3")),
        ] {
            let name = Name::new(text);
            assert_eq!((name.base, name.selector), (base, selector));
        }
    }
}
