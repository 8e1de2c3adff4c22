//! From answers to variables: which entry wins each name, its bytes decoded, trimmed and put into templates.

use crate::answers::Answers;
use crate::document::{self, Document};
use crate::error::{Error, Fault};
use crate::filter;
use crate::plan::{Line, Plan, Want, template};
use crate::profile::entry::{Key, Secret as Options, Value};
use crate::profile::names;
use crate::reference::Part;
use crate::secret::Secret;
use crate::source::Stored;
use crate::sys::MAX_BYTES;
use crate::variable::{Outcome, Variable, report};

/// Every variable of a launch that the profile decides on.
pub struct Merged<'a> {
    /// Patterns that failed, or are absent as a whole, come with the rest.
    pub variables: Vec<Variable<'a>>,
    /// The variables by name.
    order: Vec<usize>,
}

impl<'a> Merged<'a> {
    /// Merges the answers as the plan says.
    pub fn new(plan: &'a Plan<'a>, answers: &'a Answers) -> Self {
        let mut stacks = (0..plan.stacks.len()).rev().map(|stack| Self::stack(plan, stack, answers));
        let mut all = stacks.next().unwrap_or(Self { variables: Vec::new(), order: Vec::new() });
        for below in stacks {
            all.variables.extend(below.variables);
            all = Self::first_of_each(all.variables, |_, _| None);
        }
        for (name, value) in &plan.profile.wish.set {
            let variable = Variable { name: name.into(), line: None, outcome: Outcome::Borrowed(value), stored: None };
            match all.place(name) {
                Ok(at) => all.variables[all.order[at]] = variable,
                Err(at) => {
                    all.order.insert(at, all.variables.len());
                    all.variables.push(variable);
                }
            }
        }
        all.variables.iter_mut().for_each(Variable::limit);
        all
    }

