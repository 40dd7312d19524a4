//! What changes about a file, as a unified diff that `git apply` and `patch` take.

use std::fmt::{self, Write};
use std::time::Duration;

use similar::TextDiff;

use super::escape::Terminal;
use super::style::{ColorChoice, Style};

/// How long the shortest difference is looked for; after that a longer one does.
const PATIENCE: Duration = Duration::from_secs(5);

/// How many lines name the files.
const HEADER: usize = 2;

/// Writes what changes about the file of this name.
pub fn unified_diff(
    (name, old, new): (&str, &str, &str),
    colors: ColorChoice,
    out: &mut dyn Write,
) -> fmt::Result {
    let diff = TextDiff::configure().timeout(PATIENCE).diff_lines(old, new);
    let mut unified = diff.unified_diff();
    let unified = unified.header(&format!("a/{name}"), &format!("b/{name}")).to_string();
    for (number, line) in unified.lines().enumerate() {
        let style = if number < HEADER { Style::Heading } else { line_style(line) };
        writeln!(out, "{}", colors.style(style, Terminal(line)))?;
    }
    Ok(())
}

/// How a line of a diff looks, its headers aside.
pub(super) fn line_style(line: &str) -> Style {
    match line.as_bytes() {
        [b'@', ..] => Style::Quiet,
        [b'-', ..] => Style::End,
        [b'+', ..] => Style::Start,
        _ => Style::Plain,
    }
}
