//! How far a run is: bars on a terminal, otherwise a line a target, and one now and then.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use tokio::time::Instant;

use crate::apply::Progress;
use crate::console::{Console, Talk};
use crate::domain::TargetName;
use crate::report::count::{counted, grouped};
use crate::report::span::length;

/// Bars, redrawn in place.
pub(super) struct Bars {
    all: MultiProgress,
    bars: Mutex<BTreeMap<TargetName, ProgressBar>>,
}

/// One line a target when it is finished, and on the way there as often as a log can bear.
pub(super) struct Lines {
    talk: Talk,
    begun: Mutex<BTreeMap<TargetName, Course>>,
}

/// How far a target is.
struct Course {
    operations: u64,
    done: u64,
    begun: Instant,
    /// When a line is due.
    next: Instant,
}

/// How long there is no line at most, while there is something to tell.
const SAID_EVERY: Duration = Duration::from_secs(30);

/// The progress that suits the console.
pub(super) fn progress(console: &Console) -> std::sync::Arc<dyn Progress> {
    if console.terminal.redraws {
        let all = MultiProgress::with_draw_target(ProgressDrawTarget::stderr());
        std::sync::Arc::new(Bars { all, bars: Mutex::default() })
    } else {
        std::sync::Arc::new(Lines { talk: console.err.clone(), begun: Mutex::default() })
    }
}

impl Progress for Bars {
    fn begin(&self, target: &TargetName, operations: u64) {
        let template = "{prefix:>20}  {wide_bar}  {pos}/{len}  {pace}  {eta} left";
        let style = ProgressStyle::with_template(template)
            .unwrap_or_else(|_| ProgressStyle::default_bar())
            .with_key("pace", |state: &ProgressState, out: &mut dyn Write| {
                // A bar without its pace is still a bar.
                let _unwritten = write!(out, "{:.0}/s", state.per_sec());
            });
        let bar = self.all.add(ProgressBar::new(operations));
        bar.set_style(style);
        bar.set_prefix(target.to_string());
        let mut bars = self.bars.lock().unwrap_or_else(PoisonError::into_inner);
        bars.insert(target.clone(), bar);
    }

    fn advance(&self, target: &TargetName, operations: u64) {
        let bars = self.bars.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bar) = bars.get(target) {
            bar.inc(operations);
        }
    }

    fn end(&self, target: &TargetName) {
        let mut bars = self.bars.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bar) = bars.remove(target) {
            bar.finish_and_clear();
        }
    }
}

impl Progress for Lines {
    fn begin(&self, target: &TargetName, operations: u64) {
        let begun = Instant::now();
        let course = Course { operations, done: 0, begun, next: begun + SAID_EVERY };
        let mut all = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(target.clone(), course);
    }

    fn advance(&self, target: &TargetName, operations: u64) {
        let mut all = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(course) = all.get_mut(target) else { return };
        course.done += operations;
        let now = Instant::now();
        if now >= course.next && course.done < course.operations {
            course.next = now + SAID_EVERY;
            self.talk.say(&format!("{target}: {}\n", course.words(now)));
        }
    }

    fn end(&self, target: &TargetName) {
        let ended = self.begun.lock().unwrap_or_else(PoisonError::into_inner).remove(target);
        if let Some(Course { operations, begun, .. }) = ended {
            let operations = counted(operations, "operation");
            let span = length(millis(begun.elapsed()));
            self.talk.say(&format!("{target}: {operations} in {span}\n"));
        }
    }
}

impl Course {
    /// How far it is, how quick, and how long the rest takes at that pace.
    fn words(&self, now: Instant) -> String {
        let Self { operations, done, begun, next: _ } = self;
        let spent = millis(now - *begun).max(1);
        let left = spent.saturating_mul(operations - done) / done.max(&1);
        let (done, rate) = (grouped(*done), grouped(done.saturating_mul(1000) / spent));
        format!("{done} of {}, {rate}/s, {} left", counted(*operations, "operation"), length(left))
    }
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_on_the_way_says_the_pace_and_the_time_left() {
        let begun = Instant::now();
        let course = Course { operations: 100_000, done: 60_000, begun, next: begun };
        let words = course.words(begun + Duration::from_secs(30));
        assert_eq!(words, "60,000 of 100,000 operations, 2,000/s, 20 s left");
    }
}
