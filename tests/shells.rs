//! Aliases and completions in the real bash, zsh and fish. A shell that is missing is a failure: nothing is skipped.
#![allow(missing_docs, clippy::expect_used, clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// A project with profiles, a `bin` in front of PATH and a home of its own.
struct Project {
    folder: TempDir,
}

/// A program that shows each of its arguments, and which of some variables it got.
const DEPLOY: &str = r#"#!/bin/sh
printf '<%s>' "$@"
echo " ${GREETING-} ${REGION-} ${OUTER-}"
"#;

impl Project {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let project = Self { folder };
        for name in ["bin", "home", "profiles", "data", "empty"] {
            fs::create_dir(project.path(name)).unwrap();
        }
        let plain = "inherit = [\"PATH\"]\n[vars]\nGREETING = \"hello\"\n";
        project.write("profiles/base.toml", plain);
        project.write("profiles/preview.toml", plain);
        project.write("profiles/ansible.toml", "[vars]\nREGION = \"eu\"\n");
        project.write("profiles/aws.toml", "extends = [\"base\"]\n[vars]\nREGION = \"us\"\n");
        let secret = "[secrets]\nTOKEN = \"team:x\"\n[source.team]\nkind = \"command\"\nrun = [\"./ran\", \"{}\"]\n";
        project.write("profiles/prod.toml", &format!("{plain}{secret}"));
        project.write("x.toml", plain);
        project.write("data/y.toml", plain);
        project.write("some file.txt", "");
        // A source that leaves a trace: nothing that completes may ever run it.
        project.program("profiles/ran", "#!/bin/sh\n: > \"$0.trace\"\n");
        for name in ["deploy", "terraform", "ansible-playbook", "unknown-tool"] {
            project.program(&format!("bin/{name}"), DEPLOY);
        }
        symlink(env!("CARGO_BIN_EXE_inject"), project.path("bin/inject")).unwrap();
        project
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    fn program(&self, name: &str, text: &str) {
        self.write(name, text);
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// A command in this project, with a clean environment.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        let path = std::env::var("PATH").unwrap();
        command
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", format!("{}:{path}", self.path("bin").display()))
            .env("HOME", self.path("home"))
            .env("TERM", "xterm")
            .env("LC_ALL", "C.UTF-8")
            .env("OUTER", "outer")
            .env("INPUTRC", "/dev/null");
        command
    }

    fn output(&self, program: &str, args: &[&str]) -> Output {
        self.command(program).args(args).output().unwrap_or_else(|error| {
            panic!("{program}: {error}; these tests want bash, zsh, fish and python3: apt-get install them")
        })
    }

