//! Which lines a plan gets: every operation its own, or fewer for what is alike.

use std::fmt::{self, Write as _};

use super::grid::Grid;
use super::likeness::{Likeness, Run, grouped};
use super::page::Page;
use super::row::Row;
use super::{Folding, Layout};
use crate::domain::{Id, TargetName};
use crate::plan::Operation;
use crate::report::escape::TerminalWord;
use crate::report::review::{FEW, Review};
use crate::report::style::Style;

/// A run of operations of one entry that is longer than this becomes one line.
const LONGEST_RUN: usize = 8;
/// A target that needs more lines than this is shown room by room, or as a whole.
const LINES_OF_A_TARGET: usize = 40;
/// The name of the target and the blank line above it.
const LINES_AROUND_A_TARGET: usize = 2;
/// All targets together: with changes, warnings and footer a plan stays near 100 lines.
const LINES_OF_A_PLAN: usize = 80;

/// What stands over a part of the plan.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Heading {
    /// Nothing: it speaks for itself.
    None,
    /// That a guard holds it back.
    HeldBack,
    /// That time alone asks for it.
    Upkeep,
}

/// The operations of one target in one part of the plan, and how closely they are shown.
pub(super) struct Outline<'a> {
    /// Above the first target of a part.
    heading: Option<Heading>,
    indent: usize,
    target: &'a TargetName,
    operations: Vec<&'a Operation>,
    detail: Detail,
    lines: usize,
}

/// How closely a target is shown, from the closest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Detail {
    /// Every operation.
    Operations,
    /// Every operation, but long runs of one entry as one line.
    Runs,
    /// What is alike in a room.
    Rooms,
    /// What is alike in the target.
    Target,
}

impl Detail {
    const FOLDED: [Self; 3] = [Self::Runs, Self::Rooms, Self::Target];
}

/// One line, or the name of a room over some.
pub(super) enum Item<'a> {
    /// The room that the lines below are about.
    Room(Option<&'a Id>),
    /// One line about these.
    Line(Line<'a>),
}

/// The operations of one line, and whether it must say in which rooms they are.
pub(super) struct Line<'a> {
    pub(super) operations: Vec<&'a Operation>,
    pub(super) names_room: bool,
}

