//! What is wrong with a workspace, as data.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::yaml::At;
use crate::domain::{Source, Warning};

/// One thing that is wrong with a workspace, or worth knowing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Diagnostic {
    /// Whether it stops everything.
    pub severity: Severity,
    /// A stable kebab-case code.
    pub code: &'static str,
    /// What is wrong: one clause without a full stop. May quote what strangers wrote.
    pub message: String,
    /// Where it stands, if anywhere.
    pub place: Option<Place>,
    /// The line it stands on, where that may be shown.
    pub excerpt: Option<Excerpt>,
    /// A second place that explains it.
    pub label: Option<Label>,
    /// What can be done about it.
    pub help: Option<String>,
}

/// Whether a diagnostic stops everything.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Severity {
    /// It does.
    Error,
    /// It does not.
    Warning,
}

/// A file, line and column; line 0 stands for the file as a whole.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Place {
    /// The file, relative to the workspace, with `/` between its parts.
    pub file: Arc<str>,
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1, counted in characters.
    pub column: u32,
}

impl From<&Source> for Place {
    fn from(source: &Source) -> Self {
        let Source { file, line, column } = source.clone();
        Self { file, line, column }
    }
}

/// A second place of a diagnostic.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Label {
    /// Where it is.
    pub place: Place,
    /// The line, where that may be shown.
    pub excerpt: Option<Excerpt>,
    /// What it has to do with the diagnostic.
    pub words: &'static str,
}

/// The part of a line around a place; however long the line, this is short.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Excerpt {
    /// Whether the line starts before it.
    pub starts_earlier: bool,
    /// What stands before the place.
    pub before: String,
    /// What is marked: at least one character wide when printed.
    pub marked: String,
    /// What stands behind.
    pub after: String,
    /// Whether the line goes on behind it.
    pub goes_on: bool,
}

/// How many characters of a line are shown on either side of a place.
const REACH: usize = 72;

impl Excerpt {
    /// The surroundings of a place in a text.
    pub(super) fn of(text: &str, at: At) -> Self {
        let (head, tail) = text.split_at_checked(at.offset as usize).unwrap_or((text, ""));
        let is_end = |char: &char| matches!(char, '\n' | '\r');
        let mut before: Vec<char> =
            head.chars().rev().take_while(|char| !is_end(char)).take(REACH + 1).collect();
        let starts_earlier = before.len() > REACH;
        before.truncate(REACH);
        let mut behind = tail.chars().take_while(|char| !is_end(char));
        let marked: String = behind.by_ref().take((at.length as usize).min(REACH)).collect();
        let after: String = behind.by_ref().take(REACH).collect();
        let before = before.into_iter().rev().collect();
        Self { starts_earlier, before, marked, after, goes_on: behind.next().is_some() }
    }
}

impl Diagnostic {
    /// An error that no line shows.
    pub(super) fn bare(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            code,
            message: message.into(),
            place: None,
            excerpt: None,
            label: None,
            help: None,
        }
    }

    /// An error about a file as a whole.
    pub(super) fn of_file(
        code: &'static str,
        file: impl Into<Arc<str>>,
        message: impl Into<String>,
    ) -> Self {
        let place = Some(Place { file: file.into(), line: 0, column: 0 });
        Self { place, ..Self::bare(code, message) }
    }

    /// The same with a help line.
    pub(super) fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Drops every excerpt of these files and lines.
    pub(super) fn hide(&mut self, lines: &BTreeSet<(Arc<str>, u32)>) {
        let is_hidden = |place: &Place| lines.contains(&(Arc::clone(&place.file), place.line));
        if self.place.as_ref().is_some_and(is_hidden) {
            self.excerpt = None;
        }
        if let Some(label) = &mut self.label
            && is_hidden(&label.place)
        {
            label.excerpt = None;
        }
    }

    /// What diagnostics are sorted by.
    pub(super) fn order(&self) -> (Option<&Place>, Severity, &str, &str) {
        (self.place.as_ref(), self.severity, self.code, &self.message)
    }

    /// The diagnostic as a warning of a plan.
    pub(super) fn into_warning(self) -> Warning {
        let source = self.place.map(|Place { file, line, column }| Source { file, line, column });
        Warning { code: self.code.into(), message: self.message, source }
    }
}
