//! Asking the sources: programs and stores are started first, local files are read while they work, and what is still
//! open is asked in a further round, since the next entry of a list is only for what is absent.

use crate::answers::{Answer, Answers};
use crate::batch::{Ask, Batch};
use crate::clock::Clock;
use crate::error::{Fault, State, os};
use crate::plan::Plan;
use crate::process::{Job, Running, drive};
use crate::profile::sources::SourceDef;
use crate::protocol;
use crate::secret::Secret;
use crate::source::env::Env;
use crate::source::file::Files;
use crate::source::remote::{self, Conversation};
use crate::source::tool::{self, Printed, Tool};
use crate::source::{Payload, Source};
use crate::sys::{self, Environ, Guard};
use nix::errno::Errno;
use std::process::ExitStatus;

mod change;
pub use change::{Writing, fetch};

/// Resolves everything that the plan wants. Whoever must be asked is asked first, outside the deadline. With `ages` the
/// stores are asked how old each value is, where that takes more than the value does.
pub fn resolve(plan: &Plan<'_>, environ: &Environ, ages: bool) -> Answers {
    let typed = typed(plan);
    let clock = Clock::new(plan.profile.timeout());
    let mut answers = Answers::none(plan);
    let mut resolver = Resolver::new(plan, environ, &clock, typed);
    resolver.ages = ages;
    loop {
        let round = next_round(plan, &answers);
        if round.iter().all(Vec::is_empty) {
            return answers;
        }
        resolver.round(&round, &mut answers);
    }
}

/// A setting that the user typed, or why there is none; `None` where nobody has to be asked.
type Typed = Option<(&'static str, Result<Secret, Fault>)>;

/// Asks for what somebody has to type, a batch after the other.
fn typed(plan: &Plan<'_>) -> Vec<Typed> {
    plan.batches.iter().map(|batch| ask(batch.source)).collect()
}

fn ask(source: &SourceDef) -> Typed {
    let (setting, question) = remote::question(source)?;
    let typed = sys::ask(&question).map_err(|error| {
        let fault = match error {
            Errno::ENOTTY => Fault::denied(format!("no '{setting}', and no terminal to ask for it")),
            Errno::ENODATA | Errno::EINTR => Fault::denied(format!("no '{setting}' was typed")),
            error => Fault::denied(format!("no '{setting}': {}", os(error))),
        };
        fault.hint(format!(
            "{setting} = \"keychain:SERVICE/ACCOUNT\", or another reference, in [source.{}]",
            source.name
        ))
    });
    Some((setting, typed))
}

/// For each batch the locators that are to be asked next.
fn next_round(plan: &Plan<'_>, answers: &Answers) -> Vec<Vec<usize>> {
    let mut round: Vec<Vec<usize>> = plan.batches.iter().map(|_| Vec::new()).collect();
    for want in &plan.wants {
        let unasked = |ask: &&Ask<'_>| !answers.has(ask);
        let absent_before =
            |ask: &Ask<'_>| want.asks.iter().take_while(|a| !std::ptr::eq(*a, ask)).all(|a| answers.is_absent(want, a));
        if let Some(ask) = want.asks.iter().find(unasked).filter(|ask| absent_before(ask)) {
            ask_now(plan, answers, ask, &mut round);
        }
    }
    for locators in &mut round {
        locators.sort_unstable();
        locators.dedup();
    }
    round
}

/// Puts one look-up into the round, or, where its source cannot be opened yet, what that waits for.
fn ask_now(plan: &Plan<'_>, answers: &Answers, ask: &Ask<'_>, round: &mut [Vec<usize>]) {
    let mut waits = false;
    for (_, need) in plan.batches[ask.batch].needs.iter().filter(|(_, need)| !answers.has(need)) {
        waits = true;
        ask_now(plan, answers, need, round);
    }
    if !waits {
        round[ask.batch].push(ask.locator);
    }
}

struct Resolver<'a> {
    plan: &'a Plan<'a>,
    environ: &'a Environ,
    clock: &'a Clock,
    /// For each batch what was typed for it.
    typed: Vec<Typed>,
    /// Whether it is asked how old the values are.
    ages: bool,
    /// Held from the first child to the end.
    guard: Option<Guard>,
    /// The store of each batch that was started, with what it said. Dropped before the guard is.
    stores: Vec<Option<Opened>>,
}

