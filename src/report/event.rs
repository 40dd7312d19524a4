//! The audit log, event by event: as text, or as a JSON object.

use std::fmt::{self, Write};

use serde::Serialize;

use super::escape::{Terminal, TerminalWord};
use super::style::{Ink, Paint};
use crate::domain::{Deny, Id, Kind, Moment, TargetName, Until};
use crate::state::Event;

/// One event as JSON. Every key is always there.
#[derive(Debug, Serialize)]
pub struct EventView<'a> {
    /// Its number in the log.
    pub seq: i64,
    /// When it was known.
    pub at: Moment,
    /// The run.
    pub run: &'a str,
    /// The account the run was started under.
    pub user: Option<&'a str>,
    /// The machine the run was on.
    pub host: Option<&'a str>,
    /// Why the run was allowed or begun, if somebody said.
    pub note: Option<&'a str>,
    /// The number of the call; null where none was needed.
    pub call: Option<i64>,
    /// What was done.
    pub action: &'a str,
    /// Why.
    pub because: &'a str,
    /// The target.
    pub target: &'a TargetName,
    /// What kind of subject.
    pub kind: Kind,
    /// The room; null where the restriction holds in the whole app.
    pub room: Option<&'a Id>,
    /// Who or what is restricted.
    pub subject: &'a Id,
    /// What is denied; null for a stream.
    pub deny: Deny,
    /// Until when.
    pub until: Until,
    /// The `id` of the entry.
    pub entry: Option<&'a str>,
    /// Where the entry stands.
    pub source: Option<&'a str>,
    /// What came of it.
    pub outcome: &'a str,
    /// The provider's code.
    pub code: Option<&'a str>,
    /// The provider's message.
    pub message: Option<&'a str>,
    /// The provider's id of the request.
    pub request_id: Option<&'a str>,
}

impl<'a> From<&'a Event> for EventView<'a> {
    fn from(event: &'a Event) -> Self {
        let restriction = &event.restriction;
        Self {
            seq: event.seq,
            at: event.at,
            run: &event.run,
            user: event.user.as_deref(),
            host: event.host.as_deref(),
            note: event.note.as_deref(),
            call: event.call,
            action: &event.action,
            because: &event.because,
            target: &restriction.target,
            kind: restriction.subject.kind,
            room: restriction.room.as_ref(),
            subject: &restriction.subject.id,
            deny: restriction.deny,
            until: event.until,
            entry: event.entry.as_deref(),
            source: event.source.as_deref(),
            outcome: &event.outcome,
            code: event.code.as_deref(),
            message: event.message.as_deref(),
            request_id: event.request_id.as_deref(),
        }
    }
}

/// Writes one event: a line, and a second one about how it came to it.
pub fn event_text(event: &Event, paint: Paint, out: &mut dyn Write) -> fmt::Result {
    let Event { at, action, restriction, outcome, because, until, .. } = event;
    let ink = if outcome == "done" { Ink::Plain } else { Ink::Warning };
    writeln!(
        out,
        "{at}  {} {}  until {until}  {}",
        Terminal(action),
        Terminal(&restriction.to_string()),
        paint.ink(ink, Terminal(outcome)),
    )?;
    write!(out, "    {}", paint.ink(Ink::Quiet, Terminal(&because.replace('_', " "))))?;
    for (name, value) in [("entry", &event.entry), ("at", &event.source)] {
        if let Some(value) = value {
            write!(out, "  {name} {}", TerminalWord(value))?;
        }
    }
    write!(out, "  run {}", Terminal(&event.run))?;
    if let (Some(user), Some(host)) = (&event.user, &event.host) {
        write!(out, " by {}@{}", Terminal(user), Terminal(host))?;
    }
    if let Some(call) = event.call {
        write!(out, "  call {call}")?;
    }
    let provider =
        [("code", &event.code), ("request", &event.request_id), ("said", &event.message)];
    for (name, value) in provider {
        if let Some(value) = value {
            write!(out, "  {name} {}", TerminalWord(value))?;
        }
    }
    writeln!(out)
}
