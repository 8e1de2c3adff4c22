//! The one login. Its token is never looked up, which would cost a use of it, and never revoked, which would end the
//! leases that the command is started with.

use inject::error::Fault;
use rustify::endpoint::Endpoint;
use rustify::enums::{RequestMethod, RequestType, ResponseType};
use rustify::errors::ClientError;
use rustify::http::build_body;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use vaultrs::api::auth::approle::requests::LoginWithApproleRequest;
use vaultrs::api::auth::kubernetes::requests::LoginWithKubernetesRequest;
use vaultrs::api::auth::oidc::requests::JWTLoginRequest;
use vaultrs::api::auth::userpass::requests::LoginRequest;
use vaultrs::api::sys::requests::{UnwrapRequest, WrappingLookupRequest};
use vaultrs::api::sys::responses::WrappingLookupResponse;

use super::answer::{self, Envelope};
use super::client::{Client, Reply};
use super::login::{Login, SecretId, With};
use super::session::Session;

/// The login with a certificate; vaultrs's sends the role under a name that the server does not know.
#[derive(Serialize)]
struct CertificateLogin {
    #[serde(skip)]
    mount: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

impl Endpoint for CertificateLogin {
    type Response = ();
    const REQUEST_BODY_TYPE: RequestType = RequestType::JSON;
    const RESPONSE_BODY_TYPE: ResponseType = ResponseType::JSON;

    fn path(&self) -> String {
        format!("auth/{}/login", self.mount)
    }

    fn method(&self) -> RequestMethod {
        RequestMethod::POST
    }

    fn body(&self) -> Result<Option<Vec<u8>>, ClientError> {
        build_body(self, RequestType::JSON).map(Some)
    }
}

/// What an unwrapped answer holds.
#[derive(Deserialize)]
struct Unwrapped {
    secret_id: String,
}

impl Login {
    /// Gets the token.
    ///
    /// # Errors
    /// It is refused, or nobody is there to give it.
    pub(super) async fn log_in(self, client: &Client) -> Result<Session, Fault> {
        match self {
            Self::Token(token) => Ok(Session::new(client.headers(&token), None)),
            Self::At(mount, with) => with.log_in(client, mount).await,
        }
    }
}

impl With {
    async fn log_in(self, client: &Client, mount: String) -> Result<Session, Fault> {
        let headers = client.headers("");
        let at = format!("auth/{mount}");
        let reply = match self {
            Self::AppRole { role_id, secret_id } => {
                let secret_id = match secret_id {
                    SecretId::Plain(secret_id) => secret_id,
                    SecretId::Wrapped(token) => unwrap(client, &token, &mount).await?,
                };
                client.ask(&headers, LoginWithApproleRequest { mount, role_id, secret_id }).await
            }
            Self::Userpass { username, password } => {
                client.ask(&headers, LoginRequest { mount, username, password }).await
            }
            Self::Jwt { role, jwt } => client.ask(&headers, JWTLoginRequest { mount, jwt, role }).await,
            Self::Kubernetes { role, jwt } => {
                client.ask(&headers, LoginWithKubernetesRequest { mount, role, jwt }).await
            }
            Self::Certificate { role } => client.ask(&headers, CertificateLogin { mount, name: role }).await,
        }?;
        if let 400..=404 = reply.status {
            return Err(refused(client, &reply, &at));
        }
        match Envelope::of(&reply, &client.place.shown)?.auth {
            Some(auth) if !auth.client_token.is_empty() => {
                Ok(Session::new(client.headers(&auth.client_token), Some(auth.lease_duration)))
            }
            Some(_) => Err(Fault::denied(format!("{at}: the login wants a second factor"))),
            None => Err(Fault::invalid(format!("{at}: the answer to the login holds no token"))),
        }
    }
}

/// What servers say of a login that they refuse, and what it means. Their own texts can quote what was shown.
const REASONS: &[(&str, &str)] = &[
    ("role or secret ID", "the role-id or the secret-id is wrong, expired or used up"),
    ("secret_id", "the role wants a secret-id"),
    ("username or password", "the username or the password is wrong"),
    ("is expired", "the token of 'jwt-file' has expired"),
    ("claim", "the token of 'jwt-file' does not claim what the role is bound to"),
    ("could not be found", "there is no such role"),
    ("invalid role name", "there is no such role"),
    ("missing role", "the login wants a 'role'"),
    ("not authorized", "the role is bound to other service accounts or namespaces"),
    ("certificate", "the certificate is none that a role is bound to"),
];

fn refused(client: &Client, reply: &Reply, at: &str) -> Fault {
    let Some(errors) = answer::errors(&reply.body) else {
        return answer::stranger(reply.status, &reply.body, &client.place.shown);
    };
    if errors.iter().any(|error| error == "namespace not found") {
        return answer::refused(reply.status, &reply.body, &client.place.shown);
    }
    let reason = REASONS.iter().find(|(said, _)| errors.iter().any(|error| error.contains(said)));
    let fault = |why: &str| Fault::denied(format!("{at}: the login was refused ({}): {why}", reply.status));
    match reason {
        Some((_, why)) => fault(why),
        None => fault("the server does not accept it").hint(format!(
            "'auth-mount' says where the login is mounted, here {}, and 'namespace' in which namespace",
            at.trim_start_matches("auth/")
        )),
    }
}

/// Takes a secret-id out of its wrapping, which works once: who finds it empty knows that somebody else has it.
async fn unwrap(client: &Client, token: &str, mount: &str) -> Result<String, Fault> {
    let lookup = WrappingLookupRequest { token: token.to_owned() };
    let wrapping: WrappingLookupResponse = open(client, client.ask(&client.headers(""), lookup).await?)?;
    let role = wrapping.creation_path.strip_prefix(&format!("auth/{mount}/role/"));
    let role = role.and_then(|rest| rest.strip_suffix("/secret-id"));
    if role.is_none_or(|role| role.is_empty() || role.contains('/')) {
        return Err(Fault::denied("'wrapped-secret-id' wraps something else than a secret-id of this login")
            .hint("whoever handed it over may have put something of their own in its place: do not use it"));
    }
    let unwrapped: Unwrapped =
        open(client, client.ask_once(&client.headers(token), UnwrapRequest { token: None }).await?)?;
    Ok(unwrapped.secret_id)
}

/// What the answer about a wrapping holds.
fn open<T: DeserializeOwned>(client: &Client, reply: Reply) -> Result<T, Fault> {
    let envelope = Envelope::of(&reply, &client.place.shown)?;
    let read = envelope.data.filter(|_| reply.status == 200).and_then(|data| serde_json::from_str(data.get()).ok());
    read.ok_or_else(|| match reply.status {
        400 | 403 => Fault::denied("'wrapped-secret-id' is not valid: it was unwrapped before, or has expired")
            .hint("where nobody of yours unwrapped it, take the secret-id in it as stolen"),
        // Absence is of a secret, and forgiven; this is of the login.
        404 => Fault::denied("'wrapped-secret-id': the server knows no such wrapping (404)"),
        status => answer::refused(status, &reply.body, &client.place.shown),
    })
}
