//! The fates of a run's operations, as they become known.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::outcome::{Failure, Fate, Problem, Stopped, Tally};

/// The fates of a run's operations, as they become known.
#[derive(Debug)]
pub struct Fates(Mutex<Pages>);

#[derive(Debug, Default)]
struct Pages {
    /// The index in the plan of the first operation that may be noted.
    first: usize,
    /// From that one on: almost all of a large plan have nothing but this.
    fates: Vec<Option<Fate>>,
    failures: BTreeMap<usize, Failure>,
    stopped: Vec<Stopped>,
}

impl Pages {
    fn fate(&self, operation: usize) -> Option<Fate> {
        let place = operation.checked_sub(self.first)?;
        self.fates.get(place).copied().flatten()
    }
}

impl Fates {
    /// The fates of the operations from this one of the plan on.
    pub fn starting_at(first: usize) -> Self {
        Self(Mutex::new(Pages { first, ..Pages::default() }))
    }

    /// Notes what came of an operation.
    pub fn note(&self, operation: usize, fate: Fate, failure: Option<Failure>) {
        self.with(|pages| {
            let Some(place) = operation.checked_sub(pages.first) else { return };
            if pages.fates.len() <= place {
                pages.fates.resize(place + 1, None);
            }
            if let Some(noted) = pages.fates.get_mut(place) {
                *noted = Some(fate);
            }
            match failure {
                Some(failure) => drop(pages.failures.insert(operation, failure)),
                None => drop(pages.failures.remove(&operation)),
            }
        });
    }

    /// What came of an operation, if that is known yet.
    pub fn fate(&self, operation: usize) -> Option<Fate> {
        self.with(|pages| pages.fate(operation))
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
            pages.fates.iter().flatten().for_each(|fate| tally.count(*fate));
            let failures = std::mem::take(&mut pages.failures).into_iter();
            let problem = |(operation, failure): (usize, Failure)| {
                let fate = pages.fate(operation)?;
                Some(Problem { operation, fate, failure })
            };
            let problems = failures.filter_map(problem).collect();
            pages.fates = Vec::new();
            let mut stopped = std::mem::take(&mut pages.stopped);
            stopped.sort_by(|a, b| a.target.cmp(&b.target));
            (tally, problems, stopped)
        })
    }

    fn with<T>(&self, step: impl FnOnce(&mut Pages) -> T) -> T {
        step(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
