//! The verbs that print values are recorded as a launch is, before anybody sees one.

use crate::common::{Output, Test};
use serde_json::{Value, json};

const PROFILE: &str = "audit = 'record'\n[vars]\nA = 'plain-A'\n[secrets]\nB = 'env:SECRET'\n\
    HIDDEN = { from = 'env:SECRET', expose = false }\nNONE = { from = 'env:NONE', optional = true }\n";

fn run(profile: &str, args: &[&str]) -> Test {
    let test = Test::new().file("p.toml", profile).env("SECRET", "needle-of-B");
    let (verb, rest) = args.split_first().unwrap();
    test.args([verb, "-p", "./p.toml"]).args(rest)
}

#[track_caller]
fn line(done: &Output) -> Value {
    let text = std::fs::read_to_string(done.dir.path().join("record")).unwrap_or_default();
    assert!(!text.contains("needle") && !text.contains("plain-A"), "{text}");
    let [line] = &text.lines().collect::<Vec<_>>()[..] else { panic!("not one line: {text}") };
    serde_json::from_str(line).expect("a line of JSON")
}

#[test]
fn get_and_export_are_one_line_each() {
    let row = |name: &str, from: &str| json!({"name": name, "source": "env", "from": from, "version": null});
    let got = line(&run(PROFILE, &["get", "B"]).stdout("needle-of-B").run());
    assert_eq!((&got["outcome"], &got["command"]), (&"get".into(), &Value::Null));
    assert_eq!(got["variables"], json!([row("B", "env:SECRET")]));
    // What no command would get is given away here.
    let got = line(&run(PROFILE, &["get", "HIDDEN"]).stdout("needle-of-B").run());
    assert_eq!(got["variables"], json!([row("HIDDEN", "env:SECRET")]));
    let all = line(&run(PROFILE, &["export", "--format", "json"]).stdout_contains("needle-of-B").run());
    assert_eq!(all["outcome"], "export");
    let names: Vec<_> = all["variables"].as_array().unwrap().iter().map(|row| row["name"].clone()).collect();
    assert_eq!(names, ["A", "B", "NONE"]);
    let failed = line(&run(PROFILE, &["get", "NONE"]).status(125).stdout("").run());
    assert_eq!((&failed["outcome"], &failed["exit"]), (&"failed".into(), &125.into()));
    // Nothing leaves by these.
    let compared = run(PROFILE, &["verify", "B", "--stdin"]).stdin("needle-of-B").run();
    assert!(!compared.dir.path().join("record").exists());
}

#[test]
fn nothing_is_printed_that_cannot_be_recorded() {
    for args in [&["get", "B"][..], &["export", "--format", "dotenv"]] {
        let full = PROFILE.replace("'record'", "'/dev/full'");
        run(&format!("audit-required = true\n{full}"), args).status(125).stdout("").stderr_contains("audit: ").run();
        let nowhere = PROFILE.replace("'record'", "'none/record'");
        let told = "inject: error: audit: none/record: no such file or directory\n";
        run(&format!("audit-required = true\n{nowhere}"), args).status(125).stdout("").stderr_contains(told).run();
        run(&nowhere, args).stdout_contains("needle-of-B").stderr_contains("inject: warning: audit: ").run();
    }
}
