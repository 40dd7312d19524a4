//! One screen: what is in force, what ends soonest, what waits or is in doubt, the last run.

use std::collections::BTreeMap;
use std::fmt::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use super::count::{counted, grouped};
use super::enforcement::Standing;
use super::escape::{Terminal, TerminalWord};
use super::explain::ordered;
use super::span::relative_time;
use super::style::{ColorChoice, Style};
use crate::domain::{Enforcement, Id, Moment, Order, TargetName, Until, Who};
use crate::plan::document::FORMAT_VERSION;
use crate::store::{Holder, RunRow};

/// How things stand. As JSON every key is always there.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(
    title = "ostracon status",
    description = "What `status --format json` prints. Every key is always there. Ignore unknown \
                   keys: 1.x only adds."
)]
pub struct Status<'a> {
    /// The version of this format: 1.x only adds keys.
    #[schemars(regex(pattern = r"^1\.[0-9]+$"))]
    pub format_version: &'static str,
    /// The instant it is about.
    pub now: Moment,
    /// How many restrictions there are of each standing.
    pub summary: Summary,
    /// The orders that stand.
    pub orders: Vec<&'a Order>,
    /// What is in force where.
    pub places: Vec<Place<'a>>,
    /// What ends soonest, soonest first.
    pub ending: Vec<Ending<'a>>,
    /// What the provider says "not yet" to, longest first.
    pub waiting: Vec<Since>,
    /// What is in doubt, longest first.
    pub in_doubt: Vec<Since>,
    /// The run that began last; null if there was none.
    pub last_run: Option<LastRun<'a>>,
    /// The run that holds the state; null if none does.
    pub running: Option<&'a str>,
}

/// How many restrictions there are of each standing.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, JsonSchema)]
pub struct Summary {
    /// Held by the provider.
    pub in_force: u64,
    /// Ended there by itself.
    pub lapsed: u64,
    /// Perhaps held.
    pub in_doubt: u64,
    /// Not yet possible.
    pub waiting: u64,
    /// Known not to be held.
    pub gone: u64,
}

/// What is in force in one room, or app-wide.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Place<'a> {
    /// The target.
    #[schemars(with = "String")]
    pub target: &'a TargetName,
    /// The room; null for the whole app.
    #[schemars(with = "Option<String>")]
    pub room: Option<&'a Id>,
    /// How many restrictions are in force.
    pub in_force: u64,
}

/// A restriction that will end.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Ending<'a> {
    /// Its canonical text.
    pub key: String,
    /// When it ends.
    pub until: Moment,
    /// The `id` of the entry that governed last.
    pub entry: Option<&'a str>,
}

/// A restriction about which something has been so for a while.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Since {
    /// Its canonical text.
    pub key: String,
    /// Since when.
    pub since: Moment,
}

/// A run.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LastRun<'a> {
    /// Its id.
    pub id: &'a str,
    /// When it began.
    pub started: Moment,
    /// When it ended; null if it is under way or was killed.
    pub finished: Option<Moment>,
    /// Who began it.
    pub who: &'a Who,
    /// Why it was allowed or begun, if somebody said.
    pub note: Option<&'a str>,
    /// How many operations ended how; null where nothing is recorded.
    pub summary: Option<Map<String, Value>>,
}

/// How many lines each part takes at most.
const MOST_PLACES: usize = 12;
const MOST_LINES: usize = 5;

/// Sums up what the state knows at `now`.
pub fn status<'a>(
    (rows, orders): (&'a [Enforcement], &'a [Order]),
    now: Moment,
    (last_run, holder): (Option<&'a RunRow>, Option<&'a Holder>),
) -> Status<'a> {
    let mut summary = Summary::default();
    let mut places: BTreeMap<(&TargetName, Option<&Id>), u64> = BTreeMap::new();
    let (mut ending, mut waiting, mut in_doubt) = (Vec::new(), Vec::new(), Vec::new());
    for row in rows {
        let Summary { in_force, lapsed, in_doubt: doubts, waiting: waits, gone } = &mut summary;
        *match Standing::of(row, now) {
            Standing::InForce => in_force,
            Standing::Lapsed => lapsed,
            Standing::InDoubt => doubts,
            Standing::Waiting => waits,
            Standing::Gone => gone,
        } += 1;
        let restriction = &row.restriction;
        if row.may_be_in_force() && Standing::of(row, now) != Standing::Lapsed {
            *places.entry((&restriction.target, restriction.room.as_ref())).or_default() += 1;
            if let Until::At(until) = row.until {
                let entry = row.entry.as_deref();
                ending.push(Ending { key: restriction.to_string(), until, entry });
            }
        }
        let since = |since| Since { key: restriction.to_string(), since };
        in_doubt.extend(row.doubt.as_ref().map(|doubt| since(doubt.since)));
        waiting.extend(row.waiting.map(since));
    }
    ending.sort_by_key(|it| it.until);
    waiting.sort_by_key(|it| it.since);
    in_doubt.sort_by_key(|it| it.since);
    ending.truncate(MOST_LINES);
    let place = |((target, room), in_force)| Place { target, room, in_force };
    Status {
        format_version: FORMAT_VERSION,
        now,
        summary,
        orders: orders.iter().filter(|order| order.stands(now)).collect(),
        places: places.into_iter().map(place).collect(),
        ending,
        waiting,
        in_doubt,
        last_run: last_run.map(|run| LastRun {
            id: &run.id,
            started: run.started,
            finished: run.finished,
            who: &run.who,
            note: run.note.as_deref(),
            summary: run.outcome.as_deref().and_then(|outcome| serde_json::from_str(outcome).ok()),
        }),
        running: holder.map(|holder| holder.run.as_str()),
    }
}

