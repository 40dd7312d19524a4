//! Overlapping entries: which one speaks for a restriction at an instant.

use std::cmp::Ordering;
use std::iter::{self, Peekable};
use std::vec;

use crate::domain::{Because, Id, Moment, Restriction, Wanted};
use crate::provider::Capability;

/// Everything that the policy and orders say about one restriction.
#[derive(Clone, Debug)]
pub struct Claims<'a> {
    /// What they are about.
    pub restriction: Restriction,
    /// The entry that names it; as a rule there is no other.
    first: &'a Wanted,
    others: Vec<&'a Wanted>,
}

impl<'a> Claims<'a> {
    /// The entries that name it.
    pub fn entries(&self) -> impl Iterator<Item = &'a Wanted> {
        iter::once(self.first).chain(self.others.iter().copied())
    }

    /// The entry that governs at `now`: of those that want it now, the one with the latest
    /// `until`; ties go to the smallest `id`, then reason, then place.
    pub fn governing(&self, now: Moment) -> Option<&'a Wanted> {
        self.entries().filter(|claim| claim.is_wanted_at(now)).max_by(|a, b| precedence(a, b))
    }

    /// The next instant after `now` at which an entry that starts changes something, and what;
    /// one that another overrules, or that says the same, changes nothing.
    pub fn next_start(&self, now: Moment, capability: &Capability) -> Option<(Moment, Because)> {
        let governing = self.governing(now);
        let starts = self.entries().filter_map(|claim| {
            let from = claim.from.filter(|from| *from > now)?;
            Some((from, what_changes(governing, claim, capability)?))
        });
        starts.min()
    }
}

fn what_changes(
    governing: Option<&Wanted>,
    claim: &Wanted,
    capability: &Capability,
) -> Option<Because> {
    let Some(governing) = governing else { return Some(Because::NewEntry) };
    if precedence(claim, governing).is_le() {
        return None;
    }
    let keeps_reason = capability.reason.is_some_and(|reason| reason.kept);
    if claim.until != governing.until {
        Some(Because::UntilChanged)
    } else if keeps_reason && claim.reason != governing.reason {
        Some(Because::ReasonChanged)
    } else {
        None
    }
}

/// Greater takes precedence.
fn precedence(a: &Wanted, b: &Wanted) -> Ordering {
    a.until.cmp(&b.until).then_with(|| {
        // An entry without an id comes after every id, so that a named one governs.
        let id = |wanted: &Wanted| (wanted.entry.is_none(), wanted.entry.clone());
        let rest = |wanted: &Wanted| (id(wanted), wanted.reason.clone(), wanted.source.clone());
        rest(b).cmp(&rest(a))
    })
}

/// What the policy wants, by restriction, in the canonical order of restrictions.
pub fn claims<'a>(desired: impl Iterator<Item = &'a Wanted>) -> impl Iterator<Item = Claims<'a>> {
    let subjects = Vec::new().into_iter().peekable();
    ByRestriction { places: by_place(desired).into_iter(), subjects }
}

/// What is wanted at each place, in the order of places.
#[expect(
    clippy::disallowed_types,
    reason = "the places are sorted afterwards; where many entries share a place, a tree costs more \
              than all the rest of a comparison"
)]
fn by_place<'a>(desired: impl Iterator<Item = &'a Wanted>) -> Vec<Vec<&'a Wanted>> {
    let mut places = std::collections::HashMap::<_, Vec<&Wanted>>::new();
    for wanted in desired {
        places.entry(wanted.place()).or_default().push(wanted);
    }
    let mut places: Vec<_> = places.into_iter().collect();
    places.sort_unstable_by_key(|(place, _)| *place);
    places.into_iter().map(|(_, wanted)| wanted).collect()
}

/// Goes from place to place, and in each from subject to subject.
struct ByRestriction<'a> {
    /// What is wanted at each of the later places.
    places: vec::IntoIter<Vec<&'a Wanted>>,
    /// The later subjects of this place, and who names each.
    subjects: Peekable<vec::IntoIter<(&'a Id, &'a Wanted)>>,
}

impl<'a> Iterator for ByRestriction<'a> {
    type Item = Claims<'a>;

    fn next(&mut self) -> Option<Claims<'a>> {
        while self.subjects.peek().is_none() {
            self.subjects = subjects(&self.places.next()?).into_iter().peekable();
        }
        let (id, first) = self.subjects.next()?;
        let is_same = |(other, wanted): &(&Id, &Wanted)| *other == id && wanted.deny == first.deny;
        let others = iter::from_fn(|| self.subjects.next_if(is_same));
        let others = others.map(|(_, wanted)| wanted).collect();
        Some(Claims { restriction: first.restriction_of(id), first, others })
    }
}

