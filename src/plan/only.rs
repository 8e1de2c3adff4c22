//! The part of a plan that some variables need: nobody else's sources are touched to read or to write them.

use super::{Line, Plan, template};
use crate::batch::Batches;
use crate::profile::entry::{Entry, Key};
use crate::profile::name_of;
use crate::reference::Template;
use crate::sys::Environ;

impl<'p> Plan<'p> {
    /// Asks for nothing but what `names` may come from: the line that writes one out and what its template uses, and the
    /// patterns that would win over such a line if they gave the name.
    #[must_use]
    pub fn only(mut self, names: &[&str], environ: &Environ) -> Self {
        let mut kept = Vec::new();
        let set = |name: &str| self.profile.wish.set.iter().any(|(set, _)| set == name);
        for name in names.iter().filter(|name| !set(name)) {
            let _ = (0..self.stacks.len()).rev().any(|stack| self.keep(name, stack, &mut kept));
        }
        let mut batches = Batches::new(self.profile);
        self.wants.clear();
        for stack in 0..self.stacks.len() {
            let mut files = std::mem::take(&mut self.stacks[stack].files);
            for line in files.iter_mut().flat_map(|(explicit, patterns)| explicit.iter_mut().chain(patterns)) {
                line.live = is_kept(&kept, stack, line.entry);
                line.want = if line.live { self.want(stack, line, &mut batches, environ) } else { None };
            }
            self.stacks[stack].files = files;
        }
        self.batches = batches.finish();
        self
    }

    /// Notes the lines of a stack that decide on `name`; whether one of them writes it out.
    fn keep(&self, name: &str, stack: usize, kept: &mut Vec<(usize, &'p Entry)>) -> bool {
        for (explicit, patterns) in &self.stacks[stack].files {
            if let Some(Line { entry, .. }) = explicit.iter().find(|line| name_of(&line.entry.key) == Some(name)) {
                if !is_kept(kept, stack, entry) {
                    kept.push((stack, entry));
                    for used in template(entry).into_iter().flat_map(Template::names) {
                        self.keep(used, stack, kept);
                    }
                }
                return true;
            }
            let gives = |key: &Key| matches!(key, Key::Pattern(prefix) if name.starts_with(prefix.as_str()));
            kept.extend(patterns.iter().filter(|line| gives(&line.entry.key)).map(|line| (stack, line.entry)));
        }
        false
    }
}

fn is_kept(kept: &[(usize, &Entry)], stack: usize, entry: &Entry) -> bool {
    kept.iter().any(|(in_stack, known)| *in_stack == stack && std::ptr::eq(*known, entry))
}
