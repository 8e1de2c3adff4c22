//! SOPS files: `sops set` and `sops unset` change a copy, which takes the file's place only when what is decrypted from it
//! is what was meant. The value goes through standard input, never through an argument; sops itself would write the file in
//! place, and a crash would leave half of it.

use super::document;
use super::file::Held;
use inject::answers::read_as;
use inject::document::{Document, Field, Node, edit};
use inject::error::{Fault, State, printable};
use inject::profile::sources::SourceDef;
use inject::resolve::Writing;
use inject::secret::Secret;
use inject::source::sops::{Form, Sops, failed, placed};
use inject::source::tool::Tool;
use inject::source::{Change, Locator, Payload};
use std::path::Path;

mod place;
use place::{index, is_encrypted, quoted};

/// The first sops that takes a value from its standard input.
const SINCE: (u32, u32) = (3, 11);

/// A call of sops that changes something, or asks for its version.
struct Call(Vec<String>);

impl Tool for Call {
    fn argv(&self, _: &SourceDef, _: &Locator) -> Vec<String> {
        let words = ["sops", "--disable-version-check"].into_iter().map(str::to_owned);
        words.chain(self.0.iter().cloned()).collect()
    }

    fn missing(&self) -> Option<&'static str> {
        Sops.missing()
    }

    fn answer(&self, source: &SourceDef, locator: &Locator, printed: Vec<u8>, code: i32) -> Result<Payload, Fault> {
        match code {
            0 => Ok(printed.into()),
            _ => Err(failed(locator, code, &printed, &self.argv(source, locator))),
        }
    }
}

/// Makes one change in one file; `None` where there was nothing to remove.
///
/// # Errors
/// Why nothing was changed.
pub(super) fn change(
    writing: &mut Writing<'_>,
    source: &SourceDef,
    locator: &Locator,
    field: Option<&Field>,
    change: &Change,
) -> Result<Option<String>, Fault> {
    let held = Held::open(Path::new(&locator.text))?;
    if held.bytes().is_none() {
        return match change {
            Change::Remove { .. } => Ok(None),
            Change::Put { .. } => Err(Fault::invalid("no such file")
                .hint("`sops edit` makes one, for whom .sops.yaml says; inject changes what is there")),
        };
    }
    let mut runner = Runner { writing, source };
    runner.is_recent(locator)?;
    let binary = Form::by_name(&locator.text) == Form::Binary;
    match change {
        Change::Put { value, .. } if binary => put_bytes(&mut runner, held, locator, field, value).map(Some),
        Change::Put { value, .. } => put(&mut runner, held, locator, field, value).map(Some),
        Change::Remove { .. } if binary => remove_bytes(&mut runner, held, locator, field),
        Change::Remove { .. } => remove(&mut runner, held, locator, field),
    }
}

/// Runs sops.
struct Runner<'w, 'a> {
    writing: &'w mut Writing<'a>,
    source: &'w SourceDef,
}

impl Runner<'_, '_> {
    /// Whether sops is new enough. An older one would take the command for a file.
    fn is_recent(&mut self, locator: &Locator) -> Result<(), Fault> {
        let printed = self.writing.run(&Call(vec!["--version".into()]), self.source, locator, None)?.bytes;
        let text = String::from_utf8_lossy(printed.expose());
        let numbers = text.strip_prefix("sops ").unwrap_or_default().split(['.', '-', '\n', ' ']);
        let mut numbers = numbers.map_while(|number| number.parse::<u32>().ok());
        match (numbers.next(), numbers.next()) {
            (Some(major), Some(minor)) if (major, minor) >= SINCE => Ok(()),
            _ => Err(Fault::unreachable("this sops is too old to write")
                .hint("version 3.11 or newer is needed: https://github.com/getsops/sops/releases has it")),
        }
    }

    fn bytes(&mut self, locator: &Locator) -> Result<Secret, Fault> {
        Ok(self.writing.run(&Sops, self.source, locator, None)?.bytes)
    }

    fn document(&mut self, locator: &Locator) -> Result<Document, Fault> {
        let bytes = self.bytes(locator)?;
        let (format, dialect) = read_as(self.source, locator, bytes.expose())?;
        Document::parse(bytes, format, dialect).map_err(edit::fault)
    }

    /// The file as sops has changed a copy of it, once `check` had nothing to say against that.
    fn changed(
        &mut self,
        held: &Held,
        locator: &Locator,
        index: &str,
        value: Option<&Secret>,
        check: impl FnOnce(&mut Self, &Locator) -> Result<(), Fault>,
    ) -> Result<Secret, Fault> {
        let copy = held.copy(Path::new(&locator.text))?;
        let path = copy.path().to_str().map(placed).ok_or_else(|| Fault::invalid("its path is not UTF-8"))?;
        let at = Locator { text: path.clone(), ..locator.clone() };
        let text = value.map(quoted).transpose()?;
        let words = if value.is_some() { &["set", "--value-stdin"][..] } else { &["unset"] };
        let words = words.iter().copied().chain([path.as_str(), index]).map(str::to_owned);
        self.writing.run(&Call(words.collect()), self.source, &at, text.as_ref())?;
        check(self, &at)?;
        copy.bytes()
    }
}

