//! One field of a document in a file, whatever its format.

use super::{toml, yaml};
use inject::answers::{dialect, format};
use inject::document::{Document, Field, Format, edit};
use inject::error::Fault;
use inject::profile::sources::SourceDef;
use inject::secret::Secret;
use inject::source::Locator;

/// The new document, and whether the field was there before.
pub(super) fn put(
    source: &SourceDef,
    locator: &Locator,
    old: &[u8],
    field: &Field,
    value: &[u8],
) -> Result<(Secret, bool), Fault> {
    let (format, dialect) = (format(source, locator, old)?, dialect(source));
    let new = match format {
        Format::Dotenv | Format::Json => edit::put(old, format, dialect, field, value)?,
        Format::Yaml | Format::Toml => {
            let readable = Document::parse(Secret::from(old), format, dialect).map_err(edit::fault)?;
            let text = text(readable.bytes())?;
            let new = match format {
                Format::Yaml => yaml::put(text, field, edit::text(value, "YAML")?),
                _ => toml::put(text, field, edit::text(value, "TOML")?),
            }?;
            edit::verify(old, &new, format, dialect, field, Some(value))?;
            Secret::from(&new[..])
        }
    };
    let before = Document::parse(Secret::from(old), format, dialect);
    Ok((new, before.is_ok_and(|before| before.pick(field).is_ok())))
}

/// The document without the field; `None` where it is not in there.
pub(super) fn remove(
    source: &SourceDef,
    locator: &Locator,
    old: &[u8],
    field: &Field,
) -> Result<Option<Secret>, Fault> {
    let (format, dialect) = (format(source, locator, old)?, dialect(source));
    if matches!(format, Format::Dotenv | Format::Json) {
        return edit::remove(old, format, dialect, field);
    }
    let readable = Document::parse(Secret::from(old), format, dialect).map_err(edit::fault)?;
    if readable.at(Some(field)).is_err() {
        return Ok(None);
    }
    let text = text(readable.bytes())?;
    let new = match format {
        Format::Yaml => yaml::remove(text, field),
        _ => toml::remove(text, field),
    }?;
    edit::verify(old, &new, format, dialect, field, None)?;
    Ok(Some(Secret::from(&new[..])))
}

fn text(bytes: &[u8]) -> Result<&str, Fault> {
    std::str::from_utf8(bytes).map_err(|_| Fault::invalid("not UTF-8"))
}