impl<'a> Outline<'a> {
    /// The outlines of a plan's parts, as close as the layout and the length of a plan allow.
    pub(super) fn of_sections(
        sections: &[(Heading, Vec<&'a Operation>)],
        layout: Layout,
    ) -> Vec<Self> {
        let mut outlines: Vec<Self> = Vec::new();
        for (heading, operations) in sections {
            let mut heading_left = Some(*heading);
            let indent = if *heading == Heading::None { 0 } else { 2 };
            let same_target =
                |a: &&Operation, b: &&Operation| a.restriction.target == b.restriction.target;
            for of_target in operations.chunk_by(same_target) {
                let Some(first) = of_target.first() else { continue };
                let mut outline = Self {
                    heading: heading_left.take(),
                    indent,
                    target: &first.restriction.target,
                    operations: of_target.to_vec(),
                    detail: Detail::Operations,
                    lines: 0,
                };
                if layout.folding == Folding::Folded {
                    let fits = |detail: &Detail| outline.items(*detail).len() <= LINES_OF_A_TARGET;
                    let detail = Detail::FOLDED.into_iter().find(fits);
                    outline.show(detail.unwrap_or(Detail::Target));
                }
                outlines.push(outline);
            }
        }
        if layout.folding == Folding::Folded {
            shorten(&mut outlines);
        }
        outlines
    }

    /// How many operations have no line of their own.
    pub(super) fn folded(&self) -> usize {
        let lines = self.items(self.detail).into_iter();
        lines
            .map(|item| match item {
                Item::Room(_) => 0,
                Item::Line(line) if line.operations.len() == 1 => 0,
                Item::Line(line) => line.operations.len(),
            })
            .sum()
    }

    pub(super) fn write(
        &self,
        review: &Review<'_>,
        layout: Layout,
        page: &mut Page<'_>,
    ) -> fmt::Result {
        page.paragraph();
        match self.heading {
            None | Some(Heading::None) => {}
            Some(Heading::HeldBack) => {
                writeln!(
                    page,
                    "{}",
                    page.style(Style::Failure, "Held back by a guard, see below:")
                )?;
            }
            Some(Heading::Upkeep) => {
                writeln!(
                    page,
                    "{}",
                    page.style(Style::Heading, "Upkeep, which time alone asks for:")
                )?;
            }
        }
        let indent = self.indent;
        write!(page, "{:indent$}{}", "", page.style(Style::Heading, self.target))?;
        let provider = review.provenance.provider(self.target);
        if let Some(provider) = provider {
            write!(page, " ({})", provider.facts().title)?;
        }
        writeln!(page)?;
        let items = self.items(self.detail);
        let mut grid = Grid::new(indent + 4, layout);
        let row = |line: &Line<'_>| Row::of(line, review, layout);
        for item in &items {
            if let Item::Line(line) = item {
                grid.measure(&row(line));
            }
        }
        for item in &items {
            match item {
                Item::Room(room) => {
                    grid.begin();
                    match room {
                        Some(room) => {
                            let room = TerminalWord(room.as_str());
                            writeln!(page, "{:indent$}  room {room}", "")?;
                        }
                        None => writeln!(page, "{:indent$}  whole app", "")?,
                    }
                }
                Item::Line(line) => grid.write(&row(line), page)?,
            }
        }
        Ok(())
    }

    fn show(&mut self, detail: Detail) {
        self.detail = detail;
        self.lines = self.items(detail).len() + LINES_AROUND_A_TARGET;
    }

    fn items(&self, detail: Detail) -> Vec<Item<'a>> {
        let same_room = |a: &&Operation, b: &&Operation| a.restriction.room == b.restriction.room;
        let rooms = self.operations.chunk_by(same_room);
        match detail {
            Detail::Operations => rooms.flat_map(|room| with_header(room, usize::MAX)).collect(),
            Detail::Runs => rooms.flat_map(|room| with_header(room, LONGEST_RUN)).collect(),
            Detail::Rooms => rooms.flat_map(alike).collect(),
            Detail::Target => alike(&self.operations),
        }
    }
}

/// Shows the longest targets less closely until the plan is short enough, or nothing helps.
fn shorten(outlines: &mut [Outline<'_>]) {
    while outlines.iter().map(|outline| outline.lines).sum::<usize>() > LINES_OF_A_PLAN {
        let foldable = outlines.iter_mut().filter(|outline| outline.detail < Detail::Target);
        let Some(longest) = foldable.max_by_key(|outline| outline.lines) else { return };
        let coarser = Detail::FOLDED.into_iter().find(|detail| *detail > longest.detail);
        longest.show(coarser.unwrap_or(Detail::Target));
    }
}

/// A room and its operations, entry by entry; entries with more than `longest` as one line.
fn with_header<'a>(room: &[&'a Operation], longest: usize) -> Vec<Item<'a>> {
    let runs = grouped(room, |operation| (Likeness::of(operation), Run::of(operation)));
    let header = room.first().map(|operation| Item::Room(operation.restriction.room.as_ref()));
    header.into_iter().chain(lines(runs, longest, false)).collect()
}

/// What is alike, as one line each; no header, so the lines name the room.
fn alike<'a>(operations: &[&'a Operation]) -> Vec<Item<'a>> {
    lines(grouped(operations, Likeness::of), FEW, true).collect()
}

fn lines(
    groups: Vec<Vec<&Operation>>,
    longest: usize,
    names_room: bool,
) -> impl Iterator<Item = Item<'_>> {
    groups.into_iter().flat_map(move |operations| {
        let lines = if operations.len() > longest {
            vec![operations]
        } else {
            operations.into_iter().map(|operation| vec![operation]).collect()
        };
        lines.into_iter().map(move |operations| Item::Line(Line { operations, names_room }))
    })
}
