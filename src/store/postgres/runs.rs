//! The record of runs as a table.

use std::sync::Arc;

use tokio_postgres::Client;

use super::State;
use super::error::doing;
use super::lease::Parameter;
use crate::domain::{Moment, Who};
use crate::store::{RunRow, StateError};

/// When the newest run began, without those whose clock somebody has called wrong.
const NEWEST: &str = "
SELECT coalesce((SELECT value::bigint FROM ostracon.meta WHERE key = 'newest_run'),
                (SELECT max(started) FROM ostracon.run))";

/// When the newest run began.
pub(super) async fn newest(client: &Client) -> Result<Option<Moment>, tokio_postgres::Error> {
    let row = client.query_typed_one(NEWEST, &[]).await?;
    Ok(row.get::<_, Option<i64>>(0).map(Moment::from_millis))
}

/// Records that a run begins; one statement, so one transaction.
pub(super) const BEGIN: &str = "
WITH begun AS (
  INSERT INTO ostracon.run (id, started, \"user\", host, pid, note, who)
  VALUES ($1, $2, $3, $4, $5, $6, $7)),
counted AS (
  UPDATE ostracon.meta SET value = (value::bigint + 1)::text WHERE key = 'serial')
INSERT INTO ostracon.meta (key, value) VALUES ('newest_run',
  greatest($2, (SELECT max(started) FROM ostracon.run
    WHERE NOT EXISTS (SELECT FROM ostracon.meta WHERE key = 'newest_run')))::text)
ON CONFLICT (key) DO UPDATE
SET value = greatest(ostracon.meta.value::bigint, excluded.value::bigint)::text";

/// The parameters of [`BEGIN`]; the run's id comes first.
pub(super) fn begin(
    run: &str,
    (who, pid): (&Who, u32),
    now: Moment,
    note: Option<&str>,
) -> Vec<Parameter> {
    vec![
        Parameter::text(run),
        Parameter::moment(now),
        Parameter::text(&who.user),
        Parameter::text(&who.host),
        Parameter::Number(Some(pid.into())),
        Parameter::Text(note.map(super::columns::without_nul)),
        Parameter::text(&serde_json::to_string(who).unwrap_or_default()),
    ]
}

/// Who began a run, as the words say.
pub(super) fn who(text: Option<&str>, (user, host): (&str, &str)) -> Who {
    let said = text.and_then(|text| serde_json::from_str(text).ok());
    said.unwrap_or_else(|| Who { user: user.to_owned(), host: host.to_owned(), ..Who::default() })
}

impl State {
    /// Records that a run begins, and counts it as a change of the state.
    pub(super) fn begin_run(
        &mut self,
        run: &str,
        (who, pid): (&Who, u32),
        now: Moment,
        note: Option<&str>,
    ) -> Result<(), StateError> {
        let text = serde_json::to_string(who).unwrap_or_default();
        if let Some(tenure) = &mut self.tenure {
            tenure.runs.insert(run.to_owned(), super::columns::without_nul(&text));
        }
        self.change("record the run", BEGIN, begin(run, (who, pid), now, note))
    }

    /// Records how a run ended.
    pub(super) fn finish_run(
        &mut self,
        run: &str,
        now: Moment,
        outcome: &str,
    ) -> Result<(), StateError> {
        if let Some(tenure) = &mut self.tenure {
            tenure.runs.remove(run);
        }
        let sql = "UPDATE ostracon.run SET finished = $2, outcome = $3 WHERE id = $1";
        let parameters =
            vec![Parameter::text(run), Parameter::moment(now), Parameter::text(outcome)];
        self.change("record the end of the run", sql, parameters)
    }

    /// Remembers that the clock says `now` rightly.
    pub(super) fn accept_clock(&mut self, now: Moment) -> Result<(), StateError> {
        let sql = "INSERT INTO ostracon.meta (key, value) VALUES ('newest_run', $1)
                   ON CONFLICT (key) DO UPDATE SET value = excluded.value";
        let parameters = vec![Parameter::text(&now.millis().to_string())];
        self.change("record that the clock is right", sql, parameters)
    }

    /// When the newest of the runs began that had begun by `at`.
    pub(super) fn newest_run_by(&self, at: Moment) -> Result<Option<Moment>, StateError> {
        let client = Arc::clone(&self.client);
        self.worker.wait(async move {
            let sql = "SELECT max(started) FROM ostracon.run WHERE started <= $1";
            let at = Parameter::moment(at);
            let row = client.query_typed_one(sql, &[at.typed()]).await;
            let row = row.map_err(doing("read the record of runs"))?;
            Ok(row.get::<_, Option<i64>>(0).map(Moment::from_millis))
        })
    }

    /// The run that began last, without those whose clock somebody has called wrong.
    pub(super) fn last_run(&self) -> Result<Option<RunRow>, StateError> {
        let client = Arc::clone(&self.client);
        self.worker.wait(async move {
            let sql = format!(
                "SELECT id, started, finished, \"user\", host, note, outcome, who FROM ostracon.run
                 WHERE started <= ({NEWEST}) AND position('/' IN id) = 0
                 ORDER BY started DESC, id DESC LIMIT 1"
            );
            let found = client.query_typed_opt(&sql, &[]).await;
            let found = found.map_err(doing("read the record of runs"))?;
            Ok(found.map(|row| RunRow {
                id: row.get(0),
                started: Moment::from_millis(row.get(1)),
                finished: row.get::<_, Option<i64>>(2).map(Moment::from_millis),
                who: who(row.get(7), (row.get(3), row.get(4))),
                note: row.get(5),
                outcome: row.get(6),
            }))
        })
    }

    /// Its lineage.
    pub(super) fn lineage(&self) -> Result<String, StateError> {
        let client = Arc::clone(&self.client);
        self.worker.wait(async move {
            let sql = "SELECT value FROM ostracon.meta WHERE key = 'lineage'";
            let lineage =
                client.query_typed_one(sql, &[]).await.map_err(doing("read the state"))?;
            Ok(lineage.get(0))
        })
    }
}
