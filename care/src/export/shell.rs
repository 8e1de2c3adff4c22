//! One text that sh (dash), bash, zsh and fish read alike: `eval "$(inject export --format shell)"`, in fish
//! `inject export --format shell | source`.
//!
//! Single quotes hold everything in all four but the single quote itself and, in fish, the backslash before one of the two;
//! both stand outside of them, each behind a backslash. How a variable is set differs, and fish's own `export` breaks at
//! newlines: so a function is made first, in fish's words where `'\\'` is one backslash (fish) and else in sh's, and
//! removed at the end. Nothing here is an error under `set -eu`.

use super::Format;

const BEFORE: &[u8] = br#"test '\\' = \\ && eval 'function __inject_set; set -gx $argv[1] $argv[2]; end' || eval '__inject_set() { export "$1=$2"; }'
"#;
const AFTER: &[u8] = br"test '\\' = \\ && eval 'functions -e __inject_set' || unset -f __inject_set
";

pub(super) const FORMAT: Format = Format { name: "shell", before: BEFORE, between: b"", after: AFTER, write };

fn write(out: &mut Vec<u8>, name: &str, value: &[u8]) -> Result<(), String> {
    if OWN.iter().any(|own| own.split(' ').any(|own| own == name)) {
        return Err("one of sh, bash, zsh and fish keeps this name for itself".into());
    }
    if matches!(name, "PATH" | "CDPATH") && value.split(|byte| *byte == b':').any(<[u8]>::is_empty) {
        return Err("fish makes '.' of an empty element of it".into());
    }
    out.extend_from_slice(b"__inject_set ");
    out.extend_from_slice(name.as_bytes());
    out.push(b' ');
    quote(out, value);
    out.push(b'\n');
    Ok(())
}

fn quote(out: &mut Vec<u8>, value: &[u8]) {
    if value.is_empty() {
        out.extend_from_slice(b"''");
    }
    let mut open = false;
    for byte in value {
        let outside = matches!(byte, b'\'' | b'\\');
        if outside == open {
            out.push(b'\'');
            open = !open;
        }
        if outside {
            out.push(b'\\');
        }
        out.push(*byte);
    }
    if open {
        out.push(b'\'');
    }
}

/// The names that hold no text in one of them: read-only, numbers, lists, or changed by the shell itself. What the
/// shells of this machine keep for themselves must be among them (a test asks each shell).
const OWN: [&str; 4] = [
    // sh
    "LINENO OPTIND PPID PWD SHLVL _",
    // bash
    "BASHOPTS BASHPID BASH_ALIASES BASH_ARGC BASH_ARGV BASH_CMDS BASH_COMMAND BASH_LINENO BASH_MONOSECONDS BASH_SOURCE \
     BASH_SUBSHELL BASH_TRAPSIG BASH_VERSINFO COMP_WORDS COPROC DIRSTACK EPOCHREALTIME EPOCHSECONDS EUID FUNCNAME GROUPS \
     HISTCMD MAPFILE PIPESTATUS RANDOM READLINE_ARGUMENT SECONDS SHELLOPTS SRANDOM UID",
    // zsh
    "ARGC COLUMNS EGID FUNCNEST GID HISTCHARS HISTSIZE KEYBOARD_HACK KEYTIMEOUT LINES LISTMAX MAILCHECK SAVEHIST \
     TRY_BLOCK_ERROR TRY_BLOCK_INTERRUPT TTYIDLE USERNAME WATCH ZSH_EVAL_CONTEXT ZSH_SUBSHELL aliases argv builtins \
     cdpath commands dirstack dis_aliases dis_builtins dis_functions dis_functions_source dis_galiases dis_patchars \
     dis_reswords dis_saliases epochtime errnos fignore fpath funcfiletrace funcsourcetrace funcstack functions \
     functions_source functrace galiases histchars history historywords jobdirs jobstates jobtexts keymaps langinfo \
     mailpath manpath mapfile module_path modules nameddirs options parameters patchars path pipestatus psvar reswords \
     saliases signals status sysparams termcap terminfo userdirs usergroups watch widgets zsh_eval_context \
     zsh_scheduled_events",
    // fish
    "FISH_VERSION fish_kill_signal fish_killring fish_pid hostname status_generation umask version",
];

#[cfg(test)]
mod tests {
    use super::quote;

    #[test]
    fn quoted() {
        let quoted = |value: &[u8]| {
            let mut out = Vec::new();
            quote(&mut out, value);
            out
        };
        assert_eq!(quoted(b""), b"''");
        assert_eq!(quoted(b"a b"), b"'a b'");
        assert_eq!(quoted(br"it's\"), br"'it'\''s'\\");
        assert_eq!(quoted(br"\'x"), br"\\\''x'");
    }
}
