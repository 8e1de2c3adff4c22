//! Texts as every version of YAML reads them.

use zeroize::Zeroizing;

/// A key without quotes where no version of YAML takes it for anything but a text.
pub(super) fn key(text: &str) -> String {
    const WORDS: [&str; 9] = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"];
    let word = |text: &str| WORDS.contains(&text.to_ascii_lowercase().as_str());
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let first = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if first && text.chars().all(plain) && !word(text) { text.to_owned() } else { quoted(text).to_string() }
}

/// JSON's escapes are YAML's too; what YAML does not count as printable, or takes for a line end, is escaped as well.
pub(super) fn quoted(text: &str) -> Zeroizing<String> {
    let json = Zeroizing::new(serde_json::Value::from(text).to_string());
    let mut out = Zeroizing::new(String::with_capacity(json.len() + 16));
    for c in json.chars() {
        match c {
            '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' => {
                out.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => out.push(c),
        }
    }
    out
}
