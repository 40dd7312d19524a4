//! One entry: checked for each of its targets, and expanded into restrictions.

use std::sync::Arc;

use super::desired::Desired;
use super::fields::Fields;
use super::known::{Known, Named};
use super::list::{Lists, lines};
use super::problem::{Problem, Scope, SourceFile, Spot, quote};
use super::scalar::read_text;
use super::section::Section;
use super::subjects::{Group, Raw};
use super::terms::{Terms, read_terms};
use super::yaml::{At, Node, Value};
use crate::domain::{Deny, Id, Kind, Restriction, Source, Subject, Wanted};
use crate::provider::{Form, IdRule, Presence};

/// What an entry is read with.
pub(super) struct Reading<'a, 'l> {
    /// The targets it may name.
    pub(super) known: &'a Known,
    /// The bulk lists it may name.
    pub(super) lists: &'a mut Lists<'l>,
    /// Where its restrictions go.
    pub(super) desired: &'a mut Desired,
}

/// Reads an entry.
pub(super) fn read_entry(
    node: &Node<'_>,
    section: Section,
    reading: &mut Reading<'_, '_>,
    scope: &mut Scope<'_>,
) {
    reading.desired.entries += 1;
    let Some(fields) = Fields::open(node, section.noun(), section.keys(), scope) else { return };
    let terms = read_terms(&fields, section, scope);
    if let Some((id, at)) = &terms.id {
        reading.desired.name(id, &scope.spot(*at), scope);
    }
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
        entry.expand(target, reading.desired, scope);
    }
    entry.check_wide(&targets, scope);
}

struct Entry<'n> {
    at: At,
    section: Section,
    terms: Terms,
    room: Option<Room<'n>>,
    /// The room by each rule it was read with.
    rooms: Vec<(IdRule, Option<Id>)>,
    groups: Vec<Group<'n>>,
}