impl Drop for Resolver<'_> {
    fn drop(&mut self) {
        self.stores.clear();
        self.guard = None;
    }
}

/// A store that was started: it lives on between two rounds, unless it failed.
struct Opened {
    running: Option<Running>,
    conversation: Conversation,
}

/// What a job's end is an answer to.
enum Asked {
    Program { tool: &'static dyn Tool, batch: usize, locator: usize, printed: Printed },
    Store { batch: usize, locators: Vec<usize>, conversation: Conversation },
}

impl<'a> Resolver<'a> {
    fn new(plan: &'a Plan<'a>, environ: &'a Environ, clock: &'a Clock, typed: Vec<Typed>) -> Self {
        let stores = plan.batches.iter().map(|_| None).collect();
        Self { plan, environ, clock, typed, ages: false, guard: None, stores }
    }

    fn round(&mut self, round: &[Vec<usize>], answers: &mut Answers) {
        let mut jobs = Vec::new();
        let mut asked = Vec::new();
        for (batch, locators) in round.iter().enumerate().filter(|(_, locators)| !locators.is_empty()) {
            self.prepare(batch, locators, &mut jobs, &mut asked, answers);
        }
        if !jobs.is_empty() {
            let guard = self.guard.get_or_insert_with(Guard::new);
            crate::process::launch(&mut jobs, guard);
        }
        for (batch, locators) in round.iter().enumerate().filter(|(_, locators)| !locators.is_empty()) {
            self.local(batch, locators, answers);
        }
        if let Some(guard) = &self.guard {
            drive(&mut jobs, guard, self.clock);
        }
        for (job, asked) in jobs.into_iter().zip(asked) {
            self.collect(job, asked, answers);
        }
    }

    fn prepare(
        &mut self,
        batch: usize,
        locators: &[usize],
        jobs: &mut Vec<Job<'a>>,
        asked: &mut Vec<Asked>,
        answers: &mut Answers,
    ) {
        let Batch { source, locators: known, .. } = &self.plan.batches[batch];
        if let Some(tool) = tool::tool(source.kind.name) {
            for locator in locators.iter().copied() {
                let printed = Printed::default();
                match tool::spec(tool, source, &known[locator], self.environ) {
                    Ok(spec) => jobs.push(Job::new(spec, Vec::new(), Box::new(printed.clone()))),
                    Err(fault) => {
                        answers.batches[batch][locator] = Some(Err(fault));
                        continue;
                    }
                }
                asked.push(Asked::Program { tool, batch, locator, printed });
            }
        } else if source.kind.store.is_some() {
            let wanted: Vec<_> = locators.iter().map(|i| known[*i].clone()).collect();
            let request = protocol::encode_fetch(&wanted);
            match request.and_then(|request| self.store_job(batch, &request, wanted.len(), answers)) {
                Ok((job, conversation)) => {
                    jobs.push(job);
                    asked.push(Asked::Store { batch, locators: locators.to_vec(), conversation });
                }
                Err(fault) => {
                    locators.iter().for_each(|i| answers.batches[batch][*i] = Some(Err(fault.clone())));
                }
            }
        }
    }

    /// A request that has `count` answers, to the store of a batch, which is started where it does not run yet.
    fn store_job(
        &mut self,
        batch: usize,
        request: &Secret,
        count: usize,
        answers: &Answers,
    ) -> Result<(Job<'a>, Conversation), Fault> {
        let source = self.plan.batches[batch].source;
        let Some(Opened { running, conversation }) = &mut self.stores[batch] else {
            let settings = self.settings(batch, answers)?;
            let spec = remote::spec(source, self.environ)?;
            let conversation = Conversation::new(count);
            let request = remote::first_request(source, &settings, (self.clock.left(), self.ages), request.expose())?;
            return Ok((Job::new(spec, request, Box::new(conversation.clone())), conversation));
        };
        conversation.next(count)?;
        let running = running.take().ok_or_else(|| Fault::invalid("inject-store has ended"))?;
        let job = Job::going_on(running, &source.name, request.expose().to_vec(), Box::new(conversation.clone()));
        Ok((job, conversation.clone()))
    }

