//! The other end of `inject-store`: found, checked, started with its kind's variables only, and not believed.

use super::Payload;
use crate::companion;
use crate::error::{Fault, printable};
use crate::process::{Input, Output, Spec};
use crate::profile::parse::Setting;
use crate::profile::sources::SourceDef;
use crate::protocol::{self, Answers, Decoder, Open, Reply};
use crate::reference::matches;
use crate::secret::Secret;
use crate::sys::{Environ, Program};
use std::cell::RefCell;
use std::ffi::CString;
use std::rc::Rc;
use std::time::Duration;

/// The program to start for a source.
///
/// # Errors
/// It is not installed, or somebody else could have written it.
pub fn spec<'e>(source: &SourceDef, environ: &'e Environ) -> Result<Spec<'e>, Fault> {
    let argv = ["inject-store", source.kind.opens()].into_iter().flat_map(CString::new).collect();
    let wanted = || source.kind.store.iter().flat_map(|store| store.env).copied().flatten();
    let passed = source.list("pass-env");
    let env = environ.entries().iter().copied().filter(|entry| {
        let name = entry.to_bytes().split(|c| *c == b'=').next().unwrap_or_default();
        wanted().any(|pattern| matches(pattern.as_bytes(), name)) || passed.iter().any(|p| p.as_bytes() == name)
    });
    Ok(Spec {
        label: source.name.clone(),
        program: Program::Descriptor(companion::open("inject-store")?),
        argv,
        env: env.collect(),
        input: Input::Requests,
    })
}

/// The bytes of the first request: open, and at once what is asked next.
///
/// # Errors
/// More than the protocol can carry.
pub fn first_request(
    source: &SourceDef,
    settings: &[(String, Secret)],
    (left, ages): (Duration, bool),
    next: &[u8],
) -> Result<Vec<u8>, Fault> {
    let open = Open { protocol: protocol::VERSION, kind: source.kind.opens(), left, ages, settings };
    let mut bytes = protocol::encode_request(&open, &[])?.expose().to_vec();
    bytes.extend_from_slice(next);
    Ok(bytes)
}

/// The settings that the store gets as they stand in the profile: texts. Those that are references are known later, and
/// what the launcher itself looks at is not its business.
pub fn settings(source: &SourceDef) -> Vec<(String, Secret)> {
    let own = source.settings.iter().filter(|(name, _)| name.as_str() != "format");
    own.filter_map(|(name, (value, ..))| match value {
        Setting::Text(text) => Some((name.clone(), Secret::new(text.clone().into_bytes()))),
        _ => None,
    })
    .collect()
}

/// The setting that a source cannot do without and that nobody says: it is asked for on the terminal, with this question.
pub fn question(source: &SourceDef) -> Option<(&'static str, String)> {
    let missing = source.kind.name == "vault"
        && source.text("auth") == Some("userpass")
        && !source.settings.contains_key("password");
    missing.then(|| {
        let whose = source.text("username").map_or_else(String::new, |name| format!(" of {}", printable(name)));
        ("password", format!("inject: password{whose} for source '{}': ", source.name))
    })
}

/// Takes what one store says, in one round after the other.
#[derive(Clone)]
pub struct Conversation(Rc<RefCell<Heard>>);

struct Heard {
    decoder: Decoder,
    answers: Answers,
    /// How many locators this round asks for.
    asked: usize,
    failed: Option<Fault>,
}

impl Conversation {
    /// Awaits answers to `count` locators.
    pub fn new(count: usize) -> Self {
        let answers = Answers::new(count);
        Self(Rc::new(RefCell::new(Heard { decoder: Decoder::new(), answers, asked: count, failed: None })))
    }

    /// Awaits answers to `count` further locators. Only the very first message of a store has the preamble, so what
    /// was heard before still counts.
    ///
    /// # Errors
    /// The store has failed as a whole: it is not asked again.
    pub fn next(&self, count: usize) -> Result<(), Fault> {
        let mut heard = self.0.borrow_mut();
        (heard.answers, heard.asked) = (Answers::new(count), count);
        heard.failed.clone().map_or(Ok(()), Err)
    }

    /// The answers; `rest` is for those that did not come, and the end of the conversation.
    pub fn finish(&self, rest: Option<Fault>) -> Vec<Result<Payload, Fault>> {
        let mut heard = self.0.borrow_mut();
        let answers = std::mem::replace(&mut heard.answers, Answers::new(0));
        if !answers.complete() && heard.failed.is_none() {
            heard.failed = rest;
        }
        let unsaid = || Fault::invalid("inject-store did not answer");
        answers.finish(&heard.failed.clone().unwrap_or_else(unsaid))
    }
}

impl Heard {
    /// True when every answer is there, or none will come any more.
    fn take(&mut self, bytes: &[u8]) -> Result<bool, Fault> {
        self.decoder.feed(bytes);
        while let Some(reply) = self.decoder.reply()? {
            match reply {
                Reply::Opened { .. } => {}
                Reply::Answer { index, result } => self.answers.take(index, result)?,
                Reply::Failed(fault) => {
                    self.failed = Some(fault);
                    return Ok(true);
                }
            }
        }
        match (self.answers.complete(), self.decoder.is_empty()) {
            (true, false) => Err(Fault::invalid("inject-store answered more than it was asked")),
            (complete, _) => Ok(complete),
        }
    }
}

impl Output for Conversation {
    fn feed(&mut self, bytes: &[u8]) -> Result<bool, Fault> {
        let mut heard = self.0.borrow_mut();
        let taken = heard.take(bytes);
        if let Err(fault) = &taken {
            // Who breaks the protocol is not believed in what it said before either.
            heard.answers = Answers::new(heard.asked);
            heard.failed = Some(fault.clone());
        }
        taken
    }
}
