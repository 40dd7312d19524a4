//! What is not as it was at the last apply: targets, endpoints, sources of credentials, guards.
//!
//! They come first and are never folded: whoever redirects a target's calls or secrets must be
//! seen by the reviewer.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use super::page::Page;
use crate::plan::document::Origin;
use crate::plan::{GuardChange, TargetChange};
use crate::report::escape::Terminal;
use crate::report::style::Ink;

pub(super) fn write(origin: &Origin, page: &mut Page<'_>) -> fmt::Result {
    let Origin { changes, guard_changes, .. } = origin;
    if changes.is_empty() && guard_changes.is_empty() {
        return Ok(());
    }
    page.paragraph();
    writeln!(page, "{}", page.ink(Ink::Heading, "Changed since the last apply:"))?;
    for of_target in changes.chunk_by(|a, b| a.target == b.target) {
        let Some(first) = of_target.first() else { continue };
        writeln!(page, "  {}", page.ink(Ink::Heading, &first.target))?;
        for change in of_target {
            let TargetChange { target: _, what, before, after } = change;
            write_change((what.name(), 11), (before.as_deref(), after.as_deref()), page)?;
        }
    }
    if !guard_changes.is_empty() {
        writeln!(page, "  {}", page.ink(Ink::Heading, &"guards"))?;
    }
    let width = guard_changes.iter().map(|change| change.guard.len()).max().unwrap_or_default();
    for GuardChange { guard, before, after } in guard_changes {
        write_change((guard, width), (before.as_deref(), after.as_deref()), page)?;
    }
    Ok(())
}

fn write_change(
    (what, width): (&str, usize),
    (before, after): (Option<&str>, Option<&str>),
    page: &mut Page<'_>,
) -> fmt::Result {
    for (position, (before, after)) in lines(before, after).enumerate() {
        let label = if position == 0 { what } else { "" };
        write!(page, "    {label:<width$}  ")?;
        match (before, after) {
            (Some(before), Some(after)) => {
                writeln!(page, "{} -> {}", Terminal(before), Terminal(after))?;
            }
            (None, Some(after)) => {
                writeln!(page, "{} {}", page.ink(Ink::Start, "new:"), Terminal(after))?;
            }
            (Some(before), None) => {
                writeln!(page, "{} {}", page.ink(Ink::End, "gone:"), Terminal(before))?;
            }
            (None, None) => writeln!(page)?,
        }
    }
    Ok(())
}

pub(in crate::report) type Pair<'a> = (Option<&'a str>, Option<&'a str>);

/// The lines that differ, those of one key side by side: a target has one source a secret.
pub(in crate::report) fn lines<'a>(
    before: Option<&'a str>,
    after: Option<&'a str>,
) -> impl Iterator<Item = Pair<'a>> {
    let mut pairs: BTreeMap<&str, Pair<'_>> = BTreeMap::new();
    for line in before.into_iter().flat_map(str::lines) {
        pairs.entry(key(line)).or_default().0 = Some(line);
    }
    for line in after.into_iter().flat_map(str::lines) {
        pairs.entry(key(line)).or_default().1 = Some(line);
    }
    pairs.into_values().filter(|(before, after)| before != after)
}

/// The name before a `: `; all lines without one are about the same thing.
fn key(line: &str) -> &str {
    line.split_once(": ").map_or("", |(name, _)| name)
}
