//! The command line tools that a developer is logged in with: `az` and `azd`. Run as they are, without a shell; their
//! error output is not looked at, since nobody knows what stands in it.

use std::ffi::{CString, OsString};
use std::io::Read;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use azure_core::credentials::AccessToken;
use azure_core::time::OffsetDateTime;
use inject::sys::Environ;
use serde::Deserialize;
use zeroize::Zeroizing;

/// The time that a tool gets.
const LIMIT: Duration = Duration::from_secs(10);

/// A tool.
pub(super) struct Tool {
    /// For messages.
    pub(super) name: &'static str,
    argv: &'static [&'static str],
    tenant: &'static str,
}

/// In the order in which the other SDKs ask them.
pub(super) const TOOLS: &[Tool] = &[
    Tool {
        name: "Azure CLI",
        argv: &["az", "account", "get-access-token", "--output", "json", "--scope"],
        tenant: "--tenant",
    },
    Tool {
        name: "Azure Developer CLI",
        argv: &["azd", "auth", "token", "--output", "json", "--no-prompt", "--scope"],
        tenant: "--tenant-id",
    },
];

/// Why a tool gave no token.
pub(super) enum Refusal {
    NotThere,
    Failed,
    Late,
}

#[derive(Deserialize)]
struct Printed {
    #[serde(alias = "accessToken")]
    token: String,
    /// In seconds since 1970; older versions do not say it, and then the token is used now and not kept.
    expires_on: Option<i64>,
}

impl Tool {
    /// Runs it.
    ///
    /// # Errors
    /// It is not in PATH, nobody is logged in, or it takes too long.
    pub(super) fn token(&self, scope: &str, tenant: Option<&str>) -> Result<AccessToken, Refusal> {
        let (program, arguments) = self.argv.split_first().ok_or(Refusal::NotThere)?;
        let mut command = Command::new(locate(program).ok_or(Refusal::NotThere)?);
        command.args(arguments).arg(scope);
        if let Some(tenant) = tenant {
            command.args([self.tenant, tenant]);
        }
        let end = Instant::now() + LIMIT;
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut child = child.map_err(|_| Refusal::NotThere)?;
        let printed = output(&mut child, end);
        let (Some(printed), Some(status)) = (printed, ended(&mut child, end)) else {
            let _ = child.kill();
            let _ = child.wait();
            return Err(Refusal::Late);
        };
        if !status.success() {
            return Err(Refusal::Failed);
        }
        let Printed { token, expires_on } = serde_json::from_slice(&printed).map_err(|_| Refusal::Failed)?;
        let end = expires_on.and_then(|at| OffsetDateTime::from_unix_timestamp(at).ok());
        let end = end.unwrap_or_else(|| OffsetDateTime::now_utc() + Duration::from_secs(300));
        Ok(AccessToken::new(token, end))
    }
}

/// The program, found as the launcher finds a command: never in a folder that PATH names by a relative path.
fn locate(program: &str) -> Option<OsString> {
    let path = std::env::var_os("PATH").map(|path| [b"PATH=", path.as_bytes()].concat());
    // An environment lives as long as the process.
    let path = path.and_then(|path| CString::new(path).ok()).map(|path| &*Box::leak(path.into_boxed_c_str()));
    let found = inject::exec::locate(&CString::new(program).ok()?, &Environ::from_entries(path.into_iter().collect()));
    Some(OsString::from_vec(found.ok()?.into_bytes()))
}

/// What a program prints until nobody can print any more, if that comes in time: it may leave others behind.
fn output(child: &mut Child, end: Instant) -> Option<Zeroizing<Vec<u8>>> {
    let pipe = child.stdout.take()?;
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut printed = Zeroizing::new(Vec::new());
        let read = pipe.take(1 << 16).read_to_end(&mut printed);
        // Who waited for it may have gone.
        let _ = sender.send(read.is_ok().then_some(printed));
    });
    receiver.recv_timeout(end.saturating_duration_since(Instant::now())).ok()?
}

/// How it ended, if it did in time.
fn ended(child: &mut Child, end: Instant) -> Option<ExitStatus> {
    loop {
        match child.try_wait() {
            Ok(None) if Instant::now() < end => thread::sleep(Duration::from_millis(5)),
            status => return status.ok()?,
        }
    }
}
