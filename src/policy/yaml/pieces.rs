//! A text piece by piece, for whom it counts which bytes say what.

use super::granit::Granit;
use super::node::At;
use super::step::{Event, Piece};
use crate::policy::problem::Problem;

/// The pieces of a text.
pub(in crate::policy) struct Pieces<'t> {
    granit: Granit<'t>,
    next: Piece<'t>,
}

impl<'t> Pieces<'t> {
    /// Starts at the start of a text.
    pub(in crate::policy) fn new(text: &'t str) -> Result<Self, Problem> {
        let mut pieces = Self {
            granit: Granit::new(text),
            next: Piece { event: Event::StreamEnd, at: At::default(), bytes: 0..0 },
        };
        pieces.next()?;
        Ok(pieces)
    }

    /// The piece at hand.
    pub(in crate::policy) const fn peek(&self) -> &Piece<'t> {
        &self.next
    }

    /// Takes the piece at hand. A tag is an error.
    pub(in crate::policy) fn next(&mut self) -> Result<Piece<'t>, Problem> {
        let mut problems = Vec::new();
        let next = self.granit.piece(&mut problems)?;
        match problems.pop() {
            Some(problem) => Err(problem),
            None => Ok(std::mem::replace(&mut self.next, next)),
        }
    }
}
