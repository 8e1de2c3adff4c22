//! The keychain and Vault, as they are: a real GNOME Keyring, a real OpenBao.

use super::machine::rows;
use crate::common::Test;
use crate::common::keyring::Keyring;
use crate::world;

#[test]
fn the_keychain_is_locked_or_open_or_not_there() {
    let keyring = Keyring::start();
    keyring.put("user", "hunter2hunter2", &[]);
    let profile = "[secrets]\nA = 'keychain:my app/user'\n";
    let doctor = |args: &[&str]| keyring.test(profile).args(["doctor"]).args(args).env("PATH", "/usr/bin");
    let reachable = rows(doctor(&[]), 0, "keychain");
    assert!(reachable[0].starts_with("ok: is reachable; whether it is unlocked shows with a profile"), "{reachable:?}");
    assert_eq!(rows(doctor(&["-p", "./p.toml"]), 0, "keychain"), ["ok: is reachable and unlocked"]);
    keyring.lock();
    assert!(rows(doctor(&["-p", "./p.toml"]), 1, "keychain").is_empty());
    let told = rows(doctor(&["-p", "./p.toml"]), 1, "secret");
    assert!(
        told[0].starts_with("wrong: ./p.toml:2: A: keychain:my app/user: ") && told[0].contains("locked"),
        "{told:?}"
    );
    let nowhere = || Test::new().file("p.toml", profile).args(["doctor"]).env("PATH", "/usr/bin");
    let told = rows(nowhere(), 0, "keychain");
    assert!(told[0].starts_with("note: there is no session bus"), "{told:?}");
    let told = rows(nowhere().args(["-p", "./p.toml"]), 1, "secret");
    assert!(told[0].contains("there is no session bus"), "{told:?}");
}

fn vault(token: &str) -> Test {
    let profile = world::one("secret/app/one");
    let test = Test::new().file("p.toml", profile).args(["doctor", "-p", "./p.toml"]).env("PATH", "/usr/bin");
    test.env("VAULT_ADDR", world::fact("url")).env("VAULT_TOKEN", token)
}

#[test]
fn a_token_is_told_with_its_time() {
    let app = rows(vault(world::fact("app")), 0, "vault");
    // 32 days, less what has passed since it was made.
    let good = ["32 d", "31 d 23 h"].map(|time| format!("ok: answers; its token is good for {time}"));
    assert!(good.iter().any(|good| app[0].starts_with(good)), "{app:?}");
    assert!(rows(vault(world::fact("app")), 0, "clock").is_empty());
    let short = world::token(serde_json::json!({"ttl": "90s"}));
    let told = rows(vault(&short), 0, "vault");
    assert!(told[0].starts_with("note: answers; its token is good for 1 min "), "{told:?}");
    assert_eq!(rows(vault(world::fact("root")), 0, "vault"), ["ok: answers; its token does not expire"]);
    let blind = world::token(serde_json::json!({"no_default_policy": true}));
    let told = rows(vault(&blind), 0, "vault");
    assert_eq!(told, ["ok: answers; its token may not read of itself for how long it is good"]);
    // A token that is good and may not read this: both are told.
    let other = |token: &str| vault(token).file("p.toml", world::one("secret/other/secret#value"));
    let told = rows(other(world::fact("app")), 1, "vault");
    assert!(good.iter().any(|good| told[0].starts_with(good)), "{told:?}");
    let told = rows(other(world::fact("app")), 1, "secret");
    assert!(told.len() == 1 && told[0].contains("A: vault:secret/other/secret: permission denied"), "{told:?}");
}

#[test]
fn a_login_that_fails_is_told_once() {
    let bad = rows(vault("bad"), 1, "secret");
    assert!(bad.len() == 1 && bad[0].contains("the server does not accept the token"), "{bad:?}");
    assert!(rows(vault("bad"), 1, "vault").is_empty());
    let none = vault("x").env("VAULT_TOKEN", "");
    let told = rows(none, 1, "secret");
    assert!(told.len() == 1 && told[0].contains("token"), "{told:?}");
    let sealed = vault("x").env("VAULT_ADDR", world::fact("sealed"));
    let told = rows(sealed, 1, "secret");
    assert!(told.len() == 1 && told[0].contains("sealed"), "{told:?}");
    let untrusted = vault("x").env("VAULT_ADDR", world::fact("tls"));
    let told = rows(untrusted, 1, "secret");
    assert!(told.len() == 1 && told[0].contains("certificate"), "{told:?}");
}

#[test]
fn a_login_by_another_way_is_made_once() {
    let profile = format!(
        "{}[source.vault]\nauth = 'approle'\nrole-id = '{}'\nsecret-id = 'env:SECRET'\n",
        world::one("secret/app/one"),
        world::fact("role")
    );
    let secret = world::root("POST", "auth/approle/role/app/secret-id", &serde_json::json!({}), "");
    let secret = secret["data"]["secret_id"].as_str().unwrap().to_owned();
    let test = Test::new().file("p.toml", profile).args(["doctor", "-p", "./p.toml"]).env("PATH", "/usr/bin");
    let test = test.env("VAULT_ADDR", world::fact("url")).env("SECRET", secret);
    let logins = || world::noted().iter().filter(|path| path.starts_with("auth/approle/login")).count();
    let before = logins();
    let told = rows(test, 0, "vault");
    assert!(told[0].starts_with("ok: answers; its token is good for "), "{told:?}");
    assert_eq!(logins(), before + 1);
}
