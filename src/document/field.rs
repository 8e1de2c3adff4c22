//! A field's name: the way to one text in a document.

/// A dotted path (`db.host`, `servers.0.port`) or, where it starts with `/`, a JSON pointer (RFC 6901).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Field {
    text: String,
    steps: Vec<String>,
}

impl Field {
    /// Parses a field as written behind `#`.
    ///
    /// # Errors
    /// What is wrong with it, lower case: nothing at all, an empty part of a dotted path, a `~` that is not `~0` or `~1`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let steps = match text.strip_prefix('/') {
            Some(pointer) => pointer.split('/').map(unescape).collect::<Result<_, _>>()?,
            None => dotted(text)?,
        };
        Ok(Self { text: text.to_owned(), steps })
    }

    /// A key of a .env file, as it stands: no dots, no pointer.
    pub fn key(text: &str) -> Self {
        Self { text: text.to_owned(), steps: vec![text.to_owned()] }
    }

    /// The only field of a document, whatever its name.
    pub fn only() -> Self {
        Self { text: String::new(), steps: Vec::new() }
    }

    /// The field as written, which is what a .env file's key is compared to.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The field as written, as the one step of a flat document.
    pub(super) fn whole(&self) -> &[String] {
        std::slice::from_ref(&self.text)
    }

    /// The keys and indexes to go along; none for the only field.
    pub fn steps(&self) -> &[String] {
        &self.steps
    }
}

/// The shortest way to write these steps: dotted where that means the same, else as a JSON pointer.
pub fn written<S: AsRef<str>>(steps: &[S]) -> String {
    let plain = |step: &S| !step.as_ref().is_empty() && !step.as_ref().contains('.');
    let rooted = steps.first().is_some_and(|s| s.as_ref().starts_with('/'));
    if steps.iter().all(plain) && !rooted {
        let parts: Vec<_> = steps.iter().map(AsRef::as_ref).collect();
        return parts.join(".");
    }
    let escaped = steps.iter().map(|step| step.as_ref().replace('~', "~0").replace('/', "~1"));
    escaped.fold(String::new(), |pointer, step| pointer + "/" + &step)
}

fn dotted(text: &str) -> Result<Vec<String>, String> {
    if text.is_empty() {
        return Err("an empty field".into());
    }
    if text.split('.').any(str::is_empty) {
        return Err(
            "a dotted field with an empty part; a key that holds dots is written as a JSON pointer, '/a.b'".into()
        );
    }
    Ok(text.split('.').map(str::to_owned).collect())
}

fn unescape(step: &str) -> Result<String, String> {
    let mut out = String::with_capacity(step.len());
    let mut rest = step.chars();
    while let Some(c) = rest.next() {
        out.push(match c {
            '~' => match rest.next() {
                Some('0') => '~',
                Some('1') => '/',
                _ => {
                    return Err("a JSON pointer with '~' that is not '~0' (for ~) or '~1' (for /)".into());
                }
            },
            other => other,
        });
    }
    Ok(out)
}

/// The index that a step means in a list: decimal, without a sign or leading zeros.
pub(super) fn index(step: &str) -> Option<usize> {
    let digits = !step.is_empty() && step.bytes().all(|byte| byte.is_ascii_digit());
    (digits && (step == "0" || !step.starts_with('0'))).then(|| step.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(text: &str) -> Vec<String> {
        match Field::parse(text) {
            Ok(field) => field.steps,
            Err(error) => panic!("{text}: {error}"),
        }
    }

    #[test]
    fn dotted_and_pointers() {
        assert_eq!(steps("db.host"), ["db", "host"]);
        assert_eq!(steps("a b.~1"), ["a b", "~1"]);
        assert_eq!(steps("/db.host/~0~1/"), ["db.host", "~/", ""]);
        assert_eq!(steps("/~01"), ["~1"]);
        assert_eq!(steps("/"), [""]);
        for bad in ["", ".", "a.", ".a", "a..b", "/~", "/~2", "/a~/b"] {
            assert!(Field::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_written_means_the_same() {
        for way in [&["a", "b"][..], &["a.b", "c/~"], &[""], &["/x"], &["a", "/"], &["~1"]] {
            assert_eq!(steps(&written(way)), way, "{way:?}");
        }
    }

    #[test]
    fn indexes() {
        assert_eq!(index("0"), Some(0));
        assert_eq!(index("10"), Some(10));
        for bad in ["", "-", "-1", "+1", "01", "00", "1 ", "x", "99999999999999999999999"] {
            assert_eq!(index(bad), None, "{bad}");
        }
    }
}
