//! What `doctor` found: as text, or as one JSON object.

use std::fmt::{self, Write};

use serde::Serialize;

use super::escape::Terminal;
use super::style::{Ink, Paint};
use crate::domain::TargetName;
use crate::plan::document::FORMAT_VERSION;

/// How well something is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Grade {
    /// As it should be.
    Good,
    /// Worth knowing, and no hindrance.
    Odd,
    /// A run would not do its work.
    Bad,
}

/// One thing that was looked at.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Check {
    /// The target it is about; null for the whole.
    pub target: Option<TargetName>,
    /// What was looked at.
    pub what: &'static str,
    /// How well it is.
    pub grade: Grade,
    /// What was seen.
    pub said: String,
}

/// What was found, as JSON. Every key is always there.
#[derive(Debug, Serialize)]
pub struct DoctorView<'a> {
    format_version: &'static str,
    healthy: bool,
    checks: &'a [Check],
}

/// The JSON view of what was found.
pub fn doctor_view(checks: &[Check]) -> DoctorView<'_> {
    let healthy = checks.iter().all(|check| check.grade != Grade::Bad);
    DoctorView { format_version: FORMAT_VERSION, healthy, checks }
}

/// Writes what was found as text.
pub fn doctor_text(checks: &[Check], paint: Paint, out: &mut dyn Write) -> fmt::Result {
    for Check { target, what, grade, said } in checks {
        let (ink, mark) = match grade {
            Grade::Good => (Ink::Start, "ok  "),
            Grade::Odd => (Ink::Warning, "note"),
            Grade::Bad => (Ink::Trouble, "BAD "),
        };
        let target = target.as_ref().map(|target| format!("{target}: ")).unwrap_or_default();
        writeln!(out, "{} {target}{what}: {}", paint.ink(ink, mark), Terminal(said))?;
    }
    let bad = checks.iter().filter(|check| check.grade == Grade::Bad).count();
    match bad {
        0 => writeln!(out, "Healthy."),
        1 => writeln!(out, "1 thing is wrong."),
        bad => writeln!(out, "{bad} things are wrong."),
    }
}
