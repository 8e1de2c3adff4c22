//! What somebody who approves a file should have seen of it.

use crate::error::escaped;
use crate::profile::File;
use crate::profile::entry::Value;
use crate::profile::parse::Setting;

/// What a file reads and runs, and what it lets through: what somebody who approves it should have seen, so nothing of it
/// is cut.
pub fn reads(file: &File) -> Vec<String> {
    let mut reads = Vec::new();
    for entry in &file.said.entries {
        match &entry.value {
            // Both are plain text of the file, and both can steer what is run.
            Value::Secret(secret) => {
                reads.push(format!("{} = {}", entry.key.shown(), escaped(&secret.from.shown())));
                let default =
                    secret.default.iter().map(|text| format!("{}, absent, = {}", entry.key.shown(), escaped(text)));
                reads.extend(default);
            }
            Value::Plain(text) => reads.push(format!("{} = {}", entry.key.shown(), escaped(text))),
        }
    }
    for table in &file.said.sources {
        for (key, setting, _) in &table.settings {
            let value = match setting {
                Setting::Text(text) => text.clone(),
                Setting::Flag(flag) => flag.to_string(),
                Setting::List(list) => list.join(" "),
                Setting::Codes(codes) => format!("{codes:?}"),
                Setting::Reference(reference) => reference.to_string(),
            };
            reads.push(format!("source.{}.{key} = {}", table.name, escaped(&value)));
        }
    }
    let said = &file.said;
    let lists =
        [("inherit", &said.inherit), ("inherit-credentials", &said.inherit_credentials), ("extends", &said.extends)];
    for (what, list) in lists.into_iter().filter(|(_, list)| !list.is_empty()) {
        let words: Vec<_> = list.iter().map(|(word, _)| escaped(word)).collect();
        reads.push(format!("{what} {}", words.join(" ")));
    }
    reads.extend(said.audit.iter().map(|(to, _)| format!("audit {}", escaped(to))));
    if said.allow_unsafe_names {
        reads.push("allow-unsafe-names".into());
    }
    reads
}
