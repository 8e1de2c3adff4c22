//! The servers of the stores of the network, over TLS, filled with a case's secrets.

use {
    super::secrets::random,
    crate::common::Test,
    std::{collections::BTreeMap, ffi::OsString, path::Path},
};

/// A random credential, which must not be left behind either.
pub(crate) fn credential(needles: &mut Vec<(String, Vec<u8>)>, name: &str) -> String {
    let text = data_encoding::HEXLOWER.encode(&random(20));
    needles.push((name.to_owned(), text.clone().into_bytes()));
    text
}

fn script(name: &str) -> [OsString; 2] {
    let python = std::env::var_os("INJECT_TEST_PYTHON").unwrap_or("python3".into());
    [python, Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/servers").join(name).into()]
}

fn filled(test: Test, all: &BTreeMap<String, String>) -> Test {
    let test = test.env("PYTHONDONTWRITEBYTECODE", "1");
    all.iter().fold(test, |test, (name, value)| test.file(format!("secrets/{name}"), value))
}

/// Beside a real server.
pub(crate) fn beside(test: Test, kind: &str, all: &BTreeMap<String, String>) -> (Test, Vec<OsString>) {
    let test = filled(test, all);
    let folder = test.path("").into();
    (test, script("proof.py").into_iter().chain([kind.into(), folder]).collect())
}

/// In a network with a stand-in.
pub(crate) fn inside(test: Test, kind: &str, all: &BTreeMap<String, String>) -> (Test, Vec<OsString>) {
    let test = filled(test, all);
    let folder = test.path("").display().to_string();
    let front = ["/usr/bin/unshare", "--net", "--mount"].map(OsString::from);
    let behind = [OsString::from(folder.trim_end_matches('/')), "--".into()];
    (test, front.into_iter().chain(script(&format!("{kind}.py"))).chain(behind).collect())
}
