//! Any bytes under every dialect: no panic, no place outside of the file, lines in order, and a bounded result.
#![no_main]

use inject::document::Text;
use inject::document::dotenv::{Dialect, parse};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    for dialect in [
        Dialect::Python,
        Dialect::PythonExpand,
        Dialect::Rust,
        Dialect::Nul,
    ] {
        let ends: &[u8] = if dialect == Dialect::Nul {
            b"\0"
        } else {
            b"\n\r"
        };
        let lines = 1 + text.iter().filter(|byte| ends.contains(byte)).count();
        let entries = match parse(text, dialect) {
            Ok(entries) => entries,
            Err(mistake) => {
                assert!(mistake.line.is_some_and(|line| (1..=lines).contains(&line)));
                continue;
            }
        };
        let mut last = 1;
        let mut total = 0;
        for entry in entries {
            assert!((last..=lines).contains(&entry.line), "lines rise");
            last = entry.line;
            assert!(
                !entry.key.is_empty() && text.get(entry.key).is_some(),
                "a key is a part of the text"
            );
            total += match entry.value {
                None => 0,
                Some(Text::Span(span)) => {
                    text.get(span).expect("a span is a part of the text").len()
                }
                Some(Text::Owned(secret)) => secret.len(),
            };
        }
        // Values are parts of the file, but for what references may add.
        let added = match dialect {
            Dialect::Python | Dialect::Nul => 0,
            Dialect::PythonExpand => 1 << 20,
            Dialect::Rust => 4 << 20,
        };
        assert!(total <= text.len() + added, "values are bounded");
    }
});
