//! What the state is told about an operation: pure, from the operation and what came of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::outcome::{Failure, Fate};
use super::retry_policy::Proof;
use super::work::End;
use crate::domain::{
    Action, Doubt, Enforcement, Evidence, Held, Lapse, Moment, RuleId, Source, Twin,
};
use crate::plan::Operation;
use crate::provider::Capability;
use crate::store::{AuditRow, Record};

/// What the provider holds after a call that took effect.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Written {
    /// When the call was sent.
    pub at: Moment,
    /// When it ends there by itself.
    pub lapse: Lapse,
    /// The provider's id of it.
    pub rule: Option<RuleId>,
    /// How this is known.
    pub evidence: Evidence,
    /// A second rule that may stand beside it.
    pub twin: Option<Twin>,
}

/// The end that a call about an operation asks for, sent at `now`; of a lift, the end of what it
/// is to lift.
pub fn asked_end(operation: &Operation, capability: &Capability, now: Moment) -> Lapse {
    match (operation.action, operation.lapse()) {
        (Action::Lift | Action::Forget, Some(lapse)) => lapse,
        (
            Action::Impose
            | Action::Renew
            | Action::Amend
            | Action::Lift
            | Action::Kick
            | Action::Forget,
            _,
        ) => capability.expiry.term(operation.until, now).lapse,
    }
}

/// The row before a call about it is sent: as it was, and in doubt.
pub fn intended(operation: &Operation, doubt: Doubt) -> Record {
    Record::Put(Enforcement { doubt: Some(doubt), ..before(operation) })
}

/// The twin that may stand since then beside what this operation writes: made for any `until`
/// that was asked for before.
pub fn twin(operation: &Operation, since: Moment) -> Twin {
    let recorded = operation.recorded.as_deref();
    let promised = recorded.map_or(operation.until, |row| row.until);
    let asked = recorded.into_iter().flat_map(Enforcement::asked);
    Twin { since, asked: asked.chain([promised]).collect() }
}

/// The row of a restriction that is held now, as the operation wanted it.
pub fn held(operation: &Operation, written: Written, _known: &Proof) -> Enforcement {
    let Written { at, lapse, rule, evidence, twin } = written;
    let earlier = operation.recorded.as_ref().and_then(|row| row.held.as_ref());
    let since = earlier.map_or(at, |held| held.since);
    let seen = earlier.and_then(|held| held.seen);
    Enforcement {
        until: operation.until,
        reason: operation.reason.clone(),
        entry: operation.entry.clone(),
        held: Some(Held { since, written: at, seen, lapse, rule, evidence, twin }),
        doubt: None,
        waiting: None,
        ..before(operation)
    }
}

/// Nothing is held of a restriction any more.
pub fn gone(operation: &Operation, _known: &Proof) -> Record {
    Record::Drop(operation.restriction.clone())
}

/// The row of a restriction about which only what is promised has changed.
pub fn promised(operation: &Operation) -> Enforcement {
    Enforcement {
        until: operation.until,
        reason: operation.reason.clone(),
        entry: operation.entry.clone(),
        ..before(operation)
    }
}

/// What the state is told when an operation came to this end. What earlier runs left in doubt
/// about it stays so: what is refused now may have been done then.
pub fn not_done(operation: &Operation, end: &End, now: Moment) -> Option<Record> {
    let (fate, _) = end.parts();
    match fate {
        Fate::Waiting => {
            let row = promised(operation);
            let row = Enforcement { held: None, waiting: Some(now), ..row };
            Some(Record::Put(row))
        }
        Fate::Failed | Fate::Dropped | Fate::Deferred => Some(match &operation.recorded {
            Some(row) => Record::Put(Enforcement::clone(row)),
            None => Record::Drop(operation.restriction.clone()),
        }),
        // In doubt: the intent that was written before stays. Done: the caller says what is held.
        Fate::InDoubt | Fate::Done => None,
    }
}

/// What entries say for people, by where they stand.
pub type Metas = Arc<BTreeMap<Source, Arc<str>>>;

/// The call that settled an operation, as the audit log keeps it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sent<'a> {
    /// Its number.
    pub call: Option<i64>,
    /// What the provider was told, in words.
    pub told: Option<&'a Arc<str>>,
    /// The provider's id of the request.
    pub request_id: Option<&'a str>,
}

impl Sent<'_> {
    /// No call was needed, or none was made.
    pub const NOTHING: Self = Self { call: None, told: None, request_id: None };
}

/// The audit row of an operation.
pub fn audit(
    operation: &Operation,
    (run, at): (&str, Moment),
    (fate, failure): (Fate, Option<&Failure>),
    (sent, meta): (Sent<'_>, Option<Arc<str>>),
) -> Record {
    let Sent { call, told, request_id } = sent;
    let blamed = failure.and_then(|failure| failure.request_id.as_deref());
    Record::Audit(AuditRow {
        at,
        run: run.to_owned(),
        call,
        restriction: operation.restriction.clone(),
        action: operation.action.name(),
        because: operation.because.name(),
        until: operation.until,
        entry: operation.entry.as_deref().map(str::to_owned),
        source: match &operation.order {
            Some(order) => Some(format!("order {order}")),
            None => operation.source.as_ref().map(Source::to_string),
        },
        meta,
        reason: operation.reason.clone(),
        told: told.cloned(),
        outcome: fate.name(),
        code: failure.and_then(|failure| failure.code.clone()),
        message: failure.map(|failure| failure.error.clone()),
        request_id: request_id.or(blamed).map(str::to_owned),
    })
}

/// The row as the state has it; for what is new, one that holds nothing.
fn before(operation: &Operation) -> Enforcement {
    operation.recorded.as_ref().map_or_else(
        || Enforcement {
            restriction: operation.restriction.clone(),
            until: operation.until,
            reason: operation.reason.as_ref().map(Arc::clone),
            entry: operation.entry.as_ref().map(Arc::clone),
            held: None,
            doubt: None,
            waiting: None,
        },
        |row| Enforcement::clone(row),
    )
}
