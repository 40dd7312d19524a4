//! A policy, a state and four targets, from which a test makes a plan.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::domain::{
    Ack, Action, Deny, Desired, Doubt, Enforcement, Evidence, Guards, Held, Id, Kind, Limit,
    Moment, Order, Protected, ProtectedKey, Protection, Restriction, Source, Subject, TargetName,
    Until, Wanted, Warning,
};
use crate::plan::document::{Provenance, StateMark, write};
use crate::plan::file::read;
use crate::plan::{Inputs, Means, Operation, Plan, Scope, plan};
use crate::provider::{Call, Capability, Endpoint, Options, Target, Verb, find};

pub(super) const MINUTE: i64 = 60;
pub(super) const HOUR: i64 = 60 * MINUTE;
pub(super) const DAY: i64 = 24 * HOUR;

/// The instant most plans are made for, 2027-01-15T08:00:00Z, and the seconds around it.
pub(super) fn at(seconds: i64) -> Moment {
    Moment::from_seconds(1_800_000_000 + seconds)
}

pub(super) fn until(seconds: i64) -> Until {
    Until::At(at(seconds))
}

/// The rule that Agora is taken to have numbered.
pub(super) const RULE: i64 = 7;

/// Where and how something is restricted: each has a target of its provider's name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Sort {
    ZegoUser,
    ZegoStream,
    Tencent,
    Volcengine,
    VolcengineDevice,
    Agora,
}

/// One of each way of restricting, in the order of the tables' columns.
pub(super) const SORTS: [Sort; 5] =
    [Sort::ZegoUser, Sort::ZegoStream, Sort::Tencent, Sort::Volcengine, Sort::Agora];

impl Sort {
    pub(super) fn target(self) -> TargetName {
        TargetName::parse(match self {
            Self::ZegoUser | Self::ZegoStream => "zego",
            Self::Tencent => "tencent",
            Self::Volcengine | Self::VolcengineDevice => "volcengine",
            Self::Agora => "agora",
        })
        .unwrap()
    }

    pub(super) fn capability(self) -> &'static Capability {
        let kind = match self {
            Self::ZegoStream => Kind::Stream,
            Self::VolcengineDevice => Kind::Device,
            Self::ZegoUser | Self::Tencent | Self::Volcengine | Self::Agora => Kind::User,
        };
        find(self.target().as_str()).unwrap().facts().capability(kind).unwrap()
    }

    pub(super) fn restriction(self, id: &str) -> Restriction {
        let capability = self.capability();
        Restriction {
            target: self.target(),
            room: capability.names_room().then(|| Id::new("1")),
            subject: Subject { kind: capability.kind, id: Id::new(id) },
            deny: if capability.deny.is_empty() { Deny::NOTHING } else { Deny::JOIN },
        }
    }

    pub(super) fn wanted(self, id: &str, until: Until) -> Wanted {
        let Restriction { target, room, subject: Subject { kind, id }, deny } =
            self.restriction(id);
        Wanted {
            target,
            room,
            kind,
            ids: vec![id],
            deny,
            from: None,
            until,
            reason: Some("spam".into()),
            entry: None,
            source: Some(Source { file: "bans.yaml".into(), line: 1, column: 5 }),
            order: None,
        }
    }

    /// What a provider holds that was told so at `written`.
    pub(super) fn held(self, until: Until, written: Moment) -> Held {
        Held {
            since: written,
            written,
            lapse: self.capability().expiry.term(until, written).lapse,
            rule: (self == Self::Agora).then(|| RULE.into()),
            evidence: Evidence::Acknowledged,
            seen: None,
            twin: None,
        }
    }

    /// A row that was imposed an hour before [`at`] 0.
    pub(super) fn row(self, id: &str, until: Until) -> Enforcement {
        self.row_of(id, until, at(-HOUR))
    }

    pub(super) fn row_of(self, id: &str, until: Until, written: Moment) -> Enforcement {
        Enforcement {
            restriction: self.restriction(id),
            until,
            reason: Some("spam".into()),
            entry: None,
            held: Some(self.held(until, written)),
            doubt: None,
            waiting: None,
        }
    }

    /// The doubt that an unanswered call of a minute ago leaves.
    pub(super) fn doubt(self, action: Action, until: Until) -> Doubt {
        let since = at(-MINUTE);
        Doubt::new(action, since, until, self.capability().expiry.term(until, since).lapse)
    }
}

/// Everything a plan is made from.
#[derive(Clone)]
pub(super) struct Bench {
    pub(super) now: Moment,
    pub(super) targets: BTreeMap<TargetName, Arc<Target>>,
    pub(super) scope: Scope,
    pub(super) wanted: Vec<Wanted>,
    pub(super) recorded: Vec<Enforcement>,
    pub(super) protected: Protected,
    pub(super) unprotected: Vec<ProtectedKey>,
    pub(super) acks: Vec<Ack>,
    pub(super) guards: Guards,
    pub(super) warnings: Vec<Warning>,
    pub(super) orders: Vec<Order>,
}

