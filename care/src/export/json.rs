//! One JSON object of strings.

use super::{Format, text};

pub(super) const FORMAT: Format = Format { name: "json", before: b"{", between: b",", after: b"\n}\n", write };

fn write(out: &mut Vec<u8>, name: &str, value: &[u8]) -> Result<(), String> {
    let value = text(value, "JSON")?;
    out.extend_from_slice(format!("\n  \"{name}\": ").as_bytes());
    serde_json::to_writer(out, value).map_err(|_| "cannot be written as JSON".to_owned())
}
