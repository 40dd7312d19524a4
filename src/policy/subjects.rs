//! The subjects of one kind that an entry names.

use super::problem::{Problem, Reporter, Spot, quote};
use super::yaml::At;
use crate::domain::{Id, Kind, TargetName};
use crate::provider::IdRule;

/// The subjects of one kind.
pub(super) struct Group<'n> {
    /// Their kind.
    pub(super) kind: Kind,
    /// The key that names them, for messages.
    pub(super) name: &'static str,
    /// Where the key stands.
    pub(super) key: At,
    /// The subjects as they are written.
    pub(super) raw: Vec<Raw<'n>>,
    /// The subjects by each rule they were read with: targets with one rule share their ids.
    read: Vec<(IdRule, Vec<(Id, Spot)>)>,
}

/// A subject as it is written.
pub(super) struct Raw<'n> {
    /// Its text.
    pub(super) text: &'n str,
    /// Where it stands.
    pub(super) spot: Spot,
}

impl Group<'_> {
    /// A group without subjects.
    pub(super) fn new(kind: Kind, name: &'static str, key: At) -> Self {
        Self { kind, name, key, raw: Vec::new(), read: Vec::new() }
    }

    /// The ids by a rule, each once. What breaks the rule is reported for the first target that
    /// has it.
    pub(super) fn ids(
        &mut self,
        rule: IdRule,
        target: &TargetName,
        reporter: &mut Reporter<'_>,
    ) -> &[(Id, Spot)] {
        let known = self.read.iter().position(|(known, _)| *known == rule);
        let index = known.unwrap_or_else(|| {
            let ids = self.parse(rule, target, reporter);
            self.read.push((rule, ids));
            self.read.len() - 1
        });
        self.read.get(index).map_or(&[], |(_, ids)| ids)
    }

    fn parse(
        &self,
        rule: IdRule,
        target: &TargetName,
        reporter: &mut Reporter<'_>,
    ) -> Vec<(Id, Spot)> {
        let mut ids = Vec::with_capacity(self.raw.len());
        for Raw { text, spot } in &self.raw {
            match rule.parse(text) {
                Ok(id) => ids.push((id, spot.clone())),
                Err(message) => {
                    let message = format!("`{target}`: the {} {message}", self.kind);
                    let problem = Problem::new("bad-id", spot.at, message).help(rule.words());
                    reporter.findings.push(&spot.file, problem);
                }
            }
        }
        drop_repeated(&mut ids, reporter);
        ids
    }
}

/// Drops every id that stands there already; one warning tells of all.
fn drop_repeated(ids: &mut Vec<(Id, Spot)>, reporter: &mut Reporter<'_>) {
    let place = |spot: &Spot| (!spot.file.quotable, spot.at);
    ids.sort_unstable_by(|(a, first), (b, second)| {
        a.cmp(b).then_with(|| place(first).cmp(&place(second)))
    });
    let mut dropped = 0_usize;
    let mut example: Option<(Id, Spot, Spot)> = None;
    ids.dedup_by(|(id, spot), (kept, first)| {
        let repeated = id == kept;
        if repeated {
            dropped += 1;
            example.get_or_insert_with(|| (id.clone(), spot.clone(), first.clone()));
        }
        repeated
    });
    let Some((id, spot, first)) = example else { return };
    let others =
        if dropped > 1 { format!(", and {} more do so", dropped - 1) } else { String::new() };
    let message = format!("{} stands in this entry twice{others}", quote(id.as_str()));
    let problem = Problem::warning("duplicate-subject", spot.at, message);
    reporter.findings.push_with(&spot, problem, &first, "first here");
}
