//! What is written: versions, fields and whole secrets, and what cannot be. What it did to the vault is read by
//! Microsoft's own client.

use super::live::Live;
use super::world::{VAULT, as_client, asked, inside, one};
use crate::common::hostile::values;
use crate::common::project::{Project, profile, round_trip};
use crate::common::{Output, Test};

fn project(reference: &str) -> Project {
    Project::new(&one(reference))
}

/// What is said of a run that succeeds.
#[track_caller]
fn says(done: &Output, reference: &str, what: &str) -> String {
    let told = String::from_utf8_lossy(&done.stderr).into_owned();
    let front = format!("inject: A: azure:{reference}: {what}");
    assert!(told.starts_with(&front), "{told}");
    told[front.len()..].trim_end().to_owned()
}

#[test]
fn a_value_is_a_new_version() {
    let live = Live::new();
    let project = project("azure:w-value");
    let set = |value: &str| live.on(&project, project.set("A", value, &[])).run();
    assert_eq!(says(&set("one"), "w-value", "created"), "");
    assert_eq!(says(&set("one"), "w-value", "unchanged"), "");
    let version = says(&set("two"), "w-value", "new version ");
    let script = "print(client.get_secret('w-value').properties.version)\n\
        print([client.get_secret('w-value', v.version).value for v in client.list_properties_of_secret_versions('w-value')])\n";
    assert_eq!(live.official(script), format!("{version}\n['one', 'two']\n"));
    // Read, read and written, and read back; nothing is written where nothing has changed.
    let asked = live.asked();
    assert_eq!(asked.iter().filter(|one| *one == "PUT /secrets/w-value").count(), 2, "{asked:?}");
    assert_eq!(&asked[..3], ["GET /secrets/w-value/", "PUT /secrets/w-value", "GET /secrets/w-value/"]);
    // The body of the first request, which has no token, is not sent.
    let get = live.on(&project, project.inject(["get", "-p", "./p.toml", "A"]));
    get.stdout("two").run();
}

