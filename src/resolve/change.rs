//! Writing through a store, with the same processes, settings and deadline as reading.

use super::{Opened, Resolver, Typed, ask_now, typed, unanswered, unsaid};
use crate::answers::Answers;
use crate::batch::Ask;
use crate::clock::Clock;
use crate::error::Fault;
use crate::plan::Plan;
use crate::process::{Input, Job, drive};
use crate::profile::sources::SourceDef;
use crate::protocol;
use crate::secret::Secret;
use crate::source::remote::{self, Conversation};
use crate::source::tool::{self, Printed, Tool};
use crate::source::{Change, Locator, Payload};
use crate::sys::{Environ, Guard};
use std::time::Duration;

/// What is asked and changed one after the other, over one login a source.
pub struct Writing<'a> {
    resolver: Resolver<'a>,
    answers: Answers,
}

impl<'a> Writing<'a> {
    /// Asks on the terminal for what has to be typed before a source of the plan can be opened; a clock starts after that.
    pub fn ask(plan: &Plan<'_>) -> Vec<Typed> {
        typed(plan)
    }

    /// Opens nothing yet.
    pub fn new(plan: &'a Plan<'a>, typed: Vec<Typed>, environ: &'a Environ, clock: &'a Clock) -> Self {
        Self { resolver: Resolver::new(plan, environ, clock, typed), answers: Answers::none(plan) }
    }

    /// Makes a change in a store; `None` where there was nothing to remove.
    ///
    /// # Errors
    /// Why it was not made. After a timeout nobody knows.
    pub fn change(&mut self, ask: &Ask<'_>, change: &Change) -> Result<Option<String>, Fault> {
        self.open(ask);
        let plan = self.resolver.plan;
        let request = protocol::encode_change(&plan.batches[ask.batch].locators[ask.locator], change)?;
        let (job, conversation) = self.resolver.store_job(ask.batch, &request, 1, &self.answers)?;
        let mut jobs = [job];
        let guard = self.resolver.guard.get_or_insert_with(Guard::new);
        drive(&mut jobs, guard, self.resolver.clock);
        let [mut job] = jobs;
        let done = job.done.take().unwrap_or_else(|| Err(unanswered()));
        let mut results = conversation.finish(unsaid(done));
        self.resolver.stores[ask.batch] = Some(Opened { running: job.running.take(), conversation });
        let payload = results.pop().unwrap_or_else(|| Err(unanswered()))?;
        Ok(payload.notes.into_iter().next().map(|note| note.text))
    }

    /// Runs a program for a locator of a source's, with `input` as its standard input.
    ///
    /// # Errors
    /// It cannot be started, or as the tool says.
    pub fn run(
        &mut self,
        tool: &dyn Tool,
        source: &SourceDef,
        locator: &Locator,
        input: Option<&Secret>,
    ) -> Result<Payload, Fault> {
        let printed = Printed::default();
        let mut spec = tool::spec(tool, source, locator, self.resolver.environ)?;
        let request = input.map_or_else(Vec::new, |input| input.expose().to_vec());
        if input.is_some() {
            spec.input = Input::Text;
        }
        let mut jobs = [Job::new(spec, request, Box::new(printed.clone()))];
        let guard = self.resolver.guard.get_or_insert_with(Guard::new);
        drive(&mut jobs, guard, self.resolver.clock);
        let [mut job] = jobs;
        let done = job.done.take().unwrap_or_else(|| Err(unanswered()))?;
        printed.answer(tool, source, locator, done)
    }

    /// What the sources hold now: everything that was read before is read again.
    pub fn read(&mut self) -> &Answers {
        let plan = self.resolver.plan;
        self.answers = Answers::none(plan);
        loop {
            let round = super::next_round(plan, &self.answers);
            if round.iter().all(Vec::is_empty) {
                return &self.answers;
            }
            self.resolver.round(&round, &mut self.answers);
        }
    }

    /// Learns the settings that are references.
    fn open(&mut self, ask: &Ask<'_>) {
        let plan = self.resolver.plan;
        loop {
            let mut round: Vec<Vec<usize>> = plan.batches.iter().map(|_| Vec::new()).collect();
            let needs = plan.batches[ask.batch].needs.iter().map(|(_, need)| need);
            for need in needs.filter(|need| !self.answers.has(need)) {
                ask_now(plan, &self.answers, need, &mut round);
            }
            if round.iter().all(Vec::is_empty) {
                return;
            }
            self.resolver.round(&round, &mut self.answers);
        }
    }
}

/// One answer of a store that no plan has: what another tool keeps there.
///
/// # Errors
/// Why there is none.
pub fn fetch(source: &SourceDef, locator: Locator, limit: Duration, environ: &Environ) -> Result<Payload, Fault> {
    let clock = Clock::new(limit);
    let conversation = Conversation::new(1);
    let next = protocol::encode_fetch(&[locator])?;
    let request = remote::first_request(source, &remote::settings(source), (clock.left(), false), next.expose())?;
    let guard = Guard::new();
    let mut jobs = [Job::new(remote::spec(source, environ)?, request, Box::new(conversation.clone()))];
    drive(&mut jobs, &guard, &clock);
    let [mut job] = jobs;
    let done = job.done.take().unwrap_or_else(|| Err(unanswered()));
    // The store ends with its input, before the signals are as they were.
    drop(job);
    conversation.finish(unsaid(done)).pop().unwrap_or_else(|| Err(unanswered()))
}
