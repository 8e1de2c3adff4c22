//! Which names a variable may have, and from where.

/// Names that make the dynamic loader run other code: refused everywhere without `allow-unsafe-names`.
const LOADER: [&str; 9] =
    ["LD_*", "DYLD_*", "_RLD*", "LDR_*", "LIBPATH", "SHLIB_PATH", "GLIBC_TUNABLES", "GCONV_PATH", "LOCPATH"];

/// Names that steer a program, exact, sorted: sudo's `initial_badenv_table` and what has come up since in interpreters,
/// git, pagers and TLS libraries. A store must not choose one of these.
const STEERING: [&str; 97] = [
    "AUTHSTATE",
    "BASHOPTS",
    "BASH_ENV",
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
    "GIT_SSH",
    "GIT_SSH_COMMAND",
    "GIT_TEMPLATE_DIR",
    "GLOBIGNORE",
    "HOME",
    "HOSTALIASES",
    "IFS",
    "JAVA_TOOL_OPTIONS",
    "JDK_JAVA_OPTIONS",
    "KRB5_KTNAME",
    "LESSCLOSE",
    "LESSOPEN",
    "LISTEN_FDS",
    "LISTEN_PID",
    "LOCALDOMAIN",
    "LUA_CPATH",
    "LUA_INIT",
    "LUA_PATH",
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
    "READNULLCMD",
    "REQUESTS_CA_BUNDLE",
    "RES_OPTIONS",
    "RUBYLIB",
    "RUBYOPT",
    "SHELL",
    "SHELLOPTS",
    "SSH_ASKPASS",
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
    "VISUAL",
    "ZDOTDIR",
    "_JAVA_OPTIONS",
];

/// The same, by how they begin or end.
const STEERING_PATTERNS: [&str; 7] =
    ["BASH_FUNC_*", "GIT_CONFIG*", "KRB5_CONFIG*", "MALLOC_*", "XDG_*", "*_PROXY", "*_proxy"];

/// Whether only `allow-unsafe-names = true` may set this name.
pub fn is_loader(name: &str) -> bool {
    LOADER.iter().any(|pattern| matches(pattern, name))
}

/// Whether a store must not choose this name: it is of the loader class, or it steers a program.
pub fn is_refused_from_a_store(name: &str) -> bool {
    STEERING.binary_search(&name).is_ok()
        || is_loader(name)
        || STEERING_PATTERNS.iter().any(|pattern| matches(pattern, name))
}

/// A pattern with one `*`, first or last: this runs for each name of a large document.
fn matches(pattern: &str, name: &str) -> bool {
    match (pattern.strip_suffix('*'), pattern.strip_prefix('*')) {
        (Some(head), _) => name.starts_with(head),
        (None, Some(tail)) => name.ends_with(tail),
        (None, None) => pattern == name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_for_the_binary_search() {
        assert!(STEERING.is_sorted());
    }

    #[test]
    fn classes() {
        for name in ["LD_PRELOAD", "DYLD_INSERT_LIBRARIES", "GLIBC_TUNABLES", "LD_"] {
            assert!(is_loader(name) && is_refused_from_a_store(name), "{name}");
        }
        for name in
            ["PATH", "BASH_ENV", "NODE_OPTIONS", "https_proxy", "ALL_PROXY", "GIT_CONFIG_COUNT", "_JAVA_OPTIONS"]
        {
            assert!(!is_loader(name) && is_refused_from_a_store(name), "{name}");
        }
        for name in ["DATABASE_URL", "APP_PATH", "LDAP_URL", "PROXY"] {
            assert!(!is_refused_from_a_store(name), "{name}");
        }
    }
}
