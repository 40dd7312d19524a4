//! The end of a plan: how long it takes, and when there is something to do again.

use std::fmt::{self, Write as _};

use unicode_width::UnicodeWidthStr as _;

use super::page::Page;
use super::{Folding, Layout};
use crate::plan::Forecast;
use crate::report::count::{counted, grouped};
use crate::report::review::Review;
use crate::report::span::length;
use crate::report::style::Style;

/// How many targets the forecast names unless all are asked for.
const FORECASTS: usize = 12;

pub(super) fn write(review: &Review<'_>, layout: Layout, page: &mut Page<'_>) -> fmt::Result {
    let plan = review.plan;
    write_forecast(&plan.forecast, layout, page)?;
    page.paragraph();
    let are = if plan.unchanged == 1 { "is as it should be" } else { "are as they should be" };
    if plan.operations.is_empty() && plan.unchanged == 0 {
        writeln!(page, "Nothing to do.")?;
    } else if plan.operations.is_empty() {
        let count = counted(plan.unchanged, "restriction");
        writeln!(page, "Nothing to do: {count} {are}.")?;
    } else if plan.unchanged > 0 {
        writeln!(page, "Unchanged: {} {are}.", counted(plan.unchanged, "restriction"))?;
    }
    review.next_due().map_or(Ok(()), |next_due| writeln!(page, "{next_due}"))
}

fn write_forecast(forecast: &[Forecast], layout: Layout, page: &mut Page<'_>) -> fmt::Result {
    if forecast.is_empty() {
        return Ok(());
    }
    page.paragraph();
    writeln!(
        page,
        "{}",
        page.style(Style::Heading, "Calls, and how long they take at each target's rate:")
    )?;
    let mut longest: Vec<&Forecast> = forecast.iter().collect();
    if layout.folding == Folding::Folded && longest.len() > FORECASTS {
        longest.sort_by_key(|forecast| std::cmp::Reverse(forecast.seconds));
        longest.truncate(FORECASTS - 1);
    }
    let lines: Vec<_> = longest.into_iter().map(line).collect();
    let widest = |column: fn(&(String, String, String)) -> &String| {
        lines.iter().map(|line| column(line).width()).max().unwrap_or(0)
    };
    let (name_width, calls_width) = (widest(|line| &line.0), widest(|line| &line.1));
    for (name, calls, time) in &lines {
        writeln!(page, "  {name:<name_width$}  {calls:>calls_width$}  {time}")?;
    }
    match forecast.len() - lines.len() {
        0 => Ok(()),
        more => writeln!(page, "  and {}, sooner done", counted(more as u64, "other target")),
    }
}

fn line(forecast: &Forecast) -> (String, String, String) {
    let Forecast { target, calls, seconds } = forecast;
    let time = length(seconds.rounded_up().saturating_mul(1000));
    (target.to_string(), grouped(*calls), time)
}
