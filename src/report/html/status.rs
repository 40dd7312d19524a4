//! The page of how things stand.

use maud::{Markup, html};

use super::listing::{Group, Listing, Mark, Names, Row};
use super::plot::{self, DAYS, Series, day_of};
use super::words::{id, instant, text, when, wide};
use super::{Page, Section, program};
use crate::domain::{Action, Because, Enforcement, Id, Moment};
use crate::report::count::{counted, grouped};
use crate::report::enforcement::Standing;
use crate::report::explain::ordered;
use crate::report::link::Links;
use crate::report::status::{LastRun, Since, Status, Summary, run_words};
use crate::store::Event;

const NAMES: Names = Names {
    anchor: "restrictions",
    heading: "Restrictions",
    row: "restriction",
    mark: "standing",
    columns: ["whom", "until", "how it is known"],
    ends: true,
};

/// What was imposed and what ended, day by day up to now.
#[derive(Debug)]
pub struct Flow {
    first: Moment,
    imposed: [u64; DAYS],
    ended: [u64; DAYS],
    /// How many ends that time alone asked for were lifted within each of [`LATE`], and later.
    late: [u64; LATE.len() + 1],
}

/// How late a lift may be, in milliseconds, to be counted with those of its bar; in words.
const LATE: [(i64, &str); 7] = [
    (1_000, "1 s"),
    (10_000, "10 s"),
    (60_000, "1 min"),
    (600_000, "10 min"),
    (3_600_000, "1 h"),
    (21_600_000, "6 h"),
    (86_400_000, "1 day"),
];

impl Flow {
    /// That of the days up to now, of which nothing is known yet.
    pub fn up_to(now: Moment) -> Self {
        let days = i64::try_from(DAYS - 1).unwrap_or_default();
        let first = now - jiff::SignedDuration::from_hours(24 * days);
        Self { first, imposed: [0; DAYS], ended: [0; DAYS], late: [0; LATE.len() + 1] }
    }

    /// The instant from which on events count.
    pub fn since(&self) -> Moment {
        self.first
    }

    /// Counts what was done.
    pub fn add(&mut self, event: &Event) {
        self.add_lateness(event);
        let counts = match Action::parse(&event.action) {
            Some(Action::Impose) => &mut self.imposed,
            Some(Action::Lift | Action::Forget) => &mut self.ended,
            Some(Action::Renew | Action::Amend | Action::Kick) | None => return,
        };
        let day = day_of(event.at, self.first).filter(|_| event.outcome == "done");
        if let Some(count) = day.and_then(|day| counts.get_mut(day)) {
            *count += 1;
        }
    }

    /// Counts how late an end was that the provider does not know of by itself.
    fn add_lateness(&mut self, event: &Event) {
        let is_end = event.action == Action::Lift.name()
            && event.because == Because::Expired.name()
            && event.outcome == "done"
            && event.at >= self.first;
        let Some(until) = event.until.at().filter(|_| is_end) else { return };
        let late = event.at.millis() - until.millis();
        let bar = LATE.iter().position(|(most, _)| late <= *most).unwrap_or(LATE.len());
        if let Some(count) = self.late.get_mut(bar) {
            *count += 1;
        }
    }

    /// How much was in force at the end of each day, if so much is now.
    fn in_force(&self, now: u64) -> [u64; DAYS] {
        let mut levels = [0; DAYS];
        let mut level = now;
        let days = self.imposed.iter().zip(&self.ended);
        for (slot, (imposed, ended)) in levels.iter_mut().zip(days).rev() {
            *slot = level;
            level = level.saturating_add(*ended).saturating_sub(*imposed);
        }
        levels
    }

    /// A plot of how late ends were lifted, if any were.
    fn lateness(&self) -> Option<Markup> {
        let words = LATE.map(|(_, words)| format!("≤ {words}"));
        let names: Vec<_> = words.into_iter().chain(["later".to_owned()]).collect();
        let title = "How long after its end a restriction was lifted, last 30 days";
        (self.late.iter().sum::<u64>() > 0)
            .then(|| plot::histogram(title, ["after its end", "lifts"], &names, &self.late))
    }

    /// Plots of it, unless nothing was done.
    pub(super) fn plots(&self, now: Option<u64>) -> Option<Markup> {
        let done = self.imposed.iter().chain(&self.ended).any(|count| *count > 0);
        let series = [("imposed", self.imposed), ("lifted or ended", self.ended)];
        let series = series.map(|(name, counts)| Series { name: name.to_owned(), counts });
        let level = now.map(|now| {
            plot::line(
                "In force at the end of each day, last 30 days (UTC)",
                self.first,
                &self.in_force(now),
            )
        });
        done.then(|| {
            html! {
                @if let Some(level) = level { (level) }
                (plot::bars("What was done on which day, last 30 days (UTC)", self.first, &series))
                @if let Some(plot) = self.lateness() { (plot) }
            }
        })
    }
}

/// Writes how things stand as a page.
pub fn status_page(status: &Status<'_>, rows: &[Enforcement], flow: &Flow) -> String {
    let now = status.now;
    let listed: Vec<Row<'_>> = rows.iter().map(|it| row(it, now)).collect();
    let listing = Listing::new(NAMES, &listed, now, &Links::default());
    let in_force = rows.iter().filter(|it| Standing::of(it, now) == Standing::InForce);
    let ends = in_force.filter_map(|it| Some((it.restriction.target.as_str(), it.until.at()?)));
    let overview = html! {
        div.plots {
            div { (standings(&status.summary)) }
            @if let Some(plot) = plot::endings("What ends on which day", now, ends) { (plot) }
            @if let Some(plots) = flow.plots(Some(status.summary.in_force)) { (plots) }
        }
    };
    let page = Page {
        kind: "status",
        title: &format!("{} in force", grouped(status.summary.in_force)),
        about: vec![
            ("as of", html! { time datetime=(now) { (instant(now)) } " UTC" }),
            ("last run", last_run(status)),
        ],
        sections: vec![
            Section { anchor: "look", heading: "To look at".to_owned(), body: look(status) },
            Section { anchor: "overview", heading: "Overview".to_owned(), body: overview },
        ],
        listing: Some(&listing),
        foot: vec![program()],
    };
    page.into_text()
}

