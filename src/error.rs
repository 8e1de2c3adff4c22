//! Every word that the user reads on stderr goes through here: lower case, no full stop, `inject: ` in front, file and
//! line first, a hint on a line of its own. Never a value, and never a foreign error's `Display` or `Debug`.

/// How a look-up ended when it gave no value; the words are those of `check --json`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum State {
    /// There is no such item. The one state that `optional`, `default` and the next entry of a list forgive.
    Absent = 1,
    /// No permission, no credentials, a bad or expired token.
    Denied = 2,
    /// It exists, behind a lock that nobody opened.
    Locked = 3,
    /// The source could not be reached: network, TLS, no bus, sealed, a missing program or store.
    Unreachable = 4,
    /// The deadline passed.
    Timeout = 5,
    /// It answered something that cannot be used: malformed, ambiguous, too large, a refused name, a failed program.
    Invalid = 6,
}

impl State {
    /// The word in `check`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Denied => "denied",
            Self::Locked => "locked",
            Self::Unreachable => "unreachable",
            Self::Timeout => "timeout",
            Self::Invalid => "invalid",
        }
    }

    /// The state with this number in the protocol.
    pub fn from_byte(byte: u8) -> Option<Self> {
        [Self::Absent, Self::Denied, Self::Locked, Self::Unreachable, Self::Timeout, Self::Invalid]
            .into_iter()
            .find(|state| *state as u8 == byte)
    }
}

/// Why one look-up gave no value. `message` and `hint` never hold a value; text of a server in them is passed through
/// [`printable`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What `optional` and `default` look at.
    pub state: State,
    /// Whether the same launch may work later: exit 124 instead of 125.
    pub transient: bool,
    /// What happened, lower case, without a full stop.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Fault {
    fn new(state: State, transient: bool, message: impl Into<String>) -> Self {
        Self { state, transient, message: message.into(), hint: None }
    }

    /// There is no such item, by the source's own word.
    pub fn absent(message: impl Into<String>) -> Self {
        Self::new(State::Absent, false, message)
    }

    /// No permission or no usable credentials.
    pub fn denied(message: impl Into<String>) -> Self {
        Self::new(State::Denied, false, message)
    }

    /// Behind a lock.
    pub fn locked(message: impl Into<String>) -> Self {
        Self::new(State::Locked, false, message)
    }

    /// Cannot be reached, and will not be by trying again: TLS, no bus, no program.
    pub fn unreachable(message: impl Into<String>) -> Self {
        Self::new(State::Unreachable, false, message)
    }

    /// Cannot be reached now: refused, 5xx, sealed.
    pub fn outage(message: impl Into<String>) -> Self {
        Self::new(State::Unreachable, true, message)
    }

    /// The deadline passed.
    pub fn timeout(message: impl Into<String>) -> Self {
        Self::new(State::Timeout, true, message)
    }

    /// The answer cannot be used.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(State::Invalid, false, message)
    }

    /// The same with a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The exit code that a launch ends with for this fault alone.
    pub fn exit(&self) -> u8 {
        if self.transient { 124 } else { 125 }
    }
}

/// Foreign text made safe for a terminal and a log, and cut at 300 characters.
pub fn printable(text: &str) -> String {
    match text.char_indices().nth(300) {
        Some((end, _)) => escaped(text.get(..end).unwrap_or_default()) + "...",
        None => escaped(text),
    }
}

/// The same, whole: control characters are escaped, and those that turn the direction of what follows them.
pub fn escaped(text: &str) -> String {
    let turns =
        |c| matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let mut out = String::new();
    for c in text.chars() {
        if c.is_control() || turns(c) { out.extend(c.escape_default()) } else { out.push(c) }
    }
    out
}

/// One thing that went wrong, as it is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The file as the user would open it from here, and the line (1-based).
    pub place: Option<(String, usize)>,
    /// Lower case, no full stop, never a value.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// Why nothing was run: at least one report, and the exit code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// 124, 125, 126 or 127.
    pub exit: u8,
    /// What to tell.
    pub reports: Vec<Report>,
}

impl Error {
    /// An error without a place, exit 125.
    pub fn new(message: impl Into<String>) -> Self {
        Self { exit: 125, reports: vec![Report { place: None, message: message.into(), hint: None }] }
    }

    /// The same with another exit code.
    #[must_use]
    pub fn exit(mut self, exit: u8) -> Self {
        self.exit = exit;
        self
    }

    /// The same with a hint on its last report.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        if let Some(last) = self.reports.last_mut() {
            last.hint = Some(hint.into());
        }
        self
    }

    /// Everything in `reports`, or nothing where there are none.
    ///
    /// # Errors
    /// The reports as one error, exit 125.
    pub fn of(reports: Vec<Report>) -> Result<(), Self> {
        if reports.is_empty() { Ok(()) } else { Err(Self { exit: 125, reports }) }
    }

    /// The text for stderr: reports sorted by file and line, each line with its prefix.
    pub fn render(&self) -> String {
        let mut reports: Vec<_> = self.reports.iter().collect();
        reports.sort_by(|a, b| a.place.cmp(&b.place));
        reports.dedup();
        let mut out = String::new();
        let mut hinted: Vec<&str> = Vec::new();
        for (i, report) in reports.iter().enumerate() {
            out.push_str("inject: error: ");
            if let Some((file, line)) = &report.place {
                out.push_str(&format!("{}:{line}: ", printable(file)));
            }
            out.push_str(&report.message);
            out.push('\n');
            // One hint serves all the reports that stand together and share it.
            let next = reports.get(i + 1).and_then(|next| next.hint.as_deref());
            if let Some(hint) = report.hint.as_deref().filter(|hint| next != Some(hint) && !hinted.contains(hint)) {
                out.push_str(&format!("inject: hint: {hint}\n"));
                hinted.push(hint);
            }
        }
        out
    }
}

/// What the system says of an error number, without Rust's own " (os error 2)".
pub fn os(error: nix::errno::Errno) -> String {
    let desc = error.desc();
    let mut chars = desc.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}
