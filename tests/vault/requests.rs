//! How often the server is asked, and what it costs of a token: by the server's own log.

use super::world::{at, fact, launch, noted, one, printed, root, secrets, token};
use crate::common::stand_in::{Act, StandIn};
use serde_json::json;
use std::time::Duration;

fn count(path: &str) -> usize {
    noted().iter().filter(|noted| *noted == path).count()
}

#[test]
fn fifty_keys_of_one_path_are_one_read() {
    root("POST", "secret/data/many/counted", &root("GET", "secret/data/many", &json!({}), "")["data"], "");
    let before = count("secret/data/many/counted");
    let lines: Vec<_> =
        (0..50).map(|i| (format!("V{i:02}"), format!("vault:secret/many/counted#KEY_{i:02}"))).collect();
    let lines: Vec<_> = lines.iter().map(|(name, from)| (name.as_str(), from.as_str())).collect();
    let expected: String = (0..50).map(|i| format!("V{i:02}=value {i:02}\0")).collect();
    launch(&secrets(&lines)).stdout(expected).run();
    assert_eq!(count("secret/data/many/counted") - before, 1);
    assert_eq!(count("sys/internal/ui/mounts/secret/many/counted"), 1);
}

#[test]
fn fifty_paths_are_fifty_reads_eight_at_once_of_one_mount() {
    // Late enough that what may run at once does.
    let stand_in = StandIn::new(fact("url"), |_, _| Act::After(Duration::from_millis(20), Box::new(Act::Pass)));
    let lines: Vec<_> = (0..50).map(|i| (format!("V{i:02}"), format!("vault:secret/many/{i:02}#value"))).collect();
    let lines: Vec<_> = lines.iter().map(|(name, from)| (name.as_str(), from.as_str())).collect();
    let expected: String = (0..50).map(|i| format!("V{i:02}=value {i:02}\0")).collect();
    at(&stand_in.url, &secrets(&lines)).stdout(expected).run();
    assert_eq!(stand_in.most(), 8);
    let calls = stand_in.calls();
    assert_eq!(calls.len(), 51, "{calls:?}");
    assert_eq!(calls.iter().filter(|call| call.starts_with("GET /v1/sys/internal/ui/mounts/")).count(), 1);
    for i in 0..50 {
        assert_eq!(stand_in.count(&format!("GET /v1/secret/data/many/{i:02}")), 1);
    }
}

#[test]
fn each_mount_is_asked_for_once() {
    let stand_in = StandIn::new(fact("url"), |_, _| Act::Pass);
    let names = ["team/a/app", "team/a/x", "team/a/y", "team/b/app", "team/b/x", "team/b/y", "kv1/app", "kv1/x"];
    let lines: String = names
        .iter()
        .enumerate()
        .map(|(i, path)| format!("V{i} = {{ from = 'vault:{path}', optional = true, field = 'value' }}\n"))
        .collect();
    at(&stand_in.url, &format!("[secrets]\n{lines}")).stdout("V0=of a\0V3=of b\0").run();
    let calls = stand_in.calls();
    let asked = |mount: &str| {
        let start = format!("GET /v1/sys/internal/ui/mounts/{mount}");
        calls.iter().filter(|call| call.starts_with(&start)).count()
    };
    assert_eq!([asked("team/a"), asked("team/b"), asked("kv1")], [1, 1, 1], "{calls:?}");
    assert_eq!(calls.len(), 3 + names.len(), "{calls:?}");
}

#[test]
fn a_token_pays_for_reads_only() {
    let lines = [("A", "vault:secret/app/db#url"), ("B", "vault:kv1/app#key"), ("C", "vault:team/a/app#value")];
    let limited = token(json!({"num_uses": 3}));
    let run = || launch(&secrets(&lines)).env("VAULT_TOKEN", &limited);
    run().stdout("A=postgres://db\0B=plain\0C=of a\0").run();
    run().status(125).stderr_contains("does not accept the token").stderr_contains("used up").run();
    // The control: one use less is not enough.
    let short = token(json!({"num_uses": 2}));
    launch(&secrets(&lines)).env("VAULT_TOKEN", short).status(125).run();
}

#[test]
fn one_login_also_for_a_second_round_and_it_is_never_revoked() {
    let stand_in = StandIn::new(fact("url"), |_, _| Act::Pass);
    let secret = root("POST", "auth/approle/role/app/secret-id", &json!({"num_uses": 1}), "");
    let profile = format!(
        "[secrets]\nA = {{ from = ['vault:kv1/absent#x', 'vault:secret/app/one'] }}\nB = 'vault:secret/app/db#url'\n\
         [source.vault]\nauth = 'approle'\nrole-id = '{}'\nsecret-id = 'env:SECRET_ID'\n",
        fact("role")
    );
    let secret = secret["data"]["secret_id"].as_str().unwrap();
    at(&stand_in.url, &profile).env("SECRET_ID", secret).stdout("A=alone\0B=postgres://db\0").run();
    let calls = stand_in.calls();
    assert_eq!(stand_in.count("POST /v1/auth/approle/login"), 1, "{calls:?}");
    assert!(calls.iter().all(|call| !call.contains("revoke") && !call.contains("lookup")), "{calls:?}");
    assert_eq!(calls.len(), 1 + 2 + 3, "{calls:?}");
}

#[test]
fn the_token_is_found_where_the_official_client_looks() {
    let profile = one("kv1/app#key");
    let run = || launch(&profile).env("VAULT_TOKEN", "");
    run().file(".vault-token", format!("{}\n", fact("app"))).stdout(printed("plain")).run();
    run().env("BAO_TOKEN", fact("app")).env("VAULT_TOKEN", "wrong").stdout(printed("plain")).run();
    run().file("elsewhere", fact("app")).env("VAULT_TOKEN_PATH", "elsewhere").stdout(printed("plain")).run();
    run().file(".vault-token", "wrong").env("VAULT_TOKEN", fact("app")).stdout(printed("plain")).run();
    run().status(125).stderr_contains("no token").stderr_contains("hint: `vault login`").run();
    run().env("HOME", "/nonexistent").status(125).stderr_contains("no token").run();
    let referred = "[secrets]\nA = 'vault:kv1/app#key'\n[source.vault]\ntoken = 'env:MINE'\n";
    launch(referred).env("VAULT_TOKEN", "wrong").env("MINE", fact("app")).stdout(printed("plain")).run();
}

#[test]
fn a_token_that_could_be_two_headers_is_not_sent() {
    let stand_in = StandIn::new("", |_, _| Act::Close);
    for token in ["a\r\nX-Other: b", "a\n", "a b", "\u{e4}"] {
        let told = at(&stand_in.url, &one("kv1/app#key")).env("VAULT_TOKEN", token).status(125).run().stderr;
        assert!(String::from_utf8_lossy(&told).contains("VAULT_TOKEN: is no token"));
    }
    assert_eq!(stand_in.calls().len(), 0);
}
