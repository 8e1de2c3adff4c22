//! Every way to log in, and how each is refused.

use super::world::{at, bare, fact, file, printed, root, with};
use crate::common::Test;
use crate::common::stand_in::{Act, StandIn, answer, json};
use serde_json::{Value, json};

const PATH: &str = "secret/app/one";

/// A launch that logs in by itself.
#[track_caller]
fn login(source: &str) -> Test {
    bare(&[], &with(PATH, source)).env("VAULT_ADDR", fact("url"))
}

fn secret_id(mount: &str) -> String {
    let answer = root("POST", &format!("auth/{mount}/role/app/secret-id"), &json!({}), "");
    answer["data"]["secret_id"].as_str().unwrap().to_owned()
}

fn wrapped(path: &str, body: &Value) -> String {
    let answer = root("POST", path, body, "X-Vault-Wrap-TTL: 60s\r\n");
    answer["wrap_info"]["token"].as_str().unwrap().to_owned()
}

#[test]
fn approle() {
    let source =
        |role: &str, more: &str| format!("auth = 'approle'\nrole-id = '{role}'\nsecret-id = 'env:SECRET_ID'\n{more}");
    login(&source(fact("role"), "")).env("SECRET_ID", secret_id("approle")).stdout(printed("alone")).run();
    let elsewhere = source(fact("elsewhere"), "auth-mount = 'elsewhere'");
    login(&elsewhere).env("SECRET_ID", secret_id("elsewhere")).stdout(printed("alone")).run();
    for wrong in [source(fact("role"), ""), source("no-such-role", "")] {
        let told = login(&wrong).env("SECRET_ID", "hunter2-hunter2").status(125).run().stderr;
        let told = String::from_utf8_lossy(&told);
        assert!(told.contains("the role-id or the secret-id is wrong"), "{told}");
        assert!(!told.contains("hunter2"), "{told}");
    }
    let nowhere = source(fact("role"), "auth-mount = 'nowhere'");
    login(&nowhere).env("SECRET_ID", "x").status(125).stderr_contains("'auth-mount' says where").run();
    login("auth = 'approle'").status(125).stderr_contains("auth = \"approle\" needs 'role-id'").run();
}

#[test]
fn a_secret_id_in_a_wrapping() {
    let source = format!("auth = 'approle'\nrole-id = '{}'\nwrapped-secret-id = 'env:WRAPPED'\n", fact("role"));
    let good = wrapped("auth/approle/role/app/secret-id", &json!({}));
    login(&source).env("WRAPPED", &good).stdout(printed("alone")).run();
    login(&source)
        .env("WRAPPED", &good)
        .status(125)
        .stderr_contains("unwrapped before")
        .stderr_contains("stolen")
        .run();
    login(&source).env("WRAPPED", "no such token").status(125).stderr_contains("is no token").run();
    // Somebody else put something of their own in its place: it is not even unwrapped.
    let other_login = wrapped("auth/elsewhere/role/app/secret-id", &json!({}));
    let no_login = wrapped("sys/wrapping/wrap", &json!({"secret_id": secret_id("approle")}));
    for foreign in [other_login, no_login] {
        login(&source).env("WRAPPED", &foreign).status(125).stderr_contains("wraps something else").run();
        let still_there = root("POST", "sys/wrapping/lookup", &json!({"token": foreign}), "");
        assert!(still_there["data"]["creation_path"].is_string());
    }
}

#[test]
fn a_wrapping_is_opened_once() {
    let source = "auth = 'approle'\nrole-id = 'r'\nwrapped-secret-id = 'env:WRAPPED'\n";
    let looked_up = r#"{"request_id":"1","data":{"creation_path":"auth/approle/role/app/secret-id","creation_time":"","creation_ttl":60}}"#;
    let stand_in = StandIn::new("", move |asked, _| match asked.call.contains("lookup") {
        true => json(200, looked_up),
        false => Act::Close,
    });
    let profile = with(PATH, source);
    at(&stand_in.url, &profile).env("WRAPPED", "token").status(124).run();
    assert_eq!(stand_in.count("POST /v1/sys/wrapping/unwrap"), 1);
}

