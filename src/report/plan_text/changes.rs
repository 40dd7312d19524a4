//! What is not as it was at the last apply: targets, endpoints, sources of credentials, guards.
//!
//! They come first and are never folded: whoever redirects a target's calls or secrets must be
//! seen by the reviewer.

use std::fmt::{self, Write as _};

use super::page::Page;
use crate::domain::TargetName;
use crate::report::escape::Terminal;
use crate::report::review::{Change, Changed};
use crate::report::style::Style;

pub(super) fn write(changes: &[Changed<'_>], page: &mut Page<'_>) -> fmt::Result {
    if changes.is_empty() {
        return Ok(());
    }
    page.paragraph();
    writeln!(page, "{}", page.style(Style::Heading, "Changed since the last apply:"))?;
    for of_one in changes.chunk_by(|a, b| a.target == b.target) {
        let target = of_one.first().and_then(|changed| changed.target);
        let heading = target.map_or("guards", TargetName::as_str);
        writeln!(page, "  {}", page.style(Style::Heading, heading))?;
        let longest = of_one.iter().map(|changed| changed.what.len()).max().unwrap_or_default();
        // `credentials` is the longest that can change about a target.
        let width = if target.is_some() { 11 } else { longest };
        for Changed { target: _, what, lines } in of_one {
            for (position, line) in lines.iter().enumerate() {
                let label = if position == 0 { *what } else { "" };
                write!(page, "    {label:<width$}  ")?;
                write_change(*line, page)?;
            }
        }
    }
    Ok(())
}

fn write_change(change: Change<'_>, page: &mut Page<'_>) -> fmt::Result {
    match change {
        Change::Other(before, after) => {
            writeln!(page, "{} -> {}", Terminal(before), Terminal(after))
        }
        Change::New(after) => {
            writeln!(page, "{} {}", page.style(Style::Start, "new:"), Terminal(after))
        }
        Change::Gone(before) => {
            writeln!(page, "{} {}", page.style(Style::End, "gone:"), Terminal(before))
        }
    }
}
