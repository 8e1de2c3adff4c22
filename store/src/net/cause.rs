//! Why a connection did not come about or broke, in our own words: found in the chain of the errors of whatever client
//! it was. Their own texts are never shown.

use std::error::Error;
use std::io::{self, ErrorKind};

use inject::error::{Fault, State};
use rustls::{AlertDescription, CertificateError};

use super::Failure;

/// What a chain of errors comes down to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// Nobody listens.
    Refused,
    /// No connection, or no answer, in time.
    Late,
    /// It ended in the middle, or anything else that may go better the next time.
    Broken,
    /// No way there now: no route, no name server.
    NoWay,
    /// The name is not known.
    NoHost,
    /// No such socket in the file system, or not for us.
    NoSocket,
    /// The other end does not speak TLS.
    NoTls,
    /// TLS failed for another reason than the certificates.
    Tls,
    /// The server's certificate was valid.
    Expired,
    /// The server's certificate will be valid.
    NotYet,
    /// The server's certificate is for other names.
    OtherHost,
    /// Nobody who is believed signed the server's certificate.
    UnknownCa,
    /// The server's certificate is wrong in another way.
    BadCertificate,
    /// The server wants a certificate of the client, or another one.
    ClientCertificate,
}

impl Cause {
    /// The deepest thing that is known of an error.
    pub(crate) fn of(error: &(dyn Error + 'static)) -> Self {
        Self::within(error).unwrap_or(Self::Broken)
    }

    fn within(error: &(dyn Error + 'static)) -> Option<Self> {
        let deeper = match error.downcast_ref::<io::Error>() {
            // What an io::Error was made of is no source of it.
            Some(io) => io.get_ref().and_then(|inner| Self::within(inner)).or_else(|| Self::of_io(io)),
            None => error.source().and_then(Self::within),
        };
        deeper.or_else(|| {
            let tls = error.downcast_ref::<rustls::Error>().map(Self::of_tls);
            tls.or_else(|| error.downcast_ref::<reqwest::Error>()?.is_timeout().then_some(Self::Late))
        })
    }

    fn of_io(error: &io::Error) -> Option<Self> {
        Some(match error.kind() {
            ErrorKind::ConnectionRefused => Self::Refused,
            ErrorKind::TimedOut => Self::Late,
            ErrorKind::NotFound | ErrorKind::PermissionDenied => Self::NoSocket,
            ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable | ErrorKind::NetworkDown => Self::NoWay,
            // The standard library gives the number of a failed look-up in words only; it sets no locale.
            _ => match error.to_string().strip_prefix("failed to lookup address information: ")? {
                "Temporary failure in name resolution" => Self::NoWay,
                _ => Self::NoHost,
            },
        })
    }

    fn of_tls(error: &rustls::Error) -> Self {
        use CertificateError as Bad;
        match error {
            rustls::Error::InvalidCertificate(bad) => match bad {
                Bad::Expired | Bad::ExpiredContext { .. } => Self::Expired,
                Bad::NotValidYet | Bad::NotValidYetContext { .. } => Self::NotYet,
                Bad::NotValidForName | Bad::NotValidForNameContext { .. } => Self::OtherHost,
                Bad::UnknownIssuer => Self::UnknownCa,
                _ => Self::BadCertificate,
            },
            rustls::Error::AlertReceived(
                AlertDescription::BadCertificate
                | AlertDescription::CertificateRequired
                | AlertDescription::CertificateExpired
                | AlertDescription::CertificateUnknown
                | AlertDescription::UnknownCA
                | AlertDescription::AccessDenied,
            ) => Self::ClientCertificate,
            rustls::Error::InvalidMessage(_) => Self::NoTls,
            _ => Self::Tls,
        }
    }

    /// The words for it.
    fn words(self) -> &'static str {
        match self {
            Self::Refused => "connection refused",
            Self::Late => "no answer in time",
            Self::Broken => "the connection broke",
            Self::NoWay => "it cannot be reached from here now",
            Self::NoHost => "no such host is known",
            Self::NoSocket => "there is no such socket, or not for you",
            Self::NoTls => "it does not speak TLS",
            Self::Tls => "no TLS connection could be agreed on",
            Self::Expired => "its certificate has expired",
            Self::NotYet => "its certificate is not valid yet",
            Self::OtherHost => "its certificate is for another host",
            Self::UnknownCa => "its certificate is not signed by a CA that is trusted here",
            Self::BadCertificate => "its certificate is not valid",
            Self::ClientCertificate => "it does not accept this client's certificate, or wants one",
        }
    }

    /// How an attempt to talk to `whom` failed.
    pub(crate) fn failure(self, whom: &str) -> Failure {
        let message = format!("{whom}: {}", self.words());
        let again = matches!(self, Self::Refused | Self::Late | Self::Broken | Self::NoWay);
        let state = if self == Self::Late { State::Timeout } else { State::Unreachable };
        Failure { fault: Fault { state, transient: again, message, hint: None }, again, after: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_deepest_cause_counts() {
        let wrapped = |error: rustls::Error| io::Error::other(io::Error::new(ErrorKind::InvalidData, error));
        let bad = |why| wrapped(rustls::Error::InvalidCertificate(why));
        assert_eq!(Cause::of(&bad(CertificateError::Expired)), Cause::Expired);
        assert_eq!(Cause::of(&bad(CertificateError::UnknownIssuer)), Cause::UnknownCa);
        assert_eq!(Cause::of(&bad(CertificateError::BadSignature)), Cause::BadCertificate);
        let alert = wrapped(rustls::Error::AlertReceived(AlertDescription::CertificateRequired));
        assert_eq!(Cause::of(&alert), Cause::ClientCertificate);
        assert_eq!(Cause::of(&io::Error::from(ErrorKind::ConnectionRefused)), Cause::Refused);
        assert_eq!(Cause::of(&io::Error::other("something else")), Cause::Broken);
        for (words, cause) in
            [("Temporary failure in name resolution", Cause::NoWay), ("Name or service not known", Cause::NoHost)]
        {
            let looked_up = io::Error::other(format!("failed to lookup address information: {words}"));
            assert_eq!(Cause::of(&io::Error::other(looked_up)), cause);
        }
    }
}
