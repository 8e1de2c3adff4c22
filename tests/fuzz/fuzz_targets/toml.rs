//! No input makes the reader of Toml panic, recurse too deep or hang.
#![no_main]

use inject::document::dotenv::Dialect;
use inject::document::{Document, Format};
use inject::secret::Secret;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(document) = Document::parse(Secret::from(bytes), Format::Toml, Dialect::Python) {
        if let Ok(entries) = document.entries_at(None) {
            entries.for_each(drop);
        }
    }
});
