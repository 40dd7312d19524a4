//! What changes about each entry, folded.

use super::budget::{Budget, List};
use crate::plan::Plan;
use crate::report::count::counted;
use crate::report::entry_diff::changed_entries;
use crate::report::escape::{Markdown, clipped};
use crate::report::link::Links;

/// How many lines of each entry are shown, and how much of each line.
const LINES: usize = 40;
const LONGEST: usize = 200;

pub(super) fn write(plan: &Plan, links: &Links, text: &mut Budget) {
    let entries = changed_entries(plan);
    text.push_list(
        &List {
            opening: "\n<details><summary>What changes about each entry</summary>\n",
            items: &entries,
            closing: "\n</details>\n",
            share: 2,
        },
        |changed| {
            let name = changed.entry.map(|entry| Markdown(&clipped(entry, LONGEST)).to_string());
            let place = changed.source.map(|source| links.to(source));
            let names: Vec<_> = name.into_iter().chain(place).collect();
            let diff = changed.lines();
            let shown: Vec<_> = diff
                .iter()
                .take(LINES)
                .map(|line| Markdown(&clipped(line, LONGEST)).to_string())
                .collect();
            let shown = shown.join(
                "
",
            );
            let more = diff.len().saturating_sub(LINES);
            let more = if more == 0 {
                String::new()
            } else {
                format!("… and {}\n", counted(more as u64, "more line"))
            };
            // A line of the page of its own, in HTML: nobody is mentioned in `<code>`.
            let heading =
                if names.is_empty() { "in no file any more".to_owned() } else { names.join("  ") };
            format!(
                "\n<p><code>{heading}</code></p>\n\n<pre lang=\"diff\">\n{shown}\n{more}</pre>\n"
            )
        },
        |count| format!("\n… and {}\n", counted(count as u64, "more entry")),
    );
}
