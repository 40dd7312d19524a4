//! Plots as SVG, each with its numbers in a table.

use std::collections::BTreeMap;
use std::fmt::Write as _;

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

const WIDTH: u64 = 720;
const HEIGHT: u64 = 200;
const LEFT: u64 = 52;
const TOP: u64 = 12;
const BOTTOM: u64 = 28;

/// Numbers of each day, under a name.
pub(super) struct Series {
    pub(super) name: String,
    pub(super) counts: [u64; DAYS],
}

/// The day of an instant, counted from the first of the plot.
pub(super) fn day_of(at: Moment, first: Moment) -> Option<usize> {
    let day = at.millis().div_euclid(DAY_MILLIS) - first.millis().div_euclid(DAY_MILLIS);
    usize::try_from(day).ok().filter(|day| *day < DAYS)
}

/// The names of the days from the first on, as `12-20`.
fn days(first: Moment) -> Vec<String> {
    let name = |day| {
        let at = first + SignedDuration::from_hours(24 * day);
        at.to_string().get(5..10).unwrap_or_default().to_owned()
    };
    (0_i64..).take(DAYS).map(name).collect()
}

/// What ends on which day from now on, by target.
pub(super) fn endings<'a, I: Iterator<Item = (&'a str, Moment)>>(
    title: &str,
    now: Moment,
    ends: I,
) -> Option<Markup> {
    let mut by_target: BTreeMap<&str, [u64; DAYS]> = BTreeMap::new();
    for (target, at) in ends.filter(|(_, at)| *at >= now) {
        let Some(day) = day_of(at, now) else { continue };
        if let Some(count) = by_target.entry(target).or_default().get_mut(day) {
            *count += 1;
        }
    }
    let series = by_target.into_iter();
    let series = series.map(|(name, counts)| Series { name: name.to_owned(), counts });
    let series = ranked(series.collect());
    let title = format!("{title}, next 30 days (UTC)");
    (!series.is_empty()).then(|| bars(&title, now, &series))
}

/// The series with most first, those beyond the last tone together.
fn ranked(mut series: Vec<Series>) -> Vec<Series> {
    series.sort_by_key(|series| std::cmp::Reverse(series.counts.iter().sum::<u64>()));
    if series.len() > SERIES + 1 {
        let others = series.split_off(SERIES);
        let name = counted(others.len() as u64, "other target");
        let mut counts = [0; DAYS];
        for other in others {
            for (sum, count) in counts.iter_mut().zip(other.counts) {
                *sum += count;
            }
        }
        series.push(Series { name, counts });
    }
    series
}

/// A scale from nothing to a number at or above all of them.
#[derive(Clone, Copy)]
struct Scale {
    most: u64,
}

impl Scale {
    fn over(most: u64) -> Self {
        let mut unit = 1_u64;
        loop {
            let tops = [1, 2, 4, 5, 10].map(|step| unit.saturating_mul(step));
            if let Some(most) = tops.into_iter().find(|top| *top >= most) {
                return Self { most };
            }
            unit = unit.saturating_mul(10);
        }
    }

    fn y(self, count: u64) -> u64 {
        let height = HEIGHT - TOP - BOTTOM;
        TOP + height - count.saturating_mul(height) / self.most
    }

    /// The lines and names of both axes, the lower one of days.
    fn axes(self, days: &[String]) -> Markup {
        html! {
            (self.lines())
            @for (day, name) in days.iter().enumerate().step_by(5) {
                text.axis x=(middle(day)) y=(HEIGHT - 8) text-anchor="middle" { (name) }
            }
        }
    }

    /// The lines of numbers, and their names.
    fn lines(self) -> Markup {
        let half = (self.most > 1).then_some(self.most / 2);
        html! {
            @for part in [Some(self.most), half].into_iter().flatten() {
                line.grid x1=(LEFT) x2=(WIDTH) y1=(self.y(part)) y2=(self.y(part)) {}
                text.axis x=(LEFT - 8) y=(self.y(part) + 4) text-anchor="end" { (grouped(part)) }
            }
            line.base x1=(LEFT) x2=(WIDTH) y1=(self.y(0)) y2=(self.y(0)) {}
            text.axis x=(LEFT - 8) y=(self.y(0) + 4) text-anchor="end" { "0" }
        }
    }
}

const STEP: u64 = (WIDTH - LEFT) / DAYS as u64;

fn middle(day: usize) -> u64 {
    LEFT + day as u64 * STEP + STEP / 2
}

