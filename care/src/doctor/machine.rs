//! What every launch on this machine meets, whatever its profile.

use super::{Finding, State};
use inject::arena::{Arena, Kept};
use inject::companion;
use inject::error::{State as Ending, os, printable};
use inject::profile::sources::SourceDef;
use inject::profile::trust::Store;
use inject::resolve;
use inject::source::Locator;
use inject::source::kind;
use inject::sys::{self, Environ};
use nix::sys::resource::{Resource, getrlimit};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Duration;

/// What the environment of an ordinary launch takes.
const BLOCK: usize = 64 << 10;
/// How long the keychain may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Everything that can be seen without a source.
pub(super) fn findings(environ: &Environ) -> Vec<Finding> {
    let mut findings = vec![match Arena::new(BLOCK) {
        Ok(arena) => memory(arena.kept),
        Err(error) => Finding::wrong("memory", format!("no memory for the environment: {}", os(error))),
    }];
    findings.extend(path(environ));
    findings.push(match Store::open(environ) {
        Ok(Some(_)) => Finding::fine("trust", "what was approved is remembered"),
        Ok(None) => Finding::note("trust", "there is no HOME, so no profile that is found by its name is trusted")
            .hint("name a profile by its path"),
        Err(error) => return findings.into_iter().chain(Finding::all_of("trust", error)).collect(),
    });
    findings
}

/// How well secrets are kept until the exec.
fn memory(kept: Kept) -> Finding {
    match kept {
        Kept::Secret => Finding::fine("memory", "secrets are kept in memfd_secret, which no other process reads"),
        Kept::Locked => Finding::note(
            "memory",
            "there is no memfd_secret here: secrets are kept in locked memory, which root reads",
        )
        .hint("Linux has it from 5.14 on; up to 6.4 secretmem.enable=1 on the kernel's command line turns it on"),
        Kept::Unlocked => {
            let limit = getrlimit(Resource::RLIMIT_MEMLOCK).map_or(0, |(soft, _)| soft / 1024);
            let text = format!(
                "the limit of locked memory, {limit} KiB, is too small: secrets could be swapped out before the exec"
            );
            Finding::note("memory", text).hint("`ulimit -l`, or LimitMEMLOCK= of a unit, sets it")
        }
    }
}

/// Where commands are found.
fn path(environ: &Environ) -> Vec<Finding> {
    let Some(path) = environ.get("PATH") else {
        return vec![Finding::note("PATH", "is not set, so commands are looked for in /bin and /usr/bin")];
    };
    let (mut findings, mut usable) = (Vec::new(), 0);
    for element in path.split(|byte| *byte == b':') {
        let shown = printable(&String::from_utf8_lossy(element));
        let folder = Path::new(OsStr::from_bytes(element));
        let stat = match sys::stat(folder) {
            _ if !folder.is_absolute() => {
                let what = if element.is_empty() { "an empty element".into() } else { shown };
                findings.push(Finding::note(
                    "PATH",
                    format!("{what} is skipped: it would run what lies in the working folder"),
                ));
                continue;
            }
            Err(error) => {
                findings.push(Finding::note("PATH", format!("{shown}: {}", os(error))));
                continue;
            }
            Ok(stat) => stat,
        };
        usable += 1;
        let sticky = stat.st_mode & libc::S_ISVTX != 0;
        if let Some(who) = sys::other_writers(&stat).filter(|_| !sticky) {
            let text = format!("{shown} can be written by {who}, who so decides which programs run");
            findings.push(Finding::note("PATH", text).hint(format!("chmod go-w {shown}")));
        }
    }
    if usable == 0 {
        let text = "leads to no folder: no command is found by its name";
        findings.push(Finding::wrong("PATH", text).hint("name the command by its path, or set PATH"));
    } else if findings.is_empty() {
        findings.push(Finding::fine("PATH", if usable == 1 { "1 folder".into() } else { format!("{usable} folders") }));
    }
    findings
}

/// The other program and the keychain, where no profile says that it needs them.
pub(super) fn stores(environ: &Environ) -> Vec<Finding> {
    let program = match companion::open("inject-store") {
        Ok(_) => Finding::fine("inject-store", "is there"),
        Err(fault) => return vec![Finding::of(State::Note, "inject-store", fault)],
    };
    let Some(kind) = kind::kind("keychain") else { return vec![program] };
    let source = SourceDef { name: "keychain".into(), kind, settings: BTreeMap::new() };
    // Nothing is called like that.
    let locator = Locator { kind: kind.name, text: "inject doctor/nothing".into(), options: Vec::new() };
    let keychain = match resolve::fetch(&source, locator, PATIENCE, environ) {
        Err(fault) if fault.state != Ending::Absent => Finding::of(State::Note, "keychain", fault),
        _ => Finding::fine("keychain", "is reachable; whether it is unlocked shows with a profile that reads from it"),
    };
    vec![program, keychain]
}

/// Where the certificates of the CAs are that the stores believe.
pub(super) fn authorities(environ: &Environ) -> Finding {
    for name in ["SSL_CERT_FILE", "SSL_CERT_DIR"] {
        let Some(path) = environ.get(name) else { continue };
        let path = Path::new(OsStr::from_bytes(path));
        let shown = printable(&path.to_string_lossy());
        return match std::fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() == (name == "SSL_CERT_DIR") => {
                Finding::fine("CA", format!("{name}: {shown}"))
            }
            Ok(_) => Finding::wrong(
                "CA",
                format!("{name}: {shown} is no {}", if name == "SSL_CERT_DIR" { "folder" } else { "file" }),
            ),
            Err(error) => {
                let why = error.raw_os_error().map_or(nix::errno::Errno::EIO, nix::errno::Errno::from_raw);
                Finding::wrong("CA", format!("{name}: {shown}: {}", os(why))).hint("no server could be believed")
            }
        };
    }
    let found = openssl_probe::probe();
    match found.cert_file.or_else(|| found.cert_dir.into_iter().next()) {
        Some(path) => Finding::fine("CA", printable(&path.to_string_lossy())),
        None => Finding::wrong("CA", "this machine has no certificates of CAs, so no server can be believed")
            .hint("the package is called ca-certificates; SSL_CERT_FILE names a file of your own"),
    }
}