struct Room<'n> {
    key: At,
    at: At,
    /// `None` if it is no text, which was reported.
    text: Option<&'n str>,
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
            let what = format!("`{}`", subject.inline);
            for item in super::fields::items(node, &what, scope).unwrap_or_default() {
                let text = read_text(item, &format!("an item of {what}"), scope);
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

    fn expand(&mut self, target: &Named<'_, '_>, desired: &mut Desired, scope: &mut Scope<'_>) {
        let mut groups = std::mem::take(&mut self.groups);
        for group in &mut groups {
            match target.facts.form(group.kind) {
                Some(form) => self.expand_group(target, form, group, (&mut *desired, &mut *scope)),
                None => self.report_kind(target, group, scope),
            }
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
        form: &'static Form,
        group: &mut Group<'n>,
        (desired, scope): (&mut Desired, &mut Scope<'_>),
    ) {
        let room = self.check_room(target, form, group, scope);
        self.check_terms(target, form, group, scope);
        if form.wide {
            desired.note_wide(&target.name, &scope.spot(self.at));
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
        for (id, spot) in group.ids(form.id, &target.name, scope) {
            let subject = Subject { kind: form.kind, id: id.clone() };
            let restriction =
                Restriction { target: target.name.clone(), room: room.clone(), subject, deny };
            let wanted = Wanted {
                restriction,
                from: self.terms.from,
                until: self.terms.until,
                reason: self.terms.reason.as_ref().map(|(reason, _)| Arc::clone(reason)),
                entry: self.terms.id.as_ref().map(|(id, _)| Arc::clone(id)),
                source: source.clone(),
            };
            desired.push(wanted, spot.clone());
        }
    }

    fn check_room(
        &mut self,
        target: &Named<'_, '_>,
        form: &'static Form,
        group: &Group<'_>,
        scope: &mut Scope<'_>,
    ) -> Option<Id> {
        if form.kind == Kind::Channel {
            return None;
        }
        let name = &target.name;
        match (form.room, &self.room) {
            (Presence::Required, None) => {
                let message = format!("`{name}`: the entry needs a `room`");
                scope.push(
                    Problem::new("room-missing", self.at, message)
                        .help(self.section.needs(target.facts)),
                );
                None
            }
            (Presence::Never, Some(room)) => {
                let message = format!("`{name}`: `{}` are not limited to a room", group.name);
                scope.push(
                    Problem::new("room-not-taken", room.key, message)
                        .help(self.section.needs(target.facts)),
                );
                None
            }
            (Presence::Never | Presence::Optional, None) => None,
            (Presence::Required | Presence::Optional, Some(_)) => {
                self.read_room(form.room_id, target, scope)
            }
        }
    }

    fn read_room(
        &mut self,
        rule: IdRule,
        target: &Named<'_, '_>,
        scope: &mut Scope<'_>,
    ) -> Option<Id> {
        if let Some((_, id)) = self.rooms.iter().find(|(known, _)| *known == rule) {
            return id.clone();
        }
        let Room { at, text, .. } = self.room.as_ref()?;
        let id = match rule.parse((*text)?) {
            Ok(id) => Some(id),
            Err(message) => {
                let message = format!("`{}`: the room {message}", target.name);
                scope.push(Problem::new("bad-id", *at, message).help(rule.words()));
                None
            }
        };
        self.rooms.push((rule, id.clone()));
        id
    }

    fn check_terms(
        &self,
        target: &Named<'_, '_>,
        form: &'static Form,
        group: &Group<'_>,
        scope: &mut Scope<'_>,
    ) {
        let (name, title) = (&target.name, target.facts.title);
        if form.wide && self.terms.wide.is_none_or(|(wide, _)| !wide) {
            let message = format!("`{name}`: such a ban reaches everybody {}", crowd(group.kind));
            scope.push(
                Problem::new("wide-missing", group.key, message)
                    .help("add `wide: true` to the entry if that is meant"),
            );
        }
        if !form.deny.contains(self.terms.deny) {
            let names: Vec<_> = form.deny.names().map(|name| format!("`{name}`")).collect();
            let message = format!("`{name}`: {title} cannot deny this");
            scope.push(
                Problem::new("deny-not-supported", self.terms.deny_at, message)
                    .help(format!("it can deny {}", names.join(", "))),
            );
        }
        if let (Some((reason, at)), Some(rule)) = (&self.terms.reason, form.reason)
            && reason.len() > rule.max_bytes
        {
            let (length, most) = (reason.len(), rule.max_bytes);
            let message =
                format!("`{name}`: the reason is {length} bytes long, {title} takes {most}");
            scope.push(
                Problem::new("reason-too-long", *at, message)
                    .help("a character beyond ASCII takes 2 to 4 bytes"),
            );
        }
    }

    /// `wide` on what reaches nobody else is a misunderstanding, though a harmless one.
    fn check_wide(&self, targets: &[Named<'_, '_>], scope: &mut Scope<'_>) {
        let is_wide = |target: &Named<'_, '_>| {
            let forms = self.groups.iter().filter_map(|group| target.facts.form(group.kind));
            forms.into_iter().any(|form| form.wide)
        };
        if let Some((true, at)) = self.terms.wide
            && !targets.is_empty()
            && !targets.iter().any(is_wide)
        {
            let message = "`wide: true` means nothing here: the entry reaches only whom it names";
            scope.push(Problem::warning("wide-needless", at, message));
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

impl Desired {
    /// Remembers the `id` of an entry, which no other may have.
    fn name(&mut self, id: &Arc<str>, spot: &Spot, scope: &mut Scope<'_>) {
        if let Some(first) = self.ids.get(id) {
            let problem = Problem::new(
                "duplicate-id",
                spot.at,
                format!("two entries have the id {}", quote(id)),
            )
            .help("an `id` names one entry of the whole workspace");
            scope.findings.push_with(spot, problem, first, "first here");
        } else {
            self.ids.insert(Arc::clone(id), spot.clone());
        }
    }
}

/// Reads the items of a list of entries that is not a list.
pub(super) fn report_no_list(node: &Node<'_>, name: &str, scope: &mut Scope<'_>) {
    if !matches!(node.value, Value::Broken) {
        let message = format!("`{name}` must be a list, not {}", node.describe());
        scope.push(
            Problem::new("wrong-shape", node.at, message)
                .help(format!("write `{name}: []` where there is none")),
        );
    }
}
