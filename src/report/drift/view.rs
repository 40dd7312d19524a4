//! What differs, as JSON.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Compared, counts, end, listing};
use crate::domain::{Id, Moment, RuleId, TargetName};
use crate::plan::document::FORMAT_VERSION;
use crate::plan::drift::{Difference, Finding};
use crate::report::restriction::RestrictionView;

/// What differs, as JSON.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(
    title = "ostracon drift",
    description = "What `drift --format json` prints. Every key is always there. Ignore unknown \
                   keys: 1.x only adds."
)]
pub struct DriftView<'a> {
    /// The version of this format: 1.x only adds keys.
    #[schemars(regex(pattern = r"^1\.[0-9]+$"))]
    format_version: &'static str,
    /// How many restrictions were found how.
    summary: Counts,
    /// The targets that were looked at.
    targets: Vec<TargetView<'a>>,
    /// What differs, target by target in canonical order.
    findings: Vec<FindingView<'a>>,
}

/// How many restrictions were found how.
#[derive(Clone, Copy, Default, Debug, Serialize, JsonSchema)]
pub(super) struct Counts {
    /// As the state has them.
    pub(super) confirmed: u64,
    /// In the state, and proven not to be there.
    pub(super) missing: u64,
    /// There, with another end.
    pub(super) end_differs: u64,
    /// There, and not in the state.
    pub(super) foreign: u64,
    /// In the state, and not shown by a list that may leave rows out.
    pub(super) unseen: u64,
    /// Of a kind that can never be listed.
    pub(super) on_trust: u64,
    /// Not compared: in doubt, or in a list that was not read.
    pub(super) skipped: u64,
}

/// A target that was looked at.
#[derive(Debug, Serialize, JsonSchema)]
struct TargetView<'a> {
    /// Its name.
    #[schemars(with = "String")]
    target: &'a TargetName,
    /// What its lists prove: `never` (it has none), `complete_per_room` or `may_omit_per_app`.
    listing: &'static str,
    /// What could not be read.
    errors: Vec<ErrorView<'a>>,
}

/// A list that could not be read.
#[derive(Debug, Serialize, JsonSchema)]
struct ErrorView<'a> {
    /// The room; null where the list is of the whole app.
    #[schemars(with = "Option<String>")]
    room: Option<&'a Id>,
    /// Why.
    error: &'a str,
    /// The provider's code; null where there is none.
    code: Option<&'a str>,
}

/// One difference.
#[derive(Debug, Serialize, JsonSchema)]
struct FindingView<'a> {
    /// What it is.
    finding: Finding,
    /// What is restricted.
    #[serde(flatten)]
    place: RestrictionView<'a>,
    /// When it ends by itself as the state has it, or `never`; null for what is foreign.
    recorded_end: Option<String>,
    /// How the state knows: `acknowledged`, `observed` or `adopted`; null for what is foreign.
    evidence: Option<&'static str>,
    /// When a call of ours last wrote it; null for what is foreign.
    written: Option<Moment>,
    /// When a list last showed it before; null if none did.
    seen: Option<Moment>,
    /// When it ends there by itself, or `never`; null for what is not shown.
    listed_end: Option<String>,
    /// The provider's id of it; null where it has none.
    rule: Option<&'a RuleId>,
    /// When it was made there; null where the list does not say.
    created: Option<Moment>,
}

/// The JSON view of what was compared.
pub fn drift_view<'a>(compared: &'a [Compared<'a>]) -> DriftView<'a> {
    let targets = compared.iter().map(|Compared { target, drift: _, failures }| TargetView {
        target: &target.name,
        listing: listing(target).0,
        errors: failures
            .iter()
            .map(|(room, failure)| ErrorView {
                room: room.as_ref(),
                error: &failure.error,
                code: failure.code.as_deref(),
            })
            .collect(),
    });
    let findings = compared.iter().flat_map(|it| &it.drift.differences);
    DriftView {
        format_version: FORMAT_VERSION,
        summary: counts(compared),
        targets: targets.collect(),
        findings: findings.map(finding).collect(),
    }
}

fn finding(difference: &Difference) -> FindingView<'_> {
    let Difference { finding, restriction, recorded, listed } = difference;
    let held = recorded.as_ref();
    FindingView {
        finding: *finding,
        place: restriction.into(),
        recorded_end: held.map(|held| end(held.lapse)),
        evidence: held.map(|held| held.evidence.name()),
        written: held.map(|held| held.written),
        seen: held.and_then(|held| held.seen),
        listed_end: listed.as_ref().map(|listed| end(listed.lapse)),
        rule: listed.as_ref().and_then(|listed| listed.rule.as_ref()),
        created: listed.as_ref().and_then(|listed| listed.created),
    }
}
