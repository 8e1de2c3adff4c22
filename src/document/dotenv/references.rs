//! The references in a statement as dotenvy finds them, and whether the file alone answers them.

use super::mistake;
use crate::document::Mistake;
use memchr::memchr;
use std::collections::HashSet;

/// Refuses a statement with a reference that the environment has, or that no earlier statement has.
pub(super) fn check(statement: &[u8], known: &HashSet<String>, line: usize) -> Result<(), Mistake> {
    let Some(equal) = memchr(b'=', statement) else {
        return Ok(());
    };
    if memchr(b'$', statement).is_none() {
        return Ok(());
    }
    // dotenvy accepted it, so it is UTF-8.
    let value = String::from_utf8_lossy(&statement[equal + 1..]);
    let value = value.trim();
    if value.starts_with('#') {
        return Ok(());
    }
    for name in references(value) {
        if std::env::var_os(&name).is_some() {
            return mistake(
                line,
                "a `$` in this value names a variable of the environment, which would win over the file",
                "`\\$` or single quotes keep a `$` as it is",
            );
        }
        if !known.contains(&name) {
            return mistake(
                line,
                "a `$` in this value names no key of an earlier line",
                "`\\$` or single quotes keep a `$` as it is",
            );
        }
    }
    Ok(())
}

/// The names that dotenvy looks up in `value`; follows its `parse_value` state by state. Empty names, which it always
/// makes nothing of, are left out.
fn references(value: &str) -> Vec<String> {
    #[derive(PartialEq)]
    enum Name {
        None,
        Bare,
        Braced,
    }
    let (mut strong, mut weak, mut escaped) = (false, false, false);
    let mut mode = Name::None;
    let mut name = String::new();
    let mut names = Vec::new();
    for c in value.chars() {
        if escaped {
            escaped = false;
        } else if strong {
            strong = c != '\'';
        } else if mode != Name::None {
            if c.is_alphanumeric() || (mode == Name::Braced && c != '}') {
                name.push(c);
            } else if mode == Name::Bare && c == '{' && name.is_empty() {
                mode = Name::Braced;
            } else {
                names.push(std::mem::take(&mut name));
                // Here dotenvy takes a quote or a backslash for a plain character.
                mode = if mode == Name::Bare && c == '$' { Name::Bare } else { Name::None };
            }
        } else {
            match c {
                '$' => mode = Name::Bare,
                '"' => weak = !weak,
                '\\' => escaped = true,
                '\'' if !weak => strong = true,
                ' ' | '\t' if !weak => break,
                _ => {}
            }
        }
    }
    names.push(name);
    names.retain(|name| !name.is_empty());
    names
}

#[cfg(test)]
mod tests {
    use super::references;

    #[test]
    fn references_are_dotenvys() {
        for (value, expected) in [
            ("$A-$B", &["A", "B"][..]),
            ("${A b}c", &["A b"]),
            ("'$A'\"$B\"", &["B"]),
            ("\\$A$$B", &["B"]),
            ("$A'$B'", &["A", "B"]),
            ("a $B", &[]),
        ] {
            assert_eq!(references(value), expected, "{value:?}");
        }
    }
}
