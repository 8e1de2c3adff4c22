//! The verbs that load a profile and run nothing.

pub mod check;
pub mod completions;
pub mod list;
pub mod plan;
pub mod trust;

use crate::error::Report;
use crate::sys;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Writes to stdout; a closed pipe or a full device is nobody's failure. The exit code 0.
pub fn print(text: &str) -> u8 {
    sys::write_lossy(1, text.as_bytes());
    0
}

/// What is no failure, on stderr, each with what to do.
pub fn warn(warnings: &[Report]) {
    for Report { message, hint, .. } in warnings {
        let hint = hint.iter().map(|hint| format!("inject: hint: {hint}\n"));
        let text = [format!("inject: warning: {message}\n")].into_iter().chain(hint);
        sys::write_lossy(2, text.collect::<String>().as_bytes());
    }
}

/// JSON for people and programs, with a final newline.
pub fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}

/// A path as JSON tells it: absolute, links and all.
pub fn absolute(path: &Path) -> String {
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.into());
    // `absolute` leaves `..` in place, since it may stand behind a link; the folder itself says where it leads.
    let folder = whole.parent().and_then(|folder| std::fs::canonicalize(folder).ok());
    let whole: PathBuf = match (folder, whole.file_name()) {
        (Some(folder), Some(name)) if path.components().any(|c| c.as_os_str() == "..") => folder.join(name),
        _ => whole,
    };
    whole.to_string_lossy().into_owned()
}

/// Rows as columns, each as wide as its widest cell, the last one free.
pub fn columns(rows: &[Vec<String>]) -> String {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |i: usize| rows.iter().filter_map(|row| row.get(i)).map(|cell| cell.chars().count()).max().unwrap_or(0);
    let widths: Vec<_> = (0..count).map(width).collect();
    let mut out = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(cell);
            line.extend(std::iter::repeat_n(' ', width - cell.chars().count() + 2));
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}
