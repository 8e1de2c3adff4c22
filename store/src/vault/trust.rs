//! Whose certificates are believed, and the one that is shown.

use std::fs;
use std::path::Path;

use inject::error::{Fault, os, printable};
use inject::secret::Secret;
use nix::errno::Errno;
use reqwest::{Certificate, ClientBuilder, Identity};

use super::environment::{Said, said, variable_of};
use crate::settings::Settings;

/// Prepares a client for TLS. Where a CA is named, it alone is believed, as the official clients do it.
///
/// # Errors
/// A file cannot be read, or is not what it should be.
pub(super) fn prepare(mut client: ClientBuilder, settings: &Settings) -> Result<ClientBuilder, Fault> {
    if let Some(file) = said(settings, "ca-cert", "CACERT")? {
        client = client.tls_certs_only(certificates(read(&file)?.expose(), &file.by)?);
    } else if let Some(pem) = variable_of("CACERT_BYTES")? {
        client = client.tls_certs_only(certificates(pem.text.as_bytes(), &pem.by)?);
    } else if let Some(folder) = variable_of("CAPATH")? {
        client = client.tls_certs_only(all_of(&folder)?);
    }
    Ok(match identity(settings)? {
        Some(identity) => client.identity(identity),
        None => client,
    })
}

/// Whether there is a certificate to show.
///
/// # Errors
/// What names it is not UTF-8.
pub(super) fn has_identity(settings: &Settings) -> Result<bool, Fault> {
    Ok(said(settings, "client-cert", "CLIENT_CERT")?.is_some())
}

fn identity(settings: &Settings) -> Result<Option<Identity>, Fault> {
    let key = said(settings, "client-key", "CLIENT_KEY")?;
    let (certificate, key) = match (said(settings, "client-cert", "CLIENT_CERT")?, key) {
        (None, None) => return Ok(None),
        (Some(certificate), Some(key)) => (certificate, key),
        (Some(one), None) => return Err(Fault::invalid(format!("{}: a certificate to show needs its key", one.by))),
        (None, Some(one)) => return Err(Fault::invalid(format!("{}: a key needs its certificate", one.by))),
    };
    let pem = Secret::new([read(&certificate)?.expose(), b"\n", read(&key)?.expose()].concat());
    let wrong = || Fault::invalid(format!("{} and {}: not a certificate and its key in PEM", certificate.by, key.by));
    Identity::from_pem(pem.expose()).map(Some).map_err(|_| wrong())
}

fn read(file: &Said) -> Result<Secret, Fault> {
    read_file(Path::new(&file.text), &file.by)
}

/// The bytes of a file that `by` names.
///
/// # Errors
/// It cannot be read.
pub(super) fn read_file(path: &Path, by: &str) -> Result<Secret, Fault> {
    fs::read(path).map(Secret::new).map_err(|error| {
        let why = os(Errno::from_raw(error.raw_os_error().unwrap_or_default()));
        Fault::invalid(format!("{by}: {}: {why}", printable(&path.to_string_lossy())))
    })
}

fn certificates(pem: &[u8], by: &str) -> Result<Vec<Certificate>, Fault> {
    match Certificate::from_pem_bundle(pem) {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => Err(Fault::invalid(format!("{by}: holds no certificate in PEM"))),
    }
}

/// Every certificate of a folder.
fn all_of(folder: &Said) -> Result<Vec<Certificate>, Fault> {
    let fault = || Fault::invalid(format!("{}: '{}' is no folder of certificates", folder.by, printable(&folder.text)));
    let mut found = Vec::new();
    for entry in fs::read_dir(&folder.text).map_err(|_| fault())? {
        let path = entry.map_err(|_| fault())?.path();
        if path.is_file() {
            found.extend(certificates(read_file(&path, &folder.by)?.expose(), &folder.by)?);
        }
    }
    if found.is_empty() { Err(fault()) } else { Ok(found) }
}
