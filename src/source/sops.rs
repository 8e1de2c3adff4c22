//! `sops`: files that the sops program decrypts, one process a file. It prints to us, never to a file, and looks for no
//! newer version of itself.

mod exact;

use super::tool::{Tool, shell_word, unexplained};
use super::{Locator, Payload, Stored};
use crate::document::dotenv::Dialect;
use crate::document::{Document, Field, Format, Mistake};
use crate::error::{Fault, os, printable};
use crate::profile::sources::SourceDef;
use crate::secret::Secret;
use crate::sys;
use memchr::memmem;
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sys::stat::fstat;
use std::path::Path;

/// How sops has a file, which it tells by the end of the name as it stands there: `A.YAML` is binary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// YAML, with comments.
    Yaml,
    /// JSON.
    Json,
    /// Lines `NAME=VALUE`, where `\n` is a line end and nothing else means anything.
    Dotenv,
    /// Sections of keys; what stands above them is in one named DEFAULT.
    Ini,
    /// Any bytes, in an envelope of JSON.
    Binary,
}

impl Form {
    /// What sops takes a file of this name for (3.13: cmd/sops/formats).
    pub fn by_name(path: &str) -> Self {
        let forms = [
            (".yaml", Self::Yaml),
            (".yml", Self::Yaml),
            (".json", Self::Json),
            (".env", Self::Dotenv),
            (".ini", Self::Ini),
        ];
        forms.into_iter().find(|(end, _)| path.ends_with(end)).map_or(Self::Binary, |(_, form)| form)
    }

    /// What sops prints for us, as its options name it. An INI file as JSON, in which each value is whole and quoted.
    fn printed(self) -> &'static str {
        match self {
            Self::Yaml => "yaml",
            Self::Json | Self::Ini => "json",
            Self::Dotenv => "dotenv",
            Self::Binary => "binary",
        }
    }

    /// What that is as a document; `None` where the file itself decides.
    pub fn document(self) -> Option<(Format, Dialect)> {
        match self {
            Self::Yaml => Some((Format::Yaml, Dialect::Python)),
            Self::Json | Self::Ini => Some((Format::Json, Dialect::Python)),
            Self::Dotenv => Some((Format::Dotenv, Dialect::Nul)),
            Self::Binary => None,
        }
    }
}

/// The kind `sops`.
pub struct Sops;

impl Tool for Sops {
    fn argv(&self, _: &SourceDef, locator: &Locator) -> Vec<String> {
        let path = placed(&locator.text);
        // The flags and not the command `decrypt`: before 3.9 that would be a file to edit. The first one means
        // nothing here, but before 3.8 it is unknown, and sops ends at once instead of doing something else.
        let words = ["sops", "--disable-version-check", "--decrypt", "--output-type"];
        let words = words.into_iter().chain([Form::by_name(&path).printed()]).map(str::to_owned);
        words.chain([path]).collect()
    }

    fn missing(&self) -> Option<&'static str> {
        Some("sops decrypts the file: https://github.com/getsops/sops/releases has it")
    }

    /// Whether there is a file to read: sops says so with exit codes that mean other things too.
    fn check(&self, locator: &Locator) -> Result<(), Fault> {
        let file = sys::open(Path::new(&locator.text), OFlag::O_RDONLY | OFlag::O_NONBLOCK);
        match file.and_then(|fd| fstat(&fd)).map(|stat| sys::file_type(&stat)) {
            Ok(libc::S_IFREG) => Ok(()),
            Ok(libc::S_IFDIR) => Err(Fault::invalid("is a folder, not a file")),
            Ok(_) => Err(Fault::invalid("is no regular file")),
            Err(Errno::ENOENT | Errno::ENOTDIR) => Err(Fault::absent("no such file")),
            Err(error @ (Errno::EACCES | Errno::EPERM)) => Err(Fault::denied(os(error))),
            Err(error) => Err(Fault::invalid(os(error))),
        }
    }

    fn answer(&self, source: &SourceDef, locator: &Locator, printed: Vec<u8>, code: i32) -> Result<Payload, Fault> {
        if code != 0 {
            return Err(failed(locator, code, &printed, &self.argv(source, locator)));
        }
        match Form::by_name(&locator.text) {
            Form::Dotenv => return Ok(dated(locator, exact::dotenv(&printed, || encrypted(locator))?)),
            Form::Ini => exact::json(&printed)?,
            Form::Yaml => exact::yaml(&printed)?,
            Form::Json | Form::Binary => {}
        }
        Ok(dated(locator, printed))
    }
}

/// The path as an argument: a bare name could be a flag or a command of sops.
pub fn placed(path: &str) -> String {
    let placed = ["/", "./", "../"].iter().any(|start| path.starts_with(start));
    if placed { path.to_owned() } else { format!("./{path}") }
}

