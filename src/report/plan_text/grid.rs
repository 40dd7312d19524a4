//! Lines of cells, each in its column.

use std::fmt::{self, Write as _};

use unicode_width::UnicodeWidthStr as _;

use super::Layout;
use super::page::Page;
use super::row::Row;
use crate::domain::Action;
use crate::report::review::symbol;
use crate::report::style::Style;

const COLUMNS: usize = 7;
const SUBJECT: usize = 0;
const WORD: usize = 1;
const AWAY: usize = 3;
const SOURCE: usize = 6;

/// The widths of the columns, and what was last written in them.
///
/// A cell wider than its column may be pushes the rest of its line to the right, so that one long
/// id costs one line its alignment and nothing else.
pub(super) struct Grid {
    indent: usize,
    widest: [usize; COLUMNS],
    widths: [usize; COLUMNS],
    above: [String; COLUMNS],
    is_narrow: bool,
}

impl Grid {
    pub(super) fn new(indent: usize, layout: Layout) -> Self {
        let subject = (layout.width / 3).max(20);
        // `was until`, an instant (or two), "in 29 months", an "extended from", an id.
        let widest = [subject, 9, 44, 24, 40, 24, 0];
        Self {
            indent,
            widest,
            widths: [0; COLUMNS],
            above: Default::default(),
            is_narrow: layout.is_narrow(),
        }
    }

    /// Begins a part in which nothing was said before.
    pub(super) fn begin(&mut self) {
        self.above = Default::default();
    }

    /// Makes the columns wide enough for a row.
    pub(super) fn measure(&mut self, row: &Row) {
        for ((cell, width), widest) in cells(row).into_iter().zip(&mut self.widths).zip(self.widest)
        {
            let needed = cell.width();
            if needed <= widest {
                *width = (*width).max(needed);
            }
        }
    }

    /// Writes a row; what stands alike in the line above is dimmed. On a narrow terminal it is left
    /// out if it is none of what says who and until when, and so is how far away an instant is.
    pub(super) fn write(&mut self, row: &Row, page: &mut Page<'_>) -> fmt::Result {
        write!(
            page,
            "{:1$}{2}",
            "",
            self.indent,
            page.style(style(row.action), symbol(row.action))
        )?;
        let mut gap = 1;
        let columns = self.widths.into_iter().zip(&mut self.above);
        for (column, (cell, (width, above))) in cells(row).into_iter().zip(columns).enumerate() {
            if self.is_narrow && column == AWAY {
                continue;
            }
            let missing = width.saturating_sub(cell.width());
            let separator = if column == WORD { 1 } else { 2 };
            let is_said = self.is_narrow && column > AWAY && cell == above.as_str();
            if cell.is_empty() || is_said {
                gap += if width > 0 { width + separator } else { 0 };
            } else {
                let (left, right) = if column == WORD { (missing, 0) } else { (0, missing) };
                let style = match column {
                    SUBJECT => style(row.action),
                    _ if cell == above.as_str() => Style::Quiet,
                    _ => Style::Plain,
                };
                let place = row.place.as_ref().filter(|_| column == SOURCE);
                let cell = page.link(place, page.style(style, cell));
                write!(page, "{:1$}{cell}", "", gap + left)?;
                gap = right + separator;
            }
            if above != cell {
                cell.clone_into(above);
            }
        }
        writeln!(page)
    }
}

fn cells(row: &Row) -> [&str; COLUMNS] {
    let Row { action: _, subject, word, until, relative_time, why, entry, source, place: _ } = row;
    [subject, word, until, relative_time, why, entry, source]
}

const fn style(action: Action) -> Style {
    match action {
        Action::Impose => Style::Start,
        Action::Renew | Action::Amend | Action::Kick => Style::Change,
        Action::Lift => Style::End,
        Action::Forget => Style::Plain,
    }
}
