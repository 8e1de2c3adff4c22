//! Random secrets, in every kind of place that the launcher reads them from.

use {
    super::remote,
    crate::common::{Test, tool},
    std::{collections::BTreeMap, ffi::OsString, fmt::Write, fs::File, io::Read, path::Path},
};

const COUNT: usize = 30;

/// A supply of random numbers: chance must not make two needles alike, nor a needle like the program's text.
pub(crate) fn random(length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    File::open("/dev/urandom").expect("/dev/urandom").read_exact(&mut bytes).expect("random bytes");
    bytes
}

/// Sizes grow from 8 to 12,000 bytes; one byte in eighteen is one that JSON must escape.
pub(crate) fn secret(index: usize) -> String {
    let share = index as f64 / (COUNT - 1) as f64;
    let size = (8.0 * 1500_f64.powf(share)).round() as usize;
    let mut text = String::new();
    for byte in random(size) {
        let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let letter = char::from(letters[usize::from(byte % 64)]);
        text.push(match byte {
            0..=3 => '"',
            64..=67 => '\\',
            128..=131 => '\n',
            192..=193 => '\t',
            _ => letter,
        });
    }
    // The ends are letters: neither a final newline nor white space that somebody trims.
    let end = text.len() - 1;
    text.replace_range(0..1, "x");
    text.replace_range(end.., "y");
    text
}

/// One profile, and what it must put into the environment.
pub(crate) struct Case {
    pub(crate) test: Test,
    pub(crate) name: &'static str,
    pub(crate) profile: String,
    /// By variable, as the command must see it.
    pub(crate) expected: BTreeMap<String, String>,
    /// The bytes that came out of sources.
    pub(crate) needles: Vec<(String, Vec<u8>)>,
    /// A line for `[secrets]` that names something which the source does not have.
    pub(crate) missing: &'static str,
    /// What must run around it: a command line that ends in the launcher's.
    pub(crate) servers: Vec<OsString>,
}

pub(crate) const KINDS: &[&str] =
    &["env", "dotenv", "json", "yaml", "toml", "whole-file", "template", "systemd", "command", "sops"];

