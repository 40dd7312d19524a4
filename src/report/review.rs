//! What a person must decide about a plan, judged once: formats only draw it.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use super::count::{counted, grouped};
use super::span::relative_time;
use crate::domain::{Action, Because, Restriction, TargetName, Until, Warning};
use crate::plan::document::Provenance;
use crate::plan::{
    Guard, GuardChange, Guarded, NextDue, Operation, Plan, TargetChange, ack as acknowledgement,
    is_of_orders,
};

/// A plan, and what must be decided about it.
#[derive(Debug)]
pub struct Review<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// What it was made from.
    pub provenance: &'a Provenance,
    /// What is not as it was at the last apply: targets, then guards.
    pub(super) changes: Vec<Changed<'a>>,
    /// The operations to look at first, most important first.
    pub(super) concerns: BTreeMap<Concern, Vec<&'a Operation>>,
    /// What there is to know of orders, which comes first.
    pub(super) orders: Warnings<'a>,
    /// All other warnings.
    pub(super) warnings: Warnings<'a>,
}

/// Warnings by their codes.
pub(super) type Warnings<'a> = BTreeMap<&'a str, Vec<&'a Warning>>;

/// One thing that is not as it was at the last apply.
#[derive(Debug)]
pub(super) struct Changed<'a> {
    /// Whose it is; `None` for a guard.
    pub(super) target: Option<&'a TargetName>,
    pub(super) what: &'a str,
    /// What differs, line by line: a target has one source a secret.
    pub(super) lines: Vec<Change<'a>>,
}

/// How one line is not as it was.
#[derive(Clone, Copy, Debug)]
pub(super) enum Change<'a> {
    New(&'a str),
    Gone(&'a str),
    Other(&'a str, &'a str),
}

/// What makes an operation one to look at first, most important first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Concern {
    /// It starts or prolongs what reaches everybody there. Upkeep of such a ban decides nothing.
    Wide,
    /// It lifts what guards count, because the subject is protected now.
    Protected,
    /// It lifts or shortens what guards count.
    LetsBackIn,
}

/// How many warnings of one code are shown unless all are asked for.
pub(super) const WARNINGS_OF_A_CODE: usize = 3;

impl<'a> Review<'a> {
    /// Looks at a plan.
    pub fn of(plan: &'a Plan, provenance: &'a Provenance) -> Self {
        let mut concerns: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for operation in &plan.operations {
            if let Some(concern) = Concern::of(operation, provenance) {
                concerns.entry(concern).or_default().push(operation);
            }
        }
        let (mut orders, mut warnings) = (Warnings::new(), Warnings::new());
        for warning in &plan.warnings {
            let list = if is_of_orders(&warning.code) { &mut orders } else { &mut warnings };
            list.entry(&*warning.code).or_default().push(warning);
        }
        Self { plan, provenance, changes: changes(provenance), concerns, orders, warnings }
    }

    /// The file that would allow what a guard holds back: its path in the workspace, and its text.
    pub(super) fn acknowledgement(&self) -> Option<(String, String)> {
        let held = self.plan.guards.iter().find(|guarded| guarded.holds_back())?;
        Some(acknowledgement::file(&held.change_digest))
    }

    /// How many operations let somebody back in before the time: what guards count as lifts.
    pub(super) fn lifts(&self) -> usize {
        let of = |concern| self.concerns.get(&concern).map_or(0, Vec::len);
        of(Concern::Protected) + of(Concern::LetsBackIn)
    }

    /// Whether a restriction reaches everybody there.
    pub(super) fn is_wide(&self, restriction: &Restriction) -> bool {
        is_wide(self.provenance, restriction)
    }

    /// When there is something to do again, in words.
    pub(super) fn next_due(&self) -> Option<String> {
        let NextDue { at, latest, because } = self.plan.next_due;
        let at = at?;
        let words = |at| format!("{at} ({})", relative_time(self.plan.now, at));
        let because = because.map(|it| format!(", because {}", occasion(it))).unwrap_or_default();
        let latest = latest.filter(|latest| *latest != at);
        let latest = latest.map(|it| format!("; at the latest {}", words(it))).unwrap_or_default();
        Some(format!("Next due: {}{because}{latest}.", words(at)))
    }

    /// The line that machines find.
    pub(super) fn counts(&self) -> String {
        let counts = Action::ALL.map(|action| format!("{} to {action}", self.plan.count(action)));
        format!("Plan: {}.\n", counts.join(", "))
    }
}

impl Concern {
    fn of(operation: &Operation, provenance: &Provenance) -> Option<Self> {
        let starts = matches!(operation.action, Action::Impose | Action::Amend);
        match operation.is_guarded_lift() {
            true if operation.because == Because::Protected => Some(Self::Protected),
            true => Some(Self::LetsBackIn),
            false => (starts && !operation.upkeep && is_wide(provenance, &operation.restriction))
                .then_some(Self::Wide),
        }
    }

