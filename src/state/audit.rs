//! What was done to whom, when and why: written once, never changed.

use std::sync::Arc;

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension as _};

use super::chain::{self, Link};
use super::words::{self, Word, Words};
use crate::domain::{Id, Moment, Restriction, Until};

/// One operation's outcome, for the audit log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuditRow {
    /// When it was known.
    pub at: Moment,
    /// The run.
    pub run: String,
    /// The call, if there was one.
    pub call: Option<i64>,
    /// What it was done to.
    pub restriction: Restriction,
    /// What was done.
    pub action: &'static str,
    /// Why.
    pub because: &'static str,
    /// Until when.
    pub until: Until,
    /// The `id` of the entry.
    pub entry: Option<String>,
    /// Where the entry stands.
    pub source: Option<String>,
    /// What the entry says for people, as a JSON object.
    pub meta: Option<Arc<str>>,
    /// Why, as the entry says.
    pub reason: Option<Arc<str>>,
    /// What the provider was told, in words; `None` where nothing was sent.
    pub told: Option<Arc<str>>,
    /// What came of it.
    pub outcome: &'static str,
    /// The provider's code.
    pub code: Option<String>,
    /// The provider's message.
    pub message: Option<String>,
    /// The provider's id of the request.
    pub request_id: Option<String>,
}

/// The log while a transaction appends to it: what is the same for many rows is asked once.
#[derive(Default)]
pub(super) struct Log {
    head: Option<Link>,
    words: Words,
    /// The run of the newest row, and who began it.
    who: Option<(String, Word)>,
}

impl Log {
    /// Appends a row to the log, and to the chain.
    pub(super) fn append(
        &mut self,
        connection: &Connection,
        row: &AuditRow,
    ) -> rusqlite::Result<()> {
        let head = match self.head.take() {
            Some(head) => head,
            None => chain::head(connection)?,
        };
        let who = self.who(connection, &row.run)?;
        let mut columns = values(head.seq.saturating_add(1), row);
        let mut covered = columns.clone();
        let mut numbers = vec![Value::Integer(who.0)];
        covered.push(text(&who.1));
        for words in [&row.meta, &row.told, &row.reason] {
            covered.push(words.as_deref().map_or(Value::Null, text));
            let number = words.as_ref().map(|words| self.words.number(connection, words));
            numbers.push(number.transpose()?.map_or(Value::Null, Value::Integer));
        }
        let link = head.next(&covered);
        columns.push(text(&link.hash));
        columns.append(&mut numbers);
        connection
            .prepare_cached(
                "INSERT INTO audit (seq, at, run, call, target, room, kind, subject, deny, action,
                 because, until, entry, source, outcome, code, message, request_id, hash, who,
                 meta, told, reason)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16,
                 ?17, ?18, ?19, ?20, ?21, ?22, ?23)",
            )?
            .execute(rusqlite::params_from_iter(columns))?;
        self.head = Some(link);
        Ok(())
    }

    /// Keeps the head of the chain, if the transaction moved it.
    pub(super) fn close(self, connection: &Connection) -> rusqlite::Result<()> {
        self.head.map_or(Ok(()), |head| chain::set_head(connection, &head))
    }

    /// Who began a run; no words where that is not recorded.
    fn who(&mut self, connection: &Connection, run: &str) -> rusqlite::Result<Word> {
        if let Some((known, who)) = &self.who
            && known == run
        {
            return Ok(who.clone());
        }
        let recorded = connection
            .prepare_cached(
                "SELECT words.id, words.text FROM run JOIN words ON words.id = who
                 WHERE run.id = ?1",
            )?
            .query_row([run], |row| Ok((row.get(0)?, row.get::<_, String>(1)?.into())))
            .optional()?;
        let who = match recorded {
            Some(who) => who,
            None => (words::add(connection, "")?, "".into()),
        };
        self.who = Some((run.to_owned(), who.clone()));
        Ok(who)
    }
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

/// The columns of a row that hold their own values, in the order of the table.
fn values(seq: i64, row: &AuditRow) -> Vec<Value> {
    let AuditRow { at, run, call, restriction, action, because, until, .. } = row;
    let Restriction { target, room, subject, deny } = restriction;
    let number = |number: Option<i64>| number.map_or(Value::Null, Value::Integer);
    let optional = |text: &Option<String>| text.clone().map_or(Value::Null, Value::Text);
    vec![
        Value::Integer(seq),
        Value::Integer(at.millis()),
        text(run),
        number(*call),
        text(target.as_str()),
        text(room.as_ref().map_or("", Id::as_str)),
        text(subject.kind.name()),
        text(subject.id.as_str()),
        Value::Integer(deny.bits().into()),
        text(action),
        text(because),
        number(until.at().map(Moment::millis)),
        optional(&row.entry),
        optional(&row.source),
        text(row.outcome),
        optional(&row.code),
        optional(&row.message),
        optional(&row.request_id),
    ]
}
