//! `inject generate`, and what `set --generate` and `import` make up: values from the system's own generator, every one
//! of a kind as likely as any other.

use crate::output;
use data_encoding::{BASE64, BASE64URL_NOPAD, HEXLOWER};
use diceware_wordlists::EFF_LONG_WORDLIST as WORDS;
use inject::error::Error;
use inject::secret::Secret;
use inject::sys;
use zeroize::Zeroizing;

/// What is made where nobody says what.
pub(crate) const DEFAULT: &str = "urlsafe:32";

/// Below this somebody could find a value by trying.
const ENOUGH: f64 = 128.0;

/// The most bytes, characters or words of one value.
const MOST: usize = 4096;

const ALNUM: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// One kind of value. The first three are those of Python's `secrets`, of as many bytes.
struct Kind {
    name: &'static str,
    /// The number where SPEC has none.
    usual: usize,
    /// The entropy of each of them, in bits.
    bits: f64,
    make: fn(usize) -> Result<Vec<u8>, Error>,
}

fn kinds() -> [Kind; 5] {
    [
        Kind { name: "urlsafe", usual: 32, bits: 8.0, make: |n| Ok(BASE64URL_NOPAD.encode(&random(n)?).into_bytes()) },
        Kind { name: "hex", usual: 32, bits: 8.0, make: |n| Ok(HEXLOWER.encode(&random(n)?).into_bytes()) },
        Kind { name: "base64", usual: 32, bits: 8.0, make: |n| Ok(BASE64.encode(&random(n)?).into_bytes()) },
        Kind { name: "alnum", usual: 24, bits: 62_f64.log2(), make: alnum },
        Kind { name: "words", usual: 6, bits: 7776_f64.log2(), make: words },
    ]
}

/// The verb: the value and a newline.
///
/// # Errors
/// SPEC is none, the system has no random numbers, or the value cannot be written.
pub(crate) fn verb(spec: Option<&str>) -> Result<u8, Error> {
    let spec = spec.unwrap_or(DEFAULT);
    let (value, bits) = generate(spec)?;
    warn(spec, bits);
    let line: Zeroizing<Vec<u8>> = Zeroizing::new([value.expose(), b"\n"].concat());
    output::write(&line)
}

/// Makes a value as SPEC says, and tells its entropy in bits.
///
/// # Errors
/// SPEC is none (its text is not quoted: it could be a value), or the system has no random numbers.
pub(crate) fn generate(spec: &str) -> Result<(Secret, f64), Error> {
    if spec == "uuid" {
        return Ok((Secret::new(uuid()?), 122.0));
    }
    let (kind, number) = parse(spec)?;
    Ok((Secret::new((kind.make)(number)?), kind.bits * number as f64))
}

/// Says on stderr where the entropy of what [`generate`] made is low. A UUID has what its standard gives it.
pub(crate) fn warn(spec: &str, bits: f64) {
    let Ok((kind, _)) = parse(spec) else { return };
    if bits < ENOUGH {
        let enough = (ENOUGH / kind.bits).ceil();
        let better = format!("{}:{enough} has {}", kind.name, (kind.bits * enough).floor());
        let text = format!("{spec} has {} bits of entropy, which is under {ENOUGH}; {better}", bits.floor());
        sys::write_lossy(2, format!("inject: warning: {text}\n").as_bytes());
    }
}

fn parse(spec: &str) -> Result<(Kind, usize), Error> {
    let (name, number) = spec.split_once(':').map_or((spec, None), |(name, number)| (name, Some(number)));
    let known = kinds().into_iter().find(|kind| kind.name == name);
    let kind = known.ok_or_else(|| {
        Error::new("SPEC is none that there is")
            .hint("hex:N, urlsafe:N or base64:N (bytes), alnum:N (characters), words:N or uuid")
    })?;
    let usual = Some(kind.usual);
    let number = number.map_or(usual, |number| number.parse().ok()).filter(|number| (1..=MOST).contains(number));
    let number = number.ok_or_else(|| {
        Error::new(format!("{name}:N wants a number from 1 to {MOST}")).hint(format!("like {name}:{}", kind.usual))
    })?;
    Ok((kind, number))
}

