//! Puts keys in their order, and entries if that is asked for; comments go with what they are about.

use super::super::yaml::{Event, Pieces};
use super::role::Role;
use super::tree::{Item, Lead, Pair, Syntax};
use super::write::item_text;

/// Arranges a whole text; with its entries in the order of their `id`s if they are to be sorted.
pub(super) fn arrange(root: &mut Syntax<'_>, sort: bool) {
    let head = match root {
        Syntax::Mapping { pairs, .. } => pairs.first_mut().map(|first| take_head(&mut first.lead)),
        Syntax::Sequence { .. } | Syntax::Text(_) => None,
    };
    value(root, Role::Top, sort);
    if let Syntax::Mapping { pairs, .. } = root
        && let Some(first) = pairs.first_mut()
    {
        let mut lead = head.unwrap_or_default();
        if lead.last().is_some_and(|last| last.is_empty()) {
            drop_first_gap(&mut first.lead);
        }
        lead.append(&mut first.lead);
        drop_first_gap(&mut lead);
        first.lead = lead;
    }
}

/// What is about the file and not about its first key: everything down to the last empty line, or
/// all of it if there is none.
fn take_head<'t>(lead: &mut Lead<'t>) -> Lead<'t> {
    let is_end = |line: &&str| line.is_empty() || line.starts_with("---");
    let end = lead.iter().rposition(is_end).map_or(lead.len(), |role| role + 1);
    lead.drain(..end).collect()
}

fn drop_first_gap(lead: &mut Lead<'_>) {
    if lead.first().is_some_and(|line| line.is_empty()) {
        lead.remove(0);
    }
}

fn value(value: &mut Syntax<'_>, role: Role, sort: bool) {
    match value {
        Syntax::Text(_) => {}
        Syntax::Mapping { pairs, .. } => {
            put_in_order(pairs, role);
            for pair in pairs {
                self::value(&mut pair.node.value, role.at_key(&pair.name), sort);
            }
        }
        Syntax::Sequence { items, .. } => {
            for item in &mut *items {
                self::value(&mut item.node.value, role.item(), sort);
                lift_lead(item);
            }
            if sort && matches!(role, Role::Entries(_)) {
                items.sort_by_cached_key(|item| {
                    let id = id_of(item);
                    (id.is_none(), id, item_text(item))
                });
                space(items.iter_mut().map(|item| &mut item.lead).collect());
            }
            if let Some(first) = items.first_mut() {
                drop_first_gap(&mut first.lead);
            }
        }
    }
}

fn put_in_order(pairs: &mut [Pair<'_>], role: Role) {
    let is_in_order = pairs.is_sorted_by_key(|pair| role.rank(&pair.name));
    if !is_in_order {
        pairs.sort_by_key(|pair| role.rank(&pair.name));
        let leads = pairs.iter_mut().map(|pair| &mut pair.lead);
        if role == Role::Top {
            space(leads.collect());
        } else {
            leads.filter(|lead| **lead == [""]).for_each(Lead::clear);
        }
    }
    if role != Role::Top
        && let Some(first) = pairs.first_mut()
    {
        drop_first_gap(&mut first.lead);
    }
}

/// Where most things were set apart by empty lines, and their order changed, sets all of them apart.
fn space(mut leads: Vec<&mut Lead<'_>>) {
    let is_spaced = |lead: &&mut Lead<'_>| lead.first().is_some_and(|line| line.is_empty());
    if leads.iter().filter(|lead| is_spaced(lead)).count() * 2 + 1 < leads.len() {
        return;
    }
    for lead in leads.iter_mut().skip(1).filter(|lead| !is_spaced(lead)) {
        lead.insert(0, "");
    }
}

/// What stands above the first key of an item stands above its dash.
fn lift_lead(item: &mut Item<'_>) {
    if let Syntax::Mapping { pairs, .. } = &mut item.node.value
        && let Some(first) = pairs.first_mut()
    {
        item.lead.extend(first.lead.drain(..).filter(|line| !line.is_empty()));
    }
}

/// The `id` of an entry.
fn id_of(item: &Item<'_>) -> Option<String> {
    let text = match &item.node.value {
        Syntax::Mapping { pairs, .. } => {
            let pair = pairs.iter().find(|pair| pair.name == "id")?;
            match &pair.node.value {
                Syntax::Text(text) => format!("{{ id: {text} }}"),
                Syntax::Mapping { .. } | Syntax::Sequence { .. } => return None,
            }
        }
        Syntax::Text(text) => text.clone(),
        Syntax::Sequence { .. } => return None,
    };
    let mut pieces = Pieces::new(&text).ok()?;
    let (mut depth, mut is_id) = (0_usize, false);
    loop {
        match pieces.next().ok()?.event {
            event if event.is_start() => depth += 1,
            Event::MappingEnd | Event::SequenceEnd => depth = depth.checked_sub(1)?,
            Event::StreamEnd => return None,
            Event::Scalar { text, .. } if is_id => return Some(text.into_owned()),
            Event::Scalar { text, .. } => is_id = depth == 1 && text == "id",
            _ => {}
        }
    }
}
