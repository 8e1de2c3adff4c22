//! `command`: what a program prints. An argument list, never a shell; its standard error is not shown, since nobody
//! knows what stands in it.

use super::{Locator, Payload};
use crate::error::{Fault, printable};
use crate::exec;
use crate::process::{Output, Spec};
use crate::profile::parse::Setting;
use crate::profile::sources::SourceDef;
use crate::sys::{Environ, MAX_BYTES, Program};
use std::cell::RefCell;
use std::ffi::CString;
use std::process::ExitStatus;
use std::rc::Rc;
use zeroize::Zeroize;

/// The program for one locator, with the caller's whole environment.
///
/// # Errors
/// There is no such program, or it cannot be executed.
pub fn spec<'e>(source: &SourceDef, locator: &Locator, environ: &'e Environ) -> Result<Spec<'e>, Fault> {
    let run = source.list("run");
    let words =
        run.iter().enumerate().map(|(i, word)| if i == 0 { word.clone() } else { word.replace("{}", &locator.text) });
    let argv: Vec<CString> = words
        .map(CString::new)
        .collect::<Result<_, _>>()
        .map_err(|_| Fault::invalid("a NUL character cannot be in an argument"))?;
    let name = argv.first().ok_or_else(|| Fault::invalid("'run' names no program"))?;
    let path = exec::locate(name, environ).map_err(|error| {
        let message = error.reports.into_iter().next().map(|report| report.message).unwrap_or_default();
        Fault::unreachable(message)
    })?;
    Ok(Spec {
        label: source.name.clone(),
        program: Program::Path(path),
        argv,
        env: environ.entries().to_vec(),
        talks: false,
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
    /// It failed, or printed nothing; absent only where `absent-exit` says that this exit code means it.
    pub fn answer(&self, source: &SourceDef, locator: &Locator, ending: Option<ExitStatus>) -> Result<Payload, Fault> {
        use std::os::unix::process::ExitStatusExt;
        let mut bytes = self.0.take();
        let fault = |message: String| {
            let words = source.list("run").iter().map(|word| word.replace("{}", &locator.text));
            let line: Vec<_> = words.map(|word| shell_word(&word)).collect();
            Fault::invalid(message).hint(format!(
                "its error output is not shown, for it may hold a value; run it by hand: {}",
                printable(&line.join(" "))
            ))
        };
        match ending.map(|status| (status.code(), status.signal())) {
            Some((Some(0), _)) if bytes.is_empty() => return Err(fault("the program printed nothing".into())),
            Some((Some(0), _)) => {}
            Some((Some(code), _)) => {
                let absent = matches!(source.settings.get("absent-exit"), Some((Setting::Codes(codes), ..)) if codes.iter().any(|c| i32::from(*c) == code));
                let message = format!("the program ended with exit code {code}");
                return Err(if absent { Fault::absent(message) } else { fault(message) });
            }
            Some((None, Some(signal))) => return Err(fault(format!("the program was ended by signal {signal}"))),
            _ => return Err(fault("the system would not say how the program ended".into())),
        }
        if !source.flag("raw") && bytes.last() == Some(&b'\n') {
            bytes.pop();
        }
        Ok(bytes.into())
    }
}

/// A word as a shell would need it typed.
pub fn shell_word(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) { word.into() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}
