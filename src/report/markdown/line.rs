//! One operation as a line of preformatted text.

use crate::domain::Restriction;
use crate::plan::Operation;
use crate::report::count::counted;
use crate::report::escape::{Markdown, clipped};
use crate::report::restriction::denied;
use crate::report::review::{cause, symbol, until_word};

/// How much of an id is shown: all of it at every provider that limits ids well.
const LONGEST_ID: usize = 130;

/// One operation as preformatted text.
pub(super) fn line(operation: &Operation) -> String {
    let subject = &operation.restriction.subject;
    line_about(operation, &format!("{} {}", subject.kind, shown(subject.id.as_str())))
}

/// Operations that differ in their subjects only, as preformatted text: how many, and some.
pub(super) fn line_of(operations: &[&Operation]) -> String {
    const SOME: usize = 3;
    let Some(first) = operations.first() else { return String::new() };
    let count = counted(operations.len() as u64, first.restriction.subject.kind.name());
    let ids = operations.iter().take(SOME).map(|it| shown(it.restriction.subject.id.as_str()));
    line_about(first, &format!("{count} ({}, …)", ids.collect::<Vec<_>>().join(", ")))
}

fn line_about(operation: &Operation, whom: &str) -> String {
    let word = until_word(operation.action);
    format!(
        "{} {whom}{}  {word} {}  {}",
        symbol(operation.action),
        place(&operation.restriction),
        operation.until,
        why(operation)
    )
}

fn shown(text: &str) -> String {
    Markdown(&clipped(text, LONGEST_ID)).to_string()
}

fn place(restriction: &Restriction) -> String {
    let Restriction { target, room, subject: _, deny } = restriction;
    let room = room.as_ref().map(|room| format!(" in room {}", shown(room.as_str())));
    format!("{} at {}{}", room.unwrap_or_default(), Markdown(target.as_str()), denied(*deny))
}

fn why(operation: &Operation) -> String {
    let cause = cause(&[operation]);
    let doubted = operation.doubted.is_some() && cause.is_some();
    let mut why = cause.unwrap_or_else(|| operation.because.words().to_owned());
    if operation.waited {
        why += ", waited last time";
    }
    if doubted {
        why += ", in doubt";
    }
    why
}
