//! The two lists of entries, and the keys that an entry of each may have.

use crate::domain::Kind;
use crate::provider::{Capability, Facts, Presence, Provider, REGISTRY};

/// A list of entries in a policy file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Section {
    /// `bans`
    Bans,
    /// `forbidden_streams`
    ForbiddenStreams,
}

/// The keys under which an entry names subjects of one kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct SubjectKey {
    /// The kind of the subjects.
    pub(super) kind: Kind,
    /// The key of those written in place.
    pub(super) inline: &'static str,
    /// The key of a bulk list.
    pub(super) list: Option<&'static str>,
}

impl SubjectKey {
    const USERS: Self = Self { kind: Kind::User, inline: "users", list: Some("users_from") };
    const DEVICES: Self =
        Self { kind: Kind::Device, inline: "devices", list: Some("devices_from") };
    const IPS: Self = Self { kind: Kind::Ip, inline: "ips", list: None };
    const STREAMS: Self =
        Self { kind: Kind::Stream, inline: "streams", list: Some("streams_from") };

    /// Every kind of subject that has keys of its own.
    pub(super) const ALL: [Self; 4] = [Self::USERS, Self::DEVICES, Self::IPS, Self::STREAMS];
}

impl Section {
    /// The key of the list.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Bans => "bans",
            Self::ForbiddenStreams => "forbidden_streams",
        }
    }

    /// What an entry of the list is called in messages.
    pub(super) const fn noun(self) -> &'static str {
        match self {
            Self::Bans => "a ban",
            Self::ForbiddenStreams => "a forbidden stream",
        }
    }

    /// The keys of an entry, in the order in which they are written.
    pub(super) const fn keys(self) -> &'static [&'static str] {
        match self {
            Self::Bans => &[
                "id",
                "target",
                "targets",
                "room",
                "users",
                "users_from",
                "devices",
                "devices_from",
                "ips",
                "deny",
                "wide",
                "reason",
                "from",
                "until",
                "meta",
            ],
            Self::ForbiddenStreams => &[
                "id",
                "target",
                "targets",
                "streams",
                "streams_from",
                "reason",
                "from",
                "until",
                "meta",
            ],
        }
    }

    /// The keys of an entry that name subjects.
    pub(super) const fn subjects(self) -> &'static [SubjectKey] {
        match self {
            Self::Bans => &[SubjectKey::USERS, SubjectKey::DEVICES, SubjectKey::IPS],
            Self::ForbiddenStreams => &[SubjectKey::STREAMS],
        }
    }

    /// Whether restrictions of this capability are written in this list.
    pub(super) fn holds(self, capability: &Capability) -> bool {
        (capability.kind == Kind::Stream) == (self == Self::ForbiddenStreams)
    }

    /// Whether a provider has anything that is written in this list.
    pub(super) fn is_at(self, facts: &Facts) -> bool {
        facts.capabilities.iter().any(|capability| self.holds(capability))
    }

    /// What an entry of this list must name at a provider, for a help line.
    pub(super) fn needs(self, facts: &Facts) -> String {
        let ways: Vec<_> = facts
            .capabilities
            .iter()
            .filter(|capability| self.holds(capability))
            .map(way)
            .collect();
        if ways.is_empty() {
            let names: Vec<_> = REGISTRY
                .into_iter()
                .map(Provider::facts)
                .filter(|facts| self.is_at(facts))
                .map(|facts| facts.title)
                .collect();
            return format!("only {} has `{}`", names.join(" or "), self.name());
        }
        format!("{} takes {}", facts.title, ways.join(", or "))
    }
}

fn way(capability: &Capability) -> String {
    let key = SubjectKey::ALL.into_iter().find(|key| key.kind == capability.kind);
    match (key, capability.room) {
        (None, _) => "`room` alone".to_owned(),
        (Some(key), Presence::Required) => format!("`room` and `{}`", key.inline),
        (Some(key), Presence::Optional) => format!("`{}` with or without `room`", key.inline),
        (Some(key), Presence::Never) => format!("`{}` without `room`", key.inline),
    }
}