    /// What so many operations of this sort come to.
    pub(super) fn words(self, count: usize) -> String {
        let count = count as u64;
        match self {
            Self::Wide => format!("{}: everybody there is kept out", counted(count, "wide ban")),
            Self::Protected => {
                format!("{} because the subject is protected now", counted(count, "lift"))
            }
            Self::LetsBackIn => {
                format!("{} to be lifted or shortened before the time", grouped(count))
            }
        }
    }
}

/// Whether a restriction reaches everybody there.
fn is_wide(provenance: &Provenance, restriction: &Restriction) -> bool {
    let provider = provenance.provider(&restriction.target);
    let capability = provider.and_then(|it| it.facts().capability(restriction.subject.kind));
    capability.is_some_and(|capability| capability.wide)
}

fn changes(provenance: &Provenance) -> Vec<Changed<'_>> {
    let targets = provenance.changes.iter().map(|TargetChange { target, what, before, after }| {
        let lines = differing(before.as_deref(), after.as_deref());
        Changed { target: Some(target), what: what.name(), lines }
    });
    let guards = provenance.guard_changes.iter().map(|GuardChange { guard, before, after }| {
        Changed { target: None, what: guard, lines: differing(before.as_deref(), after.as_deref()) }
    });
    targets.chain(guards).collect()
}

/// The lines that differ, those of one name side by side.
fn differing<'a>(before: Option<&'a str>, after: Option<&'a str>) -> Vec<Change<'a>> {
    // The name before a `: `; all lines without one are about the same thing.
    let key = |line: &'a str| line.split_once(": ").map_or("", |(name, _)| name);
    let mut pairs: BTreeMap<&str, (Option<&str>, Option<&str>)> = BTreeMap::new();
    for line in before.into_iter().flat_map(str::lines) {
        pairs.entry(key(line)).or_default().0 = Some(line);
    }
    for line in after.into_iter().flat_map(str::lines) {
        pairs.entry(key(line)).or_default().1 = Some(line);
    }
    let change = |pair| match pair {
        (Some(before), Some(after)) if before != after => Some(Change::Other(before, after)),
        (Some(before), None) => Some(Change::Gone(before)),
        (None, Some(after)) => Some(Change::New(after)),
        (Some(_), Some(_)) | (None, None) => None,
    };
    pairs.into_values().filter_map(change).collect()
}

/// Operations that are so few of their sort are named even where all else is counted.
pub(super) const FEW: usize = 3;

/// Operations line by line: together where they differ in their subjects only and are many.
pub(super) fn alike<'a>(operations: &[&'a Operation]) -> Vec<Vec<&'a Operation>> {
    let mut groups: BTreeMap<_, (usize, Vec<&Operation>)> = BTreeMap::new();
    for (position, operation) in operations.iter().enumerate() {
        let Restriction { target, room, subject, deny } = &operation.restriction;
        let what = (operation.action, operation.because, operation.until);
        let before = operation.recorded.as_ref().map(|row| row.until);
        let from = (operation.entry.as_deref(), operation.source.as_ref());
        let key = (target, room.as_ref(), subject.kind, *deny, what, before, from);
        groups.entry(key).or_insert_with(|| (position, Vec::new())).1.push(operation);
    }
    let mut groups: Vec<_> = groups.into_values().collect();
    groups.sort_by_key(|(position, _)| *position);
    let lines = groups.into_iter().flat_map(|(_, group)| {
        if group.len() > FEW {
            vec![group]
        } else {
            group.into_iter().map(|operation| vec![operation]).collect()
        }
    });
    lines.collect()
}

/// What a guard counts, and which limit that is over.
pub(super) fn exceeded(guarded: &Guarded) -> String {
    let Guarded { guard, target, operations, in_force, limit, .. } = guarded;
    let place = match target {
        Some(target) => format!("at `{target}`"),
        None => "in all".to_owned(),
    };
    let limit = limit.as_deref().unwrap_or("0");
    let limit = limit.parse().map_or_else(|_not_a_count| limit.to_owned(), grouped);
    let (operations, in_force) = (grouped(*operations), grouped(*in_force));
    match guard {
        Guard::AllowEmpty => format!(
            "the policy has no entry at all, so {operations} of {in_force} in force would be \
             lifted; `allow_empty` is not set"
        ),
        Guard::MaxLifts => format!(
            "{operations} of {in_force} in force {place} would be lifted or shortened; \
             `max_lifts` is {limit}"
        ),
        Guard::Protect => format!("{operations} who were protected would be so no longer"),
        Guard::MaxImposes => format!(
            "{operations} would be imposed {place}, with {in_force} in force; `max_imposes` is \
             {limit}"
        ),
    }
}

