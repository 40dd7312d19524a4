//! Putting the pages of a list together, whatever the pages do.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::{Id, Kind, RuleId};
use crate::provider::{Cursor, Listed, Page};

/// More pages than any room or app can fill: past this an endpoint is repeating itself.
const MOST_PAGES: usize = 10_000;

/// More rows than any list has.
const MOST_ROWS: usize = 2_000_000;

/// A list that is being read.
#[derive(Debug, Default)]
pub(super) struct Paging {
    rows: BTreeMap<Key, Listed>,
    pages: BTreeSet<Cursor>,
}

/// What tells two rows apart: a page that is read again shows the same ones.
type Key = (Kind, Option<Id>, Id, u8, Option<RuleId>);

/// What follows a page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Next {
    /// The page that starts here.
    Page(Cursor),
    /// Nothing: the list was read to its end.
    End,
    /// Nothing that leads on: the pages repeat themselves, and the end was not seen.
    Stuck,
}

impl Paging {
    /// Takes the page that starts at `cursor`.
    pub(super) fn take(&mut self, page: Page, cursor: Cursor) -> Next {
        let known = self.rows.len();
        for row in page.rows {
            let key =
                (row.kind, row.room.clone(), row.id.clone(), row.deny.bits(), row.rule.clone());
            self.rows.insert(key, row);
        }
        self.pages.insert(cursor);
        match page.next {
            None => Next::End,
            Some(next) if self.pages.contains(&next) => Next::Stuck,
            Some(next) if leads_on(known, self.rows.len(), self.pages.len()) => Next::Page(next),
            Some(_) => Next::Stuck,
        }
    }

    /// The rows, each once.
    pub(super) fn into_rows(self) -> Vec<Listed> {
        self.rows.into_values().collect()
    }
}

/// Whether a page showed anything new, and there may be more.
const fn leads_on(known: usize, rows: usize, pages: usize) -> bool {
    rows > known && rows < MOST_ROWS && pages < MOST_PAGES
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Deny, Lapse};

    fn page(ids: &[&str], next: Option<&str>) -> Page {
        let row = |id: &&str| Listed {
            kind: Kind::User,
            id: Id::new(*id),
            room: None,
            deny: Deny::JOIN,
            lapse: Lapse::Open,
            rule: None,
            created: None,
        };
        Page { rows: ids.iter().map(row).collect(), next: next.map(Cursor::new) }
    }

    #[test]
    fn a_list_ends_at_its_end_or_where_it_stops_to_lead_on() {
        let mut paging = Paging::default();
        let second = || Cursor::new("x/2");
        let first = paging.take(page(&["a", "b"], Some("x/2")), Cursor::START);
        assert_eq!(first, Next::Page(second()));
        assert_eq!(paging.take(page(&["b", "c"], None), second()), Next::End);
        assert_eq!(paging.into_rows().len(), 3);
        for (ids, next) in [(["a", "b"], "x/4"), (["c", "d"], "x/2")] {
            let mut paging = Paging::default();
            paging.take(page(&["a", "b"], Some("x/2")), Cursor::START);
            let then = paging.take(page(&ids, Some(next)), second());
            assert_eq!(then, Next::Stuck, "{ids:?} {next}");
        }
    }

    #[test]
    fn a_list_that_never_ends_is_left_somewhere() {
        for (known, rows, pages, on) in [
            (0, 1, 1, true),
            (5, 5, 2, false),
            (1_900_000, 1_999_999, 20, true),
            (1_900_000, 2_000_000, 20, false),
            (9_998, 9_999, 9_999, true),
            (9_999, 10_000, 10_000, false),
        ] {
            assert_eq!(leads_on(known, rows, pages), on, "{known} {rows} {pages}");
        }
    }
}
