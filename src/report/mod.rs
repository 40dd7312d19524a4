//! Layer 5: values into text. Pure: nothing here opens, asks or waits.
//!
//! Whatever a stranger may have written (ids, reasons, file names, a provider's messages) passes
//! an escaper of [`escape`] for the place it is printed.

pub mod capabilities;
pub mod count;
pub mod csv;
pub mod doctor;
pub mod drift;
pub mod enforcement;
pub mod escape;
pub mod event;
pub mod outcome;
pub mod plan_text;
pub mod policy_yaml;
pub mod problem;
pub mod span;
pub mod status;
pub mod style;

pub use capabilities::capabilities;
pub use outcome::{outcome_text, outcome_view};
pub use plan_text::{Folding, Layout, Shown, plan_text};
pub use problem::Problem;
pub use style::{Ink, Paint};
