//! What sops printed, made exact. Where it prints two different values alike, nobody can say which one it was: that is an
//! error, never a guess.

use crate::document::{Format, shown_key};
use crate::error::{Fault, printable};
use memchr::memmem;

/// The two bytes that sops prints in a .env file for a line end, and for themselves.
const LINE_END: &[u8] = br"\n";

/// A .env file as its variables, each with a NUL behind it, and a lone NUL for a comment. A value that came from a .env
/// file has line ends only; one that `sops set` wrote can have the two bytes themselves, and then what is encrypted, as
/// long as the value, is longer.
///
/// # Errors
/// The key of a value that has both, or a NUL.
pub(super) fn dotenv(printed: &[u8], encrypted: impl FnOnce() -> Vec<u8>) -> Result<Vec<u8>, Fault> {
    let encrypted = if memmem::find(printed, LINE_END).is_some() { encrypted() } else { Vec::new() };
    let mut of_file = lines(&encrypted).filter(|line| !line.starts_with(b"sops_"));
    // Of the full length at once: a buffer that grows leaves copies for the allocator to wipe.
    let mut out = Vec::with_capacity(printed.len() + 1);
    for line in lines(printed) {
        let of_file = of_file.next();
        if let Some((key, value)) = pair(line) {
            let fault =
                |message: &str| Err(Fault::invalid(format!("{} holds {message}", shown_key(key, Format::Dotenv))));
            if memchr::memchr(0, line).is_some() {
                return fault("a NUL character, which no variable can");
            }
            let ends = memmem::find_iter(value, LINE_END).count();
            let length = if ends > 0 { length(key, of_file)? } else { None };
            match length {
                Some(length) if length == value.len() => out.extend_from_slice(line),
                Some(length) if length + ends != value.len() => {
                    return fault("line ends and also '\\n' itself, which sops prints alike")
                        .map_err(|fault: Fault| fault.hint("a YAML or JSON file holds both"));
                }
                _ => with_line_ends(line, key.len(), &mut out),
            }
        }
        out.push(0);
    }
    Ok(out)
}

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|c| *c == b'\n').filter(|line| !line.is_empty())
}

/// Key and value; `None` of a comment.
pub(super) fn pair(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = memchr::memchr(b'=', line).filter(|_| !line.starts_with(b"#"))?;
    Some((&line[..at], &line[at + 1..]))
}

/// How long the value is that stands encrypted in this line of the file: AES-GCM keeps the length. `None` where it is not
/// encrypted.
fn length(key: &[u8], line: Option<&[u8]>) -> Result<Option<usize>, Fault> {
    match line.and_then(pair) {
        Some((known, value)) if known == key => Ok(value.strip_prefix(b"ENC[AES256_GCM,data:").map(|data| {
            let data = data.split(|c| *c == b',').next().unwrap_or_default();
            let padding = data.iter().rev().take_while(|c| **c == b'=').count();
            (data.len() / 4 * 3).saturating_sub(padding)
        })),
        _ => Err(Fault::invalid("it was changed while sops read it")),
    }
}

/// Appends a line of which each `\n` behind the first `key` bytes stands for a line end.
fn with_line_ends(line: &[u8], key: usize, out: &mut Vec<u8>) {
    let (key, mut rest) = line.split_at(key);
    out.extend_from_slice(key);
    while let Some(at) = memmem::find(rest, LINE_END) {
        out.extend_from_slice(&rest[..at]);
        out.push(b'\n');
        rest = &rest[at + LINE_END.len()..];
    }
    out.extend_from_slice(rest);
}

/// An INI file as JSON: whether all of it is text. Bytes that are not UTF-8 come as the escape `\ufffd` (the character
/// itself is never escaped), and numbers, which only `sops set` writes, in another form than a variable would have.
///
/// # Errors
/// The key of what is not.
pub(super) fn json(printed: &[u8]) -> Result<(), Fault> {
    for line in lines(printed).map(<[u8]>::trim_ascii).filter(|line| line.starts_with(b"\"")) {
        let Some(at) = memmem::find(line, b"\": ") else { continue };
        let value = &line[at + 3..];
        let wrong = if !value.starts_with(b"\"") && !value.starts_with(b"{") {
            "is a number or a boolean, which sops writes in more than one way"
        } else if replaced(line) {
            "holds bytes that are not UTF-8, which sops does not hand over from an INI file"
        } else {
            continue;
        };
        let key = printable(&String::from_utf8_lossy(&line[1..at]));
        return Err(Fault::invalid(format!("'{key}' {wrong}")).hint("encrypt it as a text, or in a YAML file"));
    }
    Ok(())
}

