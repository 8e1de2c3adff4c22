//! Where a value can be written: files here, everything else through the store that reads it.

pub(crate) mod file;

mod document;
mod sops;
pub(crate) mod toml;
mod yaml;

use file::Held;
use inject::batch::Ask;
use inject::document::Field;
use inject::error::Fault;
use inject::plan::Plan;
use inject::profile::sources::SourceDef;
use inject::resolve::Writing;
use inject::secret::Secret;
use inject::source::kind::Documents;
use inject::source::{Change, Locator, Writer};
use std::path::Path;

/// Whether a source of this kind can be written at all.
///
/// # Errors
/// It cannot, and what could be done instead.
pub(crate) fn possible(source: &SourceDef, field: Option<&Field>) -> Result<(), Fault> {
    let said = |what: &str, hint: &str| Err(Fault::invalid(format!("cannot be written: {what}")).hint(hint));
    match source.kind.name {
        "env" => {
            said("a variable of the caller's environment is the caller's", "set it where the shell or the unit does")
        }
        "systemd" => {
            said("credentials are the service manager's", "LoadCredential= in the unit says where they come from")
        }
        "command" => said("nobody knows what the program reads", "the program's own command for it can"),
        "dotenv" | "file" | "sops" => Ok(()),
        _ => match (source.text("format"), field.filter(|field| !field.steps().is_empty())) {
            (Some(format @ ("yaml" | "toml" | "dotenv")), Some(_)) => {
                said(&format!("a field of a document in {format} is changed in files only"), "store the whole document")
            }
            _ => Ok(()),
        },
    }
}

/// Makes one change; `None` where there was nothing to remove.
///
/// # Errors
/// Why nothing was changed.
pub(crate) fn make(
    plan: &Plan<'_>,
    writing: &mut Writing<'_>,
    ask: &Ask<'_>,
    value: Option<Secret>,
) -> Result<Option<String>, Fault> {
    let batch = &plan.batches[ask.batch];
    possible(batch.source, ask.field.as_ref())?;
    let locator = &batch.locators[ask.locator];
    // Of a document with one field that field's name is for the store to know.
    let named = ask.field.as_ref().filter(|field| !field.steps().is_empty());
    let field = named.map(|field| field.text().to_owned());
    let change = match value {
        Some(value) => Change::Put { field, value },
        None => Change::Remove { field },
    };
    match batch.source.kind.name {
        "sops" => sops::change(writing, batch.source, locator, named, &change),
        _ if batch.source.kind.store.is_some() => writing.change(ask, &change),
        _ => change.make(&Files { source: batch.source }, locator),
    }
}

/// `dotenv` and `file`: whole files, and fields of documents in them.
struct Files<'p> {
    source: &'p SourceDef,
}

impl Files<'_> {
    fn field(&self, field: Option<&str>) -> Result<Option<Field>, Fault> {
        let parsed = |text| match self.source.kind.documents {
            Documents::Dotenv => Ok(Field::key(text)),
            _ => Field::parse(text).map_err(Fault::invalid),
        };
        field.map(parsed).transpose()
    }
}

impl Writer for Files<'_> {
    fn put(&self, locator: &Locator, field: Option<&str>, value: &Secret) -> Result<String, Fault> {
        let held = Held::open(Path::new(&locator.text))?;
        let old = held.bytes();
        let (new, there) = match self.field(field)? {
            None => (Secret::from(value.expose()), old.is_some()),
            Some(field) => document::put(self.source, locator, old.unwrap_or_default(), &field, value.expose())?,
        };
        if old == Some(new.expose()) {
            return Ok("unchanged".into());
        }
        held.replace(new.expose())?;
        Ok(if there { "replaced" } else { "created" }.into())
    }

    fn remove(&self, locator: &Locator, field: Option<&str>) -> Result<Option<String>, Fault> {
        let held = Held::open(Path::new(&locator.text))?;
        let Some(old) = held.bytes() else { return Ok(None) };
        match self.field(field)? {
            None => held.remove()?,
            Some(field) => match document::remove(self.source, locator, old, &field)? {
                Some(new) => held.replace(new.expose())?,
                None => return Ok(None),
            },
        }
        Ok(Some("removed".into()))
    }
}
