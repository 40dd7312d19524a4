//! One entry: checked for each of its targets, and expanded into restrictions.

use std::sync::Arc;

use super::fields::{Fields, items};
use super::list::{Lists, lines};
use super::policy_file::{PolicyFile, Watch};
use super::problem::{Problem, Reporter, SourceFile};
use super::scalar::read_text;
use super::section::Section;
use super::subjects::{Group, Raw};
use super::target_index::{TargetIndex, TargetRef};
use super::terms::{Terms, read_terms};
use super::yaml::{At, Node};
use crate::domain::{Deny, Id, Kind, Source, Wanted};
use crate::provider::IdRule;

/// What an entry is read with.
pub(super) struct Reading<'a, 'l> {
    /// The targets it may name.
    pub(super) index: &'a TargetIndex,
    /// The bulk lists it may name.
    pub(super) lists: &'a mut Lists<'l>,
    /// Where its restrictions go.
    pub(super) policy: &'a mut PolicyFile,
    /// Who is looked for, if anybody.
    pub(super) watch: Option<Watch<'a>>,
}

/// Reads an entry.
pub(super) fn read_entry(
    node: &Node<'_>,
    section: Section,
    reading: &mut Reading<'_, '_>,
    reporter: &mut Reporter<'_>,
) {
    reading.policy.entries += 1;
    let Some(fields) = Fields::open(node, section.noun(), section.keys(), reporter) else { return };
    let terms = read_terms(&fields, section, reporter);
    reading.policy.ids.extend(terms.id.clone());
    reading.policy.metas.extend(terms.meta.clone().map(|meta| (fields.at, meta)));
    let targets = reading.index.read(&fields, reporter);
    let files = open_lists(&fields, section, reading.lists, reporter);
    let groups = read_groups(&fields, section, &files, reporter);
    if fields.has_unknown && groups.is_empty() {
        // The subjects may well stand under the unknown key.
        return;
    }
    let room = fields.pair("room").filter(|_| section == Section::Bans);
    let room = room.map(|(key, node)| Room {
        key: key.at,
        at: node.at,
        text: read_text(node, "`room`", reporter),
    });
    let mut entry = Entry { at: fields.at, section, terms, room, rooms: Vec::new(), groups };
    entry.take_room_as_channel();
    if entry.groups.is_empty() && entry.room.is_none() && !targets.is_empty() {
        entry.report_nobody(&targets, reporter);
        return;
    }
    for target in &targets {
        entry.expand(target, reading, reporter);
    }
    entry.check_wide(&targets, reporter);
}

/// An entry while it is checked.
pub(super) struct Entry<'n> {
    /// Where it stands.
    pub(super) at: At,
    pub(super) section: Section,
    pub(super) terms: Terms,
    pub(super) room: Option<Room<'n>>,
    /// The room by each rule it was read with.
    pub(super) rooms: Vec<(IdRule, Option<Id>)>,
    pub(super) groups: Vec<Group<'n>>,
}

/// The room of an entry.
pub(super) struct Room<'n> {
    pub(super) key: At,
    /// Where it stands.
    pub(super) at: At,
    /// `None` if it is no text, which was reported.
    pub(super) text: Option<&'n str>,
}

fn open_lists(
    fields: &Fields<'_, '_>,
    section: Section,
    lists: &mut Lists<'_>,
    reporter: &mut Reporter<'_>,
) -> Vec<(&'static str, Arc<SourceFile>)> {
    let mut files = Vec::new();
    for name in section.subjects().iter().filter_map(|subject| subject.list) {
        let list =
            fields.get(name).and_then(|node| lists.open(node, &format!("`{name}`"), reporter));
        files.extend(list.map(|list| (name, list)));
    }
    files
}

fn read_groups<'n>(
    fields: &Fields<'n, '_>,
    section: Section,
    files: &'n [(&'static str, Arc<SourceFile>)],
    reporter: &mut Reporter<'_>,
) -> Vec<Group<'n>> {
    let mut groups = Vec::new();
    for subject in section.subjects() {
        let inline = fields.pair(subject.inline);
        let list = subject.list.and_then(|name| fields.pair(name));
        let Some((key, _)) = inline.or(list) else { continue };
        let mut group = Group::new(subject.kind, subject.inline, key.at);
        if let Some((_, node)) = inline {
            let name = subject.inline;
            let items = items(node, format_args!("`{name}`"), reporter).unwrap_or_default();
            group.raw.reserve_exact(items.len());
            for item in items {
                let text = read_text(item, format_args!("an item of `{name}`"), reporter);
                group.raw.extend(text.map(|text| Raw { text, spot: reporter.spot(item.at) }));
            }
        }
        for (name, file) in files {
            if subject.list == Some(*name) {
                group.raw.extend(lines(file).map(|(text, spot)| Raw { text, spot }));
            }
        }
        groups.push(group);
    }
    groups
}

