//! A group of the journal: what a run writes in one transaction about calls that were answered.

use ostracon::domain::{Enforcement, Evidence, Held, Lapse, Moment};
use ostracon::plan::Operation;
use ostracon::store::{Answered, AuditRow, Intent, Record};

/// The most operations of a call.
const BATCH: usize = 20;

/// The records of these operations, in calls that are numbered from `first` on.
pub(crate) fn records(operations: &[Operation], first: i64, at: Moment) -> Vec<Record> {
    let calls = (first..).zip(operations.chunks(BATCH));
    calls.flat_map(|(number, call)| of_call(number, call, at)).collect()
}

fn of_call(number: i64, operations: &[Operation], at: Moment) -> Vec<Record> {
    let restriction = &operations.first().unwrap().restriction;
    let intent = Intent {
        call: number,
        run: "bench".to_owned(),
        target: restriction.target.clone(),
        rate_key: "bench".to_owned(),
        lane: 0,
        verb: "impose",
        kind: restriction.subject.kind,
        room: restriction.room.clone(),
        subjects: operations.len(),
        at,
    };
    let answered = Answered {
        call: number,
        run: "bench".to_owned(),
        sent: Some(at),
        at,
        outcome: "done",
        code: None,
        message: None,
        request_id: Some(format!("request-{number}")),
    };
    let rows = operations.iter().flat_map(|operation| {
        [Record::Put(held(operation, at)), Record::Audit(told(operation, number, at))]
    });
    [Record::Intent(intent)].into_iter().chain(rows).chain([Record::Answered(answered)]).collect()
}

fn held(operation: &Operation, at: Moment) -> Enforcement {
    Enforcement {
        restriction: operation.restriction.clone(),
        until: operation.until,
        reason: operation.reason.clone(),
        entry: operation.entry.clone(),
        held: Some(Held {
            since: at,
            written: at,
            seen: None,
            lapse: Lapse::Open,
            rule: None,
            evidence: Evidence::Acknowledged,
            twin: None,
        }),
        doubt: None,
        waiting: None,
    }
}

fn told(operation: &Operation, call: i64, at: Moment) -> AuditRow {
    AuditRow {
        at,
        run: "bench".to_owned(),
        call: Some(call),
        restriction: operation.restriction.clone(),
        action: "impose",
        because: "new_entry",
        until: operation.until,
        entry: operation.entry.as_deref().map(str::to_owned),
        source: operation.source.as_ref().map(ToString::to_string),
        meta: None,
        reason: operation.reason.clone(),
        told: Some("ban".into()),
        outcome: "done",
        code: None,
        message: None,
        request_id: Some(format!("request-{call}")),
    }
}
