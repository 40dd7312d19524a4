//! What a value is in a config or a policy file, and in which order its keys stand.

use super::super::section::{Section, SubjectKey};
use super::super::{config, protect, target};
use crate::provider::{Provider, REGISTRY};

/// What a value is, by where it stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Role {
    /// The mapping at the top.
    Top,
    /// The entries of a list.
    Entries(Section),
    /// One of them.
    Entry(Section),
    /// What is protected.
    Protect,
    /// An item of it.
    Protected,
    /// The targets of the config.
    Targets,
    /// One of them.
    Target,
    /// Rooms or subjects.
    Ids,
    /// Anything else.
    Other,
}

impl Role {
    /// What the value of a key is.
    pub(super) fn at_key(self, name: &str) -> Self {
        let is_subject = || SubjectKey::ALL.iter().any(|key| key.inline == name);
        match (self, name) {
            (Self::Top, "bans") => Self::Entries(Section::Bans),
            (Self::Top, "forbidden_streams") => Self::Entries(Section::ForbiddenStreams),
            (Self::Top, "protect") => Self::Protect,
            (Self::Top, "targets") => Self::Targets,
            (Self::Targets, _) => Self::Target,
            (Self::Entry(_), "room") => Self::Ids,
            (Self::Entry(_) | Self::Protected, _) if is_subject() => Self::Ids,
            _ => Self::Other,
        }
    }

    /// What an item of this list is.
    pub(super) const fn item(self) -> Self {
        match self {
            Self::Entries(section) => Self::Entry(section),
            Self::Protect => Self::Protected,
            Self::Ids => Self::Ids,
            _ => Self::Other,
        }
    }

    /// The rank of a key among those of this mapping; of what is not known behind them all.
    pub(super) fn rank(self, name: &str) -> usize {
        let keys = self.keys();
        keys.iter().position(|key| *key == name).unwrap_or(keys.len())
    }

    /// The keys of this mapping, in the order in which they are written.
    fn keys(self) -> Vec<&'static str> {
        match self {
            Self::Top => {
                let sections = [Section::Bans, Section::ForbiddenStreams].map(Section::name);
                config::KEYS.into_iter().chain(sections).chain(["protect"]).collect()
            }
            Self::Entry(section) => section.keys().to_vec(),
            Self::Protected => protect::KEYS.to_vec(),
            Self::Target => {
                let facts = REGISTRY.into_iter().map(Provider::facts);
                target::keys(facts.flat_map(|facts| facts.settings))
            }
            Self::Entries(_) | Self::Protect | Self::Targets | Self::Ids | Self::Other => {
                Vec::new()
            }
        }
    }
}
