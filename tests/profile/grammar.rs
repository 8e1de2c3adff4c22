//! What a profile may say, and how it is told what it may not: file, line, and what was probably meant.

use super::support::{env, refused, refuses, vars};
use crate::common::Test;

/// One wrong line, the second of `[secrets]`, and what is told of it.
#[track_caller]
fn secret(line: &str, told: &[&str]) {
    let first = format!("error: p.toml:2: {}", told[0]);
    refused(&format!("[secrets]\n{line}\n"), &[&[first.as_str()], &told[1..]].concat());
}

#[test]
fn unknown_keys() {
    refused("extend = ['a']", &["error: p.toml:1: unknown key 'extend'", "hint: did you mean 'extends'?"]);
    refused("\n[secret]", &["error: p.toml:2: unknown key 'secret'", "hint: did you mean 'secrets'?"]);
    refused("[sources.x]", &["error: p.toml:1: unknown key 'sources'", "hint: did you mean 'source'?"]);
    let all = "hint: there are description, extends, inherit, inherit-credentials, timeout, allow-unsafe-names, audit, audit-required, vars, \
               secrets, source";
    refused("zzz = 1", &["error: p.toml:1: unknown key 'zzz'", all]);
}

#[test]
fn wrong_types_at_the_top() {
    for (text, told) in [
        ("description = 1", "description: a string is wanted here, and this is a number"),
        ("extends = 'a'", "extends: an array of strings is wanted here, and this is a string"),
        ("inherit = true", "inherit: an array of strings is wanted here, and this is a boolean"),
        ("inherit-credentials = [[]]", "inherit-credentials: a string is wanted here, and this is an array"),
        ("timeout = 30", "timeout: a string is wanted here, and this is a number"),
        ("timeout = '30'", "timeout: '30' is no duration; write an integer and ms, s, m, h or d, like 30s"),
        ("allow-unsafe-names = 'yes'", "allow-unsafe-names: true or false is wanted here, and this is a string"),
        ("vars = 1979-05-27", "vars: a table is wanted here, and this is a date"),
        ("secrets = []", "secrets: a table is wanted here, and this is an array"),
        ("source.x = 'command'", "source.x: a table is wanted here, and this is a string"),
        ("inherit = ['A-B']", "inherit: 'A-B' is neither a name nor a pattern like LC_*"),
        ("inherit = ['']", "inherit: '' is neither a name nor a pattern like LC_*"),
    ] {
        refused(text, &[&format!("error: p.toml:1: {told}")]);
    }
}

#[test]
fn vars_are_strings() {
    for (value, is) in [("3", "a number"), ("1.5", "a number"), ("true", "a boolean"), ("[]", "an array")] {
        let told = format!("error: p.toml:3: A: a string is wanted here, and this is {is}");
        refused(&format!("[vars]\n\nA = {value}"), &[&told]);
    }
    refused("vars.A.b = 'x'", &["error: p.toml:1: A: a string is wanted here, and this is a table"]);
    refused(
        "[vars]\nA = 'env:HOME'\nB = \"x\\u0000y\"",
        &["error: p.toml:3: B: a NUL character, at byte 1, cannot be in a variable"],
    );
    env("[vars]\nA = 'env:HOME'").stdout(vars(&[("A", "env:HOME")])).run();
}

