//! What all policy files together ask for.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::FileMark;
use super::part::{Asked, Part, order};
use super::problem::{Findings, Problem, Trace, quote};
use super::texts::Texts;
use super::yaml::At;
use crate::domain::{Protected, Source, TargetName, Wanted};

/// What all files ask for, checked against each other.
pub(super) struct Whole {
    /// How many entries there are.
    pub(super) entries: usize,
    /// Whoever is protected.
    pub(super) protected: Protected,
    /// What each entry says for people, as a JSON object, by where the entry stands.
    pub(super) metas: BTreeMap<Source, Arc<str>>,
    /// Everything that is asked for, in canonical order, without those who are protected.
    pub(super) wanted: Vec<Wanted>,
    /// The digests of all files.
    pub(super) digests: BTreeMap<String, String>,
}

impl Whole {
    /// Puts together what the files say, in order of their names; `texts` gives their lines again
    /// for what is wrong between them.
    pub(super) fn of(parts: Vec<Part>, texts: &Texts<'_>, findings: &mut Findings) -> Self {
        let mut whole = Self {
            entries: 0,
            protected: Protected::default(),
            metas: BTreeMap::new(),
            wanted: Vec::new(),
            digests: BTreeMap::new(),
        };
        let mut rest = Rest::default();
        let mut asked = Vec::with_capacity(parts.iter().map(|part| part.wanted.len()).sum());
        for mut part in parts {
            findings.append(std::mem::take(&mut part.findings));
            whole.entries += part.entries;
            whole.digests.extend(FileMark::of(&part).digests());
            asked.append(&mut part.wanted);
            for (kind, id, protection, at) in part.protections {
                let trace = Trace { file: Arc::clone(&part.file), at };
                rest.protections.insert(protection.source.clone(), trace);
                whole.protected.insert(kind, id, protection);
            }
            for (target, (at, count)) in part.wide {
                let trace = Trace { file: Arc::clone(&part.file), at };
                rest.wide.entry(target).or_insert((trace, 0)).1 += count;
            }
            let file = &part.file;
            let source = |At { line, column, .. }| Source { file: Arc::clone(file), line, column };
            whole.metas.extend(part.metas.into_iter().map(|(at, meta)| (source(at), meta)));
            rest.ids.extend(part.ids.into_iter().map(|(id, at)| (id, Arc::clone(file), at)));
        }
        rest.report_repeated_ids(texts, findings);
        rest.drop_protected(&whole.protected, &mut asked, texts, findings);
        rest.report_wide(&whole.protected, texts, findings);
        sort(&mut asked);
        whole.wanted = asked.into_iter().map(|asked| asked.wanted).collect();
        whole
    }
}

/// Sorts what the parts, each in order, ask for. Numbers are sorted and then each restriction is
/// moved once: of a million, a copy of half would not go unnoticed.
fn sort(asked: &mut [Asked]) {
    let mut order_of: Vec<usize> = (0..asked.len()).collect();
    // Stable, since that makes the most of runs in order.
    order_of.sort_by(|a, b| match (asked.get(*a), asked.get(*b)) {
        (Some(a), Some(b)) => order(&a.wanted).cmp(&order(&b.wanted)),
        (None, _) | (_, None) => Ordering::Equal,
    });
    for place in 0..asked.len() {
        let mut from = order_of.get(place).copied().unwrap_or(place);
        // What stood at an earlier place was moved on from there.
        while from < place {
            from = order_of.get(from).copied().unwrap_or(place);
        }
        asked.swap(place, from);
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

    fn drop_protected(
        &self,
        protected: &Protected,
        asked: &mut Vec<Asked>,
        texts: &Texts<'_>,
        findings: &mut Findings,
    ) {
        if protected.is_empty() {
            return;
        }
        let mut skipped: BTreeMap<Arc<str>, BTreeSet<(At, &str)>> = BTreeMap::new();
        let is_free = |asked: &Asked| protected.covers(&asked.wanted.restriction).is_none();
        for Asked { wanted, trace } in asked.iter().filter(|asked| !is_free(asked)) {
            let Some(protection) = protected.covers(&wanted.restriction) else { continue };
            let id = wanted.restriction.subject.id.as_str();
            // A list is made elsewhere: what is protected is skipped there, not refused.
            if trace.file != wanted.source.file {
                let list = skipped.entry(Arc::clone(&trace.file)).or_default();
                list.insert((trace.at, id));
                continue;
            }
            let target = &wanted.restriction.target;
            let message = format!("{} is protected at `{target}`", quote(id));
            let problem = Problem::new("protected", trace.at, message)
                .help("take the subject out of the entry, or out of `protect`");
            let spot = texts.spot(trace);
            match self.protections.get(&protection.source) {
                Some(other) => {
                    findings.push_with(&spot, problem, &texts.spot(other), "protected here");
                }
                None => findings.push(&spot.file, problem),
            }
        }
        for (file, subjects) in &skipped {
            let Some((at, id)) = subjects.first() else { continue };
            let count = subjects.len();
            let others =
                if count > 1 { format!(", and {} more", count - 1) } else { String::new() };
            let message = format!("{} is protected and skipped{others}", quote(id));
            let spot = texts.spot(&Trace { file: Arc::clone(file), at: *at });
            findings.push(&spot.file, Problem::warning("protected-skipped", *at, message));
        }
        drop(skipped);
        asked.retain(is_free);
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
