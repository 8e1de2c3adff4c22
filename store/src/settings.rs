//! What a source's table says, as it came from the launcher.

use std::time::{Duration, Instant};

use inject::error::{Fault, printable};
use inject::secret::Secret;

/// The settings of one source, and until when it may work.
pub(crate) struct Settings {
    values: Vec<(String, Secret)>,
    deadline: Instant,
    ages: bool,
}

impl Settings {
    /// `left` is the time until the launch's deadline.
    pub(crate) fn new(values: Vec<(String, Secret)>, left: Duration, ages: bool) -> Self {
        let now = Instant::now();
        Self { values, deadline: now.checked_add(left).unwrap_or(now), ages }
    }

    /// A setting's bytes; they may be a credential.
    pub(crate) fn secret(&self, name: &str) -> Option<&Secret> {
        self.values.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// A setting that has to be text.
    ///
    /// # Errors
    /// It is not UTF-8.
    pub(crate) fn text(&self, name: &str) -> Result<Option<&str>, Fault> {
        let text = |value: &'_ Secret| std::str::from_utf8(value.expose()).map(drop).map_err(|_| ());
        match self.secret(name) {
            Some(value) if text(value).is_err() => Err(Fault::invalid(format!("'{name}' is not UTF-8"))),
            value => Ok(value.and_then(|value| std::str::from_utf8(value.expose()).ok())),
        }
    }

    /// A variable of the caller's, where it is set to something.
    ///
    /// # Errors
    /// It is not UTF-8.
    pub(crate) fn env(name: &str) -> Result<Option<String>, Fault> {
        match std::env::var(name) {
            Ok(text) if text.is_empty() => Ok(None),
            Ok(text) => Ok(Some(text)),
            Err(std::env::VarError::NotPresent) => Ok(None),
            Err(std::env::VarError::NotUnicode(_)) => Err(Fault::invalid(format!("{name} is not UTF-8"))),
        }
    }

    /// Refuses what this kind does not know: the launcher holds settings against its own table, so this is for one of
    /// another release.
    ///
    /// # Errors
    /// There is such a setting.
    pub(crate) fn only(&self, known: &[&str]) -> Result<(), Fault> {
        match self.values.iter().find(|(name, _)| !known.contains(&name.as_str())) {
            Some((name, _)) => Err(Fault::invalid(format!("inject-store knows no setting '{}'", printable(name)))
                .hint("install inject and inject-store from the same release")),
            None => Ok(()),
        }
    }

    /// Whether the time at which a value was stored is worth a request of its own.
    pub(crate) fn ages(&self) -> bool {
        self.ages
    }

    /// When the launch gives up.
    pub(crate) fn deadline(&self) -> Instant {
        self.deadline
    }
}
