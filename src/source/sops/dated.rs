//! When a file was last changed, by sops's own record in it. Its MAC covers that date, so a file that sops has decrypted
//! says the truth.

use super::Form;
use crate::date;
use crate::document::dotenv::Dialect;
use crate::document::{Document, Field, Format};
use crate::secret::Secret;

/// Seconds since 1970, of the file as it lies there; `None` where it does not say.
pub(super) fn modified(encrypted: &[u8], form: Form) -> Option<u64> {
    let lines = || encrypted.split(|c| *c == b'\n').map(<[u8]>::trim_ascii);
    let text = match form {
        Form::Dotenv => lines().find_map(|line| line.strip_prefix(b"sops_lastmodified=")).map(<[u8]>::to_vec),
        Form::Ini => {
            let section =
                lines().skip_while(|line| *line != b"[sops]").skip(1).take_while(|line| !line.starts_with(b"["));
            let pairs = section.filter_map(super::exact::pair);
            let mut found = pairs.filter(|(key, _)| key.trim_ascii() == b"lastmodified");
            found.next().map(|(_, value)| value.trim_ascii().to_vec())
        }
        Form::Yaml | Form::Json | Form::Binary => {
            let format = if form == Form::Yaml { Format::Yaml } else { Format::Json };
            let document = Document::parse(Secret::from(encrypted), format, Dialect::Python).ok()?;
            Some(document.pick(&Field::parse("sops.lastmodified").ok()?).ok()?.to_vec())
        }
    };
    date::seconds(std::str::from_utf8(&text?).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form() {
        let at = Some(1_736_944_200);
        for (form, text) in [
            (Form::Yaml, "a: ENC[x]\nsops:\n    lastmodified: \"2025-01-15T12:30:00Z\"\n    mac: x\n"),
            (Form::Json, "{\"a\": \"x\", \"sops\": {\"lastmodified\": \"2025-01-15T12:30:00Z\"}}"),
            (Form::Binary, "{\"data\": \"x\", \"sops\": {\"lastmodified\": \"2025-01-15T12:30:00Z\"}}"),
            (Form::Dotenv, "A=ENC[x]\nsops_mac=x\nsops_lastmodified=2025-01-15T12:30:00Z\n"),
            (
                Form::Ini,
                "[a]\nlastmodified = 2001-01-15T12:30:00Z\n\n[sops]\nmac = x\nlastmodified  = 2025-01-15T12:30:00Z\n",
            ),
        ] {
            assert_eq!(modified(text.as_bytes(), form), at, "{form:?}");
            assert_eq!(modified(text.replace("2025", "then").as_bytes(), form), None, "{form:?}");
        }
        assert_eq!(modified(b"[a]\nlastmodified = 2001-01-15T12:30:00Z\n", Form::Ini), None);
    }
}
