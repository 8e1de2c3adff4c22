//! The command's environment, packed: inherited variables in the caller's order, then the profile's.

use crate::arena::Arena;
use crate::error::{Error, os, printable};
use crate::merge::Merged;
use crate::plan::Plan;
use crate::source::Note;
use crate::sys::Environ;
use crate::variable::{Outcome, shown_from};
use nix::sys::resource::{Resource, getrlimit};
use std::collections::HashSet;

/// What execve takes as `envp`, with the memory behind it.
pub struct Block {
    /// Pointers into the arena, a null at the end.
    pub pointers: Vec<*const libc::c_char>,
    /// The memory.
    pub arena: Arena,
}

/// The caller's variables that go through: what a pattern matches, what no credential is, what the profile neither sets
/// nor unsets; of duplicates the first.
pub fn inherited<'e>(
    plan: &Plan<'_>,
    decided: &dyn Fn(&str) -> bool,
    environ: &'e Environ,
) -> Vec<(&'e [u8], &'e [u8])> {
    let mut seen = HashSet::new();
    let goes = |name: &[u8]| plan.inherit.by(name).is_some() && !std::str::from_utf8(name).is_ok_and(decided);
    environ.pairs().filter(|(name, _)| goes(name) && seen.insert(*name)).collect()
}

/// The same, where the profile's part is merged.
fn passed<'e>(plan: &Plan<'_>, merged: &Merged<'_>, environ: &'e Environ) -> Vec<(&'e [u8], &'e [u8])> {
    inherited(plan, &|name| merged.get(name).is_some(), environ)
}

impl Block {
    /// Packs the environment of a launch.
    ///
    /// # Errors
    /// It is larger than the kernel takes (exit 125), or there is no memory.
    pub fn pack(
        plan: &Plan<'_>,
        merged: &Merged<'_>,
        environ: &Environ,
        argv: &[*const libc::c_char],
        path: usize,
    ) -> Result<Self, Error> {
        let inherited = passed(plan, merged, environ);
        let all = || inherited.iter().copied().chain(set(merged));
        let (count, size) = fits(all, argv, path)?;
        let fail = |error| Error::new(format!("no memory for the environment: {}", os(error)));
        let mut arena = Arena::new(size).map_err(fail)?;
        let mut pointers = Vec::with_capacity(count + 1);
        for (name, value) in all() {
            pointers.push(arena.push(&[name, b"=", value]).ok_or_else(|| fail(nix::errno::Errno::ENOMEM))?);
        }
        pointers.push(std::ptr::null());
        Ok(Self { pointers, arena })
    }
}

/// What the profile sets.
fn set<'m>(merged: &'m Merged<'_>) -> impl Iterator<Item = (&'m [u8], &'m [u8])> {
    let exposed = merged.variables.iter().filter(|variable| variable.exposed());
    exposed.filter_map(|variable| Some((variable.name.as_bytes(), variable.bytes()?)))
}

/// Whether an environment is one that the kernel takes, with no arguments: what `check` can know of it.
///
/// # Errors
/// It is larger: exit 125.
pub fn check(plan: &Plan<'_>, merged: &Merged<'_>, environ: &Environ) -> Result<(), Error> {
    let inherited = passed(plan, merged, environ);
    fits(|| inherited.iter().copied().chain(set(merged)), &[], 0).map(drop)
}

/// How many variables there are and what their strings take; `path` is the length of the command's own.
fn fits<'m, I>(all: impl Fn() -> I, argv: &[*const libc::c_char], path: usize) -> Result<(usize, usize), Error>
where
    I: Iterator<Item = (&'m [u8], &'m [u8])>,
{
    let (count, size) =
        all().fold((0, 0), |(count, size), (name, value)| (count + 1, size + name.len() + value.len() + 2));
    let total = size + crate::sys::lengths(argv) + path + (count + argv.len()) * size_of::<usize>();
    let limit = limit();
    if total <= limit {
        return Ok((count, size));
    }
    let mut largest: Vec<_> = all().map(|(name, value)| (value.len(), name)).collect();
    largest.sort_unstable_by(|a, b| b.cmp(a));
    let word = |(size, name): &(usize, &[u8])| format!("{} ({size} bytes)", printable(&String::from_utf8_lossy(name)));
    let largest: Vec<_> = largest.iter().take(3).map(word).collect();
    let message = format!("the environment and the arguments take {total} bytes; the kernel's limit here is {limit}");
    Err(Error::new(message)
        .hint(format!("the largest are {}; a quarter of `ulimit -s` is the limit", largest.join(", "))))
}

/// What the kernel takes for arguments and environment together: a quarter of the stack's limit, at least 128 KiB and at
/// most 6 MiB (execve(2), fs/exec.c).
fn limit() -> usize {
    let (stack, _) = getrlimit(Resource::RLIMIT_STACK).unwrap_or((8 << 20, 0));
    usize::try_from(stack / 4).unwrap_or(usize::MAX).clamp(128 << 10, 6 << 20)
}

/// Variables of the caller whose loss changes how a command behaves, and that were dropped.
pub fn missed<'e>(plan: &Plan<'_>, merged: Option<&Merged<'_>>, environ: &'e Environ) -> Vec<&'e str> {
    const TELLING: [&str; 3] = ["LISTEN_FDS", "NOTIFY_SOCKET", "MAKEFLAGS"];
    let dropped =
        |name: &&str| plan.inherit.by(name.as_bytes()).is_none() && merged.is_none_or(|m| m.get(name).is_none());
    let names = environ.pairs().filter_map(|(name, _)| std::str::from_utf8(name).ok());
    names.filter(|name| TELLING.contains(name)).filter(dropped).collect()
}

/// What `-v` says of a launch: names and sources, never a value.
pub fn told(
    plan: &Plan<'_>,
    merged: &Merged<'_>,
    notes: &[Note],
    environ: &Environ,
    kept: crate::arena::Kept,
) -> String {
    let mut out = String::new();
    for (name, _) in passed(plan, merged, environ) {
        out.push_str(&format!("inject: {} inherited\n", printable(&String::from_utf8_lossy(name))));
    }
    for variable in merged.variables.iter().filter(|variable| variable.exposed()) {
        let from = variable.line.map_or_else(|| "--set".into(), |line| shown_from(line.entry));
        let how = match &variable.outcome {
            Outcome::Default(_) => " (absent: its default)",
            Outcome::Unset => " (absent: unset)",
            _ => "",
        };
        out.push_str(&format!("inject: {} from {}{how}\n", printable(&variable.name), printable(&from)));
    }
    for note in notes {
        out.push_str(&note.line());
    }
    for name in missed(plan, Some(merged), environ) {
        out.push_str(&format!("inject: note: {name} is dropped; inherit = [\"{name}\"] passes it\n"));
    }
    if kept == crate::arena::Kept::Unlocked {
        out.push_str("inject: note: the limit for locked memory (ulimit -l) is too small: secrets could be swapped out before the exec\n");
    }
    out
}
