//! Small things that pages are made of.

use maud::{Markup, html};

use crate::domain::{Action, Deny, Moment, Source, Until};
use crate::report::escape::Terminal;
use crate::report::link::Links;
use crate::report::restriction::denied;
use crate::report::review::symbol;
use crate::report::span::relative_time;

/// Text of a stranger, in which what acts or hides is visible.
pub(super) fn text(text: &str) -> String {
    Terminal(text).to_string()
}

/// A message in which names stand between backticks.
pub(super) fn prose(message: &str) -> Markup {
    let is_even = message.matches('`').count().is_multiple_of(2);
    html! {
        @if is_even {
            @for (position, part) in message.split('`').enumerate() {
                @if position % 2 == 0 { (text(part)) } @else { code { (text(part)) } }
            }
        } @else {
            (text(message))
        }
    }
}

/// An id of a stranger.
pub(super) fn id(id: &str) -> Markup {
    html! { bdi.id { (text(id)) } }
}

/// An instant as people read it: to the minute unless there is more to it, in UTC.
pub(super) fn instant(at: Moment) -> String {
    let text = at.to_string();
    // `2026-12-20T00:00:00`, without what is below a second.
    let text = text.get(..19).unwrap_or(&text);
    text.strip_suffix(":00").unwrap_or(text).replacen('T', " ", 1)
}

/// An instant, and how far away it is.
pub(super) fn when(at: Moment, now: Moment) -> Markup {
    html! { time datetime=(at) { (instant(at)) } " " span.away { (relative_time(now, at)) } }
}

/// An end, and how far away it is.
pub(super) fn until(until: Until, now: Moment) -> Markup {
    match until {
        Until::Never => html! { "never" },
        Until::At(at) => when(at, now),
    }
}

/// A place in the files: a link to its line, or its name.
pub(super) fn place(source: &Source, links: &Links) -> Markup {
    let Source { file, line, column: _ } = source;
    let name = format!("{}:{line}", text(file));
    html! {
        @if let Some(url) = links.file(file) {
            a.source href={ (url) "#L" (line) } { (name) }
        } @else {
            span.source { (name) }
        }
    }
}

/// An action, with its sign.
pub(super) fn mark(action: Action) -> Markup {
    html! { span.mark.(tone(action)) { span.sign { (symbol(action)) } " " (action.name()) } }
}

/// What an action is like, for its colour.
pub(super) const fn tone(action: Action) -> &'static str {
    match action {
        Action::Impose => "start",
        Action::Renew | Action::Amend | Action::Kick => "change",
        Action::Lift => "end",
        Action::Forget => "quiet",
    }
}

/// What is denied, unless it goes without saying.
pub(super) fn denied_words(deny: Deny) -> String {
    denied(deny).trim().to_owned()
}

/// A table that may be wider than the page: whoever has no mouse can scroll it too.
pub(super) fn wide(label: &str, table: &Markup) -> Markup {
    html! { div.wide role="region" aria-label=(label) tabindex="0" { (table) } }
}
