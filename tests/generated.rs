//! The completion scripts and the man page are made from the command line's definition and the templates in
//! `tests/generated/`, and held byte for byte. `BLESS=1 cargo test --test generated` writes them anew.
#![allow(missing_docs, clippy::expect_used, clippy::unwrap_used)]

use clap::{ArgAction, Command, CommandFactory};
use inject::cli::Cli;
use inject::source::kind::{Documents, KINDS, Locates};
use std::fmt::Write;
use std::path::Path;
use std::process;

#[test]
fn bash() {
    let text = include_str!("generated/inject.bash").replace("@takes@\n", &bash_takes(&verbs()));
    held("completions/inject.bash", &text);
}

#[test]
fn zsh() {
    let verbs = verbs();
    let text = include_str!("generated/_inject")
        .replace("@takes@\n", &zsh_takes(&verbs))
        .replace("@verbs@\n", &zsh_verbs(&verbs))
        .replace("@profile-flags@", &zsh_profiles(&verbs, "", ""))
        .replace("@profile-attached@", &zsh_profiles(&verbs, "?*", "=?*"))
        .replace("@profile-prefixes@", &zsh_profiles(&verbs, "(|=)", "="));
    held("completions/_inject", &text);
}

#[test]
fn fish() {
    let verbs = verbs();
    let names: Vec<_> = verbs.iter().map(|verb| verb.name.as_str()).filter(|name| !name.is_empty()).collect();
    let text = include_str!("generated/inject.fish")
        .replace("@profile-flags@", &spelled(&verbs, profile).join(" "))
        .replace("@value-flags@", &spelled(&verbs, |_| true).join(" "))
        .replace("@value-shorts@", &shorts(&verbs))
        .replace("@verb-names@", &names.join(" "))
        .replace("@flags@\n", &fish_flags(&verbs));
    held("completions/inject.fish", &text);
}

#[test]
fn man() {
    let verbs = verbs();
    let text = include_str!("generated/inject.1")
        .replace("@version@", env!("CARGO_PKG_VERSION"))
        .replace("@options@\n", &man_flags(&verbs[0].flags))
        .replace("@verbs@\n", &man_verbs(&verbs))
        .replace("@sources@\n", &man_sources());
    held("man/inject.1", &text);
}

/// `man` itself has nothing to say against the page, and shows it whole.
#[test]
fn man_shows_it_without_a_warning() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("man/inject.1");
    let man = |page: &Path| {
        let man = process::Command::new("man")
            .args(["--warnings", "-E", "UTF-8", "-l"])
            .arg(page)
            .env("LC_ALL", "C.UTF-8")
            .env("MANWIDTH", "80")
            .env("MAN_KEEP_FORMATTING", "")
            .env_remove("MANPAGER")
            .output()
            .expect("man runs: apt-get install man-db");
        assert!(man.status.success(), "{}", String::from_utf8_lossy(&man.stderr));
        (String::from_utf8_lossy(&man.stdout).into_owned(), String::from_utf8_lossy(&man.stderr).into_owned())
    };
    let (text, warnings) = man(&page);
    assert_eq!(warnings, "");
    let wanted = ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "VERBS", "PROFILE", "SOURCES", "EXIT STATUS"];
    for heading in wanted.into_iter().chain(["ENVIRONMENT", "FILES", "EXAMPLES", "SECURITY", "SEE ALSO"]) {
        assert!(text.lines().any(|line| plain(line) == heading), "no {heading} in:\n{text}");
    }
    let too_wide: Vec<_> = text.lines().map(plain).filter(|line| line.chars().count() > 80).collect();
    assert!(too_wide.is_empty(), "{too_wide:#?}");

    // The control: a page with a mistake in it is told.
    let broken = tempfile::tempdir().unwrap();
    let path = broken.path().join("broken.1");
    std::fs::write(&path, ".TH X 1\n.SH NAME\nx \\- y\n.nosuchmacro\n").unwrap();
    assert!(!man(&path).1.is_empty());
}