/// A YAML file: whether readers agree on it. For sops's writer a separator of lines or paragraphs is a line end, and what
/// follows it is indented; YAML 1.2 takes it for any other character, and the indent for a part of the text.
///
/// # Errors
/// There is one with a space behind it.
pub(super) fn yaml(printed: &[u8]) -> Result<(), Fault> {
    let separators = ["\u{2028} ", "\u{2029} "];
    match separators.iter().find(|separator| memmem::find(printed, separator.as_bytes()).is_some()) {
        Some(_) => Err(Fault::invalid("holds U+2028 or U+2029, which sops writes into YAML in a way of its own")
            .hint("a JSON file holds them")),
        None => Ok(()),
    }
}

/// Whether a line has the escape `\ufffd`; behind another backslash it is none.
fn replaced(line: &[u8]) -> bool {
    memmem::find_iter(line, br"\ufffd").any(|at| line[..at].iter().rev().take_while(|c| **c == b'\\').count() % 2 == 0)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn cipher(key: &str, length: usize) -> String {
        let data = data_encoding::BASE64.encode(&vec![0; length]);
        format!("{key}=ENC[AES256_GCM,data:{data},iv:a,tag:b,type:str]\n")
    }

    #[test]
    fn line_ends_are_told_by_the_length() {
        let printed = br"A=x\ny
#\n
B=x\ny
C=\n
"
        .as_slice();
        // What sops notes for itself stands at the end, unless somebody has moved it.
        let noted = || String::from("sops_mac=x\n");
        let file = |a, b| [noted(), cipher("A", a), "#c\n".into(), cipher("B", b), "C=\\n\n".into(), noted()].concat();
        let made = |a, b| dotenv(printed, || file(a, b).into_bytes());
        assert_eq!(made(3, 4).unwrap(), b"A=x\ny\0\0B=x\\ny\0C=\n\0");
        assert_eq!(
            made(3, 5).unwrap_err().message,
            "'B' holds line ends and also '\\n' itself, which sops prints alike"
        );
        assert!(dotenv(printed, Vec::new).unwrap_err().message.contains("changed while"));
        assert_eq!(dotenv(b"A= 'x' \r\nB=\n", || panic!("no need")).unwrap(), b"A= 'x' \r\0B=\0");
        assert!(dotenv(b"A=\0\n", Vec::new).unwrap_err().message.contains("NUL"));
    }

    #[test]
    fn yaml_that_readers_agree_on() {
        assert_eq!(yaml("a: \u{85} \u{2027} \u{202a} \u{2028}".as_bytes()), Ok(()));
        for odd in ["a: |-\n    x\u{2028}    y\n", "a: 'x\u{2029}    y'\n"] {
            assert!(yaml(odd.as_bytes()).is_err(), "{odd}");
        }
    }

    #[test]
    fn json_of_texts_only() {
        let one = |value: &str| {
            json(format!("{{\n\t\"s\": {{\n\t\t\"k\": {value}\n\t}},\n\t\"DEFAULT\": {{}}\n}}\n").as_bytes())
        };
        for text in ["\"\"", "\"a\\\"b: c\"", "\"\u{fffd}\"", "\"\\\\ufffd\"", "\"\\\\\\\\ufffd\""] {
            assert_eq!(one(text), Ok(()), "{text}");
        }
        for (other, words) in [
            ("5", "'k' is a number"),
            ("true", "'k' is"),
            ("\"\\ufffd\"", "'k' holds bytes"),
            ("\"\\\\\\ufffd\"", "'k' holds"),
        ] {
            assert!(one(other).unwrap_err().message.starts_with(words), "{other}");
        }
    }
}
