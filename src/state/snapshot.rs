//! Everything a plan needs to know of the state, read at once.

use std::collections::{BTreeMap, BTreeSet};

use super::error::{StateError, doing};
use super::{State, View, protected};
use crate::domain::{Enforcement, Moment, ProtectedKey, TargetName};
use crate::plan::Bound;
use crate::plan::document::StateMark;

/// What the state knows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Snapshot {
    /// Which state this is.
    pub mark: StateMark,
    /// The targets as of the last apply.
    pub bound: BTreeMap<TargetName, Bound>,
    /// The rows, in the canonical order of restrictions.
    pub rows: Vec<Enforcement>,
    /// Who was protected at the last apply.
    pub protected: BTreeSet<ProtectedKey>,
    /// When the newest run began.
    pub newest_run: Option<Moment>,
    /// The number of the newest call.
    pub newest_call: i64,
    /// The newest call of each rate.
    pub last_calls: Vec<LastCall>,
}

/// When a rate was last used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LastCall {
    /// Who shares the rate.
    pub rate_key: String,
    /// Which of the documented rates.
    pub lane: usize,
    /// When the newest call was intended, sent or answered, whichever is latest.
    pub at: Moment,
    /// How many calls there were within the second before that.
    pub lately: usize,
    /// Whether the newest run left calls that may have been sent at any time since.
    pub cut_off: bool,
}

/// The span before the newest call in which calls are counted: a little more than a second.
const LATELY: jiff::SignedDuration = jiff::SignedDuration::from_millis(1100);

impl Snapshot {
    /// The snapshot of a state that does not exist.
    pub fn empty() -> Self {
        Self {
            mark: StateMark { lineage: None, serial: 0 },
            bound: BTreeMap::new(),
            rows: Vec::new(),
            protected: BTreeSet::new(),
            newest_run: None,
            newest_call: 0,
            last_calls: Vec::new(),
        }
    }

    /// How many rows each target has; one without is left out.
    pub fn rows_per_target(&self) -> BTreeMap<TargetName, usize> {
        let mut counts: BTreeMap<TargetName, usize> = BTreeMap::new();
        for row in &self.rows {
            match counts.get_mut(&row.restriction.target) {
                Some(count) => *count += 1,
                None => drop(counts.insert(row.restriction.target.clone(), 1)),
            }
        }
        counts
    }

    /// Gives the rows of renamed targets their new names.
    pub fn rename(&mut self, moves: &BTreeMap<TargetName, TargetName>) {
        if moves.is_empty() {
            return;
        }
        for row in &mut self.rows {
            if let Some(name) = moves.get(&row.restriction.target) {
                row.restriction.target = name.clone();
            }
        }
        self.rows.sort_by(|a, b| a.restriction.cmp(&b.restriction));
    }
}

/// How many of the newest calls are looked at for the last use of each rate: more than any
/// provider takes in a second.
const RECENT_CALLS: i64 = 1000;

impl State {
    /// Reads the snapshot, in one transaction.
    pub fn snapshot(&mut self) -> Result<Snapshot, StateError> {
        self.view()?.snapshot()
    }

    /// Its lineage.
    pub fn lineage(&self) -> Result<String, StateError> {
        self.connection
            .query_row("SELECT value FROM meta WHERE key = 'lineage'", [], |row| row.get(0))
            .map_err(doing("read the state"))
    }
}

impl View<'_> {
    /// Everything but the rows.
    pub fn outline(&self) -> Result<Snapshot, StateError> {
        let transaction = &self.transaction;
        let read = || -> rusqlite::Result<Snapshot> {
            let meta = |key: &str| {
                transaction.query_row("SELECT value FROM meta WHERE key = ?1", [key], |row| {
                    row.get::<_, String>(0)
                })
            };
            let mark = StateMark {
                lineage: Some(meta("lineage")?),
                serial: meta("serial")?.parse().unwrap_or(0),
            };
            let newest = |sql| transaction.query_row(sql, [], |row| row.get::<_, Option<i64>>(0));
            Ok(Snapshot {
                mark,
                bound: bound(transaction)?,
                rows: Vec::new(),
                protected: protected::read(transaction)?,
                newest_run: newest("SELECT max(started) FROM run")?.map(Moment::from_millis),
                newest_call: newest("SELECT max(id) FROM call")?.unwrap_or(0),
                last_calls: last_calls(transaction)?,
            })
        };
        read().map_err(doing("read the state"))
    }
}

fn bound(connection: &rusqlite::Connection) -> rusqlite::Result<BTreeMap<TargetName, Bound>> {
    let mut statement =
        connection.prepare("SELECT name, binding, endpoint, credentials FROM target")?;
    let rows = statement.query_map([], |row| {
        let name: String = row.get(0)?;
        let bound = Bound { binding: row.get(1)?, endpoint: row.get(2)?, credentials: row.get(3)? };
        Ok(TargetName::parse(&name).map(|name| (name, bound)))
    })?;
    rows.filter_map(Result::transpose).collect()
}

fn last_calls(connection: &rusqlite::Connection) -> rusqlite::Result<Vec<LastCall>> {
    let mut statement = connection.prepare(
        "SELECT rate_key, lane, max(intended, coalesce(sent, 0), coalesce(answered, 0)),
         answered IS NULL AND run = (SELECT run FROM call ORDER BY id DESC LIMIT 1)
         FROM call ORDER BY id DESC LIMIT ?1",
    )?;
    let rows = statement.query_map([RECENT_CALLS], |row| {
        let lane = usize::try_from(row.get::<_, i64>(1)?).unwrap_or(0);
        let (at, cut_off): (i64, bool) = (row.get(2)?, row.get(3)?);
        Ok(((row.get::<_, String>(0)?, lane), (Moment::from_millis(at), cut_off)))
    })?;
    let mut rates: BTreeMap<_, Vec<(Moment, bool)>> = BTreeMap::new();
    for row in rows {
        let (rate, call) = row?;
        rates.entry(rate).or_default().push(call);
    }
    let last = |((rate_key, lane), calls): ((String, usize), Vec<(Moment, bool)>)| {
        let at = calls.iter().map(|(at, _)| *at).max()?;
        let cut_off = calls.iter().any(|(_, cut_off)| *cut_off);
        let lately = calls.iter().filter(|(then, _)| at - *then <= LATELY).count();
        Some(LastCall { rate_key, lane, at, lately, cut_off })
    };
    Ok(rates.into_iter().filter_map(last).collect())
}
