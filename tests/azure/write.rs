//! What is written, against the stand-in, and read again by Microsoft's own client.

use super::world::{VAULT, as_client, asked, inside, python};
use crate::common::hostile::values;
use crate::common::project::{self, fresh, profile, variables};
use crate::common::{Output, Test};

/// Lines of a shell in the network of the stand-in, which lives as long as they run.
#[track_caller]
fn shell(profile: &str, lines: &str, faults: &[&str]) -> Test {
    inside(as_client(project::shell(profile, lines)), faults)
}

fn one(reference: &str) -> String {
    format!("[secrets]\nA = {{ from = 'azure:{reference}', expose = false }}\n{VAULT}")
}

fn told(done: &Output, reference: &str) -> Vec<String> {
    project::told(done, &format!("azure:{reference}"))
}

#[test]
fn a_secret_is_made_and_gets_versions() {
    for reference in ["w-new", "https://myvault.vault.azure.net/secrets/w-new"] {
        let lines = "printf one | set_ A\nprintf one | set_ A\nprintf two | set_ A\nget A\n";
        let done = shell(&one(reference), lines, &[]).stdout("two").run();
        assert_eq!(told(&done, reference), ["created", "unchanged", "new version 00000000000000000000000000000001"]);
        // No value goes anywhere before the vault's challenge is answered.
        let asked = asked(&done);
        let puts: Vec<_> = asked.iter().filter(|one| one["method"] == "PUT").collect();
        assert!(puts.len() == 2 && puts.iter().all(|one| one["token"] == "client"), "{asked:?}");
    }
    let done = shell(&one("plain"), "printf one | set_ A\n", &["foreign-challenge"]).status(125);
    let done = done.stderr_contains("the vault asks for a token of somebody else").run();
    assert!(!asked(&done).iter().any(|one| one["method"] == "PUT"));
}

#[test]
fn a_field_is_changed_without_its_neighbours() {
    let lines = format!(
        "printf you | set_ A\n\"$I\" get -p ./whole.toml W; echo\nunset_ A\n\"$I\" get -p ./whole.toml W; echo\nunset_ A\n'{}' client.py\n",
        python()
    );
    let script = "import os\nfrom azure.identity import ClientSecretCredential\nfrom azure.keyvault.secrets import SecretClient\n\
        who = ClientSecretCredential(os.environ['AZURE_TENANT_ID'], 'app-id', 'client-secret-value', disable_instance_discovery=True)\n\
        it = SecretClient('https://myvault.vault.azure.net', who).get_secret('json')\n\
        print(it.value, it.properties.content_type, it.properties.tags)\n";
    let test =
        shell(&one("json#user"), &lines, &[]).file("whole.toml", format!("[secrets]\nW = 'azure:json'\n{VAULT}"));
    let done = test.file("client.py", script);
    let done = done
        .stdout("{\"user\": \"you\", \"port\": 5432}\n{\"port\": 5432}\n{\"port\": 5432} application/json {'team': 'app'}\n")
        .run();
    let version = "new version 00000000000000000000000000000001";
    let removed = "removed, by new version 00000000000000000000000000000002";
    assert_eq!(told(&done, "json#user"), [version, removed, "there was nothing to remove"]);
    let done = shell(&one("w-field#a.b"), "printf x | set_ A; printf y | set_ A; get A", &[]).stdout("y").run();
    assert_eq!(told(&done, "w-field#a.b"), ["created", version]);
    let plain = shell(&one("plain#a"), "printf x | set_ A", &[]).status(125);
    plain.stderr_contains("is no document, so it has no fields").run();
    let dated = shell(&one("expired"), "printf x | set_ A", &[]);
    dated.stderr_contains("; the dates of the one before are not its own").run();
}

