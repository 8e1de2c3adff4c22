//! `env`: the caller's environment.

use super::{Locator, Payload, Source};
use crate::error::Fault;
use crate::sys::Environ;

/// The caller's variables, by name; of duplicates the first, as getenv(3) finds it.
pub struct Env<'a>(pub &'a Environ);

impl Source for Env<'_> {
    fn fetch(&self, locators: &[Locator]) -> Result<Vec<Result<Payload, Fault>>, Fault> {
        let one = |locator: &Locator| {
            let value = self.0.get(&locator.text).ok_or_else(|| Fault::absent("not set in the caller's environment"));
            value.map(|value| Payload::from(value.to_vec()))
        };
        Ok(locators.iter().map(one).collect())
    }
}
