//! What envchain has stored: an item a variable, under a schema of its own, with the namespace as `name` and the variable
//! as `key`. Read for `inject import` only; a namespace comes as one JSON object.

use std::collections::HashMap;

use inject::document::dotenv::Dialect;
use inject::document::{Field, Format, edit};
use inject::error::{Fault, printable};
use inject::secret::Secret;
use inject::source::{Locator, Payload};

use super::bus::patiently;
use super::{Hidden, Keychain};

/// The namespace that a locator asks for, if it asks for one: no profile can say that.
pub(super) fn namespace(locator: &Locator) -> Option<&str> {
    let [(option, value)] = &locator.options[..] else { return None };
    (option == "schema" && value == "envchain" && !locator.text.contains('\0')).then_some(&*locator.text)
}

impl Keychain {
    /// Every variable of a namespace.
    pub(super) fn envchain(&self, namespace: &str) -> Result<Payload, Fault> {
        let search = || {
            let attributes = HashMap::from([("xdg:schema", "envchain.EnvironmentVariable"), ("name", namespace)]);
            patiently(|| self.service.search_items(attributes.clone()))
        };
        let mut found = search()?;
        if found.unlocked.is_empty() && found.locked.is_empty() {
            match self.open_hidden()? {
                Hidden::None => {}
                Hidden::Opened => found = search()?,
                Hidden::Locked(fault) => return Err(fault),
            }
        }
        let locked: Vec<_> = found.locked.iter().collect();
        if !locked.is_empty()
            && let Some(refused) = self.ask(|| self.service.unlock_all(&locked))?
        {
            return Err(refused);
        }
        let mut all = Secret::new(Vec::new());
        for item in found.unlocked.iter().chain(&found.locked) {
            let attributes = patiently(|| item.get_attributes())?;
            let key = attributes.get("key").ok_or_else(|| Fault::invalid("an item of envchain's without a key"))?;
            let value = Secret::new(patiently(|| item.get_secret())?);
            let pointer = format!("/{}", key.replace('~', "~0").replace('/', "~1"));
            let field = Field::parse(&pointer).map_err(Fault::invalid)?;
            all = edit::put(all.expose(), Format::Json, Dialect::Python, &field, value.expose())
                .map_err(|fault| Fault { message: format!("{}: {}", printable(key), fault.message), ..fault })?;
        }
        if all.is_empty() {
            return Err(Fault::absent("envchain has no such namespace in this keychain"));
        }
        Ok(Payload::from(all))
    }
}
