//! One line about one or more operations, as cells of text that are safe to print.

use std::collections::BTreeSet;

use unicode_width::UnicodeWidthStr as _;

use super::Layout;
use super::outline::Line;
use crate::domain::{Action, Because, Id, Lapse, Moment, Source, Until};
use crate::plan::Operation;
use crate::report::count::counted;
use crate::report::escape::{Terminal, TerminalWord};
use crate::report::restriction::denied;
use crate::report::review::{Review, cause, until_word};
use crate::report::span;

/// The cells of a line, from left to right.
pub(super) struct Row {
    pub(super) action: Action,
    /// Who or what.
    pub(super) subject: String,
    /// `until`, or `was until` for what ends.
    pub(super) word: &'static str,
    /// The instant, or the first and last.
    pub(super) until: String,
    /// How far away that is.
    pub(super) relative_time: String,
    pub(super) why: String,
    /// The `id` of the entry.
    pub(super) entry: String,
    /// Where the entry stands.
    pub(super) source: String,
    /// The same, where it is one place.
    pub(super) place: Option<Source>,
}

impl Row {
    pub(super) fn of(line: &Line<'_>, review: &Review<'_>, layout: Layout) -> Self {
        let (now, width) = (review.plan.now, layout.width);
        let operations = &line.operations;
        let action = operations.first().map_or(Action::Forget, |operation| operation.action);
        let show = if layout.is_narrow() { shorter } else { |until: Until| until.to_string() };
        let (until, relative_time) = untils(operations, now, show);
        let (source, place) = source(operations);
        Self {
            action,
            subject: subject(line, review, width),
            word: until_word(action),
            until,
            relative_time,
            why: why(operations, now),
            entry: entry(operations),
            source,
            place,
        }
    }
}

fn subject(line: &Line<'_>, review: &Review<'_>, width: usize) -> String {
    let Some((first, more)) = line.operations.split_first() else { return String::new() };
    let restriction = &first.restriction;
    let kind = restriction.subject.kind;
    let place = place(line);
    let everybody = if review.is_wide(restriction) { " (everybody there)" } else { "" };
    let denies = denied(restriction.deny) + everybody;
    if more.is_empty() {
        let id = TerminalWord(restriction.subject.id.as_str());
        return format!("{kind} {id}{place}{denies}");
    }
    let head = format!("{}{place}{denies}", counted(line.operations.len() as u64, kind.name()));
    let same_room = |operation: &&Operation| operation.restriction.room == restriction.room;
    if !more.iter().all(same_room) {
        // A few ids out of several rooms would tell nobody anything.
        return head;
    }
    let ids = line.operations.iter().map(|operation| &operation.restriction.subject.id);
    with_sample(head, &ids.collect::<Vec<_>>(), width / 3)
}

/// In which room or rooms, if no header says it.
fn place(line: &Line<'_>) -> String {
    if !line.names_room {
        return String::new();
    }
    let rooms = line.operations.iter().map(|operation| operation.restriction.room.as_ref());
    let rooms: BTreeSet<Option<&Id>> = rooms.collect();
    match rooms.first() {
        Some(Some(room)) if rooms.len() == 1 => {
            format!(" in room {}", TerminalWord(room.as_str()))
        }
        Some(None) if rooms.len() == 1 => String::new(),
        Some(_) | None => {
            let in_app = if rooms.contains(&None) { "the whole app and " } else { "" };
            let rooms = rooms.into_iter().flatten().count();
            format!(" in {in_app}{}", counted(rooms as u64, "room"))
        }
    }
}

/// As many of the ids as there is room for.
fn with_sample(head: String, ids: &[&Id], width: usize) -> String {
    const MORE: &str = ", …";
    let mut text = head;
    for (position, id) in ids.iter().enumerate() {
        let separator = if position == 0 { ": " } else { ", " };
        let next = format!("{separator}{}", TerminalWord(id.as_str()));
        if text.width() + next.width() + MORE.width() > width {
            let more = if position == 0 { "" } else { MORE };
            return text + more;
        }
        text += &next;
    }
    text
}

