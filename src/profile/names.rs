//! Which names a variable may have, and from where.

use crate::document::Document;
use crate::error::Fault;
use crate::reference::is_name;
use std::borrow::Cow;

/// Names that make the dynamic loader run other code: refused everywhere without `allow-unsafe-names`.
const LOADER: [&str; 5] = ["LIBPATH", "SHLIB_PATH", "GLIBC_TUNABLES", "GCONV_PATH", "LOCPATH"];
const LOADER_HEADS: [&str; 4] = ["LD_", "DYLD_", "_RLD", "LDR_"];

/// Names that steer a program, exact, sorted: sudo's `initial_badenv_table` and what has come up since in interpreters,
/// git, pagers and TLS libraries. A store must not choose one of these.
const STEERING: [&str; 108] = [
    "AUTHSTATE",
    "BASHOPTS",
    "BASH_ENV",
    "BASH_LOADABLES_PATH",
    "BROWSER",
    "CDPATH",
    "CLASSPATH",
    "CORECLR_PROFILER",
    "CORECLR_PROFILER_PATH",
    "COR_PROFILER",
    "COR_PROFILER_PATH",
    "CREDENTIALS_DIRECTORY",
    "CURL_CA_BUNDLE",
    "CURL_HOME",
    "DBUS_SESSION_BUS_ADDRESS",
    "DLC_ACE",
    "DOTNET_STARTUP_HOOKS",
    "EDITOR",
    "ENV",
    "EXINIT",
    "FPATH",
    "GEM_HOME",
    "GEM_PATH",
    "GIT_ASKPASS",
    "GIT_DIR",
    "GIT_EDITOR",
    "GIT_EXEC_PATH",
    "GIT_EXTERNAL_DIFF",
    "GIT_PAGER",
    "GIT_PROXY_COMMAND",
    "GIT_SEQUENCE_EDITOR",
    "GIT_SSH",
    "GIT_SSH_COMMAND",
    "GIT_TEMPLATE_DIR",
    "GLOBIGNORE",
    "GOFLAGS",
    "HOME",
    "HOSTALIASES",
    "IFS",
    "JAVA_TOOL_OPTIONS",
    "JDK_JAVA_OPTIONS",
    "KRB5_KTNAME",
    "LESS",
    "LESSCLOSE",
    "LESSOPEN",
    "LISTEN_FDS",
    "LISTEN_PID",
    "LOCALDOMAIN",
    "LUA_CPATH",
    "LUA_INIT",
    "LUA_PATH",
    "MAKEFILES",
    "MAKEFLAGS",
    "MANPAGER",
    "NLSPATH",
    "NODE_EXTRA_CA_CERTS",
    "NODE_OPTIONS",
    "NODE_PATH",
    "NODE_TLS_REJECT_UNAUTHORIZED",
    "NOTIFY_SOCKET",
    "NULLCMD",
    "OPENSSL_CONF",
    "OPENSSL_ENGINES",
    "OPENSSL_MODULES",
    "PAGER",
    "PATH",
    "PATH_LOCALE",
    "PERL5DB",
    "PERL5LIB",
    "PERL5OPT",
    "PERLIO_DEBUG",
    "PERLLIB",
    "PHPRC",
    "PHP_INI_SCAN_DIR",
    "PROMPT_COMMAND",
    "PS4",
    "PYTHONBREAKPOINT",
    "PYTHONEXECUTABLE",
    "PYTHONHOME",
    "PYTHONINSPECT",
    "PYTHONPATH",
    "PYTHONSTARTUP",
    "PYTHONUSERBASE",
    "PYTHONWARNINGS",
    "READNULLCMD",
    "REQUESTS_CA_BUNDLE",
    "RES_OPTIONS",
    "RUBYLIB",
    "RUBYOPT",
    "RUSTC_WRAPPER",
    "SHELL",
    "SHELLOPTS",
    "SSH_ASKPASS",
    "SSLKEYLOGFILE",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "TERMCAP",
    "TERMINFO",
    "TERMINFO_DIRS",
    "TERMPATH",
    "TMPDIR",
    "TMPPREFIX",
    "USR_ACE",
    "VAR_ACE",
    "VIMINIT",
    "VISUAL",
    "ZDOTDIR",
    "_JAVA_OPTIONS",
];

