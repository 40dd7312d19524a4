//! Everything that is known of one subject: which entries name it, what is in force, what comes
//! next, what was done.

use std::fmt::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;

use super::escape::{Terminal, TerminalWord};
use super::restriction::RestrictionView;
use super::review::{symbol, until_word};
use super::style::{ColorChoice, Style};
use crate::domain::{Evidence, Moment, Order, RuleId, Source, Until};
use crate::plan::document::{FORMAT_VERSION, OperationView};

/// Everything that is known of one subject.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(
    title = "ostracon explanation",
    description = "What `explain --format json` prints. Every key is always there. Ignore unknown \
                   keys: 1.x only adds."
)]
pub struct Explanation<'a> {
    /// The version of this format: 1.x only adds keys.
    #[schemars(regex(pattern = r"^1\.[0-9]+$"))]
    pub format_version: &'static str,
    /// The subject that was asked for.
    pub subject: &'a str,
    /// The entries that name it.
    pub entries: Vec<Named<'a>>,
    /// The orders that stand about it.
    pub orders: Vec<&'a Order>,
    /// Where it is protected.
    pub protected: Vec<&'a Source>,
    /// What is held, or may be.
    pub in_force: Vec<InForce<'a>>,
    /// What the next run will do.
    pub operations: Vec<Coming>,
    /// What was done, newest first.
    pub past: Vec<PastView<'a>>,
}

/// One entry that names the subject.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Named<'a> {
    /// What it restricts.
    #[serde(flatten)]
    pub place: RestrictionView<'a>,
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
#[derive(Debug, Serialize, JsonSchema)]
pub struct InForce<'a> {
    /// What is restricted.
    #[serde(flatten)]
    pub place: RestrictionView<'a>,
    /// Until when, as last applied.
    pub until: Until,
    /// Since when it is held; null if nothing is known to be.
    pub since: Option<Moment>,
    /// When a call last wrote it; null if nothing is known to be held.
    pub written: Option<Moment>,
    /// When it ends there by itself; null if it does not.
    pub lapse: Option<Moment>,
    /// How this is known; null if nothing is known to be held.
    pub evidence: Option<Evidence>,
    /// The provider's id of the rule; null where it makes none.
    pub rule: Option<RuleId>,
    /// Since when a call about it is in doubt; null if none is.
    pub in_doubt_since: Option<Moment>,
    /// When the provider last said "not yet"; null if it did not.
    pub waiting_since: Option<Moment>,
}

/// One operation of the next run.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Coming {
    /// The operation.
    #[serde(flatten)]
    pub operation: OperationView,
    /// Whether a guard holds it back until somebody acknowledges it.
    pub held_back: bool,
}

/// One operation of an earlier run.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PastView<'a> {
    /// When its outcome was known.
    pub at: Moment,
    /// The run.
    pub run: &'a str,
    /// What it was done to.
    #[serde(flatten)]
    pub place: RestrictionView<'a>,
    /// What was done.
    pub action: &'a str,
    /// Why.
    pub because: &'a str,
    /// What came of it.
    pub outcome: &'a str,
    /// The provider's code; null where there is none.
    pub code: Option<&'a str>,
    /// What went wrong; null if nothing did.
    pub message: Option<&'a str>,
    /// The provider's id of the request; null where there is none.
    pub request_id: Option<&'a str>,
}

/// The version of the format.
pub const VERSION: &str = FORMAT_VERSION;

