//! What the lines of a plan do not say of themselves: folded lines, signs, guards, warnings.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use super::grid::symbol;
use super::outline::Outline;
use super::page::Page;
use super::{Folding, Layout};
use crate::domain::{Action, Warning};
use crate::plan::{Guard, Guarded, Plan, ack};
use crate::report::count::{counted, grouped};
use crate::report::escape::{Terminal, TerminalWord};
use crate::report::style::Ink;

/// How many warnings of one code are shown unless all are asked for.
const WARNINGS_OF_A_CODE: usize = 3;

pub(super) fn write(
    plan: &Plan,
    layout: Layout,
    outlines: &[Outline<'_>],
    page: &mut Page<'_>,
) -> fmt::Result {
    let notes = notes(plan, outlines);
    if !notes.is_empty() {
        page.paragraph();
        for note in notes {
            writeln!(page, "{}", page.ink(Ink::Quiet, note))?;
        }
    }
    write_guards(&plan.guards, page)?;
    write_warnings(&plan.warnings, layout, page)
}

/// What the signs mean that cannot be guessed, and what is not shown.
fn notes(plan: &Plan, outlines: &[Outline<'_>]) -> Vec<String> {
    let mut notes = Vec::new();
    let meanings: Vec<_> = Action::ALL
        .into_iter()
        .filter(|action| plan.count(*action) > 0)
        .filter_map(|action| Some(format!("{} {}", symbol(action), meaning(action)?)))
        .collect();
    if !meanings.is_empty() {
        notes.push(meanings.join("; "));
    }
    if plan.waiting() > 0 {
        notes.push(
            "waited last time: the provider said \"not yet\"; it is tried again after all else"
                .to_owned(),
        );
    }
    if plan.in_doubt() > 0 {
        notes.push("in doubt: a call was sent and nobody knows whether it took effect".to_owned());
    }
    let folded: usize = outlines.iter().map(Outline::folded).sum();
    if folded > 0 {
        notes.push(format!(
            "{} of {} are folded; `plan --all` gives each its line",
            grouped(folded as u64),
            counted(plan.operations.len() as u64, "operation"),
        ));
    }
    notes
}

/// What an action's sign means, unless anybody would guess it.
const fn meaning(action: Action) -> Option<&'static str> {
    match action {
        Action::Impose | Action::Amend | Action::Lift => None,
        Action::Renew => Some("renewed, with `until` as before"),
        Action::Kick => Some("kicked again, which keeps nobody out"),
        Action::Forget => Some("forgotten without a call: nothing is held there any more"),
    }
}

fn write_guards(guards: &[Guarded], page: &mut Page<'_>) -> fmt::Result {
    if guards.is_empty() {
        return Ok(());
    }
    page.paragraph();
    for guarded in guards {
        let words = exceeded(guarded);
        let words = Terminal(&words);
        match &guarded.acknowledged_by {
            None => {
                writeln!(page, "{} {}", page.ink(Ink::Trouble, "Held back:"), words)?;
            }
            Some(who) => {
                let label = format!("Acknowledged by {}:", TerminalWord(who));
                writeln!(page, "{} {}", page.ink(Ink::Warning, label), words)?;
            }
        }
    }
    let Some(held) = guards.iter().find(|guarded| guarded.holds_back()) else { return Ok(()) };
    let (path, text) = ack::file(&held.change_digest);
    let path = Terminal(&path);
    writeln!(
        page,
        "Only upkeep is done until the policy asks for less, or `guards` in `ostracon.yaml` allows \
         more.\nTo allow just this, add `{path}` to the workspace, saying:"
    )?;
    for line in text.lines() {
        writeln!(page, "    {}", Terminal(line))?;
    }
    Ok(())
}

/// What a guard counts, and which limit that is over.
pub(in crate::report) fn exceeded(guarded: &Guarded) -> String {
    let Guarded { guard, target, operations, in_force, limit, .. } = guarded;
    let place = match target {
        Some(target) => format!("at `{target}`"),
        None => "in all".to_owned(),
    };
    let limit = limit.as_deref().unwrap_or("0");
    let limit = limit.parse().map_or_else(|_not_a_count| limit.to_owned(), grouped);
    let (operations, in_force) = (grouped(*operations), grouped(*in_force));
    match guard {
        Guard::AllowEmpty => format!(
            "the policy has no entry at all, so {operations} of {in_force} in force would be \
             lifted; `allow_empty` is not set"
        ),
        Guard::MaxLifts => format!(
            "{operations} of {in_force} in force {place} would be lifted or shortened; \
             `max_lifts` is {limit}"
        ),
        Guard::Protect => format!("{operations} who were protected would be so no longer"),
        Guard::MaxImposes => format!(
            "{operations} would be imposed {place}, with {in_force} in force; `max_imposes` is \
             {limit}"
        ),
    }
}

fn write_warnings(warnings: &[Warning], layout: Layout, page: &mut Page<'_>) -> fmt::Result {
    if warnings.is_empty() {
        return Ok(());
    }
    page.paragraph();
    let mut of_code: BTreeMap<&str, Vec<&Warning>> = BTreeMap::new();
    for warning in warnings {
        of_code.entry(&warning.code).or_default().push(warning);
    }
    for (code, warnings) in of_code {
        let shown = match layout.folding {
            Folding::All => warnings.len(),
            Folding::Folded => WARNINGS_OF_A_CODE,
        };
        for Warning { code: _, message, source } in warnings.iter().take(shown) {
            let message = Terminal(message);
            write!(page, "{} {message}", page.ink(Ink::Warning, "Warning:"))?;
            match source {
                Some(source) => writeln!(page, " ({})", Terminal(&source.to_string()))?,
                None => writeln!(page)?,
            }
        }
        if let Some(hidden) = warnings.len().checked_sub(shown).filter(|hidden| *hidden > 0) {
            let label = page.ink(Ink::Warning, "Warning:");
            writeln!(page, "{label} and {} more `{}`", grouped(hidden as u64), Terminal(code))?;
        }
    }
    Ok(())
}