/// The same, by how they begin or end.
const STEERING_HEADS: [&str; 9] = [
    "BASH_FUNC_",
    "GIT_CONFIG",
    "KRB5_CONFIG",
    "LUA_CPATH_",
    "LUA_INIT_",
    "LUA_PATH_",
    "MALLOC_",
    "XDG_",
    "npm_config_",
];
const STEERING_TAILS: [&str; 2] = ["_PROXY", "_proxy"];

/// For each first byte, the lengths of [`STEERING`]'s names as bits: nearly every name of a large document is told apart
/// by these alone.
const LENGTHS: [u32; 256] = {
    let mut lengths = [0; 256];
    let mut at = 0;
    while at < STEERING.len() {
        lengths[STEERING[at].as_bytes()[0] as usize] |= 1 << STEERING[at].len();
        at += 1;
    }
    lengths
};

/// Whether only `allow-unsafe-names = true` may set this name.
pub fn is_loader(name: &str) -> bool {
    LOADER.contains(&name) || LOADER_HEADS.iter().any(|head| name.starts_with(head))
}

/// Whether a store must not choose this name: it is of the loader class, or it steers a program.
pub fn is_refused_from_a_store(name: &str) -> bool {
    is_steering(name)
        || is_loader(name)
        || STEERING_HEADS.iter().any(|head| name.starts_with(head))
        || STEERING_TAILS.iter().any(|tail| name.ends_with(tail))
}

fn is_steering(name: &str) -> bool {
    let lengths = name.bytes().next().map_or(0, |first| LENGTHS[usize::from(first)]);
    name.len() < 32 && lengths & (1 << name.len()) != 0 && STEERING.binary_search(&name).is_ok()
}

/// The name that a key of a document gets, unless a store must not choose it.
///
/// # Errors
/// It is no name, or one that steers programs.
pub fn of_key<'a>(prefix: &str, key: Result<&'a str, &'a [u8]>, document: &Document) -> Result<Cow<'a, str>, Fault> {
    let name = match (prefix, key) {
        ("", Ok(key)) => Cow::Borrowed(key),
        (_, Ok(key)) => Cow::Owned(format!("{prefix}{key}")),
        (_, Err(_)) => Cow::Borrowed(""),
    };
    if !is_name(name.as_bytes()) {
        return Err(Fault::invalid(format!(
            "the key {} is no name of a variable",
            document.shown(key.map_or_else(|bytes| bytes, str::as_bytes))
        )));
    }
    if is_refused_from_a_store(&name) {
        let fault = Fault::invalid(format!("{name}: a document must not choose this name, which steers programs"));
        return Err(fault.hint(format!("{name} = \"...\", written out, sets it on purpose")));
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_for_the_binary_search() {
        assert!(STEERING.is_sorted());
        assert!(STEERING.iter().all(|name| is_steering(name)));
    }

    #[test]
    fn classes() {
        for name in ["LD_PRELOAD", "DYLD_INSERT_LIBRARIES", "GLIBC_TUNABLES", "LD_"] {
            assert!(is_loader(name) && is_refused_from_a_store(name), "{name}");
        }
        for name in [
            "PATH",
            "BASH_ENV",
            "NODE_OPTIONS",
            "https_proxy",
            "ALL_PROXY",
            "GIT_CONFIG_COUNT",
            "_JAVA_OPTIONS",
            "npm_config_script_shell",
            "SSLKEYLOGFILE",
        ] {
            assert!(!is_loader(name) && is_refused_from_a_store(name), "{name}");
        }
        for name in ["DATABASE_URL", "APP_PATH", "LDAP_URL", "PROXY"] {
            assert!(!is_refused_from_a_store(name), "{name}");
        }
    }
}
