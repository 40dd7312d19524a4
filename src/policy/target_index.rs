//! The targets that a policy may name.

use std::collections::BTreeMap;

use super::fields::Fields;
use super::problem::{Problem, Reporter, quote};
use super::scalar::{read_text, wrong};
use super::suggest::did_you_mean;
use super::yaml::{Node, Value};
use crate::domain::TargetName;
use crate::provider::Facts;

/// The targets of the config, as far as it could be read.
#[derive(Default)]
pub(super) struct TargetIndex {
    /// Whether the list is whole: where the config has no readable list of targets, nothing can
    /// be said about a name.
    pub(super) is_whole: bool,
    /// Each target's provider; `None` where the config does not say.
    pub(super) targets: BTreeMap<TargetName, Option<&'static Facts>>,
}

/// A target as an entry names it.
pub(super) struct TargetRef<'n, 't> {
    pub(super) name: TargetName,
    pub(super) facts: &'static Facts,
    pub(super) node: &'n Node<'t>,
}

impl TargetIndex {
    /// Reads `target` or `targets` of an entry.
    pub(super) fn read<'n, 't>(
        &self,
        entry: &Fields<'n, 't>,
        reporter: &mut Reporter<'_>,
    ) -> Vec<TargetRef<'n, 't>> {
        match (entry.pair("target"), entry.pair("targets")) {
            (Some((first, _)), Some((second, _))) => {
                let message = "an entry has either `target` or `targets`";
                reporter.push(
                    Problem::new("target-and-targets", second.at, message)
                        .also(first.at, "the other is here"),
                );
                Vec::new()
            }
            (Some((_, node)), None) => self.one(node, reporter).into_iter().collect(),
            (None, Some((_, node))) => self.several(node, reporter),
            (None, None) => {
                let name = self.targets.keys().next().map_or("NAME", TargetName::as_str);
                reporter.push(
                    Problem::new("target-missing", entry.at, "an entry needs a target")
                        .help(format!("add one, such as `target: {name}`")),
                );
                Vec::new()
            }
        }
    }

    /// Reads a list of targets, in which none may stand twice.
    pub(super) fn several<'n, 't>(
        &self,
        node: &'n Node<'t>,
        reporter: &mut Reporter<'_>,
    ) -> Vec<TargetRef<'n, 't>> {
        let mut named: Vec<TargetRef<'n, 't>> = Vec::new();
        for item in super::fields::items(node, "`targets`", reporter).unwrap_or_default() {
            let Some(target) = self.one(item, reporter) else { continue };
            if let Some(first) = named.iter().find(|other| other.name == target.name) {
                let message = format!("the target `{}` stands here twice", target.name);
                reporter.push(
                    Problem::new("duplicate-target", item.at, message)
                        .also(first.node.at, "first here"),
                );
            } else {
                named.push(target);
            }
        }
        named
    }

    fn one<'n, 't>(
        &self,
        node: &'n Node<'t>,
        reporter: &mut Reporter<'_>,
    ) -> Option<TargetRef<'n, 't>> {
        if matches!(node.value, Value::Sequence(_)) {
            return wrong(node, "`target`", "one name (several go in `targets`)", reporter);
        }
        let text = read_text(node, "a target", reporter)?;
        let Some((name, facts)) = self.targets.get_key_value(text) else {
            if self.is_whole {
                let names: Vec<_> = self.targets.keys().map(TargetName::as_str).collect();
                reporter.push(
                    Problem::new(
                        "unknown-target",
                        node.at,
                        format!("the config has no target {}", quote(text)),
                    )
                    .help(did_you_mean(text, &names)),
                );
            }
            return None;
        };
        Some(TargetRef { name: name.clone(), facts: (*facts)?, node })
    }
}
