//! `ostracon.yaml`: targets, guards, where the state lives.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::Permissions;
use super::fields::Fields;
use super::guards::{read_guards, read_order_limits};
use super::problem::{Problem, Reporter, quote};
use super::scalar::{read_number, wrong};
use super::target::{Draft, read_target};
use super::target_index::TargetIndex;
use super::yaml::{At, Key, Node, Value};
use crate::domain::{Guards, OrderLimits, TargetName};
use crate::provider::Target;

/// The config of a workspace, checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// Its targets.
    pub targets: BTreeMap<TargetName, Arc<Target>>,
    /// How much one plan may change.
    pub guards: Guards,
    /// How far an order may go.
    pub orders: OrderLimits,
    /// Where the state lives.
    pub state: StateLocation,
    /// The lineage the state must have, once that is set.
    pub lineage: Option<String>,
}

/// Where the state lives.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum StateLocation {
    /// At this path below the workspace, as the config says.
    InWorkspace(PathBuf),
    /// At this path, as the command line or the environment says.
    Given(PathBuf),
    /// On the server of this URL, as the command line or the environment says: it may hold a
    /// password.
    Server(String),
}

pub(super) const KEYS: [&str; 6] = ["version", "state", "lineage", "targets", "guards", "orders"];

/// Where the state lives unless the config says otherwise.
pub(super) const DEFAULT_STATE: &str = ".ostracon/state.db";

/// What could be read of a config.
pub(super) struct Reading {
    /// The config; wrong parts hold their defaults.
    pub(super) config: Config,
    /// The targets that policies may name.
    pub(super) index: TargetIndex,
}

/// Reads a config.
pub(super) fn read_config(
    root: &Node<'_>,
    permissions: &Permissions,
    reporter: &mut Reporter<'_>,
) -> Reading {
    let mut config = Config {
        targets: BTreeMap::new(),
        guards: Guards::default(),
        orders: OrderLimits::default(),
        state: StateLocation::InWorkspace(DEFAULT_STATE.into()),
        lineage: None,
    };
    let mut index = TargetIndex::default();
    let Some(fields) = Fields::open(root, "the config", &KEYS, reporter) else {
        return Reading { config, index };
    };
    check_version(&fields, reporter);
    if let Some(state) = fields.text("state", reporter) {
        let at = fields.get("state").map_or(fields.at, |node| node.at);
        config.state = read_state(state, at, reporter).unwrap_or(config.state);
    }
    config.lineage = read_lineage(&fields, reporter);
    if let Some(node) = fields.get("guards") {
        config.guards = read_guards(node, reporter);
    }
    if let Some(node) = fields.get("orders") {
        config.orders = read_order_limits(node, reporter);
    }
    if let Some(given) = given_state(permissions, reporter) {
        config.state = given;
    }
    if let Some(targets) = read_targets(&fields, permissions, &mut config, reporter) {
        index = TargetIndex { is_whole: true, targets };
    }
    Reading { config, index }
}

fn check_version(fields: &Fields<'_, '_>, reporter: &mut Reporter<'_>) {
    let Some(node) = fields.get("version") else {
        reporter.push(
            Problem::new("version-missing", fields.at, "the config does not say its version")
                .help("add `version: 1`"),
        );
        return;
    };
    let version = read_number(node, "`version`", (1, u64::MAX), reporter);
    if version.is_some_and(|version| version != 1) {
        reporter.push(
            Problem::new("unknown-version", node.at, "this version of the config is not known")
                .help("this ostracon reads `version: 1`; a newer one may read more"),
        );
    }
}

fn read_state(text: &str, at: At, reporter: &mut Reporter<'_>) -> Option<StateLocation> {
    if is_server(text) {
        reporter.push(Problem::new("state-outside", at, "`state` is on a server").help(
            "a repository may not say so: give such a URL by `--state` or `OSTRACON_STATE`, its \
             password by `PGPASSWORD` or a `.pgpass`",
        ));
        return None;
    }
    let Some(path) = state_path(text) else {
        let message = format!("`state` must be `sqlite:` and a path, not {}", quote(text));
        reporter.push(
            Problem::new("bad-state", at, message)
                .help(format!("the default is `sqlite:{DEFAULT_STATE}`")),
        );
        return None;
    };
    let inside = path.components().all(|part| matches!(part, Component::Normal(_)));
    if !inside || text.contains('\\') {
        reporter.push(Problem::new("state-outside", at, "`state` leaves the workspace").help(
            "a repository may not say so: give such a path by `--state` or `OSTRACON_STATE`",
        ));
        return None;
    }
    Some(StateLocation::InWorkspace(path))
}

fn state_path(text: &str) -> Option<PathBuf> {
    let path = text.strip_prefix("sqlite:")?;
    let legal = !path.is_empty() && !path.chars().any(char::is_control);
    legal.then(|| Path::new(path).to_path_buf())
}

