//! What differs between the providers and the state: as text, or as one JSON object.

use std::fmt::{self, Write};

use serde::Serialize;

use super::count::{counted, grouped};
use super::escape::Terminal;
use super::style::{Ink, Paint};
use crate::apply::Trouble;
use crate::domain::{Deny, Id, Kind, Lapse, Moment, TargetName};
use crate::plan::document::FORMAT_VERSION;
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
    pub troubles: Vec<(Option<Id>, Trouble)>,
}

/// What differs, as JSON. Every key is always there.
#[derive(Debug, Serialize)]
pub struct DriftView<'a> {
    format_version: &'static str,
    summary: Counts,
    targets: Vec<TargetView<'a>>,
    findings: Vec<FindingView<'a>>,
}

#[derive(Clone, Copy, Default, Debug, Serialize)]
struct Counts {
    confirmed: u64,
    missing: u64,
    end_differs: u64,
    foreign: u64,
    unseen: u64,
    on_trust: u64,
    skipped: u64,
}

#[derive(Debug, Serialize)]
struct TargetView<'a> {
    target: &'a TargetName,
    listing: &'static str,
    errors: Vec<ErrorView<'a>>,
}

#[derive(Debug, Serialize)]
struct ErrorView<'a> {
    room: Option<&'a Id>,
    error: &'a str,
    code: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct FindingView<'a> {
    finding: Finding,
    target: &'a TargetName,
    kind: Kind,
    room: Option<&'a Id>,
    subject: &'a Id,
    deny: Deny,
    recorded_end: Option<String>,
    listed_end: Option<String>,
    rule: Option<i64>,
    created: Option<Moment>,
}

/// The JSON view of what was compared.
pub fn drift_view<'a>(compared: &'a [Compared<'a>]) -> DriftView<'a> {
    let targets = compared.iter().map(|Compared { target, drift: _, troubles }| TargetView {
        target: &target.name,
        listing: listing(target).0,
        errors: troubles
            .iter()
            .map(|(room, trouble)| ErrorView {
                room: room.as_ref(),
                error: &trouble.error,
                code: trouble.code.as_deref(),
            })
            .collect(),
    });
    let findings = compared.iter().flat_map(|it| &it.drift.differences);
    DriftView {
        format_version: FORMAT_VERSION,
        summary: counts(compared),
        targets: targets.collect(),
        findings: findings.map(finding).collect(),
    }
}

fn finding(difference: &Difference) -> FindingView<'_> {
    let Difference { finding, restriction, recorded, listed } = difference;
    FindingView {
        finding: *finding,
        target: &restriction.target,
        kind: restriction.subject.kind,
        room: restriction.room.as_ref(),
        subject: &restriction.subject.id,
        deny: restriction.deny,
        recorded_end: recorded.map(end),
        listed_end: listed.as_ref().map(|listed| end(listed.lapse)),
        rule: listed.as_ref().and_then(|listed| listed.rule).map(|rule| rule.0),
        created: listed.as_ref().and_then(|listed| listed.created),
    }
}

/// Writes what was compared as text; the last line is for machines to find.
pub fn drift_text(compared: &[Compared<'_>], paint: Paint, out: &mut dyn Write) -> fmt::Result {
    for Compared { target, drift, troubles } in compared {
        let Drift { differences, confirmed, skipped, on_trust } = drift;
        let name = paint.ink(Ink::Heading, &target.name);
        writeln!(out, "{name}  {}; {} as recorded", listing(target).1, grouped(*confirmed))?;
        if *on_trust > 0 {
            let rows = counted(*on_trust, "recorded restriction");
            writeln!(out, "  {rows} cannot be listed and are taken on trust")?;
        }
        if *skipped > 0 {
            let rows = counted(*skipped, "recorded restriction");
            writeln!(out, "  {rows} not compared: in doubt, or in a list that was not read")?;
        }
        for (room, trouble) in troubles {
            let room = room.as_ref().map(|room| format!("room {room}: ")).unwrap_or_default();
            let code = trouble.code.as_ref().map(|code| format!(" ({code})")).unwrap_or_default();
            let text = format!("{room}{}{code}", trouble.error);
            writeln!(out, "  {} {}", paint.ink(Ink::Trouble, "not read:"), Terminal(&text))?;
        }
        for Difference { finding, restriction, recorded, listed } in differences {
            let (ink, mark, words) = words(*finding);
            let key = restriction.to_string();
            write!(out, "  {} {}  {words}", paint.ink(ink, mark), Terminal(&key))?;
            match (recorded, listed) {
                (Some(recorded), Some(listed)) => {
                    write!(out, ": {} there, {} here", end(listed.lapse), end(*recorded))?;
                }
                (None, Some(listed)) => write!(out, ", ends {}", end(listed.lapse))?,
                (_, None) => {}
            }
            if let Some(rule) = listed.as_ref().and_then(|listed| listed.rule) {
                write!(out, ", rule {rule}")?;
            }
            writeln!(out)?;
        }
    }
    let Counts { missing, end_differs, foreign, unseen, .. } = counts(compared);
    writeln!(
        out,
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

const fn words(finding: Finding) -> (Ink, &'static str, &'static str) {
    match finding {
        Finding::Missing => (Ink::End, "-", "gone at the provider"),
        Finding::EndDiffers => (Ink::Change, "~", "another end"),
        Finding::Unseen => (Ink::Warning, "?", "not shown, which proves nothing"),
        Finding::Foreign => (Ink::Start, "+", "not in the state"),
    }
}

fn listing(target: &Target) -> (&'static str, &'static str) {
    match crate::apply::read::listable(target).map(|form| form.listing) {
        None | Some(Listing::Never) => ("never", "cannot be listed"),
        Some(Listing::CompletePerRoom) => ("complete_per_room", "lists are complete"),
        Some(Listing::MayOmitPerApp) => {
            ("may_omit_per_app", "lists may leave rows out: absence proves nothing")
        }
    }
}

fn counts(compared: &[Compared<'_>]) -> Counts {
    let mut counts = Counts::default();
    for Compared { target: _, drift, troubles: _ } in compared {
        counts.confirmed += drift.confirmed;
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
