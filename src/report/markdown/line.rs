//! One operation as a line of preformatted text.

use crate::domain::{Action, Because, Deny, Restriction};
use crate::plan::Operation;
use crate::report::escape::{Markdown, clipped};
use crate::report::plan_text::{symbol, until_word};

/// How much of an id is shown: all of it at every provider that limits ids well.
const LONGEST_ID: usize = 130;

/// One operation as a line of preformatted text.
pub(super) fn line(operation: &Operation) -> String {
    let word = until_word(operation.action);
    format!(
        "{} {}  {word} {}  {}\n",
        symbol(operation.action),
        subject(&operation.restriction),
        operation.until,
        why(operation)
    )
}

fn subject(restriction: &Restriction) -> String {
    let Restriction { target, room, subject, deny } = restriction;
    let shown = |text: &str| Markdown(&clipped(text, LONGEST_ID)).to_string();
    let room = room.as_ref().map(|room| format!(" in room {}", shown(room.as_str())));
    let denies =
        if *deny == Deny::JOIN || deny.is_empty() { String::new() } else { format!(" ({deny})") };
    format!(
        "{} {}{} at {}{denies}",
        subject.kind,
        shown(subject.id.as_str()),
        room.unwrap_or_default(),
        Markdown(target.as_str())
    )
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
