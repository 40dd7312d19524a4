//! Diagnostics as text, in the shape that `rustc` made familiar.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr as _;

use super::diagnostic::{Diagnostic, Excerpt, Label, Place, Severity};
use super::visible::visible;

/// How many are printed: a screenful too many already.
const MOST_SHOWN: usize = 100;

/// The diagnostics as text, each followed by an empty line, and a count at the end.
pub fn render(diagnostics: &[Diagnostic]) -> String {
    let mut text = String::new();
    for diagnostic in diagnostics.iter().take(MOST_SHOWN) {
        write_one(&mut text, diagnostic);
        text.push('\n');
    }
    let hidden = diagnostics.len().saturating_sub(MOST_SHOWN);
    if hidden > 0 {
        line(&mut text, &format!("… and {hidden} more"));
    }
    text
}

fn write_one(text: &mut String, diagnostic: &Diagnostic) {
    let Diagnostic { severity, code, message, place, excerpt, label, help } = diagnostic;
    let severity = match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    line(text, &format!("{severity}[{code}]: {}", visible(message)));
    let highest = [place.as_ref(), label.as_ref().map(|label| &label.place)]
        .into_iter()
        .flatten()
        .map(|place| place.line)
        .max()
        .unwrap_or(0);
    let margin = " ".repeat(highest.to_string().len());
    if let Some(place) = place {
        line(text, &format!("{margin}--> {}", position(place)));
        write_excerpt(text, &margin, place, excerpt.as_ref(), "");
    }
    if let Some(Label { place, excerpt, words }) = label {
        if excerpt.is_some() {
            line(text, &format!("{margin}::: {}", position(place)));
            write_excerpt(text, &margin, place, excerpt.as_ref(), words);
        } else {
            line(text, &format!("{margin}::: {}: {words}", position(place)));
        }
    }
    if let Some(help) = help {
        line(text, &format!("{margin} = help: {}", visible(help)));
    }
}

fn write_excerpt(
    text: &mut String,
    margin: &str,
    place: &Place,
    excerpt: Option<&Excerpt>,
    words: &str,
) {
    let Some(Excerpt { starts_earlier, before, marked, after, goes_on }) = excerpt else { return };
    let before = format!("{}{}", if *starts_earlier { "…" } else { "" }, visible(before));
    let marked = visible(marked);
    let after = format!("{}{}", visible(after), if *goes_on { "…" } else { "" });
    let number = place.line.to_string();
    let gap = margin.get(number.len()..).unwrap_or_default();
    let blank = " ".repeat(before.width());
    let carets = "^".repeat(marked.width().max(1));
    line(text, &format!("{margin} |"));
    line(text, &format!("{gap}{number} | {before}{marked}{after}"));
    line(text, &format!("{margin} | {blank}{carets} {words}"));
}

fn position(place: &Place) -> String {
    let Place { file, line, column } = place;
    let file = visible(file);
    if *line == 0 { file } else { format!("{file}:{line}:{column}") }
}

/// Adds a line without blanks at its end.
fn line(text: &mut String, content: &str) {
    // Writing to a string cannot fail.
    let _: std::fmt::Result = writeln!(text, "{}", content.trim_end());
}
