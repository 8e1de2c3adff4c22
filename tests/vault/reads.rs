//! What is read: KV 1 and KV 2, fields, versions, and the exact bytes.

use super::world::{at, check, fact, launch, noted, one, printed, root, secrets};
use crate::common::stand_in::{StandIn, json};
use serde_json::json;

#[test]
fn both_versions_of_kv_and_mounts_with_a_slash() {
    let profile = secrets(&[
        ("A", "vault:secret/app/db#url"),
        ("B", "vault:kv1/app#key"),
        ("C", "vault:team/a/app#value"),
        ("D", "vault:team/b/app#value"),
        ("E", "vault:secret/app/one"),
        ("F", "vault:secret/bär/with space#value"),
    ]);
    launch(&profile).stdout("A=postgres://db\0B=plain\0C=of a\0D=of b\0E=alone\0F=odd path\0").run();
}

#[test]
fn a_whole_secret() {
    launch("[secrets]\n\"APP_*\" = 'vault:kv1/app'\n").stdout("APP_key=plain\0APP_number=7\0").run();
    launch("[secrets]\n\"*\" = 'vault:kv1/app'\n").stdout("key=plain\0number=7\0").run();
}

#[test]
fn a_path_alone_is_its_only_field() {
    launch(&one("secret/app/one")).stdout(printed("alone")).run();
    launch(&one("secret/app/db")).status(125).stderr_contains("url").stderr_contains("password").run();
}

#[test]
fn numbers_and_booleans_are_as_the_server_wrote_them() {
    let profile = secrets(&[("A", "vault:secret/app/types#number"), ("B", "vault:secret/app/types#flag")]);
    launch(&profile).stdout("A=42\0B=true\0").run();
    launch(&one("secret/app/types#deep.key")).stdout(printed("within")).run();
    for field in ["nothing", "deep"] {
        launch(&one(&format!("secret/app/types#{field}"))).status(125).run();
    }
    let answer = r#"{"request_id":"1","data":{"a":1e400,"b":0.10,"c":12345678901234567890123456789,"d":-0.0,"e":"\u00e9\/\ud83d\ude00"}}"#;
    let stand_in = StandIn::new("", move |asked, _| match asked.call.contains("internal") {
        true => json(200, r#"{"request_id":"1","data":{"path":"kv/","type":"kv","options":{"version":"1"}}}"#),
        false => json(200, answer),
    });
    at(&stand_in.url, "[secrets]\n\"*\" = 'vault:kv/x'\n")
        .stdout("a=1e400\0b=0.10\0c=12345678901234567890123456789\0d=-0.0\0e=é/😀\0")
        .run();
}

#[test]
fn the_bytes_are_exact() {
    launch(&one("secret/app/db#password")).stdout(printed("pä$$ \"w\\\u{1}\n<&>\u{2028}")).run();
    launch(&one("secret/app/large#value")).stdout(printed(&"ä".repeat(32768))).run();
}

#[test]
fn a_version_is_of_kv_2() {
    let version =
        |path: &str, version: &str| format!("[secrets]\nA = {{ from = 'vault:{path}', version = {version} }}\n");
    launch(&version("secret/app/rotated#value", "1")).stdout(printed("first")).run();
    launch(&version("secret/app/rotated#value", "'2'")).stdout(printed("second")).run();
    launch(&one("secret/app/rotated#value")).stdout(printed("second")).run();
    let both = "[secrets]\nA = { from = 'vault:secret/app/rotated#value', version = 1 }\nB = 'vault:secret/app/rotated#value'\n";
    launch(both).stdout("A=first\0B=second\0").run();
    launch(&version("secret/app/rotated#value", "9")).status(125).stderr_contains("no version 9").run();
    launch(&version("kv1/app#key", "1")).status(125).stderr_contains("only KV 2 has versions").run();
    launch(&version("database/creds/app#username", "1")).status(125).stderr_contains("only KV 2 has versions").run();
    launch(&version("secret/app/rotated#value", "'latest'")).status(125).stderr_contains("'version' is a number").run();
}

#[test]
fn a_list_goes_on_where_one_is_absent() {
    let profile = |first: &str| format!("[secrets]\nA = {{ from = ['vault:{first}', 'vault:kv1/app#key'] }}\n");
    for absent in ["secret/absent/x#value", "kv1/absent#value", "secret/app/db#absent", "team/a/absent"] {
        launch(&profile(absent)).stdout(printed("plain")).run();
    }
    for failed in ["secret/app/deleted#value", "secret/app/destroyed#value", "secret/other/secret#value", "nomount/x#y"]
    {
        launch(&profile(failed)).status(125).run();
    }
    // Where the first is there, the second is not asked for.
    root("POST", "kv1/second", &json!({"value": "unread"}), "");
    launch("[secrets]\nA = { from = ['vault:kv1/app#key', 'vault:kv1/second#value'] }\n")
        .stdout(printed("plain"))
        .run();
    assert_eq!(noted().iter().filter(|path| *path == "kv1/second").count(), 1, "it was only written");
}

#[test]
fn a_path_leads_where_it_says() {
    for path in ["secret/../kv1/app", "secret/./app", "secret//app", "/secret/app", "secret/app/", "secret", ""] {
        let test = launch(&one(path)).status(125);
        let told = test.run().stderr;
        assert!(!told.windows(5).any(|part| part == b"(403)"), "{path} was asked for");
    }
    // Signs that mean something in a URL mean nothing in a path.
    for path in ["kv1/app?version=1", "kv1/%61pp", "kv1/..%2fapp", "kv1/app\\u0009x"] {
        launch(&format!("[secrets]\nA = {{ from = \"vault:{path}\", optional = true }}\n"))
            .any_status()
            .stdout("")
            .run();
    }
    for name in ["a?b", "a%2fb", "a b", "ä;=&+"] {
        let encoded: String = name.bytes().map(|byte| format!("%{byte:02x}")).collect();
        root("POST", &format!("kv1/{encoded}"), &json!({"value": name}), "");
        launch(&one(&format!("kv1/{name}#value"))).stdout(printed(name)).run();
    }
}

#[test]
fn data_typed_by_hand_is_explained() {
    launch(&one("secret/data/app/db#url")).status(125).stderr_contains("leave the 'data/' out").run();
    let optional = "[secrets]\nA = { from = 'vault:secret/data/app/db#url', optional = true }\n";
    launch(optional).status(125).run();
    root("POST", "secret/data/data/app", &json!({"data": {"value": "called so"}}), "");
    launch(&one("secret/data/app#value")).stdout(printed("called so")).run();
}

#[test]
fn check_tells_of_each_variable() {
    let profile =
        secrets(&[("A", "vault:kv1/app#key"), ("B", "vault:kv1/absent#x"), ("C", "vault:secret/other/secret#x")]);
    let output = check(&profile).args(["--json"]).status(125).run();
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let states: Vec<_> =
        told["variables"].as_array().unwrap().iter().map(|row| row["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["ok", "absent", "denied"]);
    assert!(!String::from_utf8_lossy(&output.stdout).contains(fact("app")));
}