/// A bar a day, made of the parts of each series.
pub(super) fn bars(title: &str, first: Moment, series: &[Series]) -> Markup {
    let count = |series: &Series, day: usize| series.counts.get(day).copied().unwrap_or_default();
    let total = |day: usize| series.iter().map(|it| count(it, day)).sum::<u64>();
    let (days, scale) = (days(first), Scale::over((0..DAYS).map(total).max().unwrap_or(0)));
    let mut parts = Vec::new();
    for day in 0..DAYS {
        let mut below = 0;
        for (number, it) in series.iter().enumerate().filter(|(_, it)| count(it, day) > 0) {
            let (from, to) = (scale.y(below), scale.y(below + count(it, day)));
            parts.push((middle(day) - STEP / 2 + 2, to, (from - to).max(1), number));
            below += count(it, day);
        }
    }
    let drawing = html! {
        (scale.axes(&days))
        @for (x, y, height, number) in parts {
            rect.{ "s" (number) } x=(x) y=(y) width=(STEP - 4) height=(height) {}
        }
    };
    let legend = html! {
        ul.legend { @for (number, it) in series.iter().enumerate() {
            li { svg.swatch viewBox="0 0 10 10" aria-hidden="true" { rect.{ "s" (number) } width="10" height="10" {} } (it.name) }
        } }
    };
    let head: Vec<_> =
        ["day"].into_iter().chain(series.iter().map(|it| it.name.as_str())).collect();
    let rows = days.iter().enumerate().filter(|(day, _)| total(*day) > 0).map(|(day, name)| {
        let counts = series.iter().map(|it| grouped(count(it, day)));
        [name.clone()].into_iter().chain(counts).collect()
    });
    figure(title, HEIGHT, &drawing, &legend, &table(&head, &rows.collect::<Vec<_>>()))
}

/// A bar for each name, with these words about names and numbers.
pub(super) fn histogram(title: &str, head: [&str; 2], names: &[String], counts: &[u64]) -> Markup {
    let scale = Scale::over(counts.iter().copied().max().unwrap_or(0));
    let step = (WIDTH - LEFT) / (names.len() as u64).max(1);
    let bars = || names.iter().zip(counts).zip(0_u64..);
    let drawing = html! {
        (scale.lines())
        @for ((name, count), place) in bars() {
            @let x = LEFT + place * step;
            @if *count > 0 {
                rect.s0 x=(x + 6) y=(scale.y(*count).min(scale.y(0) - 1)) width=(step - 12)
                    height=((scale.y(0) - scale.y(*count)).max(1)) {}
            }
            text.axis x=(x + step / 2) y=(HEIGHT - 8) text-anchor="middle" { (name) }
        }
    };
    let rows: Vec<_> =
        bars().map(|((name, count), _)| vec![name.clone(), grouped(*count)]).collect();
    figure(title, HEIGHT, &drawing, &html! {}, &table(&head, &rows))
}

/// A line through the number of each day.
pub(super) fn line(title: &str, first: Moment, counts: &[u64; DAYS]) -> Markup {
    let (days, scale) = (days(first), Scale::over(counts.iter().copied().max().unwrap_or(0)));
    let mut path = String::new();
    for (day, count) in counts.iter().enumerate() {
        let to = if day == 0 { 'M' } else { 'L' };
        // Writing to a string cannot fail.
        let _: std::fmt::Result = write!(path, "{to}{} {}", middle(day), scale.y(*count));
    }
    let drawing = html! { (scale.axes(&days)) path.line d=(path) {} };
    let rows = days.into_iter().zip(counts).map(|(day, count)| vec![day, grouped(*count)]);
    let table = table(&["day", "in force"], &rows.collect::<Vec<_>>());
    figure(title, HEIGHT, &drawing, &html! {}, &table)
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
    let words = |it: &Forecast| match it.seconds.micros() {
        ..1_000_000 => "under 1 s".to_owned(),
        _ => length(it.seconds.rounded_up().saturating_mul(1000)),
    };
    let room = WIDTH - NAME - 190;
    let drawing = html! {
        @for (row, it) in shown.iter().enumerate() {
            @let y = row as u64 * ROW + 4;
            @let bar = (it.seconds.micros().saturating_mul(room) / slowest).max(2);
            text.label x=(NAME - 10) y=(y + 15) text-anchor="end" { (it.target) }
            rect.s0 x=(NAME) y=(y + 3) width=(bar) height=(ROW - 10) {}
            text.label x=(NAME + bar + 8) y=(y + 15) { (counted(it.calls, "call")) ", " (words(it)) }
        }
    };
    let rows = longest.iter().map(|it| vec![it.target.to_string(), grouped(it.calls), words(it)]);
    let table = table(&["target", "calls", "at its rate"], &rows.collect::<Vec<_>>());
    let height = shown.len() as u64 * ROW + 8;
    let title = "Calls, and how long each target's rate makes them take";
    Some(figure(title, height, &drawing, &html! {}, &table))
}

/// A plot with its legend and its numbers.
fn figure(title: &str, height: u64, drawing: &Markup, legend: &Markup, table: &Markup) -> Markup {
    html! {
        figure {
            figcaption { (title) }
            div.plot role="region" aria-label=(title) tabindex="0" {
                svg viewBox={ "0 0 " (WIDTH) " " (height) } role="img"
                    aria-label={ (title) ": the numbers are in the table below" } { (drawing) }
            }
            (legend)
            details.numbers { summary { "The numbers" } (table) }
        }
    }
}

fn table(head: &[&str], rows: &[Vec<String>]) -> Markup {
    html! {
        table {
            thead { tr { @for (column, name) in head.iter().enumerate() {
                th.number[column > 0] scope="col" { (name) }
            } } }
            tbody { @for row in rows { tr { @for (column, cell) in row.iter().enumerate() {
                @if column == 0 { th scope="row" { (cell) } } @else { td.number { (cell) } }
            } } } }
        }
    }
}
