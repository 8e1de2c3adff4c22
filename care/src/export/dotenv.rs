//! A .env file as python-dotenv reads it, with `interpolate` or without.

use super::{Format, escape, text};

pub(super) const FORMAT: Format = Format { name: "dotenv", before: b"", between: b"", after: b"", write };

fn write(out: &mut Vec<u8>, name: &str, value: &[u8]) -> Result<(), String> {
    let value = text(value, "python-dotenv")?;
    if is_expanded(value) {
        return Err("it holds a '${...}', which python-dotenv expands between any quotes".into());
    }
    out.extend_from_slice(name.as_bytes());
    // Between single quotes other readers expand nothing either; a carriage return, which Python makes a line feed of,
    // stands as an escape between double ones only.
    if value.contains('\r') {
        out.extend_from_slice(b"=\"");
        for (at, part) in value.split('\r').enumerate() {
            if at > 0 {
                out.extend_from_slice(br"\r");
            }
            escape(out, part.as_bytes(), br#"\""#, b'\\');
        }
        out.extend_from_slice(b"\"\n");
    } else {
        out.extend_from_slice(b"='");
        escape(out, value.as_bytes(), br"\'", b'\\');
        out.extend_from_slice(b"'\n");
    }
    Ok(())
}

/// Whether python-dotenv takes a part for a variable: `${NAME}` or `${NAME:-DEFAULT}`, where NAME is anything without a
/// `:`.
fn is_expanded(value: &str) -> bool {
    value.match_indices("${").any(|(at, _)| {
        let rest = &value[at + 2..];
        let end = rest.find(['}', ':']).unwrap_or(rest.len());
        let rest = &rest[end..];
        rest.starts_with('}') || rest.strip_prefix(":-").is_some_and(|rest| rest.contains('}'))
    })
}
