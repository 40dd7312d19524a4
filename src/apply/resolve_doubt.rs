//! Looking before repeating: rules that an unanswered call may have made.
//!
//! Where a repeat would make a second rule, a doubt is settled by the list. What it shows may be
//! adopted; what it does not show proves nothing, since lists may leave rules out, so there is a
//! second look before anything is made again.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;

use super::outcome::{Failure, Fate};
use super::records::{self, Sent, Written};
use super::retry_policy::Proof;
use super::target_executor::TargetExecutor;
use super::work::Work;
use crate::domain::{Enforcement, Evidence, Lapse, Moment, RuleId};
use crate::plan::Operation;
use crate::plan::term::{CLOCK_TOLERANCE, Timing};
use crate::provider::{Capability, Item, Listed, Listing, Verb};
use crate::store::Record;

/// What a look brought.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Lookup {
    /// Nothing stands in the way of sending the call.
    Clear,
    /// The operations have their fates.
    Settled,
    /// It cannot be told: leave it in doubt.
    Unclear(Failure),
}

/// How long after the first look the second comes, at least (design §5).
const SECOND_LOOK_AFTER: Duration = Duration::from_secs(5);

/// For how long a rule made by an unanswered call may still stand: longer than any holds.
const TWIN_LIVES: SignedDuration = SignedDuration::from_hours(24);

/// For how long after its `twin_since` a rule may have a twin: what began then was tried again
/// for [`TWIN_LIVES`] at most ([`twin_since`]), and what the last attempt made lives as long.
const TWIN_SHOWS: SignedDuration = SignedDuration::from_hours(48);

/// Since when a rule made at `now` may have a twin, if calls about it were in doubt since
/// `doubted`: what was made more than a day ago is gone.
pub(super) fn twin_since(doubted: Moment, now: Moment) -> Moment {
    doubted.max(now - TWIN_LIVES)
}

/// Whether a rule whose twin may stand `since` then may still have it.
pub(super) fn may_have_twin(since: Moment, now: Moment) -> bool {
    now - since < TWIN_SHOWS
}

impl TargetExecutor {
    /// Looks before the first attempt, if an earlier run left a doubt that calls for it.
    pub(super) async fn look_first(
        &self,
        capability: &'static Capability,
        work: &mut Work,
    ) -> Lookup {
        let Some((_, operation)) = self.operations(work).into_iter().next() else {
            return Lookup::Clear;
        };
        let Some(row) = operation.recorded.clone() else { return Lookup::Clear };
        let now = self.now();
        // A doubt may be tried again and again: what the last attempt made stands until its lapse,
        // however long ago the first was.
        let stands = |lapse: Lapse| lapse.at().is_none_or(|end| now - end < CLOCK_TOLERANCE);
        let doubt = row.doubt.as_ref().filter(|doubt| stands(doubt.lapse)).map(|doubt| doubt.since);
        let twin = row.held.as_ref().and_then(|held| held.twin.as_ref()).map(|twin| twin.since);
        let twin = twin.filter(|since| may_have_twin(*since, now));
        let has_rule = work.call.items.iter().all(|item| item.rule.is_some());
        match (work.call.verb, doubt.into_iter().chain(twin).min()) {
            (Verb::Impose, Some(since)) => self.look_twice(capability, work, since).await,
            (Verb::Lift, Some(since)) => {
                self.lift_what_shows(capability, work, since, has_rule).await
            }
            // Without a rule id there is nothing a lift could name.
            (Verb::Lift, None) if !has_rule => Lookup::Unclear(never_seen()),
            // Its end is moved: a twin would stay until the old one.
            (Verb::Renew, Some(since)) if has_rule && twin.is_some() => {
                self.lift_twins_of_known(capability, work, since).await
            }
            (Verb::Impose | Verb::Renew | Verb::Lift | Verb::List, _) => Lookup::Clear,
        }
    }

    /// Looks after an attempt that brought no answer.
    pub(super) async fn look_again(
        &self,
        capability: &'static Capability,
        work: &mut Work,
    ) -> Lookup {
        let Some((_, operation)) = self.operations(work).into_iter().next() else {
            return Lookup::Clear;
        };
        let inherited = operation.doubted.as_ref().map(|doubt| doubt.since);
        match inherited.or(work.unanswered_since()) {
            Some(since) => self.look_twice(capability, work, since).await,
            None => Lookup::Clear,
        }
    }

