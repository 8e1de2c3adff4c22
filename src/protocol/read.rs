//! The reading half of the codec.

use zeroize::Zeroize;

use super::*;

/// Takes bytes as they come from a pipe and gives back whole messages. The launcher calls [`Decoder::reply`], the store
/// [`Decoder::request`]; each until it gives `None`, before the next bytes are fed, so that no more than one message and
/// one read are ever held.
#[derive(Default)]
pub struct Decoder {
    bytes: Zeroizing<Vec<u8>>,
    /// How much of `bytes` was given back already.
    used: usize,
    /// Whether the first message, which has another form, was seen.
    opened: bool,
}

/// Why bytes are no message: theirs, or another protocol's.
enum Wrong {
    Malformed,
    Protocol(u32),
}

impl Decoder {
    /// Nothing read yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes over what was read.
    pub fn feed(&mut self, bytes: &[u8]) {
        let end = self.bytes.len();
        self.bytes.copy_within(self.used..end, 0);
        let left = end - self.used;
        self.bytes[left..].zeroize();
        self.bytes.truncate(left);
        self.used = 0;
        reserve(&mut self.bytes, bytes.len());
        self.bytes.extend_from_slice(bytes);
    }

    /// The next whole reply, or `None` until more is fed.
    pub fn reply(&mut self) -> Result<Option<Reply>, Fault> {
        self.message(parse_reply).map_err(|wrong| match wrong {
            Wrong::Protocol(theirs) => mismatch(VERSION, theirs),
            Wrong::Malformed => malformed(),
        })
    }

    /// The next whole request, or `None` until more is fed.
    pub fn request(&mut self) -> Result<Option<Request>, Fault> {
        self.message(parse_request).map_err(|wrong| match wrong {
            Wrong::Protocol(theirs) => mismatch(theirs, VERSION),
            Wrong::Malformed => Fault::invalid(format!("inject asked something that is not protocol {VERSION}")),
        })
    }

    /// Whether the input may end here: between two messages.
    pub fn is_empty(&self) -> bool {
        self.used == self.bytes.len()
    }

    fn message<T>(&mut self, parse: fn(&mut Cursor, bool) -> Option<T>) -> Result<Option<T>, Wrong> {
        let bytes = &self.bytes[self.used..];
        // Before any length is believed: another version may have other limits.
        if !self.opened && !begins(bytes)? {
            return Ok(None);
        }
        let Some((length, rest)) = bytes.split_first_chunk::<4>() else {
            return Ok(None);
        };
        let length = u32::from_be_bytes(*length) as usize;
        if length > MAX_FRAME {
            return Err(Wrong::Malformed);
        }
        let Some(frame) = rest.get(..length) else {
            return Ok(None);
        };
        let mut cursor = Cursor(frame);
        let message = parse(&mut cursor, !self.opened).ok_or(Wrong::Malformed)?;
        if !cursor.0.is_empty() {
            return Err(Wrong::Malformed);
        }
        self.used += 4 + length;
        self.opened = true;
        Ok(Some(message))
    }
}

/// Whether the preamble is there and says our number; the bytes are looked at as far as they came.
fn begins(bytes: &[u8]) -> Result<bool, Wrong> {
    let magic = bytes.get(4..).unwrap_or_default();
    let seen = magic.len().min(MAGIC.len());
    if magic[..seen] != MAGIC[..seen] {
        return Err(Wrong::Malformed);
    }
    let Some(number) = magic.get(MAGIC.len()..).and_then(|rest| rest.first_chunk::<4>()) else {
        return Ok(false);
    };
    match u32::from_be_bytes(*number) {
        VERSION => Ok(true),
        theirs => Err(Wrong::Protocol(theirs)),
    }
}

fn mismatch(launcher: u32, store: u32) -> Fault {
    Fault::unreachable(format!("inject speaks protocol {launcher}, and inject-store protocol {store}"))
        .hint("install inject and inject-store from the same release")
}

fn malformed() -> Fault {
    Fault::invalid(format!("inject-store answered something that is not protocol {VERSION}"))
}

