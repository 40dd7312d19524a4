//! The end of a comment: how long it takes, and when there is something to do again.

use std::cmp::Reverse;

use super::budget::{Budget, List};
use crate::plan::{Forecast, NextDue, Plan};
use crate::report::count::{counted, grouped};
use crate::report::escape::Markdown;
use crate::report::plan_text::occasion;
use crate::report::span::{away, length};

/// How many targets the forecast names.
const FORECASTS: usize = 12;

pub(super) fn write(plan: &Plan, text: &mut Budget) {
    let NextDue { at, latest, because } = plan.next_due;
    if let Some(at) = at {
        let because = because.map(|because| format!(", because {}", occasion(because)));
        let latest = latest.filter(|latest| *latest != at);
        let latest = latest.map(|latest| format!("; at the latest {latest}"));
        text.push(&format!(
            "\nNext due: {at} ({}){}{}.\n",
            away(plan.now, at),
            because.unwrap_or_default(),
            latest.unwrap_or_default()
        ));
    }
    let mut longest: Vec<&Forecast> = plan.forecast.iter().collect();
    longest.sort_by_key(|forecast| Reverse(forecast.seconds));
    let hidden = longest.len().saturating_sub(FORECASTS);
    longest.truncate(FORECASTS);
    text.push_list(
        &List {
            opening: "\n| target | calls | at its rate |\n|---|---:|---:|\n",
            items: &longest,
            closing: "",
            share: 1,
        },
        |Forecast { target, calls, seconds }| {
            let time = length(seconds.rounded_up().saturating_mul(1000));
            let target = Markdown(target.as_str());
            format!("| <code>{target}</code> | {} | {time} |\n", grouped(*calls))
        },
        |count| format!("\n… and {}\n", counted((count + hidden) as u64, "more target")),
    );
}
