//! The formats, each by what reads it; `shell` and `systemd` have files of their own.

use super::support::{Pair, environment, exported, hostile, piped, refused_exactly, same};
use crate::common::Test;
use data_encoding::{BASE64, HEXLOWER};
use std::collections::BTreeMap;

const FORMATS: [&str; 6] = ["dotenv", "json", "shell", "docker", "github", "systemd"];

/// python-dotenv's own words, with and without `interpolate`.
const PYTHON: &str = "import sys, json, dotenv, io, tempfile, os\n\
    path = os.path.join(tempfile.mkdtemp(), '.env'); open(path, 'wb').write(sys.stdin.buffer.read())\n\
    for interpolate in (True, False):\n\
    \x20   read = dotenv.dotenv_values(path, interpolate=interpolate)\n\
    \x20   print(json.dumps({name: value.encode().hex() for name, value in read.items()}))\n\
    os.unlink(path)\n";

#[test]
fn dotenv() {
    let (text, held, refused) = exported("dotenv", &hostile());
    // Independent of how ours looks for it: python-dotenv's own pattern, on what is UTF-8.
    let python = std::env::var("INJECT_TEST_PYTHON").unwrap_or_else(|_| "python3".into());
    let expanded = "import sys, re, json\nfrom dotenv.variables import _posix_variable as pattern\n\
        print(json.dumps([bool(pattern.search(bytes.fromhex(value).decode())) for value in json.load(sys.stdin)]))";
    let utf8: Vec<_> = hostile().into_iter().filter(|(_, value)| std::str::from_utf8(value).is_ok()).collect();
    let input: Vec<_> = utf8.iter().map(|(_, value)| HEXLOWER.encode(value)).collect();
    let answer = piped(&[&python, "-c", expanded], &[], &serde_json::to_vec(&input).unwrap());
    let answer: Vec<bool> = serde_json::from_slice(&answer.stdout)
        .unwrap_or_else(|_| panic!("needs python-dotenv: {}", String::from_utf8_lossy(&answer.stderr)));
    let plain: Vec<_> =
        utf8.into_iter().zip(answer).filter(|(_, expanded)| !expanded).map(|(pair, _)| pair.1).collect();
    refused_exactly("dotenv", &held, &refused, |value| plain.iter().any(|plain| plain == value));

    let read = piped(&[&python, "-c", PYTHON], &[("HOME", "expanded"), ("a", "expanded")], &text);
    assert!(read.stderr.is_empty(), "{}", String::from_utf8_lossy(&read.stderr));
    for line in String::from_utf8(read.stdout).unwrap().lines() {
        let found: BTreeMap<String, String> = serde_json::from_str(line).unwrap();
        let found: Vec<Pair> =
            found.into_iter().map(|(name, hex)| (name, HEXLOWER.decode(hex.as_bytes()).unwrap())).collect();
        assert_eq!(found.len(), held.len());
        same("python-dotenv", &held, &found);
    }
    // And `dotenv:` itself; where a value has a carriage return and a `${`, it says that this is ambiguous.
    let ambiguous = |value: &[u8]| value.contains(&b'\r') && value.windows(2).any(|pair| pair == b"${");
    let held: Vec<_> = held.into_iter().filter(|(_, value)| !ambiguous(value)).collect();
    let (text, ..) = exported("dotenv", &held);
    let launch = Test::new().file(".env", text).file("p.toml", "[secrets]\n'*' = 'dotenv:.env'\n");
    let launch = launch.args(["-p", "./p.toml", "--", "/usr/bin/env", "-0"]).run();
    same("inject", &held, &environment(&launch.stdout));
}

#[test]
fn json() {
    let (text, held, refused) = exported("json", &hostile());
    refused_exactly("json", &held, &refused, |value| std::str::from_utf8(value).is_ok());
    let read = piped(&["jq", "-r", "to_entries[] | .key + \" \" + (.value | @base64)"], &[], &text);
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    let lines = String::from_utf8(read.stdout).unwrap();
    let found = lines.lines().map(|line| line.split_once(' ').unwrap());
    let found: Vec<Pair> = found.map(|(name, v)| (name.to_owned(), BASE64.decode(v.as_bytes()).unwrap())).collect();
    same("jq", &held, &found);
}

/// What docker/cli's pkg/kvfile does, in its order: Go's bufio.ScanLines (at most 64 KiB with the end, one final CR goes),
/// UTF-8, white space in front, comments, the first `=`. Docker 28.2.2 has agreed with this on every case below.
fn docker_reads(text: &[u8]) -> Result<Vec<Pair>, String> {
    let mut read = Vec::new();
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        if line.len() > 65_536 {
            return Err("bufio.Scanner: token too long".into());
        }
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let line = std::str::from_utf8(line).map_err(|_| "invalid utf8 bytes")?.trim_start();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (name, value) = line.split_once('=').ok_or("no value")?;
        if name.is_empty() || name.contains([' ', '\t']) {
            return Err("variable contains whitespaces".into());
        }
        read.push((name.to_owned(), value.as_bytes().to_vec()));
    }
    Ok(read)
}

#[test]
fn docker() {
    let mut values = hostile();
    values.extend([("FITS".to_owned(), vec![b'x'; 65_530]), ("LONG".to_owned(), vec![b'x'; 65_531])]);
    let (text, held, refused) = exported("docker", &values);
    let holds = |value: &[u8]| {
        let plain = std::str::from_utf8(value).is_ok() && !value.contains(&b'\n') && !value.ends_with(b"\r");
        plain && value.len() != 65_531
    };
    refused_exactly("docker", &held, &refused, holds);
    let read = docker_reads(&text).unwrap();
    assert_eq!(read.len(), held.len());
    same("docker", &held, &read);
}