    /// What it prints; it must succeed and say nothing else.
    fn text(&self, program: &str, args: &[&str]) -> String {
        let output = self.output(program, args);
        let stderr = String::from_utf8_lossy(&output.stderr);
        // bash -i without a terminal says so.
        let stderr: Vec<_> = stderr.lines().filter(|line| !line.starts_with("bash: ")).collect();
        assert!(output.status.success() && stderr.is_empty(), "{program} {args:?}: {} {stderr:?}", output.status);
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs a script in an interactive shell without the user's configuration.
    fn run(&self, shell: &str, script: &str) -> String {
        self.write("script", script);
        match shell {
            "bash" => self.text("bash", &["--norc", "-i", "-c", ". ./script"]),
            "zsh" => self.text("zsh", &["-f", "-i", "-c", ". ./script"]),
            _ => self.text("fish", &["-i", "-c", "source ./script"]),
        }
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        let ran = self.path("profiles/ran.trace").exists();
        assert!(std::thread::panicking() || !ran, "a completion opened a source");
    }
}

const SHELLS: [&str; 3] = ["bash", "zsh", "fish"];

fn lines(text: &str) -> BTreeSet<String> {
    text.lines().map(String::from).collect()
}

fn set(words: &[&str]) -> BTreeSet<String> {
    words.iter().map(ToString::to_string).collect()
}

// Aliases run.

#[test]
fn an_alias_passes_arguments_as_they_are() {
    let project = Project::new();
    for shell in SHELLS {
        let script = "alias tf='inject -p ./x.toml -- deploy'\nset one 'a  b'\n\
                      tf plan 'a b' \"c\\$d\" '*' '' -p -- *.toml --x='1 2'\n";
        let said = project.run(shell, script);
        let wanted = "<plan><a b><c$d><*><><-p><--><x.toml><--x=1 2> hello  \n";
        assert_eq!(said, wanted, "{shell}");
    }
}

#[test]
fn an_alias_gives_the_variable() {
    let project = Project::new();
    for shell in SHELLS {
        let said = project.run(shell, "alias tf='inject -p ./x.toml -- printenv'\ntf GREETING\n");
        assert_eq!(said, "hello\n", "{shell}");
        let status = if shell == "fish" { "$status" } else { "$?" };
        let script = format!("alias tf='inject -p ./x.toml -- printenv'\ntf OUTER\necho {status}\n");
        assert_eq!(project.run(shell, &script), "1\n", "{shell}: not what the shell alone has");
    }
}

#[test]
fn the_examples_run() {
    let project = Project::new();
    for shell in SHELLS {
        let ending = if shell == "fish" { "fish" } else { "sh" };
        let examples = format!("{ROOT}/examples/aliases.{ending}");
        let script = format!(
            ". {examples}\nexport INJECT_TRUST=1\n\
             tf apply 'a b'\nansible-playbook site.yml\ninject -p base -- deploy x\ncd data\ntf plan\n"
        );
        let said = project.run(shell, &script);
        assert_eq!(said, "<apply><a b> hello us \n<site.yml> hello eu \n<x> hello  \n<plan> hello us \n", "{shell}");
    }
    for shell in ["bash", "zsh"] {
        // The blank at its end makes the shell expand the alias behind it.
        let script = format!(
            ". {ROOT}/examples/aliases.sh\nexport INJECT_TRUST=1\n\
             alias prod='inject -p base -- ' d='deploy -v'\nprod d 'a b'\n"
        );
        assert_eq!(project.run(shell, &script), "<-v><a b> hello  \n", "{shell}");
    }
}

// Completions: what each shell offers for a line.

/// What an interactive bash on a terminal shows for each line.
fn bash_shows(project: &Project, setup: &str, typed: &[&str]) -> Vec<String> {
    let script = format!("{ROOT}/tests/shells/terminal.py");
    let args = [&[script.as_str(), setup], typed].concat();
    let text = project.text("python3", &args);
    let shown: Vec<_> = text.split("@@@ ").skip(1).map(String::from).collect();
    assert_eq!(shown.len(), typed.len(), "{text}");
    // The first line is the line itself.
    shown.into_iter().map(|text| text.split_once('\n').map_or("", |(_, rest)| rest).to_owned()).collect()
}

fn bash_calls(project: &Project, line: &str, words: &[&str]) -> BTreeSet<String> {
    let (helper, script) = (format!("{ROOT}/tests/shells/complete.bash"), format!("{ROOT}/completions/inject.bash"));
    let mut args = vec!["--norc", &helper, &script, line];
    args.extend(words);
    lines(&project.text("bash", &args))
}

fn zsh_offers(project: &Project, setup: &str, line: &str) -> BTreeSet<String> {
    let (helper, folder) = (format!("{ROOT}/tests/shells/complete.zsh"), format!("{ROOT}/completions"));
    lines(&project.text("zsh", &["-f", &helper, &folder, setup, line]))
}

fn fish_offers(project: &Project, setup: &str, line: &str) -> BTreeSet<String> {
    let script = format!("source {ROOT}/completions/inject.fish\n{setup}\ncomplete -C $argv[1]");
    let text = project.text("fish", &["-c", &script, line]);
    text.lines().map(|line| line.split('\t').next().unwrap().to_owned()).collect()
}

/// The words of a line as bash makes them, for lines without quotes.
fn bash_words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for word in line.split(' ') {
        let mut rest = word;
        while let Some(at) = rest.find(['=', ':']) {
            words.extend([&rest[..at], &rest[at..=at]].into_iter().filter(|word| !word.is_empty()).map(String::from));
            rest = &rest[at + 1..];
        }
        if !rest.is_empty() || word.is_empty() {
            words.push(rest.to_owned());
        }
    }
    words
}

