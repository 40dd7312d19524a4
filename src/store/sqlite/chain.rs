//! The chain of the audit log in its table ([`crate::store::audit_chain`]).

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension as _, Row};

use super::reading::unreadable;
use crate::store::Break;
use crate::store::audit_chain::{COVERED, Follower, Link, Value};

/// The column of the hash, from version 2 on.
const HASH: usize = COVERED;

/// The column that says who began the run, from version 3 on; where it is null, the row is older.
const WHO: usize = HASH + 1;

/// How many texts the hash of a row of version 3 covers too: they follow its columns.
const TEXTS: usize = 4;

/// Every row in turn, and the texts it shares with others.
const WITH_TEXTS: &str = "
SELECT audit.*, who.text, meta.text, told.text, reason.text FROM audit
LEFT JOIN words AS who ON who.id = audit.who
LEFT JOIN words AS meta ON meta.id = audit.meta
LEFT JOIN words AS told ON told.id = audit.told
LEFT JOIN words AS reason ON reason.id = audit.reason
ORDER BY seq";

/// The head, as `meta` keeps it; of a log from before the chain, made from its rows.
pub(super) fn head(connection: &Connection) -> rusqlite::Result<Link> {
    if let Some(head) = kept_head(connection)? {
        return Ok(head);
    }
    let mut head = Link::start();
    each(connection, |seq, values, _| {
        head = Link { seq, ..head.next(&mut values.iter().copied()) };
        true
    })?;
    Ok(head)
}

/// Keeps the head.
pub(super) fn set_head(connection: &Connection, head: &Link) -> rusqlite::Result<()> {
    connection
        .prepare_cached("INSERT OR REPLACE INTO meta (key, value) VALUES ('audit_head', ?1)")?
        .execute([head.to_text()])?;
    Ok(())
}

/// Follows the chain from its beginning, and compares its end with the head.
pub(super) fn verify(connection: &Connection) -> rusqlite::Result<Result<Link, Break>> {
    let mut follower = Follower::new(kept_head(connection)?);
    each(connection, |seq, values, hash| follower.see(seq, &mut values.iter().copied(), hash))?;
    Ok(follower.end())
}

fn kept_head(connection: &Connection) -> rusqlite::Result<Option<Link>> {
    let text: Option<String> = connection
        .prepare_cached("SELECT value FROM meta WHERE key = 'audit_head'")?
        .query_row([], |row| row.get(0))
        .optional()?;
    Ok(text.as_deref().map(Link::parse))
}

