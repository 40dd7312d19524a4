//! How far a run is: bars on a terminal, one line a target otherwise.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Mutex, PoisonError};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use tokio::time::Instant;

use crate::apply::Progress;
use crate::console::{Console, Talk};
use crate::domain::TargetName;
use crate::report::count::counted;
use crate::report::span::length;

/// Bars, redrawn in place.
pub(super) struct Bars {
    all: MultiProgress,
    bars: Mutex<BTreeMap<TargetName, ProgressBar>>,
}

/// One line a target, when it is finished.
pub(super) struct Lines {
    talk: Talk,
    begun: Mutex<BTreeMap<TargetName, (u64, Instant)>>,
}

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
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        begun.insert(target.clone(), (operations, Instant::now()));
    }

    fn advance(&self, _target: &TargetName, _operations: u64) {}

    fn end(&self, target: &TargetName) {
        let begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner).remove(target);
        if let Some((operations, begun)) = begun {
            let millis = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
            let operations = counted(operations, "operation");
            self.talk.say(&format!("{target}: {operations} in {}\n", length(millis)));
        }
    }
}