/// The subjects at one place, in order, and who names each.
fn subjects<'a>(wanted: &[&'a Wanted]) -> Vec<(&'a Id, &'a Wanted)> {
    let of = |it: &&'a Wanted| {
        let wanted = *it;
        wanted.ids.iter().map(move |id| (id, wanted))
    };
    let mut subjects: Vec<_> = wanted.iter().flat_map(of).collect();
    // Those of one entry are in order.
    if wanted.len() > 1 {
        subjects.sort_by(|(a, one), (b, other)| a.cmp(b).then(one.deny.cmp(&other.deny)));
    }
    subjects
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::domain::{Deny, Desired, Id, Kind, Source, TargetName, Until};

    fn wanted(id: Option<&str>, from: Option<i64>, until: Until) -> Wanted {
        Wanted {
            target: TargetName::parse("t").unwrap(),
            room: None,
            kind: Kind::User,
            ids: vec![Id::new("u")],
            deny: Deny::JOIN,
            from: from.map(Moment::from_seconds),
            until,
            reason: None,
            entry: id.map(Into::into),
            source: Some(Source { file: "a.yaml".into(), line: 1, column: 1 }),
            order: None,
        }
    }

    fn governing(wanted: &[Wanted], now: i64) -> Option<String> {
        let desired = Desired::from(wanted.to_vec());
        let claims = claims(desired.iter()).next().unwrap();
        let entry = claims.governing(Moment::from_seconds(now))?.entry.clone();
        Some(entry.map_or_else(|| "unnamed".to_owned(), |id| id.to_string()))
    }

    #[test]
    fn the_latest_until_among_the_entries_wanted_now_governs() {
        let until = |seconds| Until::At(Moment::from_seconds(seconds));
        let claims = [
            wanted(Some("short"), None, until(10)),
            wanted(Some("long"), None, until(20)),
            wanted(Some("later"), Some(15), until(30)),
        ];
        assert_eq!(governing(&claims, 5).as_deref(), Some("long"));
        assert_eq!(governing(&claims, 15).as_deref(), Some("later"));
        assert_eq!(governing(&claims, 30), None);
        let desired = Desired::from(claims.to_vec());
        let claims = super::claims(desired.iter()).next().unwrap();
        let capability =
            crate::provider::find("agora").unwrap().facts().capability(Kind::User).unwrap();
        let next = |now| claims.next_start(Moment::from_seconds(now), capability);
        assert_eq!(next(5), Some((Moment::from_seconds(15), Because::UntilChanged)));
        assert_eq!(next(15), None);
    }

    #[test]
    fn what_several_entries_want_comes_in_the_order_of_restrictions() {
        let named = |room: Option<&str>, deny, ids: &[&str]| Wanted {
            room: room.map(Id::new),
            ids: ids.iter().map(|id| Id::new(*id)).collect(),
            deny,
            ..wanted(None, None, Until::Never)
        };
        let audio = Deny::PUBLISH_AUDIO;
        let desired = Desired::from_iter(
            [
                vec![named(Some("r"), Deny::JOIN, &["b", "d"]), named(None, Deny::JOIN, &["z"])],
                vec![],
                vec![
                    named(Some("r"), audio, &["b"]),
                    named(Some("r"), Deny::JOIN, &["a", "b", "c"]),
                ],
            ]
            .map(Arc::new),
        );
        let found = claims(desired.iter());
        let found: Vec<_> =
            found.map(|it| (it.restriction.clone(), it.entries().count())).collect();
        assert!(found.is_sorted());
        let found: Vec<_> = found.iter().map(|(it, count)| format!("{it} {count}")).collect();
        assert_eq!(
            found,
            [
                "t/user:z 1",
                "t/room:r/user:a 1",
                "t/room:r/user:b 2",
                "t/room:r/user:b/deny:publish_audio 1",
                "t/room:r/user:c 1",
                "t/room:r/user:d 1",
            ]
        );
    }

    #[test]
    fn a_tie_goes_to_the_smallest_id_whatever_the_order() {
        let mut claims = [
            wanted(None, None, Until::Never),
            wanted(Some("b"), None, Until::Never),
            wanted(Some("a"), None, Until::Never),
        ];
        assert_eq!(governing(&claims, 0).as_deref(), Some("a"));
        claims.reverse();
        assert_eq!(governing(&claims, 0).as_deref(), Some("a"));
    }
}
