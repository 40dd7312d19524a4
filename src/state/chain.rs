//! The chain of the audit log: each row carries the hash of its content and of the hash before it.
//!
//! A row that was altered, taken out or put in breaks the chain; the head, which `meta` keeps,
//! tells when its end was cut off. Who can write the file can also write the whole chain anew:
//! whoever wants proof against that notes the head elsewhere, as `state verify` prints it.

use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, OptionalExtension as _};
use sha2::{Digest as _, Sha256};

use crate::domain::hex::hex;

/// The newest row of a chain.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Link {
    /// Its number.
    pub seq: i64,
    /// Its hash, in hexadecimal digits.
    pub hash: String,
}

/// Where a chain is broken.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Break {
    /// A row is not there.
    #[error("audit row {0} is missing")]
    Missing(i64),
    /// A row is not what was written.
    #[error("audit row {0} was altered")]
    Altered(i64),
    /// A row was put in behind the newest one that was written.
    #[error("audit row {0} was not written by this program")]
    Added(i64),
    /// One of the rows from before the chain is not what it was when the chain began.
    #[error("a row up to audit row {0}, from before rows were chained, was altered")]
    AlteredBefore(i64),
}

/// How many columns of a row its hash covers: all of the first version's.
const COVERED: usize = 18;

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

impl Link {
    /// The head of a log without rows.
    pub(super) fn start() -> Self {
        Self { seq: 0, hash: String::new() }
    }

    /// The link of a row that follows this one.
    pub(super) fn next(&self, values: &[Value]) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(self.hash.as_bytes());
        for value in values {
            digest(&mut hasher, value);
        }
        Self { seq: self.seq.saturating_add(1), hash: hex(&hasher.finalize()) }
    }
}

/// Adds a value so that no two sequences of values are digested alike.
fn digest(hasher: &mut Sha256, value: &Value) {
    let mut tagged = |tag: u8, bytes: &[u8]| {
        hasher.update([tag]);
        hasher.update(u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
        hasher.update(bytes);
    };
    match value {
        Value::Null => tagged(b'n', &[]),
        Value::Integer(number) => tagged(b'i', &number.to_be_bytes()),
        Value::Real(number) => tagged(b'r', &number.to_bits().to_be_bytes()),
        Value::Text(text) => tagged(b't', text.as_bytes()),
        Value::Blob(bytes) => tagged(b'b', bytes),
    }
}

/// The head, as `meta` keeps it; of a log from before the chain, made from its rows.
pub(super) fn head(connection: &Connection) -> rusqlite::Result<Link> {
    if let Some(head) = kept_head(connection)? {
        return Ok(head);
    }
    let mut head = Link::start();
    each(connection, |seq, values, _| {
        head = Link { seq, ..head.next(&values) };
        true
    })?;
    Ok(head)
}

/// Keeps the head.
pub(super) fn set_head(connection: &Connection, head: &Link) -> rusqlite::Result<()> {
    let Link { seq, hash } = head;
    connection
        .prepare_cached("INSERT OR REPLACE INTO meta (key, value) VALUES ('audit_head', ?1)")?
        .execute([format!("{seq} {hash}")])?;
    Ok(())
}

/// Follows the chain from its beginning, and compares its end with the head.
pub(super) fn verify(connection: &Connection) -> rusqlite::Result<Result<Link, Break>> {
    let kept = kept_head(connection)?;
    let mut head = Link::start();
    let mut unchained = 0;
    let mut broken = None;
    each(connection, |seq, values, hash| {
        let expected = head.seq.saturating_add(1);
        let next = head.next(&values);
        let chained = kept.is_some() && (hash.is_some() || unchained < head.seq);
        broken = if seq != expected {
            Some(Break::Missing(expected))
        } else if kept.as_ref().is_some_and(|kept| seq > kept.seq) {
            Some(Break::Added(seq))
        } else if !chained {
            unchained = seq;
            hash.map(|_without_head| Break::Altered(seq))
        } else if hash.as_deref() == Some(next.hash.as_str()) {
            None
        } else if unchained > 0 && unchained == head.seq {
            Some(Break::AlteredBefore(seq))
        } else {
            Some(Break::Altered(seq))
        };
        head = next;
        broken.is_none()
    })?;
    Ok(match (broken, kept) {
        (Some(broken), _) => Err(broken),
        (None, Some(kept)) if kept.seq > head.seq => Err(Break::Missing(head.seq + 1)),
        (None, Some(kept)) if kept.hash != head.hash => Err(Break::Altered(head.seq)),
        (None, _) => Ok(head),
    })
}

fn kept_head(connection: &Connection) -> rusqlite::Result<Option<Link>> {
    let text: Option<String> = connection
        .prepare_cached("SELECT value FROM meta WHERE key = 'audit_head'")?
        .query_row([], |row| row.get(0))
        .optional()?;
    Ok(text.map(|text| {
        // A head that cannot be read is no head that any chain ends in.
        let (seq, hash) = text.split_once(' ').unwrap_or(("", &text));
        Link { seq: seq.parse().unwrap_or(i64::MAX), hash: hash.to_owned() }
    }))
}

/// Shows every row in turn (number, covered columns, hash), until `see` has seen enough.
fn each(
    connection: &Connection,
    mut see: impl FnMut(i64, Vec<Value>, Option<String>) -> bool,
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
        let values = covered.map(|column| row.get(column)).collect::<Result<_, _>>()?;
        let hash = if width > HASH { row.get(HASH)? } else { None };
        if !see(row.get(0)?, values, hash) {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Deny, Id, Kind, Moment, Restriction, Subject, TargetName, Until};
    use crate::state::{AuditRow, Location, Record, State};

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
        let mut state = State::write(&Location::Memory, "lineage").unwrap();
        state.commit(0, &[row("a"), row("b"), row("c")]).unwrap();
        state.commit(0, &[row("d")]).unwrap();
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
        state.commit(0, &[row("e"), row("f")]).unwrap();
        assert_eq!(verify(&state.connection).unwrap().unwrap().seq, 6);
        state.connection.execute_batch("UPDATE audit SET subject = 'B' WHERE seq = 2").unwrap();
        assert_eq!(verify(&state.connection).unwrap(), Err(Break::AlteredBefore(5)));
    }

    #[test]
    fn no_two_rows_digest_alike() {
        let text = |text: &str| Value::Text(text.to_owned());
        let link = |values: &[Value]| Link::start().next(values).hash;
        assert_ne!(link(&[text("ab"), text("c")]), link(&[text("a"), text("bc")]));
        assert_ne!(link(&[Value::Null, text("")]), link(&[text(""), Value::Null]));
    }
}
