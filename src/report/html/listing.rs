//! What can be filtered, sorted and folded: rows in groups.
//!
//! The rows stand in the page as data, and the script draws of them what is looked at. Without a
//! script the first thousand are there.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use maud::{Markup, html};
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::words::{id, place, text, until};
use crate::domain::hex::hex;
use crate::domain::{Moment, Source, Until};
use crate::report::count::{counted, grouped};
use crate::report::link::Links;

/// Rows in groups, in the order in which they are shown.
pub(super) struct Listing {
    names: Names,
    total: usize,
    section: Markup,
    data: String,
}

/// What things are called on this page.
#[derive(Clone, Copy)]
pub(super) struct Names {
    pub(super) anchor: &'static str,
    /// The heading, and what a row is.
    pub(super) heading: &'static str,
    pub(super) row: &'static str,
    /// What the marks are: `action`, `finding`.
    pub(super) mark: &'static str,
    /// The columns after that of the mark: whom, when, why.
    pub(super) columns: [&'static str; 3],
    /// Whether the instant of a row is an end, which may be near.
    pub(super) ends: bool,
}

/// What a row can be marked with: its sign, name and tone.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(super) struct Mark(pub(super) char, pub(super) &'static str, pub(super) &'static str);

/// What rows have in common: the target, the room, the entry.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Group<'a> {
    pub(super) target: &'a str,
    /// What is said of the target beside its name.
    pub(super) note: &'a str,
    /// The room; `None` for the whole app.
    pub(super) room: Option<&'a str>,
    pub(super) entry: Option<&'a str>,
    pub(super) source: Option<&'a Source>,
    pub(super) reason: Option<&'a str>,
}

/// One row.
pub(super) struct Row<'a> {
    pub(super) group: Group<'a>,
    pub(super) mark: Mark,
    pub(super) kind: &'static str,
    pub(super) subject: &'a str,
    /// What is said of the subject beside.
    pub(super) more: String,
    pub(super) until: Until,
    pub(super) why: String,
}

/// How many rows are there without a script.
const PLAIN_ROWS: usize = 1_000;
/// Up to so many rows, nothing is folded.
const UNFOLDED: usize = 40;
/// How many bytes the data may take: with all else, a page stays below 20 MB.
const MOST_BYTES: usize = 18_000_000;

impl Listing {
    pub(super) fn new(names: Names, rows: &[Row<'_>], now: Moment, links: &Links) -> Self {
        let mut ordered: Vec<&Row<'_>> = rows.iter().collect();
        // Stable: within a group they stay as they came.
        ordered.sort_by_key(|row| row.group);
        let drawn = Drawn { names, rows: &ordered, now, links };
        Self { names, total: rows.len(), section: drawn.section(), data: drawn.data() }
    }

    pub(super) fn anchor(&self) -> &'static str {
        self.names.anchor
    }

    pub(super) fn heading(&self) -> &'static str {
        self.names.heading
    }

    pub(super) fn section(&self) -> &Markup {
        &self.section
    }

    pub(super) fn data(&self) -> &str {
        if self.total == 0 { "null" } else { &self.data }
    }
}

struct Drawn<'a> {
    names: Names,
    rows: &'a [&'a Row<'a>],
    now: Moment,
    links: &'a Links,
}

