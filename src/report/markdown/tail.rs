//! The end of a comment: how long it takes, and when there is something to do again.

use std::cmp::Reverse;

use super::budget::{Budget, List};
use crate::plan::Forecast;
use crate::report::count::{counted, grouped};
use crate::report::escape::Markdown;
use crate::report::review::Review;
use crate::report::span::length;

/// How many targets the forecast names.
const FORECASTS: usize = 12;

pub(super) fn write(review: &Review<'_>, text: &mut Budget) {
    if let Some(next_due) = review.next_due() {
        text.push(&format!("\n{next_due}\n"));
    }
    let mut longest: Vec<&Forecast> = review.plan.forecast.iter().collect();
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
