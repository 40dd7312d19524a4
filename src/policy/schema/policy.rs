//! The schema of a policy file.

use serde_json::{Map, Value, json};

use super::value::{
    DRAFT, TARGET_NAME, denials, distinct, list, reference, set, shaped_text, short_text, text,
};
use crate::domain::{Deny, Kind};
use crate::policy::section::{Section, SubjectKey};
use crate::policy::terms::LONGEST_ID;
use crate::provider::{Facts, IdRule, Provider, REGISTRY};

/// The schema of a policy file.
pub(super) fn schema() -> Value {
    let bans = format!("Whom to keep out. {}.", needs(Section::Bans));
    let streams = format!("Which streams to stop. {}.", needs(Section::ForbiddenStreams));
    let protect = "Who is never restricted, whoever asks.";
    let all = |about: &str, item: &str| {
        let items = json!({ "$ref": format!("#/$defs/{item}") });
        json!({ "description": about, "type": "array", "items": items })
    };
    json!({
        "$schema": DRAFT,
        "title": "ostracon policy",
        "description": "Who is kept out, which streams are stopped, who is never restricted.",
        "type": "object",
        "properties": {
            "bans": all(&bans, "ban"),
            "forbidden_streams": all(&streams, "forbidden_stream"),
            "protect": all(protect, "protection"),
        },
        "additionalProperties": false,
        "$defs": {
            "ban": entry(Section::Bans),
            "forbidden_stream": entry(Section::ForbiddenStreams),
            "protection": protection(),
            "target": shaped_text("The name of a target of the config.", TARGET_NAME),
            "id": {
                "description": "Text, exactly as the provider knows it. What YAML could read as \
                                anything but text or a plain whole number must be quoted.",
                "type": ["string", "integer"],
                "minLength": 1,
            },
            "instant": {
                "type": "string",
                "format": "date-time",
                "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}\
                            (\\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})$",
            },
        },
    })
}

/// What the entries of a list must name, provider by provider.
fn needs(section: Section) -> String {
    let mut needs = REGISTRY.map(|provider| section.needs(provider.facts())).to_vec();
    needs.dedup();
    needs.join("; ")
}

fn entry(section: Section) -> Value {
    let target = "The target, where there is one.";
    let targets = "The targets: the entry is checked for each of them.";
    let mut properties = Map::new();
    let mut add = |name: &str, schema: Value| {
        properties.insert(name.to_owned(), schema);
    };
    add("id", short_text("Names the entry in plans and in the audit log.", LONGEST_ID));
    add("target", reference(target, "target"));
    add("targets", distinct(targets, &json!({ "$ref": "#/$defs/target" })));
    if section == Section::Bans {
        add("room", reference(&rooms(), "id"));
    }
    for key in section.subjects() {
        add(key.inline, ids(key));
        if let Some(name) = key.list {
            let about = "A `.txt` file of the workspace with one id a line, `#` for comments.";
            add(name, shaped_text(about, "\\.txt$"));
        }
    }
    add("reason", text(&reasons()));
    add("from", reference("Not before this instant.", "instant"));
    add("until", until());
    if section == Section::Bans {
        add("deny", deny());
        add("wide", wide());
    }
    add("meta", meta());
    json!({
        "description": format!("{} takes effect at each target for each subject.", capital(section)),
        "type": "object",
        "properties": properties,
        "required": ["until"],
        "additionalProperties": false,
        "allOf": [
            { "oneOf": [{ "required": ["target"] }, { "required": ["targets"] }] },
            { "anyOf": subjects(section) },
        ],
    })
}

const fn capital(section: Section) -> &'static str {
    match section {
        Section::Bans => "A ban",
        Section::ForbiddenStreams => "A forbidden stream",
    }
}

