//! What was done to whom, when and why: written once, never changed.

use std::sync::Arc;

use super::audit_chain::{COVERED, Value};
use crate::domain::{Id, Moment, Restriction, Until};

/// One operation's outcome, for the audit log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuditRow {
    /// When it was known.
    pub at: Moment,
    /// The run.
    pub run: String,
    /// The call, if there was one.
    pub call: Option<i64>,
    /// What it was done to.
    pub restriction: Restriction,
    /// What was done.
    pub action: &'static str,
    /// Why.
    pub because: &'static str,
    /// Until when.
    pub until: Until,
    /// The `id` of the entry.
    pub entry: Option<String>,
    /// Where the entry stands.
    pub source: Option<String>,
    /// What the entry says for people, as a JSON object.
    pub meta: Option<Arc<str>>,
    /// Why, as the entry says.
    pub reason: Option<Arc<str>>,
    /// What the provider was told, in words; `None` where nothing was sent.
    pub told: Option<Arc<str>>,
    /// What came of it.
    pub outcome: &'static str,
    /// The provider's code.
    pub code: Option<String>,
    /// The provider's message.
    pub message: Option<String>,
    /// The provider's id of the request.
    pub request_id: Option<String>,
}

impl AuditRow {
    /// The values of the row's columns that its hash covers, in the order of the table.
    pub(super) fn values(&self, seq: i64) -> [Value<'_>; COVERED] {
        let Self { at, run, call, restriction, action, because, until, .. } = self;
        let Restriction { target, room, subject, deny } = restriction;
        let number = |number: Option<i64>| number.map_or(Value::Null, Value::Integer);
        [
            Value::Integer(seq),
            Value::Integer(at.millis()),
            Value::Text(run),
            number(*call),
            Value::Text(target.as_str()),
            Value::Text(room.as_ref().map_or("", Id::as_str)),
            Value::Text(subject.kind.name()),
            Value::Text(subject.id.as_str()),
            Value::Integer(deny.bits().into()),
            Value::Text(action),
            Value::Text(because),
            number(until.at().map(Moment::millis)),
            Value::optional(self.entry.as_deref()),
            Value::optional(self.source.as_deref()),
            Value::Text(self.outcome),
            Value::optional(self.code.as_deref()),
            Value::optional(self.message.as_deref()),
            Value::optional(self.request_id.as_deref()),
        ]
    }

    /// The texts that follow them in the hash: who began the run, and what the row shares with
    /// others.
    pub(super) fn texts<'a>(&'a self, who: &'a str) -> [Value<'a>; 4] {
        let shared =
            [&self.meta, &self.told, &self.reason].map(|it| Value::optional(it.as_deref()));
        let [meta, told, reason] = shared;
        [Value::Text(who), meta, told, reason]
    }
}
