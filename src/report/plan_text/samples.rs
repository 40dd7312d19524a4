//! Plans built by hand.

use std::sync::Arc;

use super::*;
use crate::domain::{
    Action, Because, Deny, Doubt, Enforcement, Evidence, Held, Id, Kind, Lapse, Moment,
    Restriction, Source, Subject, TargetName, Until, Warning,
};
use crate::plan::document::{self, Provenance, StateMark};
use crate::plan::file;
use crate::plan::{Facet, Forecast, Means, NextDue, Plan, Seconds, TargetChange, TargetRecord};

/// The instant of every plan here.
const NOW: &str = "2026-11-21T00:00:00Z";

pub(in crate::report) fn at(text: &str) -> Moment {
    Moment::parse(text).unwrap()
}

pub(in crate::report) fn until(text: &str) -> Until {
    Until::parse(text).unwrap()
}

pub(in crate::report) fn name(text: &str) -> TargetName {
    TargetName::parse(text).unwrap()
}

/// Imposes on a user of a room at `tencent-live`, for the entry `case-1`.
pub(in crate::report) fn impose(room: &str, user: &str) -> Operation {
    let subject = Subject { kind: Kind::User, id: Id::new(user) };
    Operation {
        action: Action::Impose,
        because: Because::NewEntry,
        upkeep: false,
        restriction: Restriction {
            target: name("tencent-live"),
            room: Some(Id::new(room)),
            subject,
            deny: Deny::JOIN,
        },
        until: until("2026-12-20T00:00:00Z"),
        reason: None,
        entry: Some("case-1".into()),
        source: Some(Source { file: "bans/a.yaml".into(), line: 3, column: 5 }),
        order: None,
        means: Means::Record,
        waited: false,
        doubted: None,
        recorded: None,
        after: None,
    }
}

/// The same operation, but `action` because of `because`, with a row that ended at `before`.
pub(in crate::report) fn changed(
    mut operation: Operation,
    action: Action,
    because: Because,
    before: &str,
) -> Operation {
    operation.action = action;
    operation.because = because;
    operation.recorded = Some(Arc::new(Enforcement {
        restriction: operation.restriction.clone(),
        until: until(before),
        reason: None,
        entry: None,
        held: Some(Held {
            since: at("2026-11-01T00:00:00Z"),
            written: at("2026-11-20T00:00:00Z"),
            lapse: Lapse::At(at("2026-11-21T03:00:00Z")),
            rule: None,
            evidence: Evidence::Acknowledged,
            seen: None,
            twin: None,
        }),
        doubt: None,
        waiting: None,
    }));
    operation
}

/// The same operation, ending what was to hold to `before`.
pub(in crate::report) fn lifted(operation: Operation, before: &str) -> Operation {
    let mut lift = changed(operation, Action::Lift, Because::EntryRemoved, before);
    lift.until = until(before);
    lift.source = None;
    lift
}

pub(in crate::report) fn plan_of(mut operations: Vec<Operation>) -> Plan {
    operations.sort_by(|a, b| a.restriction.cmp(&b.restriction));
    Plan {
        now: at(NOW),
        operations,
        steps: Vec::new(),
        unchanged: 0,
        guards: Vec::new(),
        ended_orders: Vec::new(),
        warnings: Vec::new(),
        forecast: Vec::new(),
        next_due: NextDue { at: None, latest: None, because: None },
        guarded: std::collections::BTreeSet::new(),
        next_wakes: std::collections::BTreeMap::new(),
        spared: crate::plan::Spared::default(),
    }
}

/// What a plan was made from, with a target of each provider.
pub(in crate::report) fn provenance(changes: Vec<TargetChange>) -> Provenance {
    let bound = |provider: &str| {
        let (binding, endpoint) = (format!("{provider} id=1 real"), "https://example.com".into());
        (
            name(&format!("{provider}-live")),
            TargetRecord { binding, endpoint, credentials: String::new() },
        )
    };
    Provenance {
        policy_digest: String::new(),
        config_digest: String::new(),
        state: StateMark { lineage: None, serial: 0 },
        changes,
        guard_changes: Vec::new(),
        targets: ["agora", "tencent", "volcengine", "zego"].map(bound).into(),
    }
}