/// Why sops, called so, has failed with this exit code.
pub fn failed(locator: &Locator, code: i32, printed: &[u8], argv: &[String]) -> Fault {
    failure(locator, code, printed).unwrap_or_else(|| {
        let mut fault = unexplained(format!("sops ended with exit code {code}"), argv);
        fault.hint = fault.hint.map(|hint| hint + " >/dev/null");
        fault
    })
}

/// What sops gave, with the time at which it last wrote the file: `lastmodified` is among its own notes, at the end.
fn dated(locator: &Locator, bytes: Vec<u8>) -> Payload {
    const KEY: &[u8] = b"lastmodified";
    let file = encrypted(locator);
    let text = memmem::rfind(&file, KEY).and_then(|at| file.get(at + KEY.len()..)).unwrap_or_default();
    let time = text.split(|c| !c.is_ascii_alphanumeric() && !b"-+:.".contains(c)).find(|word| word.len() > 1);
    let created = time.and_then(|time| Stored::time(std::str::from_utf8(time).ok()?));
    Payload { stored: Stored { version: None, created }, ..Payload::from(bytes) }
}

/// The file as it lies there.
fn encrypted(locator: &Locator) -> Vec<u8> {
    std::fs::read(&locator.text).unwrap_or_default()
}

/// What an exit code means (3.13: cmd/sops/codes); `None` where it can be anything.
fn failure(locator: &Locator, code: i32, printed: &[u8]) -> Option<Fault> {
    Some(match code {
        128 => Fault::denied("sops could use none of the keys that open it").hint(format!(
            "it needs an age, SSH or PGP key, or a login where the key is kept; `sops decrypt {} >/dev/null` says what it tried",
            printable(&shell_word(&locator.text))
        )),
        24 | 25 | 51 | 52 => Fault::invalid("it was changed since sops encrypted it, or is damaged")
            .hint("restore it, or encrypt it anew: nobody can say which of its values are still true"),
        4 => Fault::invalid("sops encrypted it in another format than its name tells")
            .hint("its name must end as it did then: .yaml, .yml, .json, .env or .ini"),
        1 if printed.starts_with(b"Incorrect Usage") => Fault::unreachable("this sops is too old")
            .hint("version 3.8 or newer is needed: https://github.com/getsops/sops/releases has it"),
        1 => return unreadable(locator),
        _ => return None,
    })
}

/// What of a file sops could not read, with exit code 1 for all of it: no SOPS file, or bad syntax.
fn unreadable(locator: &Locator) -> Option<Fault> {
    let form = Form::by_name(&locator.text);
    let text = encrypted(locator);
    let lines = || text.split(|c| *c == b'\n');
    let (marked, syntax) = match form {
        Form::Dotenv => {
            let wrong = lines().position(|line| !line.is_empty() && !line.starts_with(b"#") && !line.contains(&b'='));
            let mistake = wrong.map(|at| Mistake::new("neither a comment nor NAME=VALUE").line(at + 1));
            (lines().any(|line| line.starts_with(b"sops_")), mistake)
        }
        Form::Ini => (lines().any(|line| line.trim_ascii() == b"[sops]"), None),
        Form::Yaml | Form::Json | Form::Binary => {
            let format = if form == Form::Yaml { Format::Yaml } else { Format::Json };
            match Document::parse(Secret::from(&*text), format, Dialect::Python) {
                Ok(document) => (document.at(Some(&Field::key("sops"))).is_ok(), None),
                // What is to be encrypted as it is has no syntax of its own.
                Err(_) if form == Form::Binary && memmem::find(&text, b"sops").is_none() => (false, None),
                Err(mistake) => (true, Some(mistake)),
            }
        }
    };
    match syntax {
        Some(mistake) => {
            let line = mistake.line.map_or_else(String::new, |line| format!("line {line}: "));
            Some(Fault { hint: mistake.hint, ..Fault::invalid(format!("{line}{}", mistake.message)) })
        }
        None if marked => None,
        None => Some(
            Fault::invalid("is no SOPS file: nothing in it says how it was encrypted")
                .hint("the sources 'file' and 'dotenv' read what is not encrypted"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_by_name() {
        for (path, form) in [
            ("a/secrets.enc.yaml", Form::Yaml),
            ("b.yml", Form::Yaml),
            ("b.json", Form::Json),
            (".env", Form::Dotenv),
            ("prod.env", Form::Dotenv),
            ("x.ini", Form::Ini),
            ("x.YAML", Form::Binary),
            (".env.local", Form::Binary),
            ("key.pem", Form::Binary),
            ("", Form::Binary),
        ] {
            assert_eq!(Form::by_name(path), form, "{path}");
        }
    }
}
