//! The command line in front of `--`. What stands behind it is the command's, byte for byte, and never comes here.

use crate::error::{Error, printable};
use crate::profile::Wish;
use crate::reference;
use crate::sys::Environ;
pub use care::Care;
use clap::{Args, Parser, Subcommand};
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;

mod care;

/// What to do where a value may have been given as an argument.
pub const NO_VALUE: &str = "a value is never an argument: `inject set NAME` asks for it, and --stdin reads it";

/// How it is called, in a line.
pub const USAGE: &str = "inject [OPTIONS] -- COMMAND [ARG]..., or inject VERB [OPTIONS]";

/// The hint of every usage error.
pub fn usage(usage: &str) -> String {
    format!("usage: {usage}; `inject --help` shows the rest")
}

/// Starts a program with its secrets.
///
/// Reads a profile, resolves the variables that it maps to sources, and becomes COMMAND with only those variables set.
/// Either all of them are there, or nothing is run.
#[derive(Parser)]
#[command(
    name = "inject",
    version,
    disable_help_subcommand = true,
    override_usage = "inject [OPTIONS] -- COMMAND [ARG]...\n       inject VERB [OPTIONS]"
)]
pub struct Cli {
    /// What the launch, and each verb that loads a profile, takes.
    #[command(flatten)]
    pub load: Load,
    /// Say on stderr which variables come from which sources
    #[arg(short, long)]
    pub verbose: bool,
    /// What to do instead of a launch.
    #[command(subcommand)]
    pub verb: Option<Verb>,
}

/// What is loaded, and how.
#[derive(Args, Clone, Default)]
pub struct Load {
    /// A profile, by name or path; may be repeated, the later one wins
    #[arg(short, long = "profile", value_name = "PROFILE", value_delimiter = ',')]
    pub profiles: Vec<String>,
    /// Also copy the caller's variables that match PATTERN
    #[arg(short, long = "inherit", value_name = "PATTERN")]
    pub inherit: Vec<String>,
    /// Set a variable that is no secret
    #[arg(long, value_name = "NAME=VALUE")]
    pub set: Vec<OsString>,
    /// The time for resolving everything, like 10s [default: 30s]
    #[arg(long, value_name = "DURATION")]
    pub timeout: Option<String>,
    /// Trust the profiles of this launch, without remembering it
    #[arg(long)]
    pub trust: bool,
}

/// The verbs.
#[derive(Subcommand)]
pub enum Verb {
    /// Show the environment that a launch would make; touches no source
    #[command(override_usage = "inject plan [OPTIONS] [-- COMMAND]")]
    Plan {
        /// What to load.
        #[command(flatten)]
        load: Load,
        /// Print JSON
        #[arg(long)]
        json: bool,
        /// Also show which of the caller's variables do not get through
        #[arg(long)]
        dropped: bool,
    },
    /// Resolve everything and say how each variable fares, never its value
    Check {
        /// What to load.
        #[command(flatten)]
        load: Load,
        /// Print JSON
        #[arg(long)]
        json: bool,
        /// Exit 1 on a warning
        #[arg(long)]
        strict: bool,
    },
    /// Show the profiles that can be found
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Approve a profile that was found in a working tree
    Trust {
        /// The profile, by name or path
        profile: Option<String>,
        /// Show what is approved
        #[arg(long, conflicts_with = "remove")]
        list: bool,
        /// Take the approval back
        #[arg(long, requires = "profile")]
        remove: bool,
    },
    /// Print a completion script
    Completions {
        /// For which shell
        #[arg(value_parser = ["bash", "zsh", "fish"])]
        shell: String,
    },
    /// What inject-care does.
    #[command(flatten)]
    Care(Care),
    /// What the completion scripts ask: profiles, variables or sources, one a line
    #[command(hide = true)]
    Complete {
        /// What to load.
        #[command(flatten)]
        load: Load,
        /// Of what
        #[arg(value_parser = ["profiles", "variables", "sources"])]
        what: String,
    },
}

/// What parsing came to.
pub enum Parsed {
    /// Something to do.
    Do(Box<Cli>),
    /// A text for stdout, exit 0: help or the version.
    Show(String),
}

/// A launch and nothing else: to build the verbs' arguments would take longer than everything else before the exec. What
/// is no launch, help and mistakes included, is for [`Cli`].
#[derive(Parser)]
#[command(name = "inject", disable_help_flag = true)]
struct Launch {
    #[command(flatten)]
    load: Load,
    #[arg(short, long)]
    verbose: bool,
}

