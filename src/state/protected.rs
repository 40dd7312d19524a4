//! Who was protected at the last apply, so that taking somebody out can be guarded.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension as _};

use crate::domain::{Id, Kind, ProtectedKey, TargetName};

/// The row of `meta` that remembers it, as JSON: a list of target (empty for all), kind and id.
const KEY: &str = "protected";

pub(super) fn read(connection: &Connection) -> rusqlite::Result<BTreeSet<ProtectedKey>> {
    let sql = "SELECT value FROM meta WHERE key = ?1";
    let text: Option<String> = connection.query_row(sql, [KEY], |row| row.get(0)).optional()?;
    let Some(text) = text else { return Ok(BTreeSet::new()) };
    let unreadable = || rusqlite::Error::InvalidColumnName(format!("{KEY} means nothing"));
    let keys: Vec<[String; 3]> = serde_json::from_str(&text).map_err(|_error| unreadable())?;
    let key = |[target, kind, id]: [String; 3]| {
        let target = if target.is_empty() { None } else { Some(TargetName::parse(&target)?) };
        Some(ProtectedKey { target, kind: Kind::parse(&kind)?, id: Id::new(id) })
    };
    keys.into_iter().map(key).collect::<Option<_>>().ok_or_else(unreadable)
}

pub(super) fn write(
    connection: &Connection,
    keys: &BTreeSet<ProtectedKey>,
) -> rusqlite::Result<()> {
    let text = |key: &ProtectedKey| {
        let ProtectedKey { target, kind, id } = key;
        let target = target.as_ref().map_or("", TargetName::as_str);
        [target.to_owned(), kind.name().to_owned(), id.as_str().to_owned()]
    };
    let list: serde_json::Value = keys.iter().map(|key| text(key).to_vec()).collect();
    let text = list.to_string();
    connection.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?1, ?2)", [KEY, &text])?;
    Ok(())
}
