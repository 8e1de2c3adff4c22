//! What is told apart, each by its words and exit code.

use super::world::{at, fact, launch, one, root, token, with};
use crate::common::stand_in::{StandIn, json};
use serde_json::json;
use std::time::Duration;

#[track_caller]
fn told(path: &str, words: &[&str]) {
    words.iter().fold(launch(&one(path)).status(125), |test, words| test.stderr_contains(words)).stdout("").run();
}

#[test]
fn absent_deleted_destroyed_and_no_mount() {
    told("secret/absent/x#value", &["no such secret"]);
    told("kv1/absent#value", &["no such secret"]);
    told("secret/app/deleted#value", &["version 2 was deleted", "undelete -versions=2"]);
    told("secret/app/destroyed#value", &["version 2 was destroyed", "gone for good"]);
    // The root's token may read everywhere, so it is told what there is.
    let root = launch(&one("nomount/x#value")).env("VAULT_TOKEN", fact("root"));
    root.status(125).stderr_contains("there is no such mount").run();
    told("nomount/x#value", &["permission denied", "if there is a mount at all"]);
    let optional = |path: &str| format!("[secrets]\nA = {{ from = 'vault:{path}', optional = true }}\n");
    launch(&optional("secret/absent/x#value")).stdout("").run();
    for failed in ["secret/app/deleted#value", "secret/app/destroyed#value", "nomount/x#value"] {
        launch(&optional(failed)).status(125).run();
    }
    // A version that is still there is no matter of those.
    launch("[secrets]\nA = { from = 'vault:secret/app/deleted#value', version = 1 }\n").stdout("A=first\0").run();
}

#[test]
fn a_policy_and_a_bad_token() {
    told("secret/other/secret#value", &["permission denied (403)", "path \"secret/data/other/secret\" { capabilities"]);
    let refused = |token: &str| {
        let run = launch(&one("kv1/app#key")).env("VAULT_TOKEN", token).status(125);
        run.stderr_contains("the server does not accept the token").run();
    };
    refused("no-such-token");
    let short = token(json!({"ttl": "1s"}));
    std::thread::sleep(Duration::from_millis(1300));
    refused(&short);
    let revoked = token(json!({}));
    root("POST", "auth/token/revoke", &json!({"token": revoked}), "");
    refused(&revoked);
    // As newer releases of Vault say it.
    let body = r#"{"errors":["2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n"]}"#;
    let stand_in = StandIn::new("", move |_, _| json(403, body));
    at(&stand_in.url, &one("kv1/app#key")).status(125).stderr_contains("does not accept the token").run();
}

#[test]
fn sealed_blank_and_standing_by() {
    at(fact("sealed"), &one("kv1/app#key")).status(124).stderr_contains("is sealed").run();
    at(fact("blank"), &one("kv1/app#key")).status(124).stderr_contains("is not initialised").run();
    // It does not forward, but sends to the active one.
    at(fact("standby"), &one("kv1/app#key"))
        .status(125)
        .stderr_contains(format!("sends to {} (307)", fact("url")))
        .stderr_contains("a standby does that")
        .run();
    let alone = r#"{"errors":["local node not active but active cluster node not found"]}"#;
    for (status, body, words) in [(500, alone, "finds no active server"), (472, "{}", "(472)"), (473, "{}", "(473)")] {
        let stand_in = StandIn::new("", move |_, _| json(status, body));
        at(&stand_in.url, &one("kv1/app#key")).any_status().stderr_contains(words).run();
    }
}

#[test]
fn a_rate_limit() {
    launch(&one("limited/app#value")).any_status().run();
    launch(&one("limited/app#value")).status(124).stderr_contains("too many requests (429)").run();
}

#[test]
fn namespaces() {
    let inside = |source: &str| launch(&with("kv/app#value", source)).env("VAULT_TOKEN", fact("team1"));
    inside("namespace = 'team1'").stdout("A=of team1\0").run();
    inside("namespace = 'team1/'").stdout("A=of team1\0").run();
    inside("").env("VAULT_NAMESPACE", "team1").stdout("A=of team1\0").run();
    inside("namespace = 'team1'").env("BAO_NAMESPACE", "other").stdout("A=of team1\0").run();
    launch(&one("team1/kv/app#value")).env("VAULT_TOKEN", fact("team1")).stdout("A=of team1\0").run();
    inside("namespace = 'nowhere'").status(125).stderr_contains("no such namespace").run();
    inside("namespace = \"a\\nb\"").status(125).stderr_contains("is no namespace").run();
    // What a policy of the root allows, it allows there.
    let foreign = launch(&with("kv/app#value", "namespace = 'team1'")).status(125);
    foreign.stderr_contains("permission denied (403)").run();
    // A token of the namespace is none of the root.
    let foreign = launch(&one("kv1/app#value")).env("VAULT_TOKEN", fact("team1")).status(125);
    foreign.stderr_contains("permission denied (403)").run();
}

#[test]
fn not_a_vault() {
    let html = "<html><body>Sign in to the hotel's network: secret-looking-page</body></html>";
    for (status, body, exit) in [
        (200, html, 125),
        (404, html, 125),
        (403, html, 125),
        (200, "{\"status\":\"ok\"}", 125),
        (404, "{\"detail\":\"Not Found\"}", 125),
        (200, "[]", 125),
        (200, "null", 125),
        (200, "", 125),
        (204, "", 125),
        (502, html, 124),
        (503, "", 124),
        (200, "{\"request_id\":\"1\",\"data\":{\"path\":\"kv", 125),
    ] {
        let stand_in = StandIn::new("", move |_, _| crate::common::stand_in::answer(status, "", body));
        let optional = "[secrets]\nA = { from = 'vault:kv1/app#key', optional = true }\n";
        let output = at(&stand_in.url, optional).status(exit).stdout("").run();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(told.contains("no Vault") || told.contains("not Vault"), "{status} {body}: {told}");
        assert!(!told.contains("secret-looking"), "{told}");
    }
}

#[test]
fn an_answer_of_another_shape() {
    let mount = r#"{"request_id":"1","data":{"path":"kv1/","type":"kv","options":{"version":"2"}}}"#;
    for body in [
        r#"{"request_id":"1","data":null}"#,
        r#"{"request_id":"1","data":[1]}"#,
        r#"{"request_id":"1","data":"text-1234567"}"#,
        r#"{"request_id":"1","data":{"data":"text-1234567","metadata":{"version":1}}}"#,
        r#"{"request_id":"1","data":{"data":{"key":"text-1234567"}}}"#,
        r#"{"request_id":"1","data":{"data":null,"metadata":{"version":1}}}"#,
        r#"{"request_id":"1","data":{"data":{"key":"text-1234567","key":"2"},"metadata":{"version":1}}}"#,
        r#"{"request_id":"1","data":{"data":{"key":"text-\ud800"},"metadata":{"version":1}}}"#,
    ] {
        let stand_in = StandIn::new("", move |asked, _| match asked.call.contains("internal") {
            true => json(200, mount),
            false => json(200, body),
        });
        let optional = "[secrets]\nA = { from = 'vault:kv1/app#key', optional = true }\n";
        let output = at(&stand_in.url, optional).status(125).stdout("").run();
        assert!(!String::from_utf8_lossy(&output.stderr).contains("text-"));
    }
}
