//! Kind `aws`: AWS Secrets Manager and, as `ssm`, Systems Manager's Parameter Store, with the official SDK. One process,
//! one look for credentials, however many services and regions. Nothing is looked for before the first request.

use std::cell::{Cell, OnceCell};
use std::collections::BTreeMap;

use aws_sdk_secretsmanager::primitives::DateTime;
use inject::error::{Fault, State};
use inject::source::{Locator, Note, Payload, Source, Stored, Writer};

use crate::net::Runtime;
use crate::settings::Settings;

mod credentials;
mod fault;
mod http;
mod parameters;
mod region;
mod secrets;
mod session;
mod write;

use fault::Call;
use session::{Clients, Session, Setup};

/// The largest value.
const LARGEST: usize = 1 << 20;

/// Both services.
struct Aws {
    setup: Setup,
    runtime: Runtime,
    /// Also that there are no credentials is found out once.
    session: OnceCell<Result<Session, Fault>>,
    /// Whether it has been said whose credentials they are.
    said: Cell<bool>,
}

/// Opens it.
pub(crate) fn open(settings: Settings) -> Result<Box<dyn Source>, Fault> {
    let (setup, runtime) = (Setup::new(&settings)?, Runtime::new()?);
    Ok(Box::new(Aws { setup, runtime, session: OnceCell::new(), said: Cell::new(false) }))
}

/// What became of one locator.
enum Answer {
    Is(Result<Payload, Fault>),
    /// It has to be asked for by itself.
    Alone,
}

/// One request, or as many as belong together; the numbers are places among the locators.
struct Job {
    region: String,
    clients: Clients,
    call: Kind,
    places: Vec<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Secret,
    Secrets,
    Parameters,
    Path,
}

impl Source for Aws {
    fn fetch(&self, locators: &[Locator]) -> Result<Vec<Result<Payload, Fault>>, Fault> {
        let session = self.session(locators)?;
        let mut answers: Vec<Option<Result<Payload, Fault>>> = locators.iter().map(|_| None).collect();
        let mut jobs = self.jobs(session, locators, &mut answers);
        while !jobs.is_empty() {
            let done = self.runtime.each(jobs, |job| job.run(locators, &session.from));
            jobs = Vec::new();
            for (job, results) in done {
                for (place, answer) in job.places.iter().zip(results) {
                    match answer {
                        Answer::Is(result) => answers[*place] = Some(whole(result)?),
                        Answer::Alone => jobs.push(job.alone(*place)),
                    }
                }
            }
        }
        let unanswered = || Err(Fault::invalid("inject-store has a bug: a locator without an answer"));
        let mut answers: Vec<_> = answers.into_iter().map(|answer| answer.unwrap_or_else(unanswered)).collect();
        if let Some(first) = answers.iter_mut().find_map(|answer| answer.as_mut().ok())
            && !self.said.replace(true)
        {
            first.notes.push(Note::fact(format!("credentials: {}", session.from)));
        }
        Ok(answers)
    }

    fn writer(&self) -> Option<&dyn Writer> {
        Some(self)
    }
}

impl Aws {
    /// The one look for credentials; a region that an ARN names will do for it.
    fn session(&self, locators: &[Locator]) -> Result<&Session, Fault> {
        let start = || {
            let named = locators.iter().find_map(|locator| region::of_arn(&locator.text));
            self.runtime.run(Session::start(&self.setup, named))
        };
        self.session.get_or_init(start).as_ref().map_err(Clone::clone)
    }

    /// Sorts the locators into as few requests as AWS allows; what cannot be asked for is answered here.
    fn jobs(
        &self,
        session: &Session,
        locators: &[Locator],
        answers: &mut [Option<Result<Payload, Fault>>],
    ) -> Vec<Job> {
        let mut sorted: BTreeMap<(String, Kind), Vec<usize>> = BTreeMap::new();
        for (place, locator) in locators.iter().enumerate() {
            match kind(locator).and_then(|kind| Ok((self.region(session, &locator.text)?, kind))) {
                Ok(at) => sorted.entry(at).or_default().push(place),
                Err(fault) => answers[place] = Some(Err(fault)),
            }
        }
        let mut jobs = Vec::new();
        for ((region, kind), places) in sorted {
            let most = match kind {
                Kind::Secrets => secrets::BATCH,
                Kind::Parameters => parameters::BATCH,
                Kind::Secret | Kind::Path => 1,
            };
            for places in places.chunks(most) {
                // The call for many needs a permission of its own: not for one.
                let call = if kind == Kind::Secrets && places.len() == 1 { Kind::Secret } else { kind };
                jobs.push(Job {
                    clients: session.clients(&region),
                    region: region.clone(),
                    call,
                    places: places.to_vec(),
                });
            }
        }
        jobs
    }

