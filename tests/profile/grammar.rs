//! DESIGN 2: what a profile may say, and what is said of one that says something else.

use crate::support::Test;

/// Each text, and what stands on stderr for it: `line: message`, then `= hint` where there is one.
const WRONG: &[(&str, &str)] = &[
    ("descripton = \"x\"", "1: unknown key 'descripton'\n= did you mean 'description'?"),
    (
        "zzz = 1",
        "1: unknown key 'zzz'\n= there are description, extends, inherit, inherit-credentials, timeout, \
         allow-unsafe-names, vars, secrets, source",
    ),
    ("[secrts]\nA = \"env:A\"", "1: unknown key 'secrts'\n= did you mean 'secrets'?"),
    ("description = 3", "1: description: a string is wanted here, and this is a number"),
    ("vars = \"x\"", "1: vars: a table is wanted here, and this is a string"),
    ("source = []", "1: source: a table is wanted here, and this is an array"),
    ("inherit = \"PATH\"", "1: inherit: an array of strings is wanted here, and this is a string"),
    ("inherit = [\n\"A\",\n1]", "3: inherit: a string is wanted here, and this is a number"),
    ("inherit = [\"A-B\"]", "1: inherit: 'A-B' is neither a name nor a pattern like LC_*"),
    ("extends = \"base\"", "1: extends: an array of strings is wanted here, and this is a string"),
    ("timeout = 30", "1: timeout: a string is wanted here, and this is a number"),
    ("allow-unsafe-names = \"yes\"", "1: allow-unsafe-names: true or false is wanted here, and this is a string"),
    ("[vars]\nA = 3", "2: A: a string is wanted here, and this is a number"),
    ("[vars]\nA = true", "2: A: a string is wanted here, and this is a boolean"),
    ("[vars]\nA = [\"x\"]", "2: A: a string is wanted here, and this is an array"),
    ("[vars]\nA = {x = \"y\"}", "2: A: a string is wanted here, and this is a table"),
    ("[vars]\nA = 2020-01-01", "2: A: a string is wanted here, and this is a date"),
    ("[vars]\nA.B = \"x\"", "2: A: a string is wanted here, and this is a table"),
    ("[vars]\nA = \"x\\u0000y\"", "2: A: a NUL character, at byte 1, cannot be in a variable"),
    ("[vars]\n1A = \"x\"", "2: '1A' is no name of a variable: letters, digits and '_', and no digit first"),
    ("[vars]\n\"\" = \"x\"", "2: '' is no name of a variable: letters, digits and '_', and no digit first"),
    ("[vars]\nA-B = \"x\"", "2: 'A-B' is no name of a variable: letters, digits and '_', and no digit first"),
    ("[vars]\n\"A=B\" = \"x\"", "2: 'A=B' is no name of a variable: letters, digits and '_', and no digit first"),
    ("[vars]\n\"é\" = \"x\"", "2: 'é' is no name of a variable: letters, digits and '_', and no digit first"),
    ("[vars]\n\"A\\n\" = \"x\"", "2: 'A\\n' is no name of a variable: letters, digits and '_', and no digit first"),
    ("[vars]\n\"*\" = \"x\"", "2: '*' is no name of a variable: letters, digits and '_', and no digit first"),
    (
        "[secrets]\n\"A*B\" = \"env:X\"",
        "2: 'A*B' is no name of a variable: letters, digits and '_', and no digit first\n= a pattern is \"*\" or ends in \
         it, like \"APP_*\"",
    ),
    ("[vars]\nA = \"1\"\n[secrets]\nA = \"env:X\"", "4: A: stands in [vars] and in [secrets]; one of them must go"),
    ("[vars]\nA = \"1\"\nA = \"2\"", "3: not TOML: duplicate key"),
    ("[vars]\n[vars]", "2: not TOML: duplicate key"),
    ("[vars", "1: not TOML: unclosed table, expected `]`"),
    (
        "[vars]\nLD_PRELOAD = \"x\"",
        "2: LD_PRELOAD: this name makes the dynamic loader run other code\n= allow-unsafe-names = true, at the top of this file, sets it all the same",
    ),
    (
        "[secrets]\nGLIBC_TUNABLES = \"env:X\"",
        "2: GLIBC_TUNABLES: this name makes the dynamic loader run other code\n= allow-unsafe-names = true, at the top of this file, sets it all the same",
    ),
    ("[secrets]\nA = 1", "2: A: a string is wanted here, and this is a number"),
    (
        "[secrets]\nA = \"text\"",
        "2: A: a reference is SOURCE:LOCATOR or SOURCE:LOCATOR#FIELD; there is no ':' in this one\n= a plain text belongs in [vars]",
    ),
    ("[secrets]\nA = \":x\"", "2: A: a reference starts with the name of a source; there is nothing before the ':'"),
    ("[secrets]\nA = \"env:\"", "2: A: there is nothing behind 'env:'"),
    ("[secrets]\nA = \"file:x#\"", "2: A: there is no field behind the '#'"),
    ("[secrets]\nA = \"file:x\\u0000\"", "2: A: a reference cannot hold a NUL character"),
    ("[secrets]\nA = \"evn:X\"", "2: A: unknown source 'evn'\n= did you mean 'env'?"),
    (
        "[secrets]\nA = \"op:X\"\n[source.opp]\nkind = \"command\"\nrun = [\"op\"]",
        "2: A: unknown source 'op'\n= did you mean 'opp'?",
    ),
    (
        "[secrets]\nA = \"command:X\"",
        "2: A: source 'command' needs a table of its own\n= [source.command] with run = [\"PROGRAM\", \"{}\"] says what to run",
    ),
    ("[secrets]\nA = \"env:A-B\"", "2: A: 'env:A-B': 'A-B' is no name of a variable"),
    ("[secrets]\nA = \"env:X#f\"", "2: A: 'env:X#f': a source of kind 'env' has no fields"),
    ("[secrets]\n\"*\" = \"env:X\"", "2: *: 'env:X': a source of kind 'env' gives no document for a pattern"),
    (
        "[secrets]\n\"*\" = \"dotenv:.env#X\"",
        "2: *: 'dotenv:.env#X': a pattern takes a whole .env file, not a key of it",
    ),
    ("[secrets]\nA = \"file:x/\"", "2: A: 'file:x/': names a folder, not a file"),
    (
        "[secrets]\nA = \"file:x#a..b\"",
        "2: A: 'file:x#a..b': a dotted field with an empty part; a key that holds dots is written as a JSON pointer, '/a.b'",
    ),
    ("[secrets]\nA = \"systemd:a/b\"", "2: A: 'systemd:a/b': a credential's name has no '/'"),
    ("[secrets]\nA = \"keychain:x\"", "2: A: 'keychain:x': a keychain item is SERVICE/ACCOUNT"),
    ("[secrets]\nA = []", "2: A: an empty list names no source"),
    ("[secrets]\nA = {}", "2: A: one of 'from' and 'template' says where it comes from"),
    (
        "[secrets]\nA = {from = \"env:X\", template = \"x\"}",
        "2: A: one of 'from' and 'template' says where it comes from",
    ),
    (
        "[secrets]\nA = {from = \"env:X\", optinal = true}",
        "2: unknown option of A: 'optinal'\n= did you mean 'optional'?",
    ),
    (
        "[secrets]\nA = {from = \"env:X\", optional = 1}",
        "2: A: optional: true or false is wanted here, and this is a number",
    ),
    (
        "[secrets]\nA = {from = \"env:X\", optional = true, default = \"\"}",
        "2: A: 'optional' and 'default' exclude each other",
    ),
    ("[secrets]\nA = {from = \"env:X\", default = \"\\u0000\"}", "2: A: a NUL character cannot be in a variable"),
    (
        "[secrets]\nA = {from = \"env:X\", decode = \"base46\"}",
        "2: unknown A: decode: 'base46'\n= did you mean 'base64'?",
    ),
    ("[secrets]\nA = {template = \"x\", trim = true}", "2: A: 'decode', 'trim' and 'field' do not go with a template"),
    (
        "[secrets]\nA = {template = \"x\", optional = true}",
        "2: A: a template is never absent: 'optional' and 'default' belong to what it uses",
    ),
    ("[secrets]\n\"*\" = {template = \"x\"}", "2: *: a pattern takes its names from a document, not from a template"),
    (
        "[secrets]\n\"*\" = {from = \"dotenv:x\", default = \"\"}",
        "2: *: a pattern cannot have a default: which name would it be for?",
    ),
    ("[secrets]\nA = {template = \"${\"}", "2: A: '${' is never closed with '}'; a literal one is '$${'"),
    ("[secrets]\nA = {template = \"${a-b}\"}", "2: A: '${a-b}' is no name of a variable"),
    (
        "[secrets]\nA = {template = \"${B|upper}\"}",
        "2: A: unknown filter 'upper'; there are url, json, shell and base64",
    ),
    (
        "[secrets]\nA = {template = \"${BB}\"}\n[vars]\nBBB = \"\"",
        "2: A: the template uses 'BB', which this profile does not set\n= did you mean 'BBB'?",
    ),
    ("[secrets]\nA = {template = \"${A}\"}", "2: A: the template uses itself: A -> A"),
    ("[secrets]\nA = {template = \"${B}\"}\nB = {template = \"${A}\"}", "3: B: the template uses itself: A -> B -> A"),
    (
        "[source.eu]\nregion = \"x\"",
        "1: source.eu: 'kind' says what it is\n= kind = one of env, dotenv, file, keychain, systemd, command",
    ),
    ("[source.eu]\nkind = \"comand\"", "2: unknown kind 'comand'\n= did you mean 'command'?"),
    ("[source.\"a b\"]\nkind = \"env\"", "1: a source's name is letters, digits, '-' and '_'"),
    ("[source.op]\nkind = \"command\"", "1: source.op: 'run' is missing"),
    ("[source.op]\nkind = \"command\"\nrun = \"op\"", "3: source.op.run: an array of strings is wanted here"),
    ("[source.op]\nkind = \"command\"\nrun = []", "3: source.op.run: names no program"),
    (
        "[source.op]\nkind = \"command\"\nrun = [\"op\"]\nrwa = true",
        "4: unknown setting of a source of kind 'command': 'rwa'\n= did you mean 'raw'?",
    ),
    (
        "[source.op]\nkind = \"command\"\nrun = [\"op\"]\nabsent-exit = [0]",
        "4: source.op.absent-exit: an exit code is 1 to 255",
    ),
    ("[source.file]\nformat = \"jsn\"", "2: unknown source.file.format: 'jsn'\n= did you mean 'json'?"),
    ("[source.dotenv]\nexpand = \"yes\"", "2: source.dotenv.expand: true or false is wanted here"),
    ("[source.keychain]\npass-env = [\"A-B\"]", "2: source.keychain.pass-env: 'A-B' is no name of a variable"),
    ("[source.env]\nx = 1.5", "2: source.env.x: a setting is a string, a boolean or an array"),
    (
        "inherit = [\"CREDENTIALS_DIRECTORY\"]\n[secrets]\nA = \"systemd:x\"",
        "1: inherit: CREDENTIALS_DIRECTORY is a credential of source 'systemd'\n= inherit-credentials = [\"CREDENTIALS_DIRECTORY\"] passes it on purpose",
    ),
];

