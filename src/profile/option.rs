//! The options of an entry that are more than a string or a flag.

use super::decode::Decode;
use super::problems::Problems;
use crate::reference;
use crate::source::kind::Holds;
use std::time::Duration;
use toml::Spanned;
use toml::de::DeValue;

/// The text of an option that a kind of source understands; a version may be written as a number.
pub(super) fn text(
    holds: Holds,
    what: &str,
    value: &Spanned<DeValue<'_>>,
    problems: &mut Problems<'_>,
) -> Option<String> {
    let number = value.get_ref().as_integer().filter(|_| holds == Holds::Version);
    let text = match number.map(|number| u64::from_str_radix(number.as_str(), number.radix())) {
        None => problems.string(what, value)?,
        Some(Ok(number)) if number > 0 => return Some(number.to_string()),
        Some(_) => {
            problems.at(value.span().start, format!("{what}: a version is a number from 1"));
            return None;
        }
    };
    if text.is_empty() || text.contains('\0') {
        problems.at(value.span().start, format!("{what}: says nothing, or holds a NUL character"));
        return None;
    }
    Some(text)
}

/// A number of bits.
pub(super) fn bits(what: &str, value: &Spanned<DeValue<'_>>, problems: &mut Problems<'_>) -> Option<u32> {
    let number = value.get_ref().as_integer().map(|number| u32::from_str_radix(number.as_str(), number.radix()));
    match number {
        Some(Ok(bits)) if (1..=100_000).contains(&bits) => Some(bits),
        _ => {
            problems.at(value.span().start, format!("{what}: a number of bits is wanted here, like 80"));
            None
        }
    }
}

/// The name of an encoding.
pub(super) fn decode(what: &str, value: &Spanned<DeValue<'_>>, problems: &mut Problems<'_>) -> Option<Decode> {
    let text = problems.string(what, value)?;
    let known = Decode::NAMES.iter().find(|(name, _)| *name == text);
    if known.is_none() {
        problems.unknown(
            value.span().start,
            &format!("{what}: "),
            "encoding",
            &text,
            &Decode::NAMES.map(|(name, _)| name),
        );
    }
    known.map(|(_, decode)| *decode)
}

/// How old a stored version may be.
pub(super) fn age(what: &str, value: &Spanned<DeValue<'_>>, problems: &mut Problems<'_>) -> Option<Duration> {
    let text = problems.string(what, value)?;
    reference::duration(&text).map_err(|message| problems.at(value.span().start, format!("{what}: {message}"))).ok()
}