    /// The region that a locator means.
    fn region(&self, session: &Session, text: &str) -> Result<String, Fault> {
        let region = match region::of_arn(text) {
            Some(region) => region.to_owned(),
            None => self.runtime.run(session.home()).map(|region| region.to_string()).ok_or_else(|| {
                Fault::invalid("no region is set")
                    .hint("set `region` in the source, AWS_REGION, or the region of the profile")
            })?,
        };
        region::check(&region)?;
        Ok(region)
    }
}

/// How a locator has to be asked for.
fn kind(locator: &Locator) -> Result<Kind, Fault> {
    let text = locator.text.as_str();
    let service = if locator.kind == "ssm" { "ssm" } else { "secretsmanager" };
    if text.starts_with("arn:") && (region::of_arn(text).is_none() || text.split(':').nth(2) != Some(service)) {
        return Err(Fault::invalid(format!("this is no ARN of {service}")));
    }
    Ok(match (locator.kind, locator.options.is_empty()) {
        ("ssm", false) => return Err(Fault::invalid("ssm has no options").hint("write NAME:VERSION or NAME:LABEL")),
        ("ssm", true) if text.ends_with('/') => Kind::Path,
        ("ssm", true) => Kind::Parameters,
        (_, false) => Kind::Secret,
        (_, true) => Kind::Secrets,
    })
}

impl Job {
    async fn run(self, locators: &[Locator], from: &str) -> (Self, Vec<Answer>) {
        let (thing, action) = match self.call {
            Kind::Secret | Kind::Secrets => ("secret", "secretsmanager:GetSecretValue"),
            Kind::Parameters => ("parameter", "ssm:GetParameters"),
            Kind::Path => ("parameter", "ssm:GetParametersByPath"),
        };
        let call = Call { thing, action, region: &self.region, from };
        let wanted = || self.places.iter().map(|place| &locators[*place]);
        let texts: Vec<_> = wanted().map(|locator| locator.text.as_str()).collect();
        let mut answers = Vec::new();
        match self.call {
            Kind::Secrets => answers = secrets::many(&self.clients.secrets, &texts, &call).await,
            Kind::Parameters => answers = parameters::many(&self.clients.parameters, &texts, &call).await,
            Kind::Secret => {
                for locator in wanted() {
                    answers.push(Answer::Is(secrets::one(&self.clients.secrets, locator, &call).await));
                }
            }
            Kind::Path => {
                for path in texts {
                    answers.push(Answer::Is(parameters::path(&self.clients.parameters, path, &call).await));
                }
            }
        }
        (self, answers)
    }

    fn alone(&self, place: usize) -> Self {
        let call = if self.call == Kind::Secrets { Kind::Secret } else { self.call };
        Self { region: self.region.clone(), clients: self.clients.clone(), call, places: vec![place] }
    }
}

/// The same for each.
fn all(count: usize, fault: &Fault) -> Vec<Answer> {
    (0..count).map(|_| Answer::Is(Err(fault.clone()))).collect()
}

/// A service that cannot be reached fails them all.
fn whole<T>(result: Result<T, Fault>) -> Result<Result<T, Fault>, Fault> {
    match result {
        Err(fault) if matches!(fault.state, State::Unreachable | State::Timeout) => Err(fault),
        result => Ok(result),
    }
}

fn payload(bytes: Vec<u8>, version: Option<String>, created: Option<&DateTime>) -> Result<Payload, Fault> {
    if bytes.len() > LARGEST {
        return Err(Fault::invalid("the value is larger than 1 MiB"));
    }
    let created = created.and_then(|time| u64::try_from(time.secs()).ok());
    Ok(Payload { stored: Stored { version, created }, ..Payload::from(bytes) })
}