/// Shows a plan as it is and as it is read back when it was saved: it must look the same.
pub(in crate::report) fn shown(
    plan: &Plan,
    changes: Vec<TargetChange>,
    show: impl Fn(&Review<'_>) -> String,
) -> String {
    let provenance = provenance(changes);
    let text = show(&Review::of(plan, &provenance));
    let mut saved = Vec::new();
    document::write(plan, &provenance, &mut saved).unwrap();
    let saved = file::read(std::str::from_utf8(&saved).unwrap()).unwrap();
    let (plan, provenance) = saved.shown();
    assert_eq!(show(&Review::of(plan, provenance)), text);
    text
}

pub(in crate::report) fn text_of(
    plan: &Plan,
    changes: Vec<TargetChange>,
    folding: Folding,
    colors: ColorChoice,
) -> String {
    shown(plan, changes, |shown| {
        let mut text = String::new();
        plan_text(shown, Layout { folding, colors, width: 120 }, &mut text).unwrap();
        text
    })
}

pub(in crate::report) fn folded(plan: &Plan) -> String {
    text_of(plan, Vec::new(), Folding::Folded, ColorChoice::Off)
}

/// A plan with one of everything, and what changed about its targets.
pub(in crate::report) fn everything() -> (Plan, Vec<TargetChange>) {
    let [agora, ip, kick] = elsewhere();
    let mut waited = impose("live-9", "frank");
    waited.waited = true;
    waited.entry = Some("case-9".into());
    let doubted = impose("live-9", "grace");
    let until = "2026-12-20T00:00:00Z";
    let mut doubted = changed(doubted, Action::Impose, Because::InDoubt, until);
    let since = at("2026-11-20T23:55:00Z");
    doubted.doubted = Some(Doubt::new(Action::Impose, since, Until::Never, Lapse::Open));
    doubted.recorded = doubted.recorded.map(|row| {
        let row = Enforcement { held: None, doubt: doubted.doubted.clone(), ..(*row).clone() };
        Arc::new(row)
    });
    let mut plan = plan_of(vec![
        impose("live-42", "alice"),
        impose("live-42", "bob"),
        lifted(impose("live-42", "carol"), "2026-12-01T00:00:00Z"),
        changed(
            impose("live-42", "dave"),
            Action::Amend,
            Because::UntilChanged,
            "2026-12-01T00:00:00Z",
        ),
        agora,
        ip,
        kick,
        waited,
        doubted,
    ]);
    plan.unchanged = 12;
    plan.forecast = vec![
        Forecast { target: name("agora-live"), calls: 1300, seconds: Seconds::of_calls(1300, 10) },
        Forecast { target: name("tencent-live"), calls: 3, seconds: Seconds::of_calls(3, 200) },
    ];
    plan.next_due = NextDue {
        at: Some(at("2026-12-01T00:00:00Z")),
        latest: Some(at("2026-12-01T12:00:00Z")),
        because: Some(Because::RenewalDue),
    };
    plan.warnings = vec![Warning {
        code: "kicks-only".into(),
        message: "`zego-live` can only kick: 2 banned users can come back in".to_owned(),
        source: Some(Source { file: "bans/a.yaml".into(), line: 1, column: 2 }),
    }];
    (plan, changes_of_targets())
}

/// An impose, a renewal and a kick at other targets.
fn elsewhere() -> [Operation; 3] {
    let mut agora = impose("lobby", "589517928");
    agora.restriction.target = name("agora-live");
    agora.restriction.deny = Deny::PUBLISH_AUDIO.union(Deny::PUBLISH_VIDEO);
    agora.until = until("never");
    let mut ip = changed(agora.clone(), Action::Renew, Because::RenewalDue, "never");
    ip.restriction.room = None;
    ip.restriction.deny = Deny::JOIN;
    ip.restriction.subject = Subject { kind: Kind::Ip, id: Id::new("203.0.113.7") };
    ip.upkeep = true;
    let mut kick =
        changed(impose("r1", "mallory"), Action::Kick, Because::RekickDue, "2026-12-20T00:00:00Z");
    kick.restriction.target = name("zego-live");
    kick.upkeep = true;
    [agora, ip, kick]
}

fn changes_of_targets() -> Vec<TargetChange> {
    let change = |target, what, before: Option<&str>, after: Option<&str>| TargetChange {
        target: name(target),
        what,
        before: before.map(Into::into),
        after: after.map(Into::into),
    };
    vec![
        change(
            "agora-live",
            Facet::Credentials,
            Some("customer_id: env ID\ncustomer_secret: env SECRET"),
            Some("customer_id: env ID\ncustomer_secret: command vault kv get"),
        ),
        change("old-live", Facet::Target, Some("zego app_id=1 real"), None),
        change("tencent-live", Facet::Target, None, Some("tencent sdk_app_id=1400000000 real")),
        change("tencent-live", Facet::Endpoint, None, Some("https://adminapisgp.im.qcloud.com")),
        change(
            "tencent-live",
            Facet::Credentials,
            None,
            Some("secret_key: env TENCENT_SECRET_KEY"),
        ),
    ]
}

/// 5,000 operations at four targets, a single lift among them.
pub(in crate::report) fn many() -> Plan {
    let mut operations = Vec::new();
    for number in 0..3000 {
        operations.push(impose("live-42", &format!("user-{number:04}")));
    }
    for number in 0..1500 {
        let mut operation = impose(&format!("{number:03}"), &format!("{number}"));
        operation.restriction.target = name("volcengine-live");
        operation.entry = None;
        operation.source = Some(Source { file: "bans/b.yaml".into(), line: number + 1, column: 5 });
        operations.push(operation);
    }
    for number in 0..200 {
        let mut operation = impose(&format!("room {}", number % 9), &format!("{number}"));
        operation.restriction.target = name("zego-live");
        operation.until =
            Until::At(at("2026-12-20T00:00:00Z") + jiff::SignedDuration::from_hours(number));
        operations.push(operation);
    }
    for number in 0..300 {
        let mut operation = impose("x", &format!("{number}"));
        operation.restriction.target = name("agora-live");
        operation.restriction.room = None;
        operation.upkeep = true;
        operations.push(changed(operation, Action::Renew, Because::RenewalDue, "never"));
    }
    operations.push(lifted(impose("live-42", "zoe"), "never"));
    plan_of(operations)
}