/// Shows every row in turn (number, covered columns, hash), until `see` has seen enough.
fn each(
    connection: &Connection,
    mut see: impl FnMut(i64, &[Value<'_>], Option<&str>) -> bool,
) -> rusqlite::Result<()> {
    // A state of an earlier version, which a newer program only reads, has fewer columns.
    let width = connection.prepare("SELECT * FROM audit")?.column_count();
    let has_texts = width > WHO;
    let sql = if has_texts { WITH_TEXTS } else { "SELECT * FROM audit ORDER BY seq" };
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let texts = if has_texts && row.get_ref(WHO)? != ValueRef::Null { TEXTS } else { 0 };
        let covered = (0..COVERED).chain(width..width + texts);
        let values = covered.map(|column| value(row, column)).collect::<Result<Vec<_>, _>>()?;
        let hash = if width > HASH { row.get_ref(HASH)?.as_str_or_null()? } else { None };
        if !see(row.get(0)?, &values, hash) {
            break;
        }
    }
    Ok(())
}

/// A value as the hash covers it; the tables have none of another kind.
pub(super) fn value<'r>(row: &'r Row<'_>, column: usize) -> rusqlite::Result<Value<'r>> {
    match row.get_ref(column)? {
        ValueRef::Null => Ok(Value::Null),
        ValueRef::Integer(number) => Ok(Value::Integer(number)),
        ValueRef::Text(text) => {
            std::str::from_utf8(text).map(Value::Text).map_err(|_not_text| unreadable("audit"))
        }
        ValueRef::Real(_) | ValueRef::Blob(_) => Err(unreadable("audit")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Deny, Id, Kind, Moment, Restriction, Subject, TargetName, Until};
    use crate::store::sqlite::State;
    use crate::store::sqlite::tests::commit;
    use crate::store::{AuditRow, Record};

    fn row(subject: &str) -> Record {
        Record::Audit(AuditRow {
            at: Moment::from_seconds(1),
            run: "r".into(),
            call: None,
            restriction: Restriction {
                target: TargetName::parse("t").unwrap(),
                room: None,
                subject: Subject { kind: Kind::User, id: Id::new(subject) },
                deny: Deny::JOIN,
            },
            action: "impose",
            because: "new_entry",
            until: Until::Never,
            entry: None,
            source: None,
            meta: Some("{\"case\":\"7\"}".into()),
            reason: None,
            told: Some("lift".into()),
            outcome: "done",
            code: None,
            message: None,
            request_id: None,
        })
    }

    fn log() -> State {
        let mut state = State::in_memory("lineage").unwrap();
        commit(&mut state, 0, &[row("a"), row("b"), row("c")]).unwrap();
        commit(&mut state, 0, &[row("d")]).unwrap();
        // Whoever tampers stops at no trigger.
        let triggers = "DROP TRIGGER audit_is_never_changed; DROP TRIGGER audit_is_never_cut;
            DROP TRIGGER words_are_never_changed; DROP TRIGGER words_are_never_cut;";
        state.connection.execute_batch(triggers).unwrap();
        state
    }

    #[test]
    fn an_untouched_log_ends_in_its_head() {
        let state = log();
        let verified = verify(&state.connection).unwrap().unwrap();
        assert_eq!(verified, head(&state.connection).unwrap());
        assert_eq!(verified.seq, 4);
    }

    #[test]
    fn the_first_altered_or_missing_row_is_named() {
        for (tampering, found) in [
            ("UPDATE audit SET subject = 'B' WHERE seq = 2", Break::Altered(2)),
            ("UPDATE audit SET until = 1 WHERE seq = 3", Break::Altered(3)),
            ("UPDATE audit SET hash = NULL WHERE seq = 3", Break::Altered(3)),
            ("UPDATE audit SET hash = 'x' WHERE seq = 4", Break::Altered(4)),
            ("DELETE FROM audit WHERE seq = 1", Break::Missing(1)),
            ("DELETE FROM audit WHERE seq = 3", Break::Missing(3)),
            ("DELETE FROM audit WHERE seq >= 3", Break::Missing(3)),
            ("DELETE FROM audit", Break::Missing(1)),
            ("INSERT INTO audit SELECT 5, at, run, call, target, room, kind, subject, deny, action,
              because, until, entry, source, outcome, code, message, request_id, hash, who, meta, told,
              reason FROM audit WHERE seq = 1", Break::Added(5)),
            ("UPDATE audit SET who = NULL WHERE seq = 3", Break::Altered(3)),
            ("UPDATE audit SET told = NULL WHERE seq = 2", Break::Altered(2)),
            ("UPDATE audit SET reason = meta WHERE seq = 2", Break::Altered(2)),
            ("UPDATE words SET text = 'renew' WHERE text = 'lift'", Break::Altered(1)),
            ("DELETE FROM words WHERE text = 'lift'", Break::Altered(1)),
            ("UPDATE meta SET value = '9' WHERE key = 'audit_head'", Break::Missing(5)),
            ("DELETE FROM meta WHERE key = 'audit_head'", Break::Altered(1)),
        ] {
            let state = log();
            state.connection.execute_batch(tampering).unwrap();
            assert_eq!(verify(&state.connection).unwrap(), Err(found), "{tampering}");
        }
    }

    #[test]
    fn rows_from_before_the_chain_are_covered_by_the_first_one_in_it() {
        let mut state = log();
        let legacy = "UPDATE audit SET hash = NULL, who = NULL, meta = NULL, told = NULL;
            DELETE FROM meta WHERE key = 'audit_head'";
        state.connection.execute_batch(legacy).unwrap();
        assert_eq!(verify(&state.connection).unwrap().unwrap().seq, 4);
        commit(&mut state, 0, &[row("e"), row("f")]).unwrap();
        assert_eq!(verify(&state.connection).unwrap().unwrap().seq, 6);
        state.connection.execute_batch("UPDATE audit SET subject = 'B' WHERE seq = 2").unwrap();
        assert_eq!(verify(&state.connection).unwrap(), Err(Break::AlteredBefore(5)));
    }
}
