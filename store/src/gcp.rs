//! Kind `gcp`: Google Cloud Secret Manager, with the official SDK. Locators are `NAME[/versions/V]` of the source's
//! project, or whole names; a name with a location is asked for at that location's endpoint.

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::time::{Duration, Instant};

use google_cloud_auth::credentials::AccessTokenCredentials;
use google_cloud_gax::client_builder::internal::with_follow_redirects;
use google_cloud_gax::retry_policy::NeverRetry;
use google_cloud_secretmanager_v1::client::SecretManagerService;
use inject::error::{Fault, State};
use inject::source::{Locator, Note, Payload, Source, Writer};

use crate::net::{self, ATTEMPT, Runtime, retry};
use crate::settings::Settings;

mod credentials;
mod document;
mod fault;
mod metadata;
mod name;
mod write;

use credentials::{Login, Origin};
use name::Name;

/// One login, and a connection pool for each endpoint.
struct Gcp {
    runtime: Runtime,
    origin: Origin,
    project: Option<String>,
    endpoint: Option<String>,
    deadline: Instant,
    /// Also that there are no credentials is found out once.
    login: OnceCell<Result<Login, Fault>>,
    clients: RefCell<HashMap<String, SecretManagerService>>,
}

/// Looks at everything that needs no request.
pub(crate) fn open(settings: Settings) -> Result<Box<dyn Source>, Fault> {
    settings.only(&["project", "credentials", "endpoint"])?;
    let mut project = settings.text("project")?.map(str::to_owned);
    for variable in ["GOOGLE_CLOUD_PROJECT", "GCLOUD_PROJECT", "CLOUDSDK_CORE_PROJECT"] {
        project = project.map_or_else(|| Settings::env(variable), |known| Ok(Some(known)))?;
    }
    let endpoint = settings.text("endpoint")?.map(|text| net::address(text, "'endpoint'")).transpose()?;
    Ok(Box::new(Gcp {
        runtime: Runtime::new()?,
        origin: Origin::find(&settings)?,
        project,
        endpoint: endpoint.map(|url| url.as_str().trim_end_matches('/').to_owned()),
        deadline: settings.deadline(),
        login: OnceCell::new(),
        clients: RefCell::default(),
    }))
}

impl Source for Gcp {
    fn fetch(&self, locators: &[Locator]) -> Result<Vec<Result<Payload, Fault>>, Fault> {
        let login = self.login()?;
        let names: Vec<_> = locators.iter().map(|locator| self.name(locator, login)).collect();
        let mut asked = Vec::new();
        for (name, locator) in names.iter().zip(locators) {
            let client = match name {
                Ok(name) => Some((self.client(&self.endpoint(name), &login.credentials)?, name, locator.dated())),
                Err(_) => None,
            };
            asked.push(client);
        }
        let answers = self.runtime.each(asked, |asked| async {
            match asked {
                Some((client, name, true)) => Some(self.read_dated(&client, name, login).await),
                Some((client, name, false)) => Some(self.read(&client, name, login).await),
                None => None,
            }
        });
        let answers = answers.into_iter().zip(names);
        answers.map(|(answer, name)| answer.unwrap_or_else(|| name.map(drop).and_then(unasked))).map(whole).collect()
    }

    fn writer(&self) -> Option<&dyn Writer> {
        Some(self)
    }
}

fn unasked<T>((): ()) -> Result<T, Fault> {
    Err(Fault::invalid("was not asked"))
}

/// What fails the service fails all of its secrets.
fn whole<T>(result: Result<T, Fault>) -> Result<Result<T, Fault>, Fault> {
    match result {
        Err(fault) if fault::is_of_service(&fault) => Err(fault),
        result => Ok(result),
    }
}

impl Gcp {
    fn login(&self) -> Result<&Login, Fault> {
        let login = self.login.get_or_init(|| self.runtime.run(Login::new(&self.origin, self.deadline)));
        login.as_ref().map_err(Clone::clone)
    }

