//! A plan as JSON: the machine's view of it, and the file that `apply FILE` reads.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use jiff::SignedDuration;
use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::planned::{Borrowed, PlannedView};
use super::{Forecast, GuardChange, Guarded, NextDue, Operation, Plan, TargetChange, TargetRecord};
use crate::domain::hex::hex;
use crate::domain::{
    Action, Because, Deny, Id, Kind, Moment, Restriction, Source, Subject, TargetName, Until,
    Warning, json,
};
use crate::provider::Provider;

/// The version of the format. 1.x only adds keys.
pub const FORMAT_VERSION: &str = "1.0";

/// How long a saved plan may be applied (design §4).
pub const GOOD_FOR: SignedDuration = SignedDuration::from_hours(24);

/// Where a plan comes from: what it was made from, besides the instant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Provenance {
    /// The digest of every policy file.
    pub policy_digest: String,
    /// The digest of the config.
    pub config_digest: String,
    /// The state it was made from.
    pub state: StateMark,
    /// What is not as it was at the last apply.
    pub changes: Vec<TargetChange>,
    /// The guards that are not as they were at the last apply.
    pub guard_changes: Vec<GuardChange>,
    /// The targets of the config, as the state would record them.
    pub targets: BTreeMap<TargetName, TargetRecord>,
}

impl Provenance {
    /// Whose app a target is.
    pub fn provider(&self, target: &TargetName) -> Option<&'static dyn Provider> {
        self.targets.get(target)?.provider()
    }

    /// The targets that these operations of a plan are about.
    pub(super) fn touched(&self, plan: &Plan, which: fn(&Operation) -> bool) -> Vec<TargetView> {
        let operations = plan.operations.iter().filter(|operation| which(operation));
        let mut names: Vec<_> = operations.map(|operation| &operation.restriction.target).collect();
        // They come target by target.
        names.dedup();
        let bounds = names.into_iter().filter_map(|name| self.targets.get_key_value(name));
        let view = |(name, bound): (&TargetName, &TargetRecord)| {
            let TargetRecord { binding, endpoint, credentials } = bound.clone();
            TargetView { name: name.clone(), binding, endpoint, credentials }
        };
        bounds.map(view).collect()
    }
}

/// A target that operations are about, as JSON.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TargetView {
    /// Its name.
    #[schemars(with = "String")]
    pub name: TargetName,
    /// Which app it is.
    pub binding: String,
    /// Where its calls go.
    pub endpoint: String,
    /// Where its secrets come from, one source a line.
    pub credentials: String,
}

/// Which state a plan was made from.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct StateMark {
    /// The lineage; null where there was no state yet.
    pub lineage: Option<String>,
    /// How many runs had changed it.
    pub serial: u64,
}

/// A plan as JSON; [`write()`] adds one more key, the digest.
///
/// Its operations are either borrowed, to be written, or owned, when they were read.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(
    title = "ostracon plan",
    description = "A plan as JSON: what `plan --format json` prints and `plan --out` saves. Every \
                   key is always there. Ignore unknown keys: 1.x only adds.",
    transform = add_digest
)]
pub struct Document<O = Vec<PlannedView>> {
    /// The version of this format: 1.x only adds keys.
    #[schemars(regex(pattern = r"^1\.[0-9]+$"))]
    pub format_version: String,
    /// The program that made it.
    pub tool: String,
    /// The instant it was made for.
    pub created_at: Moment,
    /// After this instant it is refused.
    pub not_after: Moment,
    /// The digest of every policy file.
    #[schemars(regex(pattern = DIGEST))]
    pub policy_digest: String,
    /// The digest of the config.
    #[schemars(regex(pattern = DIGEST))]
    pub config_digest: String,
    /// Which state it was made from.
    pub state: StateMark,
    /// How many operations of each kind there are, and what else there is.
    pub summary: Summary,
    /// The guards that are exceeded: unless acknowledged, they hold back everything but upkeep.
    pub guards: Vec<Guarded>,
    /// What a person should know although nothing is wrong.
    pub warnings: Vec<Warning>,
    /// Targets, endpoints and sources of credentials that are not as at the last apply.
    pub target_changes: Vec<TargetChange>,
    /// Guards of the config that are not as at the last apply.
    pub guard_changes: Vec<GuardChange>,
    /// The targets that the operations are about.
    pub targets: Vec<TargetView>,
    /// The operations, in canonical order.
    pub operations: O,
    /// What the rates make of it, target by target.
    pub forecast: Vec<Forecast>,
    /// When there will be something to do again.
    pub next_due: NextDue,
}

/// What a digest looks like in JSON.
const DIGEST: &str = "^sha256:[0-9a-f]{64}$";

/// Adds to the schema of a [`Document`] the key that [`write()`] adds to the document.
fn add_digest(schema: &mut Schema) {
    let about = "The digest of this document up to here: a plan that was altered is refused.";
    let digest = json!({ "type": "string", "pattern": DIGEST, "description": about });
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        properties.insert("digest".to_owned(), digest);
    }
    if let Some(required) = schema.get_mut("required").and_then(Value::as_array_mut) {
        required.push("digest".into());
    }
}

