//! Who we are: the SDK's chain of credentials in the SDK's order, walked here step by step, so that what was used and
//! what was tried can be said, and nothing is built that is not reached.

use std::error::Error;

use aws_config::ecs::EcsCredentialsProvider;
use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::imds;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::web_identity_token::WebIdentityTokenCredentialsProvider;
use aws_credential_types::Credentials;
use aws_credential_types::credential_feature::AwsCredentialFeature as Feature;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, Result as Provided};
use inject::error::{Fault, printable};

use super::http::{Wire, chain};

/// Credentials, and where they are from.
pub(super) struct Found {
    pub(super) credentials: Credentials,
    /// For `-v`.
    pub(super) from: String,
}

/// Walks the chain. Where the source itself names the profile, `only` that is looked at, as with `aws --profile`.
///
/// # Errors
/// There are none, or those that should be used cannot be.
pub(super) async fn find(
    config: &ProviderConfig,
    profile: &str,
    only: bool,
    imds: imds::Client,
) -> Result<Found, Fault> {
    let mut tried = Tried::default();
    if !only {
        let provider = EnvironmentVariableCredentialsProvider::new();
        if let Some(found) = tried.step("environment".into(), provider.provide_credentials().await)? {
            return Ok(found);
        }
    }
    let shown = format!("profile '{}'", printable(profile));
    let provider = ProfileFileCredentialsProvider::builder().configure(config).profile_name(profile).build();
    let provided = provider.provide_credentials().await;
    let undefined = matches!(&provided, Err(error @ CredentialsError::CredentialsNotLoaded(_)) if undefined(error));
    if let Some(found) = tried.step(shown.clone(), provided)? {
        return Ok(found);
    }
    if only || undefined {
        let what = if undefined { "is not defined" } else { "holds no credentials" };
        return Err(Fault::denied(format!("no credentials: {shown} {what}"))
            .hint("`aws configure list-profiles` lists those that there are"));
    }
    let provider = WebIdentityTokenCredentialsProvider::builder().configure(config).build();
    if let Some(found) = tried.step("web identity".into(), provider.provide_credentials().await)? {
        return Ok(found);
    }
    let provider = EcsCredentialsProvider::builder().configure(config).build();
    if let Some(found) = tried.step("container".into(), provider.provide_credentials().await)? {
        return Ok(found);
    }
    let provider = imds::credentials::ImdsCredentialsProvider::builder().configure(config).imds_client(imds).build();
    // Other clouds have another service at this address, and say no: then there are none here.
    let provided = match provider.provide_credentials().await {
        Err(error @ (CredentialsError::ProviderError(_) | CredentialsError::Unhandled(_))) => {
            Err(CredentialsError::not_loaded(error))
        }
        provided => provided,
    };
    if let Some(found) = tried.step("instance metadata".into(), provided)? {
        return Ok(found);
    }
    Err(Fault::denied(format!("no credentials: tried {}", tried.0.join(", ")))
        .hint("set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run `aws sso login`"))
}

/// A named profile that is in none of the files.
fn undefined(error: &CredentialsError) -> bool {
    error.source().is_some_and(|why| why.to_string().contains("was not defined"))
}

/// The places that had nothing.
#[derive(Default)]
struct Tried(Vec<String>);

impl Tried {
    fn step(&mut self, place: String, provided: Provided) -> Result<Option<Found>, Fault> {
        match provided {
            Ok(credentials) => {
                check(&credentials, &place)?;
                let from = format!("{place}{}", detail(&credentials));
                Ok(Some(Found { credentials, from }))
            }
            Err(CredentialsError::CredentialsNotLoaded(_)) => {
                self.0.push(place);
                Ok(None)
            }
            Err(error) => Err(explain(&error, &place)),
        }
    }
}

/// What is written into a header. The SDK panics where that cannot be.
fn check(credentials: &Credentials, place: &str) -> Result<(), Fault> {
    let good = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
    if good(credentials.access_key_id()) && credentials.session_token().is_none_or(good) {
        return Ok(());
    }
    Err(Fault::denied(format!("credentials of {place}: they hold characters that no key and no token has")))
}

/// How a profile came by them. The SDK tells nothing of a role that a profile assumes.
fn detail(credentials: &Credentials) -> &'static str {
    let features: &[Feature] = credentials.get_property::<Vec<Feature>>().map_or(&[], |features| features);
    let ways = [
        (Feature::CredentialsSso, " (SSO)"),
        (Feature::CredentialsProcess, " (credential_process)"),
        (Feature::CredentialsProfileStsWebIdToken, " (web identity)"),
    ];
    let of_profile = features.contains(&Feature::CredentialsProfile);
    ways.into_iter().find(|(way, _)| of_profile && features.contains(way)).map_or("", |(_, text)| text)
}

/// What keeps the credentials of `place` from being used. The texts of the errors are only searched: they can hold
/// what a program printed.
pub(super) fn explain(error: &CredentialsError, place: &str) -> Fault {
    if let Some(wire) = super::http::find::<Wire>(error) {
        return Fault { message: format!("credentials of {place}: {}", wire.0.message), ..wire.0.clone() };
    }
    let text: String = chain(error).map(|error| format!("{error}\n")).collect();
    let has = |part: &str| text.contains(part);
    let login = || match place.strip_prefix("profile '").and_then(|rest| rest.strip_suffix('\'')) {
        Some("default") | None => "aws sso login".to_owned(),
        Some(name) => format!("aws sso login --profile {name}"),
    };
    let denied = |why: &str| Fault::denied(format!("credentials of {place}: {why}"));
    if has("external process") {
        return denied("its credential_process failed, or printed no credentials");
    }
    if has("the SSO token has expired") || has("UnauthorizedException") {
        return denied("the SSO session has expired").hint(login());
    }
    if has("cached SSO token") || (has("failed to read `") && has("/sso/cache/")) {
        return denied("nobody is logged in").hint(login());
    }
    if has("Non-success status") {
        return denied("their service refuses");
    }
    if has("ForbiddenException") {
        return denied("SSO does not give this role to the user").hint("check sso_account_id and sso_role_name");
    }
    for (code, why) in [
        ("ExpiredToken", "the token has expired"),
        ("InvalidIdentityToken", "the identity token is not accepted"),
        ("IDPRejectedClaim", "the identity token is not accepted"),
        ("AccessDenied", "not allowed to assume the role: sts:AssumeRole"),
        ("InvalidClientTokenId", "AWS does not know the access key"),
        ("UnrecognizedClient", "AWS does not know the access key"),
        ("SignatureDoesNotMatch", "the secret key is wrong"),
        ("InvalidSignature", "the secret key is wrong"),
        ("RequestTimeTooSkewed", "the clock is wrong"),
    ] {
        if has(code) {
            return denied(why);
        }
    }
    match error {
        CredentialsError::InvalidConfiguration(_) => {
            denied("they are not configured as they must be").hint("look at ~/.aws/config and ~/.aws/credentials")
        }
        _ => denied("they cannot be had"),
    }
}
