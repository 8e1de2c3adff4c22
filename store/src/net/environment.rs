//! What the clients of the vendors' SDKs read in the environment and take no other word for.

use std::ffi::OsString;

/// Where no proxy has a say: this machine, and what is on its own link, as the metadata services of the clouds are.
const NEAR: &str = "localhost,127.0.0.0/8,::1,169.254.0.0/16,fe80::/10,metadata.google.internal";

/// The variables to set, before there is a second thread.
pub(crate) fn settled() -> Vec<(&'static str, OsString)> {
    vec![("NO_PROXY", near(|name| std::env::var(name).ok()).into())]
}

/// The caller's own list, from the one of the two variables that counts, and ours.
fn near(variable: impl Fn(&str) -> Option<String>) -> String {
    let own = variable("NO_PROXY").or_else(|| variable("no_proxy")).filter(|own| !own.is_empty());
    own.map_or_else(|| NEAR.to_owned(), |own| format!("{own},{NEAR}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_callers_own_list_stays() {
        let with = |set: &'static [(&str, &str)]| {
            near(|name| set.iter().find(|(known, _)| *known == name).map(|(_, list)| (*list).to_owned()))
        };
        assert_eq!(with(&[]), NEAR);
        assert_eq!(with(&[("no_proxy", "a.example")]), format!("a.example,{NEAR}"));
        assert_eq!(with(&[("NO_PROXY", "b.example"), ("no_proxy", "a")]), format!("b.example,{NEAR}"));
        // The second is not looked at where the first says that there is none.
        assert_eq!(with(&[("NO_PROXY", ""), ("no_proxy", "a")]), NEAR);
    }
}
