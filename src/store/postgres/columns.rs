//! Rows on their way to the server: column by column, so that one statement takes any number.

use tokio_postgres::types::{ToSql, Type};

use crate::store::tables::Kind;

/// A value of a row.
#[derive(Clone, Debug)]
pub(super) enum Cell {
    /// A text.
    Text(Option<String>),
    /// A number.
    Number(Option<i64>),
}

impl Cell {
    /// A text as a server takes it: it has no NUL, which only a provider's own words may hold.
    pub(super) fn text(text: &str) -> Self {
        Self::Text(Some(without_nul(text)))
    }

    /// A text, if there is one.
    pub(super) fn optional(text: Option<&str>) -> Self {
        Self::Text(text.map(without_nul))
    }
}

/// The text with something that can be stored in place of each NUL.
pub(super) fn without_nul(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// A column of many rows.
#[derive(Debug)]
enum Column {
    Text(Vec<Option<String>>),
    Number(Vec<Option<i64>>),
}

/// Rows for one statement, whose parameters `$1` and so on are their columns.
#[derive(Debug)]
pub(super) struct Rows {
    columns: Vec<Column>,
    len: usize,
}

impl Rows {
    /// No rows yet.
    pub(super) fn new(kinds: &[(&str, Kind)]) -> Self {
        let columns = kinds.iter().map(|(_, kind)| match kind {
            Kind::Text | Kind::Shared => Column::Text(Vec::new()),
            Kind::Number => Column::Number(Vec::new()),
        });
        Self { columns: columns.collect(), len: 0 }
    }

    /// One row more.
    pub(super) fn push(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.len += 1;
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            match (column, cell) {
                (Column::Text(texts), Cell::Text(text)) => texts.push(text),
                (Column::Number(numbers), Cell::Number(number)) => numbers.push(number),
                (Column::Text(texts), Cell::Number(_)) => texts.push(None),
                (Column::Number(numbers), Cell::Text(_)) => numbers.push(None),
            }
        }
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The parameters of the statement.
    pub(super) fn parameters(&self) -> Vec<(&(dyn ToSql + Sync), Type)> {
        self.columns.iter().map(Column::parameter).collect()
    }
}

impl Column {
    fn parameter(&self) -> (&(dyn ToSql + Sync), Type) {
        match self {
            Self::Text(texts) => (texts, Type::TEXT_ARRAY),
            Self::Number(numbers) => (numbers, Type::INT8_ARRAY),
        }
    }
}

/// The statement that inserts rows with these columns.
pub(super) fn insert(table: &str, kinds: &[(&str, Kind)]) -> String {
    format!("INSERT INTO ostracon.{table} ({}) SELECT * FROM {}", names(kinds), unnest(kinds))
}

/// The columns as a table.
pub(super) fn unnest(kinds: &[(&str, Kind)]) -> String {
    let arrays = kinds.iter().zip(1..).map(|((_, kind), number)| match kind {
        Kind::Text | Kind::Shared => format!("${number}::text[]"),
        Kind::Number => format!("${number}::bigint[]"),
    });
    format!("unnest({}) AS new ({})", arrays.collect::<Vec<_>>().join(", "), names(kinds))
}

/// The names of the columns.
pub(super) fn names(kinds: &[(&str, Kind)]) -> String {
    kinds.iter().map(|(name, _)| format!("\"{name}\"")).collect::<Vec<_>>().join(", ")
}
