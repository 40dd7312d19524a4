//! One target of the config.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Permissions;
use super::credentials::{read_credentials, secret};
use super::fields::Fields;
use super::options;
use super::problem::{Problem, Reporter, quote};
use super::scalar::{read_number, read_text};
use super::suggest::{did_you_mean, one_of};
use super::yaml::{At, Key, Node};
use crate::domain::{Source, TargetName};
use crate::provider::{
    self, Endpoint, Facts, IdRule, Provider, REGISTRY, Setting, SettingKind, Target,
};

/// The keys of every target.
pub(super) const KEYS: [&str; 7] =
    ["provider", "region", "endpoint", "credentials", "account", "rate", "moved_from"];

/// The keys of a target with these settings, in the order in which they are written: what says which
/// app it is stands behind the provider.
pub(super) fn keys(settings: impl IntoIterator<Item = &'static Setting>) -> Vec<&'static str> {
    let [provider, others @ ..] = KEYS;
    let settings = settings.into_iter().map(|setting| setting.name);
    [provider].into_iter().chain(settings).chain(others).chain(options::KEYS).collect()
}

/// The longest label of an account, in bytes: as long as the longest target name.
pub(super) const LONGEST_ACCOUNT: usize = 63;

/// What could be read of a target.
pub(super) struct Draft {
    /// The provider, if it is known.
    pub(super) facts: Option<&'static Facts>,
    /// The target, if it has what makes one; it may still have been found wrong.
    pub(super) target: Option<Target>,
}

/// Reads one target.
pub(super) fn read_target(
    name: &TargetName,
    key: &Key<'_>,
    node: &Node<'_>,
    permissions: &Permissions,
    reporter: &mut Reporter<'_>,
) -> Draft {
    let Some(provider) = read_provider(key, node, reporter) else {
        return Draft { facts: None, target: None };
    };
    let facts = provider.facts();
    let known = keys(facts.settings);
    let what = format!("a {} target", facts.title);
    let Some(fields) = Fields::open(node, &what, &known, reporter) else {
        return Draft { facts: Some(facts), target: None };
    };
    for node in facts.credentials.iter().filter_map(|name| fields.get(name)) {
        reporter.push(secret(node.at));
    }
    let settings = read_settings(&fields, key.at, facts, reporter);
    let endpoint = read_endpoint(&fields, key.at, facts, permissions, reporter);
    let account = read_account(&fields, reporter);
    let rate = read_rate(&fields, facts, reporter);
    let options = options::read_options(&fields, facts, reporter);
    let moved_from = read_moved_from(&fields, reporter);
    let credentials = read_credentials(&fields, key.at, facts, permissions, reporter);
    let target = settings.zip(endpoint).map(|(settings, endpoint)| Target {
        name: name.clone(),
        provider,
        settings,
        endpoint,
        account,
        rate,
        options,
        moved_from,
        credentials,
        source: source(reporter, key.at),
    });
    Draft { facts: Some(facts), target }
}

fn source(reporter: &Reporter<'_>, at: At) -> Source {
    Source { file: Arc::clone(&reporter.file.name), line: at.line, column: at.column }
}

fn read_provider(
    key: &Key<'_>,
    node: &Node<'_>,
    reporter: &mut Reporter<'_>,
) -> Option<&'static dyn Provider> {
    let names = REGISTRY.map(|provider| provider.facts().name);
    let super::yaml::Value::Mapping(pairs) = &node.value else {
        return super::scalar::wrong(node, "a target", "a mapping", reporter);
    };
    let Some((_, node)) = pairs.iter().find(|(key, _)| key.text == "provider") else {
        reporter.push(
            Problem::new("provider-missing", key.at, "the target does not say its provider")
                .help(one_of(&names)),
        );
        return None;
    };
    let name = read_text(node, "`provider`", reporter)?;
    let provider = provider::find(name);
    if provider.is_none() {
        let message = format!("there is no provider {}", quote(name));
        reporter.push(
            Problem::new("unknown-provider", node.at, message).help(did_you_mean(name, &names)),
        );
    }
    provider
}

fn read_settings(
    fields: &Fields<'_, '_>,
    key: At,
    facts: &'static Facts,
    reporter: &mut Reporter<'_>,
) -> Option<BTreeMap<&'static str, Arc<str>>> {
    let mut settings = BTreeMap::new();
    let mut whole = true;
    for setting in facts.settings {
        let Setting { name, kind: _, identity: _, about } = setting;
        let Some(node) = fields.get(name) else {
            let message = format!("a {} target needs `{name}`", facts.title);
            reporter.push(
                Problem::new("setting-missing", key, message).help(format!("`{name}`: {about}")),
            );
            whole = false;
            continue;
        };
        match read_text(node, format_args!("`{name}`"), reporter)
            .map(|text| check_setting(setting, text))
        {
            Some(Ok(text)) => {
                settings.insert(*name, text);
            }
            Some(Err(message)) => {
                let message = format!("`{name}` {message}");
                reporter.push(
                    Problem::new("bad-setting", node.at, message)
                        .help(format!("`{name}`: {about}")),
                );
                whole = false;
            }
            None => whole = false,
        }
    }
    whole.then_some(settings)
}

