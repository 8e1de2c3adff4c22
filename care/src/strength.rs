//! How well a value could be guessed.

use zxcvbn::zxcvbn;

/// The judge counts no further than 2^64 guesses, and looks at no more than 100 characters: what is longer is judged in
/// pieces of this many characters, each of which stays below that.
const PIECE: usize = 16;
/// Beyond so many characters nobody guesses.
const ENOUGH: usize = 1024;
/// Beneath so many bits a value that a person typed is weak: 10^10 guesses are a matter of hours offline.
pub(crate) const WEAK: f64 = 33.0;

/// An estimate of the bits of entropy, from below: what the judge knows as a word, a date, a keyboard's row or a repetition
/// counts little, and of what looks random each character counts as one of ten. `name` is what the value is called.
pub(crate) fn bits(value: &[u8], name: &str) -> f64 {
    let text: zeroize::Zeroizing<String> = match std::str::from_utf8(value) {
        Ok(text) => text.chars().take(ENOUGH).collect::<String>().into(),
        Err(_) => value.iter().take(ENOUGH).map(|byte| char::from(*byte)).collect::<String>().into(),
    };
    // Of nothing the judge makes no guess at all, whose logarithm is endless.
    let judged = |text: &str| (zxcvbn(text, &[name]).guesses_log10() * std::f64::consts::LOG2_10).max(0.0);
    let whole: zeroize::Zeroizing<String> = text.chars().take(100).collect::<String>().into();
    let whole = judged(&whole);
    if whole < 60.0 && text.chars().nth(100).is_none() {
        return whole;
    }
    let letters: zeroize::Zeroizing<Vec<char>> = text.chars().collect::<Vec<_>>().into();
    let pieces = letters.chunks(PIECE).map(|piece| {
        let piece: zeroize::Zeroizing<String> = piece.iter().collect::<String>().into();
        judged(&piece)
    });
    pieces.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn estimates_are_from_below() {
        for (value, least, most) in [
            ("", 0.0, 1.0),
            ("hunter2", 1.0, 20.0),
            ("DB_PASSWORD", 0.0, 10.0),
            ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 0.0, 20.0),
            ("0f6b1c9e5d7a48e3b2c1d0f9e8a7b6c5", 80.0, 128.0),
            ("p7Ks-29xQvZt_LmN4wRb8YcE1dUfGhJ0aSiOoXk3T5q", 100.0, 258.0),
        ] {
            let bits = bits(value.as_bytes(), "DB_PASSWORD");
            assert!((least..=most).contains(&bits), "{value}: {bits}");
        }
        assert!(bits(&[0xff; 2000], "A") < bits(b"p7Ks-29xQvZt_LmN4wRb8YcE1dUfGhJ0aSiOoXk3T5q", "A") * 20.0);
    }
}
