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
    /// A file, relative to the profile that names it.
    File,
    /// A reference: what it gives is a credential.
    Reference,
    /// A string, or a reference where it begins with a source's name.
    TextOrReference,
    /// A file, or a reference where it begins with a source's name.
    FileOrReference,
    /// A string, or an integer from 1.
    Version,
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
    /// Every answer is a JSON object, and a missing field is its only one.
    Fields,
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
    /// What an entry may say beyond what every entry may.
    pub options: &'static [Setting],
    /// Patterns of the variables that hold its credentials, or the paths to them.
    pub credentials: &'static [&'static [&'static str]],
    /// For a kind that `inject-store` opens.
    pub store: Option<Store>,
}

/// How `inject-store` opens a kind.
pub struct Store {
    /// The kind that it is started as. Sources that are started alike and have equal settings share a process.
    pub opens: &'static str,
    /// Patterns of the caller's variables that it gets.
    pub env: &'static [&'static [&'static str]],
}

const fn setting(name: &'static str, holds: Holds) -> Setting {
    Setting { name, holds, required: false }
}

const FORMAT: Setting = setting("format", Holds::Choice(&["dotenv", "json", "yaml", "toml"]));

mod remote;

/// The table.
pub const KINDS: &[Kind] = &[
    Kind {
        name: "env",
        locates: Locates::Item,
        documents: Documents::None,
        settings: &[],
        options: &[],
        credentials: &[],
        store: None,
    },
    Kind {
        name: "dotenv",
        locates: Locates::File,
        documents: Documents::Dotenv,
        settings: &[setting("expand", Holds::Flag), setting("dialect", Holds::Choice(&["python", "rust"]))],
        options: &[],
        credentials: &[],
        store: None,
    },
    Kind {
        name: "file",
        locates: Locates::File,
        documents: Documents::ByName,
        settings: &[FORMAT],
        options: &[],
        credentials: &[],
        store: None,
    },
    Kind {
        name: "keychain",
        locates: Locates::Item,
        documents: Documents::ByLook,
        settings: &[FORMAT],
        options: &[],
        credentials: &[],
        store: Some(Store {
            opens: "keychain",
            env: &[&["DBUS_SESSION_BUS_ADDRESS", "DISPLAY", "HOME", "PATH", "WAYLAND_DISPLAY", "XDG_*"]],
        }),
    },
    remote::VAULT,
    remote::AWS,
    remote::SSM,
    remote::GCP,
    remote::AZURE,
    Kind {
        name: "sops",
        locates: Locates::File,
        documents: Documents::ByName,
        settings: &[FORMAT],
        options: &[],
        // Whoever keeps the key of a file, sops logs in there as the others do.
        credentials: &[
            &["SOPS_AGE_KEY*", "SOPS_AGE_SSH_PRIVATE_KEY*", "GNUPGHOME", "HUAWEICLOUD_SDK_*"],
            remote::VAULT_CREDENTIALS,
            remote::AWS_CREDENTIALS,
            remote::GCP_CREDENTIALS,
            remote::AZURE_CREDENTIALS,
        ],
        store: None,
    },
    Kind {
        name: "systemd",
        locates: Locates::Item,
        documents: Documents::ByLook,
        settings: &[FORMAT],
        options: &[],
        credentials: &[&["CREDENTIALS_DIRECTORY"]],
        store: None,
    },
    Kind {
        name: "command",
        locates: Locates::Item,
        documents: Documents::ByLook,
        settings: &[
            Setting { name: "run", holds: Holds::List, required: true },
            setting("credentials", Holds::List),
            setting("raw", Holds::Flag),
            setting("absent-exit", Holds::Codes),
            FORMAT,
        ],
        options: &[],
        credentials: &[],
        store: None,
    },
];

impl Kind {
    /// What its sources are opened as: kinds that are opened alike can share a process.
    pub fn opens(&self) -> &'static str {
        self.store.as_ref().map_or(self.name, |store| store.opens)
    }

    /// Whether an entry that reads from it may have this option.
    pub fn has_option(&self, name: &str) -> bool {
        self.options.iter().any(|option| option.name == name)
    }
}

/// The options of an entry that only some kinds know.
pub fn options() -> impl Iterator<Item = &'static Setting> {
    KINDS.iter().flat_map(|kind| kind.options)
}

/// Their names, each once.
pub fn option_names() -> Vec<&'static str> {
    let mut names: Vec<_> = options().map(|option| option.name).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// The row with this name.
pub fn kind(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name == name)
}
