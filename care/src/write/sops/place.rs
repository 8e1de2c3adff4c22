//! Where a field stands in a SOPS file: as sops wants it said, and as it lies there encrypted.

use inject::document::dotenv::Dialect;
use inject::document::{Document, Field, Format, Node, edit};
use inject::error::Fault;
use inject::secret::Secret;
use inject::source::Locator;
use inject::source::sops::Form;

/// The field as sops wants it said: `["key"][0]`.
pub(super) fn index(locator: &Locator, document: &Document, field: &Field) -> Result<String, Fault> {
    let whole = [field.text().to_owned()];
    let flat = Form::by_name(&locator.text) == Form::Dotenv;
    let steps = if flat { &whole[..] } else { field.steps() };
    let mut pointer = String::new();
    let mut index = String::new();
    for step in steps {
        let place = Field::parse(&pointer).ok();
        let in_list = matches!(document.at(place.as_ref()), Ok(Node::List(_)));
        if in_list {
            index.push_str(&format!("[{step}]"));
        } else if step.is_empty() || step.contains('[') || step.contains('\0') {
            return Err(Fault::invalid("sops has no way to say a key that is empty or holds a '['"));
        } else {
            index.push_str(&format!("[\"{step}\"]"));
        }
        pointer.push_str(&format!("/{}", step.replace('~', "~0").replace('/', "~1")));
    }
    Ok(index)
}

/// Refuses what sops would leave in plain text: rules of the file's own name keys that are no secrets.
pub(super) fn is_encrypted(copy: &Locator, field: &Field, value: &Secret) -> Result<(), Fault> {
    let text = std::fs::read(&copy.text).map_err(|_| Fault::invalid("its copy is gone"))?;
    let parsed = |format| Document::parse(Secret::from(&text[..]), format, Dialect::Python).map_err(edit::fault);
    let stands = match Form::by_name(&copy.text) {
        Form::Yaml => parsed(Format::Yaml)?.pick(field)?.to_vec(),
        Form::Json | Form::Binary => parsed(Format::Json)?.pick(field)?.to_vec(),
        Form::Dotenv => in_lines(&text, None, field.text()),
        Form::Ini => match field.steps() {
            [section, key] => in_lines(&text, Some(section), key),
            _ => Vec::new(),
        },
    };
    // There is nothing in an empty value to encrypt.
    if value.is_empty() || stands.starts_with(b"ENC[") {
        return Ok(());
    }
    Err(Fault::invalid("would stand in the file in plain text: its own rules leave this key as it is")
        .hint("'encrypted_regex', 'unencrypted_suffix' or their like, at the end of the file, say so"))
}

/// What stands behind a key of an encrypted .env or INI file, in which every value is one line.
fn in_lines(text: &[u8], section: Option<&str>, key: &str) -> Vec<u8> {
    let header = section.map(|section| format!("[{section}]").into_bytes());
    let mut inside = header.is_none();
    for line in text.split(|byte| *byte == b'\n') {
        let at = memchr::memchr(b'=', line).filter(|_| inside);
        match at.map(|at| (line[..at].trim_ascii(), line[at + 1..].trim_ascii())) {
            Some((known, value)) if known == key.as_bytes() => return value.to_vec(),
            _ if line.starts_with(b"[") => inside = header.as_deref() == Some(line.trim_ascii()),
            _ => {}
        }
    }
    Vec::new()
}

/// A JSON string.
pub(super) fn quoted(value: &Secret) -> Result<Secret, Fault> {
    let text = edit::text(value.expose(), "a SOPS file")?;
    serde_json::to_vec(text).map(Secret::new).map_err(|_| Fault::invalid("cannot be written as JSON"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn said(name: &str, document: &str, field: &str) -> Result<String, String> {
        let format = if name.ends_with("env") { Format::Dotenv } else { Format::Json };
        let document = Document::parse(Secret::from(document.as_bytes()), format, Dialect::Python).unwrap();
        let locator = Locator { kind: "sops", text: name.into(), options: Vec::new() };
        index(&locator, &document, &Field::parse(field).unwrap()).map_err(|fault| fault.message)
    }

    #[test]
    fn an_index_of_keys_and_of_places_in_lists() {
        let json = r#"{"l":[{"a":1}],"t":{"0":1}}"#;
        assert_eq!(said("a.json", json, "l.0.a").unwrap(), r#"["l"][0]["a"]"#);
        assert_eq!(said("a.json", json, "t.0").unwrap(), r#"["t"]["0"]"#);
        assert_eq!(said("a.json", json, "/new/b.c~1d").unwrap(), r#"["new"]["b.c/d"]"#);
        assert_eq!(said("a.env", "A=1", "a.b").unwrap(), r#"["a.b"]"#);
        for odd in ["/a[0", "/a//b"] {
            assert!(said("a.json", json, odd).is_err(), "{odd}");
        }
    }

    #[test]
    fn what_stands_in_lines() {
        let ini = b"[a]\nk = ENC[1]\n[b]\nk = ENC[2]\n";
        assert_eq!(in_lines(ini, Some("b"), "k"), b"ENC[2]");
        assert_eq!(in_lines(ini, Some("c"), "k"), b"");
        assert_eq!(in_lines(b"A=ENC[1]\nK=plain\n", None, "K"), b"plain");
    }
}