/// So many bytes of the system's generator.
fn random(count: usize) -> Result<Zeroizing<Vec<u8>>, Error> {
    let mut bytes = Zeroizing::new(vec![0; count]);
    getrandom::fill(&mut bytes).map_err(|_| Error::new("the system gives no random numbers"))?;
    Ok(bytes)
}

/// So many numbers below `bound`, each as likely as any other: `mask` cuts the bits that no number below has, and what
/// is still too large is thrown away.
fn numbers(count: usize, bound: u16) -> Result<Zeroizing<Vec<u16>>, Error> {
    let mask = bound.next_power_of_two() - 1;
    let mut numbers = Zeroizing::new(Vec::with_capacity(count));
    while numbers.len() < count {
        let bytes = random(2 * (count - numbers.len()))?;
        let drawn = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]) & mask);
        numbers.extend(drawn.filter(|number| *number < bound));
    }
    Ok(numbers)
}

fn alnum(count: usize) -> Result<Vec<u8>, Error> {
    Ok(numbers(count, 62)?.iter().map(|number| ALNUM[usize::from(*number)]).collect())
}

/// Words of the EFF's long list, with `-` in between: none of them can be read as two of the others.
fn words(count: usize) -> Result<Vec<u8>, Error> {
    let numbers = numbers(count, 7776)?;
    let chosen: Vec<&str> = numbers.iter().map(|number| WORDS[usize::from(*number)]).collect();
    Ok(chosen.join("-").into_bytes())
}

/// A version 4 UUID (RFC 9562): 122 random bits.
fn uuid() -> Result<Vec<u8>, Error> {
    let mut bytes = random(16)?;
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = Zeroizing::new(HEXLOWER.encode(&bytes));
    let parts = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]];
    Ok(parts.join("-").into_bytes())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn the_list_of_words() {
        let set: HashSet<&str> = WORDS.into_iter().collect();
        assert_eq!((WORDS.len(), set.len()), (7776, 7776));
        assert!(WORDS.iter().all(|word| word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')));
        // With `-` in between, as many passphrases as there are lists of words: the first part of a word that has a `-`
        // is no word itself.
        let parts = WORDS.iter().filter_map(|word| word.split_once('-'));
        assert!(parts.clone().count() > 0 && parts.clone().all(|(first, _)| !set.contains(first)));
    }

    #[test]
    fn numbers_are_all_as_likely() {
        const COUNT: usize = 620_000;
        let mut seen = [0_u32; 62];
        numbers(COUNT, 62).unwrap().iter().for_each(|number| seen[usize::from(*number)] += 1);
        // A remainder would give 25% more of the first eight; by chance a count is further off than six standard
        // deviations (of 100) once in ten million runs.
        assert!(seen.iter().all(|count| (9_400..10_600).contains(count)), "{seen:?}");
        let low = numbers(COUNT, 7776).unwrap().iter().filter(|number| **number < 3888).count();
        assert!((307_500..312_500).contains(&low), "{low}");
        assert!(numbers(1000, 1).unwrap().iter().all(|number| *number == 0));
    }

    #[test]
    fn specs() {
        for (spec, bits) in [("hex", 256.0), ("hex:1", 8.0), ("urlsafe:4096", 32768.0), ("uuid", 122.0)] {
            assert!((generate(spec).unwrap().1 - bits).abs() < 1e-9, "{spec}");
        }
        assert!((generate("alnum:24").unwrap().1 - 142.9).abs() < 0.1);
        assert!((generate("words").unwrap().1 - 77.5).abs() < 0.1);
        for spec in ["", ":", "hex:", "hex:0", "hex:-1", "hex:4097", "hex:1x", "uuid:4", "Hex:32", "hex :3", "hunter2"]
        {
            let error = generate(spec).err().unwrap();
            assert!(error.exit == 125 && error.reports[0].hint.is_some(), "{spec}");
            assert!(!error.render().contains("hunter2"));
        }
    }
}
