//! The operations, by the entry that asks for them.

use std::collections::BTreeMap;

use super::budget::{Budget, List};
use super::line::line;
use crate::domain::Source;
use crate::plan::{Operation, Plan};
use crate::report::count::{counted, grouped};
use crate::report::escape::{Markdown, clipped};
use crate::report::link::Links;

/// What one entry asks for, or what no entry asks for any more.
struct Group<'a> {
    entry: Option<&'a str>,
    source: Option<&'a Source>,
    operations: Vec<&'a Operation>,
}

/// How many lines the groups may have together before each is folded, and how many each keeps.
const LINES: usize = 400;
const LEAST_LINES: usize = 4;

pub(super) fn write(plan: &Plan, links: &Links, text: &mut Budget) {
    let upkeep = groups(plan, |operation| operation.upkeep);
    let policy = groups(plan, |operation| !operation.upkeep);
    // What the policy asks for goes first, and upkeep takes what room is left.
    for (title, groups) in [("Operations by entry", policy), ("Upkeep by entry", upkeep)] {
        let operations: usize = groups.iter().map(|group| group.operations.len()).sum();
        let opening = format!(
            "\n<details><summary>{title}: {} of {}</summary>\n\n<pre>\n",
            counted(operations as u64, "operation"),
            counted(groups.len() as u64, "entry"),
        );
        let most = (LINES / groups.len().max(1)).max(LEAST_LINES);
        text.push_list(
            &List { opening: &opening, items: &groups, closing: "</pre>\n</details>\n", share: 1 },
            |group| write_group(group, most, links),
            |count| {
                format!(
                    "\n… and {}: the full plan has them all\n",
                    counted(count as u64, "more entry")
                )
            },
        );
    }
}

/// The groups, those that let somebody back in first.
fn groups(plan: &Plan, which: impl Fn(&Operation) -> bool) -> Vec<Group<'_>> {
    let mut groups: BTreeMap<_, Group<'_>> = BTreeMap::new();
    for operation in plan.operations.iter().filter(|operation| which(operation)) {
        let (entry, source) = (operation.entry.as_deref(), operation.source.as_ref());
        let key = (!operation.is_guarded_lift(), source, entry);
        let group = groups.entry(key);
        let group = group.or_insert_with(|| Group { entry, source, operations: Vec::new() });
        group.operations.push(operation);
    }
    groups.into_values().collect()
}

/// How much of an entry's id and of a reason is shown.
const LONGEST_ENTRY: usize = 100;
const LONGEST_REASON: usize = 160;

fn write_group(group: &Group<'_>, most: usize, links: &Links) -> String {
    let Group { entry, source, operations } = group;
    let shown = |text: &str, most| Markdown(&clipped(text, most)).to_string();
    let mut parts = Vec::new();
    parts.extend(entry.map(|entry| shown(entry, LONGEST_ENTRY)));
    parts.extend(source.map(|source| links.to(source)));
    let reason = operations.first().and_then(|operation| operation.reason.as_deref());
    parts.extend(reason.map(|reason| format!("reason: {}", shown(reason, LONGEST_REASON))));
    if let [operation] = operations.as_slice() {
        parts.insert(0, line(operation));
        return parts.join("  ") + "\n";
    }
    if source.is_none() {
        parts.push("in no file any more".to_owned());
    }
    let mut text = format!("\n{}\n", parts.join("  "));
    for operation in operations.iter().take(most) {
        text.extend(["  ", &line(operation), "\n"]);
    }
    if let Some(more) = operations.len().checked_sub(most).filter(|more| *more > 0) {
        text.extend(["  … and ", &grouped(more as u64), " more\n"]);
    }
    text
}
