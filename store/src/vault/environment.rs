//! The variables that the official clients know: `VAULT_*`, and OpenBao's `BAO_*`, which win.

use inject::error::Fault;

use crate::settings::Settings;

/// A text, and what says so.
pub(super) struct Said {
    pub(super) text: String,
    /// The name of a setting or a variable.
    pub(super) by: String,
}

/// What the source's table says, else what the variable of this name says, without its `BAO_` or `VAULT_`.
///
/// # Errors
/// It is not UTF-8.
pub(super) fn said(settings: &Settings, setting: &str, variable: &str) -> Result<Option<Said>, Fault> {
    match settings.text(setting)? {
        Some(text) => Ok(Some(Said { text: text.to_owned(), by: setting.to_owned() })),
        None => variable_of(variable),
    }
}

/// What a variable says: `BAO_NAME`, else `VAULT_NAME`. An empty one says nothing.
///
/// # Errors
/// It is not UTF-8.
pub(super) fn variable_of(name: &str) -> Result<Option<Said>, Fault> {
    for by in [format!("BAO_{name}"), format!("VAULT_{name}")] {
        if let Some(text) = Settings::env(&by)? {
            return Ok(Some(Said { text, by }));
        }
    }
    Ok(None)
}

/// Whoever asks for connections that are not verified gets none at all: not being heard would surprise, too.
///
/// # Errors
/// `VAULT_SKIP_VERIFY` asks for it.
pub(super) fn verifies() -> Result<(), Fault> {
    for name in ["BAO_SKIP_VERIFY", "VAULT_SKIP_VERIFY"] {
        let said = Settings::env(name)?.unwrap_or_default();
        if !["", "0", "f", "F", "false", "False", "FALSE"].contains(&said.as_str()) {
            let fault = Fault::invalid(format!("{name} is set, and inject sends nothing to a server it cannot verify"));
            return Err(fault.hint(format!("unset {name}; 'ca-cert', or VAULT_CACERT, makes a CA of your own trusted")));
        }
    }
    Ok(())
}
