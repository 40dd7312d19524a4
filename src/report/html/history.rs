//! The page of what was done.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::listing::{Group, Listing, Mark, Names, Row};
use super::status::Flow;
use super::words::{instant, text, tone, when, wide};
use super::{Page, Section, program};
use crate::domain::{Action, Id, Moment, Source, Until};
use crate::report::count::{counted, grouped};
use crate::report::link::Links;
use crate::report::review::symbol;
use crate::store::Event;

const NAMES: Names = Names {
    anchor: "events",
    heading: "What was done",
    row: "operation",
    mark: "action",
    columns: ["whom", "when", "outcome"],
    ends: false,
};

/// What is shown of the audit log.
#[derive(Debug)]
pub struct History<'a> {
    /// The instant it is shown at.
    pub now: Moment,
    /// What was asked for, in words.
    pub about: &'a str,
    /// The events, newest first.
    pub events: &'a [Event],
    /// Whether there are more, too many for a page.
    pub more: bool,
}

/// Writes what was done as a page.
pub fn history_page(history: &History<'_>, links: &Links) -> String {
    let History { now, about, events, more } = *history;
    let sources: Vec<_> = events.iter().map(|it| it.source.as_deref().and_then(source)).collect();
    let rows: Vec<_> =
        events.iter().zip(&sources).map(|(it, source)| row(it, source.as_ref())).collect();
    let listing = Listing::new(NAMES, &rows, now, links);
    let mut flow = Flow::up_to(now);
    for event in events {
        flow.add(event);
    }
    let overview = html! {
        div.plots { div { (outcomes(events)) } @if let Some(plots) = flow.plots(None) { (plots) } }
    };
    let page = Page {
        kind: "history",
        title: &counted(events.len() as u64, "operation"),
        about: vec![
            ("as of", html! { time datetime=(now) { (instant(now)) } " UTC" }),
            ("about", html! { (text(about)) @if more { ", the newest of them" } }),
        ],
        sections: vec![
            Section { anchor: "overview", heading: "Overview".to_owned(), body: overview },
            Section {
                anchor: "runs",
                heading: "Runs, newest first".to_owned(),
                body: runs(events, now),
            },
        ],
        listing: Some(&listing),
        foot: vec![program()],
    };
    page.into_text()
}

/// A place as the audit log has it: `bans/a.yaml:3:5`.
fn source(text: &str) -> Option<Source> {
    let mut parts = text.rsplitn(3, ':');
    let (column, line) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    Some(Source { file: parts.next()?.into(), line, column })
}

fn row<'a>(event: &'a Event, source: Option<&'a Source>) -> Row<'a> {
    let restriction = &event.restriction;
    let mark = Action::parse(&event.action)
        .map_or(Mark('?', "unknown", "quiet"), |it| Mark(symbol(it), it.name(), tone(it)));
    let words = |text: &str| text.replace('_', " ");
    let mut why = vec![format!("{}: {}", words(&event.outcome), words(&event.because))];
    why.extend(event.code.as_ref().map(|code| format!("code {code}")));
    why.extend(event.message.as_ref().map(|message| format!("said {message}")));
    Row {
        group: Group {
            target: restriction.target.as_str(),
            note: "",
            room: restriction.room.as_ref().map(Id::as_str),
            entry: event.entry.as_deref(),
            source,
            reason: event.reason.as_deref(),
        },
        mark,
        kind: restriction.subject.kind.name(),
        subject: restriction.subject.id.as_str(),
        more: super::words::denied_words(restriction.deny),
        until: Until::At(event.at),
        why: why.join(", "),
    }
}

fn outcomes(events: &[Event]) -> Markup {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for event in events {
        *counts.entry(&event.outcome).or_default() += 1;
    }
    html! {
        table.counts {
            thead { tr { th scope="col" { "outcome" } th.number scope="col" { "operations" } } }
            tbody { @for (outcome, count) in counts {
                tr { th scope="row" { (text(&outcome.replace('_', " "))) } td.number { (grouped(count)) } }
            } }
        }
    }
}

/// How many runs are named.
const RUNS: usize = 50;

fn runs(events: &[Event], now: Moment) -> Markup {
    let mut runs: Vec<(&Event, u64)> = Vec::new();
    for event in events {
        match runs.last_mut() {
            Some((last, count)) if last.run == event.run => *count += 1,
            Some(_) | None => runs.push((event, 1)),
        }
    }
    let table = html! {
        table {
            thead { tr {
                th scope="col" { "ended" } th.number scope="col" { "operations" } th scope="col" { "by" }
                th scope="col" { "note" } th scope="col" { "run" }
            } }
            tbody { @for (event, count) in runs.iter().take(RUNS) {
                tr {
                    td.when { (when(event.at, now)) }
                    td.number { (grouped(*count)) }
                    td { @if let Some(who) = &event.who { (text(&who.to_string())) } }
                    td { (text(event.note.as_deref().unwrap_or_default())) }
                    td { (text(&event.run)) }
                }
            } }
        }
    };
    html! {
        @if runs.is_empty() { p.none { "Nothing of that is in the audit log." } } @else { (wide("Runs", &table)) }
        @if let Some(more @ 1..) = runs.len().checked_sub(RUNS) {
            p.note { "and " (counted(more as u64, "earlier run")) }
        }
    }
}
