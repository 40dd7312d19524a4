//! What `doctor` found: as text, or as one JSON object.

use std::collections::BTreeMap;
use std::fmt::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;

use super::escape::Terminal;
use super::style::{ColorChoice, Style};
use crate::domain::TargetName;
use crate::plan::document::FORMAT_VERSION;

/// How well something is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, JsonSchema)]
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
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct Check {
    /// The target it is about; null for the whole.
    #[schemars(with = "Option<String>")]
    pub target: Option<TargetName>,
    /// What was looked at.
    pub what: &'static str,
    /// How well it is.
    pub grade: Grade,
    /// What was seen.
    pub said: String,
    /// The same as numbers, by name, where there are any.
    pub measured: BTreeMap<&'static str, i64>,
}

/// What was found, as JSON.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(
    title = "ostracon doctor",
    description = "What `doctor --format json` prints. Every key is always there. Ignore unknown \
                   keys: 1.x only adds."
)]
pub struct DoctorView<'a> {
    /// The version of this format: 1.x only adds keys.
    #[schemars(regex(pattern = r"^1\.[0-9]+$"))]
    format_version: &'static str,
    /// Whether nothing is wrong.
    healthy: bool,
    /// What was looked at: the whole first, then target by target.
    checks: &'a [Check],
}

/// The JSON view of what was found.
pub fn doctor_view(checks: &[Check]) -> DoctorView<'_> {
    let healthy = checks.iter().all(|check| check.grade != Grade::Bad);
    DoctorView { format_version: FORMAT_VERSION, healthy, checks }
}

/// Writes what was found as text.
pub fn doctor_text(checks: &[Check], colors: ColorChoice, out: &mut dyn Write) -> fmt::Result {
    let wide = checks.iter().map(|check| check.what.len()).max().unwrap_or(0);
    let mut last = None;
    for Check { target, what, grade, said, measured: _ } in checks {
        let (style, mark) = match grade {
            Grade::Good => (Style::Start, "ok  "),
            Grade::Odd => (Style::Warning, "note"),
            Grade::Bad => (Style::Failure, "BAD "),
        };
        if last != Some(target) {
            let name = target.as_ref().map_or("workspace", TargetName::as_str);
            writeln!(out, "{}", colors.style(Style::Heading, name))?;
        }
        last = Some(target);
        writeln!(out, "  {} {what:<wide$}  {}", colors.style(style, mark), Terminal(said))?;
    }
    let bad = checks.iter().filter(|check| check.grade == Grade::Bad).count();
    match bad {
        0 => writeln!(out, "Healthy."),
        1 => writeln!(out, "1 thing is wrong."),
        bad => writeln!(out, "{bad} things are wrong."),
    }
}
