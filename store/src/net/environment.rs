//! What the clients of the vendors' SDKs read in the environment and take no other word for.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;

/// Where no proxy has a say: this machine, and what is on its own link, as the metadata services of the clouds are.
const NEAR: &str = "localhost,127.0.0.0/8,::1,169.254.0.0/16,fe80::/10,metadata.google.internal";

/// The variables to set, before there is a second thread.
pub(crate) fn settled() -> Vec<(&'static str, OsString)> {
    let mut set = vec![("NO_PROXY", near(|name| env::var(name).ok()).into())];
    set.extend(bundle(|name| env::var_os(name).is_some()).map(|file| ("SSL_CERT_FILE", file.into())));
    set
}

/// The file with the certificates of all CAs, where the caller names none. Otherwise the clients read the folder with a
/// file for each of them as well, to the same end.
fn bundle(is_set: impl Fn(&str) -> bool) -> Option<PathBuf> {
    let named = is_set("SSL_CERT_FILE") || is_set("SSL_CERT_DIR");
    if named { None } else { openssl_probe::probe().cert_file }
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