    fn name(&self, locator: &Locator, login: &Login) -> Result<Name, Fault> {
        let version = locator.options.iter().find(|(name, _)| name == "version").map(|(_, version)| version.as_str());
        let project = || {
            let known = self.project.clone().map(Ok);
            known.unwrap_or_else(|| login.project(&self.runtime))
        };
        Name::parse(&locator.text, version, project)
    }

    fn endpoint(&self, name: &Name) -> String {
        match (&self.endpoint, &name.location) {
            (Some(endpoint), _) => endpoint.clone(),
            (None, Some(location)) => format!("https://secretmanager.{location}.rep.googleapis.com"),
            (None, None) => "https://secretmanager.googleapis.com".into(),
        }
    }

    fn client(&self, endpoint: &str, credentials: &AccessTokenCredentials) -> Result<SecretManagerService, Fault> {
        if let Some(client) = self.clients.borrow().get(endpoint) {
            return Ok(client.clone());
        }
        let builder = SecretManagerService::builder()
            .with_endpoint(endpoint)
            .with_credentials(credentials.clone())
            .with_retry_policy(NeverRetry)
            .with_attempt_timeout(ATTEMPT);
        // The one builder that says where an answer may come from: a token and a secret go to this host only.
        let built = self.runtime.run(with_follow_redirects(builder, false).build());
        let client: SecretManagerService = built.map_err(|_| {
            Fault::unreachable("the client for Secret Manager cannot be built: are there CA certificates?")
        })?;
        self.clients.borrow_mut().insert(endpoint.to_owned(), client.clone());
        Ok(client)
    }

    async fn read(&self, client: &SecretManagerService, name: &Name, login: &Login) -> Result<Payload, Fault> {
        let answer = retry(self.deadline, || async {
            let asked = client.access_secret_version().set_name(name.full());
            asked.send().await.map_err(|error| fault::of(&error, name))
        });
        let answer = answer.await?;
        let Some(payload) = answer.payload else {
            return Err(Fault::invalid("Secret Manager answered without a payload"));
        };
        if payload.data_crc32c.is_some_and(|sum| sum != i64::from(crc32c::crc32c(&payload.data))) {
            return Err(Fault::invalid("the checksum of the payload is wrong: it was damaged on the way"));
        }
        if payload.data.len() > inject::protocol::MAX_PAYLOAD {
            return Err(Fault::invalid("the value is larger than 1 MiB"));
        }
        let mut payload = Payload::from(payload.data.to_vec());
        payload.notes.extend(login.told());
        payload.stored.version = answer.name.rsplit_once("/versions/").map(|(_, number)| number.to_owned());
        Ok(payload)
    }

    async fn read_dated(&self, client: &SecretManagerService, name: &Name, login: &Login) -> Result<Payload, Fault> {
        let mut payload = self.read(client, name, login).await?;
        if let Some(number) = payload.stored.version.as_deref() {
            match self.created(client, number, name).await {
                Ok(created) => payload.stored.created = created,
                Err(fault) => payload.notes.push(undated(name, &fault)),
            }
        }
        Ok(payload)
    }

    /// When a version was added, which the answer with its payload does not say.
    async fn created(&self, client: &SecretManagerService, number: &str, name: &Name) -> Result<Option<u64>, Fault> {
        let answer = retry(self.deadline, || async {
            let asked = client.get_secret_version().set_name(format!("{}/versions/{number}", name.secret()));
            asked.send().await.map_err(|error| fault::of(&error, name))
        });
        Ok(answer.await?.create_time.and_then(|at| u64::try_from(at.seconds()).ok()))
    }
}

/// That the payload may be read is enough for a launch: it is no fault that something of it may not.
fn undated(name: &Name, fault: &Fault) -> Note {
    let why = match fault.state {
        State::Denied => {
            "the permission secretmanager.versions.get, as of the role roles/secretmanager.viewer, is missing"
        }
        _ => &fault.message,
    };
    Note::fact(format!("when it was stored cannot be seen: {why}")).about(name.parts().1)
}

/// The time that a metadata server gets to answer: it is on this machine or nowhere.
const METADATA: Duration = Duration::from_secs(2);
