//! Plots as SVG, each with its numbers in a table.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use maud::{Markup, html};

use crate::domain::Moment;
use crate::plan::Forecast;
use crate::report::count::{counted, grouped};
use crate::report::span::length;

/// How far plots look ahead or back.
pub(super) const DAYS: usize = 30;
/// How many targets have a tone of their own; the others share one.
const SERIES: usize = 5;
const DAY_MILLIS: i64 = 86_400_000;

/// What ends on which day from now on, by target.
pub(super) fn endings<'a, I: Iterator<Item = (&'a str, Moment)>>(
    now: Moment,
    ends: I,
) -> Option<Markup> {
    let mut by_target: BTreeMap<&str, [u64; DAYS]> = BTreeMap::new();
    let first = now.millis().div_euclid(DAY_MILLIS);
    for (target, at) in ends {
        let day = at.millis().div_euclid(DAY_MILLIS) - first;
        let day = usize::try_from(day).ok().filter(|_| at >= now);
        if let Some(count) = day.and_then(|day| by_target.entry(target).or_default().get_mut(day)) {
            *count += 1;
        }
    }
    by_target.retain(|_, counts| counts.iter().any(|count| *count > 0));
    if by_target.is_empty() {
        return None;
    }
    let days: Vec<String> = (0..DAYS).map(|day| day_of(now, day)).collect();
    Some(stacked("What ends on which day", &days, &ranked(by_target)))
}

fn day_of(now: Moment, day: usize) -> String {
    let day = i64::try_from(day).unwrap_or_default();
    let at = now + SignedDuration::from_hours(24 * day);
    at.to_string().get(5..10).unwrap_or_default().to_owned()
}

/// The targets with most first, those beyond the last tone together.
fn ranked(by_target: BTreeMap<&str, [u64; DAYS]>) -> Vec<(String, [u64; DAYS])> {
    let mut series: Vec<_> =
        by_target.into_iter().map(|(name, it)| (name.to_owned(), it)).collect();
    series.sort_by_key(|(_, counts)| std::cmp::Reverse(counts.iter().sum::<u64>()));
    if series.len() > SERIES + 1 {
        let others = series.split_off(SERIES);
        let name = counted(others.len() as u64, "other target");
        let mut sum = [0; DAYS];
        for (total, day) in sum.iter_mut().zip(0..) {
            *total = others.iter().filter_map(|(_, counts)| counts.get::<usize>(day)).sum();
        }
        series.push((name, sum));
    }
    series
}

const WIDTH: u64 = 720;
const HEIGHT: u64 = 200;
const LEFT: u64 = 52;
const TOP: u64 = 12;
const BOTTOM: u64 = 28;

/// A number at or above `most` that an axis can end with.
fn round_up(most: u64) -> u64 {
    let mut unit = 1_u64;
    loop {
        if let Some(top) = [1, 2, 4, 5, 10]
            .map(|step| unit.saturating_mul(step))
            .into_iter()
            .find(|top| *top >= most)
        {
            return top.max(1);
        }
        unit = unit.saturating_mul(10);
    }
}