impl Drawn<'_> {
    fn section(&self) -> Markup {
        let Names { anchor, heading, row, .. } = self.names;
        let count = self.rows.len();
        let targets = self.rows.chunk_by(|a, b| a.group.target == b.group.target);
        let mut left = PLAIN_ROWS;
        html! {
            section id=(anchor) aria-labelledby={ (anchor) "-heading" } {
                h2 id={ (anchor) "-heading" } { (heading) " " span.count { (grouped(count as u64)) } }
                @if count == 0 {
                    p.none { "There are none." }
                } @else {
                    (controls(&self.names))
                    div id="listing" {
                        @for of_target in targets { (self.target(of_target, &mut left)) }
                        @if count > PLAIN_ROWS {
                            p.note {
                                "The first " (grouped(PLAIN_ROWS as u64)) " of "
                                (counted(count as u64, row)) " are listed here; all of them need "
                                "the script of this page."
                            }
                        }
                    }
                }
            }
        }
    }

    fn target(&self, rows: &[&Row<'_>], left: &mut usize) -> Markup {
        let Some(first) = rows.first() else { return Markup::default() };
        let Group { target, note, .. } = first.group;
        let shown = rows.get(..rows.len().min(*left)).unwrap_or_default();
        *left -= shown.len();
        let open = self.rows.len() <= UNFOLDED;
        html! {
            details.target id={ "t-" (target) } open[open] {
                summary { h3 { (text(target)) } " " span.note { (note) } (tallies(rows)) }
                @for of_room in shown.chunk_by(|a, b| a.group.room == b.group.room) {
                    (self.room(of_room, open))
                }
            }
        }
    }

    fn room(&self, rows: &[&Row<'_>], open: bool) -> Markup {
        let room = rows.first().and_then(|row| row.group.room);
        let [whom, when, why] = self.names.columns;
        html! {
            details.room open[open] {
                summary {
                    h4 { @match room { Some(room) => { "room " (id(room)) } None => "whole app" } }
                    (tallies(rows))
                }
                table.rows {
                    thead { tr {
                        th scope="col" { (self.names.mark) }
                        th scope="col" { (whom) }
                        th scope="col" { (when) }
                        th scope="col" { (why) }
                        th scope="col" { "entry" }
                    } }
                    @for group in rows.chunk_by(|a, b| a.group == b.group) {
                        tbody {
                            @for (position, row) in group.iter().enumerate() {
                                (self.row(row, position == 0))
                            }
                        }
                    }
                }
            }
        }
    }

    fn row(&self, row: &Row<'_>, first: bool) -> Markup {
        let Row { group, mark: Mark(sign, name, tone), kind, subject, more, until: end, why } = row;
        html! {
            tr id=[first.then(|| anchor_of(group))] {
                td { span.mark.(tone) { span.sign { (sign) } " " (name) } }
                td { span.sort { (kind) } " " (id(subject)) @if !more.is_empty() { " " span.more { (more) } } }
                td.when { (until(*end, self.now)) }
                td { (text(why)) }
                td { @if first { (self.entry(group)) } }
            }
        }
    }

    fn entry(&self, group: &Group<'_>) -> Markup {
        html! {
            @if let Some(entry) = group.entry { (id(entry)) " " }
            @if let Some(source) = group.source { (place(source, self.links)) }
            @if let Some(reason) = group.reason { span.reason { (text(reason)) } }
        }
    }

    /// The rows as JSON that ends no element.
    fn data(&self) -> String {
        let (mut tables, mut groups) = (Tables::default(), String::new());
        let mut kept = 0;
        for group in self.rows.chunk_by(|a, b| a.group == b.group) {
            let Some(first) = group.first() else { continue };
            let rows: Vec<Value> = group.iter().map(|row| tables.row(row)).collect();
            let group_data = tables.group(&first.group, self.links, &rows).to_string();
            if groups.len() + group_data.len() > MOST_BYTES {
                break;
            }
            kept += rows.len();
            let comma = if groups.is_empty() { "" } else { "," };
            // Writing to a string cannot fail.
            let _: std::fmt::Result = write!(groups, "{comma}{group_data}");
        }
        let Names { row, mark, columns, .. } = self.names;
        let head = json!({
            "row": row, "mark": mark, "columns": columns, "now": self.now.seconds(),
            "total": self.rows.len(), "held": kept, "unfolded": UNFOLDED,
            "texts": tables.texts.list, "files": tables.files.list, "marks": tables.marks.list,
        });
        let head = head.to_string();
        let head = head.strip_suffix('}').unwrap_or(&head);
        let data = format!("{head},\"groups\":[{groups}]}}");
        data.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
    }
}

/// What stands in many rows, once.
#[derive(Default)]
struct Tables {
    texts: Table,
    files: Table,
    marks: Table,
}

#[derive(Default)]
struct Table {
    places: BTreeMap<String, usize>,
    list: Vec<Value>,
}

impl Table {
    fn place(&mut self, key: &str, value: impl FnOnce() -> Value) -> usize {
        if let Some(place) = self.places.get(key) {
            return *place;
        }
        self.places.insert(key.to_owned(), self.list.len());
        self.list.push(value());
        self.list.len() - 1
    }
}

impl Tables {
    fn text(&mut self, words: &str) -> usize {
        self.texts.place(words, || Value::from(text(words)))
    }

    fn row(&mut self, row: &Row<'_>) -> Value {
        let Row { group: _, mark, kind, subject, more, until, why } = row;
        let place = self.marks.place(mark.1, || json!(mark));
        let (kind, more, why) = (self.text(kind), self.text(more), self.text(why));
        json!([place, kind, text(subject), more, until.at().map(Moment::seconds), why])
    }

    fn group(&mut self, group: &Group<'_>, links: &Links, rows: &[Value]) -> Value {
        let Group { target, note, room, entry, source, reason } = group;
        let (target, note) = (self.text(target), self.text(note));
        let room = room.map(|room| self.text(room));
        let reason = reason.map(|reason| self.text(reason));
        let file = source.map(|source| {
            let file = &source.file;
            self.files.place(file, || json!([text(file), links.file(file)]))
        });
        let line = source.map(|source| source.line);
        json!([target, note, room, entry.map(text), file, line, reason, anchor_of(group), rows])
    }
}

/// What an address ends with that leads to a group, whatever else is on the page.
fn anchor_of(group: &Group<'_>) -> String {
    let Group { target, room, entry, source, .. } = group;
    let place = source.filter(|_| entry.is_none()).map(ToString::to_string);
    let mut hash = Sha256::new();
    for part in [Some(*target), *room, *entry, place.as_deref()] {
        hash.update([u8::from(part.is_some())]);
        hash.update(part.unwrap_or_default());
        hash.update([0]);
    }
    let digest = hex(&hash.finalize());
    format!("e-{}", digest.get(..10).unwrap_or_default())
}

/// How many rows there are of each mark.
fn tallies(rows: &[&Row<'_>]) -> Markup {
    let mut counts: BTreeMap<Mark, u64> = BTreeMap::new();
    for row in rows {
        *counts.entry(row.mark).or_default() += 1;
    }
    html! {
        span.tallies {
            @for (Mark(_, name, tone), count) in counts {
                " " span.tally.(tone) { (grouped(count)) " " (name) }
            }
        }
    }
}

/// What the script makes work; hidden without it.
fn controls(names: &Names) -> Markup {
    let Names { mark, row, columns: [_, when, _], ends, .. } = names;
    html! {
        form.controls role="search" id="controls" hidden {
            label { span { "Filter" } input type="search" id="filter" name="filter" autocomplete="off" spellcheck="false"; }
            label { span { (mark) } select id="by-mark" name="mark" { option value="" { "any" } } }
            label { span { "target" } select id="by-target" name="target" { option value="" { "any" } } }
            label hidden[!ends] { span { "ends within" } select id="by-end" name="end" {
                option value="" { "any time" }
                option value="86400" { "24 hours" }
                option value="604800" { "7 days" }
                option value="2592000" { "30 days" }
                option value="never" { "never" }
            } }
            label { span { "sort by" } select id="sort" name="sort" {
                option value="" { "place" }
                option value="end" { (when) }
                option value="subject" { "subject" }
                option value="mark" { (mark) }
            } }
            span.buttons {
                button type="button" id="unfold" { "Unfold all" }
                button type="button" id="fold" { "Fold all" }
            }
            output id="found" for="filter by-mark by-target by-end" aria-live="polite" data-row=(row) {}
        }
    }
}
