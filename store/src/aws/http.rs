//! How the SDK's requests travel, also those for credentials: over the HTTP client of the house, so that its rules hold
//! for every address that the SDK comes upon, in a variable or in a file.

use std::error::Error;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use inject::error::{Fault, State, printable};
use reqwest::{Method, Request, Response, Url};

use crate::net::http::{MOST, Pools, body, whither};
use crate::net::{ATTEMPT, Cause, Failure, address, again, is_loopback, pause, retry_after};

/// The most bytes of an answer with many: 20 secrets of 64 KiB, each byte escaped.
const MANY: usize = 8 << 20;

/// What went wrong on the way, inside of an error of the SDK's.
#[derive(Debug)]
pub(super) struct Wire(pub(super) Fault);

impl fmt::Display for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the request failed")
    }
}

impl Error for Wire {}

/// The client, as the SDK takes it.
#[derive(Clone, Debug)]
pub(super) struct Http(Arc<Ways>);

impl Http {
    /// Begins nothing that cannot end before the deadline.
    pub(super) fn new(deadline: Instant) -> Self {
        Self(Arc::new(Ways { deadline, pools: Pools::default() }))
    }
}

/// The connections, and until when they are of use.
#[derive(Debug)]
struct Ways {
    deadline: Instant,
    pools: Pools,
}

impl HttpClient for Http {
    fn http_connector(&self, settings: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        let timeout = settings.read_timeout().unwrap_or(ATTEMPT);
        SharedHttpConnector::new(Connector { ways: self.0.clone(), timeout })
    }
}

#[derive(Debug)]
struct Connector {
    ways: Arc<Ways>,
    timeout: Duration,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (ways, timeout) = (self.ways.clone(), self.timeout);
        HttpConnectorFuture::new(async move { ways.send(request, timeout).await.map_err(connector_error) })
    }
}

/// As the SDK decides by it whether to try again.
fn connector_error(failure: Failure) -> ConnectorError {
    let late = failure.fault.state == State::Timeout;
    let wire = Box::new(Wire(failure.fault));
    match (failure.again, late) {
        (false, _) => ConnectorError::user(wire),
        (true, true) => ConnectorError::timeout(wire),
        (true, false) => ConnectorError::io(wire),
    }
}

impl Ways {
    async fn send(&self, request: HttpRequest, timeout: Duration) -> Result<HttpResponse, Failure> {
        let url = url(request.uri())?;
        let host = url.host_str().map(printable).unwrap_or_default();
        // A call of a service, not one for credentials.
        let target = request.headers().get("x-amz-target").map(str::to_owned);
        let client = self.pools.client(&url)?;
        let request = translate(request, url, timeout)?;
        let mut response = client.execute(request).await.map_err(|error| explain(&error, &host))?;
        let status = response.status().as_u16();
        if response.status().is_redirection() {
            let fault = Fault::invalid(format!("{host} redirects to {} ({status})", whither(&response)));
            return Err(fault.hint("set `endpoint-url`").into());
        }
        let most = if target.as_deref().is_some_and(many) { MANY } else { MOST };
        let body = body(&mut response, most, &host, |error| explain(error, &host)).await?;
        if target.is_some() && again(status) && !has_code(&response, &body) {
            return Err(busy(&response, &host, self.deadline).await);
        }
        if target.is_some() && is_page(&body) {
            let fault = Fault::unreachable(format!("{host} is not AWS: it answered a web page ({status})"));
            return Err(fault.hint("a proxy or a login page may stand in between").into());
        }
        let broken = |_| Fault::invalid(format!("{host} answered something that is not HTTP"));
        let mut answer = HttpResponse::new(status.try_into().map_err(broken)?, body.into());
        for (name, value) in response.headers() {
            if let Ok(value) = value.to_str() {
                answer.headers_mut().try_append(name.as_str().to_owned(), value.to_owned()).map_err(broken)?;
            }
        }
        Ok(answer)
    }
}

/// https, plain http to this machine, or to where a virtual machine or a container finds its credentials.
fn url(text: &str) -> Result<Url, Fault> {
    const METADATA: [&str; 5] =
        ["169.254.169.254", "169.254.170.2", "169.254.170.23", "[fd00:ec2::254]", "[fd00:ec2::23]"];
    match Url::parse(text) {
        Ok(url) if url.scheme() == "http" && url.host_str().is_some_and(|host| METADATA.contains(&host)) => Ok(url),
        _ => address(text, "the endpoint"),
    }
}

