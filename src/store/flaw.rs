//! What can be wrong inside a state.

use super::Break;

/// What is wrong with a state.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Flaw {
    /// The engine finds the file damaged.
    #[error("the file is damaged: {0}")]
    Damaged(String),
    /// A row says what no row can say.
    #[error("{count} rows of `{table}` are wrong: {rule}")]
    Unruly {
        /// The table.
        table: &'static str,
        /// What must always be so.
        rule: &'static str,
        /// How many rows break it.
        count: i64,
    },
    /// The audit log is not what was written.
    #[error(transparent)]
    Broken(Break),
}
