//! A file for systemd's `EnvironmentFile=` (its src/basic/env-file.c and env-util.c): between double quotes everything
//! is itself but what sh would want escaped there, in every version. Control characters need systemd 248.

use super::{Format, escape, text};

pub(super) const FORMAT: Format = Format { name: "systemd", before: b"", between: b"", after: b"", write };

fn write(out: &mut Vec<u8>, name: &str, value: &[u8]) -> Result<(), String> {
    if let Some(c) = text(value, "systemd")?.chars().find(|c| is_noncharacter(*c)) {
        return Err(format!("systemd takes no text with the character U+{:04X} in it", u32::from(c)));
    }
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"=\"");
    escape(out, value, br#"\"$`"#, b'\\');
    out.extend_from_slice(b"\"\n");
    Ok(())
}

/// What Unicode keeps for a program's own use: systemd does not take it for UTF-8.
fn is_noncharacter(c: char) -> bool {
    matches!(c, '\u{fdd0}'..='\u{fdef}') || u32::from(c) & 0xfffe == 0xfffe
}