/// What the three shells offer for `line`, as whole last words.
fn all(project: &Project, line: &str) -> [BTreeSet<String>; 3] {
    let words = bash_words(line);
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    let last = line.rsplit(' ').next().unwrap();
    // bash completes what stands behind = and : alone.
    let kept = last.rfind(['=', ':']).map_or("", |at| &last[..=at]);
    let bash = bash_calls(project, line, &words);
    let bash = bash.into_iter().map(|word| format!("{kept}{word}")).collect();
    [bash, zsh_offers(project, "", line), fish_offers(project, "", line)]
}

fn offered(project: &Project, line: &str, wanted: &[&str]) {
    for (shell, offered) in SHELLS.iter().zip(all(project, line)) {
        // What ends in = or / shows that more follows; zsh adds that by itself.
        let bare = |words: &BTreeSet<String>| -> BTreeSet<String> {
            words.iter().map(|word| word.trim_end_matches(['/', '=']).to_owned()).collect()
        };
        assert_eq!(bare(&offered), set(wanted), "{shell}: {line}");
    }
}

const NAMES: [&str; 6] = ["ansible", "aws", "base", "preview", "prod", "x.toml"];

#[test]
fn profiles() {
    let project = Project::new();
    for line in
        ["inject -p ", "inject --profile ", "inject -v -p ", "inject plan -p ", "inject -p prod check --profile "]
    {
        offered(&project, line, &NAMES);
    }
    offered(&project, "inject -p pr", &["preview", "prod"]);
    offered(&project, "inject --profile=pr", &["--profile=preview", "--profile=prod"]);
    offered(&project, "inject -ppr", &["-ppreview", "-pprod"]);
    offered(&project, "inject -vppr", &["-vppreview", "-vpprod"]);
    offered(&project, "inject -p base,pr", &["base,preview", "base,prod"]);
    offered(&project, "inject -p base,prod,x", &["base,prod,x.toml"]);
    offered(&project, "inject trust pr", &["preview", "prod"]);
}

#[test]
fn profiles_by_path() {
    let project = Project::new();
    offered(&project, "inject -p da", &["data"]);
    offered(&project, "inject -p base,da", &["base,data"]);
    for line in ["inject -p data/", "inject -p data/y"] {
        for (shell, offered) in SHELLS.iter().zip(all(&project, line)) {
            // zsh's own -W prefix is not part of the match.
            let found = offered.iter().any(|word| word.rsplit('/').next() == Some("y.toml"));
            assert!(found && offered.len() == 1, "{shell}: {line}: {offered:?}");
        }
    }
}

#[test]
fn verbs_and_flags() {
    let project = Project::new();
    for (shell, offered) in SHELLS.iter().zip(all(&project, "inject ")) {
        for verb in ["plan", "check", "list", "trust", "completions"] {
            assert!(offered.contains(verb), "{shell}: {offered:?}");
        }
        assert!(!offered.contains("complete"), "{shell} offers the hidden verb");
    }
    offered(&project, "inject pl", &["plan"]);
    offered(&project, "inject -p prod pl", &["plan"]);
    offered(&project, "inject --ti", &["--timeout"]);
    offered(&project, "inject plan --dr", &["--dropped"]);
    offered(&project, "inject -p prod plan --js", &["--json"]);
    offered(&project, "inject list --dr", &[]);
    offered(&project, "inject completions ", &["bash", "fish", "zsh"]);
    offered(&project, "inject completions z", &["zsh"]);
}

#[test]
fn variables() {
    let project = Project::new();
    offered(&project, "inject -p prod --set ", &["GREETING", "TOKEN"]);
    offered(&project, "inject -p base -p prod plan --set TO", &["TOKEN"]);
    offered(&project, "inject --profile=base,prod --set TO", &["TOKEN"]);
    offered(&project, "inject -vp prod --set TO", &["TOKEN"]);
    offered(&project, "inject -pprod --set=TO", &["--set=TOKEN"]);
    offered(&project, "inject -p base --set TO", &[]);
    offered(&project, "inject -p nosuch --set ", &[]);
    offered(&project, "inject -i OUT", &["OUTER"]);
    offered(&project, "inject -p prod --inherit=OUT", &["--inherit=OUTER"]);
}