#[test]
fn each_mistake_has_its_line_its_words_and_what_to_do() {
    for (text, expected) in WRONG {
        let (message, hint) = expected.split_once("\n= ").map_or((*expected, None), |(m, h)| (m, Some(h)));
        let hint = hint.map_or_else(String::new, |hint| format!("inject: hint: {hint}\n"));
        let ran = Test::profile(text).line("-p p.toml -- env").status(125).stdout("");
        assert_eq!(
            ran.err_text(),
            format!("inject: error: p.toml:{message}\n{hint}inject: nothing was run\n"),
            "{text}"
        );
        // `plan` and `check` say the same.
        for verb in ["plan", "check"] {
            let ran = Test::profile(text).args([verb, "-p", "p.toml"]).status(125).stdout("");
            assert_eq!(ran.err_text(), format!("inject: error: p.toml:{message}\n{hint}"), "{verb}: {text}");
        }
    }
}

#[test]
fn all_of_them_are_told_at_once_sorted_by_line() {
    let text = "timeot = \"3s\"\ninherit = [\"CREDENTIALS_DIRECTORY\"]\n[vars]\nA = 1\n[secrets]\nB = \"evn:X\"\n\
                C = { from = 3, optinal = true }\nD = { template = \"${A}${C}${NO}\" }\nE = \"op:x\"\nF = \"systemd:f\"\n\
                [source.op]\nkind = \"command\"\nrun = 3\n";
    Test::profile(text).fails(
        "inject: error: p.toml:1: unknown key 'timeot'\n\
         inject: hint: did you mean 'timeout'?\n\
         inject: error: p.toml:2: inherit: CREDENTIALS_DIRECTORY is a credential of source 'systemd'\n\
         inject: hint: inherit-credentials = [\"CREDENTIALS_DIRECTORY\"] passes it on purpose\n\
         inject: error: p.toml:4: A: a string is wanted here, and this is a number\n\
         inject: error: p.toml:6: B: unknown source 'evn'\n\
         inject: hint: did you mean 'env'?\n\
         inject: error: p.toml:7: C: a string is wanted here, and this is a number\n\
         inject: error: p.toml:7: unknown option of C: 'optinal'\n\
         inject: hint: did you mean 'optional'?\n\
         inject: error: p.toml:8: D: the template uses 'NO', which this profile does not set\n\
         inject: error: p.toml:13: source.op.run: a setting is a string, a boolean or an array\n",
    );
}