fn put(
    runner: &mut Runner<'_, '_>,
    held: Held,
    locator: &Locator,
    field: Option<&Field>,
    value: &Secret,
) -> Result<String, Fault> {
    let document = runner.document(locator)?;
    let field = named(&document, field)?;
    let before = match document.at(Some(&field)) {
        Ok(Node::Text(_)) if document.pick(&field)? == value.expose() => return Ok("unchanged".into()),
        Ok(Node::Text(_) | Node::Null) => true,
        Ok(Node::Table(_) | Node::List(_)) => return Err(edit::not_a_text(&field)),
        Err(fault) if fault.state == State::Absent => false,
        Err(fault) => return Err(fault),
    };
    let index = index(locator, &document, &field)?;
    let new = runner.changed(&held, locator, &index, Some(value), |runner, copy| {
        verify(runner, copy, &document, &field, Some(value.expose()))?;
        is_encrypted(copy, &field, value)
    })?;
    held.replace(new.expose())?;
    Ok(if before { "replaced" } else { "created" }.into())
}

fn remove(
    runner: &mut Runner<'_, '_>,
    held: Held,
    locator: &Locator,
    field: Option<&Field>,
) -> Result<Option<String>, Fault> {
    let document = runner.document(locator)?;
    let field = named(&document, field)?;
    if document.at(Some(&field)).is_err_and(|fault| fault.state == State::Absent) {
        return Ok(None);
    }
    let index = index(locator, &document, &field)?;
    if !index.ends_with("\"]") {
        let shown = printable(field.text());
        return Err(Fault::invalid(format!("'{shown}' is a place in a list: the others would move")));
    }
    let new =
        runner.changed(&held, locator, &index, None, |runner, copy| verify(runner, copy, &document, &field, None))?;
    held.replace(new.expose())?;
    Ok(Some("removed".into()))
}

/// A binary file is one value, of which a field may be one of a document.
fn put_bytes(
    runner: &mut Runner<'_, '_>,
    held: Held,
    locator: &Locator,
    field: Option<&Field>,
    value: &Secret,
) -> Result<String, Fault> {
    let old = runner.bytes(locator)?;
    let new = match field {
        None => Secret::from(value.expose()),
        Some(field) => document::put(runner.source, locator, old.expose(), field, value.expose())?.0,
    };
    if old.expose() == new.expose() {
        return Ok("unchanged".into());
    }
    replace_bytes(runner, held, locator, &new)?;
    Ok("replaced".into())
}

fn remove_bytes(
    runner: &mut Runner<'_, '_>,
    held: Held,
    locator: &Locator,
    field: Option<&Field>,
) -> Result<Option<String>, Fault> {
    let Some(field) = field else { return held.remove().map(|()| Some("removed".into())) };
    let old = runner.bytes(locator)?;
    let Some(new) = document::remove(runner.source, locator, old.expose(), field)? else { return Ok(None) };
    replace_bytes(runner, held, locator, &new)?;
    Ok(Some("removed".into()))
}

fn replace_bytes(runner: &mut Runner<'_, '_>, held: Held, locator: &Locator, new: &Secret) -> Result<(), Fault> {
    let encrypted = runner.changed(&held, locator, "[\"data\"]", Some(new), |runner, copy| {
        if runner.bytes(copy)?.expose() == new.expose() {
            return Ok(());
        }
        Err(Fault::invalid("sops cannot hold this value in this file"))
    })?;
    held.replace(encrypted.expose())
}

/// The field that is meant: without a name the only one that there is, as when it is read.
fn named(document: &Document, field: Option<&Field>) -> Result<Field, Fault> {
    if let Some(field) = field {
        return Ok(field.clone());
    }
    document.pick(&Field::only())?;
    let name = document.entries_at(None)?.next().and_then(|(name, _)| name.ok()).unwrap_or_default();
    Field::parse(&format!("/{}", name.replace('~', "~0").replace('/', "~1"))).map_err(Fault::invalid)
}

/// Holds what is decrypted from a changed copy against what was meant.
fn verify(
    runner: &mut Runner<'_, '_>,
    copy: &Locator,
    old: &Document,
    field: &Field,
    value: Option<&[u8]>,
) -> Result<(), Fault> {
    let new = runner.bytes(copy)?;
    let (format, dialect) = read_as(runner.source, copy, new.expose())?;
    edit::verify(old.bytes(), new.expose(), format, dialect, field, value)
}
