//! What can stand behind the `:` of a reference, by the kind of its source: what no source would take is found before
//! any is asked.

use crate::error::printable;
use crate::reference::{Ref, is_name};
use crate::source::kind::{Kind, Locates};

/// Checks the locator of a reference; `pattern` is for one that gives every key of a document.
///
/// # Errors
/// What is wrong with it, for a message.
pub(super) fn check(kind: &Kind, reference: &Ref, pattern: bool) -> Result<(), String> {
    let locator = reference.locator.as_str();
    let wanted = match kind.name {
        "env" if !is_name(locator.as_bytes()) => {
            return Err(format!("'{reference}': '{}' is no name of a variable", printable(locator)));
        }
        "keychain" if !is_pair(locator.rsplit_once('/')) => "a keychain item is SERVICE/ACCOUNT",
        "systemd" if locator.contains('/') || locator == "." || locator == ".." => "a credential's name has no '/'",
        "vault" if !is_pair(locator.split_once('/')) => "a path in Vault is MOUNT/PATH",
        "ssm" if locator.ends_with('/') && !pattern => {
            "this is a path of parameters: only a pattern like \"*\" takes all of it"
        }
        "aws" | "ssm" if locator.contains(char::is_whitespace) => "a name has no white space in it",
        "gcp" if !is_gcp(locator) => {
            "a secret is NAME[/versions/V] or projects/P/[locations/L/]secrets/NAME[/versions/V]"
        }
        "azure" if !is_azure(locator) => "a secret is NAME[/VERSION] or https://VAULT/secrets/NAME[/VERSION]",
        _ if kind.locates == Locates::File && locator.ends_with('/') => "names a folder, not a file",
        _ => return Ok(()),
    };
    Err(format!("'{reference}': {wanted}"))
}

fn is_pair(halves: Option<(&str, &str)>) -> bool {
    halves.is_some_and(|(one, two)| !one.is_empty() && !two.is_empty())
}

/// Letters, digits and these; at least one.
fn is_word(word: &str, others: &str) -> bool {
    !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || others.contains(c))
}

fn is_gcp(locator: &str) -> bool {
    let parts: Vec<_> = locator.split('/').collect();
    let (name, version) = match parts.as_slice() {
        [name @ .., "versions", version] => (name, is_word(version, "_-")),
        name => (name, true),
    };
    // A project of a domain of its own has a ':' in its name (example.com:app).
    let is_project = |project: &str| is_word(project, "-:.");
    let is_name = |name: &str| is_word(name, "_-");
    version
        && match name {
            [name] => is_name(name),
            ["projects", project, "secrets", name] => is_project(project) && is_name(name),
            ["projects", project, "locations", place, "secrets", name] => {
                is_project(project) && is_word(place, "-") && is_name(name)
            }
            _ => false,
        }
}

fn is_azure(locator: &str) -> bool {
    let name = match locator.strip_prefix("https://").map(|rest| rest.split_once("/secrets/")) {
        Some(Some((host, name))) if is_word(host, "-.:") => name,
        Some(_) => return false,
        None => locator,
    };
    let parts: Vec<_> = name.split('/').collect();
    parts.len() <= 2 && parts.iter().all(|part| is_word(part, "-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_google() {
        for good in [
            "a",
            "a-b_C/versions/5",
            "projects/example.com:app/secrets/s",
            "projects/p/locations/europe-west3/secrets/s/versions/latest",
        ] {
            assert!(is_gcp(good), "{good}");
        }
        for bad in [
            "",
            "a/b",
            "a/versions/",
            "projects/p/secrets",
            "projects//secrets/s",
            "secrets/s",
            "a b",
            "a/versions/1/2",
        ] {
            assert!(!is_gcp(bad), "{bad}");
        }
    }

    #[test]
    fn names_of_azure() {
        for good in ["tls-key", "tls-key/4387e9f3d6e14c459867679a90fd0f79", "https://v.vault.azure.net/secrets/a/b"] {
            assert!(is_azure(good), "{good}");
        }
        for bad in [
            "",
            "a_b",
            "a/",
            "a/b/c",
            "https://v/keys/a",
            "http://v/secrets/a",
            "https:///secrets/a",
            "https://u@v/secrets/a",
        ] {
            assert!(!is_azure(bad), "{bad}");
        }
    }
}
