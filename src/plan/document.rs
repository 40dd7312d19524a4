//! A plan as JSON: the machine's view of it, and the file that `apply FILE` reads.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use jiff::SignedDuration;
use schemars::{JsonSchema, Schema};
use serde::{Serialize, Serializer};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{Bound, Forecast, Guarded, NextDue, Operation, Plan, TargetChange};
use crate::domain::hex::hex;
use crate::domain::{Action, Because, Deny, Id, Kind, Moment, Source, TargetName, Until, Warning};

/// The version of the format. 1.x only adds keys.
pub const FORMAT_VERSION: &str = "1.0";

/// How long a saved plan may be applied (design §4).
pub const GOOD_FOR: SignedDuration = SignedDuration::from_hours(24);

/// Where a plan comes from: what it was made from, besides the instant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Origin {
    /// The digest of every policy file.
    pub policy_digest: String,
    /// The digest of the config.
    pub config_digest: String,
    /// The state it was made from.
    pub state: StateMark,
    /// What is not as it was at the last apply.
    pub changes: Vec<TargetChange>,
    /// The targets of the config, as the state would record them.
    pub targets: BTreeMap<TargetName, Bound>,
}

impl Origin {
    /// The targets that a plan's operations are about.
    fn touched(&self, plan: &Plan) -> Vec<TargetView<'_>> {
        let names = plan
            .operations
            .chunk_by(|one, other| one.restriction.target == other.restriction.target);
        let names = names.filter_map(|operations| operations.first());
        names
            .filter_map(|operation| self.targets.get_key_value(&operation.restriction.target))
            .map(|(name, bound)| TargetView {
                name,
                binding: &bound.binding,
                endpoint: &bound.endpoint,
                credentials: &bound.credentials,
            })
            .collect()
    }
}

/// A target that operations are about, as JSON.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TargetView<'a> {
    /// Its name.
    #[schemars(with = "String")]
    pub name: &'a TargetName,
    /// Which app it is.
    pub binding: &'a str,
    /// Where its calls go.
    pub endpoint: &'a str,
    /// Where its secrets come from, one source a line.
    pub credentials: &'a str,
}

/// Which state a plan was made from.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct StateMark {
    /// The lineage; null where there was no state yet.
    pub lineage: Option<String>,
    /// How many runs had changed it.
    pub serial: u64,
}

/// A plan as JSON; [`write()`] adds one more key, the digest.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(
    title = "ostracon plan",
    description = "A plan as JSON: what `plan --format json` prints and `plan --out` saves. Every \
                   key is always there. Ignore unknown keys: 1.x only adds.",
    transform = add_digest
)]
pub struct Document<'a> {
    /// The version of this format: 1.x only adds keys.
    #[schemars(regex(pattern = r"^1\.[0-9]+$"))]
    pub format_version: &'static str,
    /// The program that made it.
    pub tool: &'static str,
    /// The instant it was made for.
    pub created_at: Moment,
    /// After this instant it is refused.
    pub not_after: Moment,
    /// The digest of every policy file.
    #[schemars(regex(pattern = DIGEST))]
    pub policy_digest: &'a str,
    /// The digest of the config.
    #[schemars(regex(pattern = DIGEST))]
    pub config_digest: &'a str,
    /// Which state it was made from.
    pub state: &'a StateMark,
    /// How many operations of each kind there are, and what else there is.
    pub summary: Summary,
    /// The guards that are exceeded: unless acknowledged, they hold back everything but upkeep.
    pub guards: &'a [Guarded],
    /// What a person should know although nothing is wrong.
    pub warnings: &'a [Warning],
    /// Targets, endpoints and sources of credentials that are not as at the last apply.
    pub target_changes: &'a [TargetChange],
    /// The targets that the operations are about.
    pub targets: Vec<TargetView<'a>>,
    /// The operations, in canonical order.
    #[schemars(with = "Vec<OperationView<'static>>")]
    pub operations: Operations<'a>,
    /// What the rates make of it, target by target.
    pub forecast: &'a [Forecast],
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
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
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
#[derive(Debug, Serialize, JsonSchema)]
pub struct OperationView<'a> {
    /// What is done.
    pub action: Action,
    /// Why.
    pub because: Because,
    /// Whether time alone asks for it.
    pub upkeep: bool,
    /// The target.
    #[schemars(with = "String")]
    pub target: &'a TargetName,
    /// What kind of subject.
    pub kind: Kind,
    /// The room; null where the restriction holds in the whole app.
    #[schemars(with = "Option<String>")]
    pub room: Option<&'a Id>,
    /// Who or what is restricted.
    #[schemars(with = "String")]
    pub subject: &'a Id,
    /// What is denied; null for a stream.
    pub deny: Deny,
    /// Until when.
    pub until: Until,
    /// The reason that goes with it; null where there is none.
    pub reason: Option<&'a Arc<str>>,
    /// The `id` of the entry that governs it; null where it has none.
    pub entry: Option<&'a Arc<str>>,
    /// Where that entry stands; null for what no entry wants any more.
    pub source: Option<&'a Source>,
}

impl<'a> From<&'a Operation> for OperationView<'a> {
    fn from(operation: &'a Operation) -> Self {
        let restriction = &operation.restriction;
        Self {
            action: operation.action,
            because: operation.because,
            upkeep: operation.upkeep,
            target: &restriction.target,
            kind: restriction.subject.kind,
            room: restriction.room.as_ref(),
            subject: &restriction.subject.id,
            deny: restriction.deny,
            until: operation.until,
            reason: operation.reason.as_ref(),
            entry: operation.entry.as_ref(),
            source: operation.source.as_ref(),
        }
    }
}

/// The operations of a plan; serialised one by one, without a copy of them all.
#[derive(Clone, Copy, Debug)]
pub struct Operations<'a>(&'a [Operation]);

impl Serialize for Operations<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(OperationView::from))
    }
}

/// The JSON document of a plan.
pub fn document<'a>(plan: &'a Plan, origin: &'a Origin) -> Document<'a> {
    Document {
        format_version: FORMAT_VERSION,
        tool: concat!("ostracon ", env!("CARGO_PKG_VERSION")),
        created_at: plan.now,
        not_after: plan.now + GOOD_FOR,
        policy_digest: &origin.policy_digest,
        config_digest: &origin.config_digest,
        state: &origin.state,
        summary: Summary::of(plan),
        guards: &plan.guards,
        warnings: &plan.warnings,
        target_changes: &origin.changes,
        targets: origin.touched(plan),
        operations: Operations(&plan.operations),
        forecast: &plan.forecast,
        next_due: plan.next_due,
    }
}

/// What stands before the digest at the end of a plan.
const DIGEST_KEY: &str = ",\n  \"digest\": \"sha256:";

/// Writes a plan as JSON, pretty, with a line end. Its last key is the digest of all before it.
pub fn write(plan: &Plan, origin: &Origin, out: &mut dyn io::Write) -> io::Result<()> {
    let mut hashing = Hashing { out, digest: Sha256::new(), held_back: Vec::new() };
    let mut buffered = io::BufWriter::new(&mut hashing);
    serde_json::to_writer_pretty(&mut buffered, &document(plan, origin))?;
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