/// What is missing is the login, not the secret: that is not forgiven.
#[test]
fn a_wrapping_that_the_server_does_not_know() {
    let stand_in = StandIn::new("", |_, _| json(404, r#"{"errors":[]}"#));
    let source = "[source.vault]\nauth = 'approle'\nrole-id = 'r'\nwrapped-secret-id = 'env:WRAPPED'\n";
    let profile = format!("[secrets]\nA = {{ from = 'vault:{PATH}', optional = true }}\n{source}");
    let test = at(&stand_in.url, &profile).env("WRAPPED", "token").status(125).stdout("");
    test.stderr_contains("'wrapped-secret-id': the server knows no such wrapping (404)").run();
}

#[test]
fn userpass() {
    let source = "auth = 'userpass'\nusername = 'me'\npassword = 'env:PASSWORD'\n";
    login(source).env("PASSWORD", "pass word").stdout(printed("alone")).run();
    let told = login(source).env("PASSWORD", "hunter2-hunter2").status(125).run().stderr;
    let told = String::from_utf8_lossy(&told);
    assert!(told.contains("the username or the password is wrong"), "{told}");
    assert!(!told.contains("hunter2"), "{told}");
    let nobody = source.replace("'me'", "'../me'");
    login(&nobody).env("PASSWORD", "x").status(125).stderr_contains("username").run();
    // It may be a secret as well.
    let secret = source.replace("'me'", "'env:ME'");
    login(&secret).env("PASSWORD", "pass word").env("ME", "me").stdout(printed("alone")).run();
    for name in ["hunter2/hunter2", "hunter2\n", &"hunter2".repeat(1000)] {
        let test = login(&secret).env("PASSWORD", "x").env("ME", name).status(125);
        let told = test.stderr_contains("'username' is no name of a user").run().stderr;
        assert!(!String::from_utf8_lossy(&told).contains("hunter2"));
    }
}

#[test]
fn jwt() {
    let run = |jwt: &str, more: &str| {
        login(&format!("auth = 'jwt'\njwt-file = 'jwt'\n{more}")).file("jwt", format!("{}\n", fact(jwt)))
    };
    run("jwt-good", "role = 'app'").stdout(printed("alone")).run();
    run("jwt-good", "").stdout(printed("alone")).run();
    run("jwt-claim", "").status(125).stderr_contains("does not claim what the role is bound to").run();
    run("jwt-expired", "").status(125).stderr_contains("has expired").run();
    run("jwt-good", "role = 'nobody'").status(125).stderr_contains("there is no such role").run();
    login("auth = 'jwt'\njwt-file = 'absent'").status(125).stderr_contains("absent: no such file").run();
    let told = run("jwt-expired", "").status(125).run().stderr;
    assert!(!String::from_utf8_lossy(&told).contains(&fact("jwt-expired")[..20]));
}

#[test]
fn kubernetes() {
    let source = |role: &str| format!("auth = 'kubernetes'\nrole = '{role}'\njwt-file = 'jwt'\n");
    login(&source("app")).file("jwt", fact("jwt-pod")).stdout(printed("alone")).run();
    let foreign = login(&source("app")).file("jwt", fact("jwt-foreign")).status(125);
    foreign.stderr_contains("bound to other service accounts or namespaces").run();
    login(&source("nobody")).file("jwt", fact("jwt-pod")).status(125).stderr_contains("no such role").run();
    let outside = login("auth = 'kubernetes'\nrole = 'app'\n").status(125);
    outside.stderr_contains("/var/run/secrets/kubernetes.io/serviceaccount/token: no such file").run();
}

#[test]
fn a_certificate() {
    let source = |name: &str| {
        format!(
            "auth = 'cert'\nclient-cert = '{}'\nclient-key = '{}'\n",
            file(&format!("{name}.pem")),
            file(&format!("{name}.key"))
        )
    };
    let run = |source: &str| login(source).env("VAULT_ADDR", fact("tls")).env("VAULT_CACERT", file("ca.pem"));
    run(&source("client")).stdout(printed("alone")).run();
    run(&(source("client") + "role = 'app'\n")).stdout(printed("alone")).run();
    run(&(source("client") + "role = 'nobody'\n"))
        .status(125)
        .stderr_contains("auth/cert: the login was refused")
        .run();
    run(&source("stranger")).status(125).run();
    let ambient = run("auth = 'cert'").env("VAULT_CLIENT_CERT", file("client.pem"));
    ambient.env("VAULT_CLIENT_KEY", file("client.key")).stdout(printed("alone")).run();
    run("auth = 'cert'").status(125).stderr_contains("needs a certificate to show").run();
    let half = format!("auth = 'cert'\nclient-cert = '{}'\n", file("client.pem"));
    run(&half).status(125).stderr_contains("needs its key").run();
}

#[test]
fn what_belongs_to_another_login_is_an_error() {
    login("role-id = 'x'").status(125).stderr_contains("'role-id' says nothing where auth = \"token\"").run();
    login("auth = 'jwt'\njwt-file = 'x'\ntoken = 'env:T'\n")
        .env("T", "x")
        .status(125)
        .stderr_contains("'token' says")
        .run();
    login("auth = 'approle'\nrole-id = 'r'\nsecret-id = 'env:S'\nwrapped-secret-id = 'env:S'\n")
        .env("S", "x")
        .status(125)
        .stderr_contains("two ways to say one thing")
        .run();
}

#[test]
fn a_login_that_gives_no_token() {
    let source = "auth = 'userpass'\nusername = 'me'\npassword = 'env:PASSWORD'\n";
    let profile = with(PATH, source);
    for (status, body, words, exit) in [
        (200, r#"{"request_id":"1","auth":null}"#, "holds no token", 125),
        (200, r#"{"request_id":"1","auth":{"client_token":"","lease_duration":0}}"#, "second factor", 125),
        (200, "{}", "is no Vault", 125),
        (400, r#"{"errors":["you said pass-word-1"]}"#, "refused (400)", 125),
        (429, r#"{"errors":["slow down"]}"#, "too many requests", 124),
        (503, r#"{"errors":["Vault is sealed"]}"#, "is sealed", 124),
    ] {
        let stand_in = StandIn::new("", move |_, _| answer(status, "", body));
        let told =
            at(&stand_in.url, &profile).env("PASSWORD", "pass-word-1").status(exit).stderr_contains(words).run().stderr;
        assert!(!String::from_utf8_lossy(&told).contains("pass-word-1"));
    }
}
