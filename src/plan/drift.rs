//! What the providers show against what the state knows.
//!
//! What may be concluded is for the facts to say: where a list is complete, what it does not show
//! is not there; where it may leave rows out, absence proves nothing.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Serialize;

use super::term::CLOCK_TOLERANCE;
use crate::domain::{
    Action, Doubt, Enforcement, Evidence, Held, Id, Lapse, Moment, Restriction, RuleId, Subject,
    TargetName, Until, Warning,
};
use crate::provider::{Listed, Listing, Target};

/// What is not as the state has it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// The state has it, and the provider does not.
    Missing,
    /// It ends at another time there.
    EndDiffers,
    /// The state has it, and a list that may leave rows out does not show it.
    Unseen,
    /// The provider has it, and the state does not.
    Foreign,
}

/// One difference.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Difference {
    /// What it is.
    pub finding: Finding,
    /// What it is about.
    pub restriction: Restriction,
    /// What the state has of it; `None` for what is foreign.
    pub recorded: Option<Held>,
    /// The row of the list; `None` for what is not shown.
    pub listed: Option<Listed>,
}

impl Difference {
    /// Whether it proves that something differs.
    pub fn is_proof(&self) -> bool {
        match self.finding {
            Finding::Missing | Finding::EndDiffers | Finding::Foreign => true,
            Finding::Unseen => false,
        }
    }
}

/// What was compared, at one target.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Drift {
    /// What differs, in the canonical order of restrictions.
    pub differences: Vec<Difference>,
    /// What is as the state has it, in the canonical order.
    pub confirmed: Vec<Restriction>,
    /// How many were not compared: in doubt already, or in a list that was not read.
    pub skipped: u64,
    /// How many can never be listed.
    pub on_trust: u64,
}

/// Compares the lists of a target with the rows of the state; what has ended is ignored.
pub fn drift(
    target: &Target,
    lists: &BTreeMap<Option<Id>, Vec<Listed>>,
    rows: &[Enforcement],
    now: Moment,
) -> Drift {
    let mut drift = Drift::default();
    let standing = || lists.values().flatten().filter(|row| !row.lapse.has_passed(now));
    let by_name: BTreeMap<Restriction, &Listed> =
        standing().map(|row| (name(target, row), row)).collect();
    let by_rule: BTreeMap<&RuleId, &Listed> =
        standing().filter_map(|row| Some((row.rule.as_ref()?, row))).collect();
    let mut ours: BTreeSet<&RuleId> = BTreeSet::new();
    // Names under which a listed row is not foreign, or not provably so.
    let mut known: BTreeSet<&Restriction> = BTreeSet::new();
    for row in rows.iter().filter(|row| row.restriction.target == target.name) {
        let restriction = &row.restriction;
        let rule = row.held.as_ref().and_then(|held| held.rule.as_ref());
        ours.extend(rule);
        let is_open = row.doubt.is_some()
            || row.held.as_ref().is_some_and(|held| held.twin.is_some() || rule.is_none());
        if is_open {
            known.insert(restriction);
        }
        let listed = match rule {
            Some(rule) => by_rule.get(rule).copied(),
            None => by_name.get(restriction).copied(),
        };
        drift.compare(target, lists, (row, listed), now);
    }
    for row in standing() {
        let restriction = name(target, row);
        let is_ours = row.rule.as_ref().is_some_and(|rule| ours.contains(rule));
        if !is_ours && !known.contains(&restriction) {
            let listed = Some(row.clone());
            let finding = Finding::Foreign;
            drift.differences.push(Difference { finding, restriction, recorded: None, listed });
        }
    }
    drift.differences.sort_by(|a, b| (&a.restriction, a.finding).cmp(&(&b.restriction, b.finding)));
    drift
}

impl Drift {
    fn compare(
        &mut self,
        target: &Target,
        lists: &BTreeMap<Option<Id>, Vec<Listed>>,
        (row, listed): (&Enforcement, Option<&Listed>),
        now: Moment,
    ) {
        let restriction = &row.restriction;
        let capability = target.provider.facts().capability(restriction.subject.kind);
        let (Some(capability), Some(held)) = (capability, &row.held) else { return };
        if held.lapse.has_passed(now) || row.until.has_passed(now) {
            return;
        }
        let (place, absence) = match capability.listing {
            Listing::Never => {
                self.on_trust += 1;
                return;
            }
            Listing::CompletePerRoom => (restriction.room.clone(), Finding::Missing),
            Listing::MayOmitPerApp => (None, Finding::Unseen),
        };
        if row.doubt.is_some() || !lists.contains_key(&place) {
            self.skipped += 1;
            return;
        }
        let finding = match listed {
            None => absence,
            Some(listed) if is_near(held.lapse, listed.lapse) => {
                self.confirmed.push(restriction.clone());
                return;
            }
            Some(_) => Finding::EndDiffers,
        };
        self.differences.push(Difference {
            finding,
            restriction: restriction.clone(),
            recorded: Some(held.clone()),
            listed: listed.cloned(),
        });
    }
}

