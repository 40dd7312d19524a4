//! What the service can be measured by, named by the conventions of Prometheus. No room, no
//! subject and no reason is in any label.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Metric, Registry, Unit};

use crate::apply::Fate;
use crate::domain::{Action, Because, Moment, TargetName};
use crate::plan::{Operation, Plan};

/// Everything that is measured.
pub(super) struct Metrics {
    registry: Registry,
    in_force: Family<OfTarget, Gauge>,
    stopped: Family<OfTarget, Gauge>,
    operations: Family<OfOperation, Counter>,
    calls: Family<OfCall, Counter>,
    passes: Family<OfPass, Counter>,
    lift_lag: Histogram,
    planning: Histogram,
    next_due: Gauge,
    in_doubt: Gauge,
    waiting: Gauge,
    held_back: Gauge,
    orders: Gauge,
    accounts: Gauge,
    files_valid: Gauge,
    last_pass: Gauge,
    pull_failures: Counter,
    codes: Mutex<BTreeSet<String>>,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct OfTarget {
    target: String,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct OfOperation {
    target: String,
    action: &'static str,
    fate: &'static str,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct OfCall {
    target: String,
    outcome: &'static str,
    code: String,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct OfPass {
    result: &'static str,
}

/// What came of a pass, as far as metrics tell.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Result {
    /// There was nothing to do.
    Idle,
    /// Everything was done.
    Done,
    /// Something was not.
    Unfinished,
    /// Something more urgent came up.
    Preempted,
    /// Nothing could be planned, or written down.
    Failed,
}

impl Result {
    const fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Done => "done",
            Self::Unfinished => "unfinished",
            Self::Preempted => "preempted",
            Self::Failed => "failed",
        }
    }
}

/// How late a lift may be, in seconds: within one second is promised (design §9).
const LAGS: [f64; 11] = [0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0];

/// How long planning may take, in seconds.
const PLANNING: [f64; 9] = [0.001, 0.005, 0.02, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];

/// So many codes of providers are told apart; whatever more they make up counts as `other`.
const MOST_CODES: usize = 200;

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("ostracon");
        let build = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "Which program this is", build);
        let add = &mut registry;
        Self {
            in_force: family(add, "in_force", "Restrictions that the state records"),
            stopped: family(add, "target_stopped", "1 while nothing is sent to a target"),
            operations: family(add, "operations", "Operations by what came of them"),
            calls: family(add, "calls", "Calls by what came of them"),
            passes: family(add, "passes", "Passes by what came of them"),
            lift_lag: seconds(
                add,
                "lift_lag",
                "How late a lift was recorded, after `until`",
                &LAGS,
            ),
            planning: seconds(
                add,
                "plan",
                "How long reading the state and planning took",
                &PLANNING,
            ),
            next_due: instant(add, "next_due", "When time asks for something next; 0 for never"),
            in_doubt: family(add, "in_doubt", "Restrictions whose last call is in doubt"),
            waiting: family(add, "waiting", "Restrictions that are not possible yet"),
            held_back: family(add, "held_back", "Operations that a guard holds back"),
            orders: family(add, "orders", "Orders that stand"),
            accounts: family(add, "accounts_held", "Accounts whose lease is held"),
            files_valid: family(add, "files_valid", "1 while the files can be gone by, else 0"),
            last_pass: instant(add, "last_pass", "When a pass last ended well"),
            pull_failures: family(add, "pull_failures", "Pulls of the checkout that failed"),
            codes: Mutex::default(),
            registry,
        }
    }
}

/// What `/metrics` shows before anything was done, with one empty series of each family, so that its
/// labels are seen: for the reference.
pub fn sample() -> String {
    let metrics = Metrics::default();
    let target = String::new;
    drop(metrics.in_force.get_or_create(&OfTarget { target: target() }));
    drop(metrics.stopped.get_or_create(&OfTarget { target: target() }));
    drop(metrics.operations.get_or_create(&OfOperation { target: target(), action: "", fate: "" }));
    drop(metrics.calls.get_or_create(&OfCall {
        target: target(),
        outcome: "",
        code: String::new(),
    }));
    drop(metrics.passes.get_or_create(&OfPass { result: "" }));
    metrics.text()
}

/// Something to measure, under its name.
fn family<M: Metric + Clone + Default>(registry: &mut Registry, name: &str, help: &str) -> M {
    let metric = M::default();
    registry.register(name, help, metric.clone());
    metric
}

/// An instant, in seconds since 1970.
fn instant(registry: &mut Registry, name: &str, help: &str) -> Gauge {
    let metric = Gauge::default();
    let name = format!("{name}_timestamp");
    registry.register_with_unit(name, help, Unit::Seconds, metric.clone());
    metric
}

/// Spans of time, in seconds.
fn seconds(registry: &mut Registry, name: &str, help: &str, ends: &[f64]) -> Histogram {
    let metric = Histogram::new(ends.iter().copied());
    registry.register_with_unit(name, help, Unit::Seconds, metric.clone());
    metric
}

