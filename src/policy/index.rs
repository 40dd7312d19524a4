//! What all files name, by fingerprint: enough to find who else speaks of a restriction.

use std::sync::Arc;

use super::part::Part;
use crate::domain::{Deny, Id, Kind, Restriction, TargetName, Wanted};

/// What the files name. Fingerprints may collide: whoever finds one looks at the thing itself.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Index {
    /// Each restriction that a file asks for, with the number of the file; sorted.
    pub claims: Vec<(u64, u32)>,
    /// Each `id` of an entry, with the number of its file; sorted.
    pub ids: Vec<(u64, u32)>,
}

impl Index {
    pub(super) fn of(parts: &[Part]) -> Self {
        let mut index = Self::default();
        for (number, part) in (0_u32..).zip(parts) {
            let claims = part.wanted.iter().flat_map(fingerprints);
            index.claims.extend(claims.map(|print| (print, number)));
            index.ids.extend(part.ids.iter().map(|(id, _)| (fingerprint_of_id(id), number)));
        }
        index.claims.sort_unstable();
        index.claims.dedup();
        index.ids.sort_unstable();
        index
    }
}

/// The fingerprint of a restriction: the same in every run and on every machine.
pub fn fingerprint(restriction: &Restriction) -> u64 {
    let Restriction { target, room, subject, deny } = restriction;
    let place = Print::of_place((target, room.as_ref(), subject.kind));
    place.of_subject(&subject.id, *deny)
}

/// The fingerprints of the restrictions that are wanted, in their order.
pub(super) fn fingerprints(wanted: &Wanted) -> impl Iterator<Item = u64> {
    let place = Print::of_place(wanted.place());
    wanted.ids.iter().map(move |id| place.of_subject(id, wanted.deny))
}

/// The fingerprint of the `id` of an entry.
pub(super) fn fingerprint_of_id(id: &Arc<str>) -> u64 {
    let mut print = Print::default();
    print.add(id.as_bytes());
    print.0
}

/// FNV-1a (Fowler, Noll, Vo 1991): short, and in need of no seed. Collisions cost time only.
#[derive(Clone, Copy)]
struct Print(u64);

impl Default for Print {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Print {
    fn of_place((target, room, kind): (&TargetName, Option<&Id>, Kind)) -> Self {
        let mut print = Self::default();
        for text in [target.as_str(), room.map_or("", Id::as_str), kind.name()] {
            print.add(text.as_bytes());
            print.add(&[0xff]);
        }
        print
    }

    fn of_subject(mut self, id: &Id, deny: Deny) -> u64 {
        self.add(id.as_str().as_bytes());
        self.add(&[0xff, deny.bits()]);
        self.0
    }

    fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}
