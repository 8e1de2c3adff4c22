//! The metadata server of the machine (cloud.google.com/compute/docs/metadata): in plain http, so on this machine or its
//! own link.

use inject::error::{Fault, printable};

use crate::net::{is_link_local, is_loopback};
use crate::settings::Settings;

const NAME: &str = "metadata.google.internal";

/// Its host, and a port where it has one. The SDK goes to the same, and panics where that is none.
///
/// # Errors
/// `GCE_METADATA_HOST` says what is none, or one that would show the token to the network.
pub(super) fn host() -> Result<String, Fault> {
    // The SDK takes it for said where it is empty.
    let said = match std::env::var_os("GCE_METADATA_HOST") {
        Some(said) if said.is_empty() => Some(String::new()),
        _ => Settings::env("GCE_METADATA_HOST")?,
    };
    let Some(said) = said else { return Ok(NAME.to_owned()) };
    let fault = |why: &str| Err(Fault::invalid(format!("GCE_METADATA_HOST: '{}' {why}", printable(&said))));
    let Some(url) = reqwest::Url::parse(&format!("http://{said}/")).ok().filter(|_| is_host(&said)) else {
        return fault("is no HOST[:PORT]");
    };
    match url.host_str() {
        Some(host) if host == NAME || is_loopback(host) || is_link_local(host) => Ok(said),
        _ => fault("is neither this machine nor on its link, and would show the token to the network"),
    }
}

/// Nothing that makes another address of it.
fn is_host(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || ".-:[]".contains(c))
}

/// The machine's own project.
pub(super) async fn project() -> Option<String> {
    let host = host().ok()?;
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .tls_certs_only(Vec::new())
        .build()
        .ok()?;
    let url = format!("http://{host}/computeMetadata/v1/project/project-id");
    let answer = client.get(url).header("Metadata-Flavor", "Google").send().await.ok()?;
    let text = answer.error_for_status().ok()?.text().await.ok()?;
    let plain = text.len() < 100 && text.chars().all(|c| c.is_ascii_alphanumeric() || "-:.".contains(c));
    (plain && !text.is_empty()).then_some(text)
}
