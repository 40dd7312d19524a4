//! The end of a plan: how long it takes, and when there is something to do again.

use std::fmt::{self, Write as _};

use unicode_width::UnicodeWidthStr as _;

use super::page::Page;
use super::{Folding, Layout};
use crate::domain::Because;
use crate::plan::{Forecast, NextDue, Plan};
use crate::report::count::{counted, grouped};
use crate::report::span::{away, length};
use crate::report::style::Ink;

/// How many targets the forecast names unless all are asked for.
const FORECASTS: usize = 12;

pub(super) fn write(plan: &Plan, layout: Layout, page: &mut Page<'_>) -> fmt::Result {
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
    write_next_due(plan, page)
}

fn write_forecast(forecast: &[Forecast], layout: Layout, page: &mut Page<'_>) -> fmt::Result {
    if forecast.is_empty() {
        return Ok(());
    }
    page.paragraph();
    writeln!(
        page,
        "{}",
        page.ink(Ink::Heading, "Calls, and how long they take at each target's rate:")
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

fn write_next_due(plan: &Plan, page: &mut Page<'_>) -> fmt::Result {
    let NextDue { at, latest, because } = plan.next_due;
    let Some(at) = at else { return Ok(()) };
    write!(page, "Next due: {at} ({})", away(plan.now, at))?;
    if let Some(because) = because {
        write!(page, ", because {}", occasion(because))?;
    }
    match latest {
        Some(latest) if latest != at => {
            writeln!(page, "; at the latest {latest} ({}).", away(plan.now, latest))
        }
        Some(_) | None => writeln!(page, "."),
    }
}

/// What happens then.
pub(in crate::report) const fn occasion(because: Because) -> &'static str {
    match because {
        Because::NewEntry => "an entry begins",
        Because::EntryRemoved => "an entry was removed",
        Because::UntilChanged => "an `until` was changed",
        Because::ReasonChanged => "a reason was changed",
        Because::Expired => "a restriction ends",
        Because::RenewalDue => "a renewal is due",
        Because::RekickDue => "a kick is due again",
        Because::ReassertDue => "a restriction is due to be reasserted",
        Because::Protected => "a subject is protected",
        Because::InDoubt => "a call is in doubt",
        Because::Recovered => "a restriction is gone at the provider",
    }
}
