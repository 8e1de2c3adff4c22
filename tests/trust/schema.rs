//! The schema for editors and the parser judge alike, and know the same words.

use inject::profile::{entry::OPTIONS, parse::KEYS};
use inject::source::kind::{self, Holds, KINDS};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files(folder: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries.filter(|path| path.extension().is_some_and(|e| e == "toml")).collect();
    files.sort();
    files
}

/// What the schema says of each file, from one python process.
fn schema(files: &[PathBuf]) -> Vec<String> {
    let python = std::env::var("INJECT_TEST_PYTHON").unwrap_or_else(|_| "python3".into());
    let out = Command::new(&python)
        .arg(root().join("tests/tools/schema_oracle.py"))
        .arg(root().join("profiles/schema.json"))
        .args(files)
        .output()
        .unwrap_or_else(|error| panic!("{python}: {error}"));
    let told = String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success(), "this test needs jsonschema (pip install jsonschema):\n{told}");
    String::from_utf8(out.stdout).unwrap().lines().map(String::from).collect()
}

#[test]
fn the_schema_and_the_parser_judge_alike() {
    let files = files("tests/vectors/profile");
    assert!(files.len() >= 40, "only {}", files.len());
    let judged = schema(&files);
    assert_eq!(judged.len(), files.len());
    let mut wrong = Vec::new();
    for (file, schema) in files.iter().zip(judged) {
        let text = fs::read_to_string(file).unwrap();
        let mut lines = text.lines();
        let expected = lines.next().and_then(|line| line.strip_prefix("# expect: ")).expect("a first line");
        assert!(["success", "error"].contains(&expected), "{}", file.display());
        let blind = lines.next() == Some("# schema: blind");
        assert!(!blind || expected == "error", "{}: nothing to be blind to", file.display());
        let out = Command::new(crate::common::inject()).args(["plan", "-p"]).arg(file).env_clear().output().unwrap();
        let parser = match out.status.code() {
            Some(0) => "success",
            Some(125) => "error",
            other => panic!("{}: {other:?}", file.display()),
        };
        if parser != expected || schema != if blind { "success" } else { expected } {
            let told = String::from_utf8_lossy(&out.stderr);
            wrong.push(format!("{}: parser {parser}, schema {schema}\n{told}", file.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_profiles_of_this_repository_follow_the_schema() {
    let files = files("profiles");
    assert_eq!(schema(&files), vec!["success"; files.len()]);
    for file in &files {
        assert!(fs::read_to_string(file).unwrap().starts_with("#:schema schema.json\n"), "{}", file.display());
    }
}

fn words<'a>(words: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    words.into_iter().map(String::from).collect()
}

fn keys(value: &Value) -> BTreeSet<String> {
    words(value.as_object().expect("an object").keys().map(String::as_str))
}

fn choice(schema: &Value) -> BTreeSet<String> {
    words(schema["enum"].as_array().expect("a choice").iter().filter_map(Value::as_str))
}

#[test]
fn they_know_the_same_words() {
    let schema: Value =
        serde_json::from_str(&fs::read_to_string(root().join("profiles/schema.json")).unwrap()).unwrap();
    let defs = &schema["$defs"];
    assert_eq!(keys(&schema["properties"]), words(KEYS));
    assert_eq!(keys(&defs["entry"]["properties"]), words(OPTIONS.into_iter().chain(kind::option_names())));
    let decodes = inject::profile::decode::Decode::NAMES.map(|(name, _)| name);
    assert_eq!(choice(&defs["entry"]["properties"]["decode"]), words(decodes));

    let kinds = words(KINDS.iter().map(|kind| kind.name));
    assert_eq!(keys(&schema["properties"]["source"]["properties"]), kinds);
    let own = defs.as_object().unwrap().keys().filter_map(|name| name.strip_prefix("kind-"));
    assert_eq!(words(own), kinds);
    let listed = |list: &Value| {
        let refs = list.as_array().unwrap().iter().map(|item| item["$ref"].as_str().unwrap());
        words(refs.map(|name| name.strip_prefix("#/$defs/kind-").unwrap()))
    };
    assert_eq!(listed(&defs["source"]["then"]["oneOf"]), kinds);
    assert_eq!(listed(&defs["source"]["else"]["anyOf"]), kinds);

    for kind in KINDS {
        let known = &defs[format!("kind-{}", kind.name)]["properties"];
        let settings = kind.settings.iter().map(|setting| setting.name);
        assert_eq!(
            keys(known),
            words(settings.chain(["kind"]).chain(kind.store.as_ref().map(|_| "pass-env"))),
            "{}",
            kind.name
        );
        assert_eq!(known["kind"]["const"], kind.name);
        for setting in kind.settings {
            let mut said = &known[setting.name];
            if let (Some(name), None) = (said["$ref"].as_str(), said.get("enum")) {
                said = &defs[name.strip_prefix("#/$defs/").unwrap()];
            }
            match setting.holds {
                Holds::Choice(choices) => assert_eq!(choice(said), words(choices.iter().copied())),
                Holds::Text | Holds::File | Holds::Reference | Holds::TextOrReference | Holds::FileOrReference => {
                    assert_eq!(said["type"], "string");
                }
                Holds::Version => panic!("no setting is a version"),
                Holds::Flag => assert_eq!(said["type"], "boolean"),
                Holds::List | Holds::Codes => assert_eq!(said["type"], "array"),
            }
        }
    }
}
