//! A state that equals the policy: what `apply` would leave behind, without a call.

use std::path::Path;

use ostracon::domain::{Enforcement, Evidence, Held, Moment, Who};
use ostracon::plan::{Inputs, Operation, Scope, TargetRecord, plan};
use ostracon::policy::{Permissions, load};
use ostracon::provider::Target;
use ostracon::store::{Location, Record, State};
use ostracon::world::Process;

const LINEAGE: &str = "0198c0de-0000-4000-8000-000000000000";

/// How many rows are written at a time.
const AT_ONCE: usize = 50_000;

/// Writes the state of a workspace, as if its apply had just ended.
pub(crate) fn write(directory: &Path) {
    let workspace = load(directory, &Permissions::default()).unwrap();
    let now = jiff::Timestamp::now().as_millisecond();
    let now = Moment::from_millis(now);
    let targets = &workspace.config.targets;
    let inputs = Inputs {
        now,
        targets,
        scope: &Scope::Everything,
        wanted: Some(&workspace.wanted),
        entries: workspace.entries,
        protected: &workspace.protected,
        unprotected: &[],
        acks: &[],
        begun: &[],
        guards: &workspace.config.guards,
        orders: &[],
        warnings: &[],
    };
    let plan = plan(&inputs, &[] as &[Enforcement]);
    drop(workspace.wanted);

    let path = directory.join(".ostracon/state.db");
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut state = State::write(&Location::File(path), LINEAGE).unwrap();
    let process = Process { user: "bench".to_owned(), host: "bench".to_owned(), pid: 1 };
    state.begin_run("run-1", (&Who::default(), process.pid), now, None).unwrap();
    let lease = state.take_lease("run-1", &process, now).unwrap();
    let mut rules = 0;
    for operations in plan.operations.chunks(AT_ONCE) {
        let records = operations.iter().map(|operation| {
            rules += 1;
            Record::Put(row(operation, &targets[&operation.restriction.target], now, rules))
        });
        state.commit(lease.fence, &records.collect::<Vec<_>>()).unwrap();
    }
    let bound =
        targets.iter().map(|(name, target)| Record::Bind(name.clone(), TargetRecord::of(target)));
    state.commit(lease.fence, &bound.collect::<Vec<_>>()).unwrap();
    state.release(&lease, None).unwrap();
    state.finish_run("run-1", now, "ok").unwrap();
    state.close().unwrap();
}

fn row(operation: &Operation, target: &Target, now: Moment, rule: i64) -> Enforcement {
    let capability =
        target.provider.facts().capability(operation.restriction.subject.kind).unwrap();
    let rule = (target.provider.facts().name == "agora").then(|| rule.into());
    let lapse = capability.expiry.term(operation.until, now).lapse;
    Enforcement {
        restriction: operation.restriction.clone(),
        until: operation.until,
        reason: operation.reason.clone(),
        entry: operation.entry.clone(),
        held: Some(Held {
            since: now,
            written: now,
            seen: None,
            lapse,
            rule,
            evidence: Evidence::Acknowledged,
            twin: None,
        }),
        doubt: None,
        waiting: None,
    }
}
