//! What a reviewer must look at first.

use std::collections::BTreeMap;

use super::budget::{Budget, List};
use super::line::line;
use super::link::Links;
use crate::domain::{Action, Because, Warning};
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
        text.push_list(
            &List {
                opening: &format!("\n**{heading}**\n\n<pre>\n"),
                items: &operations,
                closing: "</pre>\n",
                share: 6,
            },
            |operation| line(operation),
            |count| format!("… and {} more\n", grouped(count as u64)),
        );
    }
    write_warnings(shown.plan, links, text);
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