/// Writes an explanation as text.
pub fn explain_text(
    explanation: &Explanation<'_>,
    colors: ColorChoice,
    out: &mut dyn Write,
) -> fmt::Result {
    let Explanation { subject, entries, orders, protected, in_force, operations, past, .. } =
        explanation;
    writeln!(out, "{}", colors.style(Style::Heading, TerminalWord(subject)))?;
    let safe = |line: String| Terminal(&line).to_string();
    let operations = operations.iter().map(coming).map(safe).collect();
    let entries = entries.iter().map(|entry| {
        let place = entry.source.to_string();
        let place = colors.link(Some(entry.source), Terminal(&place));
        format!("{place}  {}", Terminal(&named(entry)))
    });
    let sections: [(&str, &str, Vec<String>); 6] = [
        ("Entries that name it", "no entry names it", entries.collect()),
        ("Orders about it", "", orders.iter().map(|order| safe(ordered(order))).collect()),
        ("Protected at", "", protected.iter().map(|it| safe(it.to_string())).collect()),
        (
            "In force, as far as the state knows",
            "nothing",
            in_force.iter().map(held).map(safe).collect(),
        ),
        ("What the next run does", "nothing", operations),
        (
            "What was done, newest first",
            "nothing is recorded",
            past.iter().map(done).map(safe).collect(),
        ),
    ];
    for (title, none, lines) in sections {
        if lines.is_empty() && none.is_empty() {
            continue;
        }
        writeln!(out, "\n{}:", colors.style(Style::Heading, title))?;
        if lines.is_empty() {
            writeln!(out, "  {none}")?;
        }
        for line in lines {
            writeln!(out, "  {line}")?;
        }
    }
    Ok(())
}

/// An order, in a few words.
pub(super) fn ordered(order: &Order) -> String {
    let Order { id, kind, until, why, by, .. } = order;
    format!("{kind} until {until}: {why}, by {by} (order {id})")
}

fn named(named: &Named<'_>) -> String {
    let Named { place, entry, source: _, from, until, reason, wanted_now } = named;
    let mut parts = Vec::new();
    parts.extend(entry.map(str::to_owned));
    parts.push(place.restriction.to_string());
    parts.extend(from.map(|from| format!("from {from}")));
    parts.push(format!("until {until}"));
    parts.extend(reason.map(|reason| format!("reason: {reason}")));
    if !wanted_now {
        parts.push("(not wanted now)".to_owned());
    }
    parts.join("  ")
}

fn held(row: &InForce<'_>) -> String {
    let InForce { place, until, since, written, lapse, evidence, rule, .. } = row;
    let mut parts = vec![format!("{}  until {until}", place.restriction)];
    match (since, written, evidence) {
        (Some(since), Some(written), Some(evidence)) => {
            parts.push(format!("held since {since}, last written {written}: {}", known(*evidence)));
        }
        _ => parts.push("nothing is known to be held".to_owned()),
    }
    parts.extend(lapse.map(|lapse| format!("ends there by itself at {lapse}")));
    parts.extend(rule.as_ref().map(|rule| format!("rule {rule}")));
    parts.extend(row.in_doubt_since.map(|since| format!("in doubt since {since}")));
    parts.extend(row.waiting_since.map(|since| format!("\"not yet\" at {since}")));
    parts.join("  ")
}

/// How it is known what a provider holds.
pub(super) const fn known(evidence: Evidence) -> &'static str {
    match evidence {
        Evidence::Acknowledged => "the provider acknowledged it",
        Evidence::Observed => "a list showed it",
        Evidence::Adopted => "a list showed what an unanswered call had asked for",
    }
}

fn coming(coming: &Coming) -> String {
    let Coming { operation, held_back } = coming;
    let OperationView { action, because, until, .. } = operation;
    let (restriction, why) = (operation.restriction(), because.words());
    let word = until_word(*action);
    let held = if *held_back { "  (held back by a guard)" } else { "" };
    format!("{} {action} {restriction}  {word} {until}  {why}{held}", symbol(*action))
}

fn done(past: &PastView<'_>) -> String {
    let PastView { at, run, place, action, because, outcome, code, message, request_id } = past;
    let mut parts = vec![format!("{at}  {action} {}  {outcome}  {because}", place.restriction)];
    for (word, value) in [("code", code), ("message", message), ("request", request_id)] {
        parts.extend(value.map(|value| format!("{word} {value}")));
    }
    parts.push(format!("run {run}"));
    parts.join("  ")
}
