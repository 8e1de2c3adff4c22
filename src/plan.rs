//! What is to be done, computed before anything is touched: which entries can win, what each source is asked for, which
//! of the caller's variables go through. Pure: no source, no network, no program.

mod only;

use crate::batch::{Ask, Batch, Batches, Wanted};
use crate::error::{Error, Report};
use crate::inherit::Inherit;
use crate::profile::entry::{Entry, From, Key, Secret, Value};
use crate::profile::{Profile, name_of};
use crate::reference::Template;
use crate::source::DATED;
use crate::source::kind::{self, Kind};
use crate::sys::Environ;
use std::collections::HashMap;

/// How deep templates may use templates, and profiles extend profiles: each level is a frame of the stack.
pub const MAX_NESTING: usize = 64;

/// The levels of what was reported for its depth: what stands on it is not reported again.
const TOO_DEEP: usize = MAX_NESTING + 1;

/// A line of a file in one stack.
#[derive(Clone, Copy)]
pub struct Line<'p> {
    /// Index of the file.
    pub file: usize,
    /// The line.
    pub entry: &'p Entry,
    /// Whether something needs it: the command, or a template that something needs.
    pub live: bool,
    /// The look-ups of a secret that something needs; `None` for plain text, templates and what is overridden.
    pub want: Option<usize>,
}

/// What one entry asks for.
pub struct Want<'p> {
    /// The entry's options.
    pub secret: &'p Secret,
    /// Whether it takes every key of the document.
    pub pattern: bool,
    /// One for each reference, in order.
    pub asks: Vec<Ask<'p>>,
}

/// One `-p`, ready to be merged.
pub struct Layers<'p> {
    /// Explicit names and then patterns, file by file, the highest file first: the first one to claim a name has it.
    pub files: Vec<(Vec<Line<'p>>, Vec<Line<'p>>)>,
}

/// The whole plan.
pub struct Plan<'p> {
    /// What it was made from.
    pub profile: &'p Profile,
    /// One for each `-p`, the lowest first.
    pub stacks: Vec<Layers<'p>>,
    /// Every look-up that something needs.
    pub wants: Vec<Want<'p>>,
    /// The same by source.
    pub batches: Vec<Batch<'p>>,
    /// Which of the caller's variables go through.
    pub inherit: Inherit<'p>,
}

impl<'p> Plan<'p> {
    /// Plans a launch of `profile`.
    ///
    /// # Errors
    /// What reading the profile has found, templates that use unknown names or themselves, credentials that `inherit`
    /// names: exit 125.
    pub fn new(profile: &'p Profile, environ: &Environ) -> Result<Self, Error> {
        let mut plan =
            Self { profile, stacks: Vec::new(), wants: Vec::new(), batches: Vec::new(), inherit: Inherit::of(profile) };
        let mut reports = profile.reports.clone();
        let mut batches = Batches::new(profile);
        let mut above: Vec<&str> = profile.wish.set.iter().map(|(name, _)| name.as_str()).collect();
        for stack in (0..profile.stacks.len()).rev() {
            let layers = plan.layers(stack, &mut above, &mut batches, &mut reports, environ);
            plan.stacks.push(layers);
        }
        plan.batches = batches.finish();
        plan.stacks.reverse();
        plan.inherit.check(profile, &mut reports);
        profile.verdict(reports)?;
        Ok(plan)
    }

    /// Asks as well when each value was stored, where somebody wants to know: for its `max-age`, or for `all`.
    #[must_use]
    pub fn dated(mut self, all: bool) -> Self {
        let batches = &mut self.batches;
        for ask in self.wants.iter().filter(|want| all || want.secret.max_age.is_some()).flat_map(|want| &want.asks) {
            let locator = &mut batches[ask.batch].locators[ask.locator];
            if kind::kind(locator.kind).is_some_and(Kind::dates_on_request) && !locator.dated() {
                locator.options.push((DATED.to_owned(), String::new()));
            }
        }
        self
    }