#[test]
fn failures_of_sources_are_told_at_once_too() {
    let text = "[secrets]\nZ = \"env:Z\"\nA = \"file:none\"\nM = \"dotenv:.env#M\"\n";
    Test::profile(text).file(".env", "N=1\n").fails(
        "inject: error: p.toml:2: Z: env:Z: not set in the caller's environment\n\
         inject: error: p.toml:3: A: file:none: no such file\n\
         inject: error: p.toml:4: M: dotenv:.env#M: no field 'M'; it has 'N'\n",
    );
}

#[test]
fn a_byte_order_mark_is_passed_over_and_bad_utf8_is_not() {
    Test::profile("\u{feff}[vars]\nA = \"1\"\n").gives("A=1");
    Test::profile("\u{feff}[vars]\nA = 1\n")
        .fails("inject: error: p.toml:2: A: a string is wanted here, and this is a number\n");
    Test::new().file("p.toml", b"[vars]\nA = \"\xff\"\n").fails("inject: error: p.toml: not UTF-8 at byte 12\n");
    Test::new().file("p.toml", b"\xff\xfea\0").fails("inject: error: p.toml: not UTF-8 at byte 0\n");
}

#[test]
fn an_empty_profile_is_an_empty_environment() {
    Test::profile("").gives("");
    Test::profile("# nothing\r\n").gives("");
}