/// Parses what stands in front of `--`; the first word is the program's name.
///
/// # Errors
/// A usage error, exit 125.
pub fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Parsed, Error> {
    use clap::error::ErrorKind;
    let words: Vec<_> = words.into_iter().collect();
    if let Ok(Launch { load, verbose }) = Launch::try_parse_from(&words) {
        return Ok(Parsed::Do(Box::new(Cli { load, verbose, verb: None })));
    }
    let keeps = ["set", "unset", "verify"].iter().any(|verb| words.iter().any(|word| word == verb));
    match Cli::try_parse_from(words) {
        Ok(cli) => Ok(Parsed::Do(Box::new(cli))),
        Err(error) if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
            Ok(Parsed::Show(error.render().to_string()))
        }
        Err(error) if keeps && is_surplus(&error) => Err(Error::new("there is an argument too many").hint(NO_VALUE)),
        Err(error) => Err(usage_error(&valueless(&error))),
    }
}

/// Whether what is wrong is a word that is no flag: behind a verb that takes a value in another way it could be that value.
fn is_surplus(error: &clap::Error) -> bool {
    use clap::error::{ContextKind, ContextValue, ErrorKind};
    let word = |kind| match error.get(kind) {
        Some(ContextValue::String(word)) => Some(word.as_str()),
        _ => None,
    };
    match error.kind() {
        ErrorKind::UnknownArgument => word(ContextKind::InvalidArg).is_some_and(|word| !word.starts_with('-')),
        ErrorKind::TooManyValues => true,
        _ => false,
    }
}

/// The parser's words, a `NAME=VALUE` in them without its value: where somebody forgot the flag, it could be a secret.
fn valueless(error: &clap::Error) -> String {
    use clap::error::{ContextKind, ContextValue};
    let mut text = error.render().to_string();
    for (kind, value) in error.context() {
        if let (ContextKind::InvalidArg | ContextKind::InvalidSubcommand | ContextKind::InvalidValue, value) =
            (kind, value)
            && let ContextValue::String(word) = value
            && let Some((name, value)) = word.split_once('=')
            && !value.ends_with('>')
        {
            text = text.replace(word, &format!("{name}=..."));
        }
    }
    text
}

/// clap's text as one line for what is wrong and one for what to do.
fn usage_error(text: &str) -> Error {
    let paragraphs: Vec<_> =
        text.split("\n\n").map(|part| part.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    let starting = |start: &str| paragraphs.iter().find_map(|part| part.strip_prefix(start));
    let message = starting("error: ").unwrap_or("the command line is not understood");
    let own = starting("Usage: ").map(|own| own.replace("... inject VERB", "..., or inject VERB"));
    let usage = usage(own.as_deref().unwrap_or(USAGE));
    let tip = starting("tip: ").map_or_else(String::new, |tip| format!("{tip}; "));
    Error::new(printable(message)).hint(printable(&format!("{tip}{usage}")))
}

impl Load {
    /// What was given in front of the verb and behind it.
    #[must_use]
    pub fn and(mut self, behind: Self) -> Self {
        self.profiles.extend(behind.profiles);
        self.inherit.extend(behind.inherit);
        self.set.extend(behind.set);
        self.timeout = behind.timeout.or(self.timeout);
        self.trust |= behind.trust;
        self
    }

    /// Whether anything of it was given.
    pub fn is_empty(&self) -> bool {
        self.profiles.is_empty()
            && self.inherit.is_empty()
            && self.set.is_empty()
            && self.timeout.is_none()
            && !self.trust
    }

    /// Whether the profiles are trusted without being asked for: `--trust` or `INJECT_TRUST=1`.
    pub fn trusts(&self, environ: &Environ) -> bool {
        self.trust || environ.get("INJECT_TRUST") == Some(b"1")
    }

    /// Checks the values; `INJECT_PROFILE` stands in for a missing `-p`.
    ///
    /// # Errors
    /// Exit 125. Never quotes a value of `--set`.
    pub fn wish(&self, environ: &Environ) -> Result<Wish, Error> {
        let mut profiles = self.profiles.clone();
        if profiles.is_empty() {
            let variable = environ.get("INJECT_PROFILE").filter(|value| !value.is_empty());
            let variable =
                variable.map(|value| std::str::from_utf8(value).map_err(|_| Error::new("INJECT_PROFILE: not UTF-8")));
            profiles.extend(variable.transpose()?.into_iter().flat_map(|value| value.split(',')).map(String::from));
        }
        if profiles.is_empty() {
            return Err(Error::new("no profile: neither -p nor INJECT_PROFILE names one")
                .hint("`inject list` shows the profiles that can be found"));
        }
        let set = self.set.iter().map(|word| {
            let bytes = word.as_bytes();
            let at = memchr::memchr(b'=', bytes)
                .ok_or_else(|| Error::new("--set: NAME=VALUE is wanted; there is no '='"))?;
            let name = String::from_utf8_lossy(&bytes[..at]).into_owned();
            Ok((name, bytes[at + 1..].to_vec()))
        });
        let set = set.collect::<Result<_, Error>>()?;
        let timeout = self.timeout.as_deref().map(reference::duration).transpose();
        let timeout = timeout.map_err(|message| Error::new(format!("--timeout: {message}")))?;
        Ok(Wish { profiles, inherit: self.inherit.clone(), set, timeout })
    }
}
