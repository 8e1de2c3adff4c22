//! What is written: KV 2 with check-and-set, KV 1, fields and whole secrets, and what cannot be.

use super::world::{fact, root};
use crate::common::Test;
use crate::common::hostile::values;
use crate::common::project::{Project, fresh, profile, round_trip};
use crate::common::stand_in::{StandIn, json};
use serde_json::{Value, json};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A token that may write below `w/` of each mount, and nothing else.
fn writer() -> &'static str {
    static TOKEN: OnceLock<String> = OnceLock::new();
    TOKEN.get_or_init(|| {
        let all = "capabilities = [\"create\", \"read\", \"update\", \"delete\"]";
        let read = "capabilities = [\"read\"]";
        let policy = format!(
            "path \"secret/data/w/*\" {{ {all} }}\npath \"kv1/w/*\" {{ {all} }}\npath \"team/a/data/w/*\" {{ {all} }}\n\
             path \"secret/data/read/*\" {{ {read} }}\npath \"database/creds/*\" {{ {read} }}\n"
        );
        root("POST", "sys/policies/acl/writer", &json!({ "policy": policy }), "");
        let token = root("POST", "auth/token/create", &json!({ "policies": ["writer"] }), "");
        token["auth"]["client_token"].as_str().unwrap().to_owned()
    })
}

fn on(test: Test) -> Test {
    test.env("VAULT_ADDR", fact("url")).env("VAULT_TOKEN", writer())
}

fn one(reference: &str) -> Project {
    Project::new(&format!("[secrets]\nA = 'vault:{reference}'\n"))
}

fn told(reference: &str, what: &str) -> String {
    format!("inject: A: vault:{reference}: {what}\n")
}

/// The newest version: its number and its fields.
fn holds(path: &str) -> (u64, Value) {
    let answer = root("GET", &format!("secret/data/{path}"), &Value::Null, "");
    (answer["data"]["metadata"]["version"].as_u64().unwrap(), answer["data"]["data"].clone())
}

#[test]
fn a_field_of_kv_2_is_a_new_version_with_its_neighbours() {
    let project = one("secret/w/app#url");
    let told = |what: &str| told("secret/w/app#url", what);
    on(project.set("A", "one", &[])).stderr(told("created")).run();
    on(project.set("A", "one", &[])).stderr(told("unchanged")).run();
    assert_eq!(holds("w/app"), (1, json!({"url": "one"})));
    root("POST", "secret/data/w/app", &json!({"data": {"n": 7, "deep": {"x": [true, null]}, "url": "two"}}), "");
    on(project.set("A", "three", &[])).stderr(told("new version 3")).run();
    assert_eq!(holds("w/app"), (3, json!({"n": 7, "deep": {"x": [true, null]}, "url": "three"})));
    on(project.unset("A", &[])).stderr(told("removed, by new version 4")).run();
    assert_eq!(holds("w/app"), (4, json!({"n": 7, "deep": {"x": [true, null]}})));
    on(project.unset("A", &[])).stderr(told("there was nothing to remove")).run();
    // Two fields on the way to one that is not there yet.
    on(one("secret/w/app#deep.new.key").set("A", "in", &[])).run();
    assert_eq!(holds("w/app").1["deep"], json!({"x": [true, null], "new": {"key": "in"}}));
}

