//! What the sandbox remembers about its callers: calls, kicks and broken rules.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;

use crate::domain::{Deny, Kind, Lapse, Moment};

/// One restriction that is in force.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct InForce {
    /// The provider's name.
    pub provider: &'static str,
    /// The app; at Volcengine the access key id of the account.
    pub app: String,
    /// The room, where it has one.
    pub room: Option<String>,
    /// The kind of its subject.
    pub kind: Kind,
    /// The subject's id; of a channel its name.
    pub subject: String,
    /// What is denied; nothing for a forbidden stream.
    pub deny: Deny,
    /// When it ends by itself.
    pub end: Lapse,
    /// The reason, where the provider keeps one.
    pub reason: Option<String>,
    /// The provider's id of the rule, where it makes one.
    pub rule: Option<i64>,
}

/// Prints `tencent 1400000000 room:live-42 user:alice deny:join until:… reason:…`.
impl fmt::Display for InForce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { provider, app, room, kind, subject, deny, end, reason, rule } = self;
        write!(f, "{provider} {}", app.escape_debug())?;
        if let Some(room) = room {
            write!(f, " room:{}", room.escape_debug())?;
        }
        write!(f, " {kind}:{}", subject.escape_debug())?;
        if !deny.is_empty() {
            write!(f, " deny:{deny}")?;
        }
        if let Lapse::At(at) = end {
            write!(f, " until:{at}")?;
        }
        if let Some(reason) = reason {
            write!(f, " reason:{}", reason.escape_debug())?;
        }
        if let Some(rule) = rule {
            write!(f, " rule:{rule}")?;
        }
        Ok(())
    }
}

/// Somebody who was put out once and may come back.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Kicked {
    /// The provider's name.
    pub provider: &'static str,
    /// The app; at Volcengine the access key id of the account.
    pub app: String,
    /// The room, where there is one.
    pub room: Option<String>,
    /// The kind of the subject.
    pub kind: Kind,
    /// The subject's id.
    pub subject: String,
}

/// One call that arrived.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Seen {
    /// When it arrived.
    pub at: Moment,
    /// The provider's name.
    pub provider: &'static str,
    /// The app or account whose rates it counts for; empty if it was not let in.
    pub app: String,
    /// The action: ZEGO's and Volcengine's `Action`, Tencent's command, Agora's method.
    pub action: String,
    /// How many subjects it named.
    pub subjects: usize,
    /// The provider's own code in the answer; `0` or `200` for success.
    pub code: String,
}

/// Everything that is remembered.
#[derive(Default)]
pub(super) struct Ledger {
    calls: u64,
    seen: VecDeque<Seen>,
    kicks: BTreeMap<Kicked, u64>,
    broken: VecDeque<String>,
}

/// How many calls are kept: a sandbox that is served for days must not fill the memory.
const MOST_SEEN: usize = 100_000;
/// How many broken rules are kept: the first tell more than the last.
const MOST_BROKEN: usize = 10_000;

impl Ledger {
    /// Notes a call.
    pub(super) fn saw(&mut self, call: Seen) {
        self.calls = self.calls.saturating_add(1);
        if self.seen.len() == MOST_SEEN {
            self.seen.pop_front();
        }
        self.seen.push_back(call);
    }

    /// Notes a kick.
    pub(super) fn kicked(&mut self, kick: Kicked) {
        let times = self.kicks.entry(kick).or_default();
        *times = times.saturating_add(1);
    }

    /// Notes that a caller broke a rule.
    pub(super) fn broke(&mut self, sentence: String) {
        tracing::warn!(rule = %sentence, "a call broke a rule");
        if self.broken.len() < MOST_BROKEN {
            self.broken.push_back(sentence);
        }
    }

    /// How many calls arrived.
    pub(super) fn calls(&self) -> u64 {
        self.calls
    }

    /// The calls that are kept, in order.
    pub(super) fn seen(&self) -> Vec<Seen> {
        self.seen.iter().cloned().collect()
    }

    /// How often everybody was kicked.
    pub(super) fn kicks(&self) -> BTreeMap<Kicked, u64> {
        self.kicks.clone()
    }

    /// The rules that were broken, in order.
    pub(super) fn broken_rules(&self) -> Vec<String> {
        self.broken.iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_force_prints_on_one_line() {
        let mut row = InForce {
            provider: "tencent",
            app: "1".into(),
            room: Some("live\n42".into()),
            kind: Kind::User,
            subject: "alice".into(),
            deny: Deny::JOIN,
            end: Lapse::At(Moment::from_seconds(1)),
            reason: Some("spam".into()),
            rule: None,
        };
        assert_eq!(
            row.to_string(),
            r"tencent 1 room:live\n42 user:alice deny:join until:1970-01-01T00:00:01Z reason:spam"
        );
        (row.room, row.deny, row.end) = (None, Deny::NOTHING, Lapse::Open);
        (row.reason, row.rule) = (None, Some(7));
        assert_eq!(row.to_string(), "tencent 1 user:alice rule:7");
    }

    #[test]
    fn a_ledger_keeps_the_newest_calls_and_counts_them_all() {
        let mut ledger = Ledger::default();
        for number in 0..=MOST_SEEN {
            ledger.saw(Seen {
                at: Moment::from_seconds(0),
                provider: "agora",
                app: "4855".into(),
                action: "GET".into(),
                subjects: number,
                code: "200".into(),
            });
        }
        assert_eq!(ledger.calls(), 100_001);
        assert_eq!(ledger.seen().len(), MOST_SEEN);
        assert_eq!(ledger.seen().first().map(|seen| seen.subjects), Some(1));
    }
}
