//! The audit log as a table: what was done to whom, when and why.

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, OptionalExtension as _};

use super::chain;
use super::words::{self, Word, Words};
use crate::store::AuditRow;
use crate::store::audit_chain::{Link, Value};

/// The log while a transaction appends to it: what is the same for many rows is asked once.
pub(super) struct Log<'t> {
    connection: &'t Connection,
    insert: CachedStatement<'t>,
    head: Option<Link>,
    words: Words,
    /// The run of the newest row, and who began it.
    who: Option<(String, Word)>,
}

impl<'t> Log<'t> {
    /// The log, of which nothing was read yet.
    pub(super) fn new(connection: &'t Connection) -> rusqlite::Result<Self> {
        let insert = connection.prepare_cached(
            "INSERT INTO audit (seq, at, run, call, target, room, kind, subject, deny, action,
             because, until, entry, source, outcome, code, message, request_id, hash, who,
             meta, told, reason)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16,
             ?17, ?18, ?19, ?20, ?21, ?22, ?23)",
        )?;
        Ok(Self { connection, insert, head: None, words: Words::default(), who: None })
    }

    /// Appends a row to the log, and to the chain.
    pub(super) fn append(&mut self, row: &AuditRow) -> rusqlite::Result<()> {
        let head = match self.head.take() {
            Some(head) => head,
            None => chain::head(self.connection)?,
        };
        let who = self.who(&row.run)?;
        let columns = row.values(head.seq.saturating_add(1));
        let mut numbers = vec![ValueRef::Integer(who.0)];
        for words in [&row.meta, &row.told, &row.reason] {
            let number = words.as_ref().map(|words| self.words.number(self.connection, words));
            numbers.push(number.transpose()?.map_or(ValueRef::Null, ValueRef::Integer));
        }
        let link = head.next(&mut columns.into_iter().chain(row.texts(&who.1)));
        let hash = ValueRef::Text(link.hash.as_bytes());
        let columns = columns.map(stored);
        let values = columns.iter().chain([&hash]).chain(&numbers);
        let values = values.map(|value| ToSqlOutput::Borrowed(*value));
        self.insert.execute(rusqlite::params_from_iter(values))?;
        self.head = Some(link);
        Ok(())
    }

    /// Keeps the head of the chain, if the transaction moved it.
    pub(super) fn close(self) -> rusqlite::Result<()> {
        self.head.map_or(Ok(()), |head| chain::set_head(self.connection, &head))
    }

    /// Who began a run; no words where that is not recorded.
    fn who(&mut self, run: &str) -> rusqlite::Result<Word> {
        let connection = self.connection;
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

/// A value as a statement takes it.
pub(super) fn stored(value: Value<'_>) -> ValueRef<'_> {
    match value {
        Value::Null => ValueRef::Null,
        Value::Integer(number) => ValueRef::Integer(number),
        Value::Text(text) => ValueRef::Text(text.as_bytes()),
    }
}
