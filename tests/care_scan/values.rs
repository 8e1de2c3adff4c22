//! What is looked for, and how it is told.

use super::repository::Repository;
use crate::common::keyring::Keyring;
use crate::common::tool::tool;

const ENV: &str = "PASSWORD=correct-horse-7/x\nTOKEN=tok_5f2c8e1b9a\nPIN=1234567\nEMPTY=\n";

fn repository(profile: &str) -> Repository {
    let repository = Repository::new(profile);
    repository.file(".env", ENV);
    repository.file(".gitignore", ".env\n");
    repository
}

const SHORT: &str = "inject: warning: less than 8 bytes stand anywhere by chance, so these are not looked for: ";

#[test]
fn every_value_that_comes_from_a_source_counts_and_nothing_that_the_profile_says_itself() {
    let repository = repository(
        "[vars]\nPLAIN = 'plain-text-in-vars'\nHOST = 'db.example.org'\n[secrets]\n\
         PASSWORD = { from = 'dotenv:.env', expose = false }\nTOKEN = ['env:NOPE', 'dotenv:.env']\n\
         DSN = { template = 'postgres://app:${PASSWORD|url}@${HOST}/app' }\n\
         DEEP = { template = '${DSN}?x' }\n\
         OWN = { template = 'https://${HOST}/where' }\n\
         NONE = { from = 'env:NOPE', default = 'a default value' }\n\
         GONE = { from = 'env:NOPE', optional = true }\n\
         CODED = { from = 'env:CODED', decode = 'base64' }\n\
         SPACE = 'env:SPACE'\n",
    );
    repository.file(
        "all",
        "plain-text-in-vars\ndb.example.org https://db.example.org/where\na default value\nset on the command line\n\
         correct-horse-7/x\npostgres://app:correct-horse-7%2Fx@db.example.org/app?x\ntok_5f2c8e1b9a tok_5f2c8e1b9a\n\
         ZGVjb2RlZCB2YWx1ZQ==\ndecoded value\nwhite space\n",
    );
    let run = repository.inject(["scan", "-p", "./p.toml", "--set", "SET=set on the command line"]).status(1);
    let expected = "all:5: PASSWORD\nall:6: DEEP\nall:6: DSN\nall:6: PASSWORD (URL)\nall:7: TOKEN\nall:8: CODED (base64)\n\
                    all:9: CODED\nall:10: SPACE\n";
    let run = run.env("CODED", "ZGVjb2RlZCB2YWx1ZQ==").env("SPACE", " \n white space\n\n").stderr("");
    let out = run.run();
    let told = String::from_utf8(out.stdout).unwrap();
    let (mut told, mut expected): (Vec<_>, Vec<_>) = (told.lines().collect(), expected.lines().collect());
    told.sort_unstable();
    expected.sort_unstable();
    assert_eq!(told, expected);
}

#[test]
fn short_values_are_named_and_not_looked_for() {
    let repository = repository("[secrets]\n'*' = 'dotenv:.env'\n");
    repository.file("x", "1234567\n");
    let scan = || repository.inject(["scan", "-p", "./p.toml"]);
    scan().stdout("").stderr(format!("{SHORT}EMPTY, PIN\n")).run();
    repository.file("x", "1234567\ntok_5f2c8e1b9a");
    scan().status(1).stdout("x:2: TOKEN\n").stderr(format!("{SHORT}EMPTY, PIN\n")).run();
    // With a file that holds no other, nothing was read: that is said.
    repository.file(".env", "PIN=1234567\n");
    let nothing = "inject: warning: there is no value to look for, so no file was read\n";
    scan().stdout("").stderr(format!("{SHORT}PIN\n{nothing}")).run();
    repository.file("p.toml", "[vars]\nA = 'a plain text'\n");
    scan().stdout("").stderr(nothing).run();
}

#[test]
fn two_names_of_one_value_are_both_told_and_a_file_once_a_line() {
    let repository = repository("[secrets]\nA = 'dotenv:.env#TOKEN'\nB = 'dotenv:.env#TOKEN'\n");
    repository.file("x", "tok_5f2c8e1b9a tok_5f2c8e1b9a dG9rXzVmMmM4ZTFiOWE=\n\n\ntok_5f2c8e1b9a");
    repository.file("esc\u{1b}ape", "tok_5f2c8e1b9a");
    let expected = "esc\\u{1b}ape:1: A\nesc\\u{1b}ape:1: B\nx:1: A\nx:1: B\nx:4: A\nx:4: B\n";
    repository.inject(["scan", "-p", "./p.toml"]).status(1).stdout(expected).stderr("").run();
}

#[test]
fn where_a_value_is_not_known_nobody_says_that_it_has_not_leaked() {
    let repository = repository("[secrets]\nTOKEN = 'dotenv:.env'\nLOST = 'dotenv:.env'\n");
    repository.file("x", "nothing\n");
    let run = repository.inject(["scan", "-p", "./p.toml"]).status(125).stdout("");
    run.stderr_contains("inject: error: ./p.toml:3: LOST: dotenv:.env: ").run();
}

#[test]
fn an_untrusted_profile_is_refused() {
    let repository = repository("");
    repository.deep("profiles/dev.toml", "[secrets]\nTOKEN = 'dotenv:../.env'\n");
    repository.file("x", "tok_5f2c8e1b9a\n");
    let scan = || repository.inject(["scan", "-p", "dev"]);
    scan().status(125).stdout("").stderr_contains("profiles/dev.toml: not trusted").run();
    repository.inject(["trust", "dev"]).run();
    scan().status(1).stdout("x:1: TOKEN\n").run();
}

#[test]
fn what_a_source_is_opened_with_counts_too() {
    let profile = "[secrets]\nA = 'azure:item'\n[source.azure]\nvault = 'https://v.vault.azure.net'\n\
                   client-secret = 'dotenv:.env#TOKEN'\n";
    let repository = repository(profile);
    repository.file("x", "tok_5f2c8e1b9a\nvalue of item\n");
    let run = repository.inject(["scan", "-p", "./p.toml"]);
    let bin = repository.path(".git/bin");
    std::fs::create_dir(&bin).unwrap();
    for (from, name) in [
        (crate::common::inject(), "inject"),
        (crate::common::inject().with_file_name("inject-care"), "inject-care"),
        (tool("fake-store"), "inject-store"),
    ] {
        let copied = std::process::Command::new("/bin/cp").arg(from).arg(bin.join(name)).status().unwrap();
        assert!(copied.success());
    }
    run.program(bin.join("inject")).status(1).stdout("x:1: source.azure.client-secret\nx:2: A\n").run();
}

#[test]
fn the_keychains_values_are_found() {
    let keyring = Keyring::start();
    keyring.put("user", "tok_5f2c8e1b9a", &[]);
    let repository = repository("[secrets]\nA = 'keychain:my app/user'\n");
    repository.file("x", "746f6b5f35663263386531623961\n");
    keyring.on(repository.inject(["scan", "-p", "./p.toml"])).status(1).stdout("x:1: A (hex)\n").run();
    keyring.lock();
    keyring.on(repository.inject(["scan", "-p", "./p.toml"])).status(125).stdout("").stderr_contains("locked").run();
}
