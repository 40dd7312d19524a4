//! A plan as text: what a reviewer reads, from what is most to be looked at down to one line that
//! machines can find.

mod changes;
mod footer;
mod grid;
mod likeness;
mod notes;
mod outline;
mod page;
mod row;
#[cfg(test)]
pub(super) mod samples;
#[cfg(test)]
mod tests;

use std::fmt::{self, Write};

use self::outline::{Heading, Outline};
use self::page::Page;
use super::review::Review;
use super::style::ColorChoice;
use crate::plan::Operation;

/// How it is shown.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    /// How much of it.
    pub folding: Folding,
    /// Whether in colour.
    pub colors: ColorChoice,
    /// How many columns there are; long ids may need more.
    pub width: usize,
}

/// The width from which on everything that a line says has room on it.
const WIDE: usize = 100;

impl Layout {
    /// Whether less is said, so that lines fit.
    const fn is_narrow(self) -> bool {
        self.width < WIDE
    }
}

/// How much of a plan is shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Folding {
    /// Long groups become one line with a count, so that any plan can be read.
    Folded,
    /// Every operation has its line.
    All,
}

/// Writes a plan as text.
///
/// The last line is always `Plan: 3 to impose, 0 to renew, …`, and nothing a stranger wrote can
/// look like it.
pub fn plan_text(review: &Review<'_>, layout: Layout, out: &mut dyn Write) -> fmt::Result {
    let plan = review.plan;
    let page = &mut Page::new(out, layout.colors);
    changes::write(&review.changes, page)?;
    notes::write_warnings(&review.orders, layout, page)?;
    let (upkeep, policy): (Vec<&Operation>, Vec<_>) =
        plan.operations.iter().partition(|operation| operation.upkeep);
    let policy_heading = if plan.is_held_back() { Heading::HeldBack } else { Heading::None };
    let outlines =
        Outline::of_sections(&[(policy_heading, policy), (Heading::Upkeep, upkeep)], layout);
    for outline in &outlines {
        outline.write(review, layout, page)?;
    }
    notes::write(review, layout, &outlines, page)?;
    footer::write(review, layout, page)?;
    page.paragraph();
    page.write_str(&review.counts())
}
