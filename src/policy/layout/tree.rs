//! A text as its keys and values, each with the comments that belong to it.

/// Comments and empty lines on lines of their own above something; an empty text is an empty line,
/// and no two follow each other.
pub(super) type Lead<'t> = Vec<&'t str>;

/// A comment behind something on the same line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Comment<'t> {
    pub(super) text: &'t str,
    /// How many columns are left free before it.
    pub(super) gap: usize,
    /// The column of its `#`, from 0.
    pub(super) column: usize,
}

/// What stands behind a colon or a dash.
#[derive(Debug)]
pub(super) struct Written<'t> {
    /// `&name`, or nothing.
    pub(super) anchor: &'t str,
    pub(super) value: Syntax<'t>,
    /// On the line on which the value ends, or before a list or mapping on the lines below.
    pub(super) comment: Option<Comment<'t>>,
}

/// A value.
#[derive(Debug)]
pub(super) enum Syntax<'t> {
    /// One that begins on the line of its colon or dash: a text, an alias, or something in
    /// brackets or braces. The lines after the first are as they were.
    Text(String),
    /// Keys on lines of their own.
    Mapping {
        pairs: Vec<Pair<'t>>,
        /// What stands below the last.
        tail: Lead<'t>,
    },
    /// Items on lines of their own.
    Sequence {
        items: Vec<Item<'t>>,
        /// What stands below the last.
        tail: Lead<'t>,
    },
}

/// A key and its value.
#[derive(Debug)]
pub(super) struct Pair<'t> {
    pub(super) lead: Lead<'t>,
    /// The key as it is written.
    pub(super) key: &'t str,
    /// The key as a text.
    pub(super) name: String,
    /// Its column, from 0.
    pub(super) column: usize,
    pub(super) node: Written<'t>,
}

/// An item of a list.
#[derive(Debug)]
pub(super) struct Item<'t> {
    pub(super) lead: Lead<'t>,
    /// The column of its dash, from 0.
    pub(super) column: usize,
    pub(super) node: Written<'t>,
}
