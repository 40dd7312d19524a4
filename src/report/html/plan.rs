//! The page of a plan.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::listing::{Group, Listing, Mark, Names, Row};
use super::words::{denied_words, id, instant, mark, place, prose, text, tone, until, when, wide};
use super::{Page, Section, entries, plot, program};
use crate::domain::{Action, Id, TargetName};
use crate::plan::document::GOOD_FOR;
use crate::plan::{Operation, Plan};
use crate::report::count::{counted, grouped};
use crate::report::link::Links;
use crate::report::review::{
    Change, Changed, Concern, Review, WARNINGS_OF_A_CODE, Warnings, alike, cause, exceeded, symbol,
    until_word,
};

const NAMES: Names = Names {
    anchor: "operations",
    heading: "Operations",
    row: "operation",
    mark: "action",
    columns: ["whom", "until", "why"],
    ends: true,
};

/// Writes a plan as a page; with what changes about each entry if `diff` says so.
pub fn plan_page(review: &Review<'_>, links: &Links, diff: bool) -> String {
    let plan = review.plan;
    let rows: Vec<Row<'_>> =
        plan.operations.iter().map(|operation| row(review, operation)).collect();
    let listing = Listing::new(NAMES, &rows, plan.now, links);
    let mut sections = vec![Section {
        anchor: "decide",
        heading: "To decide".to_owned(),
        body: decide(review, links),
    }];
    let ends =
        plan.operations.iter().filter(|it| !matches!(it.action, Action::Lift | Action::Forget));
    let ends = ends.filter_map(|it| Some((it.restriction.target.as_str(), it.until.at()?)));
    let plots = [
        plot::endings("When what is imposed here ends", plan.now, ends),
        plot::calls(&plan.forecast),
    ];
    if !plan.operations.is_empty() {
        let body = html! {
            div.plots { div { (counts(plan)) } @for plot in plots.into_iter().flatten() { (plot) } }
        };
        sections.push(Section { anchor: "overview", heading: "Overview".to_owned(), body });
    }
    if let Some(body) = entries::changed(plan, links).filter(|_| diff) {
        let heading = "Entries, as they were and as they are".to_owned();
        sections.push(Section { anchor: "entries", heading, body });
    }
    let state = &review.provenance.state;
    let page = Page {
        kind: "plan",
        title: &title(plan),
        about: vec![
            ("made for", html! { time datetime=(plan.now) { (instant(plan.now)) } " UTC" }),
            ("good until", html! { (instant(plan.now + GOOD_FOR)) " UTC" }),
            (
                "state",
                html! { @match &state.lineage {
                    Some(lineage) => { (text(lineage)) ", serial " (state.serial) }
                    None => "none yet",
                } },
            ),
            ("unchanged", html! { (grouped(plan.unchanged)) }),
        ],
        sections,
        listing: Some(&listing),
        foot: review.next_due().into_iter().chain([review.counts(), program()]).collect(),
    };
    page.into_text()
}

/// `3 to impose, 1 to lift`.
fn title(plan: &Plan) -> String {
    let counts = Action::ALL.map(|action| (plan.count(action), action));
    let counts = counts.into_iter().filter(|(count, _)| *count > 0);
    let counts: Vec<_> = counts.map(|(count, it)| format!("{} to {it}", grouped(count))).collect();
    if counts.is_empty() { "nothing to do".to_owned() } else { counts.join(", ") }
}

fn row<'a>(review: &Review<'a>, operation: &'a Operation) -> Row<'a> {
    let restriction = &operation.restriction;
    let provider = review.provenance.provider(&restriction.target);
    let everybody = if review.is_wide(restriction) { "everybody there" } else { "" };
    let more = [denied_words(restriction.deny).as_str(), everybody].join(" ").trim().to_owned();
    let action = operation.action;
    Row {
        group: Group {
            target: restriction.target.as_str(),
            note: provider.map_or("", |provider| provider.facts().title),
            room: restriction.room.as_ref().map(Id::as_str),
            entry: operation.entry.as_deref(),
            source: operation.source.as_ref(),
            reason: operation.reason.as_deref(),
        },
        mark: Mark(symbol(action), action.name(), tone(action)),
        kind: restriction.subject.kind.name(),
        subject: restriction.subject.id.as_str(),
        more,
        until: operation.until,
        why: why(operation),
    }
}

