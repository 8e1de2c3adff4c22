//! At the exit of a verb of `inject-care` no 8-byte window of a value that it wrote or read, of the values beside it in a
//! document, or of a credential is readable in it, in any encoding. `inject VERB` becomes inject-care: that is the
//! program which is looked at.

use {
    super::{
        scan::{At, Report, scanner, store},
        secrets::{Case, KINDS, case, random, secret},
    },
    crate::common::{
        inject,
        tool::{care, file_name},
    },
    std::{collections::BTreeMap, ffi::OsString, path::Path},
};

/// One use of one verb. In its arguments `@x` is the file `x` in the folder of the test.
struct Use {
    verb: &'static str,
    args: Vec<String>,
    /// Standard input, which is a value.
    stdin: Option<String>,
    /// A file with what the run makes up.
    made: Option<&'static str>,
    status: i32,
}

impl Use {
    fn new(verb: &'static str, args: &[&str]) -> Self {
        Self { verb, args: args.iter().map(|arg| (*arg).to_owned()).collect(), stdin: None, made: None, status: 0 }
    }

    fn stdin(self, value: &str) -> Self {
        Self { stdin: Some(value.to_owned()), ..self }
    }

    fn made(self, file: &'static str) -> Self {
        Self { made: Some(file), ..self }
    }

    fn status(self, status: i32) -> Self {
        Self { status, ..self }
    }
}

#[track_caller]
fn scan(mut case: Case, program: &Path, what: &Use) -> Report {
    let label = format!("{}: {} {} {}", case.name, what.verb, what.args.join(" "), program.display());
    // What logs in somewhere, and no source of this profile asks for: it must go with the rest.
    let token = data_encoding::HEXLOWER.encode(&random(20));
    case.needles.push(("AMBIENT".into(), token.clone().into_bytes()));
    if let Some(value) = &what.stdin {
        case.needles.push(("STDIN".into(), value.clone().into_bytes()));
    }
    let needles = case.needle_file();
    let test = case.test.file("p.toml", &case.profile).file("needles", needles).env("AMBIENT_TOKEN", token);
    let (launcher, program) = (test.bring(&inject()), test.bring(program));
    if !case.servers.is_empty() {
        test.bring(&store());
    }
    let made = what.made.iter().flat_map(|file| ["--made".into(), test.path(file).into()]);
    let scanner = scanner(&test, &file_name(&program), At::Exit, &made.collect::<Vec<OsString>>());
    let args = what.args.iter().map(|arg| match arg.strip_prefix('@') {
        Some(file) => test.path(file).into(),
        None => OsString::from(arg),
    });
    let args: Vec<_> = args.collect();
    let profile = test.path("p.toml");
    let test = test
        .prefix(&case.servers)
        .prefix(scanner)
        .program(launcher)
        .args([what.verb.as_ref(), "-p".as_ref(), profile.as_os_str()])
        .args(args)
        .status(what.status);
    let test = match &what.stdin {
        Some(value) => test.stdin(value),
        None => test,
    };
    Report::of(&test.run(), label)
}

/// A value that no source has, for a variable that they all have: a short one and a long one.
fn fresh(size: usize) -> String {
    // What every kind of document can hold, a .env file of sops too.
    secret(size).replace('\\', "/")
}

const SHORT: (&str, usize) = ("S04", 4);
const LONG: (&str, usize) = ("S25", 25);

/// The same over the verbs of one kind of source.
#[track_caller]
fn nothing_is_left(kind: &'static str, uses: &[Use]) {
    for what in uses {
        scan(case(kind), &care(None), what).assert_nothing_left();
    }
}

fn reading() -> Vec<Use> {
    let mut uses = vec![
        Use::new("export", &["--format", "json"]),
        // There each value stands in hex: all are found.
        Use::new("scan", &["@needles"]).status(1),
    ];
    for (name, size) in [SHORT, LONG] {
        uses.push(Use::new("get", &[name]));
        uses.push(Use::new("verify", &[name, "--stdin"]).stdin(&fresh(size)).status(1));
    }
    uses
}

fn writing() -> Vec<Use> {
    let mut uses = Vec::new();
    for (name, size) in [SHORT, LONG] {
        uses.push(Use::new("set", &[name, "--stdin"]).stdin(&fresh(size)));
        uses.push(Use::new("unset", &[name, "--yes"]));
    }
    uses
}

/// Each kind of source is a test of its own, so that they run side by side and a failure names it.
macro_rules! kinds {
    ($uses:ident $all:ident: $($name:ident = $kind:literal;)*) => {
        const $all: &[&str] = &[$($kind),*];

        mod $uses {
            $(#[test]
            fn $name() {
                super::nothing_is_left($kind, &super::$uses());
            })*
        }
    };
}

kinds! {
    reading READING:
    env = "env";
    dotenv = "dotenv";
    json = "json";
    yaml = "yaml";
    toml = "toml";
    whole_file = "whole-file";
    template = "template";
    systemd = "systemd";
    command = "command";
    sops = "sops";
    keychain = "keychain";
    vault = "vault";
    aws = "aws";
    gcp = "gcp";
    azure = "azure";
}

kinds! {
    writing WRITING:
    dotenv = "dotenv";
    json = "json";
    yaml = "yaml";
    toml = "toml";
    whole_file = "whole-file";
    template = "template";
    sops = "sops";
    keychain = "keychain";
    vault = "vault";
    aws = "aws";
    gcp = "gcp";
    azure = "azure";
}