/// Writes it as text.
pub fn status_text(status: &Status<'_>, colors: ColorChoice, out: &mut dyn Write) -> fmt::Result {
    let Summary { in_force, lapsed, in_doubt, waiting, gone } = status.summary;
    if !status.orders.is_empty() {
        let heading = colors.style(Style::Warning, "Orders");
        writeln!(out, "{heading} {} stand", status.orders.len())?;
    }
    for order in status.orders.iter().take(MOST_LINES) {
        writeln!(out, "  {}", Terminal(&ordered(order)))?;
    }
    writeln!(
        out,
        "{} {} in force, {} in doubt, {} waiting, {} lapsed, {} gone",
        colors.style(Style::Heading, "Restrictions"),
        grouped(in_force),
        grouped(in_doubt),
        grouped(waiting),
        grouped(lapsed),
        grouped(gone),
    )?;
    places(status, out)?;
    if !status.ending.is_empty() {
        writeln!(out, "{}", colors.style(Style::Heading, "Ending soonest"))?;
        let widest = widest(status.ending.iter().map(|ending| ending.until));
        for Ending { key, until, entry } in &status.ending {
            let (until, relative_time) = (until.to_string(), relative_time(status.now, *until));
            write!(out, "  {until:<widest$}  {relative_time:<12}  {}", Terminal(key))?;
            match entry {
                Some(entry) => writeln!(out, "  {}", TerminalWord(entry))?,
                None => writeln!(out)?,
            }
        }
    }
    for (heading, rows) in [("Waiting", &status.waiting), ("In doubt", &status.in_doubt)] {
        if rows.is_empty() {
            continue;
        }
        writeln!(out, "{}", colors.style(Style::Warning, heading))?;
        let widest = widest(rows.iter().take(MOST_LINES).map(|row| row.since));
        for Since { key, since } in rows.iter().take(MOST_LINES) {
            let (since, relative_time) = (since.to_string(), relative_time(status.now, *since));
            writeln!(out, "  {since:<widest$}  {relative_time:<12}  {}", Terminal(key))?;
        }
        more(rows.len(), MOST_LINES, out)?;
    }
    run(status, colors, out)
}

/// How many columns instants take: some have milliseconds.
fn widest(instants: impl Iterator<Item = Moment>) -> usize {
    instants.map(|instant| instant.to_string().len()).max().unwrap_or(0)
}

fn places(status: &Status<'_>, out: &mut dyn Write) -> fmt::Result {
    let shown = status.places.iter().take(MOST_PLACES);
    let name = |place: &Place<'_>| match place.room {
        Some(room) => format!("{} room {}", place.target, TerminalWord(room.as_str())),
        None => format!("{} whole app", place.target),
    };
    let names: Vec<_> = shown.clone().map(name).collect();
    let wide = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    for (place, name) in shown.zip(&names) {
        let fill = " ".repeat(wide.saturating_sub(name.chars().count()));
        writeln!(out, "  {name}{fill}  {:>9}", grouped(place.in_force))?;
    }
    more(status.places.len(), MOST_PLACES, out)
}

fn run(status: &Status<'_>, colors: ColorChoice, out: &mut dyn Write) -> fmt::Result {
    let heading = colors.style(Style::Heading, "Last run");
    let Some(run) = &status.last_run else {
        return writeln!(out, "{heading} none yet");
    };
    let LastRun { id, started, finished, who, .. } = run;
    write!(out, "{heading} {}, {started} ({})", Terminal(id), relative_time(status.now, *started))?;
    write!(out, " by {}: ", Terminal(&who.to_string()))?;
    let style = match (finished, status.running == Some(*id)) {
        (_, true) => Style::Change,
        (None, false) => Style::Failure,
        (Some(_), false) => Style::Plain,
    };
    writeln!(out, "{}", colors.style(style, Terminal(&run_words(status, run))))
}

/// What came of a run.
pub(super) fn run_words(status: &Status<'_>, run: &LastRun<'_>) -> String {
    if status.running == Some(run.id) {
        return "under way".to_owned();
    }
    if run.finished.is_none() {
        return "never finished".to_owned();
    }
    let counts = run.summary.iter().flatten();
    let counts = counts.filter(|(_, count)| count.as_u64() != Some(0));
    let counts: Vec<_> =
        counts.map(|(fate, count)| format!("{count} {}", fate.replace('_', " "))).collect();
    if counts.is_empty() {
        run.note.unwrap_or("nothing to do").to_owned()
    } else {
        counts.join(", ")
    }
}

fn more(all: usize, shown: usize, out: &mut dyn Write) -> fmt::Result {
    match all.checked_sub(shown) {
        None | Some(0) => Ok(()),
        Some(more) => writeln!(out, "  and {}", counted(more as u64, "other")),
    }
}
