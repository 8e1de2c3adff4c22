//! Hostile values: what is set is what a launch gets, byte for byte, or it is refused and says so.

use super::hostile::values;
use super::support::{Project, profile, round_trip};
use crate::common::keyring::Keyring;
use std::fmt::Write as _;

/// In so many documents: each edit reads one as a whole.
const FILES: usize = 5;

/// What another reader makes of the project's documents with this ending: `NAME=VALUE` each.
fn python(project: &Project, ending: &str, code: &str) -> Vec<Vec<u8>> {
    let python = std::env::var("INJECT_TEST_PYTHON").unwrap_or_else(|_| "python3".into());
    let files = (0..FILES).map(|file| project.path(&format!("{file}.{ending}")));
    let read = std::process::Command::new(python).args(["-c", code]).args(files).output().expect("python");
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    read.stdout.split(|byte| *byte == 0).map(<[u8]>::to_vec).collect()
}

#[test]
fn dotenv_as_inject_and_python_read_it() {
    // No value with both `${` and a carriage return: python-dotenv has no way to write that.
    let values = values(true);
    let project = Project::new(&profile(values.len(), |at| format!("dotenv:{}.env", at % FILES)));
    project.file("0.env", "# first\nexport OTHER='1' # one\n");
    round_trip(&project, &values, |test| test);
    let read = python(
        &project,
        "env",
        "import dotenv, sys\nfor f in sys.argv[1:]:\n for k, v in dotenv.dotenv_values(f, interpolate=False).items():\n\
        \x20 sys.stdout.buffer.write(f'{k}={v}\\0'.encode())",
    );
    assert!(
        read.contains(&b"OTHER=1".to_vec()) && project.read("0.env").starts_with("# first\nexport OTHER='1' # one\n")
    );
    for (at, value) in values.iter().enumerate() {
        let wanted = [format!("V{at}=").as_bytes(), value].concat();
        assert!(read.contains(&wanted), "python-dotenv reads another V{at}: {}", String::from_utf8_lossy(value));
    }
}

#[test]
fn whole_files_hold_any_bytes() {
    let values = values(false);
    let project = Project::new(&profile(values.len(), |at| format!("file:v{at}")));
    round_trip(&project, &values, |test| test);
}

#[test]
fn json_fields() {
    let values = values(true);
    let project = Project::new(&profile(values.len(), |at| format!("file:{}.json#a.{}.v{at}", at % FILES, at % 3)));
    round_trip(&project, &values, |test| test);
}

#[test]
fn yaml_fields() {
    let values = values(true);
    let project =
        Project::new(&profile(values.len(), |at| format!("file:{}.yaml#a{}.v{at}", at % FILES, at / FILES % 3)));
    project.file("0.yaml", "# mine\na0:\n  other: &x one # kept\na1: {other: 'two'}\n".replace("&x ", ""));
    round_trip(&project, &values, |test| test);
    let text = project.read("0.yaml");
    assert!(
        text.starts_with("# mine\na0:\n  other: one # kept\n") && text.contains("\na1: {other: 'two', v5: "),
        "{}",
        &text[..200]
    );
    let read = python(
        &project,
        "yaml",
        "import yaml, sys\nfor f in sys.argv[1:]:\n for d in yaml.safe_load(open(f, encoding='utf-8')).values():\n\
        \x20 for k, v in d.items():\n   sys.stdout.buffer.write(f'{k}={v}\\0'.encode())",
    );
    for (at, value) in values.iter().enumerate() {
        let wanted = [format!("v{at}=").as_bytes(), value].concat();
        assert!(read.contains(&wanted), "PyYAML reads another v{at}: {}", String::from_utf8_lossy(value));
    }
}

#[test]
fn toml_fields() {
    let values = values(true);
    let project =
        Project::new(&profile(values.len(), |at| format!("file:{}.toml#a{}.v{at}", at % FILES, at / FILES % 3)));
    project.file("0.toml", "# mine\n[a0]\nother = 1 # kept\n");
    round_trip(&project, &values, |test| test);
    assert!(project.read("0.toml").starts_with("# mine\n[a0]\nother = 1 # kept\n"));
}

#[test]
fn the_keychain_holds_any_bytes() {
    let keyring = Keyring::start();
    let values = values(false);
    let project = Project::new(&profile(values.len(), |at| format!("keychain:my app/v{at}")));
    round_trip(&project, &values, |test| keyring.on(test));
}

#[test]
fn encoded_values() {
    let values = values(false);
    let encodings = ["base64", "base64url", "hex"];
    let mut text = "[secrets]\n".to_owned();
    for at in 0..values.len() {
        writeln!(text, "V{at} = {{ from = \"dotenv:{}.env\", decode = \"{}\" }}", at % FILES, encodings[at % 3])
            .unwrap();
    }
    round_trip(&Project::new(&text), &values, |test| test);
}

#[test]
fn what_cannot_be_held_is_refused() {
    let project = Project::new(
        "[secrets]\nA = 'dotenv:.env'\nB = 'file:s.json#b'\nC = 'file:s.yaml#c'\nD = 'file:s.toml#d'\nE = 'file:e'\n\
         F = { from = 'file:f', trim = true }\n",
    );
    for name in ["A", "B", "C", "D", "E"] {
        let words = format!("inject: error: ./p.toml:{}: {name}: ", 2 + name.as_bytes()[0] - b'A');
        project
            .set(name, b"x\0hunter2", &[])
            .status(125)
            .stderr_contains(&words)
            .stderr_contains("a NUL character, at byte 1")
            .run();
        project.set(name, "x".repeat(131_072), &[]).status(125).stderr_contains("larger than a variable can be").run();
    }
    for (name, format) in [("A", "a .env file"), ("B", "JSON"), ("C", "YAML"), ("D", "TOML")] {
        let words = format!("{format} cannot hold this value: it is not UTF-8 at byte 1");
        let hint = "inject: hint: decode = \"base64\" on its entry stores it as text";
        project.set(name, b"a\xffhunter2", &[]).status(125).stderr_contains(words).stderr_contains(hint).run();
    }
    project.set("A", "${HOME}\rhunter2", &[]).status(125).stderr_contains("a .env file cannot hold this value").run();
    project.set("F", " x", &[]).status(125).stderr_contains("begins or ends in white space").run();
    assert_eq!(project.names(), ["p.toml"]);
}

#[test]
fn other_dialects_hold_what_they_read_back() {
    for (setting, least) in [("dialect = 'rust'", 150), ("expand = true", 200)] {
        let values = values(true);
        let source = format!("[source.dotenv]\n{setting}\n");
        let project = Project::new(&(profile(values.len(), |at| format!("dotenv:{}.env", at % FILES)) + &source));
        let mut held = Vec::new();
        for (at, value) in values.iter().enumerate() {
            let done = project.set(&format!("V{at}"), value, &[]).any_status().run();
            match done.status.code() {
                Some(0) => held.push(at),
                code => {
                    assert_eq!(code, Some(125));
                    let told = String::from_utf8_lossy(&done.stderr);
                    assert!(told.contains("a .env file cannot hold this value"), "{told}");
                }
            }
        }
        assert!(held.len() >= least, "{setting}: {}", held.len());
        let lines: String = held.iter().map(|at| format!("V{at} = 'dotenv:{}.env'\n", at % FILES)).collect();
        project.file("p.toml", format!("[secrets]\n{lines}{source}"));
        let got = project.launched(|test| test);
        for at in held {
            let found = got.iter().find(|(name, _)| *name == format!("V{at}"));
            assert_eq!(found.map(|(_, value)| value), Some(&values[at]), "V{at}");
        }
    }
}
