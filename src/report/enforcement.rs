//! What the state knows of restrictions: as lines, as one in full, as JSON.

use std::fmt::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;
use unicode_width::UnicodeWidthStr as _;

use super::escape::{Terminal, TerminalWord};
use super::restriction::RestrictionView;
use super::span::relative_time;
use super::style::{ColorChoice, Style};
use crate::domain::{Action, Enforcement, Evidence, Held, Lapse, Moment, RuleId, Twin, Until};

/// How sure it is that somebody is restricted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// The provider holds it.
    InForce,
    /// What the provider held has ended there by itself.
    Lapsed,
    /// A call was sent and nobody knows whether it took effect.
    InDoubt,
    /// The provider says "not yet".
    Waiting,
    /// The provider holds nothing of it.
    Gone,
}

impl Standing {
    /// That of a row at `now`.
    pub fn of(row: &Enforcement, now: Moment) -> Self {
        match (&row.held, &row.doubt, row.waiting) {
            (_, Some(_), _) => Self::InDoubt,
            (Some(held), None, _) if held.lapse.has_passed(now) => Self::Lapsed,
            (Some(_), None, _) => Self::InForce,
            (None, None, Some(_)) => Self::Waiting,
            (None, None, None) => Self::Gone,
        }
    }

    /// The name, as in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::InForce => "in_force",
            Self::Lapsed => "lapsed",
            Self::InDoubt => "in_doubt",
            Self::Waiting => "waiting",
            Self::Gone => "gone",
        }
    }

    /// The name for people, and its style.
    pub(super) const fn words(self) -> (Style, &'static str) {
        match self {
            Self::InForce => (Style::Plain, "in force"),
            Self::Lapsed => (Style::Quiet, "lapsed"),
            Self::InDoubt => (Style::Warning, "in doubt"),
            Self::Waiting => (Style::Warning, "waiting"),
            Self::Gone => (Style::Warning, "gone"),
        }
    }
}

/// Every row of the state as JSON.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(
    title = "ostracon state list",
    description = "What `state list --format json` prints. Every key is always there. Ignore \
                   unknown keys: 1.x only adds."
)]
pub struct ListView<'a> {
    /// The version of this format: 1.x only adds keys.
    #[schemars(regex(pattern = r"^1\.[0-9]+$"))]
    pub format_version: &'static str,
    /// The rows, in canonical order.
    pub restrictions: Vec<EnforcementView<'a>>,
}

/// One row of the state as JSON. Every key is always there.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(
    title = "ostracon restriction",
    description = "What the state knows of one restriction: what `state show --format json` and \
                   each line of `state export` print. Every key is always there."
)]
pub struct EnforcementView<'a> {
    /// The canonical text of the restriction.
    pub key: String,
    /// What is restricted.
    #[serde(flatten)]
    pub place: RestrictionView<'a>,
    /// `in_force`, `lapsed`, `in_doubt`, `waiting` or `gone`.
    pub standing: &'static str,
    /// Until when, as last applied.
    pub until: Until,
    /// The reason last applied.
    pub reason: Option<&'a str>,
    /// The `id` of the entry that governed last.
    pub entry: Option<&'a str>,
    /// `acknowledged`, `observed` or `adopted`; null where nothing is known to be held.
    pub evidence: Option<&'static str>,
    /// Since when it is held.
    pub since: Option<Moment>,
    /// When a call last wrote it.
    pub written: Option<Moment>,
    /// When a list of the provider last showed it; null if none did.
    pub seen: Option<Moment>,
    /// When it ends at the provider by itself; null if it does not.
    pub lapse: Option<Moment>,
    /// The provider's id of it.
    pub rule: Option<&'a RuleId>,
    /// What the call was to do whose effect is unknown.
    pub doubt: Option<Action>,
    /// Since when it is in doubt.
    pub doubt_since: Option<Moment>,
    /// Since when the provider has been saying "not yet".
    pub waiting_since: Option<Moment>,
}

impl<'a> EnforcementView<'a> {
    /// The view of a row at `now`.
    pub fn of(row: &'a Enforcement, now: Moment) -> Self {
        let Enforcement { restriction, until, reason, entry, held, doubt, waiting } = row;
        let held = held.as_ref();
        Self {
            key: restriction.to_string(),
            place: restriction.into(),
            standing: Standing::of(row, now).name(),
            until: *until,
            reason: reason.as_deref(),
            entry: entry.as_deref(),
            evidence: held.map(|held| held.evidence.name()),
            since: held.map(|held| held.since),
            written: held.map(|held| held.written),
            seen: held.and_then(|held| held.seen),
            lapse: held.and_then(|held| held.lapse.at()),
            rule: held.and_then(|held| held.rule.as_ref()),
            doubt: doubt.as_ref().map(|doubt| doubt.action),
            doubt_since: doubt.as_ref().map(|doubt| doubt.since),
            waiting_since: *waiting,
        }
    }

