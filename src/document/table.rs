//! A table of a document.

use super::{Node, Text};
use std::cell::OnceCell;
use std::ops::Deref;

/// Keys and values in their order; no key twice.
pub struct Table {
    pairs: Vec<(Text, Node)>,
    /// The pairs by key, from the first search on: a profile may name each of a thousand keys.
    order: OnceCell<Vec<usize>>,
}

impl Table {
    /// The value of `key`, given the bytes of the document that the table comes from.
    pub fn get(&self, document: &[u8], key: &[u8]) -> Option<&Node> {
        let name = |at: usize| self.pairs[at].0.bytes(document);
        let order = self.order.get_or_init(|| order(self.pairs.len(), name));
        let found = order.binary_search_by(|at| name(*at).cmp(key)).ok()?;
        self.pairs.get(order[found]).map(|(_, value)| value)
    }
}

impl Deref for Table {
    type Target = [(Text, Node)];

    fn deref(&self) -> &Self::Target {
        &self.pairs
    }
}

impl From<Vec<(Text, Node)>> for Table {
    fn from(pairs: Vec<(Text, Node)>) -> Self {
        Self { pairs, order: OnceCell::new() }
    }
}

/// The numbers below `count` by their names, equal ones as they come.
pub fn order<'n>(count: usize, name: impl Fn(usize) -> &'n [u8]) -> Vec<usize> {
    let mut order: Vec<_> = (0..count).collect();
    order.sort_by(|a, b| name(*a).cmp(name(*b)));
    order
}
