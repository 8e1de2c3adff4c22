//! The network, for every kind that needs it: one runtime with one thread, how many requests run at once, when one is
//! tried again, and where plain http may go. The only file that names tokio.

use std::future::Future;
use std::io;
use std::sync::Once;
use std::time::{Duration, Instant};

use futures_util::stream::{self, StreamExt};
use inject::error::{Fault, printable};

mod cause;
pub(crate) mod environment;
pub(crate) mod http;
pub(crate) use cause::Cause;

/// The most requests that are under way at once.
pub(crate) const AT_ONCE: usize = 8;
/// The time to connect.
pub(crate) const CONNECT: Duration = Duration::from_secs(3);
/// The time for one attempt, connecting included.
pub(crate) const ATTEMPT: Duration = Duration::from_secs(10);
/// How often a request is tried in all.
pub(crate) const TRIES: u32 = 3;

/// Runs futures on this thread.
pub(crate) struct Runtime(tokio::runtime::Runtime);

impl Runtime {
    /// With rustls's one provider of cryptography in place.
    ///
    /// # Errors
    /// The system gives no epoll descriptor.
    pub(crate) fn new() -> Result<Self, Fault> {
        static PROVIDER: Once = Once::new();
        // It fails where one is installed already, and that is this one.
        PROVIDER.call_once(|| drop(rustls::crypto::aws_lc_rs::default_provider().install_default()));
        let built = tokio::runtime::Builder::new_current_thread().enable_all().build();
        built.map(Self).map_err(|error: io::Error| Fault::unreachable(format!("no event loop: {}", error.kind())))
    }

    /// Waits for `future`.
    pub(crate) fn run<F: Future>(&self, future: F) -> F::Output {
        self.0.block_on(future)
    }

    /// Waits for one future an item, at most [`AT_ONCE`] at a time; the answers stand in the order of the items.
    pub(crate) fn each<T, F: Future>(
        &self,
        items: impl IntoIterator<Item = T>,
        one: impl FnMut(T) -> F,
    ) -> Vec<F::Output> {
        self.run(stream::iter(items).map(one).buffered(AT_ONCE).collect())
    }
}

/// Waits for `future` at most so long; `None` where that was not enough.
pub(crate) async fn within<F: Future>(limit: Duration, future: F) -> Option<F::Output> {
    tokio::time::timeout(limit, future).await.ok()
}

/// How an attempt failed.
pub(crate) struct Failure {
    /// What to say of it.
    pub(crate) fault: Fault,
    /// Whether another attempt makes sense.
    pub(crate) again: bool,
    /// What `Retry-After` said.
    pub(crate) after: Option<Duration>,
}

impl From<Fault> for Failure {
    /// A fault that stands: it is not tried again.
    fn from(fault: Fault) -> Self {
        Self { fault, again: false, after: None }
    }
}

/// Attempts up to [`TRIES`] times, each no longer than [`ATTEMPT`], with full jitter in between, or as long as the
/// server says; what could not end before the deadline is not waited for.
///
/// # Errors
/// The last attempt's fault.
pub(crate) async fn retry<T, F: Future<Output = Result<T, Failure>>>(
    deadline: Instant,
    mut attempt: impl FnMut() -> F,
) -> Result<T, Fault> {
    let mut tried = 0;
    loop {
        tried += 1;
        let failure = match tokio::time::timeout(ATTEMPT, attempt()).await {
            Ok(Ok(done)) => return Ok(done),
            Ok(Err(failure)) => failure,
            Err(_) => {
                let fault = Fault::timeout(format!("no answer within {} s", ATTEMPT.as_secs()));
                Failure { fault, again: true, after: None }
            }
        };
        let pause = failure.after.unwrap_or_else(|| jitter(tried));
        let late = Instant::now().checked_add(pause).is_none_or(|then| then >= deadline);
        if !failure.again || tried == TRIES || late {
            return Err(failure.fault);
        }
        tokio::time::sleep(pause).await;
    }
}

/// Waits.
pub(crate) async fn pause(time: Duration) {
    tokio::time::sleep(time).await;
}