/// How many operations of each kind there are, and what else there is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Summary {
    /// Restrictions to start.
    pub impose: u64,
    /// Lapses to push out.
    pub renew: u64,
    /// Restrictions to change in place.
    pub amend: u64,
    /// Restrictions to end.
    pub lift: u64,
    /// Kicks to repeat.
    pub kick: u64,
    /// Rows to drop without a call.
    pub forget: u64,
    /// Operations that had to wait last time, counted above too.
    pub waiting: u64,
    /// Operations that settle a doubt, counted above too.
    pub in_doubt: u64,
    /// Restrictions that are as they should be.
    pub unchanged: u64,
}

impl Summary {
    /// The summary of a plan.
    pub fn of(plan: &Plan) -> Self {
        Self {
            impose: plan.count(Action::Impose),
            renew: plan.count(Action::Renew),
            amend: plan.count(Action::Amend),
            lift: plan.count(Action::Lift),
            kick: plan.count(Action::Kick),
            forget: plan.count(Action::Forget),
            waiting: plan.waiting(),
            in_doubt: plan.in_doubt(),
            unchanged: plan.unchanged,
        }
    }
}

/// One operation as JSON.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OperationView {
    /// What is done.
    pub action: Action,
    /// Why.
    pub because: Because,
    /// Whether time alone asks for it.
    pub upkeep: bool,
    /// The target.
    #[schemars(with = "String")]
    pub target: TargetName,
    /// What kind of subject.
    pub kind: Kind,
    /// The room; null where the restriction holds in the whole app.
    #[schemars(with = "Option<String>")]
    pub room: Option<Id>,
    /// Who or what is restricted.
    #[schemars(with = "String")]
    pub subject: Id,
    /// What is denied; null for a stream.
    pub deny: Deny,
    /// Until when.
    pub until: Until,
    /// The reason that goes with it; null where there is none.
    pub reason: Option<Arc<str>>,
    /// The `id` of the entry that governs it; null where it has none.
    pub entry: Option<Arc<str>>,
    /// Where that entry stands; null for what no entry wants any more.
    pub source: Option<Source>,
    /// The id of the order that asks for it; null if none does.
    pub order: Option<Arc<str>>,
}

impl OperationView {
    /// What it is done to.
    pub fn restriction(&self) -> Restriction {
        let subject = Subject { kind: self.kind, id: self.subject.clone() };
        let (target, room) = (self.target.clone(), self.room.clone());
        Restriction { target, room, subject, deny: self.deny }
    }
}

impl From<&Operation> for OperationView {
    fn from(operation: &Operation) -> Self {
        let Restriction { target, room, subject, deny } = operation.restriction.clone();
        Self {
            action: operation.action,
            because: operation.because,
            upkeep: operation.upkeep,
            target,
            kind: subject.kind,
            room,
            subject: subject.id,
            deny,
            until: operation.until,
            reason: operation.reason.clone(),
            entry: operation.entry.clone(),
            source: operation.source.clone(),
            order: operation.order.clone(),
        }
    }
}

/// The JSON document of a plan.
pub fn document<'a>(plan: &'a Plan, provenance: &Provenance) -> Document<Borrowed<'a>> {
    Document {
        format_version: FORMAT_VERSION.to_owned(),
        tool: concat!("ostracon ", env!("CARGO_PKG_VERSION")).to_owned(),
        created_at: plan.now,
        not_after: plan.now + GOOD_FOR,
        policy_digest: provenance.policy_digest.clone(),
        config_digest: provenance.config_digest.clone(),
        state: provenance.state.clone(),
        summary: Summary::of(plan),
        guards: plan.guards.clone(),
        warnings: plan.warnings.clone(),
        target_changes: provenance.changes.clone(),
        guard_changes: provenance.guard_changes.clone(),
        targets: provenance.touched(plan, |_| true),
        operations: Borrowed(&plan.operations),
        forecast: plan.forecast.clone(),
        next_due: plan.next_due,
    }
}

/// What stands before the digest at the end of a plan.
const DIGEST_KEY: &str = ",\n  \"digest\": \"sha256:";

/// Writes a plan as JSON, pretty, with a line end. Its last key is the digest of all before it.
pub fn write(plan: &Plan, provenance: &Provenance, out: &mut dyn io::Write) -> io::Result<()> {
    let mut hashing = Hashing { out, digest: Sha256::new(), held_back: Vec::new() };
    let mut buffered = io::BufWriter::new(&mut hashing);
    json::to_writer_pretty(&mut buffered, &document(plan, provenance))?;
    io::Write::flush(&mut buffered)?;
    drop(buffered);
    let Hashing { digest, held_back: end, .. } = hashing;
    let digest = hex(&digest.finalize());
    out.write_all(format!("{DIGEST_KEY}{digest}\"").as_bytes())?;
    out.write_all(&end)?;
    out.write_all(b"\n")
}

/// Whether a text that [`write()`] wrote is still what it was, to the byte.
pub(super) fn is_untouched(text: &str) -> bool {
    let Some((before, rest)) = text.rsplit_once(DIGEST_KEY) else { return false };
    rest == format!("{}\"\n}}\n", hex(&Sha256::digest(before.as_bytes())))
}

/// The end of a pretty document, before which the digest goes.
const END: usize = "\n}".len();

/// Passes on all but the last bytes, and digests what it passes on.
struct Hashing<'a> {
    out: &'a mut dyn io::Write,
    digest: Sha256,
    held_back: Vec<u8>,
}

impl io::Write for Hashing<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.held_back.extend_from_slice(bytes);
        let ready = self.held_back.len().saturating_sub(END);
        let passed: Vec<u8> = self.held_back.drain(..ready).collect();
        self.digest.update(&passed);
        self.out.write_all(&passed)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
