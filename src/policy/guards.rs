//! `guards:` and `orders:` of the config.

use super::fields::Fields;
use super::problem::Reporter;
use super::scalar::{read_bool, read_number, read_span};
use super::yaml::Node;
use crate::domain::{Guards, Limit, OrderLimits};

/// Reads the guards; a key that is left out keeps its default.
pub(super) fn read_guards(node: &Node<'_>, reporter: &mut Reporter<'_>) -> Guards {
    let default = Guards::default();
    let keys = ["max_lifts", "max_imposes", "allow_empty"];
    let Some(fields) = Fields::open(node, "`guards`", &keys, reporter) else { return default };
    Guards {
        max_lifts: read_limit(&fields, "max_lifts", default.max_lifts, reporter),
        max_imposes: read_limit(&fields, "max_imposes", default.max_imposes, reporter),
        allow_empty: fields
            .get("allow_empty")
            .and_then(|node| read_bool(node, "`allow_empty`", reporter))
            .unwrap_or(default.allow_empty),
    }
}

/// Reads how far an order may go; a key that is left out keeps its default.
pub(super) fn read_order_limits(node: &Node<'_>, reporter: &mut Reporter<'_>) -> OrderLimits {
    let default = OrderLimits::default();
    let Some(fields) = Fields::open(node, "`orders`", &["max", "subjects"], reporter) else {
        return default;
    };
    let max = fields.get("max").and_then(|node| read_span(node, "`max`", reporter));
    let subjects = fields
        .get("subjects")
        .and_then(|node| read_number(node, format_args!("`subjects`"), (0, u64::MAX), reporter));
    OrderLimits { max: max.unwrap_or(default.max), subjects: subjects.unwrap_or(default.subjects) }
}

fn read_limit(
    fields: &Fields<'_, '_>,
    name: &str,
    default: Limit,
    reporter: &mut Reporter<'_>,
) -> Limit {
    let Some(node) = fields.get(name) else { return default };
    let Some(limit) = Fields::open(node, format_args!("`{name}`"), &["count", "percent"], reporter)
    else {
        return default;
    };
    let mut part = |name: &str, most: u64| {
        limit
            .get(name)
            .and_then(|node| read_number(node, format_args!("`{name}`"), (0, most), reporter))
    };
    Limit {
        count: part("count", u64::MAX).or(default.count),
        percent: part("percent", 100).or(default.percent),
    }
}
