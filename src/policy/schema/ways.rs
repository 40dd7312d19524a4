//! The ways in which an entry may name whom it is about.

use serde_json::{Value, json};

use super::entry::{Whose, takes};
use crate::domain::Kind;
use crate::policy::section::{Section, SubjectKey};
use crate::provider::{Capability, Facts, Presence};

/// The keys of which an entry must have one; a ban of a room alone is one of everybody there.
pub(super) fn subjects(section: Section, whose: Whose<'_>) -> Vec<Value> {
    let taken = section.subjects().iter().filter(|key| takes(whose, key.kind));
    let alone = section == Section::Bans && takes(whose, Kind::Channel);
    let keys = taken.flat_map(|key| [Some(key.inline), key.list]).flatten();
    keys.chain(alone.then_some("room")).map(|key| json!({ "required": [key] })).collect()
}

/// Whether an entry can name a room at one of the providers.
pub(super) fn takes_room(section: Section, whose: Whose<'_>) -> bool {
    let takes = |capability: &Capability| {
        section.holds(capability) && (capability.names_room() || is_alone(capability))
    };
    section == Section::Bans && whose.iter().any(|facts| facts.capabilities.iter().any(takes))
}

/// Whether the room itself is the subject.
fn is_alone(capability: &Capability) -> bool {
    capability.kind == Kind::Channel
}

/// What one provider asks for, one capability after the other.
pub(super) fn of(section: Section, facts: &'static Facts) -> Vec<Value> {
    let taken: Vec<_> =
        section.subjects().iter().filter(|key| facts.capability(key.kind).is_some()).collect();
    let mut ways = Vec::new();
    for key in &taken {
        let mut asked = facts
            .capability(key.kind)
            .map(|capability| asked(section, capability))
            .unwrap_or_default();
        if facts.one_kind_per_entry {
            let others = taken.iter().filter(|other| other.kind != key.kind);
            let others = others.flat_map(|other| [Some(other.inline), other.list]);
            asked.extend(others.flatten().map(|other| property(other, false)));
        }
        if !asked.is_empty() {
            ways.push(json!({ "if": named(&[key]), "then": { "allOf": asked } }));
        }
    }
    if let Some(capability) =
        facts.capability(Kind::Channel).filter(|capability| section.holds(capability))
    {
        let mut asked = asked(section, capability);
        asked.push(json!({ "required": ["room"] }));
        ways.push(json!({ "if": named(&taken), "else": { "allOf": asked } }));
    }
    ways
}

/// That an entry names subjects of one of these kinds.
fn named(keys: &[&SubjectKey]) -> Value {
    let keys = keys.iter().flat_map(|key| [Some(key.inline), key.list]).flatten();
    json!({ "anyOf": keys.map(|key| json!({ "required": [key] })).collect::<Vec<_>>() })
}

/// What an entry must and may not have for restrictions of this capability.
///
/// Each alone: of keys and what they hold in one schema, editors make a piece of text to insert.
fn asked(section: Section, capability: &Capability) -> Vec<Value> {
    let mut asked = Vec::new();
    match capability.room {
        Presence::Required => asked.push(json!({ "required": ["room"] })),
        Presence::Never if section == Section::Bans && !is_alone(capability) => {
            asked.push(property("room", false));
        }
        Presence::Never | Presence::Optional => {}
    }
    if capability.wide {
        asked.push(json!({ "required": ["wide"] }));
        asked.push(property("wide", json!({ "const": true })));
    }
    asked
}

fn property(key: &str, schema: impl Into<Value>) -> Value {
    json!({ "properties": { key: schema.into() } })
}
