//! One operation as a line of preformatted text.

use crate::domain::{Action, Because, Deny, Restriction};
use crate::plan::Operation;
use crate::report::count::counted;
use crate::report::escape::{Markdown, clipped};
use crate::report::plan_text::{symbol, until_word};

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
    let denies =
        if *deny == Deny::JOIN || deny.is_empty() { String::new() } else { format!(" ({deny})") };
    format!("{} at {}{denies}", room.unwrap_or_default(), Markdown(target.as_str()))
}

fn why(operation: &Operation) -> String {
    let before = operation.recorded.as_ref().map(|row| row.until);
    let mut why = match before {
        Some(before) if operation.is_guarded_lift() && operation.action == Action::Amend => {
            format!("shortened from {before}")
        }
        Some(before)
            if operation.action == Action::Amend && operation.because == Because::UntilChanged =>
        {
            format!("extended from {before}")
        }
        Some(_) | None => operation.because.words().to_owned(),
    };
    if operation.waited {
        why += ", waited last time";
    }
    if operation.doubted.is_some() && operation.because != Because::InDoubt {
        why += ", in doubt";
    }
    why
}
