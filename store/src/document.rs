//! What a store holds, changed in its own text: the whole value, or one field of the document that it is.

use inject::document::dotenv::Dialect;
use inject::document::{Document, Field, Format, edit};
use inject::error::Fault;
use inject::secret::Secret;

/// What is to be stored in place of `old`, which is empty where nothing is.
///
/// # Errors
/// It is no document, or cannot hold the value.
pub(crate) fn put(old: &[u8], field: Option<&str>, value: &Secret) -> Result<Secret, Fault> {
    let Some(field) = field else { return Ok(Secret::from(value.expose())) };
    let format = edit::by_look(old);
    // Otherwise somebody's password would become the first line of a .env file.
    if format == Format::Dotenv {
        let why = match Document::parse(Secret::from(old), format, Dialect::Python) {
            Ok(document) if !document.is_empty() => None,
            Ok(_) => Some(String::new()),
            Err(mistake) => Some(format!("; as a .env file: {}", edit::fault(mistake).message)),
        };
        if let Some(why) = why {
            return Err(Fault::invalid(format!("what is stored there is no document, so it has no fields{why}"))
                .hint("without #FIELD the whole value is replaced"));
        }
    }
    edit::put(old, format, Dialect::Python, &parsed(field, format)?, value.expose())
}

/// What is left of `old` without the field; `None` where it is not there.
///
/// # Errors
/// It is no document.
pub(crate) fn remove(old: &[u8], field: &str) -> Result<Option<Secret>, Fault> {
    let format = edit::by_look(old);
    edit::remove(old, format, Dialect::Python, &parsed(field, format)?)
}

fn parsed(field: &str, format: Format) -> Result<Field, Fault> {
    match format {
        Format::Dotenv => Ok(Field::key(field)),
        _ => Field::parse(field).map_err(Fault::invalid),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn text(bytes: Secret) -> String {
        String::from_utf8(bytes.expose().to_vec()).unwrap()
    }

    #[test]
    fn neighbours_stay_and_a_password_becomes_no_document() {
        let value = Secret::from(&b"new"[..]);
        let put = |old: &str, field| put(old.as_bytes(), field, &value).map(text).map_err(|fault| fault.message);
        assert_eq!(put("{\"a\":0.10,\"b\":\"x\"}", Some("b")).unwrap(), "{\"a\":0.10,\"b\":\"new\"}");
        assert_eq!(put("A=1\nB=2\n", Some("B")).unwrap(), "A=1\nB=new\n");
        assert_eq!(put("hunter2", None).unwrap(), "new");
        for old in ["hunter2", "hunter2\nhunter3", "[1]"] {
            assert!(put(old, Some("b")).is_err(), "{old}");
        }
        assert_eq!(remove(b"A=1\nB=2\n", "B").unwrap().map(text).as_deref(), Some("A=1\n"));
        assert!(remove(b"A=1\n", "B").unwrap().is_none());
    }
}