impl Bench {
    /// Four targets, guards that never hold anything back.
    pub(super) fn new(wanted: Vec<Wanted>, recorded: Vec<Enforcement>) -> Self {
        let unlimited = Limit { count: None, percent: None };
        let names = ["agora", "tencent", "volcengine", "zego"];
        Self {
            now: at(0),
            targets: names.map(|name| (target(name).name.clone(), Arc::new(target(name)))).into(),
            scope: Scope::Everything,
            wanted,
            recorded,
            protected: Protected::default(),
            unprotected: Vec::new(),
            acks: Vec::new(),
            guards: Guards { max_lifts: unlimited, max_imposes: unlimited, allow_empty: true },
            warnings: Vec::new(),
            orders: Vec::new(),
        }
    }

    pub(super) fn at(mut self, now: Moment) -> Self {
        self.now = now;
        self
    }

    pub(super) fn options(mut self, target: &str, options: Options) -> Self {
        let name = TargetName::parse(target).unwrap();
        let target = Target { options, ..Target::clone(&self.targets[&name]) };
        self.targets.insert(name, Arc::new(target));
        self
    }

    pub(super) fn protect(mut self, restriction: &Restriction) -> Self {
        let Subject { kind, id } = restriction.subject.clone();
        let source = Source { file: "protect.yaml".into(), line: 1, column: 1 };
        self.protected.insert(kind, id, Protection { targets: None, source });
        self
    }

    pub(super) fn plan(&self) -> Plan {
        self.made(true)
    }

    /// The plan that reads no policy.
    pub(super) fn upkeep(&self) -> Plan {
        self.made(false)
    }

    fn made(&self, reads_policy: bool) -> Plan {
        let wanted = Desired::from(self.wanted.clone());
        let mut recorded = self.recorded.clone();
        recorded.sort_by(|a, b| a.restriction.cmp(&b.restriction));
        let inputs = Inputs {
            now: self.now,
            targets: &self.targets,
            scope: &self.scope,
            wanted: reads_policy.then_some(&wanted),
            entries: self.wanted.len(),
            protected: &self.protected,
            unprotected: &self.unprotected,
            acks: &self.acks,
            begun: &[],
            guards: &self.guards,
            orders: &self.orders,
            warnings: &self.warnings,
        };
        let plan = plan(&inputs, &recorded);
        // A long plan is written like a short one, and takes its time.
        if plan.operations.len() <= 50 {
            is_read_back(&plan);
        }
        plan
    }
}

/// A target of this provider, under its name.
pub(super) fn target(provider: &str) -> Target {
    Target {
        name: TargetName::parse(provider).unwrap(),
        provider: find(provider).unwrap(),
        settings: [("app_id", "1".into()), ("sdk_app_id", "1".into())].into(),
        endpoint: Endpoint::of_host("api.example.com"),
        account: None,
        rate: None,
        options: Options::default(),
        moved_from: None,
        credentials: BTreeMap::new(),
        source: Source { file: "ostracon.yaml".into(), line: 1, column: 1 },
    }
}

/// The calls of a plan.
pub(super) fn calls(plan: &Plan) -> Vec<Call> {
    plan.steps.iter().map(|step| step.call(&plan.operations).unwrap()).collect()
}

/// Action, reason, means and whether it is upkeep, in a line: `lift expired lift#7 upkeep`.
pub(super) fn line(operation: &Operation) -> String {
    let means = match &operation.means {
        Means::Record => "record".to_owned(),
        Means::Call { verb, rule } => {
            let verb = match verb {
                Verb::Impose => "impose",
                Verb::Renew => "renew",
                Verb::Lift => "lift",
                Verb::List => "list",
            };
            rule.as_ref().map_or(verb.to_owned(), |rule| format!("{verb}#{rule}"))
        }
    };
    let kind = if operation.upkeep { "upkeep" } else { "change" };
    format!("{} {} {means} {kind}", operation.action, operation.because)
}

/// The lines of a plan; `-` when there is nothing to do.
pub(super) fn lines(plan: &Plan) -> String {
    let lines: Vec<_> = plan.operations.iter().map(line).collect();
    if lines.is_empty() { "-".to_owned() } else { lines.join(", ") }
}

/// Checks that a saved plan is read back with all that a reviewer saw of it.
fn is_read_back(plan: &Plan) {
    let mark = StateMark { lineage: None, serial: 0 };
    let (targets, changes) = (BTreeMap::new(), Vec::new());
    let (policy_digest, config_digest) = (String::new(), String::new());
    let guard_changes = Vec::new();
    let provenance =
        Provenance { policy_digest, config_digest, state: mark, changes, guard_changes, targets };
    let mut saved = Vec::new();
    write(plan, &provenance, &mut saved).unwrap();
    let saved = read(std::str::from_utf8(&saved).unwrap()).unwrap();
    let mut plan = plan.clone();
    plan.steps.clear();
    plan.next_wakes.clear();
    plan.guarded.clear();
    plan.operations.iter_mut().for_each(|operation| operation.means = Means::Record);
    assert_eq!(saved.shown(), (&plan, &provenance));
}
