//! How the SDK's requests travel: over the one HTTP client of the house, so that its limits hold for logins too. No
//! redirect is followed, no proxy leads to this machine, no answer is endless.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use azure_core::error::{Error, ErrorKind};
use azure_core::http::headers::{HeaderName, HeaderValue, Headers};
use azure_core::http::{AsyncRawResponse, Body, HttpClient, Method, Request};
use inject::error::{Fault, printable};
use reqwest::{Client, ClientBuilder, redirect};

use crate::net::{ATTEMPT, CONNECT, Cause, Failure, is_loopback};

/// The most bytes of an answer.
const LARGEST: usize = 1 << 20;

/// What went wrong on the way, inside of an error of the SDK's.
pub(super) struct Wire(pub(super) Fault, pub(super) bool);

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wire")
    }
}

impl fmt::Display for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the request failed")
    }
}

impl std::error::Error for Wire {}

impl Wire {
    /// The one inside of an error.
    pub(super) fn of<'e>(error: &'e (dyn std::error::Error + 'static)) -> Option<&'e Self> {
        error.downcast_ref().or_else(|| error.source().and_then(Self::of))
    }

    /// As an error of the SDK's, of a kind that it does not look into.
    pub(super) fn wrapped(fault: Fault, again: bool) -> Error {
        Error::new(ErrorKind::Other, Self(fault, again))
    }
}

/// The pools: to anywhere, and to this machine and the metadata service, where no proxy stands in between.
#[derive(Debug)]
pub(super) struct Http {
    far: Client,
    near: Client,
}

impl Http {
    /// # Errors
    /// The CA certificates cannot be read.
    pub(super) fn new() -> Result<Self, Fault> {
        let builder =
            || ClientBuilder::new().redirect(redirect::Policy::none()).connect_timeout(CONNECT).timeout(ATTEMPT);
        let failed = |_| Fault::unreachable("no TLS: the CA certificates cannot be read");
        let far = builder().https_only(true).build().map_err(failed)?;
        let near = builder().no_proxy().connect_timeout(Duration::from_secs(1)).tls_certs_only(Vec::new()).build();
        Ok(Self { far, near: near.map_err(failed)? })
    }
}

#[async_trait]
impl HttpClient for Http {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let url = request.url().clone();
        let host = url.host_str().unwrap_or_default().to_owned();
        let shown = printable(&host);
        let plain = url.scheme() == "http";
        if plain && !is_loopback(&host) && host != "169.254.169.254" {
            let fault = Fault::invalid(format!("{shown}: plain http would show the secrets to the network"));
            return Err(Wire::wrapped(fault, false));
        }
        let client = if plain { &self.near } else { &self.far };
        let method = match request.method() {
            Method::Post => reqwest::Method::POST,
            _ => reqwest::Method::GET,
        };
        let mut asked = client.request(method, url.as_str());
        for (name, value) in request.headers().iter() {
            asked = asked.header(name.as_str(), value.as_str());
        }
        if let Body::Bytes(bytes) = request.body() {
            asked = asked.body(bytes.clone());
        }
        let broken = |error: reqwest::Error| {
            let Failure { fault, again, .. } = Cause::of(&error).failure(&shown);
            Wire::wrapped(fault, again)
        };
        let mut answer = asked.send().await.map_err(broken)?;
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(broken)? {
            if body.len() + chunk.len() > LARGEST {
                let fault = Fault::invalid(format!("the answer of {shown} is larger than 1 MiB"));
                return Err(Wire::wrapped(fault, false));
            }
            body.extend_from_slice(&chunk);
        }
        let mut headers = Headers::new();
        for (name, value) in answer.headers() {
            if let Ok(value) = value.to_str() {
                headers.insert(HeaderName::from(name.as_str().to_owned()), HeaderValue::from(value.to_owned()));
            }
        }
        Ok(AsyncRawResponse::from_bytes(answer.status().as_u16().into(), headers, body))
    }
}
