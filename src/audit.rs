//! One line of JSON a launch, never a value: who started what, with which variables from where, and how it went. Opened
//! before any source is, and written as the last act before the exec; the verbs that print values write one too.

use crate::error::{Error, os, printable};
use crate::profile::sources::file_in;
use crate::profile::{Profile, parse, trust};
use crate::sys::{self, Environ};
use crate::variable::{self, Variable};
use crate::verb::absolute;
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sys::stat::fstat;
use serde_json::{Value as Json, json};
use std::ffi::CStr;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::Path;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

mod journal;

/// What root says of every launch on this machine: `audit` and `audit-required`.
const CONFIG: &str = "/etc/inject/config.toml";

/// Where lines go.
enum Sink {
    /// A file that is only ever appended to, each line with one write.
    File(OwnedFd),
    /// journald, in its native protocol.
    Journal(journal::Journal),
}

/// The record of one launch.
pub struct Audit {
    sinks: Vec<(String, Sink)>,
    required: bool,
    started: Instant,
    profiles: Json,
    command: Json,
    variables: Json,
}

impl Audit {
    /// Opens what the profiles and [`CONFIG`] ask for. Where it cannot be written and nobody requires it, that is a
    /// warning.
    ///
    /// # Errors
    /// [`CONFIG`] is wrong, or what is required cannot be opened: exit 125.
    pub fn open(profile: &Profile, command: Option<&CStr>, environ: &Environ) -> Result<Self, Error> {
        let config = config()?;
        let mut required = config.audit_required;
        let mut wanted: Vec<(String, String)> = Vec::new();
        wanted.extend(config.audit.map(|(to, _)| (to.clone(), to)));
        for stack in &profile.stacks {
            required |= stack.files.iter().any(|file| profile.files[*file].said.audit_required);
        }
        if let Some((to, shown)) = of_profiles(profile, environ) {
            wanted.push((to, shown));
        }
        wanted.sort();
        wanted.dedup();
        let mut sinks = Vec::new();
        for (to, shown) in wanted {
            match sink(&to) {
                Ok(sink) => sinks.push((shown, sink)),
                Err(error) => failed(required, &shown, error)?,
            }
        }
        if required && sinks.is_empty() {
            return Err(Error::new("audit-required = true, and nothing says where: audit = \"journald\" or a file"));
        }
        let files = profile.files.iter().filter(|_| !sinks.is_empty());
        let profiles = files.map(|file| json!({"path": absolute(&file.found.path), "sha256": trust::hash(&file.text)}));
        let command = command.map(|command| command.to_string_lossy().into_owned());
        Ok(Self {
            required,
            started: Instant::now(),
            profiles: profiles.collect(),
            command: command.into(),
            variables: json!([]),
            sinks,
        })
    }

    /// Notes the variables that are given away.
    pub fn note<'m, 'p: 'm>(&mut self, variables: impl IntoIterator<Item = &'m Variable<'p>>) {
        if self.sinks.is_empty() {
            return;
        }
        let row = |v: &Variable<'_>| {
            let from = v.line.map_or_else(|| "--set".into(), |line| variable::shown_from(line.entry));
            json!({"name": v.name, "source": variable::source(v), "from": from, "version": v.stored.and_then(|stored| stored.version.as_ref())})
        };
        self.variables = variables.into_iter().map(row).collect();
    }

    /// Writes one line; `exit` is inject's own exit code, where there is one.
    ///
    /// # Errors
    /// It cannot be written, and is required: exit 125. What is not required is a warning.
    pub fn write(&self, outcome: &str, exit: Option<u8>) -> Result<(), Error> {
        if self.sinks.is_empty() {
            return Ok(());
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let mut line = json!({
            "time": sys::utc(now),
            "uid": nix::unistd::getuid().as_raw(),
            "pid": std::process::id(),
            "profiles": self.profiles,
            "command": self.command,
            "variables": self.variables,
            "outcome": outcome,
            "duration_ms": u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX),
        });
        if let Some(exit) = exit {
            line["exit"] = exit.into();
        }
        let line = line.to_string();
        for (shown, sink) in &self.sinks {
            let written = match sink {
                // One write, which the kernel does as a whole at the file's end: lines of launches at once never mix.
                Sink::File(file) => sys::write_all(file.as_raw_fd(), format!("{line}\n").as_bytes()),
                Sink::Journal(journal) => journal.send(&line),
            };
            if let Err(error) = written {
                failed(self.required, shown, error)?;
            }
        }
        Ok(())
    }
}

fn failed(required: bool, shown: &str, error: Errno) -> Result<(), Error> {
    let message = format!("audit: {}: {}", printable(shown), os(error));
    if required {
        return Err(Error::new(message).hint("audit-required = true: nothing is run that is not recorded"));
    }
    sys::write_lossy(2, format!("inject: warning: {message}\n").as_bytes());
    Ok(())
}

/// What the highest profile that says it asks for: where to, and as the profile writes it.
fn of_profiles(profile: &Profile, environ: &Environ) -> Option<(String, String)> {
    let mut files = profile.stacks.iter().rev().flat_map(|stack| stack.files.iter().rev());
    let (file, (said, _)) = files.find_map(|i| Some((&profile.files[*i], profile.files[*i].said.audit.as_ref()?)))?;
    let to = if said == "journald" { said.clone() } else { file_in(file.folder(), said, environ).ok()? };
    Some((to, said.clone()))
}

/// What [`CONFIG`] says; nothing where there is none.
fn config() -> Result<parse::Config, Error> {
    let path = Path::new(CONFIG);
    let text = match sys::open(path, OFlag::O_RDONLY | OFlag::O_NONBLOCK) {
        Err(Errno::ENOENT | Errno::ENOTDIR) => return Ok(parse::Config::default()),
        opened => opened.and_then(|file| {
            let stat = fstat(&file)?;
            if stat.st_uid != 0 || sys::other_writers(&stat).is_some() || sys::file_type(&stat) != libc::S_IFREG {
                return Err(Errno::EPERM);
            }
            sys::read_all(&file, || Ok(()))
        }),
    };
    let text = text.map_err(|error| match error {
        Errno::EPERM => Error::new(format!("{CONFIG}: must be a file of root's that nobody else can write")),
        error => Error::new(format!("{CONFIG}: {}", os(error))),
    })?;
    let text = String::from_utf8(text).map_err(|_| Error::new(format!("{CONFIG}: not UTF-8")))?;
    parse::config(&text, CONFIG)
}

fn sink(to: &str) -> nix::Result<Sink> {
    if to == "journald" {
        return journal::Journal::open().map(Sink::Journal);
    }
    let flags = OFlag::O_WRONLY | OFlag::O_APPEND | OFlag::O_CREAT | OFlag::O_NONBLOCK;
    let file = sys::open(Path::new(to), flags)?;
    if sys::file_type(&fstat(&file)?) != libc::S_IFREG {
        return Err(Errno::EINVAL);
    }
    Ok(Sink::File(file))
}