    async fn look_twice(
        &self,
        capability: &'static Capability,
        work: &mut Work,
        since: Moment,
    ) -> Lookup {
        for pause in [Duration::ZERO, SECOND_LOOK_AFTER] {
            self.sleep(pause).await;
            if self.is_over() {
                return Lookup::Unclear(never_seen());
            }
            match self.matching(capability, work, since).await {
                Err(failure) => return Lookup::Unclear(failure),
                Ok(rules) => {
                    // A list shows what has lapsed for a while: what stands longest is kept.
                    let longest = rules.iter().max_by_key(|rule| (rule.lapse, rule.created));
                    if let Some(rule) = longest.cloned() {
                        self.lift_twins(work, rule.rule.clone(), rules).await;
                        return self.adopt(capability, work, &rule, since).await;
                    }
                }
            }
        }
        Lookup::Clear
    }

    /// Takes a rule that an unanswered call made, at `since` or later, for ours.
    async fn adopt(
        &self,
        capability: &'static Capability,
        work: &mut Work,
        rule: &Listed,
        since: Moment,
    ) -> Lookup {
        let operations = self.operations(work);
        let Some((index, operation)) = operations.into_iter().next() else {
            return Lookup::Settled;
        };
        let at = rule.created.unwrap_or_else(|| self.now());
        let evidence = Evidence::Adopted;
        // Another attempt may have made one that no list shows yet.
        let twin = Some(records::twin(operation, twin_since(since, self.now())));
        let written = Written { at, lapse: rule.lapse, rule: rule.rule.clone(), evidence, twin };
        let row = records::held(operation, written, &Proof::in_list(rule));
        let promised = operation.recorded.as_ref().map_or(operation.until, |row| row.until);
        if promised != operation.until || self.is_renewal_due(capability, &row) {
            // It was made for another `until`, or long ago: move its end.
            work.call.verb = Verb::Renew;
            work.call.items.iter_mut().for_each(|item| item.rule.clone_from(&rule.rule));
            return Lookup::Clear;
        }
        let row = Record::Put(row);
        let fate = (Fate::Done, None);
        let audit = self.shared.audit(operation, self.now(), fate, Sent::NOTHING);
        self.settle_by_record(index, vec![row, audit]).await;
        Lookup::Settled
    }

    /// Whether what is held must be renewed already.
    fn is_renewal_due(&self, capability: &'static Capability, row: &Enforcement) -> bool {
        let target = &self.session.target;
        row.held.as_ref().is_some_and(|held| {
            let timing = Timing { target, capability, held, until: row.until };
            timing.renewal_at().is_some_and(|at| at <= self.now())
        })
    }

    /// Lifts what shows beside the known rule.
    async fn lift_twins_of_known(
        &self,
        capability: &'static Capability,
        work: &Work,
        since: Moment,
    ) -> Lookup {
        let known = work.call.items.first().and_then(|item| item.rule.clone());
        match self.matching(capability, work, since).await {
            Ok(rules) => {
                // If the known one is gone, its twin is all that stands. A list shows it for a while
                // after it has lapsed there, and our clock may be behind.
                let now = self.now();
                let stands = |rule: &Listed| !rule.lapse.has_passed(now + CLOCK_TOLERANCE);
                if rules.iter().any(|rule| rule.rule == known && stands(rule)) {
                    self.lift_twins(work, known, rules).await;
                }
                Lookup::Clear
            }
            Err(failure) => Lookup::Unclear(failure),
        }
    }

    /// Lifts the rules beside the known one. One that stays is no worse than one that no list
    /// shows: whoever ends or moves the restriction looks for it again.
    async fn lift_twins(&self, work: &Work, known: Option<RuleId>, rules: Vec<Listed>) {
        for rule in rules.into_iter().filter(|rule| rule.rule != known) {
            let mut call = work.call.clone();
            call.verb = Verb::Lift;
            call.items.iter_mut().for_each(|item| item.rule.clone_from(&rule.rule));
            // Nothing about the restriction is in doubt meanwhile: it has no operation.
            let _stays = self.send_with_retry(&mut Work::new(call, Vec::new())).await;
        }
    }

