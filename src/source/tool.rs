//! The kinds of which a program gives each value: what is started for one locator, and what its end means. Each gets the
//! caller's whole environment; its standard error is not shown, since nobody knows what stands in it.

use super::command::Command;
use super::sops::Sops;
use super::{Locator, Payload};
use crate::error::{Fault, printable};
use crate::exec;
use crate::process::{Input, Output, Spec};
use crate::profile::sources::SourceDef;
use crate::sys::{Environ, MAX_BYTES, Program};
use std::cell::RefCell;
use std::ffi::CString;
use std::process::ExitStatus;
use std::rc::Rc;
use zeroize::Zeroize;

/// A kind that runs a program for each locator.
pub trait Tool {
    /// The program's arguments, its name first.
    fn argv(&self, source: &SourceDef, locator: &Locator) -> Vec<String>;

    /// What to do where there is no such program.
    fn missing(&self) -> Option<&'static str> {
        None
    }

    /// Looks at what the program is to work on.
    ///
    /// # Errors
    /// It need not be started.
    fn check(&self, _: &Locator) -> Result<(), Fault> {
        Ok(())
    }

    /// What the program gave: `printed`, with the exit code that it ended with.
    ///
    /// # Errors
    /// It failed, or what it printed cannot be used.
    fn answer(&self, source: &SourceDef, locator: &Locator, printed: Vec<u8>, code: i32) -> Result<Payload, Fault>;
}

/// The kind with this name, where it runs programs.
pub fn tool(kind: &str) -> Option<&'static dyn Tool> {
    match kind {
        "command" => Some(&Command),
        "sops" => Some(&Sops),
        _ => None,
    }
}

/// The program for one locator.
///
/// # Errors
/// There is no such program, it cannot be executed, or the tool knows better than to start it.
pub fn spec<'e>(
    tool: &dyn Tool,
    source: &SourceDef,
    locator: &Locator,
    environ: &'e Environ,
) -> Result<Spec<'e>, Fault> {
    tool.check(locator)?;
    let argv: Vec<CString> = tool
        .argv(source, locator)
        .into_iter()
        .map(CString::new)
        .collect::<Result<_, _>>()
        .map_err(|_| Fault::invalid("a NUL character cannot be in an argument"))?;
    let name = argv.first().ok_or_else(|| Fault::invalid("'run' names no program"))?;
    let path = exec::locate(name, environ).map_err(|error| {
        let message = error.reports.into_iter().next().map(|report| report.message).unwrap_or_default();
        Fault { hint: tool.missing().map(str::to_owned), ..Fault::unreachable(message) }
    })?;
    Ok(Spec {
        label: source.name.clone(),
        program: Program::Path(path),
        argv,
        env: environ.entries().to_vec(),
        input: Input::Nothing,
    })
}

/// Collects what a program prints, up to the limit.
#[derive(Clone, Default)]
pub struct Printed(Rc<RefCell<Vec<u8>>>);

impl Output for Printed {
    fn feed(&mut self, bytes: &[u8]) -> Result<bool, Fault> {
        let mut all = self.0.borrow_mut();
        if all.len() + bytes.len() > MAX_BYTES {
            all.zeroize();
            return Err(Fault::invalid("it printed more than 1 MiB"));
        }
        all.extend_from_slice(bytes);
        Ok(false)
    }
}

impl Printed {
    /// What the program gave, once it has ended.
    ///
    /// # Errors
    /// It ended by no exit, or as the tool says.
    pub fn answer(
        &self,
        tool: &dyn Tool,
        source: &SourceDef,
        locator: &Locator,
        ending: Option<ExitStatus>,
    ) -> Result<Payload, Fault> {
        use std::os::unix::process::ExitStatusExt;
        let code = match ending.map(|status| (status.code(), status.signal())) {
            Some((Some(code), _)) => Ok(code),
            Some((None, Some(signal))) => Err(format!("the program was ended by signal {signal}")),
            _ => Err("the system would not say how the program ended".into()),
        };
        let code = code.map_err(|message| unexplained(message, &tool.argv(source, locator)))?;
        tool.answer(source, locator, self.0.take(), code)
    }
}

/// The fault of a program that did not say why in any way that can be shown.
pub fn unexplained(message: impl Into<String>, argv: &[String]) -> Fault {
    let line: Vec<_> = argv.iter().map(|word| shell_word(word)).collect();
    Fault::invalid(message).hint(format!(
        "its error output is not shown, for it may hold a value; run it by hand: {}",
        printable(&line.join(" "))
    ))
}

/// A word as a shell would need it typed.
pub fn shell_word(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) { word.into() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}
