//! What changes about each entry, as a diff on a page.

use maud::{Markup, html};

use super::words::{id, place, text};
use crate::plan::Plan;
use crate::report::count::counted;
use crate::report::entry_diff::{ChangedEntry, changed_entries};
use crate::report::link::Links;
use crate::report::style::Style;
use crate::report::unified::line_style;

/// How many entries are shown: a page is for people, and as many as these nobody reads.
const MOST: usize = 300;

/// How many lines of an entry are shown.
const LINES: usize = 400;

/// What changes about each entry of a plan; `None` if nothing does.
pub(super) fn changed(plan: &Plan, links: &Links) -> Option<Markup> {
    let entries = changed_entries(plan);
    let shown = entries.get(..MOST).unwrap_or(&entries);
    (!entries.is_empty()).then(|| {
        html! {
            @for entry in shown { (one(entry, links)) }
            @if let Some(more @ 1..) = entries.len().checked_sub(MOST) {
                p.note { "and " (counted(more as u64, "more entry")) ": `plan --diff` shows them all" }
            }
        }
    })
}

fn one(entry: &ChangedEntry<'_>, links: &Links) -> Markup {
    let diff = entry.lines();
    html! {
        article.entry {
            h3 {
                @match (entry.entry, entry.source) {
                    (None, None) => "in no file any more",
                    (name, source) => {
                        @if let Some(name) = name { (id(name)) " " }
                        @if let Some(source) = source { (place(source, links)) }
                    }
                }
            }
            pre role="group" aria-label="what changes" tabindex="0" {
                @for line in diff.iter().take(LINES) { (diff_line(line)) "\n" }
                @if let Some(more @ 1..) = diff.len().checked_sub(LINES) {
                    span.quiet { "and " (counted(more as u64, "more line")) }
                }
            }
        }
    }
}

fn diff_line(line: &str) -> Markup {
    let tone = match line_style(line) {
        Style::Start => "start",
        Style::End => "end",
        Style::Quiet => "quiet",
        _ => return html! { (text(line)) },
    };
    html! { span.(tone) { (text(line)) } }
}
