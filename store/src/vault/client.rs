//! Sends requests to the one server and takes whole answers.

use std::net::ToSocketAddrs;
use std::time::Instant;

use inject::error::Fault;
use reqwest::{ClientBuilder, Request, Response, header};
use rustify::endpoint::Endpoint;
use vaultrs::api::EndpointMiddleware;
use vaultrs::api::sys::requests::ReadHealthRequest;

use super::answer;
use super::place::{By, Place};
use super::trust;
use crate::net::http::{self, MOST};
use crate::net::{self, Cause, Failure};
use crate::settings::Settings;

/// One server.
pub(super) struct Client {
    http: reqwest::Client,
    pub(super) place: Place,
    deadline: Instant,
}

/// An answer that is worth looking at: success, or an error that stands.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
}

impl Client {
    /// Connects to nothing yet.
    ///
    /// # Errors
    /// Settings or the environment say what cannot be.
    pub(super) fn new(settings: &Settings) -> Result<Self, Fault> {
        let place = Place::new(settings)?;
        let builder = if place.is_tls() { trust::prepare(http::builder(), settings)? } else { http::plain() };
        let http = way(builder, &place)?.build();
        let http =
            http.map_err(|_| http::without_cas().hint("SSL_CERT_FILE, 'ca-cert' or VAULT_CACERT names a file"))?;
        Ok(Self { http, place, deadline: settings.deadline() })
    }

    /// What goes with each request: the API's path, the namespace, and the token.
    pub(super) fn headers(&self, token: &str) -> EndpointMiddleware {
        EndpointMiddleware {
            token: token.to_owned(),
            version: self.place.api.clone(),
            wrap: None,
            namespace: self.place.namespace.clone(),
        }
    }

    /// Asks until there is an answer, or no hope for one.
    ///
    /// # Errors
    /// There is no answer to be had from this server, or it may have one later.
    pub(super) async fn ask(&self, headers: &EndpointMiddleware, endpoint: impl Endpoint) -> Result<Reply, Fault> {
        let request = self.request(headers, endpoint)?;
        net::retry(self.deadline, || async {
            // A body that is not a stream can always be had again.
            self.attempt(request.try_clone().ok_or_else(unasked)?).await
        })
        .await
    }

    /// The same for what must not be asked twice, as the first time may have counted.
    ///
    /// # Errors
    /// As of [`Client::ask`].
    pub(super) async fn ask_once(&self, headers: &EndpointMiddleware, endpoint: impl Endpoint) -> Result<Reply, Fault> {
        let mut request = Some(self.request(headers, endpoint)?);
        net::retry(self.deadline, || {
            let request = request.take();
            async { self.attempt(request.ok_or_else(unasked)?).await.map_err(|failure| failure.fault.into()) }
        })
        .await
    }

    fn request(&self, headers: &EndpointMiddleware, endpoint: impl Endpoint) -> Result<Request, Fault> {
        let built = endpoint.with_middleware(headers).request(self.place.origin.as_str()).map_err(|_| unasked())?;
        let mut request = Request::try_from(built).map_err(|_| unasked())?;
        if request.url().query() == Some("") {
            request.url_mut().set_query(None);
        }
        if let Some(token) = request.headers_mut().get_mut("x-vault-token") {
            token.set_sensitive(true);
        }
        Ok(request)
    }

    async fn attempt(&self, request: Request) -> Result<Reply, Failure> {
        let mut response = self.http.execute(request).await.map_err(|error| self.broken(&error))?;
        let status = response.status().as_u16();
        if response.status().is_redirection() {
            return Err(self.redirected(&response).into());
        }
        let after = response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
        let after = net::retry_after(after);
        let body = http::body(&mut response, MOST, &self.place.shown, |error| self.broken(error)).await?;
        if !net::again(status) {
            return Ok(Reply { status, body });
        }
        let fault = match answer::is_sealed(&body) {
            true => self.sealed().await,
            false => answer::refused(status, &body, &self.place.shown),
        };
        Err(Failure { fault, again: true, after })
    }

    /// Looks closer at a server that says it is sealed.
    async fn sealed(&self) -> Fault {
        let health = match self.request(&self.headers(""), ReadHealthRequest::default()) {
            Ok(request) => self.http.execute(request).await.ok().map(|response| response.status().as_u16()),
            Err(fault) => return fault,
        };
        let shown = &self.place.shown;
        match health {
            Some(501) => Fault::outage(format!("{shown}: is not initialised")).hint("`vault operator init` does that"),
            _ => Fault::outage(format!("{shown}: is sealed")).hint("`vault operator unseal` opens it"),
        }
    }

    fn broken(&self, error: &reqwest::Error) -> Failure {
        let cause = Cause::of(error);
        let mut failure = cause.failure(&self.place.shown);
        failure.fault.hint = match cause {
            Cause::UnknownCa => Some("'ca-cert', VAULT_CACERT or SSL_CERT_FILE names a file with the CA's certificate"),
            Cause::ClientCertificate => {
                Some("'client-cert' and 'client-key', or the variables, name one that it takes")
            }
            Cause::Refused | Cause::Late | Cause::Broken | Cause::NoWay | Cause::NoHost if self.is_proxied() => {
                Some("HTTPS_PROXY or ALL_PROXY is set, and may stand in the way")
            }
            // Its alert can be lost with the connection that it ends.
            Cause::Broken if self.place.is_tls() => {
                Some("a server that wants a client's certificate can do that: 'client-cert' and 'client-key' name one")
            }
            Cause::NoTls => Some("the address is one of plain http"),
            Cause::OtherHost => Some("VAULT_TLS_SERVER_NAME says the name in it, where the address cannot"),
            _ => None,
        }
        .map(str::to_owned);
        failure
    }

    fn is_proxied(&self) -> bool {
        let names = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
        !self.place.is_here && names.into_iter().any(|name| std::env::var_os(name).is_some())
    }

    /// A redirect is not followed.
    fn redirected(&self, response: &Response) -> Fault {
        let whither = http::whither(response);
        let status = response.status().as_u16();
        Fault::invalid(format!("{}: sends to {whither} ({status}), where inject does not follow", self.place.shown))
            .hint("a standby does that: make 'address' that of the active server, or of what stands before both")
    }
}

/// The way to the server.
fn way(client: ClientBuilder, place: &Place) -> Result<ClientBuilder, Fault> {
    let client = if place.is_here { client.no_proxy() } else { client };
    Ok(match &place.by {
        By::Origin => client,
        By::Socket(path) => client.unix_socket(path.as_path()),
        By::Host(host, port) => {
            let found = (host.as_str(), *port).to_socket_addrs();
            let found: Vec<_> = found.map_err(|_| Fault::outage(format!("{}: no such host", place.shown)))?.collect();
            client.resolve_to_addrs(place.origin.host_str().unwrap_or_default(), &found).no_proxy()
        }
    })
}

fn unasked() -> Fault {
    Fault::invalid("this makes no request")
}
