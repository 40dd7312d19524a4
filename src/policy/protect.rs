//! One item of `protect`: subjects that nobody may restrict.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::fields::{Fields, items};
use super::policy_file::PolicyFile;
use super::problem::{Problem, Reporter};
use super::scalar::read_text;
use super::section::SubjectKey;
use super::suggest::one_of;
use super::target_index::{TargetIndex, TargetRef};
use super::yaml::{At, Node};
use crate::domain::{Id, Kind, Protection, Source, TargetName};
use crate::provider::Facts;

pub(super) const KEYS: [&str; 6] = ["users", "devices", "ips", "streams", "targets", "reason"];

/// Reads an item of `protect`.
pub(super) fn read_protect(
    node: &Node<'_>,
    index: &TargetIndex,
    policy: &mut PolicyFile,
    reporter: &mut Reporter<'_>,
) {
    let Some(fields) = Fields::open(node, "an item of `protect`", &KEYS, reporter) else { return };
    fields.text("reason", reporter);
    let named = fields.get("targets").map(|node| index.several(node, reporter));
    let targets: Option<BTreeSet<TargetName>> =
        named.as_ref().map(|named| named.iter().map(|target| target.name.clone()).collect());
    let facts: Vec<&Facts> = match &named {
        Some(named) => named.iter().map(|target| target.facts).collect(),
        None => index.targets.values().copied().flatten().collect(),
    };
    let mut is_empty = true;
    for SubjectKey { kind, inline, list: _ } in SubjectKey::ALL {
        let Some((key, node)) = fields.pair(inline) else { continue };
        is_empty = false;
        let unable = named.iter().flatten().find(|target| target.facts.capability(kind).is_none());
        if let Some(TargetRef { name, facts: Facts { title, .. }, .. }) = unable {
            let message = format!("`{name}`: {title} cannot restrict `{inline}` anyway");
            reporter.push(Problem::new("kind-not-supported", key.at, message));
        }
        for item in items(node, format_args!("`{inline}`"), reporter).unwrap_or_default() {
            let Some(text) = read_text(item, format_args!("an item of `{inline}`"), reporter)
            else {
                continue;
            };
            let source = Source {
                file: Arc::clone(&reporter.file.name),
                line: item.at.line,
                column: item.at.column,
            };
            for id in spellings(kind, text, item.at, &facts, reporter) {
                let protection = Protection { targets: targets.clone(), source: source.clone() };
                policy.protections.push((kind, id, protection, item.at));
            }
        }
    }
    if is_empty {
        let keys = SubjectKey::ALL.map(|key| key.inline);
        reporter.push(
            Problem::new("no-subject", fields.at, "an item of `protect` must name somebody")
                .help(one_of(&keys)),
        );
    }
}

/// The canonical spellings of a subject at the targets where it may occur: one, as a rule.
fn spellings(
    kind: Kind,
    text: &str,
    at: At,
    facts: &[&Facts],
    reporter: &mut Reporter<'_>,
) -> BTreeSet<Id> {
    let mut ids = BTreeSet::new();
    let mut refusal = None;
    for rule in
        facts.iter().filter_map(|facts| facts.capability(kind)).map(|capability| capability.id)
    {
        match rule.parse(text) {
            Ok(id) => {
                ids.insert(id);
            }
            Err(message) => refusal = Some((message, rule)),
        }
    }
    if let (true, Some((message, rule))) = (ids.is_empty(), refusal) {
        let message = format!("no target has such a subject: it {message}");
        reporter.push(Problem::new("bad-id", at, message).help(rule.words()));
    }
    ids
}