#[test]
fn a_whole_secret_can_be_had_again() {
    let script = "import os\nfrom azure.identity import ClientSecretCredential\nfrom azure.keyvault.secrets import SecretClient\n\
        who = ClientSecretCredential(os.environ['AZURE_TENANT_ID'], 'app-id', 'client-secret-value', disable_instance_discovery=True)\n\
        SecretClient('https://myvault.vault.azure.net', who).begin_recover_deleted_secret('plain')\n";
    let lines =
        format!("unset_ A; unset_ A --yes; unset_ A --yes; printf new | set_ A\n'{}' client.py\nget A\n", python());
    let done = shell(&one("plain"), &lines, &[]).file("client.py", script).stdout("value of plain").run();
    let told = told(&done, "plain");
    assert!(told[0].contains("nothing was removed") && told[1].contains("pass --yes"), "{told:?}");
    assert_eq!(told[2], "deleted; `az keyvault secret recover --name plain` takes that back");
    assert_eq!(told[3], "there was nothing to remove");
    assert!(told[4].contains("the secret is deleted") && told[5].contains("az keyvault secret recover"), "{told:?}");
    let bare = shell(&one("plain"), "unset_ A --yes", &["keeps-nothing"]);
    bare.stderr_contains("removed for good: this vault keeps nothing").run();
}

#[test]
fn what_cannot_be_written_says_why() {
    let long = "n".repeat(128);
    for (reference, lines, said) in [
        ("w-none", "head -c 25601 /dev/zero | tr '\\0' x | set_ A", "Key Vault holds at most 25 KiB"),
        ("w-none", "printf '\\377' | set_ A", "Key Vault cannot hold this value: it is not UTF-8"),
        ("plain/0123456789abcdef0123456789abcdef", "printf x | set_ A", "the name says which version is read"),
        ("read-only", "printf needle-5f | set_ A", "the role 'Key Vault Secrets Officer' on the vault allows it"),
        ("no-policy", "printf needle-5f | set_ A", "the secret permission 'set' in the access policy allows it"),
        ("no-policy", "unset_ A --yes", "the secret permission 'delete' in the access policy allows it"),
        ("disabled#a", "printf needle-5f | set_ A", "the secret is disabled"),
        (
            long.as_str(),
            "printf needle-5f | set_ A",
            "Key Vault does not take this as a secret: its name, or its value",
        ),
    ] {
        let done = shell(&one(reference), lines, &[]).status(125).stderr_contains(said).run();
        let told = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(!told.contains("needle"), "{told}");
    }
    let done = shell(&one("disabled"), "printf x | set_ A && get A", &[]).stdout("x").run();
    assert!(told(&done, "disabled")[0].starts_with("new version"));
}

#[test]
fn hostile_values_come_back() {
    let all: Vec<_> = values(true).into_iter().filter(|value| value.len() <= 25 << 10).collect();
    let mut test = shell("", "for f in v/*; do set_ ${f#v/} <$f 2>>log || exit 1; done; launch\n", &["quiet"]);
    for (at, value) in all.iter().enumerate() {
        test = test.file(format!("v/V{at}"), value);
    }
    let test = test.file("p.toml", profile(all.len(), |at| format!("azure:h-{at}")) + VAULT);
    let got = variables(&test.run());
    for (at, value) in all.iter().enumerate() {
        let found = got.iter().find(|(name, _)| *name == format!("V{at}"));
        assert_eq!(found.map(|(_, value)| value), Some(value), "V{at}");
    }
    assert!(got.len() == all.len() && all.len() >= 200);
}

#[test]
fn check_knows_the_version_and_its_age() {
    let profile = format!("[secrets]\nA = 'azure:w-age'\nB = {{ from = 'azure:plain', max-age = '10s' }}\n{VAULT}");
    let lines = "printf 1 | set_ A; printf 2 | set_ A; \"$I\" check -p ./p.toml --json --strict\n";
    let done = shell(&profile, lines, &[]).status(1).run();
    assert_eq!(fresh(&done, "A"), "00000000000000000000000000000001");
    let told = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(told.contains("B: 0 hours old, and at most 0 hours are wanted"), "{told}");
}
