//! What the audit log says of orders, whatever the engine.

use std::sync::Arc;

use super::AuditRow;
use crate::domain::{Moment, Order, OrderKind, Until};

/// What happened to an order last.
pub(super) fn word(order: &Order) -> &'static str {
    order.ended.as_ref().map_or("ordered", |end| end.how.name())
}

/// What the audit log says of what happened to an order last: a row for each subject.
pub fn audit(order: &Order, run: &str, now: Moment) -> Vec<AuditRow> {
    let withdrawn = order.ended.as_ref().and_then(|end| end.why.as_deref());
    let reason = withdrawn.map_or_else(|| Arc::clone(&order.why), Arc::from);
    let meta = (!order.meta.is_empty()).then(|| serde_json::to_string(&order.meta));
    let meta: Option<Arc<str>> = meta.and_then(Result::ok).map(Arc::from);
    let row = |restriction| AuditRow {
        at: now,
        run: run.to_owned(),
        call: None,
        restriction,
        action: match order.kind {
            OrderKind::Ban => "impose",
            OrderKind::Lift => "lift",
        },
        because: "ordered",
        until: Until::At(order.until),
        entry: None,
        source: Some(format!("order {}", order.id)),
        meta: meta.clone(),
        reason: Some(Arc::clone(&reason)),
        told: None,
        outcome: word(order),
        code: None,
        message: None,
        request_id: None,
    };
    order.restrictions().map(row).collect()
}
