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

/// A generator that gives the same everywhere (xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % most as u64).unwrap()
    }
}

/// A block mapping as people write them, and the ways to its scalars.
fn document(dice: &mut Dice, indent: usize, way: &str, ways: &mut Vec<String>, out: &mut String) {
    for at in 0..=dice.below(4) {
        let (pad, here) = (" ".repeat(indent), format!("{way}k{at}"));
        if dice.below(3) == 0 {
            out.push_str(&format!("{pad}# é: 'note'\n"));
        }
        let comment = ["", " # why", "  # é"][dice.below(3)];
        match dice.below(if indent < 8 { 8 } else { 6 }) {
            0 => out.push_str(&format!("{pad}k{at}:{comment}\n")),
            1 => out.push_str(&format!("{pad}k{at}: |-\n{pad}  one\n\n{pad}  # two\n")),
            2 => out.push_str(&format!("{pad}k{at}: {{a: 'é', b: [1, 2]}}{comment}\n")),
            3 => out.push_str(&format!("{pad}k{at}: \"q\\\"é\"{comment}\n")),
            4 => out.push_str(&format!("{pad}k{at}:\n{pad}- x: 1{comment}\n{pad}  y: 2\n{pad}- z\n")),
            5 => out.push_str(&format!("{pad}'k{at}': plain text{comment}\n")),
            _ => {
                out.push_str(&format!("{pad}k{at}:{comment}\n"));
                document(dice, indent + 2, &format!("{here}."), ways, out);
                ways.push(format!("{here}.new"));
                continue;
            }
        }
        let text = &out[out[..out.len() - 1].rfind(&format!("k{at}")).unwrap()..];
        ways.push(match text {
            flow if flow.contains(": {") => format!("{here}.{}", ["a", "c", "d.e"][dice.below(3)]),
            list if list.contains("\n") && list.contains("- x") => {
                format!("{here}.0.{}", ["x", "y", "n"][dice.below(3)])
            }
            _ => here,
        });
    }
}

#[test]
fn documents_as_people_write_them_can_be_edited() {
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    for _ in 0..400 {
        let (mut ways, mut text) = (vec!["new".to_owned()], String::new());
        document(&mut dice, 0, "", &mut ways, &mut text);
        for way in ways {
            let new = set(&text, &way, "va'l\nue: #");
            assert!(!new.starts_with('!'), "{way}\n{text}\n{new}");
            let gone = unset(&new, &way);
            assert!(!gone.starts_with('!'), "{way}\n{new}\n{gone}");
        }
    }
}

#[test]
fn no_document_makes_it_panic() {
    let pieces = [
        "a", ":", " ", "\n", "- ", "? ", "{", "}", "[", "]", ",", "'", "\"", "|", ">", "#", "é", "  ", "a: ", "b:\n",
        "\n  ", "!t ", "---\n", "\r\n", "\t", "\u{feff}", "&x ", "null", "\u{85}",
    ];
    let mut dice = Dice(0x1357_9bdf_0246_8ace);
    let fields = ["a", "a.b", "b.a.0", "0", "a.0.b", "é"].map(|field| Field::parse(field).unwrap());
    for _ in 0..20_000 {
        let text: String = (0..dice.below(12)).map(|_| pieces[dice.below(pieces.len())]).collect();
        for field in &fields {
            let _ = put(&text, field, "value");
            let _ = remove(&text, field);
        }
    }
}