/// The keys of which an entry must have one; a ban of a room alone is one of everybody there.
fn subjects(section: Section) -> Vec<Value> {
    let subjects = section.subjects().iter();
    let keys = subjects.flat_map(|key| [Some(key.inline), key.list]).flatten();
    let alone = match section {
        Section::Bans => Some("room"),
        Section::ForbiddenStreams => None,
    };
    keys.chain(alone).map(|key| json!({ "required": [key] })).collect()
}

fn protection() -> Value {
    let mut properties = Map::new();
    for key in SubjectKey::ALL {
        properties.insert(key.inline.to_owned(), ids(&key));
    }
    let targets = distinct("The targets; all by default.", &json!({ "$ref": "#/$defs/target" }));
    properties.insert("targets".to_owned(), targets);
    properties.insert("reason".to_owned(), text("Why, for people."));
    json!({
        "description": "Subjects that nobody may restrict.",
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
        "anyOf": SubjectKey::ALL.map(|key| json!({ "required": [key.inline] })),
    })
}

/// A list of ids of one kind, with what each provider takes.
fn ids(key: &SubjectKey) -> Value {
    let about = by_provider(|facts| facts.form(key.kind).map(|form| form.id.words()));
    list(&about, &json!({ "$ref": "#/$defs/id" }))
}

fn rooms() -> String {
    let rule = |facts: &Facts| facts.forms.iter().find(|form| form.names_room());
    by_provider(|facts| rule(facts).map(|form| form.room_id).map(IdRule::words))
}

fn reasons() -> String {
    let limit = |facts: &Facts| {
        let rules = facts.forms.iter().filter_map(|form| form.reason);
        rules.map(|rule| rule.max_bytes).min().map(|most| format!("at most {most} bytes"))
    };
    format!("Why. {}", by_provider(limit))
}

fn until() -> Value {
    json!({
        "description": "Until when: RFC 3339 with an offset, or `never`.",
        "anyOf": [{ "const": "never" }, { "$ref": "#/$defs/instant" }],
    })
}

fn deny() -> Value {
    let about = by_provider(|facts| {
        let all = facts.forms.iter().fold(Deny::NOTHING, |all, form| all.union(form.deny));
        (!all.is_empty()).then(|| all.names().collect::<Vec<_>>().join(", "))
    });
    let join: Vec<_> = Deny::JOIN.names().collect();
    let mut schema = distinct(&format!("What is denied. {about}"), &denials());
    set(&mut schema, "default", json!(join));
    schema
}

fn wide() -> Value {
    let about = by_provider(|facts| {
        let wide = facts.forms.iter().filter(|form| form.wide);
        let kinds: Vec<_> = wide.map(|form| Kind::name(form.kind)).collect();
        (!kinds.is_empty()).then(|| kinds.join(", "))
    });
    json!({
        "description": format!("Must be true for what reaches everybody there. {about}"),
        "type": "boolean",
    })
}

fn meta() -> Value {
    json!({
        "description": "For people: texts under any keys, never sent anywhere.",
        "type": "object",
        "additionalProperties": { "type": ["string", "number", "boolean"] },
    })
}

/// A sentence that says something of every provider that has it.
fn by_provider(say: impl Fn(&Facts) -> Option<String>) -> String {
    let facts = REGISTRY.into_iter().map(Provider::facts);
    let said = facts.filter_map(|facts| Some(format!("{}: {}", facts.title, say(facts)?)));
    format!("{}.", said.collect::<Vec<_>>().join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_may_have_the_keys_that_are_read() {
        for section in [Section::Bans, Section::ForbiddenStreams] {
            let schema = entry(section);
            let keys: Vec<_> = schema["properties"].as_object().unwrap().keys().collect();
            assert_eq!(keys, section.keys());
        }
    }

    #[test]
    fn a_protection_may_have_the_keys_that_are_read() {
        let schema = protection();
        let keys: Vec<_> = schema["properties"].as_object().unwrap().keys().collect();
        assert_eq!(keys, crate::policy::protect::KEYS);
    }
}
