//! Who we are: the order of the other Azure SDKs' DefaultAzureCredential (learn.microsoft.com/azure/developer/), which
//! the Rust SDK does not have. What is not there is passed over; what is configured and fails ends the search.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use azure_core::credentials::{AccessToken, Secret, TokenCredential, TokenRequestOptions};
use azure_core::http::{ClientOptions, Request, Url};
use azure_identity::{
    ClientAssertionCredentialOptions, ClientSecretCredential, ClientSecretCredentialOptions, ManagedIdentityCredential,
    ManagedIdentityCredentialOptions, UserAssignedId, WorkloadIdentityCredential, WorkloadIdentityCredentialOptions,
};
use futures_util::lock::Mutex as Turn;
use inject::error::Fault;

use super::fault;
use super::http::Wire;
use super::tool::{Refusal, TOOLS, Tool};
use crate::net::within;
use crate::settings::Settings;

/// The time for the metadata service of a virtual machine to show that it is there, and for a login.
const PROBE: Duration = Duration::from_secs(1);
const LOGIN: Duration = Duration::from_secs(10);
const METADATA: &str = "http://169.254.169.254/metadata/identity/oauth2/token";

/// The credentials that are configured, and those that are looked for.
pub(super) struct Chain {
    options: ClientOptions,
    tenant: Option<String>,
    client: Option<String>,
    secret: Option<Secret>,
    federated: bool,
    /// Which halves of the chain are walked: `AZURE_TOKEN_CREDENTIALS`.
    deployed: bool,
    tools: bool,
    /// The token of each scope; who asks while another does waits for the same.
    tokens: Turn<HashMap<String, Result<AccessToken, Fault>>>,
    used: Mutex<Option<&'static str>>,
}

impl fmt::Debug for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Chain")
    }
}

/// What became of a step.
enum Step {
    Token(AccessToken),
    /// Not to be had here: the next one.
    Next,
}

impl Chain {
    /// Reads the settings, and beneath them the environment.
    ///
    /// # Errors
    /// A client's secret without the client.
    pub(super) fn new(settings: &Settings, options: ClientOptions) -> Result<Self, Fault> {
        let or_env = |name: &str, variable: &str| match settings.text(name)? {
            Some(text) => Ok(Some(text.to_owned())),
            None => Settings::env(variable),
        };
        let tenant = or_env("tenant-id", "AZURE_TENANT_ID")?;
        let client = or_env("client-id", "AZURE_CLIENT_ID")?;
        let secret = or_env("client-secret", "AZURE_CLIENT_SECRET")?;
        if settings.secret("client-secret").is_some() && (tenant.is_none() || client.is_none()) {
            return Err(Fault::denied("'client-secret' needs 'tenant-id' and 'client-id'"));
        }
        if let Some(host) = Settings::env("AZURE_AUTHORITY_HOST")?
            && !Url::parse(&host).is_ok_and(|url| url.scheme() == "https")
        {
            return Err(Fault::invalid("AZURE_AUTHORITY_HOST is no https address"));
        }
        let half = Settings::env("AZURE_TOKEN_CREDENTIALS")?.unwrap_or_default();
        Ok(Self {
            options,
            tenant,
            client,
            secret: secret.map(Secret::new),
            federated: Settings::env("AZURE_FEDERATED_TOKEN_FILE")?.is_some(),
            deployed: half != "dev",
            tools: half != "prod",
            tokens: Turn::default(),
            used: Mutex::default(),
        })
    }

    /// Which step gave the token.
    pub(super) fn used(&self) -> Option<&'static str> {
        *self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn walk(&self, scope: &str) -> Result<AccessToken, Fault> {
        let mut tried = Vec::new();
        if self.deployed {
            if let Step::Token(token) = self.client_secret(scope).await? {
                return Ok(self.done("client secret", token));
            }
            tried.push("client secret");
            if let Step::Token(token) = self.workload(scope).await? {
                return Ok(self.done("workload identity", token));
            }
            tried.push("workload identity");
            if let Step::Token(token) = self.managed(scope).await? {
                return Ok(self.done("managed identity", token));
            }
            tried.push("managed identity");
        }
        let mut late = None;
        for tool in TOOLS.iter().filter(|_| self.tools) {
            match tool.token(scope, self.tenant.as_deref()) {
                Ok(token) => return Ok(self.done(tool.name, token)),
                Err(Refusal::Late) => late = late.or(Some(tool)),
                Err(Refusal::NotThere | Refusal::Failed) => {}
            }
            tried.push(tool.name);
        }
        Err(match late {
            Some(Tool { name, .. }) => Fault::timeout(format!("no credentials: {name} gave no token in time")),
            None => Fault::denied(format!("no credentials: tried {}", tried.join(", "))),
        }
        .hint("log in with `az login`, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET"))
    }

