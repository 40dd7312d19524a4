//! The ways in which an entry may name whom it is about.

use serde_json::{Value, json};

use super::entry::{Whose, takes};
use crate::domain::Kind;
use crate::policy::section::{Section, SubjectKey};
use crate::provider::{Facts, Form, Presence};

/// The keys of which an entry must have one; a ban of a room alone is one of everybody there.
pub(super) fn subjects(section: Section, whose: Whose<'_>) -> Vec<Value> {
    let taken = section.subjects().iter().filter(|key| takes(whose, key.kind));
    let alone = section == Section::Bans && takes(whose, Kind::Channel);
    let keys = taken.flat_map(|key| [Some(key.inline), key.list]).flatten();
    keys.chain(alone.then_some("room")).map(|key| json!({ "required": [key] })).collect()
}

/// Whether an entry can name a room at one of the providers.
pub(super) fn takes_room(section: Section, whose: Whose<'_>) -> bool {
    let takes = |form: &Form| section.holds(form) && (form.names_room() || is_alone(form));
    section == Section::Bans && whose.iter().any(|facts| facts.forms.iter().any(takes))
}

/// Whether the room itself is the subject.
fn is_alone(form: &Form) -> bool {
    form.kind == Kind::Channel
}

/// What one provider asks for, form by form.
pub(super) fn of(section: Section, facts: &'static Facts) -> Vec<Value> {
    let taken: Vec<_> =
        section.subjects().iter().filter(|key| facts.form(key.kind).is_some()).collect();
    let mut ways = Vec::new();
    for key in &taken {
        let mut asked = facts.form(key.kind).map(|form| asked(section, form)).unwrap_or_default();
        if facts.one_kind_per_entry {
            let others = taken.iter().filter(|other| other.kind != key.kind);
            let others = others.flat_map(|other| [Some(other.inline), other.list]);
            asked.extend(others.flatten().map(|other| property(other, false)));
        }
        if !asked.is_empty() {
            ways.push(json!({ "if": named(&[key]), "then": { "allOf": asked } }));
        }
    }
    if let Some(form) = facts.form(Kind::Channel).filter(|form| section.holds(form)) {
        let mut asked = asked(section, form);
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

/// What an entry must and may not have for restrictions of this form.
///
/// Each alone: of keys and what they hold in one schema, editors make a piece of text to insert.
fn asked(section: Section, form: &Form) -> Vec<Value> {
    let mut asked = Vec::new();
    match form.room {
        Presence::Required => asked.push(json!({ "required": ["room"] })),
        Presence::Never if section == Section::Bans && !is_alone(form) => {
            asked.push(property("room", false));
        }
        Presence::Never | Presence::Optional => {}
    }
    if form.wide {
        asked.push(json!({ "required": ["wide"] }));
        asked.push(property("wide", json!({ "const": true })));
    }
    asked
}

fn property(key: &str, schema: impl Into<Value>) -> Value {
    json!({ "properties": { key: schema.into() } })
}
