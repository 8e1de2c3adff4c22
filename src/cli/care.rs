//! The verbs of `inject-care`: one grammar for both programs, so that a mistake is told before the other one starts.

use super::Load;
use clap::Subcommand;
use std::path::PathBuf;

/// What `inject-care` does.
#[derive(Subcommand)]
pub enum Care {
    /// Store a value where the profile maps NAME
    Set {
        /// What to load.
        #[command(flatten)]
        load: Load,
        /// The variable
        name: String,
        /// Map NAME to this reference first
        #[arg(long, value_name = "REF")]
        to: Option<String>,
        /// Take the value from standard input, byte for byte
        #[arg(long, group = "origin")]
        stdin: bool,
        /// Take the value from a file, byte for byte
        #[arg(long, value_name = "FILE", group = "origin")]
        from_file: Option<PathBuf>,
        /// Make a value up [default SPEC: urlsafe:32]
        #[arg(long, value_name = "SPEC", group = "origin", num_args = 0..=1, default_missing_value = "urlsafe:32")]
        generate: Option<String>,
    },
    /// Remove a value from where the profile maps NAME
    Unset {
        /// What to load.
        #[command(flatten)]
        load: Load,
        /// The variable
        name: String,
        /// Do not ask before a whole secret of a remote store is removed
        #[arg(long)]
        yes: bool,
    },
    /// Write a value to standard output, byte for byte
    Get {
        /// What to load.
        #[command(flatten)]
        load: Load,
        /// The variable
        name: String,
        /// Also to a terminal
        #[arg(long)]
        show: bool,
    },
    /// Compare a value with what is typed; exit 0 where they are equal, else 1
    Verify {
        /// What to load.
        #[command(flatten)]
        load: Load,
        /// The variable
        name: String,
        /// Take the value from standard input, byte for byte
        #[arg(long)]
        stdin: bool,
    },
    /// Make a value up and print it
    Generate {
        /// hex:N, urlsafe:N or base64:N (bytes), alnum:N (characters), words:N or uuid [default: urlsafe:32]
        spec: Option<String>,
    },
    /// Move a .env file, a JSON file or an envchain namespace into a store
    #[command(
        override_usage = "inject import [OPTIONS] FILE --to SOURCE:PREFIX\n       inject import [OPTIONS] --from envchain NAMESPACE... --to SOURCE:PREFIX"
    )]
    Import {
        /// What to load.
        #[command(flatten)]
        load: Load,
        /// A file, or namespaces
        #[arg(value_name = "FILE", required = true)]
        what: Vec<PathBuf>,
        /// Take over namespaces of another tool instead of a file
        #[arg(long, value_parser = ["envchain"])]
        from: Option<String>,
        /// Where each key goes: the prefix is put before it as it stands
        #[arg(long, value_name = "SOURCE:PREFIX")]
        to: String,
        /// Only show what would be done
        #[arg(long)]
        dry_run: bool,
        /// Remove the plaintext afterwards
        #[arg(long)]
        remove: bool,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// Print the environment for where exec cannot reach
    Export {
        /// What to load.
        #[command(flatten)]
        load: Load,
        /// How to write it
        #[arg(long, value_parser = ["dotenv", "json", "shell", "docker", "github", "systemd"])]
        format: String,
        /// Also to a terminal
        #[arg(long)]
        show: bool,
    },
    /// Write a first profile from what is found in this project
    Init {
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// Look for the values of a profile in files; exit 1 where one is found
    Scan {
        /// What to load.
        #[command(flatten)]
        load: Load,
        /// Look into what git has staged, as it is in the index
        #[arg(long, conflicts_with = "paths")]
        staged: bool,
        /// A file, ignored or not, or a folder without what git ignores in it [default: the work tree]
        #[arg(value_name = "PATH")]
        paths: Vec<PathBuf>,
    },
    /// Say what would keep a launch from working here
    Doctor {
        /// What to load.
        #[command(flatten)]
        load: Load,
    },
}
