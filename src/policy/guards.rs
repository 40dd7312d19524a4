//! `guards:` of the config.

use super::fields::Fields;
use super::problem::Scope;
use super::scalar::{read_bool, read_number};
use super::yaml::Node;
use crate::domain::{Guards, Limit};

/// Reads the guards; a key that is left out keeps its default.
pub(super) fn read_guards(node: &Node<'_>, scope: &mut Scope<'_>) -> Guards {
    let default = Guards::default();
    let keys = ["max_lifts", "max_imposes", "allow_empty"];
    let Some(fields) = Fields::open(node, "`guards`", &keys, scope) else { return default };
    Guards {
        max_lifts: read_limit(&fields, "max_lifts", default.max_lifts, scope),
        max_imposes: read_limit(&fields, "max_imposes", default.max_imposes, scope),
        allow_empty: fields
            .get("allow_empty")
            .and_then(|node| read_bool(node, "`allow_empty`", scope))
            .unwrap_or(default.allow_empty),
    }
}

fn read_limit(fields: &Fields<'_, '_>, name: &str, default: Limit, scope: &mut Scope<'_>) -> Limit {
    let Some(node) = fields.get(name) else { return default };
    let Some(limit) = Fields::open(node, format_args!("`{name}`"), &["count", "percent"], scope)
    else {
        return default;
    };
    let mut part = |name: &str, most: u64| {
        limit
            .get(name)
            .and_then(|node| read_number(node, format_args!("`{name}`"), (0, most), scope))
    };
    Limit {
        count: part("count", u64::MAX).or(default.count),
        percent: part("percent", 100).or(default.percent),
    }
}
