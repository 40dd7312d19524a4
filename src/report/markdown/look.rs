//! What a reviewer must look at first.

use std::collections::BTreeMap;

use super::budget::{Budget, List};
use super::line::{line, line_of};
use super::link::Links;
use crate::domain::{Action, Because, Restriction, Warning};
use crate::plan::{Operation, Plan};
use crate::report::count::{counted, grouped};
use crate::report::escape::{Markdown, clipped};
use crate::report::plan_text::Shown;

/// What makes an operation one to look at first, most important first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Concern {
    Wide,
    Protected,
    LetsBackIn,
}

pub(super) fn write(shown: &Shown<'_>, links: &Links, text: &mut Budget) {
    let mut of_concern: BTreeMap<Concern, Vec<&Operation>> = BTreeMap::new();
    for operation in &shown.plan.operations {
        if let Some(concern) = concern(operation, shown) {
            of_concern.entry(concern).or_default().push(operation);
        }
    }
    if !of_concern.is_empty() || !shown.plan.warnings.is_empty() {
        text.push("\n#### Look at this first\n");
    }
    for (concern, operations) in of_concern {
        let count = operations.len() as u64;
        let heading = match concern {
            Concern::Wide => format!("{}: everybody there is kept out", counted(count, "wide ban")),
            Concern::Protected => {
                format!("{} because the subject is protected now", counted(count, "lift"))
            }
            Concern::LetsBackIn => {
                format!("{} to be lifted or shortened before the time", grouped(count))
            }
        };
        let rows = alike(&operations);
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
    write_warnings(shown.plan, links, text);
}

/// How many lines each concern may have: whoever reads on finds all operations below.
const LINES: usize = 30;
/// Operations that are so few of their sort have a line each.
const FEW: usize = 3;

/// The operations line by line: together where they differ in their subjects only.
fn alike<'a>(operations: &[&'a Operation]) -> Vec<Vec<&'a Operation>> {
    let mut groups: BTreeMap<_, (usize, Vec<&Operation>)> = BTreeMap::new();
    for (position, operation) in operations.iter().enumerate() {
        let Restriction { target, room, subject, deny } = &operation.restriction;
        let what = (operation.action, operation.because, operation.until);
        let before = operation.recorded.as_ref().map(|row| row.until);
        let from = (operation.entry.as_deref(), operation.source.as_ref());
        let key = (target, room.as_ref(), subject.kind, *deny, what, before, from);
        let group = groups.entry(key).or_insert_with(|| (position, Vec::new()));
        group.1.push(operation);
    }
    let mut groups: Vec<_> = groups.into_values().collect();
    groups.sort_by_key(|(position, _)| *position);
    let lines = groups.into_iter().flat_map(|(_, group)| {
        if group.len() > FEW {
            vec![group]
        } else {
            group.into_iter().map(|operation| vec![operation]).collect()
        }
    });
    lines.collect()
}

fn write_line(operations: &[&Operation], links: &Links) -> String {
    let [first, more @ ..] = operations else { return String::new() };
    let text = if more.is_empty() { line(first) } else { line_of(operations) };
    let entry = first.entry.as_deref().map(|entry| Markdown(&clipped(entry, LONGEST)).to_string());
    let place = first.source.as_ref().map(|source| links.to(source));
    let parts: Vec<String> = [Some(text), entry, place].into_iter().flatten().collect();
    parts.join("  ") + "\n"
}

fn concern(operation: &Operation, shown: &Shown<'_>) -> Option<Concern> {
    let restriction = &operation.restriction;
    let provider = shown.origin.provider(&restriction.target);
    let form = provider.and_then(|it| it.facts().form(restriction.subject.kind));
    let starts = matches!(operation.action, Action::Impose | Action::Amend) && !operation.upkeep;
    if operation.because == Because::Protected {
        Some(Concern::Protected)
    } else if operation.is_guarded_lift() {
        Some(Concern::LetsBackIn)
    } else {
        (starts && form.is_some_and(|form| form.wide)).then_some(Concern::Wide)
    }
}

/// How many warnings of one code are shown.
const OF_A_CODE: usize = 3;

/// How much of a warning is shown.
const LONGEST: usize = 300;

fn write_warnings(plan: &Plan, links: &Links, text: &mut Budget) {
    let mut of_code: BTreeMap<&str, Vec<&Warning>> = BTreeMap::new();
    for warning in &plan.warnings {
        of_code.entry(&warning.code).or_default().push(warning);
    }
    let shown: Vec<(&str, &[&Warning], usize)> = of_code
        .iter()
        .map(|(code, warnings)| {
            let few = warnings.get(..OF_A_CODE).unwrap_or(warnings);
            (*code, few, warnings.len() - few.len())
        })
        .collect();
    text.push_list(
        &List {
            opening: "\n**Warnings**\n\n<pre>\n",
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