fn is_near(recorded: Lapse, listed: Lapse) -> bool {
    match (recorded, listed) {
        (Lapse::At(recorded), Lapse::At(listed)) => (recorded - listed).abs() <= CLOCK_TOLERANCE,
        (Lapse::Open, Lapse::Open) => true,
        (Lapse::At(_), Lapse::Open) | (Lapse::Open, Lapse::At(_)) => false,
    }
}

/// What a listed row restricts.
fn name(target: &Target, row: &Listed) -> Restriction {
    Restriction {
        target: target.name.clone(),
        room: row.room.clone(),
        subject: Subject { kind: row.kind, id: row.id.clone() },
        deny: row.deny,
    }
}

/// Believes the lists: changes rows as they say, and returns those that were seen, or are proven to
/// be otherwise, to be recorded.
///
/// What no longer is as it was written becomes a doubt for the plan: what is unseen, so that the
/// next call names its rule (one that stands is kept, only one that is gone is made again), and
/// what would end too late, so that it is written anew.
pub fn believe(drift: &Drift, rows: &mut [Enforcement], now: Moment) -> Vec<Enforcement> {
    let mut changed = Vec::new();
    for restriction in &drift.confirmed {
        let Some(row) = find(rows, restriction) else { continue };
        if let Some(held) = &mut row.held {
            held.seen = Some(now);
            changed.push(row.clone());
        }
    }
    for difference in &drift.differences {
        let Some(row) = find(rows, &difference.restriction) else { continue };
        let Some(held) = &mut row.held else { continue };
        let doubt = |action, lapse: Lapse| Some(Doubt::new(action, now, lapse.into(), lapse));
        match (difference.finding, &difference.listed) {
            (Finding::Missing, _) => {
                row.held = None;
                changed.push(row.clone());
            }
            (Finding::EndDiffers, Some(listed)) => {
                held.lapse = listed.lapse;
                held.evidence = Evidence::Observed;
                held.seen = Some(now);
                changed.push(row.clone());
                if ends_after(listed.lapse, row.until) {
                    row.doubt = doubt(Action::Amend, listed.lapse);
                }
            }
            (Finding::Unseen, _) => row.doubt = doubt(Action::Renew, held.lapse),
            (Finding::EndDiffers, None) | (Finding::Foreign, _) => {}
        }
    }
    changed
}

fn find<'r>(rows: &'r mut [Enforcement], restriction: &Restriction) -> Option<&'r mut Enforcement> {
    let found = rows.binary_search_by(|row| row.restriction.cmp(restriction));
    found.ok().and_then(|index| rows.get_mut(index))
}

/// Whether what a provider ends by itself ends there after it should.
fn ends_after(lapse: Lapse, until: Until) -> bool {
    match (lapse, until) {
        (Lapse::At(lapse), Until::At(until)) => lapse - until > CLOCK_TOLERANCE,
        (Lapse::Open, _) | (_, Until::Never) => false,
    }
}

/// What a plan warns of: restrictions that are nobody's business of ours.
pub fn foreign_warnings(differences: &[Difference]) -> Vec<Warning> {
    let mut foreign: BTreeMap<&TargetName, (u64, &Restriction)> = BTreeMap::new();
    for difference in differences.iter().filter(|it| it.finding == Finding::Foreign) {
        let restriction = &difference.restriction;
        foreign.entry(&restriction.target).or_insert((0, restriction)).0 += 1;
    }
    let warning = |(target, (count, first)): (&TargetName, (u64, &Restriction))| Warning {
        code: "foreign".into(),
        message: format!(
            "`{target}` holds {count} restrictions that are not in the state, `{first}` first: \
             they are left alone; `drift` names them, `import` takes them over"
        ),
        source: None,
    };
    foreign.into_iter().map(warning).collect()
}
