//! What a reviewer must look at first.

use super::budget::{Budget, List};
use super::line::{line, line_of};
use crate::domain::Warning;
use crate::plan::Operation;
use crate::report::count::{counted, grouped};
use crate::report::escape::{Markdown, clipped};
use crate::report::link::Links;
use crate::report::review::{Review, WARNINGS_OF_A_CODE, Warnings, alike};

pub(super) fn write(review: &Review<'_>, links: &Links, text: &mut Budget) {
    let empty = [review.orders.is_empty(), review.concerns.is_empty(), review.warnings.is_empty()];
    if empty.contains(&false) {
        text.push("\n#### Look at this first\n");
    }
    write_warnings("Orders", &review.orders, links, text);
    for (concern, operations) in &review.concerns {
        let heading = concern.words(operations.len());
        let rows = alike(operations);
        let (shown, hidden) = rows.split_at(rows.len().min(LINES));
        let hidden: usize = hidden.iter().map(Vec::len).sum();
        let below = if hidden > 0 {
            format!("… and {} more, among the operations below\n", grouped(hidden as u64))
        } else {
            String::new()
        };
        text.push_list(
            &List {
                opening: &format!("\n**{heading}**\n\n<pre>\n"),
                items: shown,
                closing: &format!("{below}</pre>\n"),
                share: 6,
            },
            |operations| write_line(operations, links),
            |count| format!("… and {}\n", counted(count as u64, "more line")),
        );
    }
    write_warnings("Warnings", &review.warnings, links, text);
}

/// How many lines each concern may have: whoever reads on finds all operations below.
const LINES: usize = 30;
fn write_line(operations: &[&Operation], links: &Links) -> String {
    let [first, more @ ..] = operations else { return String::new() };
    let text = if more.is_empty() { line(first) } else { line_of(operations) };
    let entry = first.entry.as_deref().map(|entry| Markdown(&clipped(entry, LONGEST)).to_string());
    let place = first.source.as_ref().map(|source| links.to(source));
    let parts: Vec<String> = [Some(text), entry, place].into_iter().flatten().collect();
    parts.join("  ") + "\n"
}

/// How much of a warning is shown.
const LONGEST: usize = 300;

fn write_warnings(heading: &str, warnings: &Warnings<'_>, links: &Links, text: &mut Budget) {
    let shown: Vec<(&str, &[&Warning], usize)> = warnings
        .iter()
        .map(|(code, warnings)| {
            let few = warnings.get(..WARNINGS_OF_A_CODE).unwrap_or(warnings);
            (*code, few, warnings.len() - few.len())
        })
        .collect();
    text.push_list(
        &List {
            opening: &format!("\n**{heading}**\n\n<pre>\n"),
            items: &shown,
            closing: "</pre>\n",
            share: 6,
        },
        |(code, few, more)| {
            let mut list = String::new();
            for Warning { code: _, message, source } in *few {
                let place = source.as_ref().map(|source| format!(" ({})", links.to(source)));
                let message = clipped(message, LONGEST);
                list += &Markdown(&message).to_string();
                list += &place.unwrap_or_default();
                list.push('\n');
            }
            if *more > 0 {
                list.extend([
                    "… and ",
                    &grouped(*more as u64),
                    " more ",
                    &Markdown(code).to_string(),
                    "\n",
                ]);
            }
            list
        },
        |count| format!("… and {}\n", counted(count as u64, "other kind of warning")),
    );
}