impl Metrics {
    /// All of it, as `OpenMetrics` text.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        // Composing into a string cannot fail.
        let _composed = encode(&mut text, &self.registry);
        text
    }

    /// A plan was made, in so long, while so many orders stood.
    pub(super) fn planned(&self, plan: &Plan, took: Duration, orders: usize) {
        self.planning.observe(took.as_secs_f64());
        let held_back = plan.operations.iter().filter(|operation| !plan.permits(operation)).count();
        for (gauge, number) in [
            (&self.in_doubt, plan.in_doubt()),
            (&self.waiting, plan.waiting()),
            (&self.held_back, held_back as u64),
            (&self.orders, orders as u64),
        ] {
            gauge.set(i64::try_from(number).unwrap_or(i64::MAX));
        }
    }

    /// A pass is over.
    pub(super) fn passed(&self, now: Moment, result: Result) {
        self.passes.get_or_create(&OfPass { result: result.name() }).inc();
        if result != Result::Failed {
            self.last_pass.set(now.seconds());
        }
    }

    /// When time asks for something next.
    pub(super) fn due(&self, at: Option<Moment>) {
        self.next_due.set(at.map_or(0, Moment::seconds));
    }

    /// How much is recorded of each target that there is, or of which something is recorded.
    pub(super) fn in_force(
        &self,
        targets: &BTreeSet<TargetName>,
        rows: &BTreeMap<TargetName, usize>,
    ) {
        for target in targets.iter().chain(rows.keys()) {
            let rows = rows.get(target).copied().unwrap_or(0);
            let gauge = self.in_force.get_or_create(&of(target));
            gauge.set(i64::try_from(rows).unwrap_or(i64::MAX));
        }
    }

    /// Of these targets, and of those that were left alone, these have stopped.
    pub(super) fn stopped(&self, of_these: &BTreeSet<TargetName>, stopped: &BTreeSet<TargetName>) {
        self.stopped.clear();
        for target in of_these.union(stopped) {
            self.stopped.get_or_create(&of(target)).set(i64::from(stopped.contains(target)));
        }
    }

    /// So many accounts are held.
    pub(super) fn holds(&self, accounts: usize) {
        self.accounts.set(i64::try_from(accounts).unwrap_or(i64::MAX));
    }

    /// Whether the files can be gone by.
    pub(super) fn files(&self, are_valid: bool) {
        self.files_valid.set(i64::from(are_valid));
    }

    /// A pull failed.
    pub(super) fn pull_failed(&self) {
        self.pull_failures.inc();
    }

    /// A code, if it may be a label.
    fn code(&self, code: Option<&str>) -> String {
        let Some(code) = code else { return String::new() };
        let is_plain = code.len() <= 32
            && code.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
        let mut codes = self.codes.lock().unwrap_or_else(PoisonError::into_inner);
        if is_plain && (codes.contains(code) || codes.len() < MOST_CODES) {
            codes.insert(code.to_owned());
            return code.to_owned();
        }
        "other".to_owned()
    }
}

fn of(target: &TargetName) -> OfTarget {
    OfTarget { target: target.to_string() }
}

impl Metrics {
    /// A call was answered, or was not.
    pub(super) fn answered(&self, target: &TargetName, outcome: &'static str, code: Option<&str>) {
        let labels = OfCall { target: target.to_string(), outcome, code: self.code(code) };
        self.calls.get_or_create(&labels).inc();
    }

    /// An operation met its fate.
    pub(super) fn settled(&self, operation: &Operation, fate: Fate, at: Moment) {
        let target = operation.restriction.target.to_string();
        let labels = OfOperation { target, action: operation.action.name(), fate: fate.name() };
        self.operations.get_or_create(&labels).inc();
        let is_end = operation.action == Action::Lift && operation.because == Because::Expired;
        let until = operation.until.at().filter(|_| is_end && fate == Fate::Done);
        if let Some(late) = until.and_then(|until| Duration::try_from(at - until).ok()) {
            self.lift_lag.observe(late.as_secs_f64());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_measured_is_told_under_conventional_names() {
        let metrics = Metrics::default();
        let target = TargetName::parse("agora-live").unwrap();
        metrics.answered(&target, "ok", None);
        metrics.answered(&target, "throttled", Some("429"));
        metrics.in_force(&BTreeSet::new(), &BTreeMap::from([(target, 3)]));
        metrics.files(true);
        let text = metrics.text();
        for line in [
            concat!("ostracon_build_info{version=\"", env!("CARGO_PKG_VERSION"), "\"} 1"),
            "ostracon_in_force{target=\"agora-live\"} 3",
            "ostracon_calls_total{target=\"agora-live\",outcome=\"ok\",code=\"\"} 1",
            "ostracon_calls_total{target=\"agora-live\",outcome=\"throttled\",code=\"429\"} 1",
            "ostracon_files_valid 1",
            "# TYPE ostracon_lift_lag_seconds histogram",
            "# UNIT ostracon_next_due_timestamp_seconds seconds",
        ] {
            assert!(text.lines().any(|it| it == line), "{line}\n{text}");
        }
        assert!(text.ends_with("# EOF\n"), "{text}");
    }

    #[test]
    fn a_provider_that_makes_up_codes_does_not_fill_the_memory() {
        let metrics = Metrics::default();
        let codes: BTreeSet<_> =
            (0..1000).map(|code| metrics.code(Some(&format!("{code}")))).collect();
        assert_eq!(codes.len(), MOST_CODES + 1);
        for hostile in ["a\"b", "x y", &"9".repeat(33)] {
            assert_eq!(metrics.code(Some(hostile)), "other");
        }
    }
}