fn row(row: &Enforcement, now: Moment) -> Row<'_> {
    let Enforcement { restriction, until, reason, entry, .. } = row;
    let standing = Standing::of(row, now);
    let (sign, tone) = match standing {
        Standing::InForce => ('+', "start"),
        Standing::Lapsed => ('.', "quiet"),
        Standing::InDoubt => ('?', "end"),
        Standing::Waiting => ('~', "change"),
        Standing::Gone => ('-', "end"),
    };
    Row {
        group: Group {
            target: restriction.target.as_str(),
            note: "",
            room: restriction.room.as_ref().map(Id::as_str),
            entry: entry.as_deref(),
            source: None,
            reason: reason.as_deref(),
        },
        mark: Mark(sign, standing.words().1, tone),
        kind: restriction.subject.kind.name(),
        subject: restriction.subject.id.as_str(),
        more: super::words::denied_words(restriction.deny),
        until: *until,
        why: known(row),
    }
}

/// How we know what a row says.
fn known(row: &Enforcement) -> String {
    let held = row.held.as_ref().map(|held| match held.seen {
        Some(seen) => format!("observed {}", instant(seen)),
        None => format!("{} {}", held.evidence.name(), instant(held.written)),
    });
    let doubt = row.doubt.as_ref();
    let doubt = doubt.map(|it| format!("{} in doubt since {}", it.action, instant(it.since)));
    let waiting = row.waiting.map(|since| format!("waiting since {}", instant(since)));
    let parts: Vec<String> = [held, doubt, waiting].into_iter().flatten().collect();
    if parts.is_empty() { "nothing is held".to_owned() } else { parts.join(", ") }
}

fn standings(summary: &Summary) -> Markup {
    let Summary { in_force, lapsed, in_doubt, waiting, gone } = *summary;
    html! {
        table.counts {
            thead { tr { th scope="col" { "standing" } th.number scope="col" { "restrictions" } } }
            tbody { @for (name, count) in [
                ("in force", in_force), ("in doubt", in_doubt), ("waiting", waiting),
                ("lapsed", lapsed), ("gone", gone),
            ] { tr { th scope="row" { (name) } td.number { (grouped(count)) } } } }
        }
    }
}

fn last_run(status: &Status<'_>) -> Markup {
    let Some(run) = &status.last_run else { return html! { "none yet" } };
    html! { (when(run.started, status.now)) ", by " (text(&run.who.to_string())) ": " (text(&run_words(status, run))) }
}

/// What is not as it should be: doubts, what waits, a run that never finished.
fn look(status: &Status<'_>) -> Markup {
    let never_finished =
        |run: &&LastRun<'_>| run.finished.is_none() && status.running != Some(run.id);
    let stopped = status.last_run.as_ref().filter(never_finished);
    let calm = [status.in_doubt.is_empty(), status.waiting.is_empty(), status.orders.is_empty()];
    let nothing = stopped.is_none() && !calm.contains(&false);
    html! {
        @if nothing { p.none { "Nothing stands out: no order stands, nothing is in doubt, nothing waits, the last run finished." } }
        @if !status.orders.is_empty() {
            article.point {
                h3 { (counted(status.orders.len() as u64, "order")) " until the files say the same" }
                ul { @for order in &status.orders { li { (text(&ordered(order))) } } }
            }
        }
        @if let Some(run) = stopped {
            article.point.grave {
                h3 { "The last run never finished" }
                p { (text(run.id)) ", begun " (when(run.started, status.now)) ": the next one settles what it left." }
            }
        }
        (since("in doubt: a call was sent, and nobody knows whether it took effect", (&status.in_doubt, status.now), true))
        (since("waiting: the provider says \"not yet\"", (&status.waiting, status.now), false))
    }
}

/// How many lines are shown: all are among the restrictions.
const LINES: usize = 12;

fn since(words: &str, (rows, now): (&[Since], Moment), grave: bool) -> Markup {
    let heading = format!("{} {words}", counted(rows.len() as u64, "restriction"));
    let table = html! {
        table {
            thead { tr { th scope="col" { "what" } th scope="col" { "since" } } }
            tbody { @for Since { key, since } in rows.iter().take(LINES) {
                tr { td { (id(key)) } td.when { (when(*since, now)) } }
            } }
        }
    };
    html! {
        @if !rows.is_empty() {
            article.point.grave[grave] {
                h3 { (heading) }
                (wide(&heading, &table))
                @if let Some(more @ 1..) = rows.len().checked_sub(LINES) {
                    p.note { "and " (grouped(more as u64)) " more, among the " a href="#restrictions" { "restrictions" } }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_in_force_follows_from_what_is_and_what_was_done() {
        let mut flow = Flow::up_to(Moment::parse("2026-11-30T12:00:00Z").unwrap());
        assert_eq!(flow.since(), Moment::parse("2026-11-01T12:00:00Z").unwrap());
        flow.imposed[28] = 5;
        (flow.imposed[29], flow.ended[29]) = (1, 3);
        let levels = flow.in_force(10);
        assert_eq!((levels[0], levels[27], levels[28], levels[29]), (7, 7, 12, 10));
    }
}
