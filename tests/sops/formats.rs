//! The five formats, fields and patterns, and how often sops is started.

use super::support::{NOTHING, count, counted, encrypted, launch, variables};
use std::fs;

const YAML: &str = "# of the app\ndb:\n    host: h  # where\n    password: 'hunter2 #x'\n    ports: [1, 2]\nmode: '0755'\n\
    n: 'no'\nversion: '0.10'\nempty: ''\nnothing: null\nnumber: 5432\n";
const JSON: &str = r#"{"db": {"password": "q\"\\\n\u00e9", "ports": [1, 2]}, "a.b": "dots", "mode": "0755", "number": 5432, "yes": true}"#;

#[test]
fn yaml_by_path() {
    for name in ["secrets.enc.yaml", "s.yml"] {
        let refs = ["db.password", "db.ports.1", "mode", "n", "version", "empty", "number"];
        let lines: Vec<_> = refs.iter().enumerate().map(|(i, field)| format!("A{i} = 'sops:{name}#{field}'")).collect();
        let done = launch(&lines.join("\n")).file(name, encrypted(name, YAML)).stderr("").run();
        let expected = ["A0=hunter2 #x", "A1=2", "A2=0755", "A3=no", "A4=0.10", "A5=", "A6=5432"];
        assert_eq!(variables(&done.stdout), expected, "{name}");
    }
}

#[test]
fn json_by_path() {
    let lines = "A = 'sops:s.json#db.password'\nB = 'sops:s.json#/db/ports/0'\nC = 'sops:s.json#/a.b'\n\
        D = 'sops:s.json#mode'\nE = 'sops:s.json#number'\nF = 'sops:s.json#yes'";
    let done = launch(lines).file("s.json", encrypted("s.json", JSON)).stderr("").run();
    let expected = ["A=q\\\"\\\\\\n\\xc3\\xa9", "B=1", "C=dots", "D=0755", "E=5432", "F=true"];
    assert_eq!(variables(&done.stdout), expected);
}

#[test]
fn dotenv_and_ini() {
    let lines = "\"*\" = 'sops:secrets.enc.env'\n\"DB_*\" = 'sops:c/x.ini#db'\nT = 'sops:c/x.ini#DEFAULT.top'\n\
        K = 'sops:c/x.ini#/more of it/k.dot'\nB = 'sops:secrets.enc.env#A'";
    let test = launch(lines).file("secrets.enc.env", encrypted("secrets.enc.env", "# c\n\nA=\"1\" # x\nC=a\\nb\n"));
    let ini = "top = t\n; c\n[db]\nhost = h\npw = `a;b#c`\n[more of it]\nk.dot = d\n";
    let done = test.file("c/x.ini", encrypted("x.ini", ini)).stderr("").run();
    let expected = ["A=\\\"1\\\" # x", "B=\\\"1\\\" # x", "C=a\\nb", "DB_host=h", "DB_pw=a;b#c", "K=d", "T=t"];
    assert_eq!(variables(&done.stdout), expected);
}

#[test]
fn binary_is_its_bytes_or_the_document_in_it() {
    let bytes = b"\x01\xff\xfe -----BEGIN\nx: y\n\n";
    let done = launch("A = 'sops:key.pem'").file("key.pem", encrypted("key.pem", bytes)).stderr("").run();
    assert_eq!(done.stdout, [b"A=", bytes.as_slice(), b"\0"].concat());
    launch("A = 'sops:none'").file("none", encrypted("none", "")).stdout("A=\0").run();
    // sops knows no TOML, and takes a name as it is written.
    for (name, plain) in [
        ("s.toml", "[db]\npw = 'v'\n"),
        ("s.YAML", "db:\n  pw: v\n"),
        ("s.enc", "{\"db\": {\"pw\": \"v\"}}"),
        (".env.local", "db.pw='v'\n"),
    ] {
        let field = if name.starts_with('.') { "db.pw" } else { "/db/pw" };
        let test = launch(&format!("A = 'sops:{name}#{field}'")).file(name, encrypted(name, plain));
        test.stdout("A=v\0").stderr("").run();
    }
    let test = launch("A = 'sops:key#x'\n[source.sops]\nformat = 'yaml'").file("key", encrypted("key", "x: 'v'"));
    test.stdout("A=v\0").run();
    let test = launch("A = 'sops:key#x'").file("key", encrypted("key", "x: 'v'")).status(125);
    test.stderr_contains("A: sops:key: cannot tell the format of this file\n").run();
}