/// Each flag of the launch and of each verb stands in its `--help`, in the man page and in the three scripts.
#[test]
fn every_flag_is_told() {
    let read = |path: &str| std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
    let page = ["\\fB", "\\fI", "\\fR"].iter().fold(read("man/inject.1"), |page, font| page.replace(font, " "));
    let page = page.replace("\\-", "-");
    let scripts = [read("completions/inject.bash"), read("completions/_inject"), read("completions/inject.fish")];
    for verb in verbs() {
        let help = process::Command::new(env!("CARGO_BIN_EXE_inject"))
            .args(Some(verb.name.as_str()).filter(|name| !name.is_empty()))
            .arg("--help")
            .output()
            .unwrap();
        assert!(help.status.success());
        let help = String::from_utf8(help.stdout).unwrap();
        let section = match verb.name.as_str() {
            "" => page.split(".SH VERBS").next().unwrap(),
            name => page.split(&format!(".SS {name}\n")).nth(1).unwrap().split(".SS ").next().unwrap(),
        };
        for flag in &verb.flags {
            for spelling in flag.spellings() {
                assert!(help.contains(&spelling), "inject {} --help lacks {spelling}", verb.name);
                let whole = |text: &str| text.split(|c: char| c != '-' && !c.is_alphanumeric()).any(|w| w == spelling);
                let common = verbs()[0].flags.iter().any(|f| f.spellings().contains(&spelling));
                assert!(whole(section) || common && whole(&page), "man page: {} lacks {spelling}", verb.name);
                let bare = spelling.trim_start_matches('-');
                assert!(scripts[..2].iter().all(|text| whole(text)), "bash or zsh lacks {spelling}");
                assert!(scripts[2].contains(&format!(" {bare} ")), "fish lacks {spelling}");
            }
        }
    }
}

fn held(path: &str, text: &str) {
    assert!(!text.contains("@\n"), "{path}: a placeholder is left");
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("BLESS").is_some() {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        // At once: the other tests read these files at the same time.
        let new = file.with_added_extension("new");
        std::fs::write(&new, text).unwrap();
        std::fs::rename(&new, &file).unwrap();
    }
    let held = std::fs::read_to_string(&file).unwrap_or_default();
    let same = held == text;
    let line = held.lines().zip(text.lines()).position(|(a, b)| a != b).unwrap_or(0) + 1;
    assert!(same, "{path} is not what the command line and the template make (line {line}): BLESS=1 cargo test");
}

/// A line without the overstriking of a terminal's bold and underline.
fn plain(line: &str) -> String {
    let mut out = String::new();
    for c in line.chars() {
        if c == '\u{8}' {
            out.pop();
        } else {
            out.push(c);
        }
    }
    let mut rest = out.as_str();
    let mut shown = String::new();
    while let Some(at) = rest.find('\u{1b}') {
        shown.push_str(&rest[..at]);
        rest = rest[at..].split_once('m').map_or("", |(_, rest)| rest);
    }
    shown + rest
}

// What the command line's definition says.

#[derive(Clone, Debug, PartialEq)]
enum Kind {
    Profiles,
    Environment,
    Assignments,
    Variables,
    Sources,
    Files,
    Words(Vec<String>),
    Anything,
}

struct Flag {
    short: Option<char>,
    long: Option<String>,
    help: String,
    /// The name and the kind of its value.
    value: Option<(String, Kind)>,
    many: bool,
}

impl Flag {
    fn spellings(&self) -> Vec<String> {
        let long = self.long.iter().map(|long| format!("--{long}"));
        self.short.iter().map(|short| format!("-{short}")).chain(long).collect()
    }
}

struct Place {
    name: String,
    kind: Kind,
    required: bool,
    many: bool,
    help: String,
}

struct Verb {
    name: String,
    about: String,
    flags: Vec<Flag>,
    places: Vec<Place>,
    /// Whether a command may stand behind `--`.
    command: bool,
}

/// The launch, whose name is empty, then the verbs.
fn verbs() -> Vec<Verb> {
    let mut cli = Cli::command();
    cli.build();
    let verbs = cli.get_subcommands().filter(|verb| !verb.is_hide_set()).map(|verb| (verb.get_name(), verb));
    std::iter::once(("", &cli)).chain(verbs).map(|(name, command)| verb(name, command)).collect()
}

fn verb(name: &str, command: &Command) -> Verb {
    let text = |text: Option<&clap::builder::StyledStr>| text.map(ToString::to_string).unwrap_or_default();
    let (mut flags, mut places) = (Vec::new(), Vec::new());
    for arg in command.get_arguments().filter(|arg| !arg.is_hide_set()) {
        let words: Vec<_> = arg.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect();
        let called = arg.get_value_names().and_then(<[_]>::first).map_or_else(String::new, ToString::to_string);
        let takes = arg.get_action().takes_values();
        let many = matches!(arg.get_action(), ArgAction::Append);
        let help = text(arg.get_help());
        if arg.is_positional() {
            let name = if called.is_empty() { arg.get_id().as_str().to_uppercase() } else { called };
            let kind = kind(&name, words);
            places.push(Place { name, kind, required: arg.is_required_set(), many, help });
        } else {
            let value = takes.then(|| (called.clone(), kind(&called, words)));
            let long = arg.get_long().map(String::from);
            flags.push(Flag { short: arg.get_short(), long, help, value, many });
        }
    }
    let command = command.clone().render_usage().to_string().contains("-- COMMAND");
    Verb { name: name.into(), about: text(command_about(name).as_ref()), flags, places, command }
}

