//! A field (the first line) through a JSON document (the rest): no panic, and the same answer as for the field's twin.
#![no_main]

use inject::document::dotenv::Dialect;
use inject::document::{Document, Field, Format};
use inject::secret::Secret;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some(end) = bytes.iter().position(|byte| *byte == b'\n') else {
        return;
    };
    let (line, document) = (&bytes[..end], &bytes[end + 1..]);
    let Some(field) = std::str::from_utf8(line)
        .ok()
        .and_then(|text| Field::parse(text).ok())
    else {
        return;
    };
    let Ok(document) = Document::parse(Secret::from(document), Format::Json, Dialect::Python)
    else {
        return;
    };
    let pointer = field.steps().iter().fold(String::new(), |pointer, step| {
        pointer + "/" + &step.replace('~', "~0").replace('/', "~1")
    });
    let twin = Field::parse(&pointer).expect("a pointer made of steps");
    assert_eq!(field.steps(), twin.steps());
    assert_eq!(document.pick(&field).ok(), document.pick(&twin).ok());
});