#[test]
fn a_field_is_changed_and_its_neighbours_stay() {
    let live = Live::new();
    let value = r#"{"n": 12345678901234567890123456789, "f": 1e400, "deep": {"x": [true, null]}, "url": "one"}"#;
    live.official(&format!("client.set_secret('w-json', '{value}')\n"));
    let changed = project("azure:w-json#url");
    let set = |value: &str| live.on(&changed, changed.set("A", value, &[])).run();
    says(&set("two"), "w-json#url", "new version ");
    assert_eq!(says(&set("two"), "w-json#url", "unchanged"), "");
    let held = || live.official("sys.stdout.write(client.get_secret('w-json').value)\n");
    assert_eq!(held(), value.replace("one", "two"));
    let unset = || live.on(&changed, changed.unset("A", &[])).run();
    says(&unset(), "w-json#url", "removed, by new version ");
    assert_eq!(held(), value.replace(r#", "url": "one""#, ""));
    assert_eq!(says(&unset(), "w-json#url", "there was nothing to remove"), "");
    // One that is not there yet, in a document that is not there either.
    let new = project("azure:w-new#db.password");
    says(&live.on(&new, new.set("A", "in", &[])).run(), "w-new#db.password", "created");
    let held = live.official("print(json.loads(client.get_secret('w-new').value))\n");
    assert_eq!(held, "{'db': {'password': 'in'}}\n");
    // A password is no document.
    live.official("client.set_secret('w-password', 'hunter2')\n");
    let password = project("azure:w-password#x");
    let refused = live.on(&password, password.set("A", "y", &[])).status(125);
    refused.stderr_contains("what is stored there is no document").run();
}

#[test]
fn what_is_said_of_a_secret_stays_and_its_dates_do_not() {
    let live = Live::new();
    let tagged = project("azure:tagged");
    let done = live.on(&tagged, tagged.set("A", "another", &[])).run();
    assert!(says(&done, "tagged", "new version ").ends_with(", without the dates of the former one"));
    let script = "p = client.get_secret('tagged').properties\nprint(p.content_type, p.tags, p.expires_on)\n";
    assert_eq!(live.official(script), "text/plain {'owner': 'me'} None\n");
    let done = live.on(&tagged, tagged.set("A", "a third", &[])).run();
    assert!(!says(&done, "tagged", "new version ").contains("dates"));
}

#[test]
fn a_whole_secret_can_be_had_again() {
    let live = Live::new();
    let whole = project("azure:w-whole");
    let run = |test: Test| live.on(&whole, test);
    run(whole.set("A", "one", &[])).run();
    run(whole.unset("A", &[])).status(125).stderr_contains("answer y on a terminal, or pass --yes").run();
    let id = "https://myvault.vault.azure.net/deletedsecrets/w-whole";
    let gone = format!("inject: A: azure:w-whole: deleted; `az keyvault secret recover --id {id}` brings it back\n");
    run(whole.unset("A", &["--yes"])).stderr(gone).run();
    run(whole.unset("A", &["--yes"])).stderr("inject: A: azure:w-whole: there was nothing to remove\n").run();
    // Its name is taken, and that is said.
    let refused = run(whole.set("A", "two", &[])).status(125);
    let said = "A: azure:w-whole: the secret is deleted, and cannot be set before it is brought back\n";
    let hint = format!("inject: hint: `az keyvault secret recover --id {id}` brings it back; purge frees");
    refused.stderr_contains(said).stderr_contains(hint).run();
    live.official("client.begin_recover_deleted_secret('w-whole', _polling_interval=0.1).wait()\n");
    run(whole.inject(["get", "-p", "./p.toml", "A"])).stdout("one").run();
    run(whole.set("A", "two", &[])).stderr_contains("new version ").run();
    // A vault without soft delete.
    let other = Project::new("[secrets]\nA = 'azure:https://othervault.vault.azure.net/secrets/plain'\n");
    let gone = live.on(&other, other.unset("A", &["--yes"])).run();
    says(&gone, "https://othervault.vault.azure.net/secrets/plain", "removed for good: this vault has no soft delete");
}

#[test]
fn what_cannot_be_written_says_why() {
    let live = Live::new();
    let hint =
        "`az keyvault secret set-attributes --enabled true --id https://myvault.vault.azure.net/secrets/disabled`";
    // One letter more than a name can have.
    let long = format!("azure:{}", "n".repeat(128));
    for (reference, value, said) in [
        (long.as_str(), &b"needle-7c21"[..], "Key Vault refuses (400, BadParameter)"),
        ("azure:disabled", &b"needle-7c21"[..], "the secret is disabled"),
        ("azure:disabled", b"needle-7c21", hint),
        ("azure:certificate", b"needle-7c21", "belongs to a certificate of this name"),
        ("azure:plain/0123456789abcdef0123456789abcdef", b"needle-7c21", "names one version"),
        ("azure:w-x", b"needle-7c21\xff", "Key Vault cannot hold this value: it is not UTF-8 at byte 11"),
        ("azure:w-x", &b"needle-7c21".repeat(2400), "Key Vault takes no value of more than 25600 characters"),
    ] {
        let project = project(reference);
        let done = live.on(&project, project.set("A", value, &[])).status(125).stderr_contains(said).run();
        let told = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(!told.contains("needle-7c21") && !told.contains("eyJ0"), "{told}");
    }
    assert!(live.asked().iter().all(|one| !one.starts_with("PUT") || one == "PUT /secrets/w-x"));
    let encoded = Project::new(&format!("[secrets]\nA = {{ from = 'azure:w-x', decode = 'base64' }}\n{VAULT}"));
    live.on(&encoded, encoded.set("A", b"\xff\xfe", &[])).run();
    live.on(&encoded, encoded.inject(["get", "-p", "./p.toml", "A"])).stdout(b"\xff\xfe").run();
    assert_eq!(live.official("sys.stdout.write(client.get_secret('w-x').value)\n"), "//4=");
}

/// One run of a verb that writes, against a stand-in that refuses it.
fn faulty(verb: &[&str], fault: &str) -> Test {
    let test = Test::new().file("p.toml", one("azure:plain")).args(verb).args(["-p", "./p.toml", "A"]);
    as_client(inside(test.stdin("needle-7c21"), &[fault]))
}

#[test]
fn refusals_and_outages_are_told_apart() {
    let (set, unset) = (["set", "--stdin"], ["unset", "--yes"]);
    for (verb, fault, exit, said) in [
        (set, "rbac", 125, "the role 'Key Vault Secrets User' on the vault allows it"),
        (set, "PUT=rbac", 125, "the role 'Key Vault Secrets Officer' on the vault allows it"),
        (set, "PUT=policy", 125, "the secret permission 'set' in the access policy allows it"),
        (set, "PUT=firewall", 125, "the vault's firewall does not let this machine in"),
        (set, "PUT=being-deleted", 124, "the secret is just being deleted (409)\ninject: hint: nothing was changed"),
        (set, "PUT=throttled", 124, "throttled: too many requests for now (429)"),
        (set, "PUT=unavailable", 124, "whether it was stored all the same, `inject verify A` tells"),
        (set, "PUT=close", 124, "whether it was stored all the same, `inject verify A` tells"),
        (set, "PUT=new-code", 125, "Key Vault refuses (400, SomethingNew)"),
        (set, "PUT=no-json", 125, "Key Vault answered something that cannot be read"),
        (unset, "DELETE=rbac", 125, "the role 'Key Vault Secrets Officer' on the vault allows it"),
        (unset, "DELETE=policy", 125, "the secret permission 'delete' in the access policy allows it"),
        (unset, "DELETE=unavailable", 124, "Key Vault does not work now (503)"),
    ] {
        let done = faulty(&verb, fault).status(exit).stdout("").stderr_contains(said).run();
        let told = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(!told.contains("needle-7c21") && !told.contains("SECRET"), "{told}");
        // Whatever became of it, it is not sent again.
        let method = fault.split_once('=').map_or("PUT", |(method, _)| method);
        let sent = asked(&done).iter().filter(|one| one["method"] == method && one["token"].is_string()).count();
        assert_eq!(sent, usize::from(fault.contains('=')), "{fault}");
    }
}

#[test]
fn nothing_is_sent_to_who_has_no_token() {
    let done = faulty(&["set", "--stdin"], "foreign-challenge").status(125).run();
    let asked = asked(&done);
    assert!(asked.iter().all(|one| one["sent"] == 0), "{asked:?}");
    let done = faulty(&["set", "--stdin"], "metadata").run();
    assert!(self::asked(&done).iter().any(|one| one["method"] == "PUT" && one["sent"] != 0));
}

#[test]
fn hostile_values_come_back() {
    let live = Live::new();
    // What is larger than it takes is refused, as shown above.
    let values: Vec<_> = values(true).into_iter().filter(|value| value.len() <= 25_600).collect();
    assert!(values.len() >= 200);
    let place = |at: usize| match at % 2 {
        0 => format!("azure:h-{at}"),
        _ => format!("azure:h-document-{}#deep.v{at}", at % 3),
    };
    let project = Project::new(&format!("{}{VAULT}", profile(values.len(), place)));
    round_trip(&project, &values, |test| live.on(&project, test));
}
