//! One stand-in for many runs: each joins the network and the mounts of the first.

use super::world::{as_client, python};
use crate::common::Test;
use crate::common::project::Project;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};

/// A stand-in that runs as long as this is there: it ends with its command, and that with its input.
pub(crate) struct Live {
    folder: tempfile::TempDir,
    child: Child,
    input: Option<ChildStdin>,
    /// A process inside.
    pid: String,
    ca: String,
}

impl Live {
    #[track_caller]
    pub(crate) fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("inject-azure-").tempdir().unwrap();
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/servers/azure.py");
        let mut child = Command::new("/usr/bin/unshare")
            .args(["--net", "--mount", &python(), script])
            .arg(folder.path())
            .args(["--", "/bin/sh", "-c", "echo $$; echo \"$SSL_CERT_FILE\"; read _"])
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("unshare");
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut line = || lines.next().expect("the stand-in").unwrap();
        let (pid, ca) = (line(), line());
        Self { folder, input: child.stdin.take(), child, pid, ca }
    }

    /// A run inside, in `folder`.
    pub(crate) fn enter(&self, test: Test, folder: PathBuf) -> Test {
        let folder = format!("--wd={}", folder.display());
        let front = ["/usr/bin/nsenter", "-t", &self.pid, "--net", "--mount", &folder];
        as_client(test.prefix(front).env("SSL_CERT_FILE", &self.ca).env("REQUESTS_CA_BUNDLE", &self.ca))
    }

    /// The same for a project's run.
    pub(crate) fn on(&self, project: &Project, test: Test) -> Test {
        self.enter(test, project.path(""))
    }

    /// What Microsoft's own client for Python prints: `script` has it as `client`, of the first vault.
    #[track_caller]
    pub(crate) fn official(&self, script: &str) -> String {
        let front = "import json, os, sys\nfrom azure.identity import ClientSecretCredential\nfrom azure.keyvault.secrets import SecretClient\n\
            who = ClientSecretCredential(os.environ['AZURE_TENANT_ID'], 'app-id', 'client-secret-value', disable_instance_discovery=True)\n\
            client = SecretClient('https://myvault.vault.azure.net', who)\n";
        let test = Test::new().file("client.py", format!("{front}{script}"));
        let (file, folder) = (test.path("client.py"), test.path(""));
        let test = self.enter(test.env("PATH", "/usr/bin:/bin"), folder).program(python()).args([file]);
        String::from_utf8(test.run().stdout).unwrap()
    }

    /// What it was asked so far, as `METHOD PATH`, with a token.
    pub(crate) fn asked(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.folder.path().join("asked")).unwrap_or_default();
        let lines = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        let asked = lines.filter(|one| one["token"].is_string());
        asked
            .map(|one| {
                let path = one["path"].as_str().unwrap().split('?').next().unwrap().to_owned();
                format!("{} {path}", one["method"].as_str().unwrap())
            })
            .collect()
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.child.wait();
    }
}
