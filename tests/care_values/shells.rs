//! `export --format shell`: one text that four shells read alike.

use super::support::{Pair, environment, exported, hostile, piped, same};
use std::collections::BTreeSet;

/// Each shell and how it takes the text from its standard input; `.` and `source` read a file.
const SHELLS: [(&[&str], &str); 9] = [
    (&["sh", "-c"], "eval \"$(cat)\""),
    (&["dash", "-euc"], ". /dev/stdin"),
    (&["dash", "-euc"], "eval \"$(cat)\""),
    (&["bash", "-euc"], "source /dev/stdin"),
    (&["bash", "--posix", "-euc"], "eval \"$(cat)\""),
    (&["zsh", "-feuc"], "source /dev/stdin"),
    (&["zsh", "-feuc"], "setopt rc_quotes sh_word_split ksh_arrays; eval \"$(cat)\""),
    (&["fish", "--no-config", "-c"], "source"),
    (&["fish", "--no-config", "-c"], "cat >$HOME/f; source $HOME/f"),
];

/// The environment of a command of such a shell, and what the shell said.
fn read_by(shell: &[&str], take: &str, locale: &str, text: &[u8]) -> (Vec<Pair>, String) {
    let line = format!("{take}\nexec /usr/bin/env -0");
    let home = tempfile::tempdir().unwrap();
    let env = [("HOME", home.path().to_str().unwrap()), ("LC_ALL", locale)];
    let done = piped(&[shell, &[&line]].concat(), &env, text);
    (environment(&done.stdout), String::from_utf8_lossy(&done.stderr).into_owned())
}

#[test]
fn every_value_in_every_shell() {
    let (text, held, refused) = exported("shell", &hostile());
    assert!(refused.is_empty(), "{refused:?}");
    for (shell, take) in SHELLS {
        for locale in ["C", "C.UTF-8"] {
            let (read, told) = read_by(shell, take, locale, &text);
            assert_eq!(told, "", "{shell:?} {take}");
            same(&format!("{shell:?} {take} ({locale})"), &held, &read);
        }
    }
}

#[test]
fn nothing_is_left_of_how_it_is_done() {
    let (text, ..) = exported("shell", &[("A".into(), b"b".to_vec())]);
    for (shell, take) in SHELLS {
        let line = format!("{take}\ntype __inject_set >&2");
        let home = tempfile::tempdir().unwrap();
        let done = piped(&[shell, &[&line]].concat(), &[("HOME", home.path().to_str().unwrap())], &text);
        let told = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(!done.status.success() && told.contains("__inject_set"), "{shell:?}: {told}");
        assert!(
            !told.contains("function") || told.contains("not found") || told.contains("Could not"),
            "{shell:?}: {told}"
        );
    }
}

/// The variables that the shells of this machine know.
fn own_names() -> BTreeSet<String> {
    let asked: [&[&str]; 5] = [
        &["dash", "-c", "set | sed 's/=.*//'"],
        &["bash", "-c", "compgen -v"],
        &["bash", "-ic", "compgen -v"],
        &[
            "zsh",
            "-fc",
            "zmodload zsh/parameter zsh/zle zsh/complete zsh/mapfile zsh/terminfo; print -l ${(k)parameters}",
        ],
        &["fish", "--no-config", "-c", "set -n"],
    ];
    let mut names: BTreeSet<String> =
        ["LC_ALL", "LANG", "XPATH", "MANPATH", "TERM", "ENV", "TZ", "IGNOREEOF", "TMOUT"].map(String::from).into();
    for words in asked {
        let done = piped(words, &[("HOME", "/nowhere")], b"");
        let known = names.len();
        names.extend(String::from_utf8_lossy(&done.stdout).lines().map(String::from));
        assert!(names.len() > known, "{words:?}: {}", String::from_utf8_lossy(&done.stderr));
    }
    // Not what a profile could set at all.
    names.retain(|name| inject::reference::is_name(name.as_bytes()) && !inject::profile::names::is_loader(name));
    names
}

/// A name that a shell keeps for itself is refused; every other one gets through, and does not change how the rest is
/// read.
#[test]
fn names_that_a_shell_keeps_for_itself() {
    let value = "it's a \\ \n \u{e9} value".as_bytes();
    let mut pairs: Vec<Pair> = own_names().into_iter().map(|name| (name, value.to_vec())).collect();
    pairs.extend([("A_FIRST", value), ("ZZ_LAST", value)].map(|(name, value)| (name.to_owned(), value.to_vec())));
    let (text, held, refused) = exported("shell", &pairs);
    assert!(refused.len() > 80, "{refused:?}");
    for (shell, take) in SHELLS {
        // What it says of a locale that is none is not looked at.
        let (read, _) = read_by(shell, take, "C.UTF-8", &text);
        same(&format!("{shell:?} {take}"), &held, &read);
    }
}

#[test]
fn search_paths() {
    let pairs = ["PATH", "CDPATH", "MANPATH", "OTHER_PATH"].map(|name| (name.to_owned(), b"/usr/bin:/a b:/x".to_vec()));
    let (text, held, refused) = exported("shell", &pairs);
    assert!(refused.is_empty());
    for (shell, take) in SHELLS {
        let (read, _) = read_by(shell, take, "C", &text);
        assert!(held.iter().all(|pair| read.contains(pair)), "{shell:?}: {read:?}");
    }
    let pairs = ["PATH", "CDPATH", "MANPATH", "OTHER_PATH"].map(|name| (name.to_owned(), b"/usr/bin::/x:".to_vec()));
    let (text, held, refused) = exported("shell", &pairs);
    assert_eq!(refused.len(), 2, "{refused:?}");
    for (shell, take) in SHELLS {
        let (read, _) = read_by(shell, take, "C", &text);
        assert!(held.iter().all(|pair| read.contains(pair)), "{shell:?}: {read:?}");
    }
}