/// What actions/runner's FileCommandManager does with the file of `$GITHUB_ENV`.
fn runner_reads(text: &str) -> Result<Vec<Pair>, String> {
    let mut read = Vec::new();
    let mut lines = text.split_inclusive('\n');
    while let Some(line) = lines.next() {
        let line = line.strip_suffix('\n').unwrap_or(line);
        if line.is_empty() {
            continue;
        }
        let (name, end) = line.split_once("<<").filter(|(name, _)| !name.contains('=')).ok_or("no here-document")?;
        if name.is_empty() || end.is_empty() {
            return Err("no name or no delimiter".into());
        }
        let mut value = String::new();
        loop {
            let line = lines.next().ok_or("matching delimiter not found")?;
            if line.strip_suffix('\n').unwrap_or(line) == end {
                break;
            }
            value.push_str(line);
        }
        let value = value.strip_suffix('\n').unwrap_or(&value);
        read.push((name.to_owned(), value.as_bytes().to_vec()));
    }
    Ok(read)
}

#[test]
fn github() {
    let (text, held, refused) = exported("github", &hostile());
    refused_exactly("github", &held, &refused, |value| std::str::from_utf8(value).is_ok());
    let text = String::from_utf8(text).unwrap();
    let read = runner_reads(&text).unwrap();
    assert_eq!(read.len(), held.len());
    same("the runner", &held, &read);
    // Nobody can know the end beforehand, and no two are alike.
    let ends: std::collections::BTreeSet<_> =
        text.lines().filter_map(|line| line.strip_prefix("V")?.split_once("<<")).collect();
    assert_eq!(ends.len(), held.len());
    assert!(ends.iter().all(|(_, end)| end.len() == 36), "{ends:?}");
    let test = Test::new()
        .file("p.toml", "[vars]\nNODE_OPTIONS = 'x'\n")
        .args(["export", "-p", "./p.toml", "--format", "github"]);
    test.status(125).stdout("").stderr_contains("./p.toml:2: NODE_OPTIONS: the runner refuses this name\n").run();
}

#[test]
fn the_variables_of_a_launch_and_no_others() {
    let profile = "inherit = ['TOLD', 'HOME']\n[vars]\nPLAIN = 'a b'\n[secrets]\nA = 'env:SECRET'\n\
        HIDDEN = { from = 'env:SECRET', expose = false }\nMADE = { template = 'x-${HIDDEN}' }\n\
        GONE = { from = 'env:NONE', optional = true }\nELSE = { from = 'env:NONE', default = 'd' }\n";
    let test = Test::new().file("p.toml", profile).env("SECRET", "s").env("TOLD", "t").env("OVER", "caller's");
    let test = test.args(["--set", "PLAIN=over", "export", "-p", "./p.toml", "--set", "Z=1", "--format", "json"]);
    test.stdout(
        "{\n  \"A\": \"s\",\n  \"ELSE\": \"d\",\n  \"MADE\": \"x-s\",\n  \"PLAIN\": \"over\",\n  \"Z\": \"1\"\n}\n",
    )
    .run();
}

#[test]
fn nothing_in_it() {
    for (format, text) in [("json", "{\n}\n"), ("dotenv", ""), ("docker", ""), ("github", ""), ("systemd", "")] {
        let test = Test::new().file("p.toml", "").args(["export", "-p", "./p.toml", "--format", format]);
        test.stdout(text).stderr("").run();
    }
}

/// All that is refused is told, with its place and without its value.
#[test]
fn what_cannot_be_held_is_told() {
    let profile = "[secrets]\nB = 'env:B'\nA = 'env:A'\nC = 'env:C'\n";
    for format in FORMATS {
        let test = Test::new()
            .file("p.toml", profile)
            .env("A", "needle-one\u{fdd0}\n")
            .env("B", "fine")
            .env("C", "needle-two\u{ffff}\n");
        let done = test.args(["export", "-p", "./p.toml", "--format", format]).any_status().run();
        let told = String::from_utf8(done.stderr).unwrap();
        assert!(!told.contains("needle"), "{told}");
        if ["docker", "systemd"].contains(&format) {
            assert_eq!((done.status.code(), done.stdout.as_slice()), (Some(125), &b""[..]));
            let lines: Vec<_> = told.lines().collect();
            assert!(lines[0].starts_with("inject: error: ./p.toml:3: A: env:A: "), "{told}");
            assert!(lines[1].starts_with("inject: error: ./p.toml:4: C: env:C: "), "{told}");
            assert!(lines[2].contains("nothing was written") && lines.len() == 3, "{told}");
        } else {
            assert_eq!((done.status.code(), told.as_str()), (Some(0), ""));
        }
    }
}

#[test]
fn a_part_of_it_is_nothing() {
    let profile = "[secrets]\nA = 'env:A'\nB = 'env:NONE'\n";
    for format in FORMATS {
        let test =
            Test::new().file("p.toml", profile).env("A", "a").args(["export", "-p", "./p.toml", "--format", format]);
        test.status(125).stdout("").stderr_contains("./p.toml:3: B: env:NONE: ").run();
    }
    let test = Test::new().file("p.toml", profile).args(["export", "-p", "./p.toml", "--format", "yaml"]);
    test.status(125).stdout("").stderr_contains("dotenv, json, shell, docker, github, systemd").run();
}
