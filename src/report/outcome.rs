//! What came of a run: one JSON object, or text whose last line machines can find.

use std::collections::BTreeMap;
use std::fmt::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;

use super::count::counted;
use super::escape::{Terminal, TerminalWord};
use super::style::{ColorChoice, Style};
use crate::apply::{Fate, Outcome, Problem, Tally};
use crate::plan::document::{FORMAT_VERSION, OperationView};
use crate::plan::{Guarded, Plan};

/// The outcome of a run as JSON.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(
    title = "ostracon outcome",
    description = "What `apply --format json` prints. Every key is always there. Ignore unknown \
                   keys: 1.x only adds."
)]
pub struct OutcomeView<'a> {
    /// The version of this format: 1.x only adds keys.
    #[schemars(regex(pattern = r"^1\.[0-9]+$"))]
    pub format_version: &'static str,
    /// The run.
    pub run: &'a str,
    /// How many operations ended how.
    pub summary: Tally,
    /// The operations that are not done.
    pub problems: Vec<ProblemView<'a>>,
    /// The guards that are exceeded: unless acknowledged, they held back everything but upkeep.
    pub guards: &'a [Guarded],
}

/// An operation that is not done, as JSON.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ProblemView<'a> {
    /// The operation.
    #[serde(flatten)]
    pub operation: OperationView,
    /// What came of it.
    pub outcome: Fate,
    /// What went wrong.
    pub error: &'a str,
    /// The provider's code; null where there is none.
    pub code: Option<&'a str>,
    /// The provider's id of the request; null where there is none.
    pub request_id: Option<&'a str>,
}

/// The JSON view of an outcome.
pub fn outcome_view<'a>(outcome: &'a Outcome, plan: &'a Plan) -> OutcomeView<'a> {
    let view = |problem: &'a Problem| {
        let operation = plan.operations.get(problem.operation)?;
        Some(ProblemView {
            operation: operation.into(),
            outcome: problem.fate,
            error: &problem.failure.error,
            code: problem.failure.code.as_deref(),
            request_id: problem.failure.request_id.as_deref(),
        })
    };
    OutcomeView {
        format_version: FORMAT_VERSION,
        run: &outcome.run,
        summary: outcome.tally,
        problems: outcome.problems.iter().filter_map(view).collect(),
        guards: &plan.guards,
    }
}

/// How many operations with the same trouble are named one by one.
const NAMED: usize = 5;

/// Writes an outcome as text: what is not done and why, then the line of counts.
pub fn outcome_text(
    outcome: &Outcome,
    plan: &Plan,
    colors: ColorChoice,
    out: &mut dyn Write,
) -> fmt::Result {
    for ((fate, target, error, code), problems) in alike(outcome, plan) {
        let (style, words) = words(fate);
        let operations = counted(problems.len() as u64, "operation");
        write!(out, "{} {target}: {operations} {words}: ", colors.style(style, "!"))?;
        write!(out, "{}", Terminal(error))?;
        if let Some(code) = code {
            write!(out, " ({})", Terminal(code))?;
        }
        writeln!(out)?;
        for problem in problems.iter().take(NAMED) {
            let Some(operation) = plan.operations.get(problem.operation) else { continue };
            write!(
                out,
                "    {} {}",
                operation.action,
                Terminal(&operation.restriction.to_string())
            )?;
            if let Some(request_id) = &problem.failure.request_id {
                write!(out, "  request {}", TerminalWord(request_id))?;
            }
            writeln!(out)?;
        }
        if let Some(more) = problems.len().checked_sub(NAMED).filter(|more| *more > 0) {
            writeln!(out, "    and {more} more: `--format json` names them all")?;
        }
    }
    for stopped in &outcome.stopped {
        let (target, hint) = (&stopped.target, Terminal(&stopped.hint));
        writeln!(out, "{} {target}: {hint}", colors.style(Style::Change, "Hint:"))?;
    }
    let Tally { done, waiting, failed, deferred, in_doubt, dropped: _ } = outcome.tally;
    writeln!(
        out,
        "Applied: {done} done, {waiting} waiting, {failed} failed, {deferred} deferred, {in_doubt} \
         in doubt."
    )
}

type Alike<'a> = (Fate, &'a str, &'a str, Option<&'a str>);

/// Problems with the same trouble at the same target, together.
fn alike<'a>(outcome: &'a Outcome, plan: &'a Plan) -> BTreeMap<Alike<'a>, Vec<&'a Problem>> {
    let mut groups: BTreeMap<Alike<'a>, Vec<&Problem>> = BTreeMap::new();
    for problem in &outcome.problems {
        let Some(operation) = plan.operations.get(problem.operation) else { continue };
        let target = operation.restriction.target.as_str();
        let failure = &problem.failure;
        let key = (problem.fate, target, failure.error.as_str(), failure.code.as_deref());
        groups.entry(key).or_default().push(problem);
    }
    groups
}

const fn words(fate: Fate) -> (Style, &'static str) {
    match fate {
        Fate::Done => (Style::Plain, "done"),
        Fate::Waiting => (Style::Warning, "not possible yet, tried again by the next run"),
        Fate::Failed => (Style::Failure, "failed"),
        Fate::Deferred => (Style::Warning, "not begun, left to the next run"),
        Fate::InDoubt => (Style::Warning, "in doubt, settled by the next run"),
        Fate::Dropped => (Style::Quiet, "dropped"),
    }
}
