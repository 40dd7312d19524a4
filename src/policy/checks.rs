//! What a provider can express of an entry: its room, what it denies, its reason, how wide it is.

use super::entry::{Entry, Room};
use super::problem::{Problem, Reporter};
use super::subjects::Group;
use super::target_index::TargetRef;
use crate::domain::{Id, Kind};
use crate::provider::{Capability, IdRule, Presence};

impl Entry<'_> {
    /// The room of a restriction of this capability, if it has one.
    pub(super) fn check_room(
        &mut self,
        target: &TargetRef<'_, '_>,
        capability: &'static Capability,
        group: &Group<'_>,
        reporter: &mut Reporter<'_>,
    ) -> Option<Id> {
        if capability.kind == Kind::Channel {
            return None;
        }
        let name = &target.name;
        match (capability.room, &self.room) {
            (Presence::Required, None) => {
                let message = format!("`{name}`: the entry needs a `room`");
                reporter.push(
                    Problem::new("room-missing", self.at, message)
                        .help(self.section.needs(target.facts)),
                );
                None
            }
            (Presence::Never, Some(room)) => {
                let message = format!("`{name}`: `{}` are not limited to a room", group.name);
                reporter.push(
                    Problem::new("room-not-taken", room.key, message)
                        .help(self.section.needs(target.facts)),
                );
                None
            }
            (Presence::Never | Presence::Optional, None) => None,
            (Presence::Required | Presence::Optional, Some(_)) => {
                self.read_room(capability.room_id, target, reporter)
            }
        }
    }

    fn read_room(
        &mut self,
        rule: IdRule,
        target: &TargetRef<'_, '_>,
        reporter: &mut Reporter<'_>,
    ) -> Option<Id> {
        if let Some((_, id)) = self.rooms.iter().find(|(known, _)| *known == rule) {
            return id.clone();
        }
        let Room { at, text, .. } = self.room.as_ref()?;
        let id = match rule.parse((*text)?) {
            Ok(id) => Some(id),
            Err(message) => {
                let message = format!("`{}`: the room {message}", target.name);
                reporter.push(Problem::new("bad-id", *at, message).help(rule.words()));
                None
            }
        };
        self.rooms.push((rule, id.clone()));
        id
    }

    /// Checks what the entry says besides its subjects.
    pub(super) fn check_terms(
        &self,
        target: &TargetRef<'_, '_>,
        capability: &'static Capability,
        group: &Group<'_>,
        reporter: &mut Reporter<'_>,
    ) {
        let (name, title) = (&target.name, target.facts.title);
        if capability.wide && self.terms.wide.is_none_or(|(wide, _)| !wide) {
            let message = format!("`{name}`: such a ban reaches everybody {}", crowd(group.kind));
            reporter.push(
                Problem::new("wide-missing", group.key, message)
                    .help("add `wide: true` to the entry if that is meant"),
            );
        }
        if !capability.deny.contains(self.terms.deny) {
            let names: Vec<_> = capability.deny.names().map(|name| format!("`{name}`")).collect();
            let message = format!("`{name}`: {title} cannot deny this");
            reporter.push(
                Problem::new("deny-not-supported", self.terms.deny_at, message)
                    .help(format!("it can deny {}", names.join(", "))),
            );
        }
        if let (Some((reason, at)), Some(rule)) = (&self.terms.reason, capability.reason)
            && reason.len() > rule.max_bytes
        {
            let (length, most) = (reason.len(), rule.max_bytes);
            let message =
                format!("`{name}`: the reason is {length} bytes long, {title} takes {most}");
            reporter.push(
                Problem::new("reason-too-long", *at, message)
                    .help("a character beyond ASCII takes 2 to 4 bytes"),
            );
        }
    }

    /// `wide` on what reaches nobody else is a misunderstanding, though a harmless one.
    pub(super) fn check_wide(&self, targets: &[TargetRef<'_, '_>], reporter: &mut Reporter<'_>) {
        let is_wide = |target: &TargetRef<'_, '_>| {
            let capabilities =
                self.groups.iter().filter_map(|group| target.facts.capability(group.kind));
            capabilities.into_iter().any(|capability| capability.wide)
        };
        if let Some((true, at)) = self.terms.wide
            && !targets.is_empty()
            && !targets.iter().any(is_wide)
        {
            let message = "`wide: true` means nothing here: the entry reaches only whom it names";
            reporter.push(Problem::warning("wide-needless", at, message));
        }
    }
}

/// Whom a ban of this kind reaches besides its subject.
fn crowd(kind: Kind) -> &'static str {
    match kind {
        Kind::Channel => "in the room",
        Kind::Ip => "behind the address",
        Kind::Device | Kind::Stream | Kind::User => "around its subject",
    }
}