fn why(operation: &Operation) -> String {
    let doubt = operation.doubted.as_ref().map(|doubt| format!("in doubt: {} sent", doubt.action));
    let parts = [
        cause(&[operation]),
        doubt,
        operation.waited.then(|| "waited last time".to_owned()),
        operation.after.map(|_| "after its replacement".to_owned()),
        operation.upkeep.then(|| "upkeep".to_owned()),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// What must be decided, most important first.
fn decide(review: &Review<'_>, links: &Links) -> Markup {
    let of = |concern| review.concerns.get(&concern).map_or(&[][..], Vec::as_slice);
    let concerns = [Concern::Wide, Concern::LetsBackIn, Concern::Protected];
    let targets = review.changes.partition_point(|changed| changed.target.is_some());
    let (targets, guards) = review.changes.split_at(targets);
    let nothing = review.plan.guards.is_empty()
        && review.changes.is_empty()
        && review.concerns.is_empty()
        && review.orders.is_empty()
        && review.warnings.is_empty();
    html! {
        @if nothing {
            p.none { "Nothing stands out: no guard, no wide ban, no lift before its time, no changed target, no warning." }
        }
        (warnings("Ordered, and not in the files yet", &review.orders, links))
        (held_back(review))
        @if !targets.is_empty() { (changes("Targets, endpoints or sources of credentials have changed", targets)) }
        @if !guards.is_empty() { (changes("Guards have changed", guards)) }
        @for concern in concerns {
            @if !of(concern).is_empty() { (concerned(concern, of(concern), review, links)) }
        }
        (warnings("Warnings", &review.warnings, links))
    }
}

/// The guards, and the file that would allow what they hold back.
fn held_back(review: &Review<'_>) -> Markup {
    let (held, acknowledged): (Vec<_>, Vec<_>) =
        review.plan.guards.iter().partition(|guarded| guarded.holds_back());
    html! {
        @if let Some((path, content)) = review.acknowledgement() {
            article.point.grave {
                h3 { "A guard holds this back: only upkeep is done" }
                ul { @for guarded in held { li { (prose(&exceeded(guarded))) } } }
                p { "It goes on when the policy asks for less, when " code { "guards" } " in " code { "ostracon.yaml" }
                    " allow more, or when this file is committed as " code { (text(&path)) } ":" }
                pre tabindex="0" { (content.trim_end()) }
            }
        }
        @if !acknowledged.is_empty() {
            article.point {
                h3 { "Acknowledged beyond a guard" }
                ul { @for guarded in acknowledged {
                    li { (text(guarded.acknowledged_by.as_deref().unwrap_or_default())) ": " (prose(&exceeded(guarded))) }
                } }
            }
        }
    }
}

fn changes(heading: &str, changes: &[Changed<'_>]) -> Markup {
    let only_new =
        changes.iter().flat_map(|it| &it.lines).all(|line| matches!(line, Change::New(_)));
    let line = |line: &Change<'_>| match line {
        Change::Other(before, now) => html! { del { (text(before)) } " → " ins { (text(now)) } },
        Change::New(now) => html! { ins { (text(now)) } },
        Change::Gone(before) => html! { del { (text(before)) } },
    };
    let table = html! {
        table {
            thead { tr { th scope="col" { "of" } th scope="col" { "what" } th scope="col" { "change" } } }
            @for of_one in changes.chunk_by(|a, b| a.target == b.target) {
                tbody { @for (position, changed) in of_one.iter().enumerate() {
                    tr {
                        @if position == 0 {
                            th scope="rowgroup" rowspan=(of_one.len()) {
                                (changed.target.map_or("guards", TargetName::as_str))
                            }
                        }
                        td { (text(changed.what)) }
                        td { @for it in &changed.lines { div { (line(it)) } } }
                    }
                } }
            }
        }
    };
    html! {
        article.point.grave[!only_new] {
            h3 { (heading) @if only_new { ": all of it is new" } }
            (wide(heading, &table))
        }
    }
}

/// How many lines of one concern are shown: all are among the operations.
const LINES: usize = 12;

fn concerned(
    concern: Concern,
    operations: &[&Operation],
    review: &Review<'_>,
    links: &Links,
) -> Markup {
    let heading = concern.words(operations.len());
    let rows = alike(operations);
    let (shown, hidden) = rows.split_at(rows.len().min(LINES));
    let hidden: usize = hidden.iter().map(Vec::len).sum();
    let table = html! {
        table {
            thead { tr {
                th scope="col" { "action" } th scope="col" { "whom" } th scope="col" { "where" }
                th scope="col" { "until" } th scope="col" { "why" } th scope="col" { "entry" }
            } }
            tbody { @for operations in shown { (line(operations, review, links)) } }
        }
    };
    html! {
        article.point.grave {
            h3 { (heading) }
            (wide(&heading, &table))
            @if hidden > 0 {
                p.note { "and " (grouped(hidden as u64)) " more, among the " a href="#operations" { "operations" } }
            }
        }
    }
}

fn line(operations: &[&Operation], review: &Review<'_>, links: &Links) -> Markup {
    let Some(first) = operations.first() else { return Markup::default() };
    let restriction = &first.restriction;
    let kind = restriction.subject.kind.name();
    let ids = operations.iter().take(3).map(|it| it.restriction.subject.id.as_str());
    let now = review.plan.now;
    html! {
        tr {
            td { (mark(first.action)) }
            td {
                @if operations.len() > 1 { (counted(operations.len() as u64, kind)) ": " } @else { span.sort { (kind) } " " }
                @for (position, subject) in ids.enumerate() { @if position > 0 { ", " } (id(subject)) }
                @if operations.len() > 3 { ", …" }
                " " (denied_words(restriction.deny))
            }
            td { (restriction.target) @if let Some(room) = &restriction.room { ", room " (id(room.as_str())) } }
            td.when {
                @if until_word(first.action) != "until" { span.away { "was " } }
                (until(first.until, now))
            }
            td { (cause(operations).unwrap_or_default()) }
            td {
                @if let Some(entry) = &first.entry { (id(entry)) " " }
                @if let Some(source) = &first.source { (place(source, links)) }
            }
        }
    }
}

fn warnings(heading: &str, warnings: &Warnings<'_>, links: &Links) -> Markup {
    html! {
        @if !warnings.is_empty() {
            article.point {
                h3 { (heading) }
                ul { @for (code, warnings) in warnings {
                    @for warning in warnings.iter().take(WARNINGS_OF_A_CODE) {
                        li { (prose(&warning.message)) @if let Some(source) = &warning.source { " " (place(source, links)) } }
                    }
                    @if let Some(more @ 1..) = warnings.len().checked_sub(WARNINGS_OF_A_CODE) {
                        li.note { "and " (grouped(more as u64)) " more " code { (text(code)) } }
                    }
                } }
            }
        }
    }
}

/// How many operations of each action there are at each target.
fn counts(plan: &Plan) -> Markup {
    let actions: Vec<Action> = Action::ALL.into_iter().filter(|it| plan.count(*it) > 0).collect();
    let mut rows: BTreeMap<&TargetName, BTreeMap<Action, u64>> = BTreeMap::new();
    for operation in &plan.operations {
        *rows
            .entry(&operation.restriction.target)
            .or_default()
            .entry(operation.action)
            .or_default() += 1;
    }
    let cell = |count: Option<&u64>| html! { td.number { @if let Some(count) = count { (grouped(*count)) } } };
    let table = html! {
        table.counts {
            thead { tr { th scope="col" { "target" } @for action in &actions { th.number scope="col" { (mark(*action)) } } } }
            tbody { @for (target, counts) in &rows {
                tr { th scope="row" { a href={ "#t-" (target) } { (target) } } @for action in &actions { (cell(counts.get(action))) } }
            } }
            @if rows.len() > 1 {
                tfoot { tr { th scope="row" { "all" } @for action in &actions { (cell(Some(&plan.count(*action)))) } } }
            }
        }
    };
    html! {
        (wide("Operations by target", &table))
        @if let Some(at) = plan.next_due.at { p.note { "Next due " (when(at, plan.now)) } }
    }
}
