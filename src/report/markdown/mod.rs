//! A plan as a comment on a pull request: whatever the size of the plan, it fits, and says first
//! what a reviewer must look at.
//!
//! What strangers wrote stands in `<pre>` and `<code>` elements only, as [`escape::Markdown`]
//! shows it: nobody is mentioned, nothing is linked, no fold ends early.
//!
//! [`escape::Markdown`]: super::escape::Markdown

mod budget;
mod diff;
mod entries;
mod head;
mod line;
mod look;
mod problems;
mod tail;
#[cfg(test)]
mod tests;

use self::budget::Budget;
pub use self::problems::problems_markdown;
use super::link::Links;
use super::review::Review;

/// The line by which a later run finds the comment, to edit it in place.
pub const MARKER: &str = "<!-- ostracon plan -->\n";

/// The smallest comment that still says what it must.
pub const LEAST_BYTES: u64 = 1_000;

/// What a comment is like.
#[derive(Clone, Copy, Debug)]
pub struct Comment<'a> {
    /// How many bytes it may have: at least [`LEAST_BYTES`].
    pub max_bytes: usize,
    /// Where the files of the workspace can be read.
    pub links: &'a Links,
    /// Whether it shows what changes about each entry.
    pub diff: bool,
}

/// Writes a plan as Markdown of at most so many bytes.
///
/// Its last line is always `Plan: 3 to impose, 0 to renew, …`. Only what is shown is composed.
pub fn plan_markdown(review: &Review<'_>, comment: Comment<'_>) -> String {
    let Comment { max_bytes, links, diff } = comment;
    let last = format!("\n{}", review.counts());
    // The forecast and the next date come last and are small: they are given their part first.
    let mut tail = Budget::new(max_bytes.saturating_sub(last.len()) / 6);
    tail::write(review, &mut tail);
    let tail = tail.into_text();
    let mut text = Budget::new(max_bytes.saturating_sub(last.len() + tail.len()));
    head::write(review, &mut text);
    look::write(review, links, &mut text);
    if diff {
        diff::write(review.plan, links, &mut text);
    }
    entries::write(review.plan, links, &mut text);
    text.into_text() + &tail + &last
}
