//! Overlapping entries: which one speaks for a restriction at an instant.

use std::cmp::Ordering;

use crate::domain::{Because, Moment, Restriction, Wanted};
use crate::provider::Form;

/// Everything the policy says about one restriction.
#[derive(Clone, Copy, Debug)]
pub struct Claims<'a> {
    /// The entries that name it; never empty.
    claims: &'a [Wanted],
}

impl<'a> Claims<'a> {
    /// What they are about.
    pub fn restriction(&self) -> Option<&'a Restriction> {
        self.claims.first().map(|claim| &claim.restriction)
    }

    /// The entry that governs at `now`: of those that want it now, the one with the latest
    /// `until`; ties go to the smallest `id`, then reason, then place.
    pub fn governing(&self, now: Moment) -> Option<&'a Wanted> {
        self.claims.iter().filter(|claim| claim.is_wanted_at(now)).max_by(|a, b| precedence(a, b))
    }

    /// The next instant after `now` at which an entry that starts changes something, and what;
    /// one that another overrules, or that says the same, changes nothing.
    pub fn next_start(&self, now: Moment, form: &Form) -> Option<(Moment, Because)> {
        let governing = self.governing(now);
        let starts = self.claims.iter().filter_map(|claim| {
            let from = claim.from.filter(|from| *from > now)?;
            Some((from, what_changes(governing, claim, form)?))
        });
        starts.min()
    }
}

fn what_changes(governing: Option<&Wanted>, claim: &Wanted, form: &Form) -> Option<Because> {
    let Some(governing) = governing else { return Some(Because::NewEntry) };
    if precedence(claim, governing).is_le() {
        return None;
    }
    let keeps_reason = form.reason.is_some_and(|reason| reason.kept);
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

/// Groups what the policy wants by restriction. `wanted` must be sorted by restriction.
pub fn claims(wanted: &[Wanted]) -> impl Iterator<Item = Claims<'_>> {
    wanted.chunk_by(|a, b| a.restriction == b.restriction).map(|claims| Claims { claims })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Deny, Id, Kind, Source, Subject, TargetName, Until};

    fn wanted(id: Option<&str>, from: Option<i64>, until: Until) -> Wanted {
        let subject = Subject { kind: Kind::User, id: Id::new("u") };
        let target = TargetName::parse("t").unwrap();
        Wanted {
            restriction: Restriction { target, room: None, subject, deny: Deny::JOIN },
            from: from.map(Moment::from_seconds),
            until,
            reason: None,
            entry: id.map(Into::into),
            source: Source { file: "a.yaml".into(), line: 1, column: 1 },
        }
    }

    fn governing(claims: &[Wanted], now: i64) -> Option<String> {
        let claims = Claims { claims };
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
        let claims = Claims { claims: &claims };
        let form = crate::provider::find("agora").unwrap().facts().form(Kind::User).unwrap();
        let next = |now| claims.next_start(Moment::from_seconds(now), form);
        assert_eq!(next(5), Some((Moment::from_seconds(15), Because::UntilChanged)));
        assert_eq!(next(15), None);
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
