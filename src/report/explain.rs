//! Everything that is known of one subject: which entries name it, what is in force, what comes
//! next, what was done.

use std::fmt::{self, Write};

use serde::Serialize;

use super::escape::{Terminal, TerminalWord};
use super::plan_text::symbol;
use super::style::{Ink, Paint};
use crate::domain::{Deny, Id, Kind, Moment, Restriction, Source, TargetName, Until};
use crate::plan::document::{FORMAT_VERSION, OperationView};

/// Everything that is known of one subject.
#[derive(Debug, Serialize)]
pub struct Explanation<'a> {
    /// The version of this format: 1.x only adds keys.
    pub format_version: &'static str,
    /// The subject that was asked for.
    pub subject: &'a str,
    /// The entries that name it.
    pub entries: Vec<Named<'a>>,
    /// Where it is protected.
    pub protected: Vec<&'a Source>,
    /// What is held, or may be.
    pub in_force: Vec<InForce<'a>>,
    /// What the next run will do.
    pub operations: Vec<OperationView>,
    /// What was done, newest first.
    pub past: Vec<PastView<'a>>,
}

/// A restriction, flat.
#[derive(Debug, Serialize)]
pub struct Place<'a> {
    target: &'a TargetName,
    kind: Kind,
    room: Option<&'a Id>,
    subject: &'a Id,
    deny: Deny,
    #[serde(skip)]
    restriction: &'a Restriction,
}

impl<'a> From<&'a Restriction> for Place<'a> {
    fn from(restriction: &'a Restriction) -> Self {
        let Restriction { target, room, subject, deny } = restriction;
        let (kind, room, subject) = (subject.kind, room.as_ref(), &subject.id);
        Self { target, kind, room, subject, deny: *deny, restriction }
    }
}

/// One entry that names the subject.
#[derive(Debug, Serialize)]
pub struct Named<'a> {
    /// What it restricts.
    #[serde(flatten)]
    pub place: Place<'a>,
    /// Its `id`; null where it has none.
    pub entry: Option<&'a str>,
    /// Where it stands.
    pub source: &'a Source,
    /// Not before this instant; null where it does not say.
    pub from: Option<Moment>,
    /// Until when.
    pub until: Until,
    /// Why; null where it does not say.
    pub reason: Option<&'a str>,
    /// Whether it wants this in force now.
    pub wanted_now: bool,
}

/// One row of the state.
#[derive(Debug, Serialize)]
pub struct InForce<'a> {
    /// What is restricted.
    #[serde(flatten)]
    pub place: Place<'a>,
    /// Until when, as last applied.
    pub until: Until,
    /// Since when it is held; null if nothing is known to be.
    pub since: Option<Moment>,
    /// When a call last wrote it.
    pub written: Option<Moment>,
    /// When it ends there by itself; null if it does not.
    pub lapse: Option<Moment>,
    /// How this is known: `acknowledged`, `observed` or `adopted`.
    pub evidence: Option<&'static str>,
    /// The provider's id of the rule.
    pub rule: Option<i64>,
    /// Since when a call about it is in doubt.
    pub in_doubt_since: Option<Moment>,
    /// Since when the provider has been saying "not yet".
    pub waiting_since: Option<Moment>,
}

/// One operation of an earlier run.
#[derive(Debug, Serialize)]
pub struct PastView<'a> {
    /// When its outcome was known.
    pub at: Moment,
    /// The run.
    pub run: &'a str,
    /// What it was done to.
    #[serde(flatten)]
    pub place: Place<'a>,
    /// What was done.
    pub action: &'a str,
    /// Why.
    pub because: &'a str,
    /// What came of it.
    pub outcome: &'a str,
    /// The provider's code.
    pub code: Option<&'a str>,
    /// The provider's message.
    pub message: Option<&'a str>,
    /// The provider's id of the request.
    pub request_id: Option<&'a str>,
}

/// The version of the format.
pub const VERSION: &str = FORMAT_VERSION;

/// Writes an explanation as text.
pub fn explain_text(
    explanation: &Explanation<'_>,
    paint: Paint,
    out: &mut dyn Write,
) -> fmt::Result {
    let Explanation { format_version: _, subject, entries, protected, in_force, operations, past } =
        explanation;
    writeln!(out, "{}", paint.ink(Ink::Heading, TerminalWord(subject)))?;
    let operations = operations.iter().map(coming).collect();
    let sections: [(&str, &str, Vec<String>); 5] = [
        ("Entries that name it", "no entry names it", entries.iter().map(named).collect()),
        ("Protected at", "", protected.iter().map(ToString::to_string).collect()),
        ("In force", "nothing is known to be in force", in_force.iter().map(held).collect()),
        ("What the next run does", "nothing", operations),
        ("What was done, newest first", "nothing is recorded", past.iter().map(done).collect()),
    ];
    for (title, none, lines) in sections {
        if lines.is_empty() && none.is_empty() {
            continue;
        }
        writeln!(out, "\n{}:", paint.ink(Ink::Heading, title))?;
        if lines.is_empty() {
            writeln!(out, "  {none}")?;
        }
        for line in lines {
            writeln!(out, "  {}", Terminal(&line))?;
        }
    }
    Ok(())
}

fn named(named: &Named<'_>) -> String {
    let Named { place, entry, source, from, until, reason, wanted_now } = named;
    let mut parts = vec![source.to_string()];
    if let Some(entry) = entry {
        parts.push((*entry).to_owned());
    }
    parts.push(format!("{}", place.restriction));
    if let Some(from) = from {
        parts.push(format!("from {from}"));
    }
    parts.push(format!("until {until}"));
    if let Some(reason) = reason {
        parts.push(format!("reason: {reason}"));
    }
    if !wanted_now {
        parts.push("(not wanted now)".to_owned());
    }
    parts.join("  ")
}

fn held(row: &InForce<'_>) -> String {
    let InForce { place, until, since, written, lapse, evidence, rule, .. } = row;
    let mut parts = vec![format!("{}  until {until}", place.restriction)];
    if let (Some(since), Some(written), Some(evidence)) = (since, written, evidence) {
        parts.push(format!("held since {since}, {evidence}, last written {written}"));
    }
    if let Some(lapse) = lapse {
        parts.push(format!("ends there by itself at {lapse}"));
    }
    if let Some(rule) = rule {
        parts.push(format!("rule {rule}"));
    }
    if let Some(since) = row.in_doubt_since {
        parts.push(format!("in doubt since {since}"));
    }
    if let Some(since) = row.waiting_since {
        parts.push(format!("waiting since {since}"));
    }
    parts.join("  ")
}

fn coming(operation: &OperationView) -> String {
    let OperationView { action, because, target, kind, room, subject, until, .. } = operation;
    let room = room.as_ref().map(|room| format!(" in room {room}")).unwrap_or_default();
    let why = because.words();
    format!("{} {action} {kind} {subject}{room} at {target}  until {until}  {why}", symbol(*action))
}

fn done(past: &PastView<'_>) -> String {
    let PastView { at, run, place, action, because, outcome, code, message, request_id } = past;
    let mut parts = vec![format!("{at}  {action} {}  {outcome}  {because}", place.restriction)];
    for (word, value) in [("code", code), ("message", message), ("request", request_id)] {
        if let Some(value) = value {
            parts.push(format!("{word} {value}"));
        }
    }
    parts.push(format!("run {run}"));
    parts.join("  ")
}
