//! What all policy files together ask for.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::policy_file::PolicyFile;
use super::problem::{Findings, Problem, Trace, quote};
use super::shielded::Shield;
use super::target_index::TargetIndex;
use super::texts::Texts;
use super::yaml::At;
use crate::domain::{Desired, Protected, Source, TargetName};

/// What all files ask for, checked against each other.
pub(super) struct Merged {
    /// How many entries there are.
    pub(super) entries: usize,
    /// Whoever is protected.
    pub(super) protected: Protected,
    /// What each entry says for people, as a JSON object, by where the entry stands.
    pub(super) metas: BTreeMap<Source, Arc<str>>,
    /// Everything that is asked for, without those who are protected.
    pub(super) wanted: Desired,
    /// The digests of all files.
    pub(super) digests: BTreeMap<String, String>,
}

impl Merged {
    /// Puts together what the files say, in order of their names; `texts` gives their lines again
    /// for what is wrong between them.
    pub(super) fn of(
        mut policies: Vec<PolicyFile>,
        index: &TargetIndex,
        texts: &Texts<'_>,
        findings: &mut Findings,
    ) -> Self {
        let mut merged = Self {
            entries: 0,
            protected: Protected::default(),
            metas: BTreeMap::new(),
            wanted: Desired::default(),
            digests: BTreeMap::new(),
        };
        let mut rest = Rest::default();
        for policy in &mut policies {
            findings.append(std::mem::take(&mut policy.findings));
            merged.entries += policy.entries;
            merged.digests.extend(policy.digests());
            for (kind, id, protection, at) in std::mem::take(&mut policy.protections) {
                let trace = Trace { file: Arc::clone(&policy.file), at };
                rest.protections.insert(protection.source.clone(), trace);
                merged.protected.insert(kind, id, protection);
            }
            for (target, (at, count)) in std::mem::take(&mut policy.wide) {
                let trace = Trace { file: Arc::clone(&policy.file), at };
                rest.wide.entry(target).or_insert((trace, 0)).1 += count;
            }
            let file = &policy.file;
            let source = |At { line, column, .. }| Source { file: Arc::clone(file), line, column };
            let metas = std::mem::take(&mut policy.metas);
            merged.metas.extend(metas.into_iter().map(|(at, meta)| (source(at), meta)));
            let ids = std::mem::take(&mut policy.ids);
            rest.ids.extend(ids.into_iter().map(|(id, at)| (id, Arc::clone(file), at)));
        }
        rest.report_repeated_ids(texts, findings);
        let (protected, stands) = (&merged.protected, &rest.protections);
        Shield { protected, stands, index, texts }.hold(&mut policies, findings);
        rest.report_wide(protected, texts, findings);
        merged.wanted = policies.into_iter().map(|policy| policy.wanted).collect();
        merged
    }
}

/// What only the check of the files against each other needs.
#[derive(Default)]
struct Rest {
    /// Where each protection stands.
    protections: BTreeMap<Source, Trace>,
    /// The `id` of each entry, and where it stands.
    ids: Vec<(Arc<str>, Arc<str>, At)>,
    /// For each target the first entry that reaches everybody somewhere, and how many do.
    wide: BTreeMap<TargetName, (Trace, usize)>,
}

impl Rest {
    /// An `id` names one entry of the whole workspace.
    fn report_repeated_ids(&mut self, texts: &Texts<'_>, findings: &mut Findings) {
        let mut ids = std::mem::take(&mut self.ids);
        ids.sort_unstable();
        for same in ids.chunk_by(|(a, ..), (b, ..)| a == b) {
            let [(id, file, at), others @ ..] = same else { continue };
            let first = Trace { file: Arc::clone(file), at: *at };
            for (_, file, at) in others {
                let message = format!("two entries have the id {}", quote(id));
                let problem = Problem::new("duplicate-id", *at, message)
                    .help("an `id` names one entry of the whole workspace");
                let second = Trace { file: Arc::clone(file), at: *at };
                let (second, first) = (texts.spot(&second), texts.spot(&first));
                findings.push_with(&second, problem, &first, "first here");
            }
        }
    }

    fn report_wide(&self, protected: &Protected, texts: &Texts<'_>, findings: &mut Findings) {
        for (target, (trace, count)) in &self.wide {
            if protected.reaches(target) {
                let bans = if *count == 1 { "a wide ban" } else { "wide bans" };
                let message = format!("`protect` cannot shield anybody at `{target}` from {bans}");
                let code = "protect-cannot-shield-wide";
                let problem = Problem::warning(code, trace.at, message);
                findings.push(&texts.spot(trace).file, problem);
            }
        }
    }
}