    /// The variable with this name, set or not.
    pub fn get(&self, name: &str) -> Option<&Variable<'a>> {
        self.variables.get(self.index(name)?)
    }

    fn index(&self, name: &str) -> Option<usize> {
        self.place(name).ok().map(|at| self.order[at])
    }

    fn place(&self, name: &str) -> Result<usize, usize> {
        self.order.binary_search_by(|at| (*self.variables[*at].name).cmp(name))
    }

    fn stack(plan: &'a Plan<'a>, stack: usize, answers: &'a Answers) -> Self {
        let mut variables = Vec::new();
        for (explicit, patterns) in &plan.stacks[stack].files {
            variables.reserve(explicit.len());
            for line in explicit {
                if let Key::Name(name) = &line.entry.key {
                    let outcome = explicit_value(plan, line, answers);
                    let stored = stored(plan, line, answers);
                    variables.push(Variable { name: name.into(), line: Some(line), outcome, stored });
                }
            }
            for line in patterns {
                pattern(plan, line, answers, &mut variables);
            }
        }
        let mut merged = Self::first_of_each(variables, clash);
        for at in 0..merged.variables.len() {
            merged.template(at);
        }
        merged
    }

    /// Of each name the first variable. Patterns that failed have no name, and stay; so does what `clash` says about two
    /// variables of one name.
    fn first_of_each(
        variables: Vec<Variable<'a>>,
        clash: impl Fn(&Variable<'a>, &Variable<'a>) -> Option<Variable<'a>>,
    ) -> Self {
        let order = document::order(variables.len(), |at| variables[at].name.as_bytes());
        let mut beaten = Vec::new();
        let mut clashes = Vec::new();
        for same in order.chunk_by(|a, b| variables[*a].name == variables[*b].name) {
            if let [first, others @ ..] = same
                && !variables[*first].name.ends_with('*')
            {
                beaten.extend_from_slice(others);
                clashes.extend(others.iter().filter_map(|other| clash(&variables[*first], &variables[*other])));
            }
        }
        if beaten.is_empty() {
            return Self { variables, order };
        }
        beaten.sort_unstable();
        let mut beaten = beaten.into_iter().peekable();
        let kept = variables.into_iter().enumerate().filter(|(at, _)| beaten.next_if_eq(at).is_none());
        let variables: Vec<_> = kept.map(|(_, variable)| variable).chain(clashes).collect();
        let order = document::order(variables.len(), |at| variables[at].name.as_bytes());
        Self { variables, order }
    }

    /// Makes a template that is still to be made. The plan has refused circles of written-out names, and names that a
    /// pattern gives are no templates, so this ends.
    fn template(&mut self, at: usize) {
        let Some(Variable { outcome: Outcome::Pending(template), .. }) = self.variables.get(at) else { return };
        let template = *template;
        for name in template.names() {
            if let Some(used) = self.index(name).filter(|used| *used != at) {
                self.template(used);
            }
        }
        let mut bytes = zeroize::Zeroizing::new(Vec::new());
        for part in &template.parts {
            let (name, filters) = match part {
                Part::Text(text) => {
                    bytes.extend_from_slice(text.as_bytes());
                    continue;
                }
                Part::Name(name, filters) => (name, filters),
            };
            let outcome = match self.get(name).map(|variable| (variable.bytes(), &variable.outcome)) {
                // Templates that use templates can double a value with each level.
                Some((Some(value), _)) if bytes.len() + value.len() > MAX_BYTES => {
                    Fault::invalid(filter::TOO_LARGE).into()
                }
                Some((Some(value), _)) => match filter::apply(filters, value) {
                    Ok(value) => {
                        bytes.extend_from_slice(value.expose());
                        continue;
                    }
                    Err(message) => Fault::invalid(format!("{name}: {message}")).into(),
                },
                Some((None, Outcome::Failed(fault) | Outcome::Dependent(_, fault))) => {
                    let told = Fault { message: format!("it needs {name}: {}", fault.message), ..(**fault).clone() };
                    Outcome::Dependent(name, Box::new(told))
                }
                Some((None, Outcome::Unset)) => {
                    Fault::invalid(format!("the template uses '{name}', which is absent")).into()
                }
                _ => Fault::invalid(format!("the template uses '{name}', which this profile does not set")).into(),
            };
            self.variables[at].outcome = outcome;
            return;
        }
        self.variables[at].outcome = Outcome::Owned(Secret::new(std::mem::take(&mut *bytes)));
    }

    /// All that failed, as one error.
    ///
    /// # Errors
    /// Exit 124 where each of them may work later, else 125.
    pub fn complete(&self, plan: &Plan<'_>) -> Result<(), Error> {
        let mut reports = Vec::new();
        let mut transient = true;
        let unresolved = Fault::invalid("was not resolved");
        for variable in &self.variables {
            let fault = match &variable.outcome {
                Outcome::Failed(fault) => fault,
                // What it needs is told there, unless another profile overrides that.
                Outcome::Dependent(on, fault) if !self.get(on).is_some_and(Variable::failed) => fault,
                // Neither happens to what is not overridden, and a launch without it would be one with a part.
                Outcome::Unneeded | Outcome::Pending(_) if variable.exposed() => &unresolved,
                _ => continue,
            };
            transient &= fault.transient;
            reports.push(report(plan, variable, fault));
        }
        Error::of(reports).map_err(|error| if transient { error.exit(124) } else { error })
    }
}

/// Every key of a document.
fn pattern<'a>(plan: &'a Plan<'a>, line: &'a Line<'a>, answers: &'a Answers, variables: &mut Vec<Variable<'a>>) {
    let Key::Pattern(prefix) = &line.entry.key else { return };
    let Some(want) = line.want.and_then(|want| plan.wants.get(want)) else { return };
    let whole = |outcome| Variable { name: line.entry.key.shown(), line: Some(line), outcome, stored: None };
    let failed = |fault: Fault| whole(fault.into());
    let stored = stored(plan, line, answers);
    let found = document(want, answers)
        .and_then(|place| place.map(|(document, field)| Ok((document, document.entries_at(field)?))).transpose());
    match found {
        Ok(None) => {
            variables.push(whole(Outcome::Unset));
        }
        Ok(Some((document, entries))) => {
            variables.extend(entries.map(|(key, value)| match names::of_key(prefix, key, document) {
                Ok(name) => {
                    let outcome = value.and_then(|bytes| refine(want.secret, bytes)).unwrap_or_else(Outcome::from);
                    Variable { name, line: Some(line), outcome, stored }
                }
                Err(fault) => failed(fault),
            }));
        }
        Err(fault) => variables.push(failed(fault)),
    }
}

