//! The search for many values at once, as fast for hundreds as for one.
//!
//! Every window of [`Needles::window`] bytes holds one of the groups of four bytes that begin at multiples of
//! `window - 3`. So it is enough to look at those, a few hundred million a gigabyte: whether a group is in any needle at
//! all is one bit of a table that fits into the processor's first cache.

use super::forms::{Form, SHORTEST};
use memchr::{memchr, memchr_iter};
use std::collections::BTreeMap;
use std::ops::Range;

/// Bytes of a group.
const GROUP: usize = 4;
/// A needle is found by at most so many of its bytes; the others are compared then.
const WINDOW: usize = 16;
/// Bits of the hash of a group.
const BITS: u32 = 16;
/// What of a file is in memory.
const BUFFER: usize = 512 * 1024;
/// What stays in memory around the place that is looked at: the longest form, with its lines broken.
const AROUND: usize = 4096;

/// A form, with the variables that have it.
struct Needle {
    form: Form,
    variables: Vec<usize>,
}

/// A group of bytes, and where it stands in a needle: so many bytes behind an anchor.
struct Place {
    group: u32,
    needle: usize,
    anchor: usize,
    behind: usize,
}

/// Everything that is looked for.
pub(super) struct Needles {
    needles: Vec<Needle>,
    window: usize,
    seen: Box<[u64; 1 << (BITS - 6)]>,
    /// By hash, and where each hash begins in it.
    places: Vec<Place>,
    starts: Vec<usize>,
}

/// What was found in a file: the line and the variable, and how the value is written there.
pub(super) type Hits = BTreeMap<(usize, usize), &'static str>;

fn hash(group: u32) -> usize {
    (group.wrapping_mul(0x9e37_79b1) >> (32 - BITS)) as usize
}

impl Needles {
    /// Of the forms of each variable.
    pub(super) fn new(forms: impl IntoIterator<Item = (usize, Form)>) -> Self {
        let mut needles: Vec<Needle> = Vec::new();
        let mut known: BTreeMap<Vec<u8>, usize> = BTreeMap::new();
        for (variable, form) in forms {
            let at = *known.entry(form.bytes.clone()).or_insert(needles.len());
            match needles.get_mut(at) {
                Some(needle) => needle.variables.push(variable),
                None => needles.push(Needle { form, variables: vec![variable] }),
            }
        }
        let window = needles.iter().map(|needle| anchors(&needle.form).1).min().unwrap_or(WINDOW).min(WINDOW);
        let mut places = Vec::new();
        for (needle, Needle { form, .. }) in needles.iter().enumerate() {
            for anchor in anchors(form).0 {
                let groups = form.bytes[anchor..anchor + window].windows(GROUP).enumerate();
                places.extend(groups.map(|(behind, bytes)| Place { group: group(bytes), needle, anchor, behind }));
            }
        }
        places.sort_by_key(|place| hash(place.group));
        let mut seen = Box::new([0; 1 << (BITS - 6)]);
        let mut starts = vec![0; (1 << BITS) + 1];
        for place in &places {
            let hash = hash(place.group);
            seen[hash / 64] |= 1 << (hash % 64);
            starts[hash + 1] += 1;
        }
        (1..starts.len()).for_each(|at| starts[at] += starts[at - 1]);
        Self { needles, window, seen, places, starts }
    }

    /// Whether there is nothing to look for.
    pub(super) fn is_empty(&self) -> bool {
        self.needles.is_empty()
    }

    /// Calls `found` with each needle that is in `text` with an anchor that begins in `part` of it, and with where the needle
    /// begins. It says up to where that needle is of no further interest.
    fn search(&self, text: &[u8], part: Range<usize>, mut found: impl FnMut(&Needle, usize) -> usize) {
        let mut known = vec![0; self.needles.len()];
        let (stride, from) = (self.window - GROUP + 1, part.start.saturating_sub(self.window));
        let chunks = text[from..text.len().min(part.end + self.window)].chunks_exact(stride);
        let rest = chunks.remainder();
        let last = chunks.len();
        let mut look = |n: usize, bytes: &[u8]| {
            let group = group(bytes);
            let hash = hash(group);
            if self.seen[hash / 64] >> (hash % 64) & 1 == 0 {
                return;
            }
            let places = &self.places[self.starts[hash]..self.starts[hash + 1]];
            for place in places.iter().filter(|place| place.group == group) {
                let needle = &self.needles[place.needle];
                let anchor = (from + n * stride).checked_sub(place.behind);
                let anchor = anchor.filter(|at| *at >= known[place.needle]);
                if let Some(start) = anchor.and_then(|at| begins(&needle.form, place.anchor, text, at)) {
                    known[place.needle] = found(needle, start);
                }
            }
        };
        chunks.enumerate().for_each(|(n, chunk)| look(n, chunk));
        if rest.len() >= GROUP {
            look(last, rest);
        }
    }
}

