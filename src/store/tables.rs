//! The tables of a state, column by column, as every engine has them: what a copy is made of.
//!
//! The rows that say what is held are not among them: they go as enforcements.

/// What a column holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Texts.
    Text,
    /// Numbers.
    Number,
    /// Texts that thousands of rows have in common.
    Shared,
}

/// A table.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// Its columns.
    pub columns: &'static [(&'static str, Kind)],
}

/// What a state says of itself.
pub(super) const META: Table =
    Table { name: "meta", columns: &[("key", Kind::Text), ("value", Kind::Text)] };

/// The keys of [`META`] that mean the same wherever a state is.
pub(super) const KEYS: [&str; 6] =
    ["lineage", "serial", "guards", "protected", "newest_run", "audit_head"];

/// The calls.
pub(super) const CALL: Table = Table {
    name: "call",
    columns: &[
        ("run", Kind::Text),
        ("id", Kind::Number),
        ("target", Kind::Text),
        ("rate_key", Kind::Text),
        ("lane", Kind::Number),
        ("verb", Kind::Text),
        ("kind", Kind::Text),
        ("room", Kind::Text),
        ("subjects", Kind::Number),
        ("intended", Kind::Number),
        ("sent", Kind::Number),
        ("answered", Kind::Number),
        ("outcome", Kind::Text),
        ("code", Kind::Text),
        ("message", Kind::Text),
        ("request_id", Kind::Text),
    ],
};

/// The audit log: what the hash covers of each row, the hash, and the texts it covers too.
pub(super) const AUDIT: Table = Table {
    name: "audit",
    columns: &[
        ("seq", Kind::Number),
        ("at", Kind::Number),
        ("run", Kind::Text),
        ("call", Kind::Number),
        ("target", Kind::Text),
        ("room", Kind::Text),
        ("kind", Kind::Text),
        ("subject", Kind::Text),
        ("deny", Kind::Number),
        ("action", Kind::Text),
        ("because", Kind::Text),
        ("until", Kind::Number),
        ("entry", Kind::Text),
        ("source", Kind::Text),
        ("outcome", Kind::Text),
        ("code", Kind::Text),
        ("message", Kind::Text),
        ("request_id", Kind::Text),
        ("hash", Kind::Text),
        ("who", Kind::Shared),
        ("meta", Kind::Shared),
        ("told", Kind::Shared),
        ("reason", Kind::Shared),
    ],
};

/// Every table, in the order in which a copy is made.
pub(super) const TABLES: [Table; 6] = [
    META,
    Table {
        name: "target",
        columns: &[
            ("name", Kind::Text),
            ("binding", Kind::Text),
            ("endpoint", Kind::Text),
            ("credentials", Kind::Text),
        ],
    },
    Table {
        name: "orders",
        columns: &[
            ("id", Kind::Text),
            ("given", Kind::Number),
            ("ended", Kind::Number),
            ("document", Kind::Text),
        ],
    },
    Table {
        name: "run",
        columns: &[
            ("id", Kind::Text),
            ("started", Kind::Number),
            ("finished", Kind::Number),
            ("user", Kind::Text),
            ("host", Kind::Text),
            ("pid", Kind::Number),
            ("note", Kind::Text),
            ("outcome", Kind::Text),
            ("who", Kind::Shared),
        ],
    },
    CALL,
    AUDIT,
];
