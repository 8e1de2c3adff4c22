//! Asking the sources: programs and stores are started first, local files are read while they work, and what is still
//! open is asked in a further round, since the next entry of a list is only for what is absent.

use crate::clock::Clock;
use crate::document::dotenv::Dialect;
use crate::document::{Document, Format};
use crate::error::{Fault, State};
use crate::plan::{Ask, Batch, Plan, Want};
use crate::process::{Job, Running, drive};
use crate::profile::sources::SourceDef;
use crate::secret::Secret;
use crate::source::command::{self, Printed};
use crate::source::env::Env;
use crate::source::file::Files;
use crate::source::kind::Documents;
use crate::source::remote::{self, Conversation};
use crate::source::{Locator, Payload, Source};
use crate::sys::{Environ, Guard};

/// What one locator gave.
pub enum Answer {
    /// Bytes of which nobody wants a field.
    Whole(Secret),
    /// A document.
    Parsed(Box<Document>),
}

/// What every locator of every batch gave; `None` where nobody asked in the end.
pub struct Answers {
    batches: Vec<Vec<Option<Result<Answer, Fault>>>>,
    /// Remarks for `-v` and `check`, with the source's name in front.
    pub notes: Vec<String>,
}

impl Answers {
    /// What one reference gave: the whole bytes or the field.
    ///
    /// # Errors
    /// Why there is no value.
    pub fn value(&self, ask: &Ask<'_>) -> Result<&[u8], Fault> {
        match (self.answer(ask)?, &ask.field) {
            (Answer::Whole(bytes), None) => Ok(bytes.expose()),
            (Answer::Parsed(document), None) => Ok(document.bytes()),
            (Answer::Parsed(document), Some(field)) => document.pick(field),
            (Answer::Whole(_), Some(_)) => Err(Fault::invalid("not parsed")),
        }
    }

    /// What one reference gave, for a pattern.
    ///
    /// # Errors
    /// Why there is no document.
    pub fn document(&self, ask: &Ask<'_>) -> Result<&Document, Fault> {
        match self.answer(ask)? {
            Answer::Parsed(document) => Ok(document),
            Answer::Whole(_) => Err(Fault::invalid("not parsed")),
        }
    }

    fn answer(&self, ask: &Ask<'_>) -> Result<&Answer, Fault> {
        match self.batches.get(ask.batch).and_then(|batch| batch.get(ask.locator)?.as_ref()) {
            Some(answer) => answer.as_ref().map_err(Clone::clone),
            None => Err(Fault::invalid("was not asked")),
        }
    }

    /// The entry of a list that counts: the first that is not absent, else the last. `None` where it was not asked yet.
    pub fn chosen<'w, 'p>(&self, want: &'w Want<'p>) -> Option<&'w Ask<'p>> {
        let (last, others) = want.asks.split_last()?;
        let asked = |ask: &Ask<'_>| self.batches.get(ask.batch)?.get(ask.locator)?.as_ref().map(drop);
        for ask in others {
            asked(ask)?;
            if !self.is_absent(want, ask) {
                return Some(ask);
            }
        }
        // Whatever it gave: nothing comes behind it, so nobody need look.
        asked(last).map(|()| last)
    }

    fn is_absent(&self, want: &Want<'_>, ask: &Ask<'_>) -> bool {
        let gave = if want.pattern {
            self.document(ask).and_then(|d| d.at(ask.field.as_ref()).map(drop))
        } else {
            self.value(ask).map(drop)
        };
        matches!(gave, Err(fault) if fault.state == State::Absent)
    }
}

/// Resolves everything that the plan wants.
pub fn resolve(plan: &Plan<'_>, environ: &Environ, clock: &Clock) -> Answers {
    let mut answers = Answers { batches: Vec::new(), notes: Vec::new() };
    answers.batches.extend(plan.batches.iter().map(|batch| batch.locators.iter().map(|_| None).collect()));
    let mut resolver =
        Resolver { plan, environ, clock, guard: None, stores: plan.batches.iter().map(|_| None).collect() };
    loop {
        let round = next_round(plan, &answers);
        if round.iter().all(Vec::is_empty) {
            return answers;
        }
        resolver.round(&round, &mut answers);
    }
}

/// For each batch the locators that are to be asked next.
fn next_round(plan: &Plan<'_>, answers: &Answers) -> Vec<Vec<usize>> {
    let mut round: Vec<Vec<usize>> = plan.batches.iter().map(|_| Vec::new()).collect();
    for want in &plan.wants {
        let unasked = |ask: &&Ask<'_>| answers.batches[ask.batch][ask.locator].is_none();
        let absent_before =
            |ask: &Ask<'_>| want.asks.iter().take_while(|a| !std::ptr::eq(*a, ask)).all(|a| answers.is_absent(want, a));
        let Some(ask) = want.asks.iter().find(unasked).filter(|ask| absent_before(ask)) else { continue };
        round[ask.batch].push(ask.locator);
    }
    for locators in &mut round {
        locators.sort_unstable();
        locators.dedup();
    }
    round
}

struct Resolver<'a> {
    plan: &'a Plan<'a>,
    environ: &'a Environ,
    clock: &'a Clock,
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
    Command { batch: usize, locator: usize, printed: Printed },
    Store { batch: usize, locators: Vec<usize>, conversation: Conversation },
}