pub(crate) fn case(kind: &'static str) -> Case {
    let mut all: BTreeMap<String, String> = (0..COUNT).map(|i| (format!("S{i:02}"), secret(i))).collect();
    if kind == "sops" {
        // No .env file of sops can hold a '\\' before an 'n'.
        all.values_mut().for_each(|value| *value = value.replace('\\', "/"));
    }
    let mut needles: Vec<_> = all.iter().map(|(name, value)| (name.clone(), value.clone().into_bytes())).collect();
    let each = |reference: &dyn Fn(&str) -> String| {
        all.keys().fold(String::from("[secrets]\n"), |mut text, name| {
            let _ = writeln!(text, "{name} = {}", reference(name));
            text
        })
    };
    let quoted = |value: &str| serde_json::to_string(value).expect("JSON");
    let lines = |joint: &str| {
        all.iter().fold(String::new(), |mut text, (name, value)| {
            let _ = writeln!(text, "{name}{joint}{}", quoted(value));
            text
        })
    };
    let mut test = Test::new();
    let mut expected = all.clone();
    let mut servers: Vec<OsString> = Vec::new();
    let (profile, missing) = match kind {
        "env" => {
            for (name, value) in &all {
                test = test.env(format!("CALLER_{name}"), value);
            }
            (each(&|name| format!("\"env:CALLER_{name}\"")), "MISSING = \"env:NOT_THERE\"")
        }
        "dotenv" => {
            test = test.file("secrets.env", lines("="));
            (each(&|name| format!("\"dotenv:secrets.env#{name}\"")), "MISSING = \"dotenv:secrets.env#NOT_THERE\"")
        }
        "json" => {
            test = test.file("secrets.json", serde_json::to_string(&all).expect("JSON"));
            (each(&|name| format!("\"file:secrets.json#{name}\"")), "MISSING = \"file:secrets.json#NOT_THERE\"")
        }
        "yaml" => {
            test = test.file("secrets.yaml", lines(": "));
            (each(&|name| format!("\"file:secrets.yaml#{name}\"")), "MISSING = \"file:secrets.yaml#NOT_THERE\"")
        }
        "toml" => {
            test = test.file("secrets.toml", lines(" = "));
            (each(&|name| format!("\"file:secrets.toml#{name}\"")), "MISSING = \"file:secrets.toml#NOT_THERE\"")
        }
        "whole-file" => {
            for (name, value) in &all {
                test = test.file(format!("secrets/{name}"), value);
            }
            (each(&|name| format!("\"file:secrets/{name}\"")), "MISSING = \"file:secrets/NOT_THERE\"")
        }
        "template" => {
            let mut text = String::from("[secrets]\n");
            for (index, (name, value)) in all.iter().enumerate() {
                let (decode, stored) = match index % 3 {
                    0 => ("base64", data_encoding::BASE64.encode(value.as_bytes())),
                    1 => ("hex", data_encoding::HEXLOWER.encode(value.as_bytes())),
                    _ => ("base64url", data_encoding::BASE64URL_NOPAD.encode(value.as_bytes())),
                };
                test = test.file(format!("secrets/{name}"), stored);
                let _ = writeln!(text, "{name} = {{ from = \"file:secrets/{name}\", decode = \"{decode}\" }}");
                let _ = writeln!(text, "T{name} = {{ template = \"p://${{{name}|url}}@h/${{{name}}}\" }}");
                expected.insert(format!("T{name}"), format!("p://{}@h/{value}", percent_encoded(value)));
            }
            (text, "MISSING = { from = \"file:secrets/NOT_THERE\", decode = \"base64\" }")
        }
        "systemd" => {
            for (name, value) in &all {
                test = test.file(format!("credentials/{name}"), value);
            }
            let folder = test.path("credentials");
            test = test.env("CREDENTIALS_DIRECTORY", folder);
            (each(&|name| format!("\"systemd:{name}\"")), "MISSING = \"systemd:NOT_THERE\"")
        }
        "command" => {
            for (name, value) in &all {
                test = test.file(format!("secrets/{name}"), value);
            }
            let folder = test.path("secrets").display().to_string();
            let text = each(&|name| format!("\"cat:{folder}/{name}\""));
            let source = "[source.cat]\nkind = \"command\"\nrun = [\"/bin/cat\", \"{}\"]\n";
            (format!("{text}#\n{source}"), "MISSING = \"env:NOT_THERE\"")
        }
        "sops" => {
            let dotenv: String =
                all.iter().map(|(name, value)| format!("{name}={}\n", value.replace('\n', "\\n"))).collect();
            let (key, encrypted) = tool::sops_files(&[("secrets.yaml", &lines(": ")), ("secrets.env", &dotenv)]);
            // The key came out of no source, and must be left behind as little.
            needles.push(("SOPS_AGE_KEY".into(), key.clone().into_bytes()));
            let path = format!("{}:/usr/bin:/bin", tool::sops().parent().expect("its folder").display());
            test = test.env("SOPS_AGE_KEY", key).env("PATH", path);
            for (name, text) in encrypted {
                test = test.file(name, text);
            }
            let file = |name: &str| if name.ends_with(['0', '2', '4', '6', '8']) { "yaml" } else { "env" };
            (
                each(&|name| format!("\"sops:secrets.{}#{name}\"", file(name))),
                "MISSING = \"sops:secrets.yaml#NOT_THERE\"",
            )
        }
        "keychain" => {
            for (name, value) in &all {
                test = test.file(format!("secrets/{name}"), value);
            }
            let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
            let python = std::env::var_os("INJECT_TEST_PYTHON").unwrap_or("python3".into());
            let seed = tests.join("tools/store_secrets.py");
            servers = vec![
                tests.join("servers/keyring.sh").into(),
                python,
                seed.into(),
                test.path("secrets").into(),
                "proof".into(),
            ];
            (each(&|name| format!("\"keychain:proof/{name}\"")), "MISSING = \"keychain:proof/NOT_THERE\"")
        }
        "vault" => {
            let token = remote::credential(&mut needles, "VAULT_TOKEN");
            (test, servers) = remote::beside(test, "vault", &all);
            test = test.env("VAULT_TOKEN", token);
            let profile = each(&|name| format!("\"vault:secret/proof/{name}#value\""));
            (profile, "MISSING = \"vault:secret/proof/NOT_THERE\"")
        }
        "aws" => {
            let key = remote::credential(&mut needles, "AWS_SECRET_ACCESS_KEY");
            (test, servers) = remote::beside(test, "aws", &all);
            test = test.env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE").env("AWS_SECRET_ACCESS_KEY", key);
            // Every other one that is short enough is a parameter, in the same process.
            let parameter = |name: &str| all[name].len() < 4096 && name.ends_with(['0', '2', '4', '6', '8']);
            let profile = each(&|name| {
                if parameter(name) { format!("\"ssm:/proof/{name}\"") } else { format!("\"aws:proof/{name}\"") }
            });
            (profile, "MISSING = \"ssm:/proof/NOT_THERE\"")
        }
        "gcp" => {
            let refresh = remote::credential(&mut needles, "REFRESH_TOKEN");
            (test, servers) = remote::inside(test, "gcp", &all);
            test = test.file("refresh", refresh).env("GOOGLE_CLOUD_PROJECT", "demo-project");
            // The login goes through the launcher's own memory.
            let source = "[source.gcp]\ncredentials = \"file:user.json\"\n";
            (each(&|name| format!("\"gcp:{name}\"")) + "#\n" + source, "MISSING = \"gcp:NOT_THERE\"")
        }
        "azure" => {
            let secret = remote::credential(&mut needles, "CLIENT_SECRET");
            (test, servers) = remote::inside(test, "azure", &all);
            test = test.file("client-secret", &secret).env("CLIENT_SECRET", &secret);
            let source = "[source.azure]\nvault = \"https://myvault.vault.azure.net\"\nclient-id = \"app-id\"\n\
                tenant-id = \"11111111-2222-3333-4444-555555555555\"\nclient-secret = \"env:CLIENT_SECRET\"\n";
            (each(&|name| format!("\"azure:{name}\"")) + "#\n" + source, "MISSING = \"azure:NOT-THERE\"")
        }
        other => panic!("no kind '{other}'"),
    };
    Case { test, name: kind, profile, expected, needles, missing, servers }
}

/// RFC 3986: everything but the unreserved characters.
fn percent_encoded(value: &str) -> String {
    value.bytes().fold(String::new(), |mut text, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
        text
    })
}

impl Case {
    /// The same with one secret that is not there, so that all of it fails.
    pub(crate) fn failing(mut self) -> Self {
        self.profile = self.profile.replacen("[secrets]\n", &format!("[secrets]\n{}\n", self.missing), 1);
        self
    }

    /// Lines `NAME HEX`, as the scanner reads them.
    pub(crate) fn needle_file(&self) -> String {
        self.needles.iter().fold(String::new(), |mut text, (name, bytes)| {
            let _ = writeln!(text, "{name} {}", data_encoding::HEXLOWER.encode(bytes));
            text
        })
    }
}