/// Without the script nothing knows the profiles: what the other tests see comes from it.
#[test]
fn the_control() {
    let project = Project::new();
    let shown = bash_shows(&project, ":", &["inject -p pr", "inject -p "]);
    assert!(shown.iter().all(|text| !text.contains("preview")), "{shown:?}");
    let helper = format!("{ROOT}/tests/shells/complete.zsh");
    let offered = lines(&project.text("zsh", &["-f", &helper, "", "", "inject -p "]));
    assert!(offered.contains("data") && !offered.contains("preview"), "{offered:?}");
    let offered = project.text("fish", &["-c", "complete -C 'inject -p '"]);
    assert!(offered.contains("data/") && !offered.contains("preview"), "{offered}");
}

// Behind `--`.

#[test]
fn the_first_word_is_a_program() {
    let project = Project::new();
    for line in
        ["inject -p prod -- ter", "inject -- ter", "inject -v -p base,prod -- ter", "inject plan -p prod -- ter"]
    {
        for (shell, offered) in SHELLS.iter().zip(all(&project, line)) {
            assert!(offered.contains("terraform"), "{shell}: {line}: {offered:?}");
        }
    }
    // What only a shell can run is no program.
    for line in ["inject -- whil", "inject -- unalia", "inject -- compgen", "inject -- functio"] {
        for (shell, offered) in SHELLS.iter().zip(all(&project, line)) {
            assert!(offered.is_empty(), "{shell}: {line}: {offered:?}");
        }
    }
    for (shell, offered) in SHELLS.iter().zip(all(&project, "inject -p prod -- bin/dep")) {
        assert!(offered.iter().any(|word| word.rsplit('/').next() == Some("deploy")), "{shell}: {offered:?}");
    }
}

const FISH: &str = "complete -c deploy -f -a 'checkout cherry status'; alias dp='inject -p aws -- deploy'; \
                    alias aw='inject -p aws --'";
const ZSH: &str = "_deploy() { compadd checkout cherry status }; compdef _deploy deploy; \
                   alias dp='inject -p aws -- deploy' aw='inject -p aws --'";

/// The same as alone, and alone is something.
#[test]
fn then_the_commands_own() {
    let project = Project::new();
    for (tail, wanted) in [
        ("deploy che", &["checkout", "cherry"][..]),
        ("deploy --verbose x=1 a:b che", &["checkout", "cherry"]),
        ("deploy ", &["checkout", "cherry", "status"]),
        ("bin/deploy che", &["checkout", "cherry"]),
        ("deploy -- che", &["checkout", "cherry"]),
        ("inject -p prod -- deploy che", &["checkout", "cherry"]),
        ("inject -p pr", &["preview", "prod"]),
        ("unknown-tool da", &["data"]),
        ("unknown-tool data/y", &["y.toml"]),
    ] {
        let fronts = ["inject -p aws -- ", "inject -- ", "inject -v -p base,prod -i X -- ", "aw "];
        let through = tail.strip_prefix("deploy ").map(|rest| format!("dp {rest}"));
        let all = fronts.iter().map(|front| format!("{front}{tail}")).chain(through);
        let last = |offered: BTreeSet<String>| -> BTreeSet<String> {
            let last = |word: String| word.trim_end_matches('/').rsplit('/').next().unwrap().to_owned();
            offered.into_iter().map(last).collect()
        };
        assert_eq!(last(zsh_offers(&project, ZSH, tail)), set(wanted), "zsh alone: {tail}");
        assert_eq!(last(fish_offers(&project, FISH, tail)), set(wanted), "fish alone: {tail}");
        for line in all {
            assert_eq!(last(zsh_offers(&project, ZSH, &line)), set(wanted), "zsh: {line}");
            assert_eq!(last(fish_offers(&project, FISH, &line)), set(wanted), "fish: {line}");
        }
    }
}

