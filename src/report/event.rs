//! The audit log, event by event: as text, or as a JSON object.

use std::fmt::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use super::escape::{Terminal, TerminalWord};
use super::restriction::RestrictionView;
use super::style::{ColorChoice, Style};
use crate::domain::{Moment, Until, Who};
use crate::store::Event;

/// One event as JSON. Every key is always there.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(
    title = "ostracon history",
    description = "What each line of `history --format jsonl` prints: one row of the audit log. \
                   Every key is always there. Ignore unknown keys."
)]
pub struct EventView<'a> {
    /// Its number in the log.
    pub seq: i64,
    /// When it was known.
    pub at: Moment,
    /// The run.
    pub run: &'a str,
    /// Who began the run; null where that is not recorded.
    pub who: Option<&'a Who>,
    /// Why the run was allowed or begun, if somebody said.
    pub note: Option<&'a str>,
    /// The number of the call; null where none was needed.
    pub call: Option<i64>,
    /// What was done.
    pub action: &'a str,
    /// Why.
    pub because: &'a str,
    /// What it was done to.
    #[serde(flatten)]
    pub place: RestrictionView<'a>,
    /// Until when.
    pub until: Until,
    /// The `id` of the entry.
    pub entry: Option<&'a str>,
    /// Where the entry stands.
    pub source: Option<&'a str>,
    /// What the entry says for people: its `meta`.
    pub meta: Option<Map<String, Value>>,
    /// Why, as the entry says.
    pub reason: Option<&'a str>,
    /// What the provider was told, in words; null where nothing was sent.
    pub told: Option<&'a str>,
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
        Self {
            seq: event.seq,
            at: event.at,
            run: &event.run,
            who: event.who.as_ref(),
            note: event.note.as_deref(),
            call: event.call,
            action: &event.action,
            because: &event.because,
            place: (&event.restriction).into(),
            until: event.until,
            entry: event.entry.as_deref(),
            source: event.source.as_deref(),
            meta: event.meta.as_deref().and_then(|meta| serde_json::from_str(meta).ok()),
            reason: event.reason.as_deref(),
            told: event.told.as_deref(),
            outcome: &event.outcome,
            code: event.code.as_deref(),
            message: event.message.as_deref(),
            request_id: event.request_id.as_deref(),
        }
    }
}

/// Writes the run that the next events belong to, and who began it.
pub fn run_text(event: &Event, colors: ColorChoice, out: &mut dyn Write) -> fmt::Result {
    let run = Terminal(&event.run);
    write!(out, "{}", colors.style(Style::Heading, format_args!("Run {run}")))?;
    if let Some(who) = &event.who {
        write!(out, "  by {}", Terminal(&who.to_string()))?;
    }
    if let Some(note) = &event.note {
        write!(out, "  note {}", TerminalWord(note))?;
    }
    writeln!(out)
}

/// Writes one event: a line, and below it how it came to it, and what was sent.
pub fn event_text(event: &Event, colors: ColorChoice, out: &mut dyn Write) -> fmt::Result {
    let Event { at, action, restriction, outcome, until, .. } = event;
    let style = if outcome == "done" { Style::Plain } else { Style::Warning };
    writeln!(
        out,
        "  {at}  {} {}  until {until}  {}",
        Terminal(action),
        Terminal(&restriction.to_string()),
        colors.style(style, Terminal(&outcome.replace('_', " "))),
    )?;
    for line in [why(event), sent(event)] {
        if !line.is_empty() {
            writeln!(out, "      {}", colors.style(Style::Quiet, line))?;
        }
    }
    Ok(())
}

/// Why it was done: the cause, the entry and where it stands, and what that says.
fn why(event: &Event) -> String {
    let mut parts = vec![Terminal(&event.because.replace('_', " ")).to_string()];
    parts.extend(event.entry.as_ref().map(|it| format!("entry {}", TerminalWord(it))));
    parts.extend(event.source.as_ref().map(|it| format!("at {}", Terminal(it))));
    // What the provider was told ends with it already.
    let is_told = |it: &&String| event.told.as_ref().is_some_and(|told| told.ends_with(*it));
    let reason = event.reason.as_ref().filter(|it| !is_told(it));
    parts.extend(reason.map(|it| format!("reason {}", TerminalWord(it))));
    let meta = event.meta.as_deref().and_then(|meta| serde_json::from_str(meta).ok());
    for (key, value) in meta.iter().flat_map(|meta: &Map<_, _>| meta) {
        let value = value.as_str().unwrap_or_default();
        parts.push(format!("{}={}", Terminal(key), TerminalWord(value)));
    }
    parts.join("  ")
}

/// What the provider was told, and what it answered.
fn sent(event: &Event) -> String {
    let mut parts = Vec::new();
    parts.extend(event.told.as_ref().map(|told| format!("sent: {}", Terminal(told))));
    parts.extend(event.call.map(|call| format!("call {call}")));
    let provider =
        [("request", &event.request_id), ("code", &event.code), ("said", &event.message)];
    for (name, value) in provider {
        parts.extend(value.as_ref().map(|value| format!("{name} {}", TerminalWord(value))));
    }
    parts.join("  ")
}
