//! Layer 5: values into text. Pure: nothing here opens, asks or waits.
//!
//! Whatever a stranger may have written (ids, reasons, file names, a provider's messages) passes
//! an escaper of [`escape`] for the place it is printed.

pub mod capabilities;
pub mod count;
pub mod csv;
pub mod doctor;
pub mod drift;
pub mod dsa;
pub mod enforcement;
pub mod entry_diff;
pub mod escape;
pub mod event;
pub mod explain;
pub mod github;
pub mod html;
pub mod link;
pub mod markdown;
pub mod outcome;
pub mod plan_text;
pub mod policy_yaml;
pub mod problem;
pub mod pseudonyms;
pub mod restriction;
pub mod review;
pub mod sarif;
pub mod span;
pub mod status;
pub mod style;
pub mod unified;

pub use capabilities::capabilities;
pub use entry_diff::diff_text;
pub use link::Links;
pub use markdown::{Comment, plan_markdown, problems_markdown};
pub use outcome::{outcome_text, outcome_view};
pub use plan_text::{Folding, Layout, plan_text};
pub use problem::Problem;
pub use pseudonyms::Pseudonyms;
pub use review::Review;
pub use style::{ColorChoice, Style};