impl<'a> Resolver<'a> {
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
        if source.kind.name == "command" {
            for locator in locators.iter().copied() {
                let printed = Printed::default();
                match command::spec(source, &known[locator], self.environ) {
                    Ok(spec) => jobs.push(Job::new(spec, Vec::new(), Box::new(printed.clone()))),
                    Err(fault) => {
                        answers.batches[batch][locator] = Some(Err(fault));
                        continue;
                    }
                }
                asked.push(Asked::Command { batch, locator, printed });
            }
        } else if source.kind.store.is_some() {
            let wanted: Vec<_> = locators.iter().map(|i| known[*i].clone()).collect();
            match self.store_job(batch, source, &wanted) {
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

    fn store_job(
        &mut self,
        batch: usize,
        source: &SourceDef,
        wanted: &[Locator],
    ) -> Result<(Job<'a>, Conversation), Fault> {
        let Some(Opened { running, conversation }) = &mut self.stores[batch] else {
            let spec = remote::spec(source, self.environ)?;
            let conversation = Conversation::new(wanted.len());
            let request = remote::first_request(source, wanted)?;
            return Ok((Job::new(spec, request, Box::new(conversation.clone())), conversation));
        };
        conversation.next(wanted.len())?;
        let running = running.take().ok_or_else(|| Fault::invalid("inject-store has ended"))?;
        let request = remote::next_request(wanted)?;
        let job = Job::going_on(running, &source.name, request, Box::new(conversation.clone()));
        Ok((job, conversation.clone()))
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
        let unanswered = || Fault::invalid("was ended before it answered");
        let done = job.done.take().unwrap_or_else(|| Err(unanswered()));
        match asked {
            Asked::Command { batch, locator, printed } => {
                let Batch { source, locators, .. } = &self.plan.batches[batch];
                let result = done.and_then(|ending| printed.answer(source, &locators[locator], ending));
                self.record(batch, locator, result, answers);
            }
            Asked::Store { batch, locators, conversation } => {
                let rest = match done {
                    Ok(None) => None,
                    Ok(Some(status)) => {
                        Some(Fault::invalid(format!("inject-store ended before it answered ({status})")))
                    }
                    Err(fault) => Some(fault),
                };
                for (locator, result) in locators.iter().zip(conversation.finish(rest)) {
                    self.record(batch, *locator, result, answers);
                }
                self.stores[batch] = Some(Opened { running: job.running.take(), conversation });
            }
        }
    }

    fn record(&self, batch: usize, locator: usize, result: Result<Payload, Fault>, answers: &mut Answers) {
        let source = self.plan.batches[batch].source;
        let answer = result.and_then(|payload| {
            answers.notes.extend(payload.notes.iter().map(|note| format!("{}: {note}", source.name)));
            self.parse(batch, locator, payload, &mut answers.notes)
        });
        answers.batches[batch][locator] = Some(answer);
    }

    /// Parses what somebody wants a field of, once.
    fn parse(&self, batch: usize, locator: usize, payload: Payload, notes: &mut Vec<String>) -> Result<Answer, Fault> {
        let Batch { source, locators, parsed, .. } = &self.plan.batches[batch];
        if !parsed[locator] {
            return Ok(Answer::Whole(payload.bytes));
        }
        let format = format(source, &locators[locator], payload.bytes.expose())?;
        let documents = source.kind.documents;
        let guessed =
            format == Format::Dotenv && documents == Documents::ByLook && source.text("format") != Some("dotenv");
        let document = Document::parse(payload.bytes, format, dialect(source)).map_err(|mistake| {
            let line = mistake.line.map_or_else(String::new, |line| format!("line {line}: "));
            let fault = Fault::invalid(format!("{line}{}", mistake.message));
            match mistake.hint {
                Some(hint) => fault.hint(hint),
                None => fault,
            }
        })?;
        for repeat in document.repeated() {
            let lines: Vec<_> = repeat.lines.iter().map(ToString::to_string).collect();
            notes.push(format!(
                "{}:{}: {} stands in lines {}; the last one counts",
                source.name,
                locators[locator].text,
                repeat.name,
                lines.join(", ")
            ));
        }
        Ok(Answer::Parsed(Box::new(document.guessed(guessed))))
    }
}

fn format(source: &SourceDef, locator: &Locator, bytes: &[u8]) -> Result<Format, Fault> {
    let said = match source.text("format") {
        Some("dotenv") => Some(Format::Dotenv),
        Some("json") => Some(Format::Json),
        Some("yaml") => Some(Format::Yaml),
        Some("toml") => Some(Format::Toml),
        _ => None,
    };
    let by_name = || Format::by_name(&locator.text).filter(|_| source.kind.documents == Documents::ByName);
    let by_look = || bytes.trim_ascii_start().starts_with(b"{").then_some(Format::Json);
    match source.kind.documents {
        Documents::Dotenv => Ok(Format::Dotenv),
        Documents::ByLook => Ok(said.or_else(by_look).unwrap_or(Format::Dotenv)),
        Documents::ByName | Documents::None => said.or_else(by_name).or_else(by_look).ok_or_else(|| {
            let hint = format!("[source.{}] format = \"dotenv\", \"json\", \"yaml\" or \"toml\" says it", source.name);
            Fault::invalid("cannot tell the format of this file").hint(hint)
        }),
    }
}

fn dialect(source: &SourceDef) -> Dialect {
    match (source.text("dialect"), source.flag("expand")) {
        (Some("rust"), _) => Dialect::Rust,
        (_, true) => Dialect::PythonExpand,
        (_, false) => Dialect::Python,
    }
}
