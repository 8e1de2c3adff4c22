//! `inject doctor`: what would keep a launch from working here, in plain words. It looks where a launch looks, and asks
//! whom a launch asks.

mod lease;
mod machine;
mod profile;

use inject::cli::Load;
use inject::error::{Error, Fault, Report, printable};
use inject::sys::Environ;
use inject::verb::{columns, print};

/// How grave a finding is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// As it should be.
    Fine,
    /// A launch works, but somebody should know.
    Note,
    /// A launch fails.
    Wrong,
}

/// One finding.
struct Finding {
    state: State,
    about: String,
    text: String,
    hint: Option<String>,
}

impl Finding {
    fn fine(about: &str, text: impl Into<String>) -> Self {
        Self { state: State::Fine, about: about.into(), text: text.into(), hint: None }
    }

    fn note(about: &str, text: impl Into<String>) -> Self {
        Self { state: State::Note, ..Self::fine(about, text) }
    }

    fn wrong(about: &str, text: impl Into<String>) -> Self {
        Self { state: State::Wrong, ..Self::fine(about, text) }
    }

    fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// What a source said, `state` where that is a failure.
    fn of(state: State, about: &str, fault: Fault) -> Self {
        Self { state, about: about.into(), text: fault.message, hint: fault.hint }
    }

    /// What a launch would say.
    fn all_of(about: &str, mut error: Error) -> Vec<Self> {
        error.reports.sort_by(|one, two| one.place.cmp(&two.place));
        let finding = |Report { place, message, hint }: Report| {
            let place = place.map_or_else(String::new, |(file, line)| format!("{}:{line}: ", printable(&file)));
            Self { state: State::Wrong, about: about.into(), text: format!("{place}{message}"), hint }
        };
        error.reports.into_iter().map(finding).collect()
    }

    fn cells(self) -> Vec<String> {
        let word = match self.state {
            State::Fine => "ok",
            State::Note => "note",
            State::Wrong => "wrong",
        };
        let hint = self.hint.map_or_else(String::new, |hint| format!(" ({hint})"));
        vec![word.into(), self.about, format!("{}{hint}", self.text)]
    }
}

/// The verb: a row for each finding; the exit code is 1 where one of them would keep a launch from working. Without a
/// profile it looks at the machine alone.
pub(crate) fn doctor(load: &Load, environ: &Environ) -> u8 {
    let named = !load.profiles.is_empty() || environ.get("INJECT_PROFILE").is_some_and(|name| !name.is_empty());
    let mut findings = machine::findings(environ);
    if named {
        findings.extend(profile::findings(load, environ));
    } else {
        findings.extend(machine::stores(environ));
        findings.push(Finding::note("profile", "none is named, so no source was asked").hint("-p names one"));
    }
    let sick = findings.iter().any(|finding| finding.state == State::Wrong);
    print(&columns(&findings.into_iter().map(Finding::cells).collect::<Vec<_>>()));
    u8::from(sick)
}
