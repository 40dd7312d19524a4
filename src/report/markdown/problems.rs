//! What is wrong with a workspace, as Markdown that fits.

use super::budget::{Budget, List};
use super::{Comment, MARKER};
use crate::domain::Source;
use crate::policy::{Diagnostic, Place, Severity};
use crate::report::count::counted;
use crate::report::escape::{Markdown, clipped};

/// How much of a message is shown.
const LONGEST: usize = 400;

/// Writes the problems of a workspace as Markdown of at most so many bytes.
pub fn problems_markdown(diagnostics: &[Diagnostic], comment: Comment<'_>) -> String {
    let Comment { max_bytes, links, diff: _ } = comment;
    let mut text = Budget::new(max_bytes);
    text.push(MARKER);
    text.push(&format!(
        "### ostracon: the workspace has {}\n",
        counted(diagnostics.len() as u64, "problem")
    ));
    text.push_list(
        &List { opening: "\n<pre>\n", items: diagnostics, closing: "</pre>\n", share: 1 },
        |Diagnostic { severity, code, message, place, excerpt: _, label: _, help }| {
            let severity = match severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
            };
            let place = place.as_ref().map(|place| {
                let Place { file, line, column } = place.clone();
                format!("  {}", links.to(&Source { file, line, column }))
            });
            let message = Markdown(&clipped(message, LONGEST)).to_string();
            let help = help
                .as_ref()
                .map(|help| format!("\n  help: {}", Markdown(&clipped(help, LONGEST))));
            let (place, help) = (place.unwrap_or_default(), help.unwrap_or_default());
            format!("{severity}[{code}]: {message}{place}{help}\n")
        },
        |count| format!("… and {}\n", counted(count as u64, "more problem")),
    );
    text.into_text()
}