fn check_setting(setting: &Setting, text: &str) -> Result<Arc<str>, String> {
    let rule = match setting.kind {
        SettingKind::Number(most) => IdRule::Number(most),
        SettingKind::Word(most) => IdRule::PrintableAscii(most),
    };
    rule.parse(text)?;
    if text.contains(' ') {
        return Err("must have no blanks".to_owned());
    }
    Ok(text.into())
}

fn read_endpoint(
    fields: &Fields<'_, '_>,
    key: At,
    facts: &'static Facts,
    permissions: &Permissions,
    reporter: &mut Reporter<'_>,
) -> Option<Endpoint> {
    let region = read_region(fields, facts, reporter);
    if let Some(node) = fields.get("endpoint") {
        let text = read_text(node, "`endpoint`", reporter)?;
        return match Endpoint::parse(text) {
            Ok(endpoint) => {
                check_host(&endpoint, node.at, facts, permissions, reporter).then_some(endpoint)
            }
            Err(error) => {
                reporter.push(
                    Problem::new("bad-endpoint", node.at, format!("`endpoint` is wrong: {error}"))
                        .help("such as `https://api.example.com` or `http://127.0.0.1:8080`"),
                );
                None
            }
        };
    }
    if fields.get("region").is_none() && facts.default_region.is_none() {
        let message = format!("a {} target needs a `region`", facts.title);
        let names: Vec<_> = facts.regions.iter().map(|region| region.name).collect();
        reporter.push(Problem::new("region-missing", key, message).help(one_of(&names)));
    }
    region.map(Endpoint::of_host)
}

/// The host of the region, named or by default.
fn read_region(
    fields: &Fields<'_, '_>,
    facts: &'static Facts,
    reporter: &mut Reporter<'_>,
) -> Option<&'static str> {
    let (name, at) = match fields.get("region") {
        Some(node) => (read_text(node, "`region`", reporter)?, node.at),
        None => (facts.default_region?, fields.at),
    };
    let region = facts.regions.iter().find(|region| region.name == name);
    if region.is_none() {
        let message = format!("{} has no region {}", facts.title, quote(name));
        let names: Vec<_> = facts.regions.iter().map(|region| region.name).collect();
        reporter.push(Problem::new("unknown-region", at, message).help(did_you_mean(name, &names)));
    }
    region.map(|region| region.host)
}

/// A repository may not send signed calls wherever it likes.
fn check_host(
    endpoint: &Endpoint,
    at: At,
    facts: &'static Facts,
    permissions: &Permissions,
    reporter: &mut Reporter<'_>,
) -> bool {
    let host = endpoint.host();
    let allowed = endpoint.is_loopback()
        || facts.documents_host(host)
        || permissions
            .hosts
            .iter()
            .any(|allowed| allowed == host || allowed == endpoint.authority());
    if !allowed {
        let message = format!("{} is no documented host of {}", quote(host), facts.title);
        reporter.push(
            Problem::new("host-not-allowed", at, message)
                .help(format!("set `OSTRACON_ALLOW_HOSTS={host}` where that is meant")),
        );
    }
    allowed
}

fn read_account(fields: &Fields<'_, '_>, reporter: &mut Reporter<'_>) -> Option<Arc<str>> {
    let text = fields.text("account", reporter)?;
    if let Err(message) = IdRule::Text(LONGEST_ACCOUNT).parse(text) {
        let at = fields.get("account").map_or(fields.at, |node| node.at);
        reporter.push(Problem::new("bad-account", at, format!("`account` {message}")));
    }
    Some(text.into())
}

fn read_rate(fields: &Fields<'_, '_>, facts: &Facts, reporter: &mut Reporter<'_>) -> Option<u32> {
    let most = facts.highest_rate();
    let rate = read_number(fields.get("rate")?, "`rate`", (1, most.into()), reporter)?;
    u32::try_from(rate).ok()
}

fn read_moved_from(fields: &Fields<'_, '_>, reporter: &mut Reporter<'_>) -> Option<TargetName> {
    let text = fields.text("moved_from", reporter)?;
    let name = TargetName::parse(text);
    if name.is_none() {
        let at = fields.get("moved_from").map_or(fields.at, |node| node.at);
        let message = format!("{} is no name of a target", quote(text));
        reporter.push(Problem::new("bad-target-name", at, message));
    }
    name
}
