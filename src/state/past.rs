//! What was done about one subject, newest first.

use rusqlite::params;

use super::State;
use super::error::{StateError, doing};
use crate::domain::{Deny, Id, Kind, Moment, Restriction, Subject, TargetName};

/// One operation of an earlier run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Past {
    /// When its outcome was known.
    pub at: Moment,
    /// The run.
    pub run: String,
    /// What it was done to.
    pub restriction: Restriction,
    /// What was done.
    pub action: String,
    /// Why.
    pub because: String,
    /// What came of it.
    pub outcome: String,
    /// The provider's code.
    pub code: Option<String>,
    /// The provider's message.
    pub message: Option<String>,
    /// The provider's id of the request.
    pub request_id: Option<String>,
}

impl State {
    /// The newest operations about a subject, of this kind or of any, at most so many.
    pub fn past(
        &self,
        kind: Option<Kind>,
        subject: &str,
        most: u32,
    ) -> Result<Vec<Past>, StateError> {
        let reading = doing("read the audit log");
        let mut statement = self
            .connection
            .prepare(
                "SELECT at, run, target, room, kind, subject, deny, action, because, outcome, code,
                 message, request_id FROM audit WHERE subject = ?1 AND kind = ifnull(?2, kind)
                 ORDER BY seq DESC LIMIT ?3",
            )
            .map_err(&reading)?;
        let rows = statement
            .query_map(params![subject, kind.map(Kind::name), most], past)
            .map_err(&reading)?;
        rows.collect::<Result<_, _>>().map_err(&reading)
    }
}

fn past(row: &rusqlite::Row<'_>) -> rusqlite::Result<Past> {
    let text = |name: &str| row.get::<_, String>(name);
    let unreadable = |name: &str| rusqlite::Error::InvalidColumnName(format!("{name} in the log"));
    let room = text("room")?;
    let restriction = Restriction {
        target: TargetName::parse(&text("target")?).ok_or_else(|| unreadable("target"))?,
        room: (!room.is_empty()).then(|| Id::new(room)),
        subject: Subject {
            kind: Kind::parse(&text("kind")?).ok_or_else(|| unreadable("kind"))?,
            id: Id::new(text("subject")?),
        },
        deny: Deny::from_bits(row.get("deny")?).ok_or_else(|| unreadable("deny"))?,
    };
    Ok(Past {
        at: Moment::from_millis(row.get("at")?),
        run: text("run")?,
        restriction,
        action: text("action")?,
        because: text("because")?,
        outcome: text("outcome")?,
        code: row.get("code")?,
        message: row.get("message")?,
        request_id: row.get("request_id")?,
    })
}
