//! What the service's refusals mean (learn.microsoft.com/rest/api/keyvault). Its own codes are looked at; its texts are
//! only searched, and those of a login never shown.

use azure_core::error::{Error, ErrorKind};
use azure_core::http::RawResponse;
use azure_core::http::headers::HeaderName;
use inject::error::{Fault, State, printable};
use serde::Deserialize;

use super::Wanted;
use super::http::Wire;
use crate::net::{Failure, again, code, retry_after};

const SERVICE: &str = "Key Vault";
/// What a role would allow, and what an access policy would.
const BY_ROLE: &str = "permission denied by role (403)";
const BY_POLICY: &str = "permission denied (403)";

#[derive(Default, Deserialize)]
struct Body {
    #[serde(default)]
    error: Inner,
}

#[derive(Default, Deserialize)]
struct Inner {
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: String,
    innererror: Option<Box<Inner>>,
}

/// What fails the service fails all of its secrets.
pub(super) fn whole<T>(result: Result<T, Fault>) -> Result<Result<T, Fault>, Fault> {
    match result {
        Err(fault) if matches!(fault.state, State::Unreachable | State::Timeout) => Err(fault),
        result => Ok(result),
    }
}

/// How an attempt to read failed.
pub(super) fn of(error: &Error, wanted: &Wanted) -> Failure {
    if let Some(Wire(fault, again)) = Wire::of(error) {
        return Failure { fault: fault.clone(), again: *again, after: None };
    }
    let ErrorKind::HttpResponse { status, raw_response, .. } = error.kind() else {
        return strange(error).into();
    };
    let status = u16::from(*status);
    let after = raw_response.as_ref().and_then(|response| {
        response
            .headers()
            .get_optional_str(&HeaderName::from_static("retry-after"))
            .and_then(|text| retry_after(Some(text)))
    });
    let body = raw_response.as_deref().map(body).unwrap_or_default();
    let fault = of_status(status, body.as_ref(), wanted);
    Failure { again: fault.transient, fault, after }
}

/// How an attempt to write failed; `permission` is the one of an access policy that it needs. It is not tried again: it may
/// have been heard.
pub(super) fn of_write(error: &Error, wanted: &Wanted, permission: &str) -> Fault {
    let fault = of(error, wanted).fault;
    match fault.message.as_str() {
        BY_ROLE => fault.hint("the role 'Key Vault Secrets Officer' on the vault allows it"),
        BY_POLICY => fault.hint(format!("the secret permission '{permission}' in the access policy allows it")),
        _ if error.http_status().map(u16::from) == Some(400) => {
            Fault::invalid(format!("{SERVICE} does not take this as a secret: its name, or its value"))
        }
        _ => fault,
    }
}

/// There is a value, which cannot be read.
pub(super) fn disabled() -> Fault {
    Fault::invalid("the secret is disabled")
}

fn body(response: &RawResponse) -> Option<Inner> {
    let Body { error } = serde_json::from_slice(response.body()).ok()?;
    (!error.code.is_empty()).then_some(error)
}

/// Something that the SDK itself did not like.
fn strange(error: &Error) -> Fault {
    let text = error.to_string();
    if text.contains("challenge") || text.contains("audience") {
        return Fault::denied("the vault asks for a token of somebody else: none was sent")
            .hint("the resource of its challenge does not belong to the vault's host; is this the right address?");
    }
    Fault::invalid(format!("{SERVICE} answered something that cannot be read"))
}

fn of_status(status: u16, error: Option<&Inner>, wanted: &Wanted) -> Fault {
    let Some(error) = error else {
        return match status {
            300..=399 => {
                Fault::invalid(format!("{SERVICE} redirects ({status})")).hint("is this the vault's own address?")
            }
            _ if again(status) => Fault::outage(format!("{SERVICE} does not work now ({status})")),
            401 => Fault::denied("the token is not accepted (401)"),
            _ => Fault::unreachable(format!("this is no Key Vault: it answered {status}, and not in its form"))
                .hint("a proxy or a login page may stand in between"),
        };
    };
    let inner = error.innererror.as_ref().map_or("", |inner| inner.code.as_str());
    match (status, error.code.as_str(), inner) {
        (404, "SecretNotFound" | "SecretVersionNotFound", _) => {
            Fault::absent("no such secret, or no such version of it")
        }
        (_, _, "SecretDisabled") => disabled(),
        (403, ..) if error.message.contains("disabled secret") => disabled(),
        (409, _, "ObjectIsDeletedButRecoverable") | (404, "DeletedSecretNotFound", _) => {
            Fault::invalid("the secret is deleted").hint("`az keyvault secret recover` brings it back")
        }
        (403, _, "ForbiddenByRbac") => {
            Fault::denied(BY_ROLE).hint("the role 'Key Vault Secrets User' on the vault allows it")
        }
        (403, _, "ForbiddenByFirewall" | "ForbiddenByConnection") => {
            Fault::denied("the vault's firewall does not let this machine in (403)")
                .hint(format!("add its address, or use the private endpoint: {}", printable(&wanted.vault)))
        }
        (403, ..) => Fault::denied(BY_POLICY).hint("the secret permission 'get' in the access policy allows it"),
        (401, ..) => Fault::denied("the token is not accepted (401)"),
        (429, ..) => Fault::outage("throttled: too many requests for now (429)"),
        _ if again(status) => Fault::outage(format!("{SERVICE} does not work now ({status})")),
        _ => {
            let code = code(&error.code).map_or_else(String::new, |code| format!(", {code}"));
            Fault::invalid(format!("{SERVICE} refuses ({status}{code})"))
        }
    }
}

/// Entra's codes (learn.microsoft.com/entra/identity-platform/reference-error-codes), and what to say of them.
const ENTRA: &[(&str, &str)] = &[
    ("AADSTS7000215", "the client secret is wrong"),
    ("AADSTS7000222", "the client secret has expired"),
    ("AADSTS90002", "the tenant is not known"),
    ("AADSTS700016", "the tenant does not know the client"),
    ("AADSTS700024", "the federated token has expired"),
    ("AADSTS700211", "no federated credential matches the token's issuer"),
    ("AADSTS700212", "no federated credential matches the token's audience"),
    ("AADSTS700213", "no federated credential matches the token's subject"),
];

/// How a login failed.
pub(super) fn of_login(error: &Error, what: &str) -> Fault {
    if let Some(Wire(fault, _)) = Wire::of(error) {
        return Fault { message: format!("{what}: {}", fault.message), ..fault.clone() };
    }
    let text = error.to_string();
    let known = ENTRA.iter().find(|(code, _)| has(&text, code));
    if let Some((code, words)) = known {
        return Fault::denied(format!("{what}: {words} ({code})"));
    }
    match status(error) {
        Some(status) if again(status) => Fault::outage(format!("{what}: the login does not work now ({status})")),
        Some(status) => Fault::denied(format!("{what}: the login was refused ({status})")),
        None => Fault::denied(format!("{what}: the login was refused")),
    }
}

/// Whether the code stands there, and not as the beginning of a longer one.
fn has(text: &str, code: &str) -> bool {
    text.match_indices(code).any(|(at, _)| !text[at + code.len()..].starts_with(|c: char| c.is_ascii_digit()))
}

fn status(error: &(dyn std::error::Error + 'static)) -> Option<u16> {
    let own = error.downcast_ref::<Error>().and_then(Error::http_status).map(u16::from);
    own.or_else(|| error.source().and_then(status))
}