#[test]
fn references() {
    let plain = "hint: a plain text belongs in [vars]";
    let form = "A: a reference is SOURCE:LOCATOR or SOURCE:LOCATOR#FIELD; there is no ':' in this one";
    secret("A = 'text'", &[form, plain]);
    secret("A = ''", &[form, plain]);
    secret("A = ':x'", &["A: a reference starts with the name of a source; there is nothing before the ':'"]);
    secret("A = 'env:'", &["A: there is nothing behind 'env:'"]);
    secret("A = 'file:x#'", &["A: there is no field behind the '#'"]);
    secret("A = \"file:x\\u0000\"", &["A: a reference cannot hold a NUL character"]);
    secret("A = 'evn:X'", &["A: unknown source 'evn'", "hint: did you mean 'env'?"]);
    secret("A = 'env:A-B'", &["A: 'env:A-B': 'A-B' is no name of a variable"]);
    secret("A = 'env:B#c'", &["A: 'env:B#c': a source of kind 'env' has no fields"]);
    secret("A = 'keychain:x'", &["A: 'keychain:x': a keychain item is SERVICE/ACCOUNT"]);
    secret("A = 'systemd:a/b'", &["A: 'systemd:a/b': a credential's name has no '/'"]);
    secret("A = 'file:x/'", &["A: 'file:x/': names a folder, not a file"]);
    secret("A = 3", &["A: a string is wanted here, and this is a number"]);
    secret("A = []", &["A: an empty list names no source"]);
    secret("A = { from = [] }", &["A: an empty list names no source"]);
    secret("A = { from = ['env:B', 3] }", &["A: a string is wanted here, and this is a number"]);
    secret("A = \"e\\u001bv:x\"", &["A: unknown source 'e\\u{1b}v'", "hint: did you mean 'env'?"]);
}

#[test]
fn options_of_an_entry() {
    let of = |rest: &str| format!("A = {{ from = 'env:B', {rest} }}");
    for (rest, told) in [
        ("optional = 'yes'", "A: optional: true or false is wanted here, and this is a string"),
        ("default = 1", "A: default: a string is wanted here, and this is a number"),
        ("decode = true", "A: decode: a string is wanted here, and this is a boolean"),
        ("trim = 1", "A: trim: true or false is wanted here, and this is a number"),
        ("expose = []", "A: expose: true or false is wanted here, and this is an array"),
        ("field = 1", "A: field: a string is wanted here, and this is a number"),
        ("optional = true, default = 'x'", "A: 'optional' and 'default' exclude each other"),
        ("default = \"a\\u0000\"", "A: a NUL character cannot be in a variable"),
        ("template = 'x'", "A: one of 'from' and 'template' says where it comes from"),
    ] {
        secret(&of(rest), &[told]);
    }
    secret(&of("optinal = true"), &["A: unknown option 'optinal'", "hint: did you mean 'optional'?"]);
    secret(&of("decode = 'bas64'"), &["A: decode: unknown encoding 'bas64'", "hint: did you mean 'base64'?"]);
    secret(&of("decode = 'rot13'"), &["A: decode: unknown encoding 'rot13'", "hint: there are base64, base64url, hex"]);
    secret("A = {}", &["A: one of 'from' and 'template' says where it comes from"]);
    secret(
        "'*' = { from = 'dotenv:x', default = '' }",
        &["*: a pattern cannot have a default: which name would it be for?"],
    );
    secret("'A_*' = { template = 'x' }", &["A_*: a pattern takes its names from a document, not from a template"]);
}

#[test]
fn templates() {
    let of = |text: &str| format!("A = {{ template = '{text}' }}");
    secret(&of("${B}"), &["A: the template uses 'B', which this profile does not set"]);
    secret(&of("${A}"), &["A: the template uses itself: A -> A"]);
    refused(
        "vars.LONG_NAME = ''\nsecrets.A.template = '${LONG_NAM}'",
        &[
            "error: p.toml:2: A: the template uses 'LONG_NAM', which this profile does not set",
            "hint: did you mean 'LONG_NAME'?",
        ],
    );
    for rest in ["optional = true", "default = 'x'"] {
        secret(
            &format!("A = {{ template = 'x', {rest} }}"),
            &["A: a template is never absent: 'optional' and 'default' belong to what it uses"],
        );
    }
    secret("A = { template = 'x', trim = true }", &["A: 'decode', 'trim' and 'field' do not go with a template"]);
    refused(
        "secrets.A.template = '${B}'\nsecrets.B.template = '${A}'",
        &["error: p.toml:2: B: the template uses itself: A -> B -> A"],
    );
}

