//! Where the server is: its address, its path there, and its namespace.

use std::path::{Path, PathBuf};

use inject::error::{Fault, printable};
use reqwest::Url;

use super::environment::{Said, said, variable_of};
use crate::net::{address, is_loopback};
use crate::settings::Settings;

/// A server's address, taken apart.
pub(super) struct Place {
    /// As a message names it.
    pub(super) shown: String,
    /// Scheme, host and port, with a slash.
    pub(super) origin: Url,
    /// The path of the API there: `v1`, where the server has the address for itself.
    pub(super) api: String,
    /// The way there, where it is another than the origin says.
    pub(super) by: By,
    /// Whether it never leaves this machine, so that no proxy has a say.
    pub(super) is_here: bool,
    pub(super) namespace: Option<String>,
}

/// What to connect to.
pub(super) enum By {
    Origin,
    Socket(PathBuf),
    /// A host and port; the origin has the name that its certificate is held against.
    Host(String, u16),
}

impl Place {
    /// What the settings say, else the environment, else the official clients' `https://127.0.0.1:8200`.
    ///
    /// # Errors
    /// It is no address, or one that would show the secrets.
    pub(super) fn new(settings: &Settings) -> Result<Self, Fault> {
        let Said { text, by } = addressed(settings)?;
        let namespace = said(settings, "namespace", "NAMESPACE")?.map(namespace).transpose()?;
        if let Some(path) = text.strip_prefix("unix://") {
            if !path.starts_with('/') {
                let fault = Fault::invalid(format!("{by}: '{}' names no socket", printable(&text)));
                return Err(fault.hint("a socket is unix:///PATH"));
            }
            let (origin, by) = (address("http://localhost", &by)?, By::Socket(Path::new(path).to_owned()));
            return Ok(Self { shown: printable(&text), origin, api: "v1".to_owned(), by, is_here: true, namespace });
        }
        let mut origin = address(&text, &by)?;
        let api = format!("{}/v1", origin.path().trim_matches('/')).trim_start_matches('/').to_owned();
        origin.set_path("/");
        origin.set_query(None);
        origin.set_fragment(None);
        let shown = printable(origin.as_str().trim_end_matches('/'));
        let is_here = origin.host_str().is_some_and(is_loopback);
        let by = named(&mut origin)?;
        Ok(Self { shown, origin, api, by, is_here, namespace })
    }

    /// Whether certificates play a part.
    pub(super) fn is_tls(&self) -> bool {
        self.origin.scheme() == "https"
    }
}

fn addressed(settings: &Settings) -> Result<Said, Fault> {
    // An agent on this machine, where there is one, answers for the server.
    let agent = if settings.text("address")?.is_none() { variable_of("AGENT_ADDR")? } else { None };
    let said = agent.map_or_else(|| said(settings, "address", "ADDR"), |agent| Ok(Some(agent)))?;
    Ok(said.unwrap_or_else(|| Said { text: "https://127.0.0.1:8200".to_owned(), by: "the default".to_owned() }))
}

/// Puts the name that `VAULT_TLS_SERVER_NAME` asks for into the address.
fn named(origin: &mut Url) -> Result<By, Fault> {
    let Some(name) = variable_of("TLS_SERVER_NAME")?.filter(|_| origin.scheme() == "https") else {
        return Ok(By::Origin);
    };
    let host = origin.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    let port = origin.port_or_known_default().unwrap_or_default();
    // An address would be gone to, in place of the server's own.
    match origin.set_host(Some(&name.text)) {
        Ok(()) if origin.domain().is_some_and(|domain| domain.eq_ignore_ascii_case(&name.text)) => {
            Ok(By::Host(host, port))
        }
        _ => Err(Fault::invalid(format!("{}: '{}' is no name of a host", name.by, printable(&name.text)))
            .hint("it is the name in the server's certificate; an address belongs into VAULT_ADDR")),
    }
}

/// It becomes a header.
fn namespace(said: Said) -> Result<String, Fault> {
    if said.text.chars().all(|c| c.is_ascii_graphic()) {
        return Ok(said.text);
    }
    Err(Fault::invalid(format!("{}: '{}' is no namespace", said.by, printable(&said.text))))
}

/// The most bytes of a path.
const LONGEST: usize = 4096;

/// Whether `text` can stand between two slashes of a path, and leads nowhere else.
pub(super) fn is_part(text: &str) -> bool {
    !matches!(text, "" | "." | "..") && text.len() <= LONGEST && !text.contains(|c: char| c == '/' || c.is_control())
}

/// A path that a request is made of: nothing in it may lead elsewhere than it says.
///
/// # Errors
/// It does; `what` names it.
pub(super) fn path<'t>(text: &'t str, what: &str) -> Result<&'t str, Fault> {
    if text.len() > LONGEST || !text.split('/').all(is_part) {
        let fault = Fault::invalid(format!("{what}: '{}' is no path of Vault's", printable(text)));
        return Err(fault.hint("its parts stand between single slashes, and none of them is '.' or '..'"));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_parts_and_leads_nowhere_else() {
        for good in ["secret/app", "a", "a/b c/\u{e4}", "a/...", "a/%2e%2e", "a/b?c#d"] {
            assert!(path(good, "x").is_ok(), "{good}");
        }
        for bad in ["", "/", "/a", "a/", "a//b", ".", "a/../b", "a/.", "a\nb", "a/\0", &"a".repeat(4097)] {
            assert!(path(bad, "x").is_err(), "{bad}");
        }
    }
}
