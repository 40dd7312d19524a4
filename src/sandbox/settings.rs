//! What the documents leave open, and the circumstances of a test: all that can be set.

use std::collections::BTreeSet;
use std::time::Duration;

use super::Sandbox;

/// What Tencent does when somebody is banned who is banned already: it is not documented.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RepeatBan {
    /// The end moves, as its siblings in the IM product do.
    MovesEnd,
    /// The old end stays.
    KeepsOldEnd,
}

/// How the sandbox behaves.
pub(super) struct Settings {
    /// Whether rates are lifted.
    pub(super) unlimited: bool,
    /// How long every answer takes.
    pub(super) latency: Duration,
    /// Rooms that do not exist, by provider.
    pub(super) missing_rooms: BTreeSet<(String, String)>,
    /// Users whom no Volcengine activity knows.
    pub(super) unregistered: BTreeSet<i64>,
    /// What a repeated ban does at Tencent.
    pub(super) repeat_ban: RepeatBan,
    /// How many users, and how many devices, a Volcengine activity bans.
    pub(super) quota: usize,
    /// Agora rules that lists leave out.
    pub(super) unlisted_rules: BTreeSet<i64>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            unlimited: false,
            latency: Duration::ZERO,
            missing_rooms: BTreeSet::new(),
            unregistered: BTreeSet::new(),
            repeat_ban: RepeatBan::MovesEnd,
            // The revision of July 2025.
            quota: 50_000,
            unlisted_rules: BTreeSet::new(),
        }
    }
}

impl Sandbox {
    /// Lifts every rate, for work on throughput.
    #[must_use]
    pub fn unlimited(self) -> Self {
        self.services().settings.unlimited = true;
        self
    }

    /// Sets how long every answer takes.
    pub fn set_latency(&self, latency: Duration) {
        self.services().settings.latency = latency;
    }

    /// Makes a room of this provider one that does not exist. Its bans go with it: a room that is
    /// made again under the same id starts empty.
    pub fn set_missing_room(&self, provider: &str, room: &str) {
        let mut services = self.services();
        services.settings.missing_rooms.insert((provider.to_owned(), room.to_owned()));
        match provider {
            "tencent" => services.tencent.close(room),
            "volcengine" => services.volcengine.close(room),
            // ZEGO's kicks leave nothing in a room, and Agora's channels need not exist.
            _ => {}
        }
    }

    /// Makes a room of this provider exist again, as every room does at first.
    pub fn set_existing_room(&self, provider: &str, room: &str) {
        self.services().settings.missing_rooms.remove(&(provider.to_owned(), room.to_owned()));
    }

    /// Makes a user one who never entered any Volcengine activity.
    pub fn set_unregistered(&self, user: i64) {
        self.services().settings.unregistered.insert(user);
    }

    /// Makes a user known to every Volcengine activity, as every user is at first.
    pub fn set_registered(&self, user: i64) {
        self.services().settings.unregistered.remove(&user);
    }

    /// Sets what a repeated ban does at Tencent.
    pub fn set_repeat_ban(&self, repeat: RepeatBan) {
        self.services().settings.repeat_ban = repeat;
    }

    /// Sets how many users, and how many devices, a Volcengine activity bans at most.
    pub fn set_quota(&self, quota: usize) {
        self.services().settings.quota = quota;
    }

    /// Leaves an Agora rule out of lists, as bad networks do. The rule stays in force.
    pub fn set_unlisted_rule(&self, rule: i64) {
        self.services().settings.unlisted_rules.insert(rule);
    }

    /// Lists an Agora rule again.
    pub fn set_listed_rule(&self, rule: i64) {
        self.services().settings.unlisted_rules.remove(&rule);
    }

    /// Makes so many Agora rules in an app as somebody else would, for users from `first` on.
    pub fn add_foreign_rules(&self, app: &str, first: u32, rules: u32) {
        let now = self.clock.now();
        self.services().agora.add_foreign_rules(app, first, rules, now);
    }

    /// Takes an Agora rule away behind everybody's back.
    pub fn lose_rule(&self, rule: i64) {
        self.services().agora.lose_rule(rule);
    }
}
