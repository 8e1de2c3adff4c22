//! Reads requests, answers them, knows the kinds.

use std::io::{self, Read, Write};

use inject::error::Fault;
use inject::protocol::{self, Decoder, Reply, Request};
use inject::source::{Change, Locator, Note, Payload, Source};
use zeroize::Zeroizing;

use crate::settings::Settings;

/// Opens a store with the settings of its source.
type Opener = fn(Settings) -> Result<Box<dyn Source>, Fault>;

/// What this build can open. Each cargo feature has its kind's name.
const KINDS: &[(&str, Opener)] = &[
    #[cfg(feature = "keychain")]
    ("keychain", crate::keychain::open),
    #[cfg(feature = "vault")]
    ("vault", crate::vault::open),
    #[cfg(feature = "aws")]
    ("aws", crate::aws::open),
    #[cfg(feature = "gcp")]
    ("gcp", crate::gcp::open),
    #[cfg(feature = "azure")]
    ("azure", crate::azure::open),
];

/// Serves one launcher until its input ends. True if nothing failed as a whole (a fault of one locator is an answer);
/// an error is a pipe that broke, and then nobody is there to be told.
pub(crate) fn serve(kind: &str, input: &mut impl Read, output: &mut impl Write) -> io::Result<bool> {
    let mut requests = Requests::new(input);
    let first = requests.next()?;
    // Whatever was asked: the other end names both numbers by this.
    let opened = Reply::Opened { protocol: protocol::VERSION, version: env!("CARGO_PKG_VERSION").to_owned() };
    protocol::write_reply(output, &opened)?;
    crate::prepare_last_words(kind)?;
    match session(kind, first, &mut requests, output)? {
        Ok(()) => Ok(true),
        Err(fault) => {
            protocol::write_reply(output, &Reply::Failed(fault))?;
            Ok(false)
        }
    }
}

/// The inner error is for the launcher, the outer one a broken pipe.
fn session(
    kind: &str,
    first: Result<Option<Request>, Fault>,
    requests: &mut Requests<impl Read>,
    output: &mut impl Write,
) -> io::Result<Result<(), Fault>> {
    let source = match first.and_then(|first| open(kind, first)) {
        Ok(source) => source,
        Err(fault) => return Ok(Err(fault)),
    };
    loop {
        match requests.next()? {
            Ok(Some(Request::Fetch(locators))) => {
                if let Err(fault) = answer(&*source, &locators, output)? {
                    return Ok(Err(fault));
                }
            }
            Ok(Some(Request::Change(locator, change))) => {
                let result = made(kind, &*source, &locator, &change);
                protocol::write_reply(output, &Reply::Answer { index: 0, result })?;
            }
            Ok(Some(Request::Open { .. })) => return Ok(Err(unexpected())),
            Ok(None) => return Ok(Ok(())),
            Err(fault) => return Ok(Err(fault)),
        }
    }
}

fn open(kind: &str, first: Option<Request>) -> Result<Box<dyn Source>, Fault> {
    let Some(Request::Open { kind: asked, left, ages, settings }) = first else {
        return Err(unexpected());
    };
    if asked != kind {
        return Err(Fault::invalid("inject-store was started for another kind than it is asked for"));
    }
    let Some((_, opener)) = KINDS.iter().find(|(name, _)| *name == kind) else {
        let known = inject::source::kind::kind(kind).is_some_and(|kind| kind.store.is_some());
        return Err(if known {
            Fault::unreachable(format!("this inject-store was built without '{kind}'"))
                .hint(format!("build it with --features {kind}, or install a released one"))
        } else {
            Fault::unreachable(format!("this inject-store knows no kind '{}'", inject::error::printable(kind)))
                .hint("install inject and inject-store from the same release")
        });
    };
    opener(Settings::new(settings, left, ages))
}

fn answer(source: &dyn Source, locators: &[Locator], output: &mut impl Write) -> io::Result<Result<(), Fault>> {
    let results = match source.fetch(locators) {
        Ok(results) if results.len() == locators.len() => results,
        Ok(_) => {
            return Ok(Err(Fault::invalid("inject-store has a bug: not one answer each")));
        }
        Err(fault) => return Ok(Err(fault)),
    };
    for (index, result) in (0..).zip(results) {
        protocol::write_reply(output, &Reply::Answer { index, result })?;
    }
    Ok(Ok(()))
}

/// What was done, as the one note of an empty payload; no note where there was nothing to remove.
fn made(kind: &str, source: &dyn Source, locator: &Locator, change: &Change) -> Result<Payload, Fault> {
    let writer =
        source.writer().ok_or_else(|| Fault::invalid(format!("a source of kind '{kind}' cannot be written")))?;
    let done = change.make(writer, locator)?;
    Ok(Payload { notes: done.into_iter().map(Note::fact).collect(), ..Payload::from(Vec::new()) })
}

fn unexpected() -> Fault {
    Fault::invalid("inject asked something that inject-store did not expect here")
}

/// The requests as they come.
struct Requests<'a, R> {
    input: &'a mut R,
    decoder: Decoder,
    buffer: Zeroizing<Vec<u8>>,
}

impl<'a, R: Read> Requests<'a, R> {
    fn new(input: &'a mut R) -> Self {
        let buffer = Zeroizing::new(vec![0; 16 << 10]);
        Self { input, decoder: Decoder::new(), buffer }
    }

    /// The next one, or `None` where the input ended between two. A broken input ends it, too: the launcher is gone.
    fn next(&mut self) -> io::Result<Result<Option<Request>, Fault>> {
        loop {
            match self.decoder.request() {
                Ok(None) => {}
                done => return Ok(done),
            }
            let read = match self.input.read(&mut self.buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                read => read?,
            };
            if read == 0 {
                let end = if self.decoder.is_empty() { Ok(None) } else { Err(unexpected()) };
                return Ok(end);
            }
            self.decoder.feed(&self.buffer[..read]);
        }
    }
}
