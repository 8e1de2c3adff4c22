//! How the SDK's requests travel: over the HTTP client of the house, so that its rules hold for logins too.

use std::fmt;

use async_trait::async_trait;
use azure_core::error::{Error, ErrorKind};
use azure_core::http::headers::{HeaderName, HeaderValue, Headers};
use azure_core::http::{AsyncRawResponse, Body, HttpClient, Method, Request, Url};
use inject::error::{Fault, printable};

use crate::net::http::{MOST, Pools, body};
use crate::net::{ATTEMPT, Cause, Failure, is_link_local, is_loopback};

/// The metadata service of a virtual machine.
const METADATA: &str = "169.254.169.254";

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

/// The client, as the SDK takes it.
#[derive(Debug)]
pub(super) struct Http {
    pools: Pools,
    /// The host on this machine's link that serves its identity.
    identity: Option<String>,
}

impl Http {
    /// `identity` is the address where a container is told to find its identity.
    pub(super) fn new(identity: Option<&str>) -> Self {
        let identity = identity.and_then(|text| Url::parse(text).ok()?.host_str().map(str::to_owned));
        Self { pools: Pools::default(), identity: identity.filter(|host| is_link_local(host)) }
    }

    /// Whether plain http may go there.
    fn is_near(&self, host: &str) -> bool {
        is_loopback(host) || host == METADATA || self.identity.as_deref() == Some(host)
    }
}

#[async_trait]
impl HttpClient for Http {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let url = request.url().clone();
        let host = url.host_str().unwrap_or_default().to_owned();
        let shown = printable(&host);
        if url.scheme() == "http" && !self.is_near(&host) {
            let fault = Fault::invalid(format!("{shown}: plain http would show the secrets to the network"));
            return Err(Wire::wrapped(fault, false));
        }
        let client = self.pools.client(&url).map_err(|fault| Wire::wrapped(fault, false))?;
        let method = match request.method() {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
            Method::Delete => reqwest::Method::DELETE,
            _ => return Err(Wire::wrapped(Fault::invalid("the SDK makes a request that is not known here"), false)),
        };
        let mut asked = client.request(method, url.as_str()).timeout(ATTEMPT);
        for (name, value) in request.headers().iter() {
            asked = asked.header(name.as_str(), value.as_str());
        }
        if let Body::Bytes(bytes) = request.body() {
            asked = asked.body(bytes.clone());
        }
        let explain = |error: &reqwest::Error| Cause::of(error).failure(&shown);
        let wrapped = |Failure { fault, again, .. }: Failure| Wire::wrapped(fault, again);
        let mut answer = asked.send().await.map_err(|error| wrapped(explain(&error)))?;
        let body = body(&mut answer, MOST, &shown, explain).await.map_err(wrapped)?;
        let mut headers = Headers::new();
        for (name, value) in answer.headers() {
            if let Ok(value) = value.to_str() {
                headers.insert(HeaderName::from(name.as_str().to_owned()), HeaderValue::from(value.to_owned()));
            }
        }
        Ok(AsyncRawResponse::from_bytes(answer.status().as_u16().into(), headers, body))
    }
}
