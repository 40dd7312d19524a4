//! What an entry says besides its targets and subjects: when, why, what is denied.

use std::sync::Arc;

use super::fields::{Fields, items};
use super::plain::{Plain, classify};
use super::problem::{Problem, Reporter, quote};
use super::scalar::{read_bool, read_text, wrong};
use super::section::Section;
use super::suggest::did_you_mean;
use super::yaml::{At, Node, Value};
use crate::domain::{Deny, Moment, Until, suggested};
use crate::provider::IdRule;

/// The longest `id` of an entry, in bytes: it must fit a line of a plan.
pub const LONGEST_ID: usize = 128;

/// The terms of one entry. What is wrong was reported and holds something harmless.
pub(super) struct Terms {
    pub(super) id: Option<(Arc<str>, At)>,
    pub(super) from: Option<Moment>,
    pub(super) until: Until,
    pub(super) reason: Option<(Arc<str>, At)>,
    pub(super) deny: Deny,
    pub(super) deny_at: At,
    pub(super) wide: Option<(bool, At)>,
    /// What it says for people, as a JSON object.
    pub(super) meta: Option<Arc<str>>,
}

/// Reads the terms of an entry.
pub(super) fn read_terms(
    entry: &Fields<'_, '_>,
    section: Section,
    reporter: &mut Reporter<'_>,
) -> Terms {
    let from = read_from(entry, reporter);
    let until = read_until(entry, reporter);
    if let (Some((from, at)), Some((Until::At(until), second))) = (from, until)
        && from >= until
    {
        reporter.push(
            Problem::new("from-not-before-until", at, "`from` is not before `until`")
                .also(second, "the entry ends here"),
        );
    }
    Terms {
        id: read_id(entry, reporter),
        from: from.map(|(from, _)| from),
        until: until.map_or(Until::Never, |(until, _)| until),
        reason: read_reason(entry, reporter),
        deny: match section {
            Section::Bans => read_deny(entry, reporter),
            Section::ForbiddenStreams => Deny::NOTHING,
        },
        deny_at: entry.get("deny").map_or(entry.at, |node| node.at),
        // A broken `wide` was reported; asking for it again would only confuse.
        wide: entry
            .get("wide")
            .map(|node| (read_bool(node, "`wide`", reporter).unwrap_or(true), node.at)),
        meta: read_meta(entry, reporter),
    }
}

fn read_id(entry: &Fields<'_, '_>, reporter: &mut Reporter<'_>) -> Option<(Arc<str>, At)> {
    let node = entry.get("id")?;
    let (text, at) = (read_text(node, "`id`", reporter)?, node.at);
    if let Err(message) = IdRule::Text(LONGEST_ID).parse(text) {
        reporter.push(Problem::new("bad-entry-id", at, format!("`id` {message}")));
        return None;
    }
    Some((text.into(), at))
}

fn read_reason(entry: &Fields<'_, '_>, reporter: &mut Reporter<'_>) -> Option<(Arc<str>, At)> {
    let node = entry.get("reason")?;
    let (text, at) = (read_text(node, "`reason`", reporter)?, node.at);
    if text.contains('\0') {
        reporter.push(Problem::new("bad-reason", at, "`reason` may not hold NUL"));
        return None;
    }
    Some((text.into(), at))
}

fn read_from(entry: &Fields<'_, '_>, reporter: &mut Reporter<'_>) -> Option<(Moment, At)> {
    let node = entry.get("from")?;
    let text = instant(node, "`from`", reporter)?;
    let from = Moment::parse(text);
    if from.is_none() {
        let message = format!("`from` must be an instant, not {}", quote(text));
        let help = match text {
            "never" => "leave the entry out instead".to_owned(),
            text => how_to_write(text),
        };
        reporter.push(Problem::new("bad-time", node.at, message).help(help));
    }
    from.map(|from| (from, node.at))
}

/// The literal for what was meant, or else what an instant looks like.
fn how_to_write(text: &str) -> String {
    suggested(text)
        .unwrap_or_else(|| "RFC 3339 with an offset, such as `2026-12-20T00:00:00Z`".to_owned())
}

fn read_until(entry: &Fields<'_, '_>, reporter: &mut Reporter<'_>) -> Option<(Until, At)> {
    let Some(node) = entry.get("until") else {
        reporter.push(
            Problem::new("until-missing", entry.at, "the entry does not say `until` when")
                .help("add `until:` with an instant such as `2026-12-20T00:00:00Z`, or `never`"),
        );
        return None;
    };
    let text = instant(node, "`until`", reporter)?;
    let until = Until::parse(text);
    if until.is_none() {
        let message = format!("`until` must be an instant or `never`, not {}", quote(text));
        reporter.push(Problem::new("bad-time", node.at, message).help(how_to_write(text)));
    }
    until.map(|until| (until, node.at))
}

/// The text of an instant, which YAML readers may well take for a time.
fn instant<'n>(node: &'n Node<'_>, what: &str, reporter: &mut Reporter<'_>) -> Option<&'n str> {
    match &node.value {
        Value::Scalar { text, .. } if !text.is_empty() => Some(text),
        Value::Scalar { .. } | Value::Sequence(_) | Value::Mapping(_) | Value::Broken => {
            wrong(node, what, "an instant", reporter)
        }
    }
}

fn read_deny(entry: &Fields<'_, '_>, reporter: &mut Reporter<'_>) -> Deny {
    let Some(node) = entry.get("deny") else { return Deny::JOIN };
    let mut deny = Deny::NOTHING;
    for item in items(node, "`deny`", reporter).unwrap_or_default() {
        let Some(name) = read_text(item, "an item of `deny`", reporter) else { continue };
        match Deny::parse(name) {
            Some(one) if deny.contains(one) => {
                let message = format!("`{name}` stands here twice");
                reporter.push(Problem::new("duplicate-deny", item.at, message));
            }
            Some(one) => deny = deny.union(one),
            None => {
                let names = Deny::NAMES.map(|(_, name)| name);
                let message = format!("nothing called {} can be denied", quote(name));
                reporter.push(
                    Problem::new("unknown-deny", item.at, message).help(did_you_mean(name, &names)),
                );
            }
        }
    }
    deny
}

/// `meta` is for people: any texts under any keys.
fn read_meta(entry: &Fields<'_, '_>, reporter: &mut Reporter<'_>) -> Option<Arc<str>> {
    let node = entry.get("meta")?;
    let Value::Mapping(pairs) = &node.value else {
        return wrong(node, "`meta`", "a mapping of texts", reporter);
    };
    let mut texts = serde_json::Map::new();
    for (key, value) in pairs {
        match &value.value {
            Value::Scalar { text, plain } if !(*plain && classify(text) == Plain::Null) => {
                texts.insert(key.text.to_string(), (&**text).into());
            }
            Value::Broken => {}
            Value::Scalar { .. } | Value::Sequence(_) | Value::Mapping(_) => {
                let what = format!("`meta` {}", quote(&key.text));
                let _: Option<()> = wrong(value, &what, "text", reporter);
            }
        }
    }
    (!texts.is_empty()).then(|| serde_json::Value::Object(texts).to_string().into())
}
