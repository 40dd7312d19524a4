//! Values of every kind, veiled before they are shown.

use std::sync::Arc;

use serde_json::Value;

use super::Pseudonyms;
use crate::apply::{Failure, Outcome};
use crate::domain::{Enforcement, Id, Order, Warning};
use crate::plan::document::Provenance;
use crate::plan::drift::{Difference, Drift};
use crate::plan::{Operation, Plan};
use crate::provider::Listed;
use crate::store::Event;

impl Pseudonyms {
    fn shared(&self, text: Option<&Arc<str>>) -> Option<Arc<str>> {
        text.map(|text| self.text(text).into())
    }

    /// A row of the state, veiled.
    pub fn row(&self, row: &Enforcement) -> Enforcement {
        Enforcement {
            restriction: self.restriction(&row.restriction),
            reason: self.shared(row.reason.as_ref()),
            entry: self.shared(row.entry.as_ref()),
            ..row.clone()
        }
    }

    /// An operation to be shown, veiled.
    pub fn operation(&self, operation: &Operation) -> Operation {
        Operation {
            restriction: self.restriction(&operation.restriction),
            reason: self.shared(operation.reason.as_ref()),
            entry: self.shared(operation.entry.as_ref()),
            source: operation.source.as_ref().map(|source| self.source(source)),
            recorded: operation.recorded.as_ref().map(|row| Arc::new(self.row(row))),
            ..operation.clone()
        }
    }

    /// A plan to be shown, veiled; nobody could carry it out.
    pub fn plan(&mut self, plan: &Plan, provenance: &Provenance) -> Plan {
        self.targets.extend(provenance.targets.keys().cloned());
        let veiled = self.in_place(plan);
        Plan { operations: in_order(veiled.operations), ..veiled }
    }

    /// What came of a run and the plan that it speaks of, veiled.
    pub fn outcome(&mut self, outcome: &Outcome, plan: &Plan) -> (Outcome, Plan) {
        let plan = self.in_place(plan);
        let mut outcome = outcome.clone();
        for problem in &mut outcome.problems {
            problem.failure.error = self.text(&problem.failure.error);
        }
        for stopped in &mut outcome.stopped {
            stopped.hint = self.text(&stopped.hint);
        }
        (outcome, plan)
    }

    /// A plan, veiled, whose operations are where they were.
    fn in_place(&mut self, plan: &Plan) -> Plan {
        self.learn(plan.operations.iter().map(|operation| &operation.restriction));
        self.ready();
        Plan {
            operations: plan.operations.iter().map(|it| self.operation(it)).collect(),
            warnings: plan.warnings.iter().map(|it| self.warning(it)).collect(),
            steps: Vec::new(),
            ..plan.clone()
        }
    }

    fn warning(&self, Warning { code, message, source }: &Warning) -> Warning {
        let source = source.as_ref().map(|source| self.source(source));
        Warning { code: code.clone(), message: self.message(message), source }
    }

    /// An event of the audit log, veiled.
    pub fn event(&self, event: &Event) -> Event {
        let text = |text: &Option<String>| text.as_ref().map(|text| self.text(text));
        Event {
            restriction: self.restriction(&event.restriction),
            entry: text(&event.entry),
            source: event.source.as_ref().map(|source| self.place(source)),
            meta: event.meta.as_ref().map(|meta| self.meta(meta)),
            reason: text(&event.reason),
            told: text(&event.told),
            message: text(&event.message),
            note: text(&event.note),
            ..event.clone()
        }
    }

    /// A place as the audit log has it, as in `bans/a.yaml:3:5`.
    fn place(&self, place: &str) -> String {
        let numbers = place.rmatch_indices(':').nth(1).map_or(place.len(), |(at, _)| at);
        let (file, numbers) = place.split_at_checked(numbers).unwrap_or((place, ""));
        self.text(file) + numbers
    }

    /// What an entry says for people, as a JSON object.
    fn meta(&self, meta: &str) -> String {
        let Ok(Value::Object(meta)) = serde_json::from_str(meta) else { return "{}".to_owned() };
        let veiled = meta.into_iter().map(|(key, value)| match value {
            Value::String(value) => (self.text(&key), Value::String(self.text(&value))),
            _ => (self.text(&key), Value::Null),
        });
        Value::Object(veiled.collect()).to_string()
    }

    /// An order, veiled.
    pub fn order(&self, order: &Order) -> Order {
        Order {
            room: order.room.as_ref().map(|room| self.room(room)),
            subjects: order.subjects.iter().map(|it| self.subject(it)).collect(),
            why: self.text(&order.why).into(),
            meta: order.meta.iter().map(|(key, it)| (self.text(key), self.text(it))).collect(),
            ..order.clone()
        }
    }

    /// What was compared, veiled.
    pub fn drift(&self, drift: &Drift) -> Drift {
        let difference = |it: &Difference| Difference {
            restriction: self.restriction(&it.restriction),
            listed: it.listed.as_ref().map(|listed| Listed {
                id: self.of(listed.kind, &listed.id),
                room: listed.room.as_ref().map(|room| self.room(room)),
                ..listed.clone()
            }),
            ..it.clone()
        };
        Drift { differences: drift.differences.iter().map(difference).collect(), ..drift.clone() }
    }

    /// A list that could not be read, veiled: a provider names whom it does not like.
    pub fn unread(&self, (room, failure): &(Option<Id>, Failure)) -> (Option<Id>, Failure) {
        let room = room.as_ref().map(|room| self.room(room));
        (room, Failure { error: self.text(&failure.error), ..failure.clone() })
    }
}

/// Operations in the canonical order of their pseudonyms: that of the names would tell of them.
fn in_order(operations: Vec<Operation>) -> Vec<Operation> {
    let mut numbered: Vec<_> = operations.into_iter().enumerate().collect();
    numbered.sort_by(|(_, a), (_, b)| a.restriction.cmp(&b.restriction));
    let mut places = vec![0; numbered.len()];
    for (place, (before, _)) in numbered.iter().enumerate() {
        if let Some(slot) = places.get_mut(*before) {
            *slot = place;
        }
    }
    let moved = |(_, operation): (usize, Operation)| Operation {
        after: operation.after.and_then(|before| places.get(before).copied()),
        ..operation
    };
    numbered.into_iter().map(moved).collect()
}
