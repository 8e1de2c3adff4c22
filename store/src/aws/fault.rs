//! What the services answer instead of a value, in our words. Told apart by AWS's codes; a server's text is only searched,
//! and words of it are shown where they are names of IAM.

use std::error::Error;

use aws_sdk_secretsmanager::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use inject::error::Fault;

use super::http::{Wire, find};
use crate::net::{self, ATTEMPT, again};

/// What was asked, for the wording.
pub(super) struct Call<'a> {
    /// `secret` or `parameter`.
    pub(super) thing: &'static str,
    /// The permission that it needs.
    pub(super) action: &'static str,
    pub(super) region: &'a str,
    /// Whose credentials it is made with.
    pub(super) from: &'a str,
}

/// An error of a service: its code, its text, and the status.
pub(super) struct Refusal<'a> {
    pub(super) code: &'a str,
    pub(super) text: &'a str,
    pub(super) status: u16,
}

impl Refusal<'_> {
    /// Whether it is about one of the items that were asked for together, not about all of them: each is to be asked for
    /// alone. Also where asking for many has a permission of its own.
    pub(super) fn is_of_one(&self) -> bool {
        const OF_ONE: [&str; 7] = [
            "AccessDenied",
            "AccessDeniedException",
            "DecryptionFailure",
            "InvalidParameterException",
            "InvalidRequestException",
            "ResourceNotFoundException",
            "ValidationException",
        ];
        OF_ONE.contains(&self.code)
    }
}

/// Why the call failed. The inner error is the service's own word, to be judged by the caller.
pub(super) fn refusal<'a, E>(error: &'a SdkError<E, HttpResponse>, region: &str) -> Result<Refusal<'a>, Fault>
where
    E: ProvideErrorMetadata + Error + 'static,
{
    if let Some(wire) = find::<Wire>(error) {
        return Err(wire.0.clone());
    }
    let raw = match error {
        SdkError::TimeoutError(_) => {
            return Err(Fault::timeout(format!("no answer from AWS in {region} within {} s", ATTEMPT.as_secs())));
        }
        SdkError::ServiceError(context) => context.raw(),
        SdkError::ResponseError(context) => context.raw(),
        _ => {
            return Err(Fault::invalid(format!("no request can be made for region '{region}'"))
                .hint("is the endpoint_url of the profile an address?"));
        }
    };
    let status = raw.status().as_u16();
    if let Some(meta) = error.as_service_error().map(ProvideErrorMetadata::meta)
        && let Some(code) = meta.code()
    {
        return Ok(Refusal { code, text: meta.message().unwrap_or_default(), status });
    }
    // Some servers answer in XML where JSON was asked for.
    let body = raw.body().bytes().and_then(|body| std::str::from_utf8(body).ok()).unwrap_or_default();
    let tag = |open, close| Some(body.split_once(open)?.1.split_once(close)?.0);
    match tag("<Code>", "</Code>") {
        Some(code) => Ok(Refusal { code, text: tag("<Message>", "</Message>").unwrap_or_default(), status }),
        None if again(status) => Err(Fault::outage(format!("AWS in {region} is not able to ({status})"))),
        None => {
            Err(Fault::invalid(format!("what answers for region '{region}' does not speak as AWS does ({status})")))
        }
    }
}