/// The first four bytes as a number.
fn group(bytes: &[u8]) -> u32 {
    bytes.first_chunk().copied().map_or(0, u32::from_le_bytes)
}

/// Where a form is looked for: at its start, and of one that may be broken at a second place, since a break comes between
/// two bytes of one of them only; and how many bytes each has.
fn anchors(form: &Form) -> (Vec<usize>, usize) {
    let length = form.bytes.len();
    if form.breaks && length >= 2 * SHORTEST {
        let second = (length / 2).min(WINDOW);
        (vec![0, second], second)
    } else {
        (vec![0], length)
    }
}

/// Where a form begins in `text` whose bytes from `anchor` on are at `at`.
fn begins(form: &Form, anchor: usize, text: &[u8], at: usize) -> Option<usize> {
    let mut behind = significant(text.get(at..)?, form.breaks);
    if !significant(&form.bytes[anchor..], form.breaks).all(|byte| behind.next() == Some(byte)) {
        return None;
    }
    let mut before = text[..at].iter().enumerate().rev().filter(|(_, byte)| !byte.is_ascii_whitespace());
    form.bytes[..anchor]
        .iter()
        .rev()
        .try_fold(at, |_, byte| before.next().filter(|(_, b)| *b == byte).map(|(at, _)| at))
}

/// What counts of a text: not how far its lines are indented, nor how they end; where it may be broken, no white space.
fn significant(text: &[u8], breaks: bool) -> impl Iterator<Item = &u8> {
    let mut fresh = false;
    text.iter().filter(move |byte| {
        let blank = matches!(byte, b' ' | b'\t');
        let counts = if breaks { !byte.is_ascii_whitespace() } else { **byte != b'\r' && !(fresh && blank) };
        fresh = **byte == b'\n' || fresh && blank;
        counts
    })
}

/// A file, as it is read.
pub(super) struct Reading<'n> {
    needles: &'n Needles,
    buffer: Vec<u8>,
    filled: usize,
    /// Up to where it was searched.
    done: usize,
    /// The line of the first byte in memory.
    line: usize,
    hits: Hits,
}

impl<'n> Reading<'n> {
    /// Of nothing yet.
    pub(super) fn new(needles: &'n Needles) -> Self {
        Self { needles, buffer: vec![0; BUFFER], filled: 0, done: 0, line: 1, hits: Hits::new() }
    }

    /// Where the next bytes go; never empty.
    pub(super) fn room(&mut self) -> &mut [u8] {
        &mut self.buffer[self.filled..]
    }

    /// So many bytes were put there.
    pub(super) fn took(&mut self, count: usize) {
        self.filled += count;
        if self.filled == self.buffer.len() {
            self.search(self.filled - AROUND);
            let gone = self.done - AROUND;
            self.line += memchr_iter(b'\n', &self.buffer[..gone]).count();
            self.buffer.copy_within(gone.., 0);
            (self.filled, self.done) = (self.filled - gone, AROUND);
        }
    }

    /// That was all of the file: what was found, and on to the next one.
    pub(super) fn end(&mut self) -> Hits {
        self.search(self.filled);
        (self.filled, self.done, self.line) = (0, 0, 1);
        std::mem::take(&mut self.hits)
    }

    /// Finds what begins before `end`.
    fn search(&mut self, end: usize) {
        let text = &self.buffer[..self.filled];
        let mut counted = (0, self.line);
        self.needles.search(text, self.done..end, |needle, start| {
            if start < counted.0 {
                counted = (0, self.line);
            }
            counted = (start, counted.1 + memchr_iter(b'\n', &text[counted.0..start]).count());
            for variable in &needle.variables {
                let how = self.hits.entry((counted.1, *variable)).or_insert(needle.form.how);
                *how = needle.form.how.min(how);
            }
            // Of one line once is enough.
            memchr(b'\n', &text[start..]).map_or(text.len(), |end| start + end)
        });
        self.done = end;
    }
}
