//! What the service's refusals mean (cloud.google.com/apis/design/errors). A state is read from the service's own form,
//! google.rpc.Status; a bare status of HTTP says nothing of a secret. Its texts are only searched.

use google_cloud_gax::error::Error;
use google_cloud_gax::error::rpc::{Code, Status, StatusDetails};
use inject::error::{Fault, State, printable};

use super::name::Name;
use crate::net::{Cause, Failure, again, code, retry_after};

const SERVICE: &str = "Secret Manager";
/// What a role would allow.
pub(super) const PERMISSION: &str = "permission denied (403)";

/// Whether this is of the service as a whole, not of one secret.
pub(super) fn is_of_service(fault: &Fault) -> bool {
    matches!(fault.state, State::Unreachable | State::Timeout)
}

/// Whether there is a newest version, which cannot be read.
pub(super) fn is_closed(fault: &Fault, name: &Name) -> bool {
    [disabled(name), destroyed(name)].contains(fault)
}

fn disabled(name: &Name) -> Fault {
    Fault::invalid(format!("version {} is disabled", printable(name.version())))
        .hint("`gcloud secrets versions enable` brings it back")
}

fn destroyed(name: &Name) -> Fault {
    Fault::invalid(format!("version {} is destroyed", printable(name.version())))
}

/// How an attempt failed.
pub(super) fn of(error: &Error, name: &Name) -> Failure {
    let after = error.http_headers().and_then(|headers| headers.get("retry-after")).and_then(|text| text.to_str().ok());
    let after = retry_after(after);
    if let Some(status) = error.status() {
        let fault = of_status(status, error.http_status_code(), name);
        return Failure { again: fault.transient, fault, after };
    }
    if let Some(code) = error.http_status_code() {
        let fault = of_code(code);
        return Failure { again: again(code), fault, after };
    }
    if error.is_authentication() {
        return Fault::denied("the login has ended").into();
    }
    if error.is_timeout() || error.is_exhausted() {
        return Cause::Late.failure(SERVICE);
    }
    if error.is_deserialization() {
        return Fault::invalid(format!("{SERVICE} answered something that cannot be read")).into();
    }
    if error.is_binding() {
        return Fault::invalid("this is no name of a secret").into();
    }
    Cause::of(error).failure(SERVICE)
}

fn of_status(status: &Status, http: Option<u16>, name: &Name) -> Fault {
    match status.code {
        // Absence can be forgiven, so both have to say it.
        Code::NotFound if http == Some(404) => Fault::absent("no such secret, or no such version of it"),
        Code::FailedPrecondition if status.message.contains("DISABLED") => disabled(name),
        Code::FailedPrecondition if status.message.contains("DESTROYED") => destroyed(name),
        Code::InvalidArgument => Fault::invalid(format!("{SERVICE} does not take this as the name of a secret")),
        Code::PermissionDenied => match reason(status) {
            Some("SERVICE_DISABLED") => Fault::denied("the API of Secret Manager is not enabled in this project")
                .hint("`gcloud services enable secretmanager.googleapis.com`"),
            _ => Fault::denied(PERMISSION).hint("the role roles/secretmanager.secretAccessor on the secret allows it"),
        },
        Code::Unauthenticated => Fault::denied("the token is not accepted (401)"),
        Code::ResourceExhausted => Fault::outage("the quota is used up for now (429)"),
        Code::Unavailable | Code::Internal | Code::Aborted | Code::Unknown => {
            Fault::outage(format!("{SERVICE} does not work now ({})", status.code.name()))
        }
        Code::DeadlineExceeded | Code::Cancelled => Fault::timeout(format!("{SERVICE} took too long")),
        _ => {
            let why = reason(status).and_then(code).map_or_else(String::new, |why| format!(", {why}"));
            Fault::invalid(format!("{SERVICE} refuses ({}{why})", status.code.name()))
        }
    }
}

fn reason(status: &Status) -> Option<&str> {
    status.details.iter().find_map(|detail| match detail {
        StatusDetails::ErrorInfo(info) => Some(info.reason.as_str()),
        _ => None,
    })
}

fn of_code(code: u16) -> Fault {
    match code {
        300..400 => Fault::invalid(format!("{SERVICE} redirects ({code})")).hint("set 'endpoint'"),
        code if again(code) => Fault::outage(format!("{SERVICE} does not work now ({code})")),
        code => Fault::unreachable(format!("this is not {SERVICE}: it answered {code}, and not in its form"))
            .hint("a proxy or a login page may stand in between"),
    }
}
