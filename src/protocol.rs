//! What `inject` and `inject-store` say to each other: the pure codec, the same file on both sides of the pipe. The
//! page that describes it is `store/PROTOCOL.md`. Each end treats the other as untrusted: every length is checked
//! before it is believed, every text is made printable, and a message that is not exactly right is an error.

use std::io::{self, Write};
use std::time::Duration;

use zeroize::Zeroizing;

use crate::error::{Fault, State, printable};
use crate::secret::Secret;
use crate::source::{Change, Locator, Note, Payload, Stored};

#[cfg(test)]
mod tests;

/// The number that both ends must share.
pub const VERSION: u32 = 1;
/// The most bytes of one value.
pub const MAX_PAYLOAD: usize = 1 << 20;
/// The most bytes of one message, without its length: a payload, its notes, and room to spare.
pub const MAX_FRAME: usize = MAX_PAYLOAD + (64 << 10);
/// The most locators of one request.
pub const MAX_LOCATORS: usize = 4096;
/// The most settings of a source, options of a locator, or notes of an answer.
pub const MAX_ITEMS: usize = 32;
/// The most bytes of a message, a hint or a note; all the notes that an answer may have fit beside a full payload.
pub const MAX_TEXT: usize = 1200;

/// Each first message begins with this and then the number, in every version that will ever be.
const MAGIC: &[u8; 8] = b"inject\r\n";
const PREAMBLE: usize = 4 + MAGIC.len() + 4;

const FETCH: u8 = 1;
const PUT: u8 = 2;
const REMOVE: u8 = 3;
const ANSWER: u8 = 1;
const FAILED: u8 = 2;

/// The first message of the launcher: which store to open, and how.
pub struct Open<'a> {
    /// Always [`VERSION`], except in tests.
    pub protocol: u32,
    /// The kind of the source (`keychain`, `vault`, ...), equal to the store's only argument.
    pub kind: &'a str,
    /// The time until the launch's deadline: a store does not begin what cannot end before it.
    pub left: Duration,
    /// Whether the time at which each value was stored is worth a request of its own.
    pub ages: bool,
    /// The settings of the source. A value may be a secret: `secret-id = "keychain:..."` arrives resolved.
    pub settings: &'a [(String, Secret)],
}

/// What the store reads.
pub enum Request {
    /// See [`Open`]; always first, and never again.
    Open {
        /// The kind to open.
        kind: String,
        /// See [`Open::left`], to the millisecond.
        left: Duration,
        /// See [`Open::ages`].
        ages: bool,
        /// Its settings.
        settings: Vec<(String, Secret)>,
    },
    /// Read all of these. Answered completely before the next request is looked at.
    Fetch(Vec<Locator>),
    /// Change one, see [`Change`]. Answered as one locator is, by what was done.
    Change(Locator, Change),
}

/// What the launcher reads.
pub enum Reply {
    /// Always first: it says who answers, before the store itself is opened.
    Opened {
        /// The store's number.
        protocol: u32,
        /// The store's version, for messages only.
        version: String,
    },
    /// The answer to one locator of the request, in any order.
    Answer {
        /// The place of the locator in its request, from 0. [`Answers`] checks it.
        index: u32,
        /// A whole value, or why there is none.
        result: Result<Payload, Fault>,
    },
    /// Everything that is still to be answered fails for this reason, and the store ends.
    Failed(Fault),
}

/// `Open` and, unless there is nothing to ask, one `Fetch`: the bytes that the launcher writes at once, without waiting
/// for `Opened` in between. Further requests are [`encode_fetch`].
pub fn encode_request(open: &Open, locators: &[Locator]) -> Result<Secret, Fault> {
    if open.settings.len() > MAX_ITEMS {
        return Err(Fault::invalid(format!("a source takes at most {MAX_ITEMS} settings")));
    }
    let size: usize = open.settings.iter().map(|(name, value)| name.len() + value.len() + 8).sum();
    let mut out = Frame::new(PREAMBLE + open.kind.len() + size + 13);
    out.preamble(open.protocol);
    out.bytes(open.kind.as_bytes());
    out.count(usize::try_from(open.left.as_millis()).unwrap_or(usize::MAX));
    out.byte(open.ages.into());
    out.count(open.settings.len());
    for (name, value) in open.settings {
        out.bytes(name.as_bytes());
        out.bytes(value.expose());
    }
    let mut all = out.finish().ok_or_else(too_long)?;
    if !locators.is_empty() {
        let fetch = encode_fetch(locators)?;
        reserve(&mut all, fetch.len());
        all.extend_from_slice(fetch.expose());
    }
    Ok(Secret::new(std::mem::take(&mut *all)))
}

/// One `Put` or `Remove`. A value that no answer could hold is not sent.
pub fn encode_change(locator: &Locator, change: &Change) -> Result<Secret, Fault> {
    let value = match change {
        Change::Put { value, .. } => Some(value),
        Change::Remove { .. } => None,
    };
    if value.is_some_and(|value| value.len() > MAX_PAYLOAD) {
        return Err(Fault::invalid("the value is larger than 1 MiB"));
    }
    let field = change.field();
    let size = value.map_or(0, Secret::len) + field.map_or(0, str::len) + locator.text.len();
    let mut out = Frame::new(size + 1024);
    out.byte(if value.is_some() { PUT } else { REMOVE });
    out.locator(locator)?;
    out.byte(field.is_some().into());
    field.iter().for_each(|field| out.bytes(field.as_bytes()));
    value.iter().for_each(|value| out.bytes(value.expose()));
    let mut frame = out.finish().ok_or_else(too_long)?;
    Ok(Secret::new(std::mem::take(&mut *frame)))
}

