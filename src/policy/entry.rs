//! One entry: checked for each of its targets, and expanded into restrictions.

use std::sync::Arc;

use super::fields::{Fields, items};
use super::known::{Known, Named};
use super::list::{Lists, lines};
use super::part::{Part, Watch};
use super::problem::{Problem, Scope, SourceFile};
use super::scalar::read_text;
use super::section::Section;
use super::subjects::{Group, Raw};
use super::terms::{Terms, read_terms};
use super::yaml::{At, Node};
use crate::domain::{Deny, Id, Kind, Source, Wanted};
use crate::provider::IdRule;

/// What an entry is read with.
pub(super) struct Reading<'a, 'l> {
    /// The targets it may name.
    pub(super) known: &'a Known,
    /// The bulk lists it may name.
    pub(super) lists: &'a mut Lists<'l>,
    /// Where its restrictions go.
    pub(super) part: &'a mut Part,
    /// Who is looked for, if anybody.
    pub(super) watch: Option<Watch<'a>>,
}

/// Reads an entry.
pub(super) fn read_entry(
    node: &Node<'_>,
    section: Section,
    reading: &mut Reading<'_, '_>,
    scope: &mut Scope<'_>,
) {
    reading.part.entries += 1;
    let Some(fields) = Fields::open(node, section.noun(), section.keys(), scope) else { return };
    let terms = read_terms(&fields, section, scope);
    reading.part.ids.extend(terms.id.clone());
    reading.part.metas.extend(terms.meta.clone().map(|meta| (fields.at, meta)));
    let targets = reading.known.read(&fields, scope);
    let files = open_lists(&fields, section, reading.lists, scope);
    let groups = read_groups(&fields, section, &files, scope);
    if fields.has_unknown && groups.is_empty() {
        // The subjects may well stand under the unknown key.
        return;
    }
    let room = fields.pair("room").filter(|_| section == Section::Bans);
    let room = room.map(|(key, node)| Room {
        key: key.at,
        at: node.at,
        text: read_text(node, "`room`", scope),
    });
    let mut entry = Entry { at: fields.at, section, terms, room, rooms: Vec::new(), groups };
    entry.take_room_as_channel();
    if entry.groups.is_empty() && entry.room.is_none() && !targets.is_empty() {
        entry.report_nobody(&targets, scope);
        return;
    }
    for target in &targets {
        entry.expand(target, reading, scope);
    }
    entry.check_wide(&targets, scope);
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
    scope: &mut Scope<'_>,
) -> Vec<(&'static str, Arc<SourceFile>)> {
    let mut files = Vec::new();
    for name in section.subjects().iter().filter_map(|subject| subject.list) {
        let list = fields.get(name).and_then(|node| lists.open(node, &format!("`{name}`"), scope));
        files.extend(list.map(|list| (name, list)));
    }
    files
}

fn read_groups<'n>(
    fields: &Fields<'n, '_>,
    section: Section,
    files: &'n [(&'static str, Arc<SourceFile>)],
    scope: &mut Scope<'_>,
) -> Vec<Group<'n>> {
    let mut groups = Vec::new();
    for subject in section.subjects() {
        let inline = fields.pair(subject.inline);
        let list = subject.list.and_then(|name| fields.pair(name));
        let Some((key, _)) = inline.or(list) else { continue };
        let mut group = Group::new(subject.kind, subject.inline, key.at);
        if let Some((_, node)) = inline {
            let name = subject.inline;
            let items = items(node, format_args!("`{name}`"), scope).unwrap_or_default();
            group.raw.reserve_exact(items.len());
            for item in items {
                let text = read_text(item, format_args!("an item of `{name}`"), scope);
                group.raw.extend(text.map(|text| Raw { text, spot: scope.spot(item.at) }));
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

    fn report_nobody(&self, targets: &[Named<'_, '_>], scope: &mut Scope<'_>) {
        for target in targets {
            let message = format!("`{}`: the entry names no subject", target.name);
            scope.push(
                Problem::new("no-subject", self.at, message).help(self.section.needs(target.facts)),
            );
        }
    }

    fn expand(
        &mut self,
        target: &Named<'_, '_>,
        reading: &mut Reading<'_, '_>,
        scope: &mut Scope<'_>,
    ) {
        let mut groups = std::mem::take(&mut self.groups);
        if let [_, second, ..] = groups.as_slice()
            && target.facts.one_kind_per_entry
        {
            let (name, title) = (&target.name, target.facts.title);
            let message = format!("`{name}`: an entry at {title} names subjects of one kind");
            let problem = Problem::new("kinds-mixed", second.key, message);
            scope.push(problem.help("make an entry of its own for each kind"));
        }
        for group in &mut groups {
            self.expand_group(target, group, reading, scope);
        }
        self.groups = groups;
    }

    fn report_kind(&self, target: &Named<'_, '_>, group: &Group<'_>, scope: &mut Scope<'_>) {
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
        scope.push(problem.help(self.section.needs(target.facts)));
    }

    fn expand_group(
        &mut self,
        target: &Named<'_, '_>,
        group: &mut Group<'n>,
        Reading { part, watch, .. }: &mut Reading<'_, '_>,
        scope: &mut Scope<'_>,
    ) {
        let Some(form) = target.facts.form(group.kind) else {
            return self.report_kind(target, group, scope);
        };
        let room = self.check_room(target, form, group, scope).map(|room| part.share_room(room));
        let reason = self.terms.reason.as_ref().map(|(reason, _)| part.share_reason(reason));
        self.check_terms(target, form, group, scope);
        if form.wide {
            part.note_wide(&target.name, self.at);
        }
        if form.kind == Kind::Channel && group.raw.is_empty() {
            let text = self.room.as_ref().and_then(|room| room.text.map(|text| (text, room.at)));
            group.raw.extend(text.map(|(text, at)| Raw { text, spot: scope.spot(at) }));
        }
        let source = Source {
            file: Arc::clone(&scope.file.name),
            line: self.at.line,
            column: self.at.column,
        };
        let deny = if form.deny.is_empty() { Deny::NOTHING } else { self.terms.deny };
        let ids = group.ids(form.id, &target.name, scope);
        if ids.is_empty() {
            return;
        }
        if let Some(watch) = watch {
            watch.look(&target.name, form.kind, ids);
        }
        Arc::make_mut(&mut part.wanted).push(Wanted {
            target: target.name.clone(),
            room,
            kind: form.kind,
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
