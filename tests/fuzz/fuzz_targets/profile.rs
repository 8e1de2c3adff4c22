//! No text makes the reader of profiles panic, and what is wrong is told without the text: a long run of letters from a
//! string value never comes back in a message.
#![no_main]

use inject::profile::parse::parse;
use libfuzzer_sys::fuzz_target;

const NEEDLE: &str = "zqxjkvbpzqxjkvbp";

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let _ = parse(text, "x.toml");
    let text = format!("[vars]\nA = \"{NEEDLE}\" {text}");
    let reports = parse(&text, "x.toml").map_or_else(|report| vec![report], |(_, reports)| reports);
    for report in reports {
        assert!(!report.message.contains(NEEDLE) && !report.hint.unwrap_or_default().contains(NEEDLE));
    }
});