/// What is left of one frame. Everything is `None` on anything unexpected.
struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        Some(self.take(1)?[0])
    }

    fn flag(&mut self) -> Option<bool> {
        match self.byte()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    fn number(&mut self) -> Option<u32> {
        Some(u32::from_be_bytes(*self.take(4)?.first_chunk()?))
    }

    fn long(&mut self) -> Option<u64> {
        Some(u64::from_be_bytes(*self.take(8)?.first_chunk()?))
    }

    fn bytes(&mut self, most: usize) -> Option<&'a [u8]> {
        let length = self.number()? as usize;
        if length > most { None } else { self.take(length) }
    }

    fn string(&mut self) -> Option<String> {
        // Not for values: those are `bytes`. The error, which may quote, goes no further.
        Some(std::str::from_utf8(self.bytes(MAX_FRAME)?).ok()?.to_owned())
    }

    /// Foreign words, safe for a terminal.
    fn text(&mut self) -> Option<String> {
        Some(printable(std::str::from_utf8(self.bytes(MAX_TEXT)?).ok()?))
    }

    /// At most `most` things. Nothing is reserved by a count alone: the bytes must be there.
    fn list<T>(&mut self, most: usize, one: impl Fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let count = self.number()? as usize;
        if count > most {
            return None;
        }
        (0..count).map(|_| one(self)).collect()
    }

    fn locator(&mut self) -> Option<Locator> {
        let kind = crate::source::kind::kind(&self.string()?)?.name;
        let text = self.string()?;
        let options = self.list(MAX_ITEMS, |c| Some((c.string()?, c.string()?)))?;
        Some(Locator { kind, text, options })
    }

    /// A part of a document, where one is meant.
    fn field(&mut self) -> Option<Option<String>> {
        if self.flag()? { self.string().map(Some) } else { Some(None) }
    }

    fn result(&mut self) -> Option<Result<Payload, Fault>> {
        match self.byte()? {
            0 => {
                let bytes = Secret::from(self.bytes(MAX_PAYLOAD)?);
                let notes = self.list(MAX_ITEMS, |c| Some(Note { warning: c.flag()?, text: c.text()? }))?;
                let version = if self.flag()? { Some(self.text()?) } else { None };
                let created = if self.flag()? { Some(self.long()?) } else { None };
                Some(Ok(Payload { bytes, notes, stored: Stored { version, created } }))
            }
            state => self.fault(state).map(Err),
        }
    }

    fn fault(&mut self, state: u8) -> Option<Fault> {
        let state = State::from_byte(state)?;
        let transient = self.flag()?;
        let message = self.text()?;
        let hint = if self.flag()? { Some(self.text()?) } else { None };
        Some(Fault { state, transient, message, hint })
    }
}

fn parse_request(cursor: &mut Cursor, first: bool) -> Option<Request> {
    if first {
        cursor.take(PREAMBLE - 4)?;
        let kind = cursor.string()?;
        let left = Duration::from_millis(cursor.number()?.into());
        let ages = cursor.flag()?;
        let settings = cursor.list(MAX_ITEMS, |c| Some((c.string()?, Secret::from(c.bytes(MAX_FRAME)?))))?;
        return Some(Request::Open { kind, left, ages, settings });
    }
    match cursor.byte()? {
        FETCH => Some(Request::Fetch(cursor.list(MAX_LOCATORS, Cursor::locator)?)),
        PUT => {
            let (locator, field) = (cursor.locator()?, cursor.field()?);
            let value = Secret::from(cursor.bytes(MAX_PAYLOAD)?);
            Some(Request::Change(locator, Change::Put { field, value }))
        }
        REMOVE => Some(Request::Change(cursor.locator()?, Change::Remove { field: cursor.field()? })),
        _ => None,
    }
}

fn parse_reply(cursor: &mut Cursor, first: bool) -> Option<Reply> {
    if first {
        cursor.take(PREAMBLE - 4)?;
        return Some(Reply::Opened { protocol: VERSION, version: cursor.text()? });
    }
    match cursor.byte()? {
        ANSWER => Some(Reply::Answer { index: cursor.number()?, result: cursor.result()? }),
        FAILED => {
            let state = cursor.byte()?;
            // Absence is forgiven, and only an item can be absent: a store as a whole fails.
            Some(Reply::Failed(cursor.fault(state).filter(|fault| fault.state != State::Absent)?))
        }
        _ => None,
    }
}

/// Collects the answers to one request and sees to it that there is exactly one for each locator.
pub struct Answers {
    slots: Vec<Option<Result<Payload, Fault>>>,
    missing: usize,
}

impl Answers {
    /// Nothing answered yet, of `count` locators.
    pub fn new(count: usize) -> Self {
        Self { slots: (0..count).map(|_| None).collect(), missing: count }
    }

    /// Takes one answer; an index that was not asked for, or was answered already, is an error that fails them all.
    pub fn take(&mut self, index: u32, result: Result<Payload, Fault>) -> Result<(), Fault> {
        match self.slots.get_mut(index as usize) {
            Some(slot @ None) => *slot = Some(result),
            _ => return Err(malformed()),
        }
        self.missing -= 1;
        Ok(())
    }

    /// Whether every locator has its answer.
    pub fn complete(&self) -> bool {
        self.missing == 0
    }

    /// The answers in the order of the locators; what is outstanding gets `rest` (a `Failed`, an early end, a deadline).
    pub fn finish(self, rest: &Fault) -> Vec<Result<Payload, Fault>> {
        self.slots.into_iter().map(|slot| slot.unwrap_or_else(|| Err(rest.clone()))).collect()
    }
}
