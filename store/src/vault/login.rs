//! What the source's table and the environment say of the login.

use std::path::Path;

use inject::error::{Fault, printable};
use inject::secret::Secret;

use super::environment::variable_of;
use super::place::{is_part, path};
use super::trust;
use crate::settings::Settings;

/// What a source of this kind may say of other things than its login.
pub(super) const OTHERS: &[&str] = &["address", "namespace", "ca-cert", "client-cert", "client-key", "auth"];

/// The methods: what each cannot do without, and what else it understands.
const METHODS: &[(&str, &[&str], &[&str])] = &[
    ("token", &[], &["token"]),
    ("approle", &["role-id"], &["auth-mount", "secret-id", "wrapped-secret-id"]),
    ("userpass", &["username", "password"], &["auth-mount"]),
    ("jwt", &["jwt-file"], &["auth-mount", "role"]),
    ("kubernetes", &["role"], &["auth-mount", "jwt-file"]),
    ("cert", &[], &["auth-mount", "role"]),
];

/// Where a pod finds what it is.
const SERVICE_ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";

/// A way to a token.
pub(super) enum Login {
    /// It is there.
    Token(String),
    /// It is got at a mount.
    At(String, With),
}

/// What is shown there.
pub(super) enum With {
    AppRole {
        role_id: String,
        secret_id: SecretId,
    },
    Userpass {
        username: String,
        password: String,
    },
    Jwt {
        role: Option<String>,
        jwt: String,
    },
    Kubernetes {
        role: String,
        jwt: String,
    },
    /// The connection's own certificate.
    Certificate {
        role: Option<String>,
    },
}

/// The second half of an AppRole.
pub(super) enum SecretId {
    Plain(String),
    /// A token that gives it once.
    Wrapped(String),
}

impl Login {
    /// Everything that a login needs, read and looked at.
    ///
    /// # Errors
    /// Something is missing, or said for another method.
    pub(super) fn new(settings: &Settings) -> Result<Self, Fault> {
        let method = settings.text("auth")?.unwrap_or("token");
        check(settings, method)?;
        let text = |name: &str| Ok::<_, Fault>(settings.text(name)?.map(str::to_owned));
        let needed = |name: &str| Ok::<_, Fault>(text(name)?.unwrap_or_default());
        let with = match method {
            "approle" => With::AppRole { role_id: needed("role-id")?, secret_id: secret_id(settings)? },
            "userpass" => {
                let username = needed("username")?;
                if !is_part(&username) {
                    // Not quoted: a reference may have given it.
                    return Err(Fault::invalid(
                        "'username' is no name of a user: it is empty, a dot or two, too long, or holds a '/' or a control character",
                    ));
                }
                With::Userpass { username, password: needed("password")? }
            }
            "jwt" => With::Jwt { role: text("role")?, jwt: jwt(settings)? },
            "kubernetes" => With::Kubernetes { role: needed("role")?, jwt: jwt(settings)? },
            "cert" if trust::has_identity(settings)? => With::Certificate { role: text("role")? },
            "cert" => {
                let fault = Fault::denied("auth = \"cert\" needs a certificate to show");
                return Err(
                    fault.hint("'client-cert' and 'client-key' name it, or VAULT_CLIENT_CERT and VAULT_CLIENT_KEY")
                );
            }
            _ => return token(settings).map(Self::Token),
        };
        let mount = settings.text("auth-mount")?.map_or(method, |mount| mount.trim_matches('/'));
        Ok(Self::At(path(mount, "auth-mount")?.to_owned(), with))
    }
}

/// Refuses what the method does not know or lacks: whoever says it means another method.
fn check(settings: &Settings, method: &str) -> Result<(), Fault> {
    let Some((_, needs, may)) = METHODS.iter().find(|(name, ..)| *name == method) else {
        return Err(Fault::invalid(format!("auth = \"{}\" is not built into this inject-store", printable(method)))
            .hint("log in by other means, and leave the token in VAULT_TOKEN or ~/.vault-token"));
    };
    let known: Vec<_> = [OTHERS, needs, may].concat();
    for (name, needs, may) in METHODS {
        let foreign = needs.iter().chain(*may).find(|said| settings.secret(said).is_some() && !known.contains(said));
        if let Some(said) = foreign {
            let fault = Fault::invalid(format!("'{said}' says nothing where auth = \"{method}\""));
            return Err(fault.hint(format!("auth = \"{name}\" logs in with it")));
        }
    }
    match needs.iter().find(|needed| settings.secret(needed).is_none()) {
        Some(missing) => Err(Fault::invalid(format!("auth = \"{method}\" needs '{missing}'"))),
        None => settings.only(&known),
    }
}

fn secret_id(settings: &Settings) -> Result<SecretId, Fault> {
    match (settings.text("secret-id")?, settings.text("wrapped-secret-id")?) {
        (Some(_), Some(_)) => Err(Fault::invalid("'secret-id' and 'wrapped-secret-id' are two ways to say one thing")),
        (_, Some(wrapped)) => sendable(wrapped.to_owned(), "wrapped-secret-id").map(SecretId::Wrapped),
        // A role can do without.
        (plain, None) => Ok(SecretId::Plain(plain.unwrap_or_default().to_owned())),
    }
}

fn jwt(settings: &Settings) -> Result<String, Fault> {
    let file = settings.text("jwt-file")?.unwrap_or(SERVICE_ACCOUNT);
    trimmed(&trust::read_file(Path::new(file), "jwt-file")?, "jwt-file")
}

/// The token of the table, the environment, or the file where `vault login` leaves it.
fn token(settings: &Settings) -> Result<String, Fault> {
    if let Some(token) = settings.text("token")? {
        return sendable(token.to_owned(), "token");
    }
    if let Some(said) = variable_of("TOKEN")? {
        return sendable(said.text, &said.by);
    }
    let (file, by) = match (variable_of("TOKEN_PATH")?, Settings::env("HOME")?) {
        (Some(said), _) => (said.text, said.by),
        (None, Some(home)) => (format!("{home}/.vault-token"), "~/.vault-token".to_owned()),
        (None, None) => return Err(none()),
    };
    if !Path::new(&file).exists() {
        return Err(none());
    }
    sendable(trimmed(&trust::read_file(Path::new(&file), &by)?, &by)?, &by)
}

fn none() -> Fault {
    Fault::denied("no token: neither 'token' nor VAULT_TOKEN nor ~/.vault-token gives one").hint(
        "`vault login`, or `bao login`, gets one; [source.vault] auth = \"approle\" and its like log in by themselves",
    )
}

/// A file's text without the line end that editors and shells leave there.
fn trimmed(bytes: &Secret, by: &str) -> Result<String, Fault> {
    let text = std::str::from_utf8(bytes.expose().trim_ascii());
    text.map(str::to_owned).map_err(|_| Fault::invalid(format!("{by}: is not UTF-8")))
}

/// It becomes a header, which must not hold a second one.
fn sendable(token: String, by: &str) -> Result<String, Fault> {
    if !token.is_empty() && token.chars().all(|c| c.is_ascii_graphic()) {
        return Ok(token);
    }
    Err(Fault::denied(format!(
        "{by}: is no token: it is empty or holds a space, a line's end or other signs no token has"
    )))
}