fn command_about(name: &str) -> Option<clap::builder::StyledStr> {
    let cli = Cli::command();
    let command = if name.is_empty() { Some(&cli) } else { cli.find_subcommand(name) };
    command.and_then(Command::get_about).cloned()
}

/// How a value is completed, by what the help calls it.
fn kind(name: &str, words: Vec<String>) -> Kind {
    if !words.is_empty() {
        return Kind::Words(words);
    }
    match name {
        "PROFILE" => Kind::Profiles,
        "PATTERN" => Kind::Environment,
        "NAME=VALUE" => Kind::Assignments,
        "NAME" => Kind::Variables,
        "REF" | "SOURCE:PREFIX" => Kind::Sources,
        "FILE" | "PATH" => Kind::Files,
        "DURATION" | "NS" | "SPEC" => Kind::Anything,
        other => panic!("say in tests/generated.rs how {other} is completed"),
    }
}

fn profile(kind: &Kind) -> bool {
    *kind == Kind::Profiles
}

/// Every spelling of the flags whose values are such, each once.
fn spelled(verbs: &[Verb], such: impl Fn(&Kind) -> bool) -> Vec<String> {
    let flags = verbs.iter().flat_map(|verb| &verb.flags);
    let flags = flags.filter(|flag| flag.value.as_ref().is_some_and(|(_, kind)| such(kind)));
    let mut all: Vec<_> = flags.flat_map(Flag::spellings).collect();
    all.sort();
    all.dedup();
    all
}

/// The letters of the short flags that take a value.
fn shorts(verbs: &[Verb]) -> String {
    spelled(verbs, |_| true).iter().filter(|word| !word.starts_with("--")).map(|word| &word[1..]).collect()
}

// bash

fn bash_kind(kind: &Kind) -> String {
    match kind {
        Kind::Profiles => "profiles".into(),
        Kind::Environment => "environment".into(),
        Kind::Assignments => "assignments".into(),
        Kind::Variables => "variables".into(),
        Kind::Sources => "sources".into(),
        Kind::Files => "files".into(),
        Kind::Words(words) => format!("words:{}", words.join("|")),
        Kind::Anything => "anything".into(),
    }
}

