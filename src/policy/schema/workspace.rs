//! The schema of the policy files of one workspace: its targets, and what each of them takes.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::entry::{Named, Whose, capital, entry, protection};
use super::ids;
use super::policy::{definition, entries, file};
use super::value::{choice, distinct, set};
use crate::domain::TargetName;
use crate::policy::Config;
use crate::policy::section::Section;
use crate::provider::{Facts, Provider, REGISTRY, Target};

/// The schema of a policy file of the workspace with this config.
pub(super) fn schema(config: &Config) -> Value {
    let targets = &config.targets;
    let all = providers(targets);
    let mut definitions =
        vec![("id".to_owned(), ids::any()), ("target".to_owned(), one_of(targets, |_| true))];
    let lists = [Section::Bans, Section::ForbiddenStreams].map(|section| {
        let whose: Vec<_> = all.iter().copied().filter(|facts| section.is_at(facts)).collect();
        if whose.is_empty() {
            return none(section);
        }
        definitions.extend(of_section(section, &whose, targets));
        entries(section, &whose)
    });
    definitions.extend(of_protect(&all, targets));
    file(lists, definitions)
}

type Targets = BTreeMap<TargetName, Arc<Target>>;

/// The providers of these targets, in their order.
fn providers(targets: &Targets) -> Vec<&'static Facts> {
    let is_used = |facts: &&'static Facts| !names(targets, facts).is_empty();
    REGISTRY.into_iter().map(Provider::facts).filter(is_used).collect()
}

/// The targets of a provider.
fn names<'a>(targets: &'a Targets, facts: &Facts) -> Vec<&'a str> {
    let own = targets.values().filter(|target| target.provider.facts().name == facts.name);
    own.map(|target| target.name.as_str()).collect()
}

/// The names of targets, each with the app it stands for.
fn one_of(targets: &Targets, is_meant: impl Fn(&Facts) -> bool) -> Value {
    let meant = targets.values().filter(|target| is_meant(target.provider.facts()));
    let mut schema = choice(meant.map(|target| (target.name.to_string(), app(target))));
    set(&mut schema, "description", json!("A target of the config."));
    schema
}

/// Which app a target is.
fn app(target: &Target) -> String {
    let facts = target.provider.facts();
    let known = facts.settings.iter().filter(|setting| setting.identity);
    let known = known.map(|setting| format!("{} {}", setting.name, target.setting(setting.name)));
    let account = target.account.iter().map(|account| format!("account {account}"));
    let test = target.options.test_environment.then(|| "test environment".to_owned());
    let parts = [facts.title.to_owned()].into_iter().chain(known).chain(account).chain(test);
    format!("{}.", parts.collect::<Vec<_>>().join(", "))
}

/// A list that nothing can stand in, since none of the targets has such a thing.
fn none(section: Section) -> Value {
    let elsewhere = REGISTRY.into_iter().map(Provider::facts).filter(|facts| section.is_at(facts));
    let elsewhere: Vec<_> = elsewhere.map(|facts| facts.title).collect();
    let about = format!("No target of the config has them, only {} does.", elsewhere.join(" or "));
    json!({ "description": about, "type": "array", "maxItems": 0 })
}

/// An entry: the rules of whichever provider its targets have, and of each where they have several.
fn of_section(section: Section, whose: Whose<'_>, targets: &Targets) -> Vec<(String, Value)> {
    let noun = definition(section);
    let target = format!("{noun}_target");
    let named = Named::By(&target);
    let mut schema = json!({
        "description": format!("{} at targets of the config.", capital(section)),
        "type": "object",
        "properties": Map::from_iter(named.keys().map(|(name, key)| (name.to_owned(), key))),
    });
    let is_meant = |facts: &Facts| section.is_at(facts);
    let mut cases = Cases { noun, keys: &["target", "targets"], definitions: Vec::new() };
    let of = |whose: Whose<'_>| entry(section, whose, Named::Outside);
    let all: Vec<_> = named.either().into_iter().chain(cases.of(whose, targets, of)).collect();
    set(&mut schema, "allOf", json!(all));
    let mut definitions = cases.definitions;
    definitions.push((target.clone(), one_of(targets, is_meant)));
    definitions.push((noun.to_owned(), schema));
    definitions
}

fn of_protect(whose: Whose<'_>, targets: &Targets) -> Vec<(String, Value)> {
    let noun = "protection";
    let item = json!({ "$ref": "#/$defs/target" });
    let named = distinct("The targets; all by default.", &item);
    let mut cases = Cases { noun, keys: &["targets"], definitions: Vec::new() };
    let all = cases.of(whose, targets, |whose| protection(whose, json!(true)));
    let schema = json!({
        "description": "Subjects that nobody may restrict.",
        "type": "object",
        "properties": { "targets": named },
        "allOf": all,
    });
    let mut definitions = cases.definitions;
    definitions.push((noun.to_owned(), schema));
    definitions
}

/// What holds by the targets that are named.
struct Cases<'a> {
    /// What they are named in.
    noun: &'a str,
    /// The keys that name them.
    keys: &'a [&'a str],
    /// What holds for each provider, and where no target is named.
    definitions: Vec<(String, Value)>,
}

impl Cases<'_> {
    fn of(
        &mut self,
        whose: Whose<'_>,
        targets: &Targets,
        schema: impl Fn(Whose<'_>) -> Value,
    ) -> Vec<Value> {
        let mut cases = Vec::new();
        let mut all = Vec::new();
        for facts in whose {
            let names = names(targets, facts);
            let definition = format!("{}_{}", facts.name, self.noun);
            let then = json!({ "$ref": format!("#/$defs/{definition}") });
            cases.push(json!({ "if": self.naming(&names), "then": then }));
            self.definitions.push((definition, schema(&[facts])));
            all.extend(names);
        }
        let definition = format!("any_{}", self.noun);
        let otherwise = json!({ "$ref": format!("#/$defs/{definition}") });
        cases.push(json!({ "if": self.naming(&all), "else": otherwise }));
        self.definitions.push((definition, schema(whose)));
        cases
    }

    /// That one of these targets is named.
    fn naming(&self, names: &[&str]) -> Value {
        let ways = self.keys.iter().map(|key| {
            let name = json!({ "enum": names });
            let holds = if *key == "targets" { json!({ "contains": name }) } else { name };
            json!({ "required": [key], "properties": { (*key): holds } })
        });
        json!({ "type": "object", "anyOf": ways.collect::<Vec<_>>() })
    }
}
