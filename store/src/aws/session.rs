//! What is the same for all requests of a process: the credentials, found once, and the clients, one a region.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::iter;
use std::time::{Duration, Instant};

use aws_config::imds;
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_types::service_config::ServiceConfigKey;
use inject::error::{Fault, printable};

use super::credentials::{self, Found};
use super::http::Http;
use super::region::{self, Home};
use crate::net::{ATTEMPT, CONNECT, TRIES, address};
use crate::settings::Settings;

/// The source's table.
pub(super) struct Setup {
    region: Option<String>,
    profile: Option<String>,
    role: Option<String>,
    external_id: Option<String>,
    endpoint: Option<String>,
    deadline: Instant,
}

impl Setup {
    pub(super) fn new(settings: &Settings) -> Result<Self, Fault> {
        settings.only(&["region", "profile", "role-arn", "external-id", "endpoint-url"])?;
        let text = |name| Ok(settings.text(name)?.map(str::to_owned));
        let setup = Self {
            region: text("region")?,
            profile: text("profile")?,
            role: text("role-arn")?,
            external_id: text("external-id")?,
            endpoint: text("endpoint-url")?,
            deadline: settings.deadline(),
        };
        setup.endpoint.as_deref().map_or(Ok(()), |url| address(url, "endpoint-url").map(drop))?;
        check_variables()?;
        if setup.external_id.is_some() && setup.role.is_none() {
            return Err(Fault::invalid("external-id is for a role, and there is no role-arn"));
        }
        Ok(setup)
    }

    /// Assumes the source's role, where it has one.
    async fn assume(&self, found: Found, config: &SdkConfig) -> Result<Found, Fault> {
        let Some(role) = &self.role else {
            return Ok(found);
        };
        let mut builder = AssumeRoleProvider::builder(role).session_name("inject").configure(config);
        if let Some(id) = &self.external_id {
            builder = builder.external_id(id);
        }
        let place = format!("role '{}'", printable(role));
        let provided = builder.build_from_provider(found.credentials).await.provide_credentials().await;
        let credentials = provided.map_err(|error| credentials::explain(&error, &place))?;
        Ok(Found { credentials, from: format!("{place} by {}", found.from) })
    }
}

/// Signed in, as far as one can be before the first request.
pub(super) struct Session {
    config: SdkConfig,
    endpoint: Option<String>,
    home: Home,
    clients: RefCell<BTreeMap<String, Clients>>,
    /// Whose credentials these are, for `-v`.
    pub(super) from: String,
}

/// The two services in one region.
#[derive(Clone)]
pub(super) struct Clients {
    pub(super) secrets: aws_sdk_secretsmanager::Client,
    pub(super) parameters: aws_sdk_ssm::Client,
}

impl Session {
    /// Finds region and credentials. `named` is the region of an ARN, for the calls for credentials where nobody says
    /// another.
    ///
    /// # Errors
    /// No credentials.
    pub(super) async fn start(setup: &Setup, named: Option<&str>) -> Result<Self, Fault> {
        let http = Http::new(setup.deadline);
        let retry = RetryConfig::standard()
            .with_max_attempts(TRIES)
            .with_initial_backoff(Duration::from_millis(200))
            .with_max_backoff(Duration::from_secs(2));
        let timeouts = TimeoutConfig::builder().connect_timeout(CONNECT).operation_attempt_timeout(ATTEMPT).build();
        let provider = ProviderConfig::without_region()
            .with_http_client(http.clone())
            .with_retry_config(retry.clone())
            .with_timeout_config(timeouts.clone())
            .with_behavior_version(Some(BehaviorVersion::latest()));
        let imds = imds::Client::builder().configure(&provider).max_attempts(1).build();
        let ambient = Settings::env("AWS_PROFILE")?;
        let profile = setup.profile.as_deref().or(ambient.as_deref()).unwrap_or("default");

        let home = Home::new(setup.region.as_deref(), &provider, profile, imds.clone()).await?;
        let near = match (home.said(), named) {
            (None, None) => home.find().await,
            (said, named) => said.or_else(|| named.map(|region| Region::new(region.to_owned()))),
        };
        near.as_ref().map_or(Ok(()), |near| region::check(near.as_ref()))?;

        let config = aws_config::defaults(BehaviorVersion::latest())
            .http_client(http)
            .profile_name(profile)
            .region(near.clone())
            .retry_config(retry)
            .timeout_config(timeouts)
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .no_credentials();
        let config = config.load().await;
        check_profile(&config, profile)?;
        let only = setup.profile.is_some();
        let found = credentials::find(&provider.with_region(near), profile, only, imds).await?;
        let Found { credentials, from } = setup.assume(found, &config).await?;
        let config = config.into_builder().credentials_provider(SharedCredentialsProvider::new(credentials)).build();
        Ok(Self { config, endpoint: setup.endpoint.clone(), home, clients: RefCell::default(), from })
    }

    /// The region of names that say none.
    pub(super) async fn home(&self) -> Option<Region> {
        self.home.find().await
    }

    /// The clients of a region, made once.
    pub(super) fn clients(&self, region: &str) -> Clients {
        let make = || {
            let config = self.config.to_builder().region(Region::new(region.to_owned())).build();
            let mut secrets = aws_sdk_secretsmanager::config::Builder::from(&config);
            let mut parameters = aws_sdk_ssm::config::Builder::from(&config);
            if let Some(endpoint) = &self.endpoint {
                secrets.set_endpoint_url(Some(endpoint.clone()));
                parameters.set_endpoint_url(Some(endpoint.clone()));
            }
            Clients {
                secrets: aws_sdk_secretsmanager::Client::from_conf(secrets.build()),
                parameters: aws_sdk_ssm::Client::from_conf(parameters.build()),
            }
        };
        self.clients.borrow_mut().entry(region.to_owned()).or_insert_with(make).clone()
    }
}

/// The services that are asked here, by the names that AWS gives them.
const SERVICES: [&str; 5] = ["Secrets Manager", "SSM", "STS", "SSO", "SSO OIDC"];

fn is_address(text: &str) -> bool {
    reqwest::Url::parse(text).is_ok_and(|url| url.has_host())
}

/// The SDK panics on an address that is empty, and says nothing of one that it cannot read. Where plain http may go is
/// judged for each request.
fn check_variables() -> Result<(), Fault> {
    let own = SERVICES.map(|service| format!("_{}", service.to_uppercase().replace(' ', "_")));
    for name in iter::once(String::new()).chain(own).map(|service| format!("AWS_ENDPOINT_URL{service}")) {
        match std::env::var(&name) {
            Err(std::env::VarError::NotPresent) => {}
            Ok(url) if is_address(&url) => {}
            _ => {
                return Err(Fault::invalid(format!("{name} is set to something that is no address"))
                    .hint("an address is https://HOST[:PORT]"));
            }
        }
    }
    Ok(())
}

/// The same for what stands in the files.
fn check_profile(config: &SdkConfig, profile: &str) -> Result<(), Fault> {
    for service in SERVICES {
        let key = ServiceConfigKey::builder().service_id(service).env("AWS_ENDPOINT_URL").profile("endpoint_url");
        let said = key.build().ok().and_then(|key| config.service_config()?.load_config(key));
        if said.is_some_and(|url| !is_address(&url)) {
            return Err(Fault::invalid(format!("profile '{}': its endpoint_url is no address", printable(profile)))
                .hint("look at ~/.aws/config; an address is https://HOST[:PORT]"));
        }
    }
    Ok(())
}