    /// `above` holds the names that higher stacks and `--set` claim.
    fn layers(
        &mut self,
        index: usize,
        above: &mut Vec<&'p str>,
        batches: &mut Batches<'p>,
        reports: &mut Vec<Report>,
        environ: &Environ,
    ) -> Layers<'p> {
        let profile = self.profile;
        let stack = &profile.stacks[index];
        let mut winners: HashMap<&'p str, (usize, &'p Entry)> = HashMap::new();
        let mut files = Vec::new();
        for file in stack.files.iter().rev().copied() {
            let line = |entry| Line { file, entry, live: false, want: None };
            let (explicit, patterns): (Vec<_>, Vec<_>) =
                profile.files[file].said.entries.iter().map(line).partition(|line| name_of(&line.entry.key).is_some());
            for line in &explicit {
                if let Some(name) = name_of(&line.entry.key) {
                    winners.entry(name).or_insert((file, line.entry));
                }
            }
            files.push((explicit, patterns));
        }
        let has_patterns = files.iter().any(|(_, patterns)| !patterns.is_empty());
        let needed = self.needed(&winners, above, has_patterns, reports);
        for line in files.iter_mut().flat_map(|(explicit, patterns)| explicit.iter_mut().chain(patterns)) {
            let is_winner = |name: &&str| winners.get(name).is_some_and(|(_, entry)| std::ptr::eq(*entry, line.entry));
            line.live = name_of(&line.entry.key).is_none_or(|name| is_winner(&name) && needed.contains_key(name));
            if line.live {
                line.want = self.want(index, line, batches, environ);
            }
        }
        above.extend(winners.keys());
        Layers { files }
    }

    /// The names of a stack that the command gets or that a template of such a name uses, each with the levels of
    /// templates that it takes, itself included.
    fn needed(
        &self,
        winners: &HashMap<&'p str, (usize, &'p Entry)>,
        above: &[&str],
        has_patterns: bool,
        reports: &mut Vec<Report>,
    ) -> HashMap<&'p str, usize> {
        let above: std::collections::HashSet<_> = above.iter().copied().collect();
        let mut done = HashMap::new();
        let mut names: Vec<_> = winners.keys().copied().filter(|name| !above.contains(name)).collect();
        names.sort_unstable();
        for name in names {
            self.follow(name, winners, has_patterns, &mut Vec::new(), &mut done, reports);
        }
        done
    }

    fn follow(
        &self,
        name: &'p str,
        winners: &HashMap<&'p str, (usize, &'p Entry)>,
        has_patterns: bool,
        path: &mut Vec<&'p str>,
        done: &mut HashMap<&'p str, usize>,
        reports: &mut Vec<Report>,
    ) -> usize {
        let Some((file, entry)) = winners.get(name) else { return 0 };
        if let Some(levels) = done.get(name) {
            return *levels;
        }
        let too_deep = || {
            let message = format!("{name}: templates that use templates, more than {MAX_NESTING} deep");
            self.profile.files[*file].report(entry.at, message, None)
        };
        if path.len() == MAX_NESTING {
            reports.push(too_deep());
            return TOO_DEEP;
        }
        path.push(name);
        let mut beneath = 0;
        for used in template(entry).into_iter().flat_map(Template::names) {
            let report = |message, hint| self.profile.files[*file].report(entry.at, format!("{name}: {message}"), hint);
            if let Some(at) = path.iter().position(|above| *above == used) {
                let circle: Vec<_> = path[at..].iter().copied().chain([used]).collect();
                reports.push(report(format!("the template uses itself: {}", circle.join(" -> ")), None));
            } else if winners.contains_key(used) {
                beneath = beneath.max(self.follow(used, winners, has_patterns, path, done, reports));
            } else if !has_patterns && !self.profile.is_broken(used) {
                let hint = crate::reference::nearest(used, winners.keys().copied());
                let message = format!("the template uses '{used}', which this profile does not set");
                reports.push(report(message, hint.map(|near| format!("did you mean '{near}'?"))));
            }
        }
        path.pop();
        // What was followed before is not followed again, so its levels are not on the path.
        if beneath == MAX_NESTING {
            reports.push(too_deep());
        }
        let levels = (beneath + 1).min(TOO_DEEP);
        done.insert(name, levels);
        levels
    }

    fn want(&mut self, stack: usize, line: &Line<'p>, batches: &mut Batches<'p>, environ: &Environ) -> Option<usize> {
        let Value::Secret(secret) = &line.entry.value else { return None };
        let From::Refs(refs) = &secret.from else { return None };
        let wanted = match &line.entry.key {
            Key::Name(name) => Wanted::Variable(name, secret),
            Key::Pattern(_) => Wanted::Keys(secret),
        };
        let place = (stack, line.file);
        let asks = refs.iter().filter_map(|reference| batches.ask(place, reference, wanted, environ)).collect();
        let pattern = matches!(wanted, Wanted::Keys(_));
        self.wants.push(Want { secret, pattern, asks });
        Some(self.wants.len() - 1)
    }
}

/// The template of an entry that is one.
pub fn template(entry: &Entry) -> Option<&Template> {
    match &entry.value {
        Value::Secret(Secret { from: From::Template(template), .. }) => Some(template),
        _ => None,
    }
}
