//! What the lines of a plan do not say of themselves: folded lines, signs, guards, warnings.

use std::fmt::{self, Write as _};

use super::outline::Outline;
use super::page::Page;
use super::{Folding, Layout};
use crate::domain::{Action, Warning};
use crate::plan::Plan;
use crate::report::count::{counted, grouped};
use crate::report::escape::{Terminal, TerminalWord};
use crate::report::review::{Review, WARNINGS_OF_A_CODE, Warnings, exceeded, symbol};
use crate::report::style::Style;

pub(super) fn write(
    review: &Review<'_>,
    layout: Layout,
    outlines: &[Outline<'_>],
    page: &mut Page<'_>,
) -> fmt::Result {
    let notes = notes(review.plan, outlines);
    if !notes.is_empty() {
        page.paragraph();
        for note in notes {
            writeln!(page, "{}", page.style(Style::Quiet, note))?;
        }
    }
    write_guards(review, page)?;
    write_warnings(&review.warnings, layout, page)
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

fn write_guards(review: &Review<'_>, page: &mut Page<'_>) -> fmt::Result {
    page.paragraph();
    for guarded in &review.plan.guards {
        let words = exceeded(guarded);
        let words = Terminal(&words);
        match &guarded.acknowledged_by {
            None => {
                writeln!(page, "{} {}", page.style(Style::Failure, "Held back:"), words)?;
            }
            Some(who) => {
                let label = format!("Acknowledged by {}:", TerminalWord(who));
                writeln!(page, "{} {}", page.style(Style::Warning, label), words)?;
            }
        }
    }
    let Some((path, text)) = review.acknowledgement() else { return Ok(()) };
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

pub(super) fn write_warnings(
    warnings: &Warnings<'_>,
    layout: Layout,
    page: &mut Page<'_>,
) -> fmt::Result {
    page.paragraph();
    for (code, warnings) in warnings {
        let shown = match layout.folding {
            Folding::All => warnings.len(),
            Folding::Folded => WARNINGS_OF_A_CODE,
        };
        for Warning { code: _, message, source } in warnings.iter().take(shown) {
            let message = Terminal(message);
            write!(page, "{} {message}", page.style(Style::Warning, "Warning:"))?;
            match source {
                Some(source) => {
                    let place = source.to_string();
                    writeln!(page, " ({})", page.link(Some(source), Terminal(&place)))?;
                }
                None => writeln!(page)?,
            }
        }
        if let Some(hidden) = warnings.len().checked_sub(shown).filter(|hidden| *hidden > 0) {
            let label = page.style(Style::Warning, "Warning:");
            writeln!(page, "{label} and {} more `{}`", grouped(hidden as u64), Terminal(code))?;
        }
    }
    Ok(())
}
