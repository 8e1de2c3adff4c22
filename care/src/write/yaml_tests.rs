#![allow(clippy::unwrap_used)]

use super::*;
use inject::document::dotenv::Dialect;
use inject::document::{Format, edit};

fn told(old: &str, new: Result<Bytes, Fault>, field: &Field, value: Option<&str>) -> String {
    let new = match new {
        Ok(new) => new,
        Err(fault) => return format!("! {}", fault.message),
    };
    let held = edit::verify(old.as_bytes(), &new, Format::Yaml, Dialect::Python, field, value.map(str::as_bytes));
    let shown = String::from_utf8(new.to_vec()).unwrap();
    held.map_or_else(|fault| format!("!! {}: {shown}", fault.message), |()| shown.clone())
}

fn set(old: &str, field: &str, value: &str) -> String {
    let field = Field::parse(field).unwrap();
    told(old, put(old, &field, value), &field, Some(value))
}

fn unset(old: &str, field: &str) -> String {
    let field = Field::parse(field).unwrap();
    told(old, remove(old, &field), &field, None)
}

#[test]
fn a_scalar_is_replaced_where_it_stands() {
    assert_eq!(set("# c\na: old # why\nb: 2\n", "a", "new"), "# c\na: \"new\" # why\nb: 2\n");
    assert_eq!(set("a: 'old'\n", "a", "it's\n\"\\"), "a: \"it's\\n\\\"\\\\\"\n");
    assert_eq!(set("é: {ü: x, b: 'y'}\n", "é.b", "ß\u{85}"), "é: {ü: x, b: \"ß\\u0085\"}\n");
    assert_eq!(set("a:\n  b: |\n    one\n    two\n  c: 3\n", "a.b", "x"), "a:\n  b: \"x\"\n  c: 3\n");
    assert_eq!(set("a: >-\n  one\n  two\n", "a", "x"), "a: \"x\"\n");
    assert_eq!(set("a: # none\nb: 1\n", "a", "x"), "a: \"x\" # none\nb: 1\n");
    assert_eq!(set("a: null\n", "a", "x"), "a: \"x\"\n");
    assert_eq!(set("a: one\n  two\nb: 1", "a", "x"), "a: \"x\"\nb: 1");
    assert_eq!(set("l:\n- a: 1\n  b: 2\n- c\n", "l.0.b", "x"), "l:\n- a: 1\n  b: \"x\"\n- c\n");
    assert_eq!(set("\u{feff}a: 1\r\nb: 2\r\n", "a", "x"), "\u{feff}a: \"x\"\r\nb: 2\r\n");
}

#[test]
fn a_key_is_added_behind_the_last_one() {
    assert_eq!(set("", "a.b", "x"), "a: {b: \"x\"}\n");
    assert_eq!(set("# only this", "a", "x"), "# only this\na: \"x\"\n");
    assert_eq!(set("a: 1 # one", "b", "x"), "a: 1 # one\nb: \"x\"\n");
    assert_eq!(
        set("a:\n    b: 1\n    # end\nc: 2\n", "a.no", "x"),
        "a:\n    b: 1\n    \"no\": \"x\"\n    # end\nc: 2\n"
    );
    assert_eq!(set("a:\n  b: |\n    one\nc: 2\n", "a.d", "x"), "a:\n  b: |\n    one\n  d: \"x\"\nc: 2\n");
    assert_eq!(set("a: {}\n", "a.b", "x"), "a: {b: \"x\"}\n");
    assert_eq!(set("a: {b: 1}\n", "a.c.d", "x"), "a: {b: 1, c: {d: \"x\"}}\n");
    assert_eq!(
        set("a:\n  - b: {\n        c: 1 }\nd: 1\n", "a.0.e", "x"),
        "a:\n  - b: {\n        c: 1 }\n    e: \"x\"\nd: 1\n"
    );
    assert_eq!(set("a:\nb: 1\n", "a.c", "x"), "a: {c: \"x\"}\nb: 1\n");
    assert_eq!(set("a: 1\r\n", "b", "x"), "a: 1\r\nb: \"x\"\r\n");
    assert_eq!(set("---\na: 1\n", "b", "x"), "---\na: 1\nb: \"x\"\n");
}

#[test]
fn what_cannot_be_done_is_said() {
    assert!(set("a: &x 1\nb: *x\n", "a", "2").starts_with("! a YAML file with aliases"));
    assert!(set("a: {b: 1}\n", "a", "2").starts_with("! 'a' is a table or a list"));
    assert!(set("a: 1\n", "a.b", "2").starts_with("! what should have a field 'b'"));
    assert!(set("a: [1]\n", "a.3", "2").starts_with("! 'a.3': a list has no such place"));
    assert!(unset("a: [1]\n", "a.0").starts_with("! 'a.0' is a place in a list"));
}

#[test]
fn a_key_goes_with_its_lines() {
    assert_eq!(unset("a: 1\n# c\nb: |\n  x\n  y\nc: 3\n", "b"), "a: 1\n# c\nc: 3\n");
    assert_eq!(unset("a: 1\nb: 2", "b"), "a: 1\n");
    assert_eq!(unset("a:\n  b: 1 # one\n  c: 2\n", "a.b"), "a:\n  c: 2\n");
    assert_eq!(unset("a:\n  b: 1\nc: 2\n", "a.b"), "a:\n  {}\nc: 2\n");
    assert_eq!(unset("- a: 1\n  b: 2\n", "0.a"), "- b: 2\n");
    assert_eq!(unset("{a: 1, b: 2, c: 3}", "b"), "{a: 1, c: 3}");
    assert_eq!(unset("{a: 1, b: 2}", "b"), "{a: 1}");
    assert_eq!(unset("x: {a: 1}", "x.a"), "x: {}");
    assert_eq!(unset("a: 1\n", "a"), "{}\n");
}