#[test]
fn numbers_of_others_stay_as_they_are_written() {
    let number = "12345678901234567890123456789";
    let state = AtomicUsize::new(0);
    let stand_in = StandIn::new("", move |asked, _| match asked {
        _ if asked.call.contains("internal") => {
            json(200, r#"{"request_id":"1","data":{"path":"kv/","type":"kv","options":{"version":"2"}}}"#)
        }
        _ if asked.call.starts_with("POST") => {
            state.store(1, Ordering::SeqCst);
            json(200, r#"{"request_id":"1","data":{"version":8}}"#)
        }
        _ => {
            let value = if state.load(Ordering::SeqCst) == 1 { "new" } else { "old" };
            let data = format!(r#"{{"n":{number},"f":1e400,"a":"{value}"}}"#);
            json(200, &format!(r#"{{"request_id":"1","data":{{"data":{data},"metadata":{{"version":7}}}}}}"#))
        }
    });
    let project = one("kv/x#a");
    let test = project.set("A", "new", &[]).env("VAULT_ADDR", &stand_in.url).env("VAULT_TOKEN", "t");
    test.stderr(told("kv/x#a", "new version 8")).run();
    let body = format!(r#"{{"options":{{"cas":7}},"data":{{"n":{number},"f":1e400,"a":"new"}}}}"#);
    assert_eq!(stand_in.first("POST /v1/kv/data/x").body, body);
}

#[test]
fn kv_1_is_replaced() {
    let project = one("kv1/w/app#url");
    let told = |what: &str| told("kv1/w/app#url", what);
    let holds = || root("GET", "kv1/w/app", &Value::Null, "")["data"].clone();
    on(project.set("A", "one", &[])).stderr(told("created")).run();
    root("POST", "kv1/w/app", &json!({"n": 7, "url": "two"}), "");
    on(project.set("A", "three", &[])).stderr(told("replaced")).run();
    on(project.set("A", "three", &[])).stderr(told("unchanged")).run();
    assert_eq!(holds(), json!({"n": 7, "url": "three"}));
    on(project.unset("A", &[])).stderr(told("removed")).run();
    assert_eq!(holds(), json!({"n": 7}));
    let whole = one("kv1/w/app");
    on(whole.unset("A", &[])).status(125).stderr_contains("this removes a whole secret").run();
    assert_eq!(holds(), json!({"n": 7}));
    let gone = "inject: A: vault:kv1/w/app: removed for good: this is KV 1\n";
    on(whole.unset("A", &["--yes"])).stderr(gone).run();
    on(whole.unset("A", &["--yes"])).stderr_contains("there was nothing to remove").run();
}

#[test]
fn a_whole_secret_of_kv_2_can_be_had_again() {
    on(one("secret/w/whole#key").set("A", "one", &[])).run();
    let whole = one("secret/w/whole");
    // Without a name, it is the only field.
    on(whole.set("A", "two", &[])).stderr(told("secret/w/whole", "new version 2")).run();
    assert_eq!(holds("w/whole"), (2, json!({"key": "two"})));
    on(whole.unset("A", &[])).status(125).stderr_contains("answer y on a terminal, or pass --yes").run();
    let deleted = "version 2 deleted; `vault kv undelete -versions=2` brings it back";
    on(whole.unset("A", &["--yes"])).stderr(told("secret/w/whole", deleted)).run();
    on(whole.inject(["get", "-p", "./p.toml", "A"])).status(125).stderr_contains("version 2 was deleted").run();
    on(whole.unset("A", &["--yes"])).stderr_contains("there was nothing to remove").run();
    root("POST", "secret/undelete/w/whole", &json!({"versions": [2]}), "");
    on(whole.inject(["get", "-p", "./p.toml", "A"])).stdout("two").run();
    // A new value goes on behind a deleted one.
    root("DELETE", "secret/data/w/whole", &Value::Null, "");
    on(one("secret/w/whole#key").set("A", "three", &[])).stderr_contains("new version 3").run();
}

#[test]
fn which_field_must_be_known() {
    on(one("secret/w/none").set("A", "x", &[]))
        .status(125)
        .stderr_contains("which field? there is no such secret yet")
        .run();
    root("POST", "secret/data/w/two", &json!({"data": {"a": "1", "b": "2"}}), "");
    let two = one("secret/w/two");
    on(two.set("A", "x", &[])).status(125).stderr_contains("which field? it has 'a', 'b'").run();
    on(two.unset("A", &["--yes"])).status(125).stderr_contains("which field?").run();
    root("POST", "secret/data/w/dots", &json!({"data": {"a.b": "1"}}), "");
    let dots = one("secret/w/dots#a.b");
    on(dots.set("A", "x", &[])).status(125).stderr_contains("write the field as '/a.b'").run();
    assert_eq!(holds("w/two").1, json!({"a": "1", "b": "2"}));
    assert_eq!(holds("w/dots").1, json!({"a.b": "1"}));
}

/// Between the reading and the writing somebody else writes: theirs stays.
#[test]
fn two_writers_at_once_are_told() {
    let refused = "check-and-set parameter did not match the current version";
    let stand_in = StandIn::new("", move |asked, _| match asked {
        _ if asked.call.contains("internal") => {
            json(200, r#"{"request_id":"1","data":{"path":"kv/","type":"kv","options":{"version":"2"}}}"#)
        }
        _ if asked.call.starts_with("POST") => json(400, &json!({ "errors": [refused] }).to_string()),
        _ => json(404, r#"{"errors":[]}"#),
    });
    let project = one("kv/x#a");
    let test = project.set("A", "new", &[]).env("VAULT_ADDR", &stand_in.url).env("VAULT_TOKEN", "t");
    test.status(124).stderr_contains("somebody else has changed it meanwhile; nothing was changed here").run();
    // The words are the real server's.
    root("POST", "secret/data/w/cas", &json!({"data": {"a": "1"}}), "");
    let answer = std::panic::catch_unwind(|| {
        root("POST", "secret/data/w/cas", &json!({"data": {"a": "2"}, "options": {"cas": 0}}), "")
    });
    let said = *answer.unwrap_err().downcast::<String>().unwrap();
    assert!(said.contains(refused), "{said}");
    // And with it: many at once, and each that was told to be stored is there.
    let projects: Vec<_> = (0..8).map(|at| one(&format!("secret/w/race#k{at}"))).collect();
    std::thread::scope(|scope| {
        for (at, project) in projects.iter().enumerate() {
            scope.spawn(move || {
                for _ in 0..40 {
                    let done = on(project.set("A", format!("v{at}"), &[])).any_status().run();
                    if done.status.success() {
                        return;
                    }
                    assert_eq!(done.status.code(), Some(124), "{}", String::from_utf8_lossy(&done.stderr));
                }
                panic!("never stored");
            });
        }
    });
    let (version, fields) = holds("w/race");
    assert_eq!((version, fields.as_object().unwrap().len()), (8, 8), "{fields}");
}

#[test]
fn what_cannot_be_written_says_why() {
    for (reference, status, said) in [
        ("secret/read/x#a", 125, "path \"secret/data/read/x\" { capabilities = [\"create\", \"update\"] }"),
        ("secret/other/x#a", 125, "path \"secret/data/other/x\" { capabilities = [\"read\"] }"),
        ("nomount/x#a", 125, "there is no such mount, or the token may do nothing in it"),
        ("database/creds/app#password", 125, "is made by another engine than KV"),
        ("secret/data/w/x#a", 125, "leave that out: this is KV 2"),
        ("secret#a", 125, "a path in Vault is MOUNT/PATH"),
    ] {
        on(one(reference).set("A", "needle-1f9a", &[])).status(status).stderr_contains(said).run();
    }
    let versioned = Project::new("[secrets]\nA = { from = 'vault:secret/w/x#a', version = 1 }\n");
    on(versioned.set("A", "x", &[])).status(125).stderr_contains("'version' says which version is read").run();
    let sealed = one("secret/w/x#a");
    on(sealed.set("A", "x", &[])).env("VAULT_ADDR", fact("sealed")).status(124).stderr_contains("is sealed").run();
    let binary = one("secret/w/binary#a");
    let refused = on(binary.set("A", b"\xff\x00\xfe".map(|byte| byte.max(1)), &[])).status(125);
    refused.stderr_contains("it is not UTF-8 at byte 0").stderr_contains("decode = \"base64\"").run();
    let encoded = Project::new("[secrets]\nA = { from = 'vault:secret/w/binary#a', decode = 'base64' }\n");
    on(encoded.set("A", b"\xff\xfe", &[])).run();
    assert_eq!(holds("w/binary").1, json!({"a": "//4="}));
    on(encoded.inject(["get", "-p", "./p.toml", "A"])).stdout(b"\xff\xfe").run();
}

#[test]
fn a_write_that_nobody_answers_is_not_made_twice() {
    let stand_in = StandIn::new("", move |asked, _| match asked {
        _ if asked.call.contains("internal") => {
            json(200, r#"{"request_id":"1","data":{"path":"kv/","type":"kv","options":{"version":"2"}}}"#)
        }
        _ if asked.call.starts_with("POST") => json(502, r#"{"errors":["internal error"]}"#),
        _ => json(404, r#"{"errors":[]}"#),
    });
    let project = one("kv/x#a");
    let test = project.set("A", "new", &[]).env("VAULT_ADDR", &stand_in.url).env("VAULT_TOKEN", "t");
    test.status(124).stderr_contains("the server failed (502)").run();
    assert_eq!(stand_in.count("POST /v1/kv/data/x"), 1);
}

#[test]
fn hostile_values_come_back() {
    let values = values(true);
    let places = ["secret/w/hostile/a#v", "kv1/w/hostile/b#v", "team/a/w/hostile#deep.v"];
    let project = Project::new(&profile(values.len(), |at| format!("vault:{}{at}", places[at % 3])));
    round_trip(&project, &values, on);
}

#[test]
fn a_file_is_moved_into_it() {
    let project = Project::new("");
    project.file("x.env", "ONE=1\nTWO='2 $x'\n");
    on(project.inject(["import", "-p", "./p.toml", "x.env", "--to", "vault:secret/w/import#", "--remove"])).run();
    assert_eq!(holds("w/import").1, json!({"ONE": "1", "TWO": "2 $x"}));
    assert_eq!(
        project.read("p.toml"),
        "[secrets]\nONE = \"vault:secret/w/import#ONE\"\nTWO = \"vault:secret/w/import#TWO\"\n"
    );
    assert!(!project.path("x.env").exists());
    // A pattern gives the name of a field.
    let pattern = Project::new("[secrets]\n'*' = 'vault:secret/w/import'\n");
    on(pattern.set("TWO", "three", &[])).stderr_contains("new version 3").run();
    assert_eq!(holds("w/import").1, json!({"ONE": "1", "TWO": "three"}));
}

#[test]
fn check_knows_the_version_and_its_age() {
    let project = Project::new(
        "[secrets]\nA = { from = 'vault:secret/w/age#a', max-age = '1ms' }\nB = { from = 'vault:kv1/w/age#b', max-age = '1d' }\n",
    );
    on(project.set("A", "one", &[])).run();
    on(project.set("A", "two", &[])).run();
    on(project.set("B", "one", &[])).run();
    let done = on(project.inject(["check", "-p", "./p.toml", "--json", "--strict"])).status(1).run();
    assert_eq!(fresh(&done, "A"), "2");
    let told = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(told.contains("A: 0 hours old, and at most 0 hours are wanted"), "{told}");
    assert!(told.contains("B: its source does not say when it was stored"), "KV 1 knows nothing of it: {told}");
}