fn untils(operations: &[&Operation], now: Moment, show: fn(Until) -> String) -> (String, String) {
    let untils = || operations.iter().map(|operation| operation.until);
    let (Some(first), Some(last)) = (untils().min(), untils().max()) else {
        return (String::new(), String::new());
    };
    let relative_time = |until: Until| until.at().map(|at| span::relative_time(now, at));
    if first == last {
        return (show(first), relative_time(first).unwrap_or_default());
    }
    let [nearest, farthest] =
        [first, last].map(|until| relative_time(until).unwrap_or_else(|| "never".to_owned()));
    let relative_time = match farthest.strip_prefix("in ").filter(|_| nearest.starts_with("in ")) {
        _ if nearest == farthest => nearest,
        Some(length) => format!("{nearest} to {length}"),
        None => format!("{nearest} to {farthest}"),
    };
    (format!("{} to {}", show(first), show(last)), relative_time)
}

/// An instant without the fraction of its second, and without the second where that is none.
fn shorter(until: Until) -> String {
    let text = until.to_string();
    let Some(instant) = until.at().and_then(|_| text.strip_suffix('Z')) else { return text };
    let (instant, _) = instant.split_once('.').unwrap_or((instant, ""));
    format!("{}Z", instant.strip_suffix(":00").unwrap_or(instant))
}

fn why(operations: &[&Operation], now: Moment) -> String {
    let Some((first, more)) = operations.split_first() else { return String::new() };
    let single = more.is_empty();
    let mut parts = vec![match first.because {
        Because::RenewalDue if single && first.action != Action::Amend => Some(renewal(first, now)),
        _ => cause(operations),
    }];
    parts.push(first.after.map(|_| "after its replacement".to_owned()));
    parts.push(first.waited.then(|| "waited last time".to_owned()));
    parts.push(first.doubted.as_ref().map(|doubt| {
        if doubt.is_of_any_time() {
            return "in doubt since the state was restored".to_owned();
        }
        let when = if single { span::relative_time(now, doubt.since) } else { String::new() };
        format!("in doubt: {} sent {when}", doubt.action).trim_end().to_owned()
    }));
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// How pressing a renewal is.
fn renewal(operation: &Operation, now: Moment) -> String {
    let words = operation.because.words();
    match operation.lapse().and_then(Lapse::at) {
        Some(lapse) if lapse <= now => {
            format!("{words}, lapsed {}", span::relative_time(now, lapse))
        }
        Some(lapse) => format!("{words}, lapses {}", span::relative_time(now, lapse)),
        None => words.to_owned(),
    }
}

fn entry(operations: &[&Operation]) -> String {
    let place = |operation: &&Operation| {
        let named = operation.entry.is_some();
        operation.source.clone().filter(|_| !named)
    };
    let entries: BTreeSet<_> =
        operations.iter().map(|operation| (operation.entry.as_deref(), place(operation))).collect();
    match entries.first() {
        Some((name, _)) if entries.len() == 1 => {
            name.map_or_else(String::new, |name| TerminalWord(name).to_string())
        }
        Some(_) | None => counted(entries.len() as u64, "entry"),
    }
}

/// Where operations stand, and that as a place if it is one.
fn source(operations: &[&Operation]) -> (String, Option<Source>) {
    let sources: BTreeSet<_> =
        operations.iter().filter_map(|operation| operation.source.as_ref()).collect();
    let files: BTreeSet<&str> = sources.iter().map(|source| &*source.file).collect();
    let text = match (sources.first(), files.len()) {
        (Some(source), _) if sources.len() == 1 => {
            let place = Some(Source::clone(source));
            return (Terminal(&source.to_string()).to_string(), place);
        }
        (Some(source), 1) => Terminal(&source.file).to_string(),
        (_, 0) | (None, _) => String::new(),
        (_, files) => counted(files as u64, "file"),
    };
    (text, None)
}
