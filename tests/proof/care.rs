//! At the exit of a verb of `inject-care` no 8-byte window of a value that it wrote or read, of the values beside it in a
//! document, or of a credential is readable in it, in any encoding. `inject VERB` becomes inject-care: that is the
//! program which is looked at.

use {
    super::{
        scan::{At, Report, scanner, store},
        secrets::{Case, case, random, secret},
    },
    crate::common::{
        inject,
        tool::{care, file_name},
    },
    std::{ffi::OsString, path::Path},
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
    let mut uses = vec![Use::new("export", &["--format", "json"])];
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
    ($uses:ident: $($name:ident = $kind:literal;)*) => {
        mod $uses {
            $(#[test]
            fn $name() {
                super::nothing_is_left($kind, &super::$uses());
            })*
        }
    };
}

kinds! {
    reading:
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
    writing:
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
