//! A target: one provider app, as the config describes it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use jiff::SignedDuration;

use super::{Capability, Endpoint, Mechanism, Provider};
use crate::domain::{Source, TargetName};

/// One provider app with the sources of its credentials.
#[derive(Clone)]
pub struct Target {
    /// Its name in the config: its identity in the state.
    pub name: TargetName,
    /// Whose app it is.
    pub provider: &'static dyn Provider,
    /// What the config says about the app, by the names in the provider's facts.
    pub settings: BTreeMap<&'static str, Arc<str>>,
    /// Where its calls go.
    pub endpoint: Endpoint,
    /// The label of the account, if the config gives one.
    pub account: Option<Arc<str>>,
    /// Calls per second, if the config allows fewer than are documented.
    pub rate: Option<u32>,
    /// What can be tuned.
    pub options: Options,
    /// The name it had before.
    pub moved_from: Option<TargetName>,
    /// Where its secrets come from, by the names in the provider's facts.
    pub credentials: BTreeMap<&'static str, CredentialSource>,
    /// Where the config names it.
    pub source: Source,
}

/// What can be tuned at a target; each only where its provider has a use for it.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Options {
    /// Renew when less than this is left; by default half the cap.
    pub renew_before: Option<SignedDuration>,
    /// Kick again after this long.
    pub rekick_every: Option<SignedDuration>,
    /// Repeat restrictions after this long; by default never.
    pub reassert_every: Option<SignedDuration>,
    /// How many a room holds, if not as documented.
    pub quota: Option<u32>,
    /// Whether calls go to the provider's test environment.
    pub test_environment: bool,
}

/// How often a kick is repeated unless the config says otherwise (design §2.1).
pub const REKICK_EVERY: SignedDuration = SignedDuration::from_mins(15);

impl Target {
    /// What the config says under this name; empty if nothing.
    pub fn setting(&self, name: &str) -> &str {
        self.settings.get(name).map_or("", |text| text)
    }

    /// Which app this is: what must not change behind a target's name, since a recorded restriction
    /// would mean another one afterwards.
    ///
    /// That is so for what the facts call identity, for the test environment (ZEGO keeps its rooms
    /// and streams apart: zego.md, read August 2026) and for the sandbox against the real thing.
    /// It is not for the others: regions, other endpoints and identifiers lead to the same app;
    /// spans, rates and quotas say when and how fast, not what.
    pub fn binding(&self) -> String {
        let facts = self.provider.facts();
        let mut text = facts.name.to_owned();
        let identity: Vec<_> = facts.settings.iter().filter(|setting| setting.identity).collect();
        for setting in &identity {
            text = format!("{text} {}={}", setting.name, self.setting(setting.name));
        }
        if identity.is_empty() {
            text = format!("{text} account={}", self.account_label());
        }
        if self.options.test_environment {
            text.push_str(" test");
        }
        let place = if self.endpoint.is_loopback() { "loopback" } else { "real" };
        format!("{text} {place}")
    }

    /// Who shares this target's rates: targets with equal keys share them.
    pub fn rate_key(&self) -> String {
        let facts = self.provider.facts();
        if facts.rate_is_per_account {
            format!("{} account={}", facts.name, self.account_label())
        } else {
            self.binding()
        }
    }

    fn account_label(&self) -> &str {
        self.account.as_deref().unwrap_or("default")
    }

    /// Calls per second that a lane of this target may make.
    pub fn lane_rate(&self, lane: usize) -> u32 {
        let documented = self.provider.facts().lanes.get(lane).map_or(1, |lane| {
            if self.options.test_environment { lane.per_second_in_test } else { lane.per_second }
        });
        self.rate.map_or(documented, |rate| rate.min(documented)).max(1)
    }

    /// How many calls a second it may be sent, on all lanes together.
    pub fn rate(&self) -> u32 {
        (0..self.provider.facts().lanes.len()).map(|lane| self.lane_rate(lane)).sum()
    }

    /// How much may be left of a capped restriction before it is renewed.
    pub fn renew_before(&self, capability: &Capability) -> SignedDuration {
        let half_of_cap = capability.expiry.cap().map_or(SignedDuration::ZERO, |cap| cap / 2);
        self.options.renew_before.unwrap_or(half_of_cap)
    }

    /// How often a kick is repeated; `None` where the provider holds.
    pub fn rekick_every(&self, capability: &Capability) -> Option<SignedDuration> {
        match capability.mechanism {
            Mechanism::Holds => None,
            Mechanism::Kicks => Some(self.options.rekick_every.unwrap_or(REKICK_EVERY)),
        }
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name, self.binding())
    }
}

/// Where a secret comes from. Never the secret itself.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum CredentialSource {
    /// An environment variable.
    Env(String),
    /// A file.
    File(String),
    /// The output of a program, run without a shell.
    Command(Vec<String>),
}

impl fmt::Display for CredentialSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(name) => write!(f, "env {name}"),
            Self::File(path) => write!(f, "file {path}"),
            Self::Command(words) => write!(f, "command {}", words.join(" ")),
        }
    }
}