    fn done(&self, what: &'static str, token: AccessToken) -> AccessToken {
        *self.used.lock().unwrap_or_else(PoisonError::into_inner) = Some(what);
        token
    }

    async fn client_secret(&self, scope: &str) -> Result<Step, Fault> {
        let (Some(tenant), Some(client), Some(secret)) = (&self.tenant, &self.client, &self.secret) else {
            return Ok(Step::Next);
        };
        let options = ClientSecretCredentialOptions { client_options: self.options.clone() };
        let built = ClientSecretCredential::new(tenant, client.clone(), secret.clone(), Some(options));
        let built = built.map_err(|_| Fault::denied("client secret: the tenant or the client is no id"))?;
        token(&*built, scope, "client secret").await
    }

    async fn workload(&self, scope: &str) -> Result<Step, Fault> {
        if !self.federated || self.tenant.is_none() || self.client.is_none() {
            return Ok(Step::Next);
        }
        let options = WorkloadIdentityCredentialOptions {
            credential_options: ClientAssertionCredentialOptions { client_options: self.options.clone() },
            client_id: self.client.clone(),
            tenant_id: self.tenant.clone(),
            ..Default::default()
        };
        let built = WorkloadIdentityCredential::new(Some(options));
        let built = built.map_err(|_| Fault::denied("workload identity: AZURE_FEDERATED_TOKEN_FILE cannot be read"))?;
        token(&*built, scope, "workload identity").await
    }

    async fn managed(&self, scope: &str) -> Result<Step, Fault> {
        let endpoint = Settings::env("IDENTITY_ENDPOINT")?;
        if endpoint.as_deref().is_some_and(|text| !Url::parse(text).is_ok_and(|url| url.has_host())) {
            return Err(Fault::invalid("managed identity: IDENTITY_ENDPOINT is no address"));
        }
        let app_service = endpoint.is_some();
        if !app_service && !self.is_machine().await {
            return Ok(Step::Next);
        }
        let user_assigned_id = self.client.clone().map(UserAssignedId::ClientId);
        let options = ManagedIdentityCredentialOptions { user_assigned_id, client_options: self.options.clone() };
        let Ok(built) = ManagedIdentityCredential::new(Some(options)) else {
            return Err(Fault::denied("managed identity: this kind of it is not supported"));
        };
        match token(&*built, scope, "managed identity").await {
            // A machine without an identity is like no machine.
            Err(fault) if !app_service && !fault.transient => Ok(Step::Next),
            result => result,
        }
    }

    /// Whether the metadata service of a virtual machine is there: it answers even what it refuses.
    async fn is_machine(&self) -> bool {
        let Ok(url) = Url::parse(METADATA) else { return false };
        let Some(transport) = &self.options.transport else { return false };
        let mut probe = Request::new(url, azure_core::http::Method::Get);
        let context = azure_core::http::Context::new();
        matches!(within(PROBE, transport.send(&context, &mut probe)).await, Some(Ok(_)))
    }
}

async fn token(credential: &dyn TokenCredential, scope: &str, what: &str) -> Result<Step, Fault> {
    match within(LOGIN, credential.get_token(&[scope], None)).await {
        Some(Ok(token)) => Ok(Step::Token(token)),
        Some(Err(error)) => Err(fault::of_login(&error, what)),
        None => Err(Fault::timeout(format!("{what}: no answer within {} s", LOGIN.as_secs()))),
    }
}

#[async_trait]
impl TokenCredential for Chain {
    async fn get_token(&self, scopes: &[&str], _: Option<TokenRequestOptions<'_>>) -> azure_core::Result<AccessToken> {
        let scope = scopes.first().copied().unwrap_or_default();
        let mut tokens = self.tokens.lock().await;
        if !tokens.contains_key(scope) {
            let token = self.walk(scope).await;
            tokens.insert(scope.to_owned(), token);
        }
        match tokens.get(scope) {
            Some(Ok(token)) => Ok(token.clone()),
            Some(Err(fault)) => Err(Wire::wrapped(fault.clone(), false)),
            None => Err(Wire::wrapped(Fault::denied("no token"), false)),
        }
    }
}
