//! The schemas of an entry and of an item of `protect`, for some providers or for one.

use serde_json::{Map, Value, json};

use super::value::{
    distinct, instant, instant_or_never, list, reference, set, shaped_text, short_text, text,
    with_examples,
};
use super::{hints, ids, ways};
use crate::domain::{Deny, Kind};
use crate::policy::section::{Section, SubjectKey};
use crate::policy::terms::LONGEST_ID;
use crate::provider::{Capability, Facts, IdRule};

/// The providers that an entry may be for. Where it is one, that one's rules hold.
pub(super) type Whose<'a> = &'a [&'static Facts];

/// The schema of an entry, without its targets: `named` has what is said of them.
pub(super) fn entry(section: Section, whose: Whose<'_>, named: Named<'_>) -> Value {
    let alone = if let [facts] = whose { ways::of(section, facts) } else { Vec::new() };
    let all = named.either().into_iter();
    let all = all.chain([json!({ "anyOf": ways::subjects(section, whose) })]).chain(alone);
    let noun = capital(section);
    json!({
        "title": title(noun, whose),
        "description": format!("{noun} takes effect at each target for each subject."),
        "type": "object",
        "properties": properties(section, whose, named),
        "required": ["until"],
        "additionalProperties": false,
        "allOf": all.collect::<Vec<_>>(),
    })
}

/// How the targets of an entry are described.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Named<'a> {
    /// Here, each by this definition.
    By(&'a str),
    /// Around this schema.
    Outside,
}

impl Named<'_> {
    /// The schemas of `target` and `targets`.
    pub(super) fn keys(self) -> [(&'static str, Value); 2] {
        let Self::By(definition) = self else {
            return ["target", "targets"].map(|name| (name, json!(true)));
        };
        let one = "The target, where there is one.";
        let some = "The targets: the entry is checked for each of them.";
        let item = json!({ "$ref": format!("#/$defs/{definition}") });
        [("target", reference(one, definition)), ("targets", distinct(some, &item))]
    }

    /// That one of the two is there.
    pub(super) fn either(self) -> Option<Value> {
        let both = json!({ "oneOf": [{ "required": ["target"] }, { "required": ["targets"] }] });
        (self != Self::Outside).then_some(both)
    }
}

fn properties(section: Section, whose: Whose<'_>, named: Named<'_>) -> Map<String, Value> {
    let mut properties = Map::new();
    let mut add = |name: &str, schema: Value| {
        properties.insert(name.to_owned(), schema);
    };
    let name = short_text("Names the entry in plans and in the audit log.", LONGEST_ID);
    add("id", with_examples(name, json!(["case-4821", "dmca-118"])));
    named.keys().into_iter().for_each(|(name, schema)| add(name, schema));
    if ways::takes_room(section, whose) {
        add("room", room(whose));
    }
    for key in section.subjects().iter().filter(|key| takes(whose, key.kind)) {
        let items = id(whose, |facts| facts.capability(key.kind).map(|capability| capability.id));
        add(key.inline, subjects(key, whose, &items));
        if let Some(name) = key.list {
            add(name, bulk_list(key));
        }
    }
    if section == Section::Bans {
        add("deny", deny(whose));
        add("wide", wide(whose));
    }
    add("reason", reason(section, whose));
    add("from", instant("Not before this instant: RFC 3339 with an offset."));
    add("until", instant_or_never("Until when: RFC 3339 with an offset, or `never`."));
    add("meta", meta());
    properties
}

/// What an entry of the list is called, where a sentence begins.
pub(super) const fn capital(section: Section) -> &'static str {
    match section {
        Section::Bans => "A ban",
        Section::ForbiddenStreams => "A forbidden stream",
    }
}

/// What editors call such an item: of the one provider, if there is one.
fn title(noun: &str, whose: Whose<'_>) -> String {
    match whose {
        [facts] => format!("{noun} at {}", facts.title),
        _ => noun.to_owned(),
    }
}

/// Whether one of the providers can restrict such a thing.
pub(super) fn takes(whose: Whose<'_>, kind: Kind) -> bool {
    whose.iter().any(|facts| facts.capability(kind).is_some())
}

/// The schema of an item of `protect`, for some providers; with this schema of its targets.
pub(super) fn protection(whose: Whose<'_>, targets: Value) -> Value {
    let keys = SubjectKey::ALL.into_iter().filter(|key| takes(whose, key.kind));
    // Where several targets are named, it is enough that one of them has such a subject.
    let item = json!({ "$ref": "#/$defs/id" });
    let mut properties: Map<_, _> =
        keys.clone().map(|key| (key.inline.to_owned(), subjects(&key, whose, &item))).collect();
    properties.insert("targets".to_owned(), targets);
    let reason = with_examples(text("Why, for people."), json!(["staff", "official host"]));
    properties.insert("reason".to_owned(), reason);
    json!({
        "title": title("Protection", whose),
        "description": "Subjects that nobody may restrict.",
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
        "anyOf": keys.map(|key| json!({ "required": [key.inline] })).collect::<Vec<_>>(),
    })
}

/// A list of ids of one kind, with what each provider takes, and these items.
fn subjects(key: &SubjectKey, whose: Whose<'_>, items: &Value) -> Value {
    let rule = |facts: &Facts| facts.capability(key.kind).map(|capability| capability.id);
    let about = format!("{} {}", whom(key.kind), by_provider(whose, |it| Some(rule(it)?.words())));
    let rules = whose.iter().filter_map(|facts| rule(facts));
    let mut lists = unlike(rules.map(|rule| json!(ids::samples(key.kind, rule))).collect());
    if let [Value::Array(only)] = &lists[..] {
        let fewer = only.iter().take(1).collect::<Vec<_>>();
        lists.insert(0, json!(fewer));
    }
    with_examples(list(&about, items), json!(lists))
}

