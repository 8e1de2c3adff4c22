//! `inject list`: the profiles that a bare name reaches.

use super::{absolute, columns, pretty, print};
use crate::error::{Error, printable};
use crate::profile::find;
use crate::profile::{open, parse};
use crate::sys::Environ;
use serde_json::json;

/// Prints name, file and description. A profile that cannot be read has none.
///
/// # Errors
/// None at present.
pub fn list(as_json: bool, environ: &Environ) -> Result<u8, Error> {
    let found = find::all(environ).into_iter().map(|(name, found)| {
        let shown = found.path.to_string_lossy().into_owned();
        let opened = open::open(&found.path, &shown, None).ok();
        let text = opened.and_then(|opened| String::from_utf8(opened.bytes).ok());
        let said = text.and_then(|text| parse::parse(&text, &shown).ok());
        (name, found.path, said.and_then(|(said, _)| said.description))
    });
    if as_json {
        let rows: Vec<_> = found
            .map(|(name, path, text)| json!({"name": name, "path": absolute(&path), "description": text}))
            .collect();
        return Ok(print(&pretty(&rows.into())));
    }
    let rows = found.map(|(name, path, text)| {
        vec![printable(&name), printable(&path.to_string_lossy()), printable(&text.unwrap_or_default())]
    });
    Ok(print(&columns(&rows.collect::<Vec<_>>())))
}
