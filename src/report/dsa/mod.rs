//! Statements of reasons: what Article 17 of the EU's Digital Services Act asks for of each
//! restriction, as the DSA Transparency Database takes it.

mod fields;
mod schema;
mod statement;
mod values;

use serde::Serialize;

pub use schema::{schema, table};
pub use statement::{Case, Made, Statement, is_known, lacking, statement};

/// How many statements one call of the database takes.
pub const AT_MOST: usize = 100;

/// The body of one call.
#[derive(Debug, Serialize)]
pub struct Statements<'a> {
    /// The statements.
    pub statements: &'a [Statement],
}