/// Two patterns of one file that give one name: the failure of the second.
fn clash<'a>(first: &Variable<'a>, second: &Variable<'a>) -> Option<Variable<'a>> {
    let (one, two) = (first.line?, second.line?);
    let Key::Pattern(_) = &one.entry.key else { return None };
    if one.file != two.file {
        return None;
    }
    let name = &first.name;
    let fault = Fault::invalid(format!("{name}: another pattern of this profile gives this name too"))
        .hint(format!("{name} = \"...\", written out, decides between them"));
    Some(Variable { name: two.entry.key.shown(), line: Some(two), outcome: fault.into(), stored: None })
}

fn explicit_value<'a>(plan: &'a Plan<'a>, line: &Line<'a>, answers: &'a Answers) -> Outcome<'a> {
    // Nobody has looked whether a template that nobody needs uses itself.
    if !line.live {
        return Outcome::Unneeded;
    }
    let options = match &line.entry.value {
        Value::Plain(text) => return Outcome::Borrowed(text.as_bytes()),
        Value::Secret(options) => options,
    };
    if let Some(template) = template(line.entry) {
        return Outcome::Pending(template);
    }
    let Some(want) = line.want.and_then(|want| plan.wants.get(want)) else { return Outcome::Unneeded };
    let value = answers.chosen(want).ok_or_else(|| Fault::invalid("was not asked")).and_then(|ask| answers.value(ask));
    match value {
        Ok(bytes) => refine(options, bytes).unwrap_or_else(Outcome::from),
        Err(fault) if fault.state == crate::error::State::Absent => match &options.default {
            Some(default) => Outcome::Default(default),
            None if options.optional => Outcome::Unset,
            None => fault.into(),
        },
        Err(fault) => fault.into(),
    }
}

/// What the store says of the value of a line.
fn stored<'a>(plan: &'a Plan<'a>, line: &Line<'a>, answers: &'a Answers) -> Option<&'a Stored> {
    answers.stored(answers.chosen(plan.wants.get(line.want?)?)?)
}

type Place<'a> = (&'a Document, Option<&'a crate::document::Field>);

/// The document of a pattern; `None` where it is absent and optional.
fn document<'a>(want: &'a Want<'a>, answers: &'a Answers) -> Result<Option<Place<'a>>, Fault> {
    let ask = answers.chosen(want).ok_or_else(|| Fault::invalid("was not asked"))?;
    let found = answers.document(ask).and_then(|document| document.at(ask.field.as_ref()).map(|_| document));
    match found {
        Ok(document) => Ok(Some((document, ask.field.as_ref()))),
        Err(fault) if fault.state == crate::error::State::Absent && want.secret.optional => Ok(None),
        Err(fault) => Err(fault),
    }
}

/// Trims and decodes.
fn refine<'a>(options: &Options, bytes: &'a [u8]) -> Result<Outcome<'a>, Fault> {
    let bytes = if options.trim { filter::trim(bytes) } else { bytes };
    let Some(decode) = options.decode else { return Ok(Outcome::Borrowed(bytes)) };
    let decoded = decode.apply(bytes).ok_or_else(|| {
        let fault = Fault::invalid(format!("the value is not {}", decode.name()));
        if filter::trim(bytes).len() == bytes.len() {
            fault
        } else {
            fault.hint("there is white space at its ends; trim = true takes it away")
        }
    })?;
    Ok(Outcome::Owned(Secret::new(decoded)))
}
