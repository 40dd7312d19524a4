//! The page of one subject.

use maud::{Markup, html};

use super::words::{id, instant, mark, place, text, until, when, wide};
use super::{Page, Section, program};
use crate::domain::{Action, Moment};
use crate::report::count::counted;
use crate::report::explain::{Coming, Explanation, InForce, Named, PastView, known, ordered};
use crate::report::link::Links;
use crate::report::restriction::RestrictionView;

/// Writes an explanation as a page.
pub fn explain_page(explanation: &Explanation<'_>, now: Moment, links: &Links) -> String {
    let Explanation { subject, entries, orders, protected, in_force, operations, past, .. } =
        explanation;
    let mut sections = Vec::new();
    let mut add = |anchor, heading: &str, body| {
        sections.push(Section { anchor, heading: heading.to_owned(), body });
    };
    if !protected.is_empty() {
        let body = html! { ul { @for source in protected { li { (place(source, links)) } } } };
        add("protected", "Protected", body);
    }
    if !orders.is_empty() {
        let body = html! { ul { @for order in orders { li { (text(&ordered(order))) } } } };
        add("orders", "Orders about it", body);
    }
    add("entries", "Entries that name it", named(entries, now, links));
    add("in-force", "In force, as far as the state knows", held(in_force, now));
    add("next", "What the next run does", coming(operations, now));
    add("past", "What was done, newest first", done(past, now));
    let page = Page {
        kind: "explain",
        title: &text(subject),
        about: vec![
            ("as of", html! { time datetime=(now) { (instant(now)) } " UTC" }),
            ("named by", html! { (counted(entries.len() as u64, "entry")) }),
            ("in force", html! { (in_force.len()) }),
        ],
        sections,
        listing: None,
        foot: vec![program()],
    };
    page.into_text()
}

/// A table, or that there is nothing to put in one.
fn table(label: &str, head: &[&str], rows: &[Markup]) -> Markup {
    if rows.is_empty() {
        return html! { p.none { "Nothing." } };
    }
    let table = html! {
        table {
            thead { tr { @for name in head { th scope="col" { (name) } } } }
            tbody { @for row in rows { tr { (row) } } }
        }
    };
    wide(label, &table)
}

fn whereabouts(at: &RestrictionView<'_>) -> Markup {
    let denied = super::words::denied_words(at.deny);
    html! {
        td { (at.target) @if let Some(room) = at.room { ", room " (id(room.as_str())) } @else { ", whole app" }
            @if !denied.is_empty() { " " span.more { (denied) } } }
    }
}

fn named(entries: &[Named<'_>], now: Moment, links: &Links) -> Markup {
    let row = |it: &Named<'_>| {
        html! {
            td { @if let Some(entry) = it.entry { (id(entry)) " " } (place(it.source, links)) }
            (whereabouts(&it.place))
            td.when { @if let Some(from) = it.from { (when(from, now)) } }
            td.when { (until(it.until, now)) }
            td { @if it.wanted_now { "yes" } @else { "not now" } }
            td { (text(it.reason.unwrap_or_default())) }
        }
    };
    let rows: Vec<_> = entries.iter().map(row).collect();
    table("Entries", &["entry", "where", "from", "until", "wanted", "reason"], &rows)
}

fn held(rows: &[InForce<'_>], now: Moment) -> Markup {
    let moment =
        |at: Option<Moment>| html! { td.when { @if let Some(at) = at { (when(at, now)) } } };
    let row = |it: &InForce<'_>| {
        html! {
            (whereabouts(&it.place))
            td.when { (until(it.until, now)) }
            (moment(it.since))
            (moment(it.lapse))
            td {
                @match it.evidence { Some(evidence) => (known(evidence)), None => "nothing is known to be held" }
                @if let Some(since) = it.in_doubt_since { ", in doubt since " (instant(since)) }
                @if let Some(since) = it.waiting_since { ", \"not yet\" at " (instant(since)) }
                @if let Some(rule) = &it.rule { ", rule " (text(&rule.to_string())) }
            }
        }
    };
    let head = ["where", "until", "held since", "ends there by itself", "how it is known"];
    table("In force", &head, &rows.iter().map(row).collect::<Vec<_>>())
}

fn coming(operations: &[Coming], now: Moment) -> Markup {
    let row = |it: &Coming| {
        let restriction = it.operation.restriction();
        html! {
            td { (mark(it.operation.action)) }
            (whereabouts(&(&restriction).into()))
            td.when { (until(it.operation.until, now)) }
            td { (it.operation.because.words()) @if it.held_back { ", " span.end { "held back by a guard" } } }
        }
    };
    let rows: Vec<_> = operations.iter().map(row).collect();
    table("Operations", &["action", "where", "until", "why"], &rows)
}

fn done(past: &[PastView<'_>], now: Moment) -> Markup {
    let row = |it: &PastView<'_>| {
        html! {
            td.when { (when(it.at, now)) }
            td { @if let Some(action) = Action::parse(it.action) { (mark(action)) } @else { (text(it.action)) } }
            (whereabouts(&it.place))
            td { (text(&it.outcome.replace('_', " "))) }
            td { (text(&it.because.replace('_', " "))) }
            td {
                @for (name, value) in [("code", it.code), ("said", it.message), ("request", it.request_id)] {
                    @if let Some(value) = value { (name) " " (text(value)) " " }
                }
                "run " (text(it.run))
            }
        }
    };
    let rows: Vec<_> = past.iter().map(row).collect();
    table("What was done", &["when", "action", "where", "outcome", "why", "in detail"], &rows)
}