const fn whom(kind: Kind) -> &'static str {
    match kind {
        Kind::Channel => "The room, as the provider knows it.",
        Kind::Device => "The devices, by the ids that the app gave them.",
        Kind::Ip => "Everybody behind these addresses.",
        Kind::Stream => "The ids of the streams.",
        Kind::User => "The users, by the ids that the app gave them.",
    }
}

fn bulk_list(key: &SubjectKey) -> Value {
    let about = format!(
        "Further {}, out of a `.txt` file of the workspace: one id a line, `#` for comments. The \
         path is from the top of the workspace, or from this file.",
        key.inline,
    );
    let schema = shaped_text(&about, "\\.txt$", "a file whose name ends with `.txt`");
    with_examples(schema, json!([format!("lists/{}.txt", key.inline), "lists/2026-11.txt"]))
}

fn room(whose: Whose<'_>) -> Value {
    let capability =
        |facts: &Facts| facts.capabilities.iter().find(|capability| capability.names_room());
    let rule = |facts: &Facts| capability(facts).map(|capability| capability.room_id);
    let words = |facts: &Facts| rule(facts).map(IdRule::words);
    let about = format!("{} {}", whom(Kind::Channel), by_provider(whose, words));
    let rules = whose.iter().filter_map(|facts| rule(facts));
    let samples = rules.flat_map(|rule| ids::samples(Kind::Channel, rule));
    let mut schema = id(whose, rule);
    set(&mut schema, "description", json!(about));
    with_examples(schema, json!(unlike(samples.collect())))
}

/// An id, by the rule of the provider if there is one.
fn id(whose: Whose<'_>, rule: impl Fn(&Facts) -> Option<IdRule>) -> Value {
    match whose {
        [facts] => rule(facts).map_or_else(ids::any, ids::of),
        _ => json!({ "$ref": "#/$defs/id" }),
    }
}

fn reason(section: Section, whose: Whose<'_>) -> Value {
    let limit = |facts: &Facts| {
        let capabilities = facts.capabilities.iter().filter(|capability| section.holds(capability));
        capabilities.filter_map(|capability| capability.reason).map(|rule| rule.max_bytes).min()
    };
    let said = by_provider(whose, |facts| Some(format!("at most {} bytes", limit(facts)?)));
    let mut schema = text(format!("Why, for people and for the audit log. {said}").trim_end());
    if let [facts] = whose
        && let Some(most) = limit(facts)
    {
        set(&mut schema, "maxLength", json!(most));
    }
    let examples = match section {
        Section::Bans => ["Hate speech in chat", "Repeated insults"],
        Section::ForbiddenStreams => ["Rebroadcast of paid content", "Court order"],
    };
    with_examples(schema, json!(examples))
}

/// What a provider can deny by any of its capabilities.
fn deniable(facts: &Facts) -> Deny {
    facts.capabilities.iter().fold(Deny::NOTHING, |all, capability| all.union(capability.deny))
}

fn deny(whose: Whose<'_>) -> Value {
    let about = by_provider(whose, |facts| {
        let all = deniable(facts);
        (!all.is_empty()).then(|| all.names().collect::<Vec<_>>().join(", "))
    });
    let all = whose.iter().fold(Deny::NOTHING, |all, facts| all.union(deniable(facts)));
    let join: Vec<_> = Deny::JOIN.names().collect();
    let about = format!("What is denied, `join` by default. {about}");
    let mut schema = distinct(&about, &hints::denials(all));
    set(&mut schema, "default", json!(join));
    let others: Vec<_> = all.names().filter(|name| !join.contains(name)).collect();
    if !others.is_empty() {
        set(&mut schema, "examples", json!([join, others]));
    }
    schema
}

fn wide(whose: Whose<'_>) -> Value {
    let wide = |facts: &Facts| {
        let wide = facts.capabilities.iter().filter(|capability| capability.wide);
        let kinds: Vec<_> = wide.map(|capability| Kind::name(capability.kind)).collect();
        (!kinds.is_empty()).then(|| kinds.join(", "))
    };
    let needed = whose
        .iter()
        .any(|facts| facts.capabilities.iter().any(|capability: &Capability| capability.wide));
    if needed {
        let about = "Must be true for what reaches everybody there, and not its subject alone.";
        let about = format!("{about} {}", by_provider(whose, wide));
        return json!({ "description": about, "type": "boolean" });
    }
    let about = "Means nothing here: every restriction reaches only whom it names.";
    json!({ "description": about, "type": "boolean", "doNotSuggest": true })
}

fn meta() -> Value {
    let schema = json!({
        "description": "For people and the audit log: texts under any keys, never sent anywhere.",
        "type": "object",
        "additionalProperties": {
            "description": "A text, a number, `true` or `false`.",
            "type": ["string", "number", "boolean"],
        },
    });
    let case = json!({ "case": "T-4821", "decided_by": "trust-and-safety" });
    with_examples(schema, json!([case, { "evidence": "https://tickets.example.com/4821" }]))
}

/// A sentence that says something of each provider that has it; nothing if none has.
fn by_provider(whose: Whose<'_>, say: impl Fn(&Facts) -> Option<String>) -> String {
    let said = whose.iter().filter_map(|facts| Some(format!("{}: {}", facts.title, say(facts)?)));
    let said: Vec<_> = said.collect();
    if said.is_empty() { String::new() } else { format!("{}.", said.join("; ")) }
}

/// The same without what stands there already.
fn unlike(values: Vec<Value>) -> Vec<Value> {
    let mut kept: Vec<Value> = Vec::new();
    for value in values {
        if !kept.contains(&value) {
            kept.push(value);
        }
    }
    kept
}
