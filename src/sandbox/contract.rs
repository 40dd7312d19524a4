//! The providers' codecs against the services: each checks the other, one capability after the other.
//!
//! Nothing asks for a provider's name: the facts say which calls there are.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::SignedDuration;

use super::credential;
use super::trial::Trial;
use crate::domain::{Deny, Id, Lapse, Moment, RuleId, Source, TargetName, Until};
use crate::provider::{
    Call, Capability, Cursor, Effect, Endpoint, Fault, FaultKind, IdRule, Item, Listing, Mechanism,
    Options, Page, Presence, Provider, REGISTRY, Reply, Secrets, Session, SettingKind, Stamp,
    Target, Verb,
};

/// One target of a provider and the sandbox behind it.
struct Scene {
    trial: Trial,
    session: Session,
    stamps: i64,
}

impl Scene {
    fn new(provider: &'static dyn Provider, endpoint: Endpoint) -> Self {
        let facts = provider.facts();
        let settings = facts.settings.iter().map(|setting| {
            let value = match setting.kind {
                SettingKind::Number(_) => "1400000000",
                SettingKind::Word(_) => "ban-bot_01",
            };
            (setting.name, Arc::from(value))
        });
        let mut secrets = Secrets::default();
        for name in facts.credentials {
            secrets.insert(name, credential(facts.name, name).unwrap().into());
        }
        let target = Target {
            name: TargetName::parse("t").unwrap(),
            provider,
            settings: settings.collect(),
            endpoint,
            account: None,
            rate: None,
            options: Options::default(),
            moved_from: None,
            credentials: BTreeMap::new(),
            source: Source { file: "ostracon.yaml".into(), line: 1, column: 1 },
        };
        let session = Session::new(Arc::new(target), secrets);
        Self { trial: Trial::new(), session, stamps: 0 }
    }

    /// Makes a call, a little later than the one before.
    async fn call(&mut self, call: &Call) -> Result<Reply, Fault> {
        self.trial.pass(250);
        self.stamps += 1;
        let nonce = self.stamps.unsigned_abs();
        let stamp = Stamp { now: self.trial.now(), nonce, sequence: self.stamps };
        let provider = self.session.target.provider;
        let request = provider.encode(&self.session, call, &stamp);
        let response = self.trial.sandbox.respond(request).await.unwrap();
        provider.decode(call, &response)
    }

    async fn list(&mut self, call: &Call) -> Page {
        let list = Call { verb: Verb::List, items: Vec::new(), ..call.clone() };
        match self.call(&list).await.unwrap().effect {
            Effect::Page(page) => page,
            other => panic!("{other:?}"),
        }
    }
}

/// Awkward, and legal.
fn sample(rule: IdRule) -> Id {
    let text = match rule {
        IdRule::PrintableAscii(_) => "live 42 & co=+%*~/?",
        IdRule::Text(_) => "käse+brot & 100% ~*/?#[]",
        IdRule::Token(_) => "rtc_01-A",
        IdRule::Number(_) => "1820211234",
        IdRule::Ip => "2001:db8::7",
    };
    rule.parse(text).unwrap()
}

fn impose(capability: &Capability, now: Moment) -> Call {
    let room = (capability.room != Presence::Never).then(|| sample(capability.room_id));
    let reason =
        capability.reason.filter(|rule| rule.sent).map(|_| Arc::from("Häme & Spott + 100%"));
    let deny = if capability.deny.contains(Deny::JOIN) { Deny::JOIN } else { capability.deny };
    let until = Until::At(now + SignedDuration::from_mins(90));
    let items = vec![Item { id: sample(capability.id), rule: None }];
    Call {
        verb: Verb::Impose,
        kind: capability.kind,
        room,
        deny,
        reason,
        until,
        items,
        cursor: Cursor::START,
    }
}

