//! Credentials that the server makes for this launch, in a real PostgreSQL.

use super::world::{bare, check, fact, launch, noted, one, secrets, with};
use serde_json::{Value, json};

/// A launch of psql with what the profile gives.
fn psql(profile: &str) -> crate::common::Test {
    let (host, port) = fact("postgres").split_once(':').unwrap();
    let args = [
        "-p",
        "./p.toml",
        "--",
        fact("psql"),
        "-XAtq",
        "-h",
        host,
        "-p",
        port,
        "-d",
        "postgres",
        "-c",
        "select 1 + 41",
    ];
    let test = crate::common::Test::new().file("p.toml", profile).args(args);
    test.env("VAULT_ADDR", fact("url")).env("VAULT_TOKEN", fact("app"))
}

#[test]
fn the_command_logs_in_with_what_it_got() {
    let profile = secrets(&[
        ("PGUSER", "vault:database/creds/app#username"),
        ("PGPASSWORD", "vault:database/creds/app#password"),
    ]);
    let before = noted().iter().filter(|path| *path == "database/creds/app").count();
    psql(&profile).stdout("42\n").run();
    // Both variables are of one and the same read.
    assert_eq!(noted().iter().filter(|path| *path == "database/creds/app").count() - before, 1);
    // The control: what it logs in with is looked at.
    let wrong = "[vars]\nPGPASSWORD = 'wrong'\n[secrets]\nPGUSER = 'vault:database/creds/app#username'\n";
    psql(wrong).status(2).stderr_contains("password authentication failed").run();
}

#[test]
fn they_live_on_after_a_login() {
    let profile = format!(
        "{}[source.vault]\nauth = 'userpass'\nusername = 'me'\npassword = 'env:PASSWORD'\n",
        secrets(&[
            ("PGUSER", "vault:database/creds/app#username"),
            ("PGPASSWORD", "vault:database/creds/app#password")
        ])
    );
    psql(&profile).env("PASSWORD", "pass word").stdout("42\n").run();
}

#[test]
fn a_lease_is_told_of() {
    let verbose = |profile: &str| bare(&["-v"], profile).env("VAULT_ADDR", fact("url")).env("VAULT_TOKEN", fact("app"));
    verbose(&one("database/creds/app#username")).stderr_contains("database/creds/app: lease 1h0m0s, renewable").run();
    let short = verbose(&one("database/creds/short#username")).stderr_contains("lease 30s, renewable");
    short.stderr_contains("warning: vault: database/creds/short: the lease is shorter than a minute").run();
    check(&one("database/creds/short#username")).stderr_contains("shorter than a minute").any_status().run();
    // A plain launch is silent, and so is what has no lease.
    launch(&one("database/creds/short#username")).stderr("").run();
    let told = verbose(&one("kv1/app#key")).run().stderr;
    assert!(!String::from_utf8_lossy(&told).contains("lease"));
}

#[test]
fn a_lease_that_ends_with_the_login() {
    let source = format!("auth = 'approle'\nrole-id = '{}'\nsecret-id = 'env:SECRET_ID'\n", fact("role"));
    let secret: Value = super::world::root("POST", "auth/approle/role/app/secret-id", &json!({}), "");
    let test = bare(&["-v"], &with("database/creds/app#username", &source)).env("VAULT_ADDR", fact("url"));
    test.env("SECRET_ID", secret["data"]["secret_id"].as_str().unwrap())
        .stderr_contains("it ends with the login's token, after 20m0s")
        .run();
}

#[test]
fn roles_that_give_none() {
    launch(&one("database/creds/nobody#username"))
        .status(125)
        .stderr_contains("refused (400): the engine knows no such role\n")
        .run();
    let optional = "[secrets]\nA = { from = 'vault:database/creds/nobody#username', optional = true }\n";
    launch(optional).status(125).run();
    // PostgreSQL quotes the statement, with the password in it.
    let told = launch(&one("database/creds/broken#username")).any_status().stdout("").run().stderr;
    let told = String::from_utf8_lossy(&told);
    assert!(!told.contains("SQL") && told.contains("inject: nothing was run"), "{told}");
}