    /// Lifts every rule that an unanswered call may have made, beside the one that is known.
    async fn lift_what_shows(
        &self,
        capability: &'static Capability,
        work: &Work,
        since: Moment,
        has_rule: bool,
    ) -> Lookup {
        let known = work.call.items.first().and_then(|item| item.rule.clone());
        let mut lifted = None;
        for pause in [Duration::ZERO, SECOND_LOOK_AFTER] {
            self.sleep(pause).await;
            let rules = match self.matching(capability, work, since).await {
                Ok(rules) => rules,
                Err(failure) => return Lookup::Unclear(failure),
            };
            for rule in rules.into_iter().filter(|rule| rule.rule != known) {
                let mut lift = work.clone();
                lift.call.items = lift
                    .call
                    .items
                    .into_iter()
                    .map(|item| Item { rule: rule.rule.clone(), ..item })
                    .collect();
                match self.send_with_retry(&mut lift).await {
                    Ok(proof) => lifted = Some(proof),
                    Err(failure) => return Lookup::Unclear(failure),
                }
            }
            if has_rule {
                return Lookup::Clear;
            }
            if let Some(proof) = &lifted {
                let Some((index, operation)) = self.operations(work).into_iter().next() else {
                    break;
                };
                let fate = (Fate::Done, None);
                let audit = self.shared.audit(operation, self.now(), fate, Sent::NOTHING);
                let gone = records::gone(operation, proof);
                self.settle_by_record(index, vec![gone, audit]).await;
                return Lookup::Settled;
            }
        }
        Lookup::Unclear(never_seen())
    }

    /// The rules in the list that an unanswered call about this work may have made.
    async fn matching(
        &self,
        capability: &'static Capability,
        work: &Work,
        since: Moment,
    ) -> Result<Vec<Listed>, Failure> {
        let Some((_, operation)) = self.operations(work).into_iter().next() else {
            return Ok(Vec::new());
        };
        let rows = match capability.listing {
            Listing::MayOmitPerApp => self.shared_list(&work.call).await?,
            Listing::CompletePerRoom | Listing::Never => Arc::new(self.list(&work.call).await?),
        };
        let is_gone = |rule: &Listed| rule.rule.as_ref().is_some_and(|rule| work.is_gone(rule));
        let ours = |rule: &&Listed| {
            !is_gone(rule) && may_be_ours(rule, operation, capability, (since, self.now()))
        };
        Ok(rows.iter().filter(ours).cloned().collect())
    }
}

/// Whether a rule may have been made by a call about this operation since `since`: same selector,
/// same privileges, made since then, and with an end that such a call would have asked for.
fn may_be_ours(
    rule: &Listed,
    operation: &Operation,
    capability: &Capability,
    (since, now): (Moment, Moment),
) -> bool {
    let restriction = &operation.restriction;
    let same = rule.kind == restriction.subject.kind
        && rule.id == restriction.subject.id
        && rule.room == restriction.room
        && rule.deny == restriction.deny;
    let (Some(created), Lapse::At(ends)) = (rule.created, rule.lapse) else { return false };
    // An earlier call may have asked for another end than this one would, and one since then may
    // have moved a capped end.
    let recorded = operation.recorded.as_deref();
    let others = recorded.into_iter().flat_map(Enforcement::asked);
    let earlier = recorded.map(|row| row.until);
    let mut asked = [Some(operation.until), earlier].into_iter().flatten().chain(others);
    let end = |until, at| capability.expiry.term(until, at).lapse.at();
    same && created >= since - CLOCK_TOLERANCE
        && asked.any(|until| {
            let (first, last) = (end(until, created), end(until, now));
            first.is_some_and(|first| first - ends <= CLOCK_TOLERANCE)
                && last.is_some_and(|last| ends - last <= CLOCK_TOLERANCE)
        })
}

fn never_seen() -> Failure {
    let error = "the call that made it was never answered, and no list shows it".to_owned();
    Failure { error, code: None, request_id: None }
}
