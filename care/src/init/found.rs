//! The files of a project that hold secrets in plain text, and the lines of a profile that read them.

use super::compose;
use inject::clock::Clock;
use inject::document::dotenv::Dialect;
use inject::document::{Document, Format, Mistake, Node, written};
use inject::error::{Fault, printable};
use inject::profile::names;
use inject::reference::is_name;
use inject::secret::Secret;
use inject::source::file::Files;
use inject::source::{Locator, Note, Payload, Source};
use std::path::Path;
use std::time::Duration;

/// A pipe is no project's file.
const PATIENCE: Duration = Duration::from_secs(5);

/// One file.
pub(super) struct Plain {
    /// From here, without a `./`.
    pub(super) path: String,
    /// The kind of source that reads it.
    pub(super) source: &'static str,
    /// Names, and the field of each where it is not the name itself.
    pub(super) variables: Vec<(String, Option<String>)>,
    /// Whether only a source with `expand = true` reads it.
    pub(super) expands: bool,
}

/// What is found in this folder.
#[derive(Default)]
pub(super) struct Found {
    /// In the order in which they are mapped; also those that cannot be.
    pub(super) files: Vec<Plain>,
    /// What is not mapped, and why.
    pub(super) notes: Vec<String>,
    /// What others can read.
    pub(super) loose: Vec<Note>,
}

/// Why a path is no file of the project.
enum Miss {
    Absent,
    Outside,
}

impl Found {
    /// Looks for a `.env`, for what compose files name, and for a `secrets.json`.
    pub(super) fn here() -> Self {
        let mut found = Self::default();
        found.add(".env", "dotenv", None);
        for name in compose::NAMES {
            let Ok(Payload { bytes, .. }) = read(name) else { continue };
            match std::str::from_utf8(bytes.expose()).map_err(|_| 1).and_then(compose::env_files) {
                Ok(paths) => paths.iter().for_each(|path| found.add(path, "dotenv", Some(name))),
                Err(line) => found.notes.push(format!("{name}:{line}: not YAML, so nobody knows its env_file")),
            }
        }
        found.add("secrets.json", "file", None);
        found
    }

    fn add(&mut self, path: &str, source: &'static str, named_by: Option<&str>) {
        let by = named_by.map_or_else(String::new, |by| format!(", which {by} names,"));
        let path = match within(Path::new(path)) {
            Ok(path) => path,
            // What nobody names need not be there.
            Err(Miss::Absent) if named_by.is_none() => return,
            Err(Miss::Absent) => {
                return self.notes.push(format!("{}{by} is not there, so it is left out", printable(path)));
            }
            Err(Miss::Outside) => {
                return self.notes.push(format!("{}{by} is not in this folder, so it is left out", printable(path)));
            }
        };
        if self.files.iter().any(|file| file.path == path) {
            return;
        }
        let mut plain = Plain { path, source, variables: Vec::new(), expands: false };
        if let Err(why) = self.read(&mut plain) {
            self.notes.push(format!("{why}, so it is not mapped"));
        }
        self.files.push(plain);
    }

    /// Finds the variables of a file.
    ///
    /// # Errors
    /// It cannot be read, or is not what it should be.
    fn read(&mut self, plain: &mut Plain) -> Result<(), String> {
        let shown = printable(&plain.path);
        let Payload { bytes, notes, .. } = read(&plain.path).map_err(|fault| format!("{shown}: {}", fault.message))?;
        self.loose.extend(notes);
        let format = if plain.source == "dotenv" { Format::Dotenv } else { Format::Json };
        let parsed = |dialect| Document::parse(Secret::from(bytes.expose()), format, dialect);
        let document = parsed(Dialect::Python).or_else(|mistake| {
            plain.expands = format == Format::Dotenv;
            parsed(Dialect::PythonExpand).map_err(|_| mistake)
        });
        let document = document.map_err(|Mistake { line, message, .. }| {
            let line = line.map_or_else(String::new, |line| format!("{line}: "));
            format!("{shown}:{line}{message}")
        })?;
        let mut leaves = Vec::new();
        leaves_of(document.root(), document.bytes(), &mut Vec::new(), &mut leaves);
        let (mut steering, mut unnamed) = (Vec::new(), Vec::new());
        for steps in leaves {
            let field = if format == Format::Dotenv { steps.join(".") } else { written(&steps) };
            let name = name(&steps);
            let first = self.files.iter().find(|file| file.variables.iter().any(|(known, _)| *known == name));
            if !is_name(name.as_bytes()) || plain.variables.iter().any(|(known, _)| *known == name) {
                unnamed.push(printable(&field));
            } else if names::is_refused_from_a_store(&name) {
                steering.push(name);
            } else if let Some(first) = first {
                self.notes.push(format!("{shown}: {name} is taken from {}", printable(&first.path)));
            } else {
                let itself = format == Format::Dotenv && field == name;
                plain.variables.push((name, Some(field).filter(|_| !itself)));
            }
        }
        let mut left_out = |why: &str, names: Vec<String>| {
            if !names.is_empty() {
                self.notes.push(format!("{shown}: left out, since {why}: {}", names.join(", ")));
            }
        };
        left_out("these names steer programs, and only a line that is written by hand sets one on purpose", steering);
        left_out("these are no names of variables, or make one that is there already", unnamed);
        Ok(())
    }
}

/// The way to every text.
fn leaves_of(node: &Node, document: &[u8], steps: &mut Vec<String>, leaves: &mut Vec<Vec<String>>) {
    match node {
        Node::Text(_) if !steps.is_empty() => leaves.push(steps.clone()),
        Node::Table(table) => {
            for (key, value) in table.iter() {
                steps.push(String::from_utf8_lossy(key.bytes(document)).into_owned());
                leaves_of(value, document, steps, leaves);
                steps.pop();
            }
        }
        Node::List(items) => {
            for (at, item) in items.iter().enumerate() {
                steps.push(at.to_string());
                leaves_of(item, document, steps, leaves);
                steps.pop();
            }
        }
        _ => {}
    }
}

/// What the variable is called: as its key where that can be, else as the way to it, in capitals.
fn name(steps: &[String]) -> String {
    match steps {
        [key] if is_name(key.as_bytes()) => key.clone(),
        _ => {
            let whole = steps.join("_").to_uppercase();
            whole.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
        }
    }
}

/// The path of a file of this folder, from here, every link resolved: a repository of somebody else's must not lead a
/// profile to what lies elsewhere.
fn within(path: &Path) -> Result<String, Miss> {
    let real = |path| std::fs::canonicalize(path).map_err(|_| Miss::Absent);
    let (here, file) = (real(Path::new("."))?, real(path)?);
    let inside = file.strip_prefix(&here).map_err(|_| Miss::Outside)?;
    if !file.is_file() {
        return Err(Miss::Absent);
    }
    inside.to_str().map(String::from).ok_or(Miss::Outside)
}

/// A file as a source reads it.
fn read(path: &str) -> Result<Payload, Fault> {
    let (clock, locator) = (Clock::new(PATIENCE), Locator { kind: "file", text: path.into(), options: Vec::new() });
    let files = Files { name: "init", clock: &clock, folder: None };
    files.fetch(&[locator])?.pop().unwrap_or_else(|| Err(Fault::invalid("was not read")))
}
