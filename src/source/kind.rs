//! The kinds of source that a profile may name: what each is called, what may be said of it, and what it may see.

/// What a setting in `[source.NAME]` holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// A string.
    Text,
    /// `true` or `false`.
    Flag,
    /// An array of strings.
    List,
    /// An array of exit codes, 1 to 255.
    Codes,
    /// One of these strings.
    Choice(&'static [&'static str]),
}

/// A setting of a kind.
pub struct Setting {
    /// As the profile writes it.
    pub name: &'static str,
    /// Its type.
    pub holds: Holds,
    /// Whether a source of this kind cannot do without it.
    pub required: bool,
}

/// What stands behind the `:` of a reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Locates {
    /// A name or a path that the source itself understands.
    Item,
    /// A file, relative to the profile that names it.
    File,
}

/// What a field or a `*` can be taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Documents {
    /// The source gives single values only.
    None,
    /// Every answer is a .env file, and a missing field is the variable's own name.
    Dotenv,
    /// `format` says, else the file's ending, else JSON where it starts with `{`.
    ByName,
    /// `format` says, else JSON where it starts with `{`, else .env.
    ByLook,
}

/// A row of the table: everything that is known of a kind without opening a source.
pub struct Kind {
    /// As the profile writes it.
    pub name: &'static str,
    /// What stands behind the `:`.
    pub locates: Locates,
    /// What fields are taken from.
    pub documents: Documents,
    /// What `[source.NAME]` may say, `kind` and, for what `inject-store` opens, `pass-env` apart.
    pub settings: &'static [Setting],
    /// Patterns of the variables that hold its credentials, or the paths to them.
    pub credentials: &'static [&'static str],
    /// For a kind that `inject-store` opens: patterns of the caller's variables that it gets.
    pub store: Option<&'static [&'static str]>,
}

const FORMAT: Setting =
    Setting { name: "format", holds: Holds::Choice(&["dotenv", "json", "yaml", "toml"]), required: false };

/// The table.
pub const KINDS: &[Kind] = &[
    Kind {
        name: "env",
        locates: Locates::Item,
        documents: Documents::None,
        settings: &[],
        credentials: &[],
        store: None,
    },
    Kind {
        name: "dotenv",
        locates: Locates::File,
        documents: Documents::Dotenv,
        settings: &[
            Setting { name: "expand", holds: Holds::Flag, required: false },
            Setting { name: "dialect", holds: Holds::Choice(&["python", "rust"]), required: false },
        ],
        credentials: &[],
        store: None,
    },
    Kind {
        name: "file",
        locates: Locates::File,
        documents: Documents::ByName,
        settings: &[FORMAT],
        credentials: &[],
        store: None,
    },
    Kind {
        name: "keychain",
        locates: Locates::Item,
        documents: Documents::ByLook,
        settings: &[FORMAT],
        credentials: &[],
        store: Some(&["DBUS_SESSION_BUS_ADDRESS", "DISPLAY", "HOME", "PATH", "WAYLAND_DISPLAY", "XDG_*"]),
    },
    Kind {
        name: "systemd",
        locates: Locates::Item,
        documents: Documents::ByLook,
        settings: &[FORMAT],
        credentials: &["CREDENTIALS_DIRECTORY"],
        store: None,
    },
    Kind {
        name: "command",
        locates: Locates::Item,
        documents: Documents::ByLook,
        settings: &[
            Setting { name: "run", holds: Holds::List, required: true },
            Setting { name: "credentials", holds: Holds::List, required: false },
            Setting { name: "raw", holds: Holds::Flag, required: false },
            Setting { name: "absent-exit", holds: Holds::Codes, required: false },
            FORMAT,
        ],
        credentials: &[],
        store: None,
    },
];

/// The row with this name.
pub fn kind(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name == name)
}
