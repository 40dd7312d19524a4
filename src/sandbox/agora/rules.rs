//! The rules of one Agora app.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::fields::Subject;
use crate::domain::{Deny, Kind, Lapse, Moment};
use crate::sandbox::InForce;

/// Rules by their ids.
#[derive(Default)]
pub(super) struct Rules {
    rules: BTreeMap<i64, Rule>,
    /// How many rules there may be before those that lapsed are thrown away.
    room_for: usize,
}

/// One rule.
pub(super) struct Rule {
    subject: Subject,
    deny: Deny,
    created: Moment,
    updated: Moment,
    end: Moment,
}

/// How long lists go on showing a rule that has lapsed. Whether they do is not documented.
const LINGERS: SignedDuration = SignedDuration::from_mins(1);

/// The documented sample shows `updateAt` eight hours ahead: China's time with a `Z`.
const UPDATE_SHIFT: SignedDuration = SignedDuration::from_hours(8);

impl Rule {
    /// A rule that is made now.
    pub(super) fn new(subject: Subject, deny: Deny, span: SignedDuration, now: Moment) -> Self {
        Self { subject, deny, created: now, updated: now, end: now + span }
    }
}

impl Rules {
    /// Keeps a rule. A twin of another one is a rule of its own.
    pub(super) fn create(&mut self, id: i64, rule: Rule) {
        let now = rule.created;
        if self.rules.len() >= self.room_for {
            self.rules.retain(|_, rule| rule.end + LINGERS > now);
            // Twice what is left, so that making many rules stays cheap.
            self.room_for = self.rules.len().saturating_mul(2).max(1000);
        }
        self.rules.insert(id, rule);
    }

    /// Moves the end of a rule that has not lapsed, counted from now; answers the new end.
    pub(super) fn update(&mut self, id: i64, span: SignedDuration, now: Moment) -> Option<Moment> {
        let rule = self.rules.get_mut(&id).filter(|rule| rule.end > now)?;
        rule.end = now + span;
        rule.updated = now;
        Some(rule.end)
    }

    /// Ends a rule; answers whether there was one that had not lapsed.
    pub(super) fn delete(&mut self, id: i64, now: Moment) -> bool {
        self.rules.remove(&id).is_some_and(|rule| rule.end > now)
    }

    /// Takes a rule away.
    pub(super) fn lose(&mut self, id: i64) {
        self.rules.remove(&id);
    }

    /// The rules as the list shows them, and some that lapsed a moment ago.
    pub(super) fn list(&self, app: &str, now: Moment, unlisted: &BTreeSet<i64>) -> Vec<Value> {
        self.rules
            .iter()
            .filter(|(_, rule)| rule.end + LINGERS > now)
            .filter(|(id, _)| !unlisted.contains(id))
            .map(|(id, rule)| rule.show(*id, app))
            .collect()
    }

    /// The rules that have not lapsed.
    pub(super) fn in_force(&self, app: &str, now: Moment) -> impl Iterator<Item = InForce> {
        let rules = self.rules.iter().filter(move |(_, rule)| rule.end > now);
        rules.map(move |(id, Rule { subject, deny, end, created: _, updated: _ })| InForce {
            provider: "agora",
            app: app.to_owned(),
            room: subject.room.clone(),
            kind: subject.kind,
            subject: subject.id.clone(),
            deny: *deny,
            end: Lapse::At(*end),
            reason: None,
            rule: Some(*id),
        })
    }
}

impl Rule {
    fn show(&self, id: i64, app: &str) -> Value {
        let Self { subject, deny, created, updated, end } = self;
        let of_kind = |kind| (subject.kind == kind).then_some(subject.id.as_str());
        let uid = of_kind(Kind::User).and_then(|uid| uid.parse::<u32>().ok());
        let names = [
            (Deny::JOIN, "join_channel"),
            (Deny::PUBLISH_AUDIO, "publish_audio"),
            (Deny::PUBLISH_VIDEO, "publish_video"),
        ];
        let privileges: Vec<_> =
            names.iter().filter(|(one, _)| deny.contains(*one)).map(|(_, name)| name).collect();
        json!({
            "id": id,
            "appid": app,
            "uid": uid,
            "opid": id + 1000,
            "cname": subject.room.as_deref().or(of_kind(Kind::Channel)),
            "ip": of_kind(Kind::Ip),
            "ts": iso(*end),
            "privileges": privileges,
            "createAt": iso(*created),
            "updateAt": iso(*updated + UPDATE_SHIFT),
        })
    }
}

/// An instant as Agora writes it: always with milliseconds.
pub(super) fn iso(at: Moment) -> String {
    let text = Moment::from_seconds(at.seconds()).to_string();
    let millis = at.millis().rem_euclid(1000);
    format!("{}.{millis:03}Z", text.trim_end_matches('Z'))
}
