//! The schema of a policy file, whatever the config says.

use serde_json::{Value, json};

use super::entry::{Named, Whose, entry, protection};
use super::ids;
use super::value::{DRAFT, distinct, target_name, with_examples};
use crate::policy::section::Section;
use crate::provider::{Provider, REGISTRY};

/// The schema of a policy file.
pub(super) fn schema() -> Value {
    let whose = REGISTRY.map(Provider::facts);
    let named = Named::By("target");
    let target = target_name("The name of a target of the config.");
    let samples: Vec<_> =
        whose.iter().take(2).map(|facts| format!("{}-live", facts.name)).collect();
    let targets = distinct("The targets; all by default.", &json!({ "$ref": "#/$defs/target" }));
    let definitions = [
        ("ban", entry(Section::Bans, &whose, named)),
        ("forbidden_stream", entry(Section::ForbiddenStreams, &whose, named)),
        ("protection", protection(&whose, targets)),
        ("target", with_examples(target, json!(samples))),
        ("id", ids::any()),
    ];
    let definitions = definitions.map(|(name, schema)| (name.to_owned(), schema));
    let lists = [Section::Bans, Section::ForbiddenStreams].map(|section| entries(section, &whose));
    file(lists, definitions)
}

/// A policy file with these lists of entries and these definitions.
pub(super) fn file(
    [bans, streams]: [Value; 2],
    definitions: impl IntoIterator<Item = (String, Value)>,
) -> Value {
    json!({
        "$schema": DRAFT,
        "title": "ostracon policy",
        "description": "Who is kept out, which streams are stopped, who is never restricted.",
        "type": "object",
        "properties": {
            "bans": bans,
            "forbidden_streams": streams,
            "protect": {
                "description": "Who is never restricted, whoever asks.",
                "type": "array",
                "items": { "$ref": "#/$defs/protection" },
            },
        },
        "additionalProperties": false,
        "$defs": definitions.into_iter().collect::<serde_json::Map<_, _>>(),
    })
}

/// A list of entries, with what each must name at these providers.
pub(super) fn entries(section: Section, whose: Whose<'_>) -> Value {
    let able = whose.iter().filter(|facts| section.is_at(facts));
    let needs: Vec<_> = able.map(|facts| section.needs(facts)).collect();
    let about = match section {
        Section::Bans => "Whom to keep out",
        Section::ForbiddenStreams => "Which streams to stop",
    };
    json!({
        "description": format!("{about}. {}.", needs.join("; ")),
        "type": "array",
        "items": { "$ref": format!("#/$defs/{}", definition(section)) },
    })
}

/// The name under which the schema of an entry is defined.
pub(super) const fn definition(section: Section) -> &'static str {
    match section {
        Section::Bans => "ban",
        Section::ForbiddenStreams => "forbidden_stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_may_have_the_keys_that_are_read() {
        for section in [Section::Bans, Section::ForbiddenStreams] {
            let schema = entry(section, &REGISTRY.map(Provider::facts), Named::By("target"));
            let keys: Vec<_> = schema["properties"].as_object().unwrap().keys().collect();
            assert_eq!(keys, section.keys());
        }
    }

    #[test]
    fn a_protection_may_have_the_keys_that_are_read() {
        let schema = protection(&REGISTRY.map(Provider::facts), json!({}));
        let keys: Vec<_> = schema["properties"].as_object().unwrap().keys().collect();
        assert_eq!(keys, crate::policy::protect::KEYS);
    }
}
