//! Text that never grows beyond its limit.

/// Text that never grows beyond its limit.
pub(super) struct Budget {
    text: String,
    limit: usize,
}

/// A list of which as much is shown as there is room for.
pub(super) struct List<'a, T> {
    /// What stands before it.
    pub(super) opening: &'a str,
    /// What it lists.
    pub(super) items: &'a [T],
    /// What stands behind it.
    pub(super) closing: &'a str,
    /// The part of the limit that it may take, as its divisor.
    pub(super) share: usize,
}

impl Budget {
    pub(super) fn new(limit: usize) -> Self {
        Self { text: String::new(), limit }
    }

    /// Adds a piece if there is room for it.
    pub(super) fn push(&mut self, piece: &str) {
        if self.text.len() + piece.len() <= self.limit {
            self.text += piece;
        }
    }

    /// Adds a list: as many of its items as there is room for, and how many are missing. With no
    /// room for a single one, says at least that.
    pub(super) fn push_list<T>(
        &mut self,
        list: &List<'_, T>,
        line: impl Fn(&T) -> String,
        missing: impl Fn(usize) -> String,
    ) {
        let List { opening, items, closing, share } = list;
        if items.is_empty() {
            return;
        }
        let end = self.limit.min(self.text.len() + self.limit / share);
        // Of fewer things is never said more than of all.
        let reserve = missing(items.len()).len() + closing.len();
        if self.text.len() + opening.len() + reserve > end {
            return;
        }
        self.text += opening;
        for (position, item) in items.iter().enumerate() {
            let line = line(item);
            let is_last = position + 1 == items.len();
            let needed = if is_last { closing.len() } else { reserve };
            if self.text.len() + line.len() + needed > end {
                self.text += &missing(items.len() - position);
                break;
            }
            self.text += &line;
        }
        self.text += closing;
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(limit: usize, items: &[&str]) -> String {
        let mut budget = Budget::new(limit);
        let list = List { opening: "<", items, closing: ">", share: 1 };
        budget.push_list(&list, |item| (*item).to_owned(), |count| format!("+{count}"));
        budget.into_text()
    }

    #[test]
    fn a_list_shows_what_fits_and_counts_the_rest() {
        let items = ["aa", "bb", "cc"];
        for (limit, text) in
            [(8, "<aabbcc>"), (7, "<aa+2>"), (6, "<aa+2>"), (5, "<+3>"), (4, "<+3>"), (3, "")]
        {
            assert_eq!(list(limit, &items), text, "{limit}");
        }
        assert_eq!(list(0, &[]), "");
    }

    #[test]
    fn a_piece_without_room_is_left_out_whole() {
        let mut budget = Budget::new(3);
        budget.push("four");
        budget.push("abc");
        assert_eq!(budget.into_text(), "abc");
    }
}
