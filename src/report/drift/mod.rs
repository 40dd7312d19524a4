//! What differs between the providers and the state: as text, as Markdown, as one JSON object.

mod markdown;
mod view;

pub use markdown::drift_markdown;
use view::Counts;
pub use view::{DriftView, drift_view};

use std::fmt::{self, Write};

use super::count::{counted, grouped};
use super::enforcement::held_words;
use super::escape::Terminal;
use super::style::{ColorChoice, Style};
use crate::apply::Failure;
use crate::domain::{Id, Lapse};
use crate::plan::drift::{Difference, Drift, Finding};
use crate::provider::{Listing, Target};

/// What one target showed.
#[derive(Clone, Debug)]
pub struct Compared<'a> {
    /// The target.
    pub target: &'a Target,
    /// What was found.
    pub drift: Drift,
    /// What could not be read: the room, if it is about one, and why.
    pub failures: Vec<(Option<Id>, Failure)>,
}

/// Writes what was compared as text; the last line is for machines to find.
pub fn drift_text(
    compared: &[Compared<'_>],
    colors: ColorChoice,
    out: &mut dyn Write,
) -> fmt::Result {
    for Compared { target, drift, failures } in compared {
        let Drift { differences, confirmed, skipped, on_trust } = drift;
        let name = colors.style(Style::Heading, &target.name);
        writeln!(
            out,
            "{name}  {}; {} as recorded",
            listing(target).1,
            grouped(confirmed.len() as u64)
        )?;
        if *on_trust > 0 {
            let rows = counted(*on_trust, "recorded restriction");
            writeln!(out, "  taken on trust: {rows}, which nothing can list")?;
        }
        if *skipped > 0 {
            let rows = counted(*skipped, "recorded restriction");
            writeln!(out, "  not compared: {rows}, in doubt or in a list that was not read")?;
        }
        for (room, failure) in failures {
            let room = room.as_ref().map(|room| format!("room {room}: ")).unwrap_or_default();
            let code = failure.code.as_ref().map(|code| format!(" ({code})")).unwrap_or_default();
            let text = format!("{room}{}{code}", failure.error);
            writeln!(out, "  {} {}", colors.style(Style::Failure, "not read:"), Terminal(&text))?;
        }
        for difference in differences {
            let (style, mark, words) = words(difference.finding);
            let mark = colors.style(style, mark);
            let key = difference.restriction.to_string();
            writeln!(out, "  {mark} {}  {words}{}", Terminal(&key), details(difference))?;
        }
    }
    writeln!(out, "{}", last_line(compared))
}

/// What more there is to say of a difference: ends, the rule, how the state knows.
pub(super) fn details(difference: &Difference) -> String {
    let Difference { finding: _, restriction: _, recorded, listed } = difference;
    let mut text = match (recorded, listed) {
        (Some(held), Some(listed)) => {
            format!(": {} there, {} here", end(listed.lapse), end(held.lapse))
        }
        (None, Some(listed)) => format!(", ends {}", end(listed.lapse)),
        (_, None) => String::new(),
    };
    if let Some(rule) = listed.as_ref().and_then(|listed| listed.rule.as_ref()) {
        // Composing into a string cannot fail.
        let _composed = write!(text, ", rule {}", Terminal(&rule.to_string()));
    }
    if let Some(held) = recorded {
        let _composed = write!(text, ", {}", held_words(held));
    }
    text
}

/// The line for machines to find.
pub(super) fn last_line(compared: &[Compared<'_>]) -> String {
    let Counts { missing, end_differs, foreign, unseen, .. } = counts(compared);
    format!(
        "Drift: {missing} missing, {end_differs} with another end, {foreign} foreign, {unseen} \
         not shown."
    )
}

fn end(lapse: Lapse) -> String {
    match lapse {
        Lapse::At(at) => at.to_string(),
        Lapse::Open => "never".to_owned(),
    }
}

pub(super) const fn words(finding: Finding) -> (Style, &'static str, &'static str) {
    match finding {
        Finding::Missing => (Style::End, "-", "gone at the provider"),
        Finding::EndDiffers => (Style::Change, "~", "another end"),
        Finding::Unseen => (Style::Warning, "?", "not shown, which proves nothing"),
        Finding::Foreign => (Style::Start, "+", "not in the state"),
    }
}

pub(super) fn listing(target: &Target) -> (&'static str, &'static str) {
    match crate::apply::read::listable(target).map(|capability| capability.listing) {
        None | Some(Listing::Never) => ("never", "cannot be listed"),
        Some(Listing::CompletePerRoom) => ("complete_per_room", "lists are complete"),
        Some(Listing::MayOmitPerApp) => {
            ("may_omit_per_app", "lists may leave rows out: absence proves nothing")
        }
    }
}

fn counts(compared: &[Compared<'_>]) -> Counts {
    let mut counts = Counts::default();
    for Compared { target: _, drift, failures: _ } in compared {
        counts.confirmed += drift.confirmed.len() as u64;
        counts.on_trust += drift.on_trust;
        counts.skipped += drift.skipped;
        for difference in &drift.differences {
            *match difference.finding {
                Finding::Missing => &mut counts.missing,
                Finding::EndDiffers => &mut counts.end_differs,
                Finding::Unseen => &mut counts.unseen,
                Finding::Foreign => &mut counts.foreign,
            } += 1;
        }
    }
    counts
}