/// In a bash on a terminal: each way to say how a command is completed gives what it gives alone.
#[test]
fn then_the_commands_own_in_bash() {
    let project = Project::new();
    project.program("bin/answer", "#!/bin/sh\necho \"cmd-$1-$2-$3-$COMP_LINE-$COMP_POINT\" | tr ' ' .\n");
    // What each function is given must be what it is given alone, to the letter.
    project.write(
        "setup.bash",
        r#"
_spy() { { printf '[%s]' "$@" / "${COMP_WORDS[@]}" / "$COMP_CWORD" "$COMP_LINE" "$COMP_POINT"; echo; } >>spy; COMPREPLY=(); }
_fun() { COMPREPLY=($(compgen -W 'checkout cherry' -- "$2")); }
_filed() { compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$2"); }
_spaced() { compopt -o nospace; COMPREPLY=(only=); }
_late() { complete -F _fun "$1"; return 124; }
complete -F _spy spy
complete -F _fun fun
complete -F _filed filed
complete -F _spaced spaced
complete -W 'checkout cherry' words
complete -C answer asked
complete -o dirnames -W nothing folders
complete -o default -F _spy fallback
"#,
    );
    let setup = format!(
        ". ./setup.bash; . {ROOT}/completions/inject.bash; shopt -s progcomp_alias; alias aw='inject -p aws --'; \
         alias deep='inject -p aws -- fun' reg='inject -p aws --'; complete -F _inject reg"
    );
    // An alias of the program's own name does not go round in circles.
    let own = format!("{setup}; alias unknown-tool='inject -- unknown-tool'; complete -F _inject unknown-tool");
    let shown = bash_shows(&project, &own, &["unknown-tool som"]);
    assert!(shown[0].contains("unknown-tool some\\ file.txt "), "{}", shown[0]);

    // bash itself asks the specification for unknown commands (-D) before it looks at an alias.
    let late = format!("{setup}; complete -D -F _late");
    let tails = [
        "fun che",
        "words che",
        "filed som",
        "spaced o",
        "folders d",
        "fallback som",
        "unknown-tool che",
        "bin/fun che",
        "ls som",
        "fun 'che",
    ];
    let mut typed: Vec<String> = Vec::new();
    for tail in tails {
        typed.extend([
            tail.to_owned(),
            format!("inject -p aws -- {tail}"),
            format!("aw {tail}"),
            format!("reg {tail}"),
        ]);
    }
    typed.extend(["asked x y".into(), "inject --profile=a,b --  asked x y".into(), "deep che".into()]);
    let typed: Vec<_> = typed.iter().map(String::as_str).collect();
    let shown = bash_shows(&project, &setup, &typed);
    // The answers, without the line itself as far as it was typed.
    let answers = |line: &str, shown: &str| {
        let head = line.rsplit_once(' ').unwrap().0;
        shown.replace(head, "").lines().map(str::trim_end).filter(|l| !l.is_empty()).collect::<Vec<_>>().join("\n")
    };
    for (lines, texts) in typed.chunks(4).zip(shown.chunks(4)).take(tails.len()) {
        let alone = answers(lines[0], &texts[0]);
        assert!(alone.split_whitespace().count() >= 1, "{}: {alone}", lines[0]);
        for (line, text) in lines.iter().zip(texts).skip(1) {
            assert_eq!(answers(line, text), alone, "{line}");
        }
    }
    let rest = &shown[tails.len() * 4..];
    assert!(rest[0].contains("cmd-asked-y-x-asked.x.y-9"), "{}", rest[0]);
    assert!(rest[1].contains("cmd-asked-y-x-asked.x.y-9"), "{}", rest[1]);
    assert!(rest[2].contains("checkout") && rest[2].contains("cherry"), "{}", rest[2]);

    let typed = ["inject -- late che", "reg later che", "inject -- bin/latest che", "late che"];
    for (line, text) in typed.iter().zip(bash_shows(&project, &late, &typed)) {
        assert!(text.contains("checkout  cherry"), "{line}: {text}");
    }

    for tail in ["spy ", "spy a=b:c d", "spy 'a b", "spy --x=y", "spy -- z", "spy a  b   c ", "spy \"$HOME\"/x"] {
        let lines = [
            tail.to_owned(),
            format!("inject   -p a,b --set X=1:2  --   {tail}"),
            format!("aw {tail}"),
            format!("reg {tail}"),
        ];
        let lines: Vec<_> = lines.iter().map(String::as_str).collect();
        let _ = fs::remove_file(project.path("spy"));
        bash_shows(&project, &setup, &lines);
        let seen = fs::read_to_string(project.path("spy")).unwrap();
        let seen: Vec<_> = seen.lines().collect();
        assert!(seen.len() == 4 && seen.iter().all(|one| *one == seen[0]), "{tail}: {seen:#?}");
    }
}

/// The whole way on a terminal: what the user sees in bash.
#[test]
fn bash_on_a_terminal() {
    let project = Project::new();
    let setup = format!(". {ROOT}/completions/inject.bash; shopt progcomp_alias");
    let typed = [
        "inject -p pr",
        "inject -p base,pr",
        "inject --profile=bas",
        "inject plan --dr",
        "inject -p aws ",
        "inject -- unknown-t",
    ];
    let shown = bash_shows(&project, &setup, &typed);
    for text in [&shown[0], &shown[1]] {
        assert!(text.contains("preview") && text.contains("prod"), "{text}");
    }
    assert!(shown[2].contains("--profile=base "), "{}", shown[2]);
    assert!(shown[3].contains("inject plan --dropped "), "{}", shown[3]);
    assert!(shown[4].contains("--  ") && shown[4].contains("plan"), "{}", shown[4]);
    assert!(shown[5].contains("inject -- unknown-tool "), "{}", shown[5]);

    // The script changes no option of the shell.
    let options =
        |script: &str| project.text("bash", &["--norc", "-c", &format!("{script}\nshopt; set -o; declare -p IFS")]);
    assert_eq!(options(&format!(". {ROOT}/completions/inject.bash")), options(":"));
    let after = format!(
        ". {ROOT}/completions/inject.bash\ncompopt() {{ :; }}\nCOMP_WORDS=(inject -- ls '') COMP_CWORD=3 \
         COMP_LINE='inject -- ls ' COMP_POINT=13\ncomplete -W 'a b' ls\n_inject inject '' ls\n"
    );
    assert_eq!(options(&after), options(":"));
}

/// `inject completions` prints what stands in the repository.
#[test]
fn the_launcher_carries_the_scripts() {
    let project = Project::new();
    for (shell, file) in [("bash", "inject.bash"), ("zsh", "_inject"), ("fish", "inject.fish")] {
        let file = fs::read_to_string(Path::new(ROOT).join("completions").join(file)).unwrap();
        assert_eq!(project.text("inject", &["completions", shell]), file);
    }
    // They load without a word, in the ways that people load them.
    for script in ["source <(inject completions bash)", "eval \"$(inject completions bash)\""] {
        let listed = project.text("bash", &["--norc", "-c", &format!("set -u; {script}; complete -p inject")]);
        assert_eq!(listed, "complete -F _inject inject\n");
    }
    project.text("fish", &["-c", "inject completions fish | source"]);
    let setup = "source <(inject completions zsh)";
    let helper = format!("{ROOT}/tests/shells/complete.zsh");
    let offered = lines(&project.text("zsh", &["-f", &helper, "", setup, "inject -p pr"]));
    assert_eq!(offered, set(&["preview", "prod"]));
}

/// What the scripts ask never says anything on stderr, never waits and never opens a source.
#[test]
fn the_question_is_silent() {
    let project = Project::new();
    project.write("broken.toml", "[vars\n");
    nix::unistd::mkfifo(&project.path("pipe.toml"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    project.write("deep.toml", "extends = [\"./pipe.toml\"]\n");
    let _writer = fs::OpenOptions::new().read(true).write(true).open(project.path("pipe.toml")).unwrap();
    let began = std::time::Instant::now();
    for args in [
        &["variables", "-p", "./broken.toml"][..],
        &["variables", "-p", "nosuch"],
        &["variables", "-p", "./pipe.toml"],
        &["variables", "-p", "./deep.toml"],
        &["variables", "-p"],
        &["variables", "--nosuch"],
        &["variables", "-p", "prod", "--timeout", "soon"],
        &["variables"],
        &["nosuch"],
        &[],
    ] {
        let said = project.text("inject", &[&["complete"], args].concat());
        assert_eq!(said, "", "{args:?}");
    }
    assert!(began.elapsed().as_secs() < 20);
    assert_eq!(project.text("inject", &["complete", "variables", "-p", "prod"]), "GREETING\nTOKEN\n");
    let sources = lines(&project.text("inject", &["complete", "sources", "-p", "prod"]));
    assert!(sources.contains("team") && sources.contains("keychain"), "{sources:?}");
}
