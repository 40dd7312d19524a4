//! The head of a comment: counts, what changed about the targets, guards, a table.

use std::collections::BTreeMap;

use super::MARKER;
use super::budget::{Budget, List};
use crate::domain::{Action, TargetName};
use crate::plan::Plan;
use crate::report::count::{counted, grouped};
use crate::report::escape::{Markdown, clipped};
use crate::report::review::{Change, Changed, Review, exceeded};

pub(super) fn write(review: &Review<'_>, text: &mut Budget) {
    let plan = review.plan;
    text.push(MARKER);
    text.push(&headline(plan));
    if let Some((path, content)) = review.acknowledgement() {
        text.push(&format!(
            "\n**A guard holds this back**: only upkeep is done until the policy asks for less, \
             `guards` allow more, or `{path}` in the workspace acknowledges it:\n\n<pre>\n{content}</pre>\n",
        ));
    }
    text.push_list(
        &List { opening: "\n<pre>\n", items: &plan.guards, closing: "</pre>\n", share: 8 },
        |guarded| {
            let who = guarded.acknowledged_by.as_deref();
            let who = who.map(|who| format!("acknowledged by {}: ", clipped(who, LONGEST_VALUE)));
            let words = who.unwrap_or_default() + &exceeded(guarded);
            format!("{}\n", Markdown(&words))
        },
        |count| format!("… and {}\n", counted(count as u64, "more guard")),
    );
    let targets = review.changes.partition_point(|changed| changed.target.is_some());
    let (targets, guards) = review.changes.split_at(targets);
    let targets_changed = "\n**Changed since the last apply: targets, endpoints or sources of \
                           credentials**\n\n<pre>\n";
    let guards_changed = "\n**Guards changed since the last apply**\n\n<pre>\n";
    for (opening, items, share, more) in
        [(targets_changed, targets, 6, "more change"), (guards_changed, guards, 8, "more guard")]
    {
        text.push_list(
            &List { opening, items, closing: "</pre>\n", share },
            changed_lines,
            |count| format!("… and {}\n", counted(count as u64, more)),
        );
    }
    write_table(plan, text);
}

/// `### ostracon: 3 to impose, 1 to lift`, and what else is out of the ordinary.
fn headline(plan: &Plan) -> String {
    let counts = Action::ALL.map(|action| (plan.count(action), action));
    let counts: Vec<_> = counts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, action)| format!("{} to {action}", grouped(count)))
        .collect();
    let counts = if counts.is_empty() { "nothing to do".to_owned() } else { counts.join(", ") };
    let mut more = Vec::new();
    let upkeep = plan.operations.iter().filter(|operation| operation.upkeep).count();
    if upkeep > 0 {
        more.push(format!("{} of it is upkeep", grouped(upkeep as u64)));
    }
    if plan.waiting() > 0 {
        more.push(format!("{} waited last time", grouped(plan.waiting())));
    }
    if plan.in_doubt() > 0 {
        more.push(format!("{} in doubt", grouped(plan.in_doubt())));
    }
    more.push(format!("{} unchanged", grouped(plan.unchanged)));
    format!("### ostracon: {counts}\n\n{}.\n", more.join(", "))
}

/// How much of a binding, endpoint or source is shown.
const LONGEST_VALUE: usize = 200;

/// A line for each thing that is not as it was.
fn changed_lines(changed: &Changed<'_>) -> String {
    let shown = |text: &str| Markdown(&clipped(text, LONGEST_VALUE)).to_string();
    let target = changed.target.map(|target| format!("{}  ", Markdown(target.as_str())));
    let target = target.unwrap_or_default();
    let lines = changed.lines.iter().map(|line| {
        let words = match line {
            Change::Other(before, after) => format!("{} -&gt; {}", shown(before), shown(after)),
            Change::New(after) => format!("new: {}", shown(after)),
            Change::Gone(before) => format!("gone: {}", shown(before)),
        };
        format!("{target}{}  {words}\n", Markdown(changed.what))
    });
    lines.collect()
}

/// What happens where: a column for each action that there is.
fn write_table(plan: &Plan, text: &mut Budget) {
    let actions = Action::ALL.into_iter().filter(|action| plan.count(*action) > 0);
    let actions: Vec<Action> = actions.collect();
    let mut rows: BTreeMap<&TargetName, BTreeMap<Action, u64>> = BTreeMap::new();
    for operation in &plan.operations {
        let row = rows.entry(&operation.restriction.target).or_default();
        *row.entry(operation.action).or_default() += 1;
    }
    let names: Vec<_> = actions.iter().map(|action| action.name()).collect();
    let opening =
        format!("\n| target | {} |\n|---|{}\n", names.join(" | "), "---:|".repeat(names.len()));
    let rows: Vec<_> = rows.into_iter().collect();
    text.push_list(
        &List { opening: &opening, items: &rows, closing: "", share: 6 },
        |(target, counts)| {
            let count = |action| counts.get(action).map_or_else(String::new, |it| grouped(*it));
            let counts: Vec<_> = actions.iter().map(count).collect();
            format!("| <code>{}</code> | {} |\n", Markdown(target.as_str()), counts.join(" | "))
        },
        |count| format!("\n… and {}\n", counted(count as u64, "more target")),
    );
}