#[test]
fn everything_at_once_sorted_by_line() {
    refused(
        "zzz = 1\nextends = [1]\n[secrets]\nA = 'evn:X'\nB = 3\nC = { from = 'op:x', optional = 1, trim = 2 }\n1D = 'env:X'\n\
         [source.op]\nkind = 'comand'\n[vars]\nB = 'b'\nLD_PRELOAD = 'x'\n",
        &[
            "error: p.toml:1: unknown key 'zzz'",
            "hint: there are description, extends, inherit, inherit-credentials, timeout, allow-unsafe-names, audit, audit-required, vars, \
             secrets, source",
            "error: p.toml:2: extends: a string is wanted here, and this is a number",
            "error: p.toml:4: A: unknown source 'evn'",
            "hint: did you mean 'env'?",
            "error: p.toml:5: B: a string is wanted here, and this is a number",
            "error: p.toml:6: C: optional: true or false is wanted here, and this is a number",
            "error: p.toml:6: C: trim: true or false is wanted here, and this is a number",
            "error: p.toml:7: '1D' is no name of a variable: letters, digits and '_', and no digit first",
            "error: p.toml:9: source.op: unknown kind 'comand'",
            "hint: did you mean 'command'?",
            "error: p.toml:12: LD_PRELOAD: this name makes the dynamic loader run other code",
            "hint: allow-unsafe-names = true, at the top of this file, sets it all the same",
        ],
    );
    refuses(
        env("vars.A = 1").file("q.toml", "vars.B = 2").replace_arg("p.toml", "q.toml,no.toml,p.toml"),
        &[
            "error: no.toml: no such profile",
            "error: p.toml:1: A: a string is wanted here, and this is a number",
            "error: q.toml:1: B: a string is wanted here, and this is a number",
        ],
    );
}

#[test]
fn names_of_variables() {
    for name in ["1A", "A-B", "A=B", "", "é", "A B"] {
        let told =
            format!("error: p.toml:1: '{name}' is no name of a variable: letters, digits and '_', and no digit first");
        refused(&format!("vars.'{name}' = 'x'"), &[&told]);
        refused(&format!("secrets.'{name}' = 'env:X'"), &[&told]);
    }
    refused(
        "vars.\"A\\n\" = 'x'",
        &["error: p.toml:1: 'A\\n' is no name of a variable: letters, digits and '_', and no digit first"],
    );
    refused(
        "secrets.'A*B' = 'env:X'",
        &[
            "error: p.toml:1: 'A*B' is no name of a variable: letters, digits and '_', and no digit first",
            "hint: a pattern is \"*\" or ends in it, like \"APP_*\"",
        ],
    );
    env("vars.a = '1'\nvars.A = '2'\nvars._ = '3'").stdout(vars(&[("a", "1"), ("A", "2"), ("_", "3")])).run();
}

#[test]
fn names_that_make_the_loader_run_other_code() {
    let hint = "hint: allow-unsafe-names = true, at the top of this file, sets it all the same";
    for name in ["LD_PRELOAD", "DYLD_INSERT_LIBRARIES", "GLIBC_TUNABLES"] {
        let told = format!("error: p.toml:1: {name}: this name makes the dynamic loader run other code");
        refused(&format!("vars.{name} = ''"), &[&told, hint]);
        refused(&format!("secrets.{name} = 'env:HOME'"), &[&told, hint]);
        env(&format!("allow-unsafe-names = true\nvars.{name} = ''")).stdout(vars(&[(name, "")])).run();
    }
    // Written out by hand, what only steers a program is set.
    env("vars.NODE_OPTIONS = 'x'\nvars.https_proxy = 'y'")
        .stdout(vars(&[("NODE_OPTIONS", "x"), ("https_proxy", "y")]))
        .run();
    // It covers its own file.
    let below =
        Test::new().file("b.toml", "vars.LD_PRELOAD = ''").file("p.toml", "allow-unsafe-names = true\nextends = ['b']");
    refuses(
        below.args(["-p", "p.toml", "--", "/bin/true"]),
        &["error: b.toml:1: LD_PRELOAD: this name makes the dynamic loader run other code", hint],
    );
}
