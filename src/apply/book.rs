//! The fates of a run's operations, as they become known.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::outcome::{Fate, Problem, Stopped, Tally, Trouble};

/// The fates of a run's operations, as they become known.
#[derive(Debug, Default)]
pub struct Book(Mutex<Pages>);

#[derive(Debug, Default)]
struct Pages {
    /// By the operation's index in the plan: almost all of a large plan have nothing but this.
    fates: Vec<Option<Fate>>,
    troubles: BTreeMap<usize, Trouble>,
    stopped: Vec<Stopped>,
}

impl Book {
    /// Notes what came of an operation.
    pub fn note(&self, operation: usize, fate: Fate, trouble: Option<Trouble>) {
        self.with(|pages| {
            if pages.fates.len() <= operation {
                pages.fates.resize(operation + 1, None);
            }
            if let Some(place) = pages.fates.get_mut(operation) {
                *place = Some(fate);
            }
            match trouble {
                Some(trouble) => drop(pages.troubles.insert(operation, trouble)),
                None => drop(pages.troubles.remove(&operation)),
            }
        });
    }

    /// What came of an operation, if that is known yet.
    pub fn fate(&self, operation: usize) -> Option<Fate> {
        self.with(|pages| pages.fates.get(operation).copied().flatten())
    }

    /// Notes that nothing more is sent to a target.
    pub fn stop(&self, stopped: Stopped) {
        self.with(|pages| {
            if pages.stopped.iter().all(|other| other.target != stopped.target) {
                pages.stopped.push(stopped);
            }
        });
    }

    /// How the operations ended, those that are not done one by one, and the stopped targets.
    pub fn close(&self) -> (Tally, Vec<Problem>, Vec<Stopped>) {
        self.with(|pages| {
            let mut tally = Tally::default();
            let fates = std::mem::take(&mut pages.fates);
            fates.iter().flatten().for_each(|fate| tally.count(*fate));
            let troubles = std::mem::take(&mut pages.troubles).into_iter();
            let problem = |(operation, trouble): (usize, Trouble)| {
                let fate = fates.get(operation).copied().flatten()?;
                Some(Problem { operation, fate, trouble })
            };
            let problems = troubles.filter_map(problem).collect();
            let mut stopped = std::mem::take(&mut pages.stopped);
            stopped.sort_by(|a, b| a.target.cmp(&b.target));
            (tally, problems, stopped)
        })
    }

    fn with<T>(&self, step: impl FnOnce(&mut Pages) -> T) -> T {
        step(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
