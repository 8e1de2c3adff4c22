//! The names of secrets: `projects/P/[locations/L/]secrets/S/versions/V`.

use inject::error::Fault;

/// A version of a secret.
pub(super) struct Name {
    /// Up to and with the secret.
    secret: String,
    /// For a regional secret.
    pub(super) location: Option<String>,
    version: String,
}

impl Name {
    /// Reads a locator; `version` is the entry's own option, `project` the source's.
    ///
    /// # Errors
    /// It is no such name, says the version twice, or there is no project.
    pub(super) fn parse(
        text: &str,
        version: Option<&str>,
        project: impl FnOnce() -> Result<String, Fault>,
    ) -> Result<Self, Fault> {
        let (secret, own) = match text.split_once("/versions/") {
            Some((secret, version)) => (secret, Some(version)),
            None => (text, None),
        };
        let version = match (own, version) {
            (Some(_), Some(_)) => {
                return Err(Fault::invalid("the version is said twice: by the name and by 'version'"));
            }
            (own, option) => own.or(option).unwrap_or("latest").to_owned(),
        };
        let parts: Vec<_> = secret.split('/').collect();
        let (secret, location) = match parts.as_slice() {
            [name] => (format!("projects/{}/secrets/{name}", project()?), None),
            ["projects", _, "secrets", _] => (secret.to_owned(), None),
            ["projects", _, "locations", location, "secrets", _] => (secret.to_owned(), Some((*location).to_owned())),
            _ => return Err(Fault::invalid("this is no name of a secret")),
        };
        let plain = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.:/".contains(c));
        if !plain(&secret) || !plain(&version) || version.contains('/') {
            return Err(Fault::invalid("this is no name of a secret"));
        }
        Ok(Self { secret, location, version })
    }

    /// The whole name.
    pub(super) fn full(&self) -> String {
        format!("{}/versions/{}", self.secret, self.version)
    }

    /// The name up to and with the secret: all its versions.
    pub(super) fn secret(&self) -> &str {
        &self.secret
    }

    /// What the secret stands in, and what it is called there.
    pub(super) fn parts(&self) -> (&str, &str) {
        let (parent, id) = self.secret.rsplit_once('/').unwrap_or_default();
        (parent.trim_end_matches("/secrets"), id)
    }

    /// Which version, for messages.
    pub(super) fn version(&self) -> &str {
        &self.version
    }
}
