//! What differs, as Markdown: for an issue, a comment, or the summary of a scheduled job.

use std::fmt::{self, Write};

use super::{Compared, details, last_line, listing, words};
use crate::plan::drift::{Difference, Drift};
use crate::report::count::{counted, grouped};
use crate::report::escape::{Markdown, clipped};

/// How many differences are named: with their longest names they fit a comment on GitHub, which
/// takes 65,536 characters (checked November 2026).
const MOST: usize = 100;

/// How much of one difference is shown.
const LONGEST: usize = 200;

/// The line by which a later run finds the comment, to edit it in place.
const MARKER: &str = "<!-- ostracon drift -->";

/// Writes what was compared as Markdown; the last line is for machines to find.
pub fn drift_markdown(compared: &[Compared<'_>], out: &mut dyn Write) -> fmt::Result {
    let count: usize = compared.iter().map(|it| it.drift.differences.len()).sum();
    let heading = match count {
        0 => "nothing differs".to_owned(),
        count => counted(count as u64, "difference"),
    };
    writeln!(out, "{MARKER}\n### ostracon drift: {heading}\n")?;
    writeln!(out, "| target | as recorded | on trust | not compared | differences | lists |")?;
    writeln!(out, "|---|---:|---:|---:|---:|---|")?;
    for Compared { target, drift, failures: _ } in compared {
        let Drift { differences, confirmed, skipped, on_trust } = drift;
        let (name, lists) = (Markdown(target.name.as_str()), listing(target).1);
        let [confirmed, differences] = [confirmed.len(), differences.len()].map(|it| it as u64);
        let cells = [confirmed, *on_trust, *skipped, differences].map(grouped).join(" | ");
        writeln!(out, "| <code>{name}</code> | {cells} | {lists} |")?;
    }
    let failures =
        compared.iter().flat_map(|it| it.failures.iter().map(move |failure| (it, failure)));
    let failures: Vec<String> = failures
        .map(|(Compared { target, .. }, (room, failure))| {
            let room = room.as_ref().map(|room| format!(" room {room}")).unwrap_or_default();
            let code = failure.code.as_ref().map(|code| format!(" ({code})")).unwrap_or_default();
            format!("{}{room}: {}{code}", target.name, failure.error)
        })
        .collect();
    list("Not read", &failures, out)?;
    let differences = compared.iter().flat_map(|it| &it.drift.differences);
    list("Differences", &differences.map(line).collect::<Vec<_>>(), out)?;
    writeln!(out, "\n{}", last_line(compared))
}

fn line(difference: &Difference) -> String {
    let (_, mark, words) = words(difference.finding);
    format!("{mark} {}  {words}{}", difference.restriction, details(difference))
}

fn list(heading: &str, lines: &[String], out: &mut dyn Write) -> fmt::Result {
    if lines.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n**{heading}**\n\n<pre>")?;
    for line in lines.iter().take(MOST) {
        writeln!(out, "{}", Markdown(&clipped(line, LONGEST)))?;
    }
    if let Some(more @ 1..) = lines.len().checked_sub(MOST) {
        writeln!(out, "… and {} more", grouped(more as u64))?;
    }
    writeln!(out, "</pre>")
}