impl<'n> Entry<'n> {
    /// A ban of a room without subjects is a ban of everybody in that channel.
    fn take_room_as_channel(&mut self) {
        if self.groups.is_empty() && self.section == Section::Bans {
            self.groups
                .extend(self.room.as_ref().map(|room| Group::new(Kind::Channel, "room", room.key)));
        }
    }

    fn report_nobody(&self, targets: &[TargetRef<'_, '_>], reporter: &mut Reporter<'_>) {
        for target in targets {
            let message = format!("`{}`: the entry names no subject", target.name);
            reporter.push(
                Problem::new("no-subject", self.at, message).help(self.section.needs(target.facts)),
            );
        }
    }

    fn expand(
        &mut self,
        target: &TargetRef<'_, '_>,
        reading: &mut Reading<'_, '_>,
        reporter: &mut Reporter<'_>,
    ) {
        let mut groups = std::mem::take(&mut self.groups);
        if let [_, second, ..] = groups.as_slice()
            && target.facts.one_kind_per_entry
        {
            let (name, title) = (&target.name, target.facts.title);
            let message = format!("`{name}`: an entry at {title} names subjects of one kind");
            let problem = Problem::new("kinds-mixed", second.key, message);
            reporter.push(problem.help("make an entry of its own for each kind"));
        }
        for group in &mut groups {
            self.expand_group(target, group, reading, reporter);
        }
        self.groups = groups;
    }

    fn report_kind(
        &self,
        target: &TargetRef<'_, '_>,
        group: &Group<'_>,
        reporter: &mut Reporter<'_>,
    ) {
        let (name, title) = (&target.name, target.facts.title);
        let problem = match group.kind {
            Kind::Channel => {
                let message = format!("`{name}`: {title} cannot ban everybody in a room");
                Problem::new("no-subject", group.key, message)
            }
            Kind::Device | Kind::Ip | Kind::Stream | Kind::User => {
                let message = format!("`{name}`: {title} cannot restrict `{}`", group.name);
                Problem::new("kind-not-supported", group.key, message)
            }
        };
        reporter.push(problem.help(self.section.needs(target.facts)));
    }

    fn expand_group(
        &mut self,
        target: &TargetRef<'_, '_>,
        group: &mut Group<'n>,
        Reading { policy, watch, .. }: &mut Reading<'_, '_>,
        reporter: &mut Reporter<'_>,
    ) {
        let Some(capability) = target.facts.capability(group.kind) else {
            return self.report_kind(target, group, reporter);
        };
        let room = self
            .check_room(target, capability, group, reporter)
            .map(|room| policy.share_room(room));
        let reason = self.terms.reason.as_ref().map(|(reason, _)| policy.share_reason(reason));
        self.check_terms(target, capability, group, reporter);
        if capability.wide {
            policy.note_wide(&target.name, self.at);
        }
        if capability.kind == Kind::Channel && group.raw.is_empty() {
            let text = self.room.as_ref().and_then(|room| room.text.map(|text| (text, room.at)));
            group.raw.extend(text.map(|(text, at)| Raw { text, spot: reporter.spot(at) }));
        }
        let source = Source {
            file: Arc::clone(&reporter.file.name),
            line: self.at.line,
            column: self.at.column,
        };
        let deny = if capability.deny.is_empty() { Deny::NOTHING } else { self.terms.deny };
        let ids = group.ids(capability.id, &target.name, reporter);
        if ids.is_empty() {
            return;
        }
        if let Some(watch) = watch {
            watch.look(&target.name, capability.kind, ids);
        }
        Arc::make_mut(&mut policy.wanted).push(Wanted {
            target: target.name.clone(),
            room,
            kind: capability.kind,
            ids: ids.iter().map(|(id, _)| id.clone()).collect(),
            deny,
            from: self.terms.from,
            until: self.terms.until,
            reason,
            entry: self.terms.id.as_ref().map(|(id, _)| Arc::clone(id)),
            source: Some(source),
            order: None,
        });
    }
}
