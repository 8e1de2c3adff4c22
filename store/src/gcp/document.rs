//! The documents of credentials: what the SDK makes of each, and the addresses in them. Nothing of a document is quoted.

use google_cloud_auth::credentials::{
    AccessTokenCredentials, external_account, impersonated, service_account, user_account,
};
use google_cloud_gax::retry_policy::NeverRetry;
use inject::error::Fault;
use inject::secret::Secret;
use serde_json::Value;

use crate::net::{self, is_link_local};

/// What a token has to be good for.
pub(super) const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";

/// Reads a document, and refuses one that would show the credentials to the network.
///
/// # Errors
/// It is none, or has such an address.
pub(super) fn document(bytes: &Secret, whose: &str) -> Result<Value, Fault> {
    // The parser's error could quote the key.
    let document = serde_json::from_slice(bytes.expose()).map_err(|_| malformed(whose))?;
    check(&document, whose)?;
    Ok(document)
}

/// Holds every address that the SDK would go to against the rules of the house, which it does not know. Its clients of
/// logins follow redirects, and nothing can keep them from it: who sends them elsewhere has been given the credentials.
fn check(document: &Value, whose: &str) -> Result<(), Fault> {
    for name in ["token_uri", "token_url", "service_account_impersonation_url"] {
        check_one(document.get(name), name, whose, |_| false)?;
    }
    let source = document.get("credential_source").unwrap_or(&Value::Null);
    // A machine's own identity, on its own link, is what those lead to.
    for name in ["url", "region_url", "imdsv2_session_token_url"] {
        check_one(source.get(name), name, whose, |host| is_link_local(host) || host == "[fd00:ec2::254]")?;
    }
    match document.get("source_credentials") {
        Some(nested) => check(nested, whose),
        None => Ok(()),
    }
}

fn check_one(address: Option<&Value>, name: &str, whose: &str, plain: fn(&str) -> bool) -> Result<(), Fault> {
    let Some(Value::String(text)) = address else { return Ok(()) };
    let parsed = reqwest::Url::parse(text).ok();
    let may_be_plain = parsed.is_some_and(|url| url.scheme() == "http" && url.host_str().is_some_and(plain));
    if may_be_plain || net::address(text, name).is_ok() {
        return Ok(());
    }
    Err(Fault::denied(format!("no credentials: {whose}: its '{name}' is no https address, so nothing is sent there")))
}

/// It is not what it is called.
pub(super) fn malformed(whose: &str) -> Fault {
    Fault::denied(format!("no credentials: {whose}: it is not what Google Cloud's tools write"))
}

/// The credentials that a document of this type describes, and what they are called.
///
/// # Errors
/// There is no such type, or the document lacks something of it.
pub(super) fn build(kind: &str, json: Value, whose: &str) -> Result<(AccessTokenCredentials, &'static str), Fault> {
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
        // Nothing else of a document is quoted: anything may stand there.
        "external_account_authorized_user" | "gdch_service_account" => {
            return Err(Fault::denied(format!("no credentials: {whose}: the type '{kind}' is not supported")));
        }
        _ => return Err(Fault::denied(format!("no credentials: {whose}: its type is none that there is"))),
    };
    built.map(|built| (built, name)).map_err(|_| malformed(whose))
}
