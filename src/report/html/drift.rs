//! The page of what differs.

use maud::{Markup, html};

use super::listing::{Group, Listing, Mark, Names, Row};
use super::words::{instant, text, wide};
use super::{Page, Section, program};
use crate::domain::{Id, Lapse, Moment, Until};
use crate::plan::drift::{Difference, Drift, Finding};
use crate::report::count::{counted, grouped};
use crate::report::drift::{Compared, details, last_line, listing, words};
use crate::report::link::Links;

const NAMES: Names = Names {
    anchor: "differences",
    heading: "Differences",
    row: "difference",
    mark: "finding",
    columns: ["whom", "ends there", "in detail"],
    ends: true,
};

/// Writes what was compared as a page.
pub fn drift_page(compared: &[Compared<'_>], now: Moment) -> String {
    let differences = compared.iter().flat_map(|it| &it.drift.differences);
    let rows: Vec<Row<'_>> = differences.map(row).collect();
    let list = Listing::new(NAMES, &rows, now, &Links::default());
    let title = if rows.is_empty() {
        "nothing differs".to_owned()
    } else {
        counted(rows.len() as u64, "difference")
    };
    let mut sections =
        vec![Section { anchor: "targets", heading: "Targets".to_owned(), body: targets(compared) }];
    if compared.iter().any(|it| !it.failures.is_empty()) {
        let body = failures(compared);
        sections.insert(0, Section { anchor: "unread", heading: "Not read".to_owned(), body });
    }
    let page = Page {
        kind: "drift",
        title: &title,
        about: vec![("as of", html! { time datetime=(now) { (instant(now)) } " UTC" })],
        sections,
        listing: Some(&list),
        foot: vec![last_line(compared), program()],
    };
    page.into_text()
}

fn row(difference: &Difference) -> Row<'_> {
    let Difference { finding, restriction, recorded, listed } = difference;
    let (_, _, name) = words(*finding);
    let mark = match finding {
        Finding::Missing => Mark('-', name, "end"),
        Finding::EndDiffers => Mark('~', name, "change"),
        Finding::Unseen => Mark('?', name, "quiet"),
        Finding::Foreign => Mark('+', name, "start"),
    };
    let there = listed.as_ref().map(|listed| listed.lapse);
    let lapse = there.or_else(|| recorded.as_ref().map(|held| held.lapse));
    Row {
        group: Group {
            target: restriction.target.as_str(),
            note: "",
            room: restriction.room.as_ref().map(Id::as_str),
            entry: None,
            source: None,
            reason: None,
        },
        mark,
        kind: restriction.subject.kind.name(),
        subject: restriction.subject.id.as_str(),
        more: super::words::denied_words(restriction.deny),
        until: lapse.and_then(Lapse::at).map_or(Until::Never, Until::At),
        why: details(difference).trim_start_matches([':', ',', ' ']).to_owned(),
    }
}

fn targets(compared: &[Compared<'_>]) -> Markup {
    let table = html! {
        table.counts {
            thead { tr {
                th scope="col" { "target" } th.number scope="col" { "as recorded" } th.number scope="col" { "on trust" }
                th.number scope="col" { "not compared" } th.number scope="col" { "differences" } th scope="col" { "lists" }
            } }
            tbody { @for Compared { target, drift, failures: _ } in compared {
                @let Drift { differences, confirmed, skipped, on_trust } = drift;
                tr {
                    th scope="row" { (target.name) }
                    @for count in [confirmed.len() as u64, *on_trust, *skipped, differences.len() as u64] {
                        td.number { (grouped(count)) }
                    }
                    td { (listing(target).1) }
                }
            } }
        }
    };
    wide("Targets", &table)
}

fn failures(compared: &[Compared<'_>]) -> Markup {
    html! {
        article.point.grave { ul { @for it in compared { @for (room, failure) in &it.failures {
            li {
                (it.target.name) @if let Some(room) = room { ", room " (text(room.as_str())) } ": " (text(&failure.error))
                @if let Some(code) = &failure.code { " (" (text(code)) ")" }
            }
        } } } }
    }
}
