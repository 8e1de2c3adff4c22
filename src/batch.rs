//! What is asked of whom: every look-up that something needs, each locator once, by the process or the place that answers
//! it. Sources that are opened alike with equal settings are one.

use crate::document::Field;
use crate::profile::Profile;
use crate::profile::entry::Secret;
use crate::profile::parse::Setting;
use crate::profile::sources::{SourceDef, file_in};
use crate::reference::Ref;
use crate::source::Locator;
use crate::source::kind::{Documents, Kind, Locates};
use crate::source::sops::Form;
use crate::sys::Environ;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// One reference, as a place in a batch.
#[derive(PartialEq, Eq)]
pub struct Ask<'p> {
    /// As written.
    pub reference: &'p Ref,
    /// Index of the batch.
    pub batch: usize,
    /// Index into that batch's locators.
    pub locator: usize,
    /// The field to take.
    pub field: Option<Field>,
}

/// Everything that one source is asked for: each locator once.
pub struct Batch<'p> {
    /// The source.
    pub source: &'p SourceDef,
    /// The settings that are references: what must be known before it can be opened.
    pub needs: Vec<(&'p str, Ask<'p>)>,
    /// What is asked for.
    pub locators: Vec<Locator>,
    /// For each locator, whether somebody wants a field of it or every key.
    pub parsed: Vec<bool>,
    /// Where each locator stands.
    index: HashMap<Locator, usize>,
}

impl<'p> Batch<'p> {
    /// Where `locator` stands from now on.
    fn place(&mut self, locator: Locator) -> usize {
        *self.index.entry(locator).or_insert_with_key(|locator| {
            self.locators.push(locator.clone());
            self.parsed.push(false);
            self.locators.len() - 1
        })
    }

    /// Whether `source`, which needs `needs`, can be the same process or place. References are compared by where they
    /// lead, since each `-p` has sources of its own.
    fn serves(&self, source: &SourceDef, needs: &[(&str, Ask<'_>)]) -> bool {
        let text = |(name, (setting, ..)): (&'_ String, &'_ (Setting, usize, usize))| match setting {
            Setting::Reference(_) => (name.clone(), None),
            setting => (name.clone(), Some(setting.clone())),
        };
        self.source.kind.opens() == source.kind.opens()
            && self.source.settings.iter().map(text).eq(source.settings.iter().map(text))
            && self
                .needs
                .iter()
                .map(|(name, ask)| (*name, ask.batch, ask.locator, &ask.field))
                .eq(needs.iter().map(|(name, ask)| (*name, ask.batch, ask.locator, &ask.field)))
    }
}

/// Where a reference stands, and what for.
#[derive(Clone, Copy)]
pub enum Wanted<'p> {
    /// The entry of this variable.
    Variable(&'p str, &'p Secret),
    /// A pattern, which takes every key of a document.
    Keys(&'p Secret),
    /// A setting of a source.
    Setting,
}

/// The batches under construction.
pub struct Batches<'p> {
    profile: &'p Profile,
    list: Vec<Batch<'p>>,
    /// Which batch each source has.
    opened: HashMap<*const SourceDef, usize>,
}

impl<'p> Batches<'p> {
    /// Nothing wanted yet.
    pub fn new(profile: &'p Profile) -> Self {
        Self { profile, list: Vec::new(), opened: HashMap::new() }
    }

    /// All that was asked for.
    pub fn finish(self) -> Vec<Batch<'p>> {
        self.list
    }

    /// Takes up a reference that stands in file `file` of stack `stack`. Loading has held it against the sources of its
    /// stack: `None` is for what was reported there.
    pub fn ask(
        &mut self,
        (stack, file): (usize, usize),
        reference: &'p Ref,
        wanted: Wanted<'p>,
        environ: &Environ,
    ) -> Option<Ask<'p>> {
        let source = self.profile.stacks[stack].sources.get(&reference.source)?;
        let text = match source.kind.locates {
            Locates::Item => reference.locator.clone(),
            Locates::File => {
                let path = file_in(self.profile.files[file].folder(), &reference.locator, environ).ok()?;
                // Without the `.` in `./FILE`: it is one file, whichever way it is written.
                Path::new(&path).components().collect::<PathBuf>().to_string_lossy().into_owned()
            }
        };
        // What sops has as a document is handed over in a form of its own.
        let only = source.kind.documents == Documents::Fields
            || source.kind.name == "sops" && Form::by_name(&text) != Form::Binary;
        let batch = self.open(stack, source, environ);
        let place =
            self.list[batch].place(Locator { kind: source.kind.name, text, options: options(source.kind, wanted) });
        let field = match (source.kind.documents, &reference.field, wanted) {
            (Documents::Dotenv, Some(key), _) => Some(Field::key(key)),
            (Documents::Dotenv, None, Wanted::Variable(name, _)) => Some(Field::key(name)),
            (_, Some(field), _) => Field::parse(field).ok(),
            (_, None, Wanted::Variable(..) | Wanted::Setting) if only => Some(Field::only()),
            _ => None,
        };
        self.list[batch].parsed[place] |= field.is_some() || matches!(wanted, Wanted::Keys(_));
        Some(Ask { reference, batch, locator: place, field })
    }

    fn open(&mut self, stack: usize, source: &'p SourceDef, environ: &Environ) -> usize {
        if let Some(known) = self.opened.get(&std::ptr::from_ref(source)) {
            return *known;
        }
        let needs: Vec<_> = source
            .references()
            .filter_map(|(name, reference, file)| {
                Some((name, self.ask((stack, file), reference, Wanted::Setting, environ)?))
            })
            .collect();
        let batch = self.list.iter().position(|batch| batch.serves(source, &needs)).unwrap_or_else(|| {
            self.list.push(Batch { source, needs, locators: Vec::new(), parsed: Vec::new(), index: HashMap::new() });
            self.list.len() - 1
        });
        self.opened.insert(source, batch);
        batch
    }
}

/// The options of an entry that this kind understands, by name.
fn options(kind: &Kind, wanted: Wanted<'_>) -> Vec<(String, String)> {
    let (Wanted::Variable(_, secret) | Wanted::Keys(secret)) = wanted else { return Vec::new() };
    let known = secret.options.iter().filter(|(name, ..)| kind.has_option(name));
    let mut options: Vec<_> = known.map(|(name, text, _)| ((*name).to_owned(), text.clone())).collect();
    options.sort_unstable();
    options
}