#[test]
fn names_that_differ_in_case_are_two() {
    Test::profile("[vars]\nA = \"1\"\na = \"2\"\n_ = \"3\"\nA1_ = \"4\"\n").gives("A1_=4\nA=1\n_=3\na=2");
}

#[test]
fn allow_unsafe_names_covers_its_own_file() {
    Test::profile("allow-unsafe-names = true\n[vars]\nLOCPATH = \"x\"\n").gives("LOCPATH=x");
    Test::profile("extends = [\"./b.toml\"]\nallow-unsafe-names = true\n")
        .file("b.toml", "[vars]\nLOCPATH = \"x\"\n")
        .line("-p p.toml -- env")
        .status(125)
        .err_has("b.toml:2: LOCPATH");
    Test::profile("extends = [\"./b.toml\"]\n")
        .file("b.toml", "allow-unsafe-names = true\n[vars]\nLOCPATH = \"x\"\n")
        .gives("LOCPATH=x");
}

#[test]
fn a_name_that_steers_programs_may_be_written_out() {
    Test::profile("[vars]\nBASH_ENV = \"x\"\nPATH = \"/bin\"\n[secrets]\nNODE_OPTIONS = \"env:N\"\n")
        .env("N", "y")
        .gives("BASH_ENV=x\nNODE_OPTIONS=y\nPATH=/bin");
}

#[test]
fn a_source_may_have_its_own_name() {
    let text = "[source.doc]\nkind = \"file\"\nformat = \"json\"\n[secrets]\nA = \"doc:x#a\"\nB = \"file:x.yaml#a\"\n";
    Test::profile(text).file("x", "{\"a\": \"1\"}").file("x.yaml", "a: 2\n").gives("A=1\nB=2");
}

#[test]
fn files_are_relative_to_the_profile_and_only_tilde_is_expanded() {
    let text =
        "[secrets]\nA = \"file:x\"\nB = \"file:../x\"\nC = \"file:~/x\"\nD = \"file:$HOME/x\"\nE = \"file:~x\"\n";
    let test = Test::new().file("a/p.toml", text).file("a/x", "in a").file("x", "above").file("a/$HOME/x", "dollar");
    let run = "-p a/p.toml -- env";
    test.file("a/~x", "tilde").line(run).status(0).stdout("A=in a\nB=above\nC=above\nD=dollar\nE=tilde\n");
    let text = "[secrets]\nA = { from = \"file:~/x\", optional = true }\n";
    Test::profile(text)
        .file("~/x", "wrong")
        .no_env("HOME")
        .fails("inject: error: p.toml:2: A: 'file:~/x': HOME is not set to an absolute path, so there is no ~/\n");
}

#[test]
fn a_program_with_a_slash_is_relative_to_the_profile() {
    let source = |run: &str| {
        format!("[source.op]\nkind = \"command\"\nrun = [\"{run}\", \"<{{}}>\"]\n[secrets]\nA = \"op:x y\"\n")
    };
    let test = || {
        Test::new().script("a/bin/say", "#!/bin/sh\nprintf '%s\\n' \"a $1\"\n").script("say", "#!/bin/sh\necho wrong\n")
    };
    let run = "-p a/p.toml -- env";
    test().file("a/p.toml", source("bin/say")).line(run).status(0).stdout("A=a <x y>\n");
    test().file("a/p.toml", source("./bin/say")).line(run).status(0).stdout("A=a <x y>\n");
    test().file("a/p.toml", source("~/a/bin/say")).line(run).status(0).stdout("A=a <x y>\n");
    test().file("a/p.toml", source("./say")).line(run).status(125).err_has("a/./say: not found");
    // Without one it is found in the caller's PATH.
    let test = test().file("a/p.toml", source("say"));
    let path = test.path("a/bin");
    test.env("PATH", format!("{}:/usr/bin:/bin", path.display())).line(run).status(0).stdout("A=a <x y>\n");
}