fn translate(from: HttpRequest, url: Url, timeout: Duration) -> Result<Request, Fault> {
    let unusable = || Fault::invalid("a request that cannot be written as HTTP");
    let method = Method::from_bytes(from.method().as_bytes()).map_err(|_| unusable())?;
    let mut request = Request::new(method, url);
    for (name, value) in from.headers().iter_bytes() {
        let name: reqwest::header::HeaderName = name.parse().map_err(|_| unusable())?;
        let value = reqwest::header::HeaderValue::from_bytes(value).map_err(|_| unusable())?;
        request.headers_mut().append(name, value);
    }
    // None of the calls that are made here streams.
    let body = from.body().bytes().ok_or_else(unusable)?;
    *request.body_mut() = Some(body.to_vec().into());
    *request.timeout_mut() = Some(timeout);
    Ok(request)
}

/// Whether one answer to this call holds many values.
fn many(target: &str) -> bool {
    ["BatchGetSecretValue", "GetParameters", "GetParametersByPath"].iter().any(|call| target.ends_with(call))
}

/// Whether an error is AWS's own: those the SDK knows how to try again.
fn has_code(response: &Response, body: &[u8]) -> bool {
    response.headers().contains_key("x-amzn-errortype")
        || [&b"\"__type\""[..], b"<Code>"].iter().any(|mark| body.windows(mark.len()).any(|window| window == *mark))
}

/// Somebody on the way, or AWS itself, is not able to answer now, and may say for how long.
async fn busy(response: &Response, host: &str, deadline: Instant) -> Failure {
    let status = response.status().as_u16();
    let header = response.headers().get("retry-after").and_then(|value| value.to_str().ok());
    let Some(wait) = retry_after(header) else {
        return Failure { fault: Fault::outage(format!("{host} is not able to ({status})")), again: true, after: None };
    };
    let fault = Fault::outage(format!("{host} is not able to ({status}), for {} s", wait.as_secs()));
    if wait > ATTEMPT / 2 || deadline.saturating_duration_since(Instant::now()) <= wait {
        return fault.into();
    }
    pause(wait).await;
    Failure { fault, again: true, after: None }
}

/// Whether this is HTML, whatever it is called.
fn is_page(body: &[u8]) -> bool {
    let begins =
        |with: &[u8]| body.trim_ascii_start().get(..with.len()).is_some_and(|head| head.eq_ignore_ascii_case(with));
    begins(b"<!doctype html") || begins(b"<html")
}

fn explain(error: &reqwest::Error, host: &str) -> Failure {
    let says = |part| chain(error).any(|error| error.to_string().contains(part));
    if says("invalid HTTP") {
        return Fault::unreachable(format!("{host} does not speak HTTP")).into();
    }
    if says("proxy authorization required") {
        return Fault::unreachable("the proxy on the way wants a login (407)")
            .hint(proxied().unwrap_or_default())
            .into();
    }
    let cause = Cause::of(error);
    let mut failure = cause.failure(host);
    failure.fault.hint = match cause {
        Cause::NoHost => Some("is the region right, and `endpoint-url`?".to_owned()),
        Cause::UnknownCa => Some("SSL_CERT_FILE can name a file with the certificate of the CA".to_owned()),
        _ if is_loopback(host) => None,
        _ => proxied(),
    };
    failure
}

/// Which proxy may be in between; its user and password are nobody's business.
fn proxied() -> Option<String> {
    let named = |name| Some((name, Url::parse(&std::env::var(name).ok()?).ok()?));
    let (name, url) = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"].into_iter().find_map(named)?;
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    Some(format!("{name} names a proxy: {}{port}", printable(url.host_str()?)))
}

/// The first error of this type in the chain.
pub(super) fn find<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    chain(error).find_map(<dyn Error>::downcast_ref)
}

/// An error and all that it comes from; an `io::Error`'s own content is a link of it, too.
pub(super) fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(inner) => Some(inner),
        None => error.source(),
    })
}