    /// What a store is opened with: the profile's own words, what references gave, and what was typed.
    fn settings(&self, batch: usize, answers: &Answers) -> Result<Vec<(String, Secret)>, Fault> {
        let Batch { source, needs, .. } = &self.plan.batches[batch];
        let mut settings = remote::settings(source);
        for (name, ask) in needs {
            let value = answers.value(ask).map_err(|fault| {
                // An absent credential is no absent secret: nobody knows whether that is there.
                let state = if fault.state == State::Absent { State::Denied } else { fault.state };
                Fault { state, message: format!("'{name}' ({}): {}", ask.reference, fault.message), ..fault }
            })?;
            settings.push(((*name).to_owned(), Secret::from(value)));
        }
        if let Some((name, typed)) = &self.typed[batch] {
            let value = typed.as_ref().map_err(Clone::clone)?;
            settings.push(((*name).to_owned(), Secret::from(value.expose())));
        }
        Ok(settings)
    }

    fn local(&self, batch: usize, locators: &[usize], answers: &mut Answers) {
        let Batch { source, locators: known, .. } = &self.plan.batches[batch];
        let (clock, name) = (self.clock, source.name.as_str());
        let opened: Box<dyn Source + '_> = match source.kind.name {
            "env" => Box::new(Env(self.environ)),
            "dotenv" | "file" => Box::new(Files { name, clock, folder: None }),
            "systemd" => Box::new(Files::credentials(name, clock, self.environ.get("CREDENTIALS_DIRECTORY"))),
            _ => return,
        };
        let wanted: Vec<_> = locators.iter().map(|i| known[*i].clone()).collect();
        let results = opened.fetch(&wanted).unwrap_or_else(|fault| wanted.iter().map(|_| Err(fault.clone())).collect());
        for (locator, result) in locators.iter().zip(results) {
            self.record(batch, *locator, result, answers);
        }
    }

    fn collect(&mut self, mut job: Job<'a>, asked: Asked, answers: &mut Answers) {
        let done = job.done.take().unwrap_or_else(|| Err(unanswered()));
        match asked {
            Asked::Program { tool, batch, locator, printed } => {
                let Batch { source, locators, .. } = &self.plan.batches[batch];
                let result = done.and_then(|ending| printed.answer(tool, source, &locators[locator], ending));
                self.record(batch, locator, result, answers);
            }
            Asked::Store { batch, locators, conversation } => {
                for (locator, result) in locators.iter().zip(conversation.finish(unsaid(done))) {
                    self.record(batch, *locator, result, answers);
                }
                self.stores[batch] = Some(Opened { running: job.running.take(), conversation });
            }
        }
    }

    fn record(&self, batch: usize, locator: usize, result: Result<Payload, Fault>, answers: &mut Answers) {
        let source = self.plan.batches[batch].source;
        let answer = result.and_then(|payload| {
            answers.notes.extend(payload.notes.iter().cloned().map(|note| note.about(&source.name)));
            Answer::of(&self.plan.batches[batch], locator, payload, &mut answers.notes)
        });
        answers.batches[batch][locator] = Some(answer);
    }
}

fn unanswered() -> Fault {
    Fault::invalid("was ended before it answered")
}

/// Why a store has not answered all that it was asked, by how its work has ended.
fn unsaid(done: Result<Option<ExitStatus>, Fault>) -> Option<Fault> {
    match done {
        Ok(None) => None,
        Ok(Some(status)) => Some(Fault::invalid(format!("inject-store ended before it answered ({status})"))),
        Err(fault) => Some(fault),
    }
}
