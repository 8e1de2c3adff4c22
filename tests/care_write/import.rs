//! `import`: the values move, the profile follows, the plaintext goes only where somebody says so.

use super::support::Project;
use crate::common::Test;
use crate::common::keyring::Keyring;

fn import(project: &Project, more: &[&str]) -> Test {
    project.inject(["import", "-p", "./p.toml"].into_iter().chain(more.iter().copied()))
}

#[test]
fn a_dry_run_shows_the_plan_and_does_nothing() {
    let project = Project::new("[secrets]\n'*' = 'dotenv:.env'\n");
    project.file(".env", "A=hunter2\nB='x y'\n");
    let plan = "A -> keychain:my app/A\nB -> keychain:my app/B\n./p.toml: A = \"keychain:my app/A\"\n\
        ./p.toml: B = \"keychain:my app/B\"\n./p.toml: \"*\" is taken out\n";
    import(&project, &[".env", "--to", "keychain:my app/", "--dry-run", "--remove"]).stdout(plan).stderr("").run();
    assert_eq!(project.read("p.toml"), "[secrets]\n'*' = 'dotenv:.env'\n");
    assert_eq!(project.names(), [".env", "p.toml"]);
}

#[test]
fn a_dotenv_file_moves_into_the_keychain() {
    let keyring = Keyring::start();
    let project =
        Project::new("# mine\n[secrets]\n# all of it\n'*' = 'dotenv:.env'\nA = 'dotenv:.env' # a\nX = 'env:X' # x\n");
    project.file(".env", "A=hunter2\nexport B='x y' # b\nC=\"l1\\nl2\"\n");
    let args = [".env", "--to", "keychain:my app/"];
    // --yes alone never removes.
    let done = keyring.on(import(&project, &args)).args(["--yes"]).stdout("").run();
    let told = String::from_utf8(done.stderr).unwrap();
    assert!(told.contains("inject: A: keychain:my app/A: created\n") && told.contains("--remove removes it"), "{told}");
    assert!(!told.contains("hunter2") && project.path(".env").exists());
    let mapped = "# mine\n[secrets]\n# all of it\nA = \"keychain:my app/A\" # a\nX = 'env:X' # x\nB = \"keychain:my app/B\"\n\
        C = \"keychain:my app/C\"\n";
    assert_eq!(project.read("p.toml"), mapped);
    let done = keyring.on(import(&project, &args)).args(["--remove"]).stdout("").run();
    let told = String::from_utf8(done.stderr).unwrap();
    assert!(told.contains("A: keychain:my app/A: unchanged\n") && told.ends_with("inject: .env: removed\n"), "{told}");
    assert_eq!((project.names(), project.read("p.toml")), (vec!["p.toml".to_owned()], mapped.to_owned()));
    let mut got = project.launched(|test| keyring.on(test).env("X", "x"));
    got.sort();
    let wanted = [("A", "hunter2"), ("B", "x y"), ("C", "l1\nl2"), ("X", "x")];
    assert_eq!(got, wanted.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec())));
}

#[test]
fn json_moves_into_a_file() {
    let project = Project::new("");
    project.file("s.json", r#"{"A": "q\"\n", "B": 0.10, "C": true}"#);
    import(&project, &["s.json", "--to", "dotenv:.env#", "--remove"]).run();
    assert_eq!(project.read(".env"), "A='q\"\n'\nB=0.10\nC=true\n");
    assert_eq!(project.names(), [".env", "p.toml"]);
}

#[test]
fn what_cannot_be_imported_changes_nothing() {
    let project = Project::new("[secrets]\nA = 'env:A'\n");
    for (content, words) in [
        ("A=hunter2\n", "./p.toml:2: A: is mapped to env:A already"),
        ("B=hunter2\n1X=hunter2\n", "x.env: '1X' is no name of a variable"),
        ("B='hunter2\n", "x.env:1: a quoted value is not closed"),
        ("LD_PRELOAD=hunter2\n", "dynamic loader"),
        ("# nothing\n", "x.env: has nothing to import"),
        ("{\"B\": {\"C\": \"hunter2\"}}", "x.env"),
    ] {
        project.file("x.env", content);
        let done = import(&project, &["x.env", "--to", "file:f", "--remove"])
            .status(125)
            .stdout("")
            .stderr_contains(words)
            .run();
        assert!(!String::from_utf8_lossy(&done.stderr).contains("hunter2"));
        assert_eq!(
            (project.read("p.toml"), project.names()),
            ("[secrets]\nA = 'env:A'\n".into(), vec!["p.toml".into(), "x.env".into()])
        );
    }
    project.file("s.json", r#"{"B": {"C": "hunter2"}, "D": null}"#);
    let done = import(&project, &["s.json", "--to", "file:f"])
        .status(125)
        .stderr_contains("s.json: 'B' is a table, not a text")
        .run();
    assert!(String::from_utf8_lossy(&done.stderr).contains("s.json: 'D' is null, not a text"));
}

#[test]
fn a_file_that_is_still_read_stays() {
    let project = Project::new("[secrets]\nOTHER = { from = 'dotenv:x.env#A', optional = true }\n");
    project.file("x.env", "A=hunter2\n");
    let args = ["x.env", "--to", "dotenv:.env#", "--remove"];
    import(&project, &args).status(125).stderr_contains("./p.toml:2: OTHER: still reads x.env, so that stays").run();
    assert!(project.path("x.env").exists() && project.read("p.toml").contains("A = \"dotenv:.env#A\""));
}

#[test]
fn a_namespace_of_envchain_is_taken_over() {
    let keyring = Keyring::start();
    for (namespace, key, value) in [("aws", "AWS_KEY", "hunter2"), ("aws", "AWS_ID", "gr\u{fc}n"), ("other", "X", "no")]
    {
        let schema = "envchain.EnvironmentVariable";
        let args = ["store", "--label=l", "xdg:schema", schema, "name", namespace, "key", key];
        keyring.run("secret-tool", &args, value);
    }
    let project = Project::new("");
    let args = ["--from", "envchain", "aws", "--to", "keychain:my app/"];
    let done = keyring.on(import(&project, &args)).stdout("").run();
    assert!(!String::from_utf8_lossy(&done.stderr).contains("hunter2"));
    let mut got = project.launched(|test| keyring.on(test));
    got.sort();
    assert_eq!(got, [("AWS_ID".to_owned(), "gr\u{fc}n".into()), ("AWS_KEY".to_owned(), b"hunter2".to_vec())]);
    let none = ["--from", "envchain", "none", "--to", "keychain:my app/"];
    keyring
        .on(import(&project, &none))
        .status(125)
        .stderr_contains("envchain none: envchain has no such namespace")
        .run();
    keyring
        .on(import(&project, &args))
        .args(["--remove"])
        .status(125)
        .stderr_contains("--remove is for a plain file")
        .run();
}
