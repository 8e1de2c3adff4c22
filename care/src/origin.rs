//! Where a value that is to be stored comes from: never from an argument.

use crate::generate;
use inject::error::{Error, os, printable};
use inject::secret::Secret;
use inject::sys;
use nix::errno::Errno;
use nix::fcntl::OFlag;
use std::os::fd::AsFd;
use std::path::PathBuf;
use subtle::ConstantTimeEq;

/// One of these.
pub(crate) enum Origin {
    /// Typed twice on the terminal.
    Typed,
    /// The bytes of standard input.
    Stdin,
    /// The bytes of a file.
    File(PathBuf),
    /// Made up.
    Generated(String),
}

/// The longest line that a terminal hands over whole.
const LINE: usize = 4094;

impl Origin {
    /// Of the command line's three ways at most one is given.
    pub(crate) fn of(stdin: bool, file: Option<PathBuf>, generate: Option<String>) -> Self {
        match (stdin, file, generate) {
            (true, ..) => Self::Stdin,
            (_, Some(file), _) => Self::File(file),
            (_, _, Some(spec)) => Self::Generated(spec),
            _ => Self::Typed,
        }
    }

    /// The value for the variable `name`, and its entropy in bits where that is known: of what was made up.
    ///
    /// # Errors
    /// There is none.
    pub(crate) fn value(&self, name: &str) -> Result<(Secret, Option<f64>), Error> {
        let value = match self {
            Self::Typed => typed(name)?,
            Self::Stdin => stdin()?,
            Self::File(path) => {
                let fail = |error| Error::new(format!("{}: {}", printable(&path.to_string_lossy()), words(error)));
                let fd = sys::open(path, OFlag::O_RDONLY).map_err(fail)?;
                Secret::new(sys::read_all(&fd, || Ok(())).map_err(fail)?)
            }
            Self::Generated(spec) => {
                let (value, bits) = generate::generate(spec)?;
                generate::warn(spec, bits);
                return Ok((value, Some(bits)));
            }
        };
        Ok((value, None))
    }

    /// Whether a person thought the value up.
    pub(crate) fn is_typed(&self) -> bool {
        matches!(self, Self::Typed)
    }

    /// Whether the bytes are somebody's file, in which a last newline may be there for its own sake.
    pub(crate) fn is_read(&self) -> bool {
        matches!(self, Self::Stdin | Self::File(_))
    }
}

fn typed(name: &str) -> Result<Secret, Error> {
    let hint = "--stdin, --from-file FILE or --generate gives one without a terminal";
    let ask = |question: String| {
        sys::ask(&question).map_err(|error| match error {
            Errno::ENOTTY => Error::new(format!("{name}: no terminal to ask for a value")).hint(hint),
            Errno::ENODATA | Errno::EINTR => Error::new(format!("{name}: no value was typed; nothing was changed")),
            error => Error::new(format!("{name}: the terminal: {}", os(error))).hint(hint),
        })
    };
    let first = ask(format!("inject: value of {name}: "))?;
    if first.len() >= LINE {
        return Err(Error::new(format!("{name}: longer than a line of a terminal can be")).hint(hint));
    }
    let second = ask(format!("inject: value of {name} once more: "))?;
    if !same(first.expose(), second.expose()) {
        return Err(Error::new(format!("{name}: two different values were typed; nothing was changed")));
    }
    Ok(first)
}

fn stdin() -> Result<Secret, Error> {
    let fail = |error| Error::new(format!("standard input: {}", words(error)));
    if std::io::IsTerminal::is_terminal(&std::io::stdin()) {
        return Err(Error::new("standard input is a terminal, which would show what is typed")
            .hint("without --stdin inject asks, and shows nothing"));
    }
    let fd = std::io::stdin().as_fd().try_clone_to_owned();
    let fd = fd.map_err(|error| fail(error.raw_os_error().map_or(Errno::EBADF, Errno::from_raw)))?;
    sys::read_all(&fd, || Ok(())).map(Secret::new).map_err(fail)
}

/// Takes as long whatever differs.
pub(crate) fn same(one: &[u8], two: &[u8]) -> bool {
    one.ct_eq(two).into()
}

fn words(error: Errno) -> String {
    match error {
        Errno::E2BIG => "larger than 1 MiB".into(),
        error => os(error),
    }
}
