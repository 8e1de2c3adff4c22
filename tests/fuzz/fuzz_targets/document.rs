//! No input makes a reader of documents panic, recurse too deep or hang, and every text lies inside the document. The
//! first byte chooses the format.
#![no_main]

use inject::document::dotenv::Dialect;
use inject::document::{Document, Format};
use inject::secret::Secret;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((first, bytes)) = bytes.split_first() else { return };
    let format = [Format::Json, Format::Yaml, Format::Toml][usize::from(*first) % 3];
    if let Ok(document) = Document::parse(Secret::from(bytes), format, Dialect::Python) {
        for (_, text) in document.entries_at(None).into_iter().flatten() {
            drop(text);
        }
    }
});
