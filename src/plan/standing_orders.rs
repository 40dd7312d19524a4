//! Orders beside the policy: desired = policy + ban orders - lift orders (design §8).

use std::collections::BTreeMap;

use super::Inputs;
use super::overlap::claims;
use crate::domain::{
    Id, Kind, Moment, Order, OrderEnd, OrderFate, OrderKind, Restriction, Subject, TargetName,
    Until, Wanted, Warning,
};

/// Whom an order is about: a place and a subject, whatever is denied.
type Key<'a> = (&'a TargetName, Option<&'a Id>, Kind, &'a Id);

/// The orders that stand, each about whom it decides: of two that contradict each other the later.
pub(super) struct StandingOrders<'a> {
    /// What bans want, without whom a later lift is about and who is protected.
    pub(super) bans: Vec<Wanted>,
    lifts: BTreeMap<Key<'a>, &'a Order>,
}

impl<'a> StandingOrders<'a> {
    pub(super) fn of(inputs: &Inputs<'a>) -> Self {
        let standing = inputs.orders.iter().filter(|order| order.stands(inputs.now));
        let mut latest: BTreeMap<Key<'_>, &Order> = BTreeMap::new();
        for order in standing.clone() {
            for key in keys(order) {
                let known = latest.entry(key).or_insert(order);
                if (known.given, &known.id) < (order.given, &order.id) {
                    *known = order;
                }
            }
        }
        latest.retain(|_, order| order.kind == OrderKind::Lift);
        let mut bans: Vec<Wanted> =
            standing.filter(|order| order.kind == OrderKind::Ban).flat_map(Order::wanted).collect();
        for ban in &mut bans {
            let (target, room, kind) = (&ban.target, ban.room.as_ref(), ban.kind);
            let is_wanted = |id: &Id| {
                let restriction = Restriction {
                    target: target.clone(),
                    room: room.cloned(),
                    subject: Subject { kind, id: id.clone() },
                    deny: ban.deny,
                };
                !latest.contains_key(&(target, room, kind, id))
                    && inputs.protected.covers(&restriction).is_none()
            };
            let ids = ban.ids.iter().filter(|id| is_wanted(id)).cloned().collect();
            ban.ids = ids;
        }
        Self { bans, lifts: latest }
    }

    /// The lift that decides about a restriction.
    pub(super) fn lift(&self, restriction: &Restriction) -> Option<&'a Order> {
        if self.lifts.is_empty() {
            return None;
        }
        let Restriction { target, room, subject, deny: _ } = restriction;
        self.lifts.get(&(target, room.as_ref(), subject.kind, &subject.id)).copied()
    }
}

fn keys(order: &Order) -> impl Iterator<Item = Key<'_>> {
    order
        .subjects
        .iter()
        .map(|Subject { kind, id }| (&order.target, order.room.as_ref(), *kind, id))
}

/// The orders that have ended by `now`: their time has come, or the files say the same.
pub(super) fn ended(inputs: &Inputs<'_>) -> Vec<Order> {
    let open = inputs.orders.iter().filter(|order| order.ended.is_none());
    let how = |order: &Order| {
        if order.until <= inputs.now {
            Some(OrderFate::Expired)
        } else {
            is_absorbed(inputs, order)?.then_some(OrderFate::Absorbed)
        }
    };
    let end = |how| OrderEnd { at: inputs.now, how, why: None };
    open.filter_map(|order| Some(Order { ended: Some(end(how(order)?)), ..order.clone() }))
        .collect()
}

/// Whether the files say what an order does; nothing can be said without files.
fn is_absorbed(inputs: &Inputs<'_>, order: &Order) -> Option<bool> {
    let desired = inputs.wanted?;
    let bans = |subject: &Subject| {
        let standing = inputs.orders.iter().filter(|other| other.stands(inputs.now));
        let mut bans = standing.filter(|other| other.kind == OrderKind::Ban);
        bans.any(|other| {
            (&other.target, &other.room) == (&order.target, &order.room)
                && other.subjects.contains(subject)
        })
    };
    let says = |subject: &Subject| {
        let mut entries = desired.iter().filter(|wanted| {
            wanted.place() == (&order.target, order.room.as_ref(), subject.kind)
                && wanted.ids.binary_search(&subject.id).is_ok()
                && !wanted.until.has_passed(inputs.now)
        });
        match order.kind {
            OrderKind::Ban => entries.any(|entry| {
                entry.deny == order.deny
                    && entry.is_wanted_at(inputs.now)
                    && entry.until >= Until::At(order.until)
            }),
            // A ban that stands would come back.
            OrderKind::Lift => entries.next().is_none() && !bans(subject),
        }
    };
    Some(order.subjects.iter().all(says))
}

/// The code of a warning of an order that is not in the files.
const STANDS: &str = "order-stands";

/// The code of a warning of an entry that imposes again what an order lifts.
const WILL_END: &str = "order-will-end";

/// Whether a warning of this code is about an order.
pub fn is_of_orders(code: &str) -> bool {
    [STANDS, WILL_END].contains(&code)
}

/// What a person should know of the orders: what is not in the files yet, and what comes back.
pub(super) fn warnings(inputs: &Inputs<'_>) -> Vec<Warning> {
    let ended: Vec<_> = ended(inputs).into_iter().map(|order| order.id).collect();
    let mut warnings = Vec::new();
    let standing = inputs.orders.iter().filter(|order| order.stands(inputs.now));
    for order in standing.filter(|order| !ended.contains(&order.id)) {
        let Order { id, kind, target, until, by, subjects, .. } = order;
        let many = if subjects.len() == 1 { "" } else { "s" };
        let message = format!(
            "order {id} ({by}): {kind} of {} subject{many} at `{target}` until {until} is not in the \
             files yet: `ostracon backport` brings it there",
            subjects.len()
        );
        warnings.push(Warning { code: STANDS.into(), message, source: None });
        if *kind == OrderKind::Lift {
            warnings.extend(returns(inputs, order));
        }
    }
    warnings
}

/// The entries that impose again what an order lifts, once it ends.
fn returns(inputs: &Inputs<'_>, order: &Order) -> Vec<Warning> {
    let Some(desired) = inputs.wanted else { return Vec::new() };
    let again = claims(desired.iter()).filter(|claims| order.is_about(&claims.restriction));
    let again =
        again.filter_map(|claims| Some((claims.governing(order.until)?, claims.restriction)));
    let warning = |(entry, restriction): (&Wanted, Restriction)| Warning {
        code: WILL_END.into(),
        message: format!(
            "`{restriction}`: lifted by order {} until {}, then imposed again by this entry",
            order.id, order.until
        ),
        source: entry.source.clone(),
    };
    again.map(warning).collect()
}

/// When an order ends that keeps an entry from being carried out.
pub(super) fn comes_back(
    lift: Option<&Order>,
    is_wanted: impl Fn(Moment) -> bool,
) -> Option<Moment> {
    lift.map(|order| order.until).filter(|until| is_wanted(*until))
}
