//! The command line tools that a developer is logged in with: `az` and `azd`. Run as they are, without a shell; their
//! error output is not looked at, since nobody knows what stands in it.

use std::io::Read;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use azure_core::credentials::AccessToken;
use azure_core::time::OffsetDateTime;
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
        let mut command = Command::new(program);
        command.args(arguments).arg(scope);
        if let Some(tenant) = tenant {
            command.args([self.tenant, tenant]);
        }
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut child = child.map_err(|_| Refusal::NotThere)?;
        let started = Instant::now();
        // What a tool prints fits into the pipe, so it ends without being read.
        let status = loop {
            match child.try_wait() {
                Ok(Some(status)) => break status,
                Ok(None) if started.elapsed() < LIMIT => thread::sleep(Duration::from_millis(5)),
                _ => {
                    let _ = child.kill();
                    let _ = child.wait();
                    return Err(Refusal::Late);
                }
            }
        };
        let mut printed = Zeroizing::new(Vec::new());
        let read = child.stdout.take().map(|output| output.take(1 << 16).read_to_end(&mut printed));
        if !status.success() || !matches!(read, Some(Ok(_))) {
            return Err(Refusal::Failed);
        }
        let Printed { token, expires_on } = serde_json::from_slice(&printed).map_err(|_| Refusal::Failed)?;
        let end = expires_on.and_then(|at| OffsetDateTime::from_unix_timestamp(at).ok());
        let end = end.unwrap_or_else(|| OffsetDateTime::now_utc() + Duration::from_secs(300));
        Ok(AccessToken::new(token, end))
    }
}
