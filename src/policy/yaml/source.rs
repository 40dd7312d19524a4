//! Where the steps through a text come from.

use super::everyday::Everyday;
use super::granit::Granit;
use super::step::Step;
use crate::policy::problem::Problem;

/// Steps through a text: from the quick scanner as far as that goes, then from the parser.
pub(super) struct Source<'t> {
    text: &'t str,
    from: From<'t>,
}

enum From<'t> {
    /// The scanner, and how many steps it has given.
    Everyday(Everyday<'t>, usize),
    Granit(Box<Granit<'t>>),
}

impl<'t> Source<'t> {
    /// Starts at the start of a text.
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, from: From::Everyday(Everyday::new(text), 0) }
    }

    /// The next step; a tag on the way is reported and left out.
    pub(super) fn step(&mut self, problems: &mut Vec<Problem>) -> Result<Step<'t>, Problem> {
        match &mut self.from {
            From::Everyday(everyday, given) => {
                if let Ok(step) = everyday.step() {
                    *given += 1;
                    return Ok(step);
                }
                let given = *given;
                self.take_the_parser(given, problems)
            }
            From::Granit(granit) => granit.step(problems),
        }
    }

    /// Goes on with the parser, which takes the same steps up to here.
    fn take_the_parser(
        &mut self,
        given: usize,
        problems: &mut Vec<Problem>,
    ) -> Result<Step<'t>, Problem> {
        let mut granit = Box::new(Granit::new(self.text));
        for _ in 0..given {
            granit.step(problems)?;
        }
        let step = granit.step(problems);
        self.from = From::Granit(granit);
        step
    }
}
