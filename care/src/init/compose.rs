//! The files that a compose file hands to its services: every `env_file`, wherever it stands, anchors and merge keys
//! included. Only their paths are of interest, so no schema is needed.

use saphyr_parser::{Event, Parser};

/// Where docker looks for a project's compose file, and for what it puts on top of it.
pub(super) const NAMES: [&str; 8] = [
    "compose.yaml",
    "compose.yml",
    "docker-compose.yaml",
    "docker-compose.yml",
    "compose.override.yaml",
    "compose.override.yml",
    "docker-compose.override.yaml",
    "docker-compose.override.yml",
];

/// A table with the key whose value comes, or a list.
enum Open {
    Table(Option<String>),
    List,
}

/// The paths as they are written: of `env_file: PATH`, of a list of those, and of a list of `path: PATH`.
///
/// # Errors
/// The line in which it is no YAML.
pub(super) fn env_files(text: &str) -> Result<Vec<String>, usize> {
    let mut open: Vec<Open> = Vec::new();
    let mut found = Vec::new();
    for next in Parser::new_from_str(text) {
        // The error's own words can quote the input.
        let (event, _) = next.map_err(|error| error.marker().line())?;
        match event {
            Event::MappingStart(..) => open.push(Open::Table(None)),
            Event::SequenceStart(..) => open.push(Open::List),
            Event::MappingEnd | Event::SequenceEnd => {
                open.pop();
                taken(&mut open);
            }
            Event::Scalar(text, ..) => match open.last_mut() {
                Some(Open::Table(key @ None)) => *key = Some(text.into_owned()),
                _ => {
                    if names_a_file(&open) {
                        found.push(text.into_owned());
                    }
                    taken(&mut open);
                }
            },
            Event::Alias(_) => taken(&mut open),
            _ => {}
        }
    }
    Ok(found)
}

/// The value of the innermost table's key was read.
fn taken(open: &mut [Open]) {
    if let Some(Open::Table(key)) = open.last_mut() {
        // A table as a key of another one: then its end is a key, and what it was does not matter.
        *key = if key.is_some() { None } else { Some(String::new()) };
    }
}

fn names_a_file(open: &[Open]) -> bool {
    let mut keys = open.iter().rev().filter_map(|open| match open {
        Open::Table(key) => key.as_deref(),
        Open::List => None,
    });
    match keys.next() {
        Some("env_file") => true,
        Some("path") => keys.next() == Some("env_file"),
        _ => false,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_env_file() {
        let text = "
x-common: &common
  env_file: [a.env, 'b env']
services:
  one:
    <<: *common
    env_file: ./c.env
    environment: {env: no, path: no.env}
  two:
    env_file:
      - d.env
      - path: e.env
        required: false
      - {required: true, path: f.env, format: raw}
    build: {env_file_not: x}
    volumes: [{path: no}]
  three: {env_file: *common}
  ? {a: b}
  : {env_file: g.env}
";
        assert_eq!(env_files(text).unwrap(), ["a.env", "b env", "./c.env", "d.env", "e.env", "f.env", "g.env"]);
        assert_eq!(env_files("").unwrap(), [""; 0]);
        assert!(env_files("services: {env_file: x").is_err());
    }
}
