//! The guards of the last apply, so that whoever changes one is seen.

use rusqlite::{Connection, OptionalExtension as _};

use crate::domain::GuardSettings;

/// The row of `meta` that remembers them, as a JSON object.
const KEY: &str = "guards";

pub(super) fn read(connection: &Connection) -> rusqlite::Result<Option<GuardSettings>> {
    let sql = "SELECT value FROM meta WHERE key = ?1";
    let text: Option<String> = connection.query_row(sql, [KEY], |row| row.get(0)).optional()?;
    let unreadable = || rusqlite::Error::InvalidColumnName(format!("{KEY} means nothing"));
    text.map(|text| serde_json::from_str(&text).map_err(|_error| unreadable())).transpose()
}

pub(super) fn write(connection: &Connection, guards: &GuardSettings) -> rusqlite::Result<()> {
    let object: serde_json::Map<String, serde_json::Value> =
        guards.iter().map(|(name, value)| (name.clone(), value.clone().into())).collect();
    let text = serde_json::Value::Object(object).to_string();
    connection.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?1, ?2)", [KEY, &text])?;
    Ok(())
}
