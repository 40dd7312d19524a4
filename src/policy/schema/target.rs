//! The schema of a target, by the facts of its provider.

use serde_json::{Map, Value, json};

use super::hints;
use super::value::{reference, set, shaped_text, short_text, span, target_name, with_examples};
use crate::policy::options;
use crate::policy::target::LONGEST_ACCOUNT;
use crate::provider::target::REKICK_EVERY;
use crate::provider::{Facts, Provider, REGISTRY, Setting, SettingKind};

/// The schema of a target of any provider: it names one, and that one's schema holds.
pub(super) fn of_any() -> Value {
    let facts = REGISTRY.map(Provider::facts);
    let mut provider = hints::providers();
    set(&mut provider, "description", json!("Whose app it is; the other keys depend on it."));
    let cases = facts.map(|facts| {
        json!({
            "if": {
                "properties": { "provider": { "const": facts.name } },
                "required": ["provider"],
            },
            "then": { "$ref": format!("#/$defs/{}", definition(facts)) },
        })
    });
    json!({
        "description": "One provider app with the sources of its credentials.",
        "type": "object",
        "properties": { "provider": provider },
        "required": ["provider"],
        "allOf": cases,
    })
}

/// The name under which the schema of a provider's targets is defined.
pub(super) fn definition(facts: &Facts) -> String {
    format!("{}_target", facts.name)
}

/// The schema of a target of one provider.
pub(super) fn of(facts: &Facts) -> Value {
    let settings = facts.settings.iter().map(|setting| setting.name);
    let required: Vec<_> =
        ["provider"].into_iter().chain(settings).chain(["credentials"]).collect();
    let mut schema = json!({
        "title": format!("{} target", facts.title),
        "description": format!("An app of {}.", facts.title),
        "type": "object",
        "properties": properties(facts),
        "required": required,
        "additionalProperties": false,
    });
    if facts.default_region.is_none() {
        set(
            &mut schema,
            "anyOf",
            json!([{ "required": ["region"] }, { "required": ["endpoint"] }]),
        );
    }
    schema
}

fn properties(facts: &Facts) -> Map<String, Value> {
    let mut properties = Map::new();
    let mut add = |name: &str, schema: Value| {
        properties.insert(name.to_owned(), schema);
    };
    add("provider", json!({ "description": "Whose app it is.", "const": facts.name }));
    for known in facts.settings {
        add(known.name, setting(known, facts));
    }
    add("region", region(facts));
    add("endpoint", endpoint(facts));
    add("credentials", credentials(facts));
    add("account", account(facts));
    add("rate", rate(facts));
    let before = "The name this target had before: it takes over what the state has of that one.";
    add("moved_from", with_examples(target_name(before), json!(["live", "live-2025"])));
    for name in options::KEYS.into_iter().filter(|name| options::useless(name, facts).is_none()) {
        add(name, option(name, facts));
    }
    properties
}

fn setting(setting: &Setting, facts: &Facts) -> Value {
    let about = format!("{}: {}.", facts.title, setting.about);
    match setting.kind {
        SettingKind::Number(most) => {
            let wanted = format!("a whole number from 1 to {most}");
            let mut schema = shaped_text(&about, "^[1-9][0-9]*$", &wanted);
            set(&mut schema, "minimum", json!(1));
            set(&mut schema, "maximum", json!(most));
            schema
        }
        SettingKind::Word(most) => {
            let wanted = format!("1 to {most} bytes of printable ASCII without blanks");
            let mut schema = shaped_text(&about, "^[!-~]+$", &wanted);
            set(&mut schema, "maxLength", json!(most));
            schema
        }
    }
}

fn region(facts: &Facts) -> Value {
    let about = match facts.default_region {
        Some(name) => {
            format!("Which of the documented hosts the calls go to; `{name}` by default.")
        }
        None => "Which of the documented hosts the calls go to.".to_owned(),
    };
    let mut schema = hints::regions(facts);
    set(&mut schema, "description", json!(about));
    if let Some(name) = facts.default_region {
        set(&mut schema, "default", json!(name));
    }
    schema
}

fn endpoint(facts: &Facts) -> Value {
    let about = format!(
        "Where the calls go instead of a region's host: `https://`, or `http://` on a loopback \
         address. A host that {} does not document needs `OSTRACON_ALLOW_HOSTS`.",
        facts.title,
    );
    let wanted = "`https://` and a host, or `http://` and a loopback address";
    let mut schema = shaped_text(&about, "^[Hh][Tt][Tt][Pp][Ss]?://", wanted);
    set(&mut schema, "type", json!("string"));
    let hosts =
        facts.regions.iter().map(|region| region.host).chain(facts.other_hosts.iter().copied());
    let hosts = hosts.take(1).map(|host| format!("https://{host}"));
    let local = "http://127.0.0.1:8700".to_owned();
    with_examples(schema, json!(hosts.chain([local]).collect::<Vec<_>>()))
}

fn rate(facts: &Facts) -> Value {
    let most = facts.highest_rate();
    json!({
        "description": format!("Calls per second, at most the {most} that are documented."),
        "type": "integer",
        "minimum": 1,
        "maximum": most,
        "examples": [most, most.div_ceil(2)],
    })
}

fn account(facts: &Facts) -> Value {
    let about = if facts.rate_is_per_account {
        format!(
            "A label of the account. {} limits the rate of an account: targets with one label, \
             by default all of them, share it.",
            facts.title,
        )
    } else {
        "A label of the account, for people.".to_owned()
    };
    with_examples(short_text(&about, LONGEST_ACCOUNT), json!(["main", "eu"]))
}

fn option(name: &str, facts: &Facts) -> Value {
    match name {
        "renew_before" => {
            let caps = facts.capabilities.iter().filter_map(|capability| capability.expiry.cap());
            let cap = caps.min().unwrap_or_default().as_secs();
            let about = format!(
                "Renew when less than this is left, as in `12h`: less than the {cap} seconds that \
                 {} holds at most. Half of that by default.",
                facts.title,
            );
            span(&about, &["12h", "6h"])
        }
        "rekick_every" => {
            let about = "Kick again after this long, as in `15m`.";
            let mut schema = span(about, &["15m", "5m"]);
            set(&mut schema, "default", json!(format!("{}m", REKICK_EVERY.as_mins())));
            schema
        }
        "reassert_every" => span(
            "Repeat every restriction after this long, as in `7d`. Off by default.",
            &["7d", "12h"],
        ),
        "quota" => {
            let mut quotas = facts.capabilities.iter().filter_map(|capability| capability.quota);
            let documented = quotas.next().map_or(0, |quota| quota.per_room);
            json!({
                "description": "How many restrictions of one kind a room can hold.",
                "type": "integer",
                "minimum": 1,
                "maximum": u32::MAX,
                "default": documented,
                "examples": [documented, documented.saturating_mul(2).max(1)],
            })
        }
        _ => json!({
            "description": "Whether the calls go to the test environment, with its lower rates.",
            "type": "boolean",
            "default": false,
        }),
    }
}

fn credentials(facts: &Facts) -> Value {
    let sources = facts
        .credentials
        .iter()
        .map(|name| ((*name).to_owned(), reference(&secret(name), "credential")));
    json!({
        "description": "Where the secrets come from: each from `env`, `file` or `command`.",
        "type": "object",
        "properties": sources.collect::<Map<_, _>>(),
        "required": facts.credentials,
        "additionalProperties": false,
    })
}

fn secret(name: &str) -> String {
    format!("Where `{name}` comes from, never the secret itself: one of `env`, `file`, `command`.")
}