impl Call<'_> {
    /// The fault for a call that failed.
    pub(super) fn failed<E>(&self, error: &SdkError<E, HttpResponse>) -> Fault
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        refusal(error, self.region).map_or_else(|fault| fault, |refusal| self.refused(&refusal))
    }

    /// The fault for a service's own word.
    pub(super) fn refused(&self, refusal: &Refusal<'_>) -> Fault {
        let (thing, region) = (self.thing, self.region);
        let says = |part: &str| refusal.text.contains(part);
        match refusal.code {
            "ResourceNotFoundException" if says("secret value") || says("secret version") => {
                Fault::invalid(format!("the {thing} is there, but has no value at this stage or version"))
            }
            // Absence can be forgiven, so the status has to say it, too.
            "ResourceNotFoundException" | "ParameterNotFound" if matches!(refusal.status, 400 | 404) => self.absent(),
            "ParameterVersionNotFound" => Fault::invalid(format!("the {thing} has no such version or label")),
            "InvalidRequestException" if says("deletion") || says("deleted") => {
                Fault::invalid(format!("the {thing} is scheduled for deletion"))
                    .hint("`aws secretsmanager restore-secret` takes that back")
            }
            "DecryptionFailure" | "InvalidKeyId" | "KMSAccessDeniedException" => self.no_key(),
            "AccessDeniedException" | "AccessDenied" if says("kms:") || says("KMS") || says("ciphertext") => {
                self.no_key()
            }
            "AccessDeniedException" | "AccessDenied" | "UnauthorizedOperation" | "NotAuthorized" => {
                self.denied(refusal.text)
            }
            "ExpiredTokenException" | "ExpiredToken" => {
                Fault::denied(format!("the session token has expired (credentials: {})", self.from))
                    .hint("log in again")
            }
            "UnrecognizedClientException" | "InvalidClientTokenId" | "InvalidAccessKeyId" => {
                Fault::denied(format!("AWS does not know the access key (credentials: {})", self.from))
                    .hint(format!("so it answers, too, where the account has not enabled the region '{region}'"))
            }
            "RequestTimeTooSkewed" | "RequestExpired" => clock(),
            "InvalidSignatureException" | "SignatureDoesNotMatch" | "IncompleteSignature" => {
                if says("Signature expired") || says("not yet current") {
                    return clock();
                }
                if says("scoped to a valid region") {
                    return Fault::invalid(format!("the endpoint is not of region '{region}'")).hint("set `region`");
                }
                Fault::denied(format!("the secret key does not fit the access key (credentials: {})", self.from))
            }
            "InvalidParameterException" | "ValidationException" => {
                Fault::invalid(format!("AWS does not take this as the name of a {thing}"))
            }
            _ if refusal.is_throttling() => Fault::outage(format!("AWS in {region} answers too many requests already")),
            code if refusal.status >= 500 || code.starts_with("Internal") || code.starts_with("ServiceUnavailable") => {
                Fault::outage(format!("AWS in {region} is not able to ({})", refusal.status))
            }
            code if matches!(refusal.status, 401 | 403) => Fault::denied(format!("AWS refuses{}", word(code))),
            code => Fault::invalid(format!("AWS refuses{}", word(code))),
        }
    }

    /// There is none, in the region where it was looked for.
    pub(super) fn absent(&self) -> Fault {
        Fault::absent(format!("no such {} in {}", self.thing, self.region))
    }

    fn no_key(&self) -> Fault {
        Fault::denied(format!("not allowed: kms:Decrypt, with the key of the {}", self.thing))
            .hint("the key's policy and the caller's must both allow it")
    }

    /// Who, what and on what stands in AWS's text.
    fn denied(&self, text: &str) -> Fault {
        let after = |mark| text.split_once(mark)?.1.split_whitespace().next().filter(|word| is_name(word));
        let action = after("perform: ").unwrap_or(self.action);
        let fault = Fault::denied(format!("not allowed: {action}"));
        let on = after("resource: ").map(|on| format!(" on {on}")).unwrap_or_default();
        match after("User: ") {
            Some(who) => fault.hint(format!("{who} needs {action}{on}")),
            None => fault.hint(format!("whoever the credentials are of ({}) needs it", self.from)),
        }
    }
}

impl Refusal<'_> {
    fn is_throttling(&self) -> bool {
        self.status == 429
            || ["Throttl", "TooManyRequests", "RequestLimitExceeded", "SlowDown"]
                .iter()
                .any(|part| self.code.contains(part))
    }
}

fn clock() -> Fault {
    Fault::denied("this machine's clock is wrong: AWS does not take its signatures").hint("set the clock, with NTP")
}

/// A code for a message, where it is one.
fn word(code: &str) -> String {
    net::code(code).map_or_else(String::new, |code| format!(": {code}"))
}

/// A name of IAM, an ARN: nothing that a terminal would take amiss, and nothing long.
fn is_name(word: &str) -> bool {
    let good = |c: char| c.is_ascii_alphanumeric() || "+=,.@_:/*-".contains(c);
    !word.is_empty() && word.len() <= 200 && word.chars().all(good)
}