#[test]
fn what_is_nested_is_no_value() {
    let yaml = || encrypted("s.yaml", YAML);
    for (field, words) in [
        ("", "which field? it has 'db', 'mode', 'n', 'version', 'empty', 'nothing', 'number'\n"),
        ("#db", "'db' is a table, not a text; it has 'host', 'password', 'ports'\n"),
        ("#db.ports", "'db.ports' is a list of 2, not a text\n"),
        ("#nothing", "'nothing' is null, not a text\n"),
        ("#db.passwort", "no field 'db.passwort'; 'db' has 'host', 'password', 'ports'\n"),
        // What sops keeps of its own in the file is none of the fields.
        ("#sops", "no field 'sops'; it has 'db', 'mode', "),
        ("#sops.mac", "no field 'sops.mac'; it has 'db', 'mode', "),
    ] {
        let test = launch(&format!("A = 'sops:s.yaml{field}'")).file("s.yaml", yaml());
        let done = test.status(125).stdout("").stderr_contains(format!("A: sops:s.yaml: {words}")).run();
        assert!(String::from_utf8_lossy(&done.stderr).ends_with(NOTHING));
    }
    let test = launch("A = 'sops:s.env'").file("s.env", encrypted("s.env", "X=1\nY=2\n")).status(125);
    test.stderr_contains("which field? it has 'X', 'Y'\n").run();
    let test = launch("A = { from = 'sops:s.yaml#no', default = 'd' }").file("s.yaml", yaml());
    test.stdout("A=d\0").run();
}

#[test]
fn a_pattern_names_what_is_nested() {
    let launch = |secrets: &str| launch(secrets).file("s.yaml", encrypted("s.yaml", "a: b\ndb: {c: d}\nl: [1]\n"));
    let test = launch("\"*\" = 'sops:s.yaml'").status(125).stdout("");
    let test = test.stderr_contains("db: sops:s.yaml: 'db' is a table, not a text; it has 'c'\n");
    test.stderr_contains("l: sops:s.yaml: 'l' is a list of 1, not a text\n").run();
    launch("\"X_*\" = 'sops:s.yaml#db'").stdout("X_c=d\0").run();
    let ini = encrypted("s.ini", "[db]\nc=d\n");
    let test = super::support::launch("\"*\" = 'sops:s.ini'").file("s.ini", ini).status(125);
    test.stderr_contains("DEFAULT: sops:s.ini: 'DEFAULT' is a table").stderr_contains("'db' is a table").run();
}

#[test]
fn one_decryption_a_file() {
    let fields: Vec<_> = (0..50).map(|i| format!("A{i} = 'sops:s.yaml#db.password'")).collect();
    let lines =
        format!("{}\n\"E_*\" = 'sops:s.env'\nE = 'sops:./s.env#X'\n[source.other]\nkind = 'sops'", fields.join("\n"))
            .replace("A49 = 'sops:", "A49 = 'other:");
    let test = launch(&lines).file("s.yaml", encrypted("s.yaml", YAML)).file("s.env", encrypted("s.env", "X=1\\n2\n"));
    let done = counted(test).run();
    assert_eq!(variables(&done.stdout).len(), 52);
    assert_eq!(count(done.dir.path()), 2, "{}", fs::read_to_string(done.dir.path().join("log")).unwrap());
    // Nobody is asked by a plan, nor for what comes behind a value.
    let test = super::support::run("A = ['env:PATH', 'sops:s.env#X']\nB = 'sops:nothing.yaml#a'");
    let done = counted(test).args(["plan", "-p", "./p.toml"]).run();
    assert_eq!(count(done.dir.path()), 0);
    let done = counted(launch("A = ['env:PATH', 'sops:s.env#X']")).run();
    assert_eq!(count(done.dir.path()), 0);
}

#[test]
fn names_that_look_like_flags_or_commands() {
    for name in ["-x.env", "--help", "decrypt", "exec-env", " ; id", "$(id)", "é\u{7f}.env"] {
        let plain = if name.ends_with(".env") { "A=v\n" } else { "v" };
        let mut file = name.to_owned();
        if name.ends_with(".env") {
            file.push_str("#A");
        }
        // sops itself is given a harmless name.
        let text = encrypted(if name.ends_with(".env") { "x.env" } else { "x" }, plain);
        let quoted = serde_json::to_string(&format!("sops:{file}")).unwrap().replace('\u{7f}', "\\u007f");
        // Without a folder in front of the profile the file has none either.
        for profile in ["./p.toml", "p.toml"] {
            let test = launch(&format!("A = {quoted}")).file(name, &text);
            test.replace_arg("./p.toml", profile).stdout("A=v\0").run();
        }
    }
}
