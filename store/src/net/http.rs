//! The HTTP client of the house. No redirect is followed, which a token would go along with; plain http uses no proxy and
//! loads no certificates; no answer is endless. Where plain http may go at all is the caller's to say ([`super::address`]).

use std::sync::OnceLock;

use inject::error::{Fault, printable};
use reqwest::{Client, ClientBuilder, Response, Url, header, redirect};

use super::{CONNECT, Failure};

/// The most bytes of an answer with one secret in it: those of a payload.
pub(crate) const MOST: usize = 1 << 20;

/// What every client of ours begins with.
pub(crate) fn builder() -> ClientBuilder {
    Client::builder().redirect(redirect::Policy::none()).connect_timeout(CONNECT)
}

/// The same for plain http. Certificates of CAs cost more than all the rest of a request.
pub(crate) fn plain() -> ClientBuilder {
    builder().no_proxy().tls_certs_only([])
}

/// There are no certificates to believe in.
pub(crate) fn without_cas() -> Fault {
    Fault::unreachable("no TLS without certificates of CAs")
        .hint("SSL_CERT_FILE names a file with the certificates of those to believe")
}

/// A pool of connections for each of the two ways, made where it is needed.
#[derive(Debug, Default)]
pub(crate) struct Pools {
    plain: OnceLock<Result<Client, Fault>>,
    tls: OnceLock<Result<Client, Fault>>,
}

impl Pools {
    /// The client for this address.
    ///
    /// # Errors
    /// The CA certificates cannot be read.
    pub(crate) fn client(&self, url: &Url) -> Result<Client, Fault> {
        let build = |builder: ClientBuilder| builder.build().map_err(|_| without_cas());
        match url.scheme() {
            "http" => self.plain.get_or_init(|| build(plain())).clone(),
            _ => self.tls.get_or_init(|| build(builder().https_only(true))).clone(),
        }
    }
}

/// The whole body of an answer, of at most so many bytes; `shown` is who answers.
///
/// # Errors
/// It is longer, or breaks off, which `explain` puts into words.
pub(crate) async fn body(
    response: &mut Response,
    most: usize,
    shown: &str,
    explain: impl Fn(&reqwest::Error) -> Failure,
) -> Result<Vec<u8>, Failure> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| explain(&error))? {
        if body.len() + chunk.len() > most {
            return Err(Fault::invalid(format!("{shown}: the answer is larger than {} MiB", most >> 20)).into());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Where a redirect leads, for a message; the path can hold a token and is left out.
pub(crate) fn whither(response: &Response) -> String {
    let target = response.headers().get(header::LOCATION).and_then(|value| value.to_str().ok());
    let target = target.and_then(|target| Url::parse(target).ok()).filter(Url::has_host);
    target.map_or_else(|| "elsewhere".to_owned(), |url| printable(&url.origin().ascii_serialization()))
}
