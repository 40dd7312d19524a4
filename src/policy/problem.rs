//! What is wrong at some place of the file at hand, and the collection of all that was found.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::diagnostic::{Diagnostic, Excerpt, Label, Place, Severity};
use super::yaml::At;

/// A file that was read, without its byte order mark.
#[derive(Debug)]
pub(super) struct SourceFile {
    /// Its path in the workspace.
    pub(super) name: Arc<str>,
    /// Its text.
    pub(super) text: String,
    /// Whether diagnostics may quote any line of it; of a list they quote legal ids only.
    pub(super) quotable: bool,
}

/// A place in some file.
#[derive(Clone, Debug)]
pub(super) struct Spot {
    pub(super) file: Arc<SourceFile>,
    pub(super) at: At,
}

/// A place in some file, without the text around it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Trace {
    pub(super) file: Arc<str>,
    pub(super) at: At,
}

/// One thing that is wrong, before it is known in which file.
#[derive(Debug)]
pub(super) struct Problem {
    code: &'static str,
    severity: Severity,
    at: At,
    message: String,
    help: Option<String>,
    label: Option<(At, &'static str)>,
    is_secret: bool,
}

impl Problem {
    /// An error.
    pub(super) fn new(code: &'static str, at: At, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            at,
            message: message.into(),
            help: None,
            label: None,
            is_secret: false,
        }
    }

    /// Something worth knowing that is no error.
    pub(super) fn warning(code: &'static str, at: At, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::new(code, at, message) }
    }

    /// Adds what can be done about it.
    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds a second place in the same file.
    pub(super) fn also(mut self, at: At, words: &'static str) -> Self {
        self.label = Some((at, words));
        self
    }

    /// Keeps the source line out of every diagnostic: it may hold a secret.
    pub(super) fn secret(mut self) -> Self {
        self.is_secret = true;
        self
    }

    fn into_diagnostic(self, file: &SourceFile) -> Diagnostic {
        let Self { code, severity, at, message, help, label, is_secret: _ } = self;
        let label = label.map(|(at, words)| label_at(file, at, words));
        let excerpt = file.quotable.then(|| Excerpt::of(&file.text, at));
        let place = Some(place(file, at));
        Diagnostic { severity, code, message, place, excerpt, label, help }
    }
}

fn place(file: &SourceFile, at: At) -> Place {
    Place { file: Arc::clone(&file.name), line: at.line, column: at.column }
}

fn label_at(file: &SourceFile, at: At, words: &'static str) -> Label {
    let excerpt = file.quotable.then(|| Excerpt::of(&file.text, at));
    Label { place: place(file, at), excerpt, words }
}

/// How many problems are kept: a file of a million bad entries must not fill the memory.
const MOST_KEPT: usize = 10_000;

/// Everything that was found so far.
#[derive(Debug, Default)]
pub(super) struct Findings {
    kept: Vec<Diagnostic>,
    /// Files and lines that may hold a secret.
    secret: BTreeSet<(Arc<str>, u32)>,
    errors: usize,
    dropped: usize,
}

impl Findings {
    /// Whether nothing was found.
    pub(super) fn are_none(&self) -> bool {
        self.kept.is_empty() && self.dropped == 0
    }

    /// Keeps a problem of this file.
    pub(super) fn push(&mut self, file: &SourceFile, problem: Problem) {
        if problem.is_secret {
            self.secret.insert((Arc::clone(&file.name), problem.at.line));
        }
        if self.make_room(problem.severity) {
            self.kept.push(problem.into_diagnostic(file));
        }
    }

    /// Keeps a problem of one file that a place in another explains.
    pub(super) fn push_with(
        &mut self,
        spot: &Spot,
        problem: Problem,
        other: &Spot,
        words: &'static str,
    ) {
        if self.make_room(problem.severity) {
            let mut diagnostic = problem.into_diagnostic(&spot.file);
            diagnostic.label = Some(label_at(&other.file, other.at, words));
            self.kept.push(diagnostic);
        }
    }

    /// Keeps a problem that no line shows.
    pub(super) fn push_bare(&mut self, diagnostic: Diagnostic) {
        if self.make_room(diagnostic.severity) {
            self.kept.push(diagnostic);
        }
    }

    /// Adds what was found elsewhere.
    pub(super) fn append(&mut self, mut other: Self) {
        self.secret.append(&mut other.secret);
        let room = MOST_KEPT.saturating_sub(self.kept.len()).min(other.kept.len());
        self.dropped += other.dropped + other.kept.len() - room;
        self.errors += other.errors;
        self.kept.extend(other.kept.into_iter().take(room));
    }

    /// Everything in order of place; `Ok` with the warnings if there is no error.
    pub(super) fn finish(mut self) -> Result<Vec<Diagnostic>, Vec<Diagnostic>> {
        self.kept.sort_by(|a, b| a.order().cmp(&b.order()));
        for diagnostic in &mut self.kept {
            diagnostic.hide(&self.secret);
        }
        if self.dropped > 0 {
            let message = format!("{} more problems were found and not kept", self.dropped);
            self.kept.push(Diagnostic::bare("too-many-problems", message));
        }
        if self.errors == 0 { Ok(self.kept) } else { Err(self.kept) }
    }

    fn make_room(&mut self, severity: Severity) -> bool {
        self.errors += usize::from(severity == Severity::Error);
        let room = self.kept.len() < MOST_KEPT;
        self.dropped += usize::from(!room);
        room
    }
}

/// Where the problems of one file go.
#[derive(Debug)]
pub(super) struct Reporter<'a> {
    /// The file.
    pub(super) file: &'a Arc<SourceFile>,
    /// Everything that was found so far.
    pub(super) findings: &'a mut Findings,
}

impl Reporter<'_> {
    /// Keeps a problem.
    pub(super) fn push(&mut self, problem: Problem) {
        self.findings.push(self.file, problem);
    }

    /// A place in this file.
    pub(super) fn spot(&self, at: At) -> Spot {
        Spot { file: Arc::clone(self.file), at }
    }
}

/// A text in backticks, cut where it is long.
pub(super) fn quote(text: &str) -> String {
    const LONGEST: usize = 64;
    if text.is_empty() {
        return "the empty text".to_owned();
    }
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("`{}…`", text.get(..end).unwrap_or_default()),
        None => format!("`{text}`"),
    }
}
