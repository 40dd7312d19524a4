//! Whether a state is sound: what the tables cannot refuse by themselves, and the audit chain.

use std::sync::Arc;

use jiff::SignedDuration;
use tokio_postgres::Row;

use super::State;
use super::error::doing;
use super::lease::Parameter;
use crate::domain::Moment;
use crate::store::audit_chain::{COVERED, Follower, Link, Value};
use crate::store::tables::{AUDIT, Kind};
use crate::store::{Flaw, StateError};

/// What must be so in every row, beyond what the tables refuse.
const RULE: &str = "the target was bound by an apply";

/// How long the record of a call is kept.
const CALLS_ARE_KEPT: SignedDuration = SignedDuration::from_hours(24);

impl State {
    /// Looks for everything that can be wrong; the head of the audit chain if it is whole.
    pub(super) fn verify(&self) -> Result<(Vec<Flaw>, Option<Link>), StateError> {
        let client = Arc::clone(&self.client);
        let (strays, kept) = self.worker.wait(async move {
            let sql = "SELECT count(*) FROM ostracon.enforcement
                       WHERE target NOT IN (SELECT name FROM ostracon.target)";
            let strays = client.query_typed_one(sql, &[]).await.map_err(doing(VERIFY))?;
            let sql = "SELECT value FROM ostracon.meta WHERE key = 'audit_head'";
            let kept = client.query_typed_opt(sql, &[]).await.map_err(doing(VERIFY))?;
            let kept = kept.map(|row| Link::parse(row.get(0)));
            Ok((strays.get::<_, i64>(0), kept))
        })?;
        let stray = Flaw::Unruly { table: "enforcement", rule: RULE, count: strays };
        let mut flaws: Vec<Flaw> = (strays > 0).then_some(stray).into_iter().collect();
        let mut follower = Follower::new(kept);
        let names = super::columns::names(AUDIT.columns);
        let sql = format!("SELECT {names} FROM ostracon.audit ORDER BY seq");
        let rows = self.each((VERIFY, sql, Vec::new()), |row| Some(AuditValues::of(row)));
        for row in &rows {
            let AuditValues { values, hash } = row?;
            let seq = match values.first() {
                Some(Owned::Number(Some(seq))) => *seq,
                Some(_) | None => 0,
            };
            if !follower.see(seq, &mut values.iter().map(Owned::value), hash.as_deref()) {
                break;
            }
        }
        match follower.end() {
            Ok(head) => Ok((flaws, Some(head))),
            Err(broken) => {
                flaws.push(Flaw::Broken(broken));
                Ok((flaws, None))
            }
        }
    }

    /// How many bytes its tables take.
    pub(super) fn size(&self) -> Result<u64, StateError> {
        let client = Arc::clone(&self.client);
        self.worker.wait(async move {
            let sql = "SELECT coalesce(sum(pg_total_relation_size(pg_class.oid)), 0)::bigint
                       FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
                       WHERE nspname = 'ostracon' AND relkind = 'r'";
            let row = client.query_typed_one(sql, &[]).await.map_err(doing("measure the state"))?;
            Ok(row.get::<_, i64>(0).unsigned_abs())
        })
    }

    /// Drops the record of calls that nothing reads any more; the room is the server's to use.
    pub(super) fn compact(&mut self, fence: i64, now: Moment) -> Result<usize, StateError> {
        // The lease is ours as long as this is written.
        self.commit_each(fence, &mut std::iter::empty())?;
        let client = Arc::clone(&self.client);
        self.worker.wait(async move {
            let sql = "WITH dropped AS (DELETE FROM ostracon.call
                       WHERE answered IS NOT NULL AND coalesce(sent, intended) <= $1
                         AND id < (SELECT max(id) FROM ostracon.call) RETURNING 1)
                       SELECT count(*) FROM dropped";
            let before = Parameter::moment(now - CALLS_ARE_KEPT);
            let row = client.query_typed_one(sql, &[before.typed()]).await;
            let row = row.map_err(doing("compact the state"))?;
            Ok(usize::try_from(row.get::<_, i64>(0)).unwrap_or(usize::MAX))
        })
    }
}

const VERIFY: &str = "verify the state";

/// What the hash of a row covers, and the hash.
struct AuditValues {
    values: Vec<Owned>,
    hash: Option<String>,
}

/// A value of a row.
enum Owned {
    Text(Option<String>),
    Number(Option<i64>),
}

impl Owned {
    fn value(&self) -> Value<'_> {
        match self {
            Self::Text(text) => Value::optional(text.as_deref()),
            Self::Number(number) => number.map_or(Value::Null, Value::Integer),
        }
    }
}

impl AuditValues {
    /// The covered columns; then, unless the row is older than they are, the texts.
    fn of(row: &Row) -> Self {
        let has_texts = row.get::<_, Option<&str>>(COVERED + 1).is_some();
        let columns = AUDIT.columns.iter().enumerate();
        let covered = columns.filter(|(index, _)| match index {
            0..COVERED => true,
            _ => has_texts && *index > COVERED,
        });
        let values = covered.map(|(index, (_, kind))| match kind {
            Kind::Text | Kind::Shared => Owned::Text(row.get(index)),
            Kind::Number => Owned::Number(row.get(index)),
        });
        Self { values: values.collect(), hash: row.get(COVERED) }
    }
}