/// What operations of one sort change, or else why they are; `None` where only a doubt asks for
/// them.
pub(super) fn cause(operations: &[&Operation]) -> Option<String> {
    let because = operations.first()?.because;
    if operations.iter().all(|operation| operation.action == Action::Amend) {
        let moved = |it: &&Operation| it.recorded.as_ref().is_some_and(|row| row.until != it.until);
        if because == Because::UntilChanged || operations.iter().all(moved) {
            return Some(how_moved(operations));
        }
    }
    (because != Because::InDoubt).then(|| because.words().to_owned())
}

/// In which direction the end of an amended restriction moves, and from where.
fn how_moved(operations: &[&Operation]) -> String {
    let before = |operation: &&Operation| operation.recorded.as_ref().map(|row| row.until);
    let mut befores: BTreeSet<Option<Until>> = operations.iter().map(before).collect();
    let direction = |operation: &&Operation| before(operation).map(|row| operation.until.cmp(&row));
    let mut directions: BTreeSet<_> = operations.iter().map(direction).collect();
    let word = match directions.pop_first().flatten() {
        Some(Ordering::Greater) if directions.is_empty() => "extended",
        Some(Ordering::Less) if directions.is_empty() => "shortened",
        Some(Ordering::Greater | Ordering::Equal | Ordering::Less) | None => {
            Because::UntilChanged.words()
        }
    };
    match befores.pop_first().flatten() {
        Some(before) if befores.is_empty() => format!("{word} from {before}"),
        Some(_) | None => word.to_owned(),
    }
}

/// What happens when something is due.
const fn occasion(because: Because) -> &'static str {
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
        Because::Ordered => "an order is carried out",
    }
}

/// What stands for an action.
pub(super) const fn symbol(action: Action) -> char {
    match action {
        Action::Impose => '+',
        Action::Renew => '^',
        Action::Amend => '~',
        Action::Lift => '-',
        Action::Kick => '!',
        Action::Forget => '.',
    }
}

/// What stands before the end of what an action is about.
pub(super) const fn until_word(action: Action) -> &'static str {
    match action {
        Action::Lift | Action::Forget => "was until",
        Action::Impose | Action::Renew | Action::Amend | Action::Kick => "until",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Kind, Moment};
    use crate::report::plan_text::samples::{changed, impose, lifted, name, plan_of, provenance};

    fn wide() -> Operation {
        let mut wide = impose("", "lobby");
        wide.restriction.target = name("agora-live");
        wide.restriction.room = None;
        wide.restriction.subject.kind = Kind::Channel;
        wide
    }

    #[test]
    fn each_operation_is_judged_once() {
        let amended =
            |operation, before| changed(operation, Action::Amend, Because::UntilChanged, before);
        let mut upkeep = wide();
        upkeep.upkeep = true;
        let mut protected = lifted(impose("r", "host"), "never");
        protected.because = Because::Protected;
        let mut only_waited = lifted(impose("r", "host"), "never");
        only_waited.because = Because::Protected;
        let row = only_waited.recorded.as_deref().cloned().unwrap();
        let row = crate::domain::Enforcement {
            held: None,
            waiting: Some(Moment::from_seconds(1)),
            ..row
        };
        only_waited.recorded = Some(std::sync::Arc::new(row));
        for (operation, concern) in [
            (wide(), Some(Concern::Wide)),
            (upkeep, None),
            (amended(wide(), "2026-12-01T00:00:00Z"), Some(Concern::Wide)),
            (amended(wide(), "never"), Some(Concern::LetsBackIn)),
            (lifted(wide(), "never"), Some(Concern::LetsBackIn)),
            (impose("r", "bob"), None),
            (amended(impose("r", "bob"), "never"), Some(Concern::LetsBackIn)),
            (protected, Some(Concern::Protected)),
            (only_waited, None),
        ] {
            assert_eq!(Concern::of(&operation, &provenance(Vec::new())), concern, "{operation:?}");
        }
    }

    #[test]
    fn what_guards_count_as_lifts_is_the_same_number() {
        let mut protected = lifted(impose("r", "host"), "never");
        protected.because = Because::Protected;
        let plan = plan_of(vec![protected, lifted(impose("r", "zoe"), "never"), wide()]);
        let provenance = provenance(Vec::new());
        let guarded = plan.operations.iter().filter(|it| it.is_guarded_lift()).count();
        assert_eq!((Review::of(&plan, &provenance).lifts(), guarded), (2, 2));
    }

    #[test]
    fn an_end_that_moves_is_said_whatever_else_changed() {
        let shortened = changed(impose("r", "a"), Action::Amend, Because::ReasonChanged, "never");
        assert_eq!(cause(&[&shortened]).unwrap(), "shortened from never");
        let same = changed(
            impose("r", "a"),
            Action::Amend,
            Because::ReasonChanged,
            "2026-12-20T00:00:00Z",
        );
        assert_eq!(cause(&[&same]).unwrap(), "reason changed");
    }
}
