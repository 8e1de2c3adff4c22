//! `command`: what a program prints. An argument list, never a shell.

use super::tool::{Tool, unexplained};
use super::{Locator, Payload};
use crate::error::Fault;
use crate::profile::parse::Setting;
use crate::profile::sources::SourceDef;

/// The kind `command`.
pub struct Command;

impl Tool for Command {
    fn argv(&self, source: &SourceDef, locator: &Locator) -> Vec<String> {
        let words = source.list("run").iter().enumerate();
        words.map(|(i, word)| if i == 0 { word.clone() } else { word.replace("{}", &locator.text) }).collect()
    }

    /// Absent only where `absent-exit` says that this exit code means it.
    fn answer(&self, source: &SourceDef, locator: &Locator, mut printed: Vec<u8>, code: i32) -> Result<Payload, Fault> {
        let fault = |message: String| unexplained(message, &self.argv(source, locator));
        if code != 0 {
            let absent = matches!(source.settings.get("absent-exit"), Some((Setting::Codes(codes), ..)) if codes.iter().any(|c| i32::from(*c) == code));
            let message = format!("the program ended with exit code {code}");
            return Err(if absent { Fault::absent(message) } else { fault(message) });
        }
        if printed.is_empty() {
            return Err(fault("the program printed nothing".into()));
        }
        if !source.flag("raw") && printed.last() == Some(&b'\n') {
            printed.pop();
        }
        Ok(printed.into())
    }
}
