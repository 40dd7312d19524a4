//! The books of a schedule: what must be true after each of its runs.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use ostracon::domain::{Id, Lapse, Moment, Order, OrderKind, Restriction, Until, Wanted};
use ostracon::provider::Mechanism;
use ostracon::sandbox::InForce;
use ostracon::store::State;

use super::Story;
use super::journal::explain;
use super::random::Schedule;
use super::story::name;

impl Schedule {
    /// Every call that arrived was announced in the journal, with its target and verb.
    pub(super) fn journal_explains_every_call(&self) {
        let calls = self.story.sandbox.seen();
        let ours = calls.iter().skip(usize::try_from(self.calls_before).unwrap());
        let mut announced: BTreeMap<(String, String), u64> = BTreeMap::new();
        if self.story.sandbox.calls() > self.calls_before {
            for (target, verb) in self.story.journal() {
                let verb = if target == "v" { "*".to_owned() } else { verb };
                *announced.entry((target, verb)).or_default() += 1;
            }
        }
        for call in ours {
            let (target, verb) = explain(call);
            let left = announced.get_mut(&(target.to_owned(), verb.to_owned()));
            let left = left.and_then(|left| left.checked_sub(1).map(|less| *left = less));
            assert!(left.is_some(), "no intent explains {call:?}");
        }
    }

    /// Nothing that was in force and is wanted ended, but by its own end, or by an order to lift it
    /// that has ended meanwhile.
    pub(super) fn nothing_wanted_was_lifted(&self, before: &[InForce]) {
        let (wanted, held, now) = (self.story.wanted(), self.story.held(), self.story.now());
        let mut orders = self.story.snapshot().orders;
        orders.retain(|order| order.kind == OrderKind::Lift && !order.stands(now));
        let was_let_in = |row: &InForce| {
            orders.iter().any(|order| {
                let room = order.room.as_ref().map(Id::as_str);
                room == row.room.as_deref()
                    && order.subjects.iter().any(|subject| subject.id.as_str() == row.subject)
            })
        };
        for row in before.iter().filter(|row| !was_let_in(row)) {
            let stands = !row.end.has_passed(now);
            let breakable = self.may_break && row.provider == "tencent";
            if stands && !breakable && wanted.contains(&name(row)) {
                assert!(held.contains(&name(row)), "{row} is gone");
            }
        }
        self.foreign_is_untouched();
    }

    pub(super) fn foreign_is_untouched(&self) {
        let (held, now) = (self.story.sandbox.in_force(), self.story.now());
        for row in self.foreign.iter().filter(|row| !row.end.has_passed(now)) {
            assert!(held.contains(row), "{row} was somebody else's");
        }
    }

    /// The providers hold what is wanted, once, and what somebody else put there. What was
    /// `wanted_before` the run may have ended under way; and these rules may stand beside what is
    /// wanted: nobody could know of them.
    pub(super) fn agrees_but_for(&self, wanted_before: &[String], unlisted: &BTreeSet<i64>) {
        self.foreign_is_untouched();
        let (wanted, held) = (self.story.wanted(), self.story.sandbox.in_force());
        let has_ended = |row: &InForce| {
            let name = name(row);
            wanted_before.contains(&name) && !wanted.contains(&name)
        };
        let ours = held.iter().filter(|row| !self.foreign.contains(row) && !has_ended(row));
        let (unknown, ours): (Vec<_>, Vec<_>) =
            ours.partition(|row| row.rule.is_some_and(|rule| unlisted.contains(&rule)));
        let mut ours: Vec<_> = ours.into_iter().map(name).collect();
        let unknown: BTreeSet<_> = unknown.into_iter().map(name).collect();
        ours.extend(unknown.into_iter().filter(|row| wanted.contains(row)));
        ours.sort();
        if !unlisted.is_empty() {
            ours.dedup();
        }
        assert_eq!(ours, wanted);
    }

    /// What ends by itself ends with its entry, or will be renewed before. (Latencies and a clock that
    /// is behind make up to half a minute.)
    pub(super) fn ends_are_right(&self) {
        let next = self.story.plan()["next_due"]["at"].as_str().and_then(Moment::parse);
        let untils = self.story.untils();
        for row in self.story.sandbox.in_force().iter().filter(|row| !self.foreign.contains(row)) {
            let (Lapse::At(end), Some(until)) = (row.end, untils.get(&name(row))) else { continue };
            let until = until.at().unwrap_or(Moment::from_seconds(i64::MAX / 2000));
            assert!(end - until <= SignedDuration::from_secs(31), "{row} outlives {until}");
            let far = row.end.at() > Moment::parse("2036-01-01T00:00:00Z");
            let renewed = next.is_some_and(|next| next < end);
            let short = until - end > SignedDuration::from_secs(60);
            assert!(!short || renewed || far, "{row} lapses before {until}, unnoticed: {next:?}");
        }
    }
}

/// What should be in force.
impl Story {
    /// What should be in force by the files, at this instant, as in [`Story::held`].
    pub(super) fn wanted(&self) -> Vec<String> {
        self.untils().into_keys().collect()
    }

    /// The same, each with its end: what the files ask for and what was ordered, without what a later
    /// order lifts.
    pub(super) fn untils(&self) -> BTreeMap<String, Until> {
        let (workspace, now) = (self.workspace(), self.now());
        let mut untils = BTreeMap::new();
        let orders = self.standing_orders();
        let bans = orders.iter().filter(|order| order.kind == OrderKind::Ban);
        let bans: Vec<Wanted> = bans.flat_map(Order::wanted).collect();
        let latest = |restriction: &Restriction| {
            let about = orders.iter().filter(|order| order.is_about(restriction));
            about.max_by_key(|order| (order.given, order.id.to_string())).map(|order| order.kind)
        };
        let wanted = workspace.wanted.iter().chain(&bans);
        for wanted in wanted.filter(|wanted| wanted.is_wanted_at(now)) {
            let facts = workspace.config.targets[&wanted.target].provider.facts();
            if facts.capability(wanted.kind).unwrap().mechanism == Mechanism::Kicks {
                continue;
            }
            for id in &wanted.ids {
                if latest(&wanted.restriction_of(id)) == Some(OrderKind::Lift) {
                    continue;
                }
                let row = InForce {
                    provider: facts.name,
                    app: String::new(),
                    room: wanted.room.as_ref().map(ToString::to_string),
                    kind: wanted.kind,
                    subject: id.to_string(),
                    deny: wanted.deny,
                    end: Lapse::Open,
                    reason: None,
                    rule: None,
                };
                let until = untils.entry(name(&row)).or_insert(wanted.until);
                *until = wanted.until.max(*until);
            }
        }
        untils
    }

    /// The orders that stand.
    pub(super) fn standing_orders(&self) -> Vec<Order> {
        let state = State::read(&self.location()).unwrap();
        let orders = state.map(|state| state.orders().unwrap()).unwrap_or_default();
        orders.into_iter().filter(|order| order.stands(self.now())).collect()
    }
}
