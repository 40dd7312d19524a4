//! What must be decided about a plan, as results.

use super::log::Level;
use super::{About, Log, Results};
use crate::plan::{Guarded, Operation};
use crate::policy::Place;
use crate::report::count::counted;
use crate::report::review::{Change, Changed, Concern, Review, alike, cause, exceeded, until_word};

/// What must be decided about a plan, as a log.
pub fn plan_sarif(review: &Review<'_>, directory: &str) -> Log {
    let mut results = Results::new(directory);
    for guarded in &review.plan.guards {
        results.add_guard(guarded);
    }
    for warning in review.orders.values().flatten() {
        results.add_warning(warning);
    }
    for changed in &review.changes {
        results.add_changed(changed);
    }
    for (concern, operations) in &review.concerns {
        for operations in alike(operations) {
            results.add_operations(*concern, &operations);
        }
    }
    for warning in review.warnings.values().flatten() {
        results.add_warning(warning);
    }
    results.into_log("ostracon-plan/")
}

impl Results<'_> {
    fn add_guard(&mut self, guarded: &Guarded) {
        let (rule, level) = if guarded.holds_back() {
            ("guard", Level::Error)
        } else {
            ("guard-acknowledged", Level::Note)
        };
        let target = guarded.target.as_ref().map_or("", |target| target.as_str());
        let key = format!("{} {target}", guarded.guard.name());
        self.add(&About { rule, level, text: &exceeded(guarded), key: &key }, None, None);
    }

    fn add_changed(&mut self, Changed { target, what, lines }: &Changed<'_>) {
        let rule = if target.is_some() { "target-changed" } else { "guard-changed" };
        let of = target.map(|target| format!(" of `{target}`")).unwrap_or_default();
        let lines: Vec<_> = lines.iter().map(change).collect();
        let text = format!("{what}{of} is not as at the last apply: {}", lines.join("; "));
        let key = format!("{what}{of}");
        self.add(&About { rule, level: Level::Warning, text: &text, key: &key }, None, None);
    }

    /// One operation, or many that differ in their subjects only.
    fn add_operations(&mut self, concern: Concern, operations: &[&Operation]) {
        let [first, more @ ..] = operations else { return };
        let rule = match concern {
            Concern::Wide => "wide-ban",
            Concern::Protected => "lift-protected",
            Concern::LetsBackIn => "lift-early",
        };
        let Operation { restriction, action, until, entry, source, .. } = first;
        let whom = if more.is_empty() { format!("`{restriction}`") } else { named(operations) };
        let why = cause(operations).map(|why| format!(": {why}")).unwrap_or_default();
        let by = entry.as_ref().map(|entry| format!(", entry `{entry}`")).unwrap_or_default();
        let text = format!("{action} {whom}, {} {until}{by}{why}", until_word(*action));
        // Which of many comes first must not decide.
        let key = if more.is_empty() {
            whom
        } else {
            let room = restriction.room.as_ref().map_or("", |room| room.as_str());
            format!("{} {room} {} {by}", restriction.target, restriction.subject.kind)
        };
        let about = About { rule, level: Level::Warning, text: &text, key: &key };
        self.add(&about, source.as_ref().map(Place::from).as_ref(), None);
    }
}

/// Many who differ in their subjects only: how many, and some.
fn named(operations: &[&Operation]) -> String {
    const SOME: usize = 3;
    let kind = operations.first().map_or("", |it| it.restriction.subject.kind.name());
    let some = operations.iter().take(SOME).map(|it| format!("`{}`", it.restriction));
    let some: Vec<_> = some.collect();
    format!("{} ({}, …)", counted(operations.len() as u64, kind), some.join(", "))
}

fn change(change: &Change<'_>) -> String {
    match change {
        Change::New(after) => format!("`{after}` is new"),
        Change::Gone(before) => format!("`{before}` is gone"),
        Change::Other(before, after) => format!("`{before}` is now `{after}`"),
    }
}
