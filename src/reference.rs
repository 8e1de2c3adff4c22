//! The small languages inside a profile's strings: references, templates, durations and name patterns. All pure.

use std::fmt;
use std::time::Duration;

/// `source:locator#field`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ref {
    /// The name of a source: everything before the first `:`.
    pub source: String,
    /// What the source is asked for: everything between the first `:` and the first `#` behind it.
    pub locator: String,
    /// Everything behind that `#`, unparsed: a key, a dotted path or a JSON pointer.
    pub field: Option<String>,
}

impl Ref {
    /// Splits `text`. With `field` from the entry's own option, a `#` belongs to the locator.
    ///
    /// # Errors
    /// What is wrong with the text, for a message.
    pub fn parse(text: &str, field: Option<&str>) -> Result<Self, String> {
        let Some((source, rest)) = text.split_once(':') else {
            return Err("a reference is SOURCE:LOCATOR or SOURCE:LOCATOR#FIELD; there is no ':' in this one".into());
        };
        if source.is_empty() {
            return Err("a reference starts with the name of a source; there is nothing before the ':'".into());
        }
        let (locator, field) = match (field, rest.split_once('#')) {
            (Some(field), _) => (rest, Some(field)),
            (None, Some((locator, field))) => (locator, Some(field)),
            (None, None) => (rest, None),
        };
        if field == Some("") {
            return Err("there is no field behind the '#'".into());
        }
        if locator.is_empty() {
            return Err(format!("there is nothing behind '{source}:'"));
        }
        if locator.contains('\0') || field.is_some_and(|f| f.contains('\0')) {
            return Err("a reference cannot hold a NUL character".into());
        }
        Ok(Self { source: source.into(), locator: locator.into(), field: field.map(Into::into) })
    }
}

impl fmt::Display for Ref {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.source, self.locator)?;
        self.field.as_ref().map_or(Ok(()), |field| write!(f, "#{field}"))
    }
}

/// What is put around a value inside a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filter {
    /// Percent-encoding of everything but RFC 3986's unreserved characters.
    Url,
    /// The inside of a JSON string.
    Json,
    /// One word for a POSIX shell, in single quotes.
    Shell,
    /// Base64 with padding.
    Base64,
}

impl Filter {
    /// The filters' names, as the profile writes them.
    pub const NAMES: [(&'static str, Self); 4] =
        [("url", Self::Url), ("json", Self::Json), ("shell", Self::Shell), ("base64", Self::Base64)];
}

/// A piece of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Text as it stands.
    Text(String),
    /// `${NAME|filter|...}`.
    Name(String, Vec<Filter>),
}

/// `postgres://app:${DB_PASSWORD|url}@db/app`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// As written.
    pub text: String,
    /// Its pieces, in order.
    pub parts: Vec<Part>,
}

impl Template {
    /// `${NAME}` is a variable, `$${` a literal `${`, any other `$` itself.
    ///
    /// # Errors
    /// What is wrong with the text, for a message.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find("${") {
            if rest[..at].ends_with('$') {
                plain.push_str(&rest[..at - 1]);
                plain.push_str("${");
                rest = &rest[at + 2..];
                continue;
            }
            plain.push_str(&rest[..at]);
            let inside = &rest[at + 2..];
            let end = inside.find('}').ok_or("'${' is never closed with '}'; a literal one is '$${'")?;
            if !plain.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut plain)));
            }
            parts.push(Self::name(&inside[..end])?);
            rest = &inside[end + 1..];
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            parts.push(Part::Text(plain));
        }
        Ok(Self { text: text.into(), parts })
    }

    fn name(inside: &str) -> Result<Part, String> {
        let mut words = inside.split('|');
        let name = words.next().unwrap_or_default();
        if !is_name(name.as_bytes()) {
            return Err(format!("'${{{}}}' is no name of a variable", crate::error::printable(inside)));
        }
        let filters = words.map(|word| {
            let known = Filter::NAMES.iter().find(|(name, _)| *name == word);
            known.map(|(_, filter)| *filter).ok_or_else(|| {
                format!("unknown filter '{}'; there are url, json, shell and base64", crate::error::printable(word))
            })
        });
        Ok(Part::Name(name.into(), filters.collect::<Result<_, _>>()?))
    }

    /// The variables that it uses.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Name(name, _) => Some(name.as_str()),
            Part::Text(_) => None,
        })
    }
}