/// Anything from nothing to 100 ms, doubled with each attempt.
fn jitter(tried: u32) -> Duration {
    use std::hash::{BuildHasher, RandomState};
    let most = 100_u64 << tried.min(6);
    // Each RandomState has keys of its own; this needs no better randomness.
    Duration::from_millis(RandomState::new().hash_one(tried) % most)
}

/// Whether a status says that the same request may work soon.
pub(crate) fn again(status: u16) -> bool {
    matches!(status, 408 | 412 | 425 | 429 | 500..)
}

/// A server's own code for what is wrong, where it can only be one: its texts, and what stands in a code's place, can hold
/// what it was sent.
pub(crate) fn code(text: &str) -> Option<&str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    (!text.is_empty() && text.len() <= 64 && text.chars().all(plain)).then_some(text)
}

/// The wait that a `Retry-After` header asks for, where it is a number of seconds (RFC 9110, 10.2.3); a date is not
/// looked at, since the clocks may differ.
pub(crate) fn retry_after(header: Option<&str>) -> Option<Duration> {
    header?.trim().parse().ok().map(Duration::from_secs)
}

/// Whether `host`, of a URL, can only be this machine.
pub(crate) fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost") || host.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
}

/// Whether `host`, of a URL, can only be on this machine's own link: where the clouds have their metadata services.
pub(crate) fn is_link_local(host: &str) -> bool {
    match host.trim_start_matches('[').trim_end_matches(']').parse() {
        Ok(std::net::IpAddr::V4(ip)) => ip.is_link_local(),
        Ok(std::net::IpAddr::V6(ip)) => ip.is_unicast_link_local(),
        Err(_) => false,
    }
}

/// A base address, held against the one rule: https, or plain http to this machine.
///
/// # Errors
/// It is no such address; `what` names where it comes from.
pub(crate) fn address(text: &str, what: &str) -> Result<reqwest::Url, Fault> {
    let url = reqwest::Url::parse(text).map_err(|_| {
        Fault::invalid(format!("{what}: '{}' is no address", printable(text))).hint("an address is https://HOST[:PORT]")
    })?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Fault::invalid(format!("{what}: an address with a password in it is not taken")));
    }
    match (url.scheme(), url.host_str()) {
        ("https", Some(_)) => Ok(url),
        ("http", Some(host)) if is_loopback(host) => Ok(url),
        ("http", Some(host)) => Err(Fault::invalid(format!(
            "{what}: plain http to {} would show the secrets to the network",
            printable(host)
        ))
        .hint("use https; http is taken for this machine only")),
        _ => Err(Fault::invalid(format!("{what}: '{}' is no address", printable(text)))
            .hint("an address is https://HOST[:PORT]")),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_this_machine_only() {
        for good in ["https://a.example", "http://localhost:8200", "http://127.0.0.9", "http://[::1]:1"] {
            assert!(address(good, "x").is_ok(), "{good}");
        }
        for bad in
            ["http://a.example", "http://localhost.example", "ftp://localhost", "a.example:8200", "", "https://u:p@a"]
        {
            assert!(address(bad, "x").is_err(), "{bad}");
        }
    }

    #[test]
    fn tries_again_only_what_may_work() {
        let runtime = Runtime::new().unwrap();
        let deadline = Instant::now() + Duration::from_secs(30);
        for (again, expected) in [(true, TRIES), (false, 1)] {
            let mut tried = 0;
            let done: Result<(), _> = runtime.run(retry(deadline, || {
                tried += 1;
                async move { Err(Failure { fault: Fault::outage("x"), again, after: Some(Duration::ZERO) }) }
            }));
            assert!(done.is_err());
            assert_eq!(tried, expected);
        }
        // What the server asks for would pass the deadline: said at once.
        let started = Instant::now();
        let done: Result<(), _> = runtime.run(retry(deadline, || async {
            Err(Failure { fault: Fault::outage("x"), again: true, after: Some(Duration::from_secs(60)) })
        }));
        assert!(done.is_err() && started.elapsed() < Duration::from_secs(1));
    }
}