/// One `Fetch`.
pub fn encode_fetch(locators: &[Locator]) -> Result<Secret, Fault> {
    if locators.len() > MAX_LOCATORS {
        return Err(Fault::invalid(format!("more than {MAX_LOCATORS} values of one source")));
    }
    let mut out = Frame::new(4096);
    out.byte(FETCH);
    out.count(locators.len());
    for locator in locators {
        out.locator(locator)?;
    }
    let mut frame = out.finish().ok_or_else(too_long)?;
    Ok(Secret::new(std::mem::take(&mut *frame)))
}

fn too_long() -> Fault {
    Fault::invalid("the request is too long for inject-store")
}

/// Writes one reply: the store's side. A payload that is too large is replaced by a fault, and texts are cut, so that
/// what is written can always be read.
pub fn write_reply(out: &mut impl Write, reply: &Reply) -> io::Result<()> {
    let mut frame = Frame::new(256);
    match reply {
        Reply::Opened { protocol, version } => {
            frame.preamble(*protocol);
            frame.text(version);
        }
        Reply::Answer { index, result } => {
            frame.byte(ANSWER);
            frame.count(*index as usize);
            match result {
                Ok(payload) if payload.bytes.len() <= MAX_PAYLOAD => frame.payload(payload),
                Ok(_) => frame.fault(&Fault::invalid("the value is larger than 1 MiB")),
                Err(fault) => frame.fault(fault),
            }
        }
        Reply::Failed(fault) => {
            frame.byte(FAILED);
            frame.fault(fault);
        }
    }
    let frame = frame.finish().ok_or(io::ErrorKind::InvalidData)?;
    out.write_all(&frame)?;
    out.flush()
}

/// Room for `more` bytes; what is moved is wiped where it was, whatever the allocator.
fn reserve(bytes: &mut Zeroizing<Vec<u8>>, more: usize) {
    if bytes.capacity() - bytes.len() < more {
        let size = (bytes.len() + more).max(bytes.capacity().saturating_mul(2));
        let mut larger = Zeroizing::new(Vec::with_capacity(size));
        larger.extend_from_slice(bytes);
        *bytes = larger;
    }
}

/// One message under construction, its length in front.
struct Frame(Zeroizing<Vec<u8>>);

impl Frame {
    fn new(size: usize) -> Self {
        let mut bytes = Zeroizing::new(Vec::with_capacity(size.saturating_add(4)));
        bytes.extend_from_slice(&[0; 4]);
        Self(bytes)
    }

    fn raw(&mut self, bytes: &[u8]) {
        reserve(&mut self.0, bytes.len());
        self.0.extend_from_slice(bytes);
    }

    fn byte(&mut self, byte: u8) {
        self.raw(&[byte]);
    }

    fn count(&mut self, count: usize) {
        // A count that does not fit makes a frame that does not fit either: `finish` refuses it.
        self.raw(&u32::try_from(count).unwrap_or(u32::MAX).to_be_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.count(bytes.len());
        self.raw(bytes);
    }

    fn locator(&mut self, locator: &Locator) -> Result<(), Fault> {
        if locator.options.len() > MAX_ITEMS {
            return Err(Fault::invalid(format!("an entry takes at most {MAX_ITEMS} options")));
        }
        self.bytes(locator.kind.as_bytes());
        self.bytes(locator.text.as_bytes());
        self.count(locator.options.len());
        for (name, value) in &locator.options {
            self.bytes(name.as_bytes());
            self.bytes(value.as_bytes());
        }
        Ok(())
    }

    fn preamble(&mut self, protocol: u32) {
        self.raw(MAGIC);
        self.raw(&protocol.to_be_bytes());
    }

    fn text(&mut self, text: &str) {
        self.bytes(&text.as_bytes()[..text.floor_char_boundary(MAX_TEXT)]);
    }

    fn payload(&mut self, payload: &Payload) {
        self.byte(0);
        self.bytes(payload.bytes.expose());
        let notes = payload.notes.iter().take(MAX_ITEMS);
        self.count(notes.len());
        for note in notes {
            self.byte(note.warning.into());
            self.text(&note.text);
        }
        let Stored { version, created } = &payload.stored;
        self.byte(version.is_some().into());
        version.iter().for_each(|version| self.text(version));
        self.byte(created.is_some().into());
        created.iter().for_each(|created| self.raw(&created.to_be_bytes()));
    }

    fn fault(&mut self, fault: &Fault) {
        self.byte(fault.state as u8);
        self.byte(fault.transient.into());
        self.text(&fault.message);
        self.byte(fault.hint.is_some().into());
        fault.hint.iter().for_each(|hint| self.text(hint));
    }

    /// The whole frame, unless it is too large.
    fn finish(mut self) -> Option<Zeroizing<Vec<u8>>> {
        let length = self.0.len() - 4;
        if length > MAX_FRAME {
            return None;
        }
        self.0[..4].copy_from_slice(&u32::try_from(length).ok()?.to_be_bytes());
        Some(self.0)
    }
}

mod read;
pub use read::{Answers, Decoder};