fn is_server(text: &str) -> bool {
    text.starts_with("postgresql://") || text.starts_with("postgres://")
}

fn given_state(permissions: &Permissions, reporter: &mut Reporter<'_>) -> Option<StateLocation> {
    let text = permissions.state.as_deref()?;
    if is_server(text) {
        return Some(StateLocation::Server(text.to_owned()));
    }
    let path = state_path(text);
    if path.is_none() {
        let message = "the state must be `sqlite:` and a path, or `postgresql://…`";
        // What was meant as a URL may hold a password.
        let said = if text.contains("://") {
            message.to_owned()
        } else {
            format!("{message}, not {}", quote(text))
        };
        reporter.findings.push_bare(
            super::Diagnostic::bare("bad-state", said)
                .with_help("`--state` or `OSTRACON_STATE` says so"),
        );
    }
    path.map(StateLocation::Given)
}

fn read_lineage(fields: &Fields<'_, '_>, reporter: &mut Reporter<'_>) -> Option<String> {
    let text = fields.text("lineage", reporter)?;
    let is_uuid = text.len() == 36
        && text.bytes().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
    if !is_uuid {
        let at = fields.get("lineage").map_or(fields.at, |node| node.at);
        reporter.push(
            Problem::new("bad-lineage", at, format!("{} is no lineage", quote(text)))
                .help("copy the UUID that `plan --format json` shows as `state.lineage`"),
        );
        return None;
    }
    Some(text.to_ascii_lowercase())
}

/// Each target's provider, as far as the config says.
type Providers = BTreeMap<TargetName, Option<&'static crate::provider::Facts>>;

fn read_targets(
    fields: &Fields<'_, '_>,
    permissions: &Permissions,
    config: &mut Config,
    reporter: &mut Reporter<'_>,
) -> Option<Providers> {
    let Some(node) = fields.get("targets") else {
        reporter.push(
            Problem::new("targets-missing", fields.at, "the config has no `targets`")
                .help("add `targets:` with at least one target below it"),
        );
        return None;
    };
    let Value::Mapping(pairs) = &node.value else {
        return wrong(node, "`targets`", "a mapping of names to targets", reporter);
    };
    let mut named = Providers::new();
    let mut drafts: Vec<(At, Target)> = Vec::new();
    for (key, node) in pairs {
        let Some(name) = read_name(key, reporter) else { continue };
        let Draft { facts, target } = read_target(&name, key, node, permissions, reporter);
        named.insert(name, facts);
        if let Some(target) = target {
            drafts.push((key.at, target));
        }
    }
    check_bindings(&drafts, reporter);
    check_moves(pairs, &named, reporter);
    config.targets =
        drafts.into_iter().map(|(_, target)| (target.name.clone(), Arc::new(target))).collect();
    Some(named)
}

fn read_name(key: &Key<'_>, reporter: &mut Reporter<'_>) -> Option<TargetName> {
    let name = TargetName::parse(&key.text);
    if name.is_none() {
        let message = format!("{} is no name for a target", quote(&key.text));
        reporter.push(
            Problem::new("bad-target-name", key.at, message)
                .help("1 to 63 of `A-Z a-z 0-9 . _ -`, the first a letter or digit"),
        );
    }
    name
}

/// Two names for one app would each undo what the other does.
fn check_bindings(drafts: &[(At, Target)], reporter: &mut Reporter<'_>) {
    let mut bound: BTreeMap<String, (At, &TargetName)> = BTreeMap::new();
    for (at, target) in drafts {
        if let Some((first, name)) = bound.get(&target.binding()) {
            let message = format!("`{}` is bound to the same app as `{name}`", target.name);
            reporter.push(
                Problem::new("same-binding", *at, message)
                    .also(*first, "the other is here")
                    .help("keep one of them; two accounts of one provider need an `account:` each"),
            );
        } else {
            bound.insert(target.binding(), (*at, &target.name));
        }
    }
}

fn check_moves(pairs: &[(Key<'_>, Node<'_>)], named: &Providers, reporter: &mut Reporter<'_>) {
    let mut moved: BTreeMap<&str, At> = BTreeMap::new();
    for (_, node) in pairs {
        let Value::Mapping(fields) = &node.value else { continue };
        let Some((_, node)) = fields.iter().find(|(key, _)| key.text == "moved_from") else {
            continue;
        };
        let Value::Scalar { text, .. } = &node.value else { continue };
        if TargetName::parse(text).is_some_and(|name| named.contains_key(&name)) {
            let message = format!("{} is still a target of this config", quote(text));
            reporter.push(
                Problem::new("moved-from-a-target", node.at, message)
                    .help("`moved_from` names what the target was called before"),
            );
        } else if let Some(first) = moved.get(&**text) {
            let message = format!("two targets were {}", quote(text));
            reporter.push(
                Problem::new("moved-from-twice", node.at, message).also(*first, "first here"),
            );
        } else {
            moved.insert(text, node.at);
        }
    }
}