/// Bars of which each is made of parts.
fn stacked(title: &str, days: &[String], series: &[(String, [u64; DAYS])]) -> Markup {
    let total =
        |day: usize| -> u64 { series.iter().filter_map(|(_, counts)| counts.get(day)).sum() };
    let most = round_up((0..days.len()).map(total).max().unwrap_or(0));
    let (plot, step) = (HEIGHT - TOP - BOTTOM, (WIDTH - LEFT) / days.len() as u64);
    let y = |count: u64| TOP + plot - count.saturating_mul(plot) / most;
    let mut bars = Vec::new();
    for (day, _) in days.iter().enumerate() {
        let mut below = 0;
        for (number, (_, counts)) in series.iter().enumerate() {
            let count = counts.get(day).copied().unwrap_or_default();
            if count > 0 {
                let (from, to) = (y(below), y(below + count));
                bars.push((LEFT + day as u64 * step, to, (from - to).max(1), number));
            }
            below += count;
        }
    }
    html! {
        figure {
            figcaption { (title) ", next " (days.len()) " days (UTC)" }
            svg viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } role="img" aria-label={ (title) ": the numbers are in the table below" } {
                @for part in [most, most / 2].into_iter().filter(|part| *part > 0) {
                    line.grid x1=(LEFT) x2=(WIDTH) y1=(y(part)) y2=(y(part)) {}
                    text.axis x=(LEFT - 8) y=(y(part) + 4) text-anchor="end" { (grouped(part)) }
                }
                @for (x, y, height, number) in bars {
                    rect.{ "s" (number) } x=(x + 2) y=(y) width=(step - 4) height=(height) {}
                }
                line.base x1=(LEFT) x2=(WIDTH) y1=(y(0)) y2=(y(0)) {}
                text.axis x=(LEFT - 8) y=(y(0) + 4) text-anchor="end" { "0" }
                @for (day, name) in days.iter().enumerate().step_by(5) {
                    text.axis x=(LEFT + day as u64 * step + step / 2) y=(HEIGHT - 8) text-anchor="middle" { (name) }
                }
            }
            ul.legend { @for (number, (name, _)) in series.iter().enumerate() {
                li { svg.swatch viewBox="0 0 10 10" aria-hidden="true" { rect.{ "s" (number) } width="10" height="10" {} } (name) }
            } }
            details.numbers {
                summary { "The numbers" }
                table {
                    thead { tr { th scope="col" { "day" } @for (name, _) in series { th.number scope="col" { (name) } } } }
                    tbody { @for (day, name) in days.iter().enumerate().filter(|(day, _)| total(*day) > 0) {
                        tr { th scope="row" { (name) } @for (_, counts) in series {
                            td.number { (grouped(counts.get(day).copied().unwrap_or_default())) }
                        } }
                    } }
                }
            }
        }
    }
}

/// How long the calls of each target take at its rate.
pub(super) fn calls(forecast: &[Forecast]) -> Option<Markup> {
    const MOST: usize = 12;
    const NAME: u64 = 170;
    const ROW: u64 = 26;
    let mut longest: Vec<&Forecast> = forecast.iter().collect();
    longest.sort_by_key(|forecast| std::cmp::Reverse(forecast.seconds));
    let slowest = longest.first()?.seconds.micros().max(1);
    let shown = longest.get(..MOST).unwrap_or(&longest);
    let words = |it: &Forecast| length(it.seconds.rounded_up().saturating_mul(1000));
    let room = WIDTH - NAME - 190;
    Some(html! {
        figure {
            figcaption { "Calls, and how long each target's rate makes them take" }
            svg viewBox={ "0 0 " (WIDTH) " " (shown.len() as u64 * ROW + 8) } role="img"
                aria-label="Calls by target: the numbers are in the table below" {
                @for (row, it) in shown.iter().enumerate() {
                    @let y = row as u64 * ROW + 4;
                    @let bar = (it.seconds.micros().saturating_mul(room) / slowest).max(2);
                    text.label x=(NAME - 10) y=(y + 15) text-anchor="end" { (it.target) }
                    rect.s0 x=(NAME) y=(y + 3) width=(bar) height=(ROW - 10) {}
                    text.label x=(NAME + bar + 8) y=(y + 15) { (counted(it.calls, "call")) ", " (words(it)) }
                }
            }
            details.numbers {
                summary { "The numbers" }
                table {
                    thead { tr { th scope="col" { "target" } th.number scope="col" { "calls" } th.number scope="col" { "at its rate" } } }
                    tbody { @for it in &longest {
                        tr { th scope="row" { (it.target) } td.number { (grouped(it.calls)) } td.number { (words(it)) } }
                    } }
                }
            }
        }
    })
}