/// Imposes, lists, renews and lifts one restriction, as far as the provider can.
async fn live_through(scene: &mut Scene, capability: &Capability) {
    let mut call = impose(capability, scene.trial.now());
    let done = scene.call(&call).await.unwrap();
    if capability.mechanism == Mechanism::Kicks {
        assert_eq!(scene.trial.sandbox.kicks().len(), 1);
        return;
    }
    let held = scene.trial.sandbox.in_force().pop_first().unwrap();
    let asked = (capability.kind, call.items[0].id.as_str(), call.room.as_ref().map(Id::as_str));
    assert_eq!((held.kind, held.subject.as_str(), held.room.as_deref()), asked);
    assert_eq!(held.deny, call.deny);
    let kept = capability.reason.filter(|rule| rule.kept).and(call.reason.as_deref());
    assert_eq!(held.reason.as_deref(), kept);
    if let (Lapse::At(end), Until::At(until)) = (held.end, call.until) {
        assert!(end >= until && end - until < SignedDuration::from_secs(1), "{end} {until}");
    }
    assert_eq!(held.rule.map(RuleId::from), created(&done));
    if capability.listing != Listing::Never {
        let rows = scene.list(&call).await.rows;
        assert_eq!(rows.len(), 1);
        assert_eq!((&rows[0].id, &rows[0].room), (&call.items[0].id, &call.room));
        assert_eq!((rows[0].kind, rows[0].deny), (capability.kind, call.deny));
        assert_eq!(rows[0].rule, created(&done));
    }
    call.items[0].rule = created(&done);
    if call.items[0].rule.is_some() {
        let renewed = scene.call(&Call { verb: Verb::Renew, ..call.clone() }).await.unwrap();
        let Effect::Ends(end) = renewed.effect else { panic!("{renewed:?}") };
        assert_eq!(scene.trial.sandbox.in_force().pop_first().unwrap().end, Lapse::At(end));
    }
    scene.call(&Call { verb: Verb::Lift, ..call }).await.unwrap();
    assert!(scene.trial.in_force().is_empty());
}

fn created(reply: &Reply) -> Option<RuleId> {
    match &reply.effect {
        Effect::Created(rule) => Some(rule.clone()),
        Effect::Done | Effect::Ends(_) | Effect::Page(_) => None,
    }
}

#[tokio::test(start_paused = true)]
async fn every_form_lives_through_every_call_without_breaking_a_rule() {
    for provider in REGISTRY {
        let facts = provider.facts();
        let local = format!("http://127.0.0.1:9000/{}", facts.name);
        for endpoint in [Endpoint::of_host(facts.regions[0].host), Endpoint::parse(&local).unwrap()]
        {
            for capability in facts.capabilities {
                let mut scene = Scene::new(provider, endpoint.clone());
                live_through(&mut scene, capability).await;
                scene.trial.expect_no_broken_rule();
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_full_batch_is_taken_and_one_more_is_refused() {
    for provider in REGISTRY {
        let facts = provider.facts();
        for capability in facts.capabilities.iter().filter(|capability| capability.batch > 1) {
            let mut scene = Scene::new(provider, Endpoint::of_host(facts.regions[0].host));
            let mut call = impose(capability, scene.trial.now());
            let item = |number: usize| Item { id: Id::new(number.to_string()), rule: None };
            call.items = (1..=capability.batch).map(item).collect();
            assert!(scene.call(&call).await.is_ok(), "{} {}", facts.name, capability.kind);
            call.items.push(item(capability.batch + 1));
            let fault = scene.call(&call).await.unwrap_err();
            assert_eq!(fault.kind, FaultKind::Refuse, "{fault:?}");
            scene.trial.expect_no_broken_rule();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_above_the_documented_rate_is_throttled() {
    for provider in REGISTRY {
        let facts = provider.facts();
        for capability in facts.capabilities {
            let mut scene = Scene::new(provider, Endpoint::of_host(facts.regions[0].host));
            let call = impose(capability, scene.trial.now());
            let rate = i64::from(facts.lanes[capability.lane].per_second);
            let mut throttled = 0;
            for _ in 0..=rate {
                // All within one second, whatever the rate.
                let outcome = scene.call(&call).await;
                scene.trial.pass(-250);
                throttled +=
                    i64::from(matches!(outcome, Err(Fault { kind: FaultKind::Throttled, .. })));
            }
            assert_eq!(throttled, 1, "{} {}", facts.name, capability.kind);
        }
    }
}
