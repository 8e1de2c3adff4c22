//! TOML, with the crate that keeps comments and order.

use inject::document::Field;
use inject::document::edit::{Bytes, not_a_text};
use inject::error::{Fault, printable};
use toml_edit::{DocumentMut, InlineTable, Item, Table, TableLike, Value};
use zeroize::Zeroizing;

pub(super) fn put(text: &str, field: &Field, value: &str) -> Result<Bytes, Fault> {
    let mut document = parsed(text)?;
    let (last, way) = field.steps().split_last().ok_or_else(nothing)?;
    let mut item: &mut Item = document.as_item_mut();
    for step in way {
        item = into(item, step, field)?;
    }
    if let Some(Item::Value(Value::Array(list))) = Some(&mut *item) {
        let place = last.parse().ok().and_then(|at: usize| list.get_mut(at)).ok_or_else(|| no_place(field))?;
        set(place, value, field)?;
    } else {
        let table = item.as_table_like_mut().ok_or_else(|| no_table(last))?;
        match table.get_mut(last) {
            Some(Item::Value(old)) => set(old, value, field)?,
            Some(Item::Table(_) | Item::ArrayOfTables(_)) => return Err(not_a_text(field)),
            _ => drop(table.insert(last, Item::Value(Value::from(value)))),
        }
    }
    Ok(rendered(&document, text))
}

pub(super) fn remove(text: &str, field: &Field) -> Result<Bytes, Fault> {
    let mut document = parsed(text)?;
    let (last, way) = field.steps().split_last().ok_or_else(nothing)?;
    let mut item: &mut Item = document.as_item_mut();
    for step in way {
        item = into(item, step, field)?;
    }
    let table: &mut dyn TableLike = item.as_table_like_mut().ok_or_else(|| {
        Fault::invalid(format!("'{}' is a place in a list: the others would move", printable(field.text())))
    })?;
    table.remove(last);
    Ok(rendered(&document, text))
}

/// The document's text, with the line ends and the byte order mark that it had.
pub(crate) fn rendered(document: &DocumentMut, was: &str) -> Bytes {
    let mut text = Zeroizing::new(document.to_string());
    let lone = |text: &str| text.bytes().zip(text.bytes().skip(1)).any(|(a, b)| b == b'\n' && a != b'\r');
    if was.contains("\r\n") && !lone(was) && !was.starts_with('\n') {
        text = Zeroizing::new(text.replace("\r\n", "\n").replace('\n', "\r\n"));
    }
    let mark = if was.starts_with('\u{feff}') && !text.starts_with('\u{feff}') { "\u{feff}" } else { "" };
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len() + mark.len()));
    bytes.extend_from_slice(mark.as_bytes());
    bytes.extend_from_slice(text.as_bytes());
    bytes
}

/// Parses what another parser has read already.
pub(crate) fn parsed(text: &str) -> Result<DocumentMut, Fault> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    // Its own words can quote the input.
    text.parse().map_err(|_| Fault::invalid("is not TOML that can be edited"))
}

/// One step of the way; a table that is missing is made.
fn into<'i>(item: &'i mut Item, step: &str, field: &Field) -> Result<&'i mut Item, Fault> {
    let inline = item.is_value();
    match item {
        Item::ArrayOfTables(_) | Item::Value(Value::Array(_)) => {
            let index: usize = step.parse().map_err(|_| no_table(step))?;
            item.get_mut(index).ok_or_else(|| no_place(field))
        }
        _ => {
            let table = item.as_table_like_mut().ok_or_else(|| no_table(step))?;
            let new =
                || if inline { Item::Value(Value::InlineTable(InlineTable::new())) } else { Item::Table(Table::new()) };
            Ok(table.entry(step).or_insert_with(new))
        }
    }
}

/// Another text in the place of a value, with the space and the comment around it.
fn set(old: &mut Value, value: &str, field: &Field) -> Result<(), Fault> {
    if old.is_array() || old.is_inline_table() {
        return Err(not_a_text(field));
    }
    replace(old, value);
    Ok(())
}

/// The same without a look at what it was.
pub(crate) fn replace(old: &mut Value, value: &str) {
    let around = old.decor().clone();
    *old = Value::from(value);
    *old.decor_mut() = around;
}

fn no_table(step: &str) -> Fault {
    Fault::invalid(format!("what should have a field '{}' is no table", printable(step)))
}

fn no_place(field: &Field) -> Fault {
    Fault::invalid(format!("'{}': a list has no such place", printable(field.text())))
}

fn nothing() -> Fault {
    Fault::invalid("which field? put #FIELD behind the reference")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn told(new: Result<Bytes, Fault>) -> String {
        new.map_or_else(|fault| format!("! {}", fault.message), |new| String::from_utf8(new.to_vec()).unwrap())
    }

    fn set(old: &str, field: &str, value: &str) -> String {
        told(put(old, &Field::parse(field).unwrap(), value))
    }

    #[test]
    fn a_value_keeps_its_comment_and_its_place() {
        assert_eq!(
            set("# c\n a  =  'old' # why\nb = 2\n", "a", "x\ny"),
            "# c\n a  =  \"\"\"\nx\ny\"\"\" # why\nb = 2\n"
        );
        assert_eq!(set("", "a.b", "x"), "[a]\nb = \"x\"\n");
        assert_eq!(set("[a]\nb = 1\n\n[c]\nd = 2\n", "a.e", "x"), "[a]\nb = 1\ne = \"x\"\n\n[c]\nd = 2\n");
        assert_eq!(set("a = {b = 1}\n", "a.c", "x"), "a = {b = 1, c = \"x\" }\n");
        assert_eq!(set("a = [1, 2]\n", "a.1", "x"), "a = [1, \"x\"]\n");
        assert_eq!(set("[[a]]\nb = 1\n", "a.0.b", "x"), "[[a]]\nb = \"x\"\n");
        assert_eq!(set("a = 1\r\nb = 2\r\n", "c", "x"), "a = 1\r\nb = 2\r\nc = \"x\"\r\n");
        assert!(set("[a]\nb = 1\n", "a", "x").starts_with("! 'a' is a table"));
        assert!(set("a = 1\n", "a.b", "x").starts_with("! what should have a field"));
    }

    #[test]
    fn a_key_goes_with_its_line() {
        let unset = |old, field| told(remove(old, &Field::parse(field).unwrap()));
        assert_eq!(unset("a = 1\n# c\nb = 2 # d\n", "a"), "# c\nb = 2 # d\n");
        assert_eq!(unset("[a]\nb = 1\n", "a.b"), "[a]\n");
    }
}