/// Whether `name` is `[A-Za-z_][A-Za-z0-9_]*`, what every shell can use.
pub fn is_name(name: &[u8]) -> bool {
    name.first().is_some_and(|c| !c.is_ascii_digit()) && name.iter().all(|c| LETTER[usize::from(*c)])
}

/// Which bytes may stand in a name: `[A-Za-z0-9_]`.
pub const LETTER: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 128 {
        table[byte] = (byte as u8).is_ascii_alphanumeric() || byte as u8 == b'_';
        byte += 1;
    }
    table
};

/// Whether `name` matches `pattern`, in which each `*` stands for any bytes, none included.
pub fn matches(pattern: &[u8], name: &[u8]) -> bool {
    let mut pieces = pattern.split(|c| *c == b'*');
    let Some(mut rest) = pieces.next().and_then(|head| name.strip_prefix(head)) else { return false };
    let Some(tail) = pieces.next_back() else { return rest.is_empty() };
    for piece in pieces {
        match memchr::memmem::find(rest, piece) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    rest.ends_with(tail)
}

/// `500ms`, `10s`, `2m`, `1h`, `90d`: an integer and a unit, never 0.
///
/// # Errors
/// What is wrong with the text, for a message.
pub fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || {
        format!("'{}' is no duration; write an integer and ms, s, m, h or d, like 30s", crate::error::printable(text))
    };
    let split = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
    let (number, unit) = text.split_at(split);
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let milliseconds = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(wrong()),
    };
    match number.checked_mul(milliseconds) {
        Some(0) => Err("a duration of 0 would never end well; leave it out for the default".into()),
        // A century is for ever, and an Instant can still hold it.
        Some(total) if total < 100 * 365 * 86_400_000 => Ok(Duration::from_millis(total)),
        _ => Err(wrong()),
    }
}

/// The one of `known` that `word` was probably meant to be.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let close = known.into_iter().map(|k| (strsim::damerau_levenshtein(word, k), k));
    close
        .filter(|(distance, k)| *distance <= 1 + k.len() / 4 && *distance < word.len().min(k.len()))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, k)| k)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_splits_at_the_first_colon_and_hash() {
        let r = Ref::parse("op:op://vault/item#a#b", None).unwrap();
        assert_eq!((r.source.as_str(), r.locator.as_str(), r.field.as_deref()), ("op", "op://vault/item", Some("a#b")));
        let r = Ref::parse("file:a#b.json", Some("x")).unwrap();
        assert_eq!((r.locator.as_str(), r.field.as_deref()), ("a#b.json", Some("x")));
        for bad in ["", "x", ":x", "env:", "file:#f", "file:a#", "file:a\0b"] {
            assert!(Ref::parse(bad, None).is_err(), "{bad}");
        }
    }

    #[test]
    fn templates() {
        let t = Template::parse("a$${b}$c ${X|url|json}$").unwrap();
        assert_eq!(
            t.parts,
            [
                Part::Text("a${b}$c ".into()),
                Part::Name("X".into(), vec![Filter::Url, Filter::Json]),
                Part::Text("$".into())
            ]
        );
        for bad in ["${", "${}", "${1}", "${A|}", "${A|up}", "${A B}"] {
            assert!(Template::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn patterns() {
        assert!(matches(b"LC_*", b"LC_ALL") && matches(b"*", b"") && matches(b"A*C*", b"ABCD"));
        assert!(!matches(b"LC_*", b"XLC_ALL") && !matches(b"A", b"AB") && !matches(b"*_X", b"A_Y"));
    }

    #[test]
    fn durations() {
        assert_eq!(duration("500ms").unwrap(), Duration::from_millis(500));
        assert_eq!(duration("2m").unwrap(), Duration::from_secs(120));
        for bad in ["", "0s", "5", "s", "1.5s", "-1s", "1w", "99999999999999999999s", "36501d", "1 s"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }
}