#[test]
fn every_kind_is_tested() {
    // The list of the launches, and those that need a server.
    assert_eq!(READING, [KINDS, &["keychain", "vault", "aws", "gcp", "azure"]].concat());
    // These are somebody else's to write.
    let not_ours = ["env", "systemd", "command"];
    assert_eq!(WRITING, READING.iter().copied().filter(|kind| !not_ours.contains(kind)).collect::<Vec<_>>());
}

#[test]
fn every_format_of_an_export() {
    for format in ["dotenv", "json", "shell", "github", "systemd"] {
        nothing_is_left("yaml", &[Use::new("export", &["--format", format])]);
    }
    // A newline cannot be held: a failure leaves as little.
    nothing_is_left("yaml", &[Use::new("export", &["--format", "docker"]).status(125)]);
}

#[test]
fn a_value_that_is_made_up() {
    for spec in ["hex:32", "urlsafe:32", "base64:32", "alnum:24", "words:6", "uuid"] {
        let what = Use::new("set", &["NEW", "--to", "file:made", "--generate", spec]).made("made");
        nothing_is_left("json", &[what]);
    }
}

#[test]
fn a_value_from_a_file() {
    for (name, size) in [SHORT, LONG] {
        let mut case = case("json");
        let value = fresh(size);
        case.needles.push(("FILE".into(), value.clone().into_bytes()));
        case.test = case.test.file("value", value);
        scan(case, &care(None), &Use::new("set", &[name, "--from-file", "@value"])).assert_nothing_left();
    }
}

/// The judge of its strength looks at all of it, whether it then pleases or not.
#[test]
fn a_value_that_is_judged() {
    for (least, status) in [(10, 0), (100_000, 125)] {
        for (name, size) in [SHORT, LONG] {
            let mut case = case("json");
            let line = format!("{name} = \"file:secrets.json#{name}\"");
            let judged = format!("{name} = {{ from = \"file:secrets.json#{name}\", min-entropy = {least} }}");
            assert!(case.profile.contains(&line));
            case.profile = case.profile.replace(&line, &judged);
            let what = Use::new("set", &[name, "--stdin"]).stdin(&fresh(size)).status(status);
            scan(case, &care(None), &what).assert_nothing_left();
        }
    }
}

#[test]
fn a_value_that_is_the_one() {
    for kind in ["dotenv", "whole-file"] {
        for (name, _) in [SHORT, LONG] {
            let case = case(kind);
            let what = Use::new("verify", &[name, "--stdin"]).stdin(&case.expected[name]);
            scan(case, &care(None), &what).assert_nothing_left();
        }
    }
}

#[test]
fn a_verb_that_fails() {
    for kind in ["json", "env"] {
        let what = Use::new("export", &["--format", "json"]).status(125);
        scan(case(kind).failing(), &care(None), &what).assert_nothing_left();
    }
}

/// A case in which all values stand in a plain file, and no profile maps them yet.
fn plain(kind: &'static str) -> Case {
    let mut case = case(kind);
    let json = serde_json::to_string(&case.expected).expect("JSON");
    let dotenv = case.expected.iter().fold(String::new(), |text, (name, value)| {
        text + &format!("{name}={}\n", serde_json::to_string(value).expect("JSON"))
    });
    case.test = case.test.file("plain.env", dotenv).file("plain.json", json).file("out/there", "");
    case.profile = "# nothing yet\n".into();
    case
}

fn import(from: &str, to: &str) -> Use {
    Use::new("import", &[from, "--to", to, "--remove"])
}

#[test]
fn an_import_into_files() {
    for (from, to) in [
        ("@plain.env", "dotenv:out/new.env#"),
        ("@plain.env", "file:out/new.json#"),
        ("@plain.json", "file:out/new.yaml#"),
        ("@plain.json", "file:out/new.toml#"),
        ("@plain.json", "file:out/"),
    ] {
        scan(plain("json"), &care(None), &import(from, to)).assert_nothing_left();
    }
}

#[test]
fn an_import_into_stores() {
    for (kind, to) in [("keychain", "keychain:new/"), ("vault", "vault:secret/new#"), ("aws", "aws:new/")] {
        scan(plain(kind), &care(None), &import("@plain.env", to)).assert_nothing_left();
    }
}

/// The positive controls: with one protection compiled out, the very same scan must fail, whatever the verb. Not whatever
/// its arguments: what was freed may have been used again.
#[test]
fn verbs_that_do_not_zero_what_they_free_are_caught() {
    let leaky = care(Some("leak-system-allocator"));
    let mut seen = BTreeMap::new();
    let mut look = |case: Case, what: &Use| {
        *seen.entry(what.verb).or_insert(0) += scan(case, &leaky, what).windows_outside();
    };
    for what in reading().iter().chain(&writing()) {
        look(case("json"), what);
    }
    look(plain("json"), &import("@plain.env", "file:out/new.json#"));
    assert!(seen.len() > 4 && seen.values().all(|seen| *seen > 0), "nothing was seen of what some freed: {seen:?}");
}

#[test]
fn a_verb_that_does_not_scrub_is_caught() {
    let report = scan(case("json"), &care(Some("leak-no-scrub")), &writing()[0]);
    assert!(report.windows_outside() > 0, "the scan saw nothing of an environment that was not scrubbed");
}
