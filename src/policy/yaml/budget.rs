//! What aliases may cost: a short file must not unfold into a long one.

use super::node::{Node, Value};

/// How many values the aliases of one file may repeat in all.
pub(super) const MOST_VALUES: usize = 10_000;

/// How many bytes of text the aliases of one file may repeat in all.
pub(super) const MOST_BYTES: usize = 1_000_000;

/// What aliases may still cost.
pub(super) struct Budget {
    values: usize,
    bytes: usize,
}

impl Budget {
    /// Nothing is spent yet.
    pub(super) fn full() -> Self {
        Self { values: MOST_VALUES, bytes: MOST_BYTES }
    }

    /// Pays for a copy of a node, if there is enough left.
    pub(super) fn pays_for(&mut self, node: &Node<'_>) -> bool {
        let mut left = Self { values: self.values, bytes: self.bytes };
        let enough = left.takes(node);
        if enough {
            *self = left;
        }
        enough
    }

    fn takes(&mut self, node: &Node<'_>) -> bool {
        let bytes = match &node.value {
            Value::Scalar { text, .. } => text.len(),
            Value::Sequence(_) | Value::Mapping(_) | Value::Broken => 0,
        };
        let (Some(values), Some(bytes)) =
            (self.values.checked_sub(1), self.bytes.checked_sub(bytes))
        else {
            return false;
        };
        *self = Self { values, bytes };
        match &node.value {
            Value::Scalar { .. } | Value::Broken => true,
            Value::Sequence(items) => items.iter().all(|item| self.takes(item)),
            Value::Mapping(pairs) => pairs.iter().all(|(_, value)| self.takes(value)),
        }
    }
}
