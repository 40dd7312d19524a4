//! The rows of `meta` that remember what the config and the policy said.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension as _};

use super::reading::unreadable;
use crate::domain::{BegunChange, GuardSettings, ProtectedKey};
use crate::store::ReadPolicy;
use crate::store::remembered::{
    BEGUN, GUARDS, POLICY, PROTECTED, begun_of, begun_text, guards_of, guards_text, policy_of,
    policy_text, protected_of, protected_text,
};

fn read(connection: &Connection, key: &str) -> rusqlite::Result<Option<String>> {
    let sql = "SELECT value FROM meta WHERE key = ?1";
    connection.query_row(sql, [key], |row| row.get(0)).optional()
}

fn write(connection: &Connection, key: &str, text: &str) -> rusqlite::Result<()> {
    connection.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?1, ?2)", [key, text])?;
    Ok(())
}

/// The guards of the last apply.
pub(super) fn guards(connection: &Connection) -> rusqlite::Result<Option<GuardSettings>> {
    let text = read(connection, GUARDS)?;
    text.map(|text| guards_of(&text).ok_or_else(|| unreadable(GUARDS))).transpose()
}

/// Remembers the guards.
pub(super) fn set_guards(connection: &Connection, guards: &GuardSettings) -> rusqlite::Result<()> {
    write(connection, GUARDS, &guards_text(guards))
}

/// The policy that was read last.
pub(super) fn policy(connection: &Connection) -> rusqlite::Result<Option<ReadPolicy>> {
    let text = read(connection, POLICY)?;
    text.map(|text| policy_of(&text).ok_or_else(|| unreadable(POLICY))).transpose()
}

/// Remembers the policy that was read.
pub(super) fn set_policy(connection: &Connection, policy: &ReadPolicy) -> rusqlite::Result<()> {
    write(connection, POLICY, &policy_text(policy))
}

/// The changes that were begun.
pub(super) fn begun(connection: &Connection) -> rusqlite::Result<Vec<BegunChange>> {
    let sql = "SELECT key, value FROM meta WHERE substr(key, 1, length(?1)) = ?1 ORDER BY key";
    let mut statement = connection.prepare_cached(sql)?;
    let found = statement.query_map([BEGUN], |row| {
        let (key, text): (String, String) = (row.get(0)?, row.get(1)?);
        begun_of(&key, &text).ok_or_else(|| unreadable(BEGUN))
    })?;
    found.collect()
}

/// Remembers a change that is begun.
pub(super) fn begin(connection: &Connection, change: &BegunChange) -> rusqlite::Result<()> {
    write(connection, &format!("{BEGUN}{}", change.digest), &begun_text(change))
}

/// Forgets a change that was begun.
pub(super) fn abandon(connection: &Connection, digest: &str) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM meta WHERE key = ?1", [format!("{BEGUN}{digest}")])?;
    Ok(())
}

/// Who was protected at the last apply.
pub(super) fn protected(connection: &Connection) -> rusqlite::Result<BTreeSet<ProtectedKey>> {
    let text = read(connection, PROTECTED)?;
    text.map_or(Ok(BTreeSet::new()), |text| {
        protected_of(&text).ok_or_else(|| unreadable(PROTECTED))
    })
}

/// Remembers who is protected.
pub(super) fn set_protected(
    connection: &Connection,
    keys: &BTreeSet<ProtectedKey>,
) -> rusqlite::Result<()> {
    write(connection, PROTECTED, &protected_text(keys))
}