    /// The names of the columns of [`EnforcementView::cells`].
    pub const COLUMNS: [&'static str; 19] = [
        "key",
        "target",
        "kind",
        "room",
        "subject",
        "deny",
        "standing",
        "until",
        "reason",
        "entry",
        "evidence",
        "since",
        "written",
        "seen",
        "lapse",
        "rule",
        "doubt",
        "doubt_since",
        "waiting_since",
    ];

    /// The row as cells of a table; empty where there is nothing.
    pub fn cells(&self) -> [String; 19] {
        fn cell<T: fmt::Display>(value: Option<T>) -> String {
            value.map(|value| value.to_string()).unwrap_or_default()
        }
        [
            self.key.clone(),
            self.place.target.to_string(),
            self.place.kind.to_string(),
            cell(self.place.room),
            self.place.subject.to_string(),
            self.place.deny.to_string(),
            self.standing.to_owned(),
            self.until.to_string(),
            cell(self.reason),
            cell(self.entry),
            cell(self.evidence),
            cell(self.since),
            cell(self.written),
            cell(self.seen),
            cell(self.lapse),
            cell(self.rule),
            cell(self.doubt),
            cell(self.doubt_since),
            cell(self.waiting_since),
        ]
    }
}

/// Names longer than this may stand out of their column.
const WIDEST_NAME: usize = 48;

/// Writes rows as lines, one each, in columns.
pub fn enforcement_lines(
    rows: &[Enforcement],
    now: Moment,
    colors: ColorChoice,
    out: &mut dyn Write,
) -> fmt::Result {
    let name = |row: &Enforcement| Terminal(&row.restriction.to_string()).to_string();
    let widths = rows.iter().map(|row| name(row).width()).filter(|width| *width <= WIDEST_NAME);
    let wide = widths.max().unwrap_or(0);
    for row in rows {
        let (style, words) = Standing::of(row, now).words();
        let (name, words) = (name(row), colors.style(style, format!("{words:<8}")));
        let fill = " ".repeat(wide.saturating_sub(name.width()));
        writeln!(out, "{name}{fill}  {words}  {}, {}", until(row.until, now), known(row))?;
    }
    Ok(())
}

/// Writes a row in full.
pub fn enforcement_text(
    row: &Enforcement,
    now: Moment,
    colors: ColorChoice,
    out: &mut dyn Write,
) -> fmt::Result {
    let Enforcement { restriction, until: promised, reason, entry, held, doubt, waiting } = row;
    let (style, words) = Standing::of(row, now).words();
    let name = restriction.to_string();
    writeln!(
        out,
        "{}  {}",
        colors.style(Style::Heading, Terminal(&name)),
        colors.style(style, words)
    )?;
    writeln!(out, "  promised  {}", until(*promised, now))?;
    for (name, value) in [("reason", reason), ("entry", entry)] {
        if let Some(value) = value {
            writeln!(out, "  {name:<8}  {}", TerminalWord(value))?;
        }
    }
    if let Some(Held { since, written, seen: _, lapse, rule, evidence: _, twin }) = held {
        writeln!(out, "  held      since {since}, last written {written}")?;
        match lapse {
            Lapse::At(at) => {
                writeln!(out, "  ends      at {at} by itself, {}", relative_time(now, *at))?;
            }
            Lapse::Open => writeln!(out, "  ends      only when lifted")?,
        }
        if let Some(rule) = rule {
            writeln!(out, "  rule      {rule}")?;
        }
        if let Some(Twin { since, .. }) = twin {
            writeln!(out, "  twin      an unanswered call may have made a second since {since}")?;
        }
    }
    if let Some(doubt) = doubt {
        let since = doubt.since;
        writeln!(out, "  in doubt  a call to {} was sent at {since}", doubt.action)?;
    }
    if let Some(since) = waiting {
        writeln!(out, "  waiting   the provider has been saying \"not yet\" since {since}")?;
    }
    writeln!(out, "  known     {}", known(row))
}

fn until(until: Until, now: Moment) -> String {
    match until {
        Until::Never => "until never".to_owned(),
        Until::At(at) => format!("until {at} ({})", relative_time(now, at)),
    }
}

/// How we know what a provider holds.
pub(super) fn held_words(held: &Held) -> String {
    let Held { written, seen, evidence, .. } = held;
    match (evidence, seen) {
        (Evidence::Observed, Some(seen)) => format!("observed at {seen}"),
        (_, Some(seen)) if seen != written => {
            format!("{} at {written}, observed at {seen}", evidence.name())
        }
        (_, Some(_) | None) => format!("{} at {written}", evidence.name()),
    }
}

/// How we know what a row says.
fn known(row: &Enforcement) -> String {
    let held = row.held.as_ref().map(held_words);
    let doubt =
        row.doubt.as_ref().map(|doubt| format!("{} in doubt since {}", doubt.action, doubt.since));
    let waiting = row.waiting.map(|since| format!("waiting since {since}"));
    let parts: Vec<String> = [held, doubt, waiting].into_iter().flatten().collect();
    if parts.is_empty() { "nothing is held".to_owned() } else { parts.join(", ") }
}