fn bash_takes(all: &[Verb]) -> String {
    let mut out = String::new();
    for verb in all {
        let flags: Vec<_> = verb.flags.iter().flat_map(Flag::spellings).collect();
        let values = verb.flags.iter().filter_map(|flag| Some((flag, bash_kind(&flag.value.as_ref()?.1))));
        let values: Vec<_> =
            values.flat_map(|(flag, kind)| flag.spellings().into_iter().map(move |s| format!("{s}={kind}"))).collect();
        let places: Vec<_> = match verb.name.as_str() {
            "" => all[1..].iter().map(|verb| verb.name.clone()).collect(),
            _ => verb.places.iter().flat_map(|p| vec![bash_kind(&p.kind); if p.many { 99 } else { 1 }]).collect(),
        };
        let name = if verb.name.is_empty() { "''" } else { &verb.name };
        writeln!(out, "    {name})").unwrap();
        writeln!(out, "        flags={}", quoted(&flags.join(" "))).unwrap();
        let values = if values.is_empty() { String::new() } else { format!(" {} ", values.join(" ")) };
        writeln!(out, "        values={}", quoted(&values)).unwrap();
        writeln!(out, "        places={}", quoted(&places.join(" "))).unwrap();
        writeln!(out, "        ;;").unwrap();
    }
    out
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

// zsh

fn zsh_kind(kind: &Kind) -> String {
    match kind {
        Kind::Profiles => "_inject_profiles".into(),
        Kind::Environment => "_inject_environment".into(),
        Kind::Assignments => "_inject_assignments".into(),
        Kind::Variables => "_inject_variables".into(),
        Kind::Sources => "_inject_sources".into(),
        Kind::Files => "_files".into(),
        Kind::Words(words) => format!("({})", words.join(" ")),
        Kind::Anything => " ".into(),
    }
}

fn zsh_help(text: &str) -> String {
    text.replace('\\', "\\\\").replace('[', "\\[").replace(']', "\\]").replace(':', "\\:")
}

fn zsh_takes(all: &[Verb]) -> String {
    let mut out = String::new();
    for verb in all {
        let name = if verb.name.is_empty() { "''" } else { &verb.name };
        writeln!(out, "    {name})\n        takes=(").unwrap();
        for flag in &verb.flags {
            let spellings = flag.spellings();
            let front = if flag.many { "*".into() } else { format!("({})", spellings.join(" ")) };
            for spelling in &spellings {
                let (join, value) = match &flag.value {
                    Some((name, kind)) => {
                        let join = if spelling.starts_with("--") { "=" } else { "+" };
                        (join, format!(":{}:{}", zsh_help(&name.to_lowercase()), zsh_kind(kind)))
                    }
                    None => ("", String::new()),
                };
                let spec = format!("{front}{spelling}{join}[{}]{value}", zsh_help(&flag.help));
                writeln!(out, "            {}", quoted(&spec)).unwrap();
            }
        }
        for place in &verb.places {
            let front = match place {
                Place { many: true, .. } => "*:",
                Place { required: true, .. } => ":",
                _ => "::",
            };
            let spec = format!("{front}{}:{}", zsh_help(&place.name.to_lowercase()), zsh_kind(&place.kind));
            writeln!(out, "            {}", quoted(&spec)).unwrap();
        }
        writeln!(out, "        )\n        ;;").unwrap();
    }
    out
}

/// A pattern of the flags that name a profile; others without a value may stand in front of the short one: `-vp prod`.
fn zsh_profiles(verbs: &[Verb], short: &str, long: &str) -> String {
    let shorts = shorts(verbs);
    let pattern = |word: &String| match word.strip_prefix("--") {
        Some(_) => format!("{word}{long}"),
        None => format!("-[^-{shorts}]#{}{short}", &word[1..]),
    };
    spelled(verbs, profile).iter().map(pattern).collect::<Vec<_>>().join("|")
}

fn zsh_verbs(all: &[Verb]) -> String {
    all[1..]
        .iter()
        .map(|verb| format!("        {}\n", quoted(&format!("{}:{}", verb.name, zsh_help(&verb.about)))))
        .collect()
}

// fish

fn fish_quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

fn fish_kind(kind: &Kind) -> String {
    match kind {
        Kind::Profiles => " -x -a '(__inject_profiles)'".into(),
        Kind::Environment => " -x -a '(set --names --export)'".into(),
        Kind::Assignments => " -x -a '(__inject_ask variables)='".into(),
        Kind::Variables => " -x -a '(__inject_ask variables)'".into(),
        Kind::Sources => " -x -a '(__inject_ask sources):'".into(),
        Kind::Files => " -r -F".into(),
        Kind::Words(words) => format!(" -x -a {}", fish_quoted(&words.join(" "))),
        Kind::Anything => " -x".into(),
    }
}

fn fish_flags(all: &[Verb]) -> String {
    let mut out = String::new();
    for verb in &all[1..] {
        let about = fish_quoted(&verb.about);
        writeln!(out, "complete -c inject -n '__inject_in \"\" 0' -a {} -d {about}", verb.name).unwrap();
    }
    for verb in all {
        let name = if verb.name.is_empty() { "\"\"" } else { &verb.name };
        for flag in &verb.flags {
            let short = flag.short.map_or_else(String::new, |short| format!(" -s {short}"));
            let long = flag.long.as_ref().map_or_else(String::new, |long| format!(" -l {long}"));
            let value = flag.value.as_ref().map_or_else(String::new, |(_, kind)| fish_kind(kind));
            let help = fish_quoted(&flag.help);
            writeln!(out, "complete -c inject -n '__inject_in {name}'{short}{long}{value} -d {help}").unwrap();
        }
        for (at, place) in verb.places.iter().enumerate() {
            let at = if place.many { String::new() } else { format!(" {at}") };
            let value = fish_kind(&place.kind).replace(" -r", "");
            writeln!(out, "complete -c inject -n '__inject_in {name}{at}'{value}").unwrap();
        }
    }
    out
}

// man

fn roff(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-").replace('\'', "\\(aq").replace('`', "");
    if text.starts_with(['.', '\'']) { format!("\\&{text}") } else { text }
}

fn sentence(text: &str) -> String {
    let text = text.trim();
    let end = if text.ends_with(['.', ']']) { "" } else { "." };
    roff(&format!("{text}{end}"))
}

fn man_flags(flags: &[Flag]) -> String {
    let mut out = String::new();
    for flag in flags {
        let spellings: Vec<_> = flag.spellings().iter().map(|s| format!("\\fB{}\\fR", roff(s))).collect();
        let value = flag.value.as_ref().map_or_else(String::new, |(name, _)| format!(" \\fI{}\\fR", roff(name)));
        writeln!(out, ".TP\n{}{value}\n{}", spellings.join(", "), sentence(&flag.help)).unwrap();
    }
    out
}

fn man_verbs(all: &[Verb]) -> String {
    let mut out = String::new();
    let common = |flag: &Flag| all[0].flags.iter().any(|other| other.long == flag.long && other.help == flag.help);
    for verb in &all[1..] {
        writeln!(out, ".SS {}", roff(&verb.name)).unwrap();
        write!(out, "\\fBinject {}\\fR [\\fIOPTIONS\\fR]", roff(&verb.name)).unwrap();
        for place in &verb.places {
            let name = match &place.kind {
                Kind::Words(words) => {
                    words.iter().map(|w| format!("\\fB{}\\fR", roff(w))).collect::<Vec<_>>().join("|")
                }
                _ => format!("\\fI{}\\fR", roff(&place.name)),
            };
            let dots = if place.many { "...\\&" } else { "" };
            if place.required { write!(out, " {name}{dots}") } else { write!(out, " [{name}]{dots}") }.unwrap();
        }
        writeln!(out, "{}", if verb.command { " [\\fB\\-\\-\\fR \\fICOMMAND\\fR]" } else { "" }).unwrap();
        writeln!(out, ".PP\n{}", sentence(&verb.about)).unwrap();
        for place in verb.places.iter().filter(|place| !place.help.is_empty()) {
            writeln!(out, ".TP\n\\fI{}\\fR\n{}", roff(&place.name), sentence(&place.help)).unwrap();
        }
        let own: Vec<_> = verb.flags.iter().filter(|flag| !common(flag)).collect();
        for flag in own {
            out.push_str(&man_flags(std::slice::from_ref(flag)));
        }
    }
    out
}

fn man_sources() -> String {
    let mut out = String::new();
    for kind in KINDS {
        let locator = match (kind.name, kind.locates) {
            ("env", _) => "NAME",
            ("keychain", _) => "SERVICE/ACCOUNT",
            ("vault", _) => "MOUNT/PATH",
            ("aws", _) => "NAME",
            ("ssm", _) => "/PATH/NAME",
            ("gcp" | "azure", _) => "NAME",
            (_, Locates::File) => "FILE",
            _ => "ITEM",
        };
        let fields = match kind.documents {
            Documents::None => "",
            Documents::Dotenv => "A field is a key of the file, by default the variable's own name.",
            Documents::ByName => "With a field, the file is a document: JSON, YAML, TOML or .env.",
            Documents::Fields => "Without a field, the only one that there is.",
            Documents::ByLook => "With a field, the answer is a document: JSON, YAML, TOML or .env.",
        };
        writeln!(out, ".TP\n\\fB{}:\\fI{locator}\\fR", roff(kind.name)).unwrap();
        writeln!(out, "{}", roff(what(kind.name))).unwrap();
        if !fields.is_empty() {
            writeln!(out, "{}", roff(fields)).unwrap();
        }
        let settings: Vec<_> = kind.settings.iter().map(|s| format!("\\fB{}\\fR", roff(s.name))).collect();
        if !settings.is_empty() {
            writeln!(out, "Settings: {}.", settings.join(", ")).unwrap();
        }
        let options: Vec<_> = kind.options.iter().map(|o| format!("\\fB{}\\fR", roff(o.name))).collect();
        if !options.is_empty() {
            writeln!(out, "Options of an entry: {}.", options.join(", ")).unwrap();
        }
    }
    out
}

fn what(kind: &str) -> &'static str {
    match kind {
        "env" => "A variable of the caller's environment.",
        "dotenv" => "A .env file, as python-dotenv reads it.",
        "file" => "The bytes of a file.",
        "keychain" => "The Secret Service: GNOME Keyring, KWallet, KeePassXC.",
        "vault" => "Vault and OpenBao: KV 1 and 2, and any other path that can be read.",
        "aws" => "AWS Secrets Manager.",
        "ssm" => "AWS Systems Manager Parameter Store.",
        "gcp" => "Google Cloud Secret Manager.",
        "azure" => "Azure Key Vault secrets.",
        "sops" => "A field of a SOPS file, or the bytes of a binary one, through the sops program.",
        "systemd" => "A credential of the unit, in $CREDENTIALS_DIRECTORY.",
        "command" => "What a program prints, for the ITEM that is put in place of {}; never through a shell.",
        other => panic!("say in tests/generated.rs what the source '{other}' is"),
    }
}
