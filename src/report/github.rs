//! A plan and the problems of a workspace as workflow commands of GitHub Actions.
//!
//! The commands are described at
//! <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands>.

use super::count::grouped;
use super::escape::{WorkflowData, WorkflowProperty};
use super::review::{Concern, Review, Warnings, exceeded};
use crate::domain::{TargetName, Warning};
use crate::plan::Operation;
use crate::policy::{Diagnostic, Place, Severity};

/// GitHub shows this many annotations of each level for one step (checked 2026-11).
const OF_A_LEVEL: usize = 10;

/// How loud an annotation is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Level {
    Error,
    Warning,
}

/// Annotations in the making.
struct Annotations<'a> {
    /// The folder of the workspace in the repository.
    directory: &'a str,
    errors: OfALevel,
    warnings: OfALevel,
}

/// The annotations of a level: as many as are shown, and how many there are.
#[derive(Default)]
struct OfALevel {
    lines: Vec<String>,
    count: usize,
}

/// The annotations of a plan: what holds it back, where calls and secrets go now, what reaches
/// everybody, who is let back in, what it warns of.
pub fn plan_annotations(review: &Review<'_>, directory: &str) -> String {
    let mut annotations = Annotations::new(directory);
    for guarded in &review.plan.guards {
        let (level, title) = if guarded.holds_back() {
            (Level::Error, "held back by a guard")
        } else {
            (Level::Warning, "acknowledged")
        };
        annotations.add(level, title, None, &exceeded(guarded));
    }
    annotations.add_warnings(&review.orders);
    if !review.changes.is_empty() {
        let of_one = review.changes.chunk_by(|a, b| a.target == b.target);
        let words = of_one.map(|changes| {
            let what: Vec<_> = changes.iter().map(|changed| changed.what).collect();
            let target = changes.first().and_then(|changed| changed.target);
            format!("{} of {}", what.join(", "), target.map_or("guards", TargetName::as_str))
        });
        let message = format!("not as at the last apply: {}", words.collect::<Vec<_>>().join("; "));
        annotations.add(Level::Warning, "changed", None, &message);
    }
    // What is one line each goes before what may be many.
    for (concern, operations) in review.concerns.iter().rev() {
        match concern {
            Concern::Wide => annotations.add_wide_bans(operations),
            Concern::Protected => {
                let message = concern.words(operations.len());
                annotations.add(Level::Warning, "lifts", None, &message);
            }
            Concern::LetsBackIn => {
                let count = grouped(operations.len() as u64);
                let message =
                    format!("{count} in force would be lifted or shortened before the time");
                annotations.add(Level::Warning, "lifts", None, &message);
            }
        }
    }
    annotations.add_warnings(&review.warnings);
    annotations.into_text()
}

/// The annotations of what is wrong with a workspace.
pub fn problem_annotations(diagnostics: &[Diagnostic], directory: &str) -> String {
    let mut annotations = Annotations::new(directory);
    for Diagnostic { severity, code, message, place, excerpt: _, label: _, help } in diagnostics {
        let level = match severity {
            Severity::Error => Level::Error,
            Severity::Warning => Level::Warning,
        };
        let help = help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
        annotations.add(level, code, place.as_ref(), &format!("{message}{help}"));
    }
    annotations.into_text()
}

/// The annotations of what is worth knowing of a workspace.
pub fn warning_annotations(warnings: &[Warning], directory: &str) -> String {
    let mut annotations = Annotations::new(directory);
    for Warning { code, message, source } in warnings {
        annotations.add(Level::Warning, code, source.as_ref().map(Place::from).as_ref(), message);
    }
    annotations.into_text()
}

/// The outputs of a step: numbers, a truth value and an instant, one a line.
pub fn outputs(review: &Review<'_>) -> String {
    let plan = review.plan;
    let changes = plan.operations.iter().filter(|operation| !operation.upkeep).count();
    let next_due = plan.next_due.at.map(|at| at.to_string()).unwrap_or_default();
    format!(
        "changes={changes}\nlifts={}\nguarded={}\nnext-due={next_due}\n",
        review.lifts(),
        plan.is_held_back()
    )
}

impl<'a> Annotations<'a> {
    fn new(directory: &'a str) -> Self {
        Self { directory, errors: OfALevel::default(), warnings: OfALevel::default() }
    }

    fn add(&mut self, level: Level, title: &str, place: Option<&Place>, message: &str) {
        let of_level = match level {
            Level::Error => &mut self.errors,
            Level::Warning => &mut self.warnings,
        };
        of_level.count += 1;
        if of_level.count <= OF_A_LEVEL {
            let place = place.map(|place| position(place, self.directory)).unwrap_or_default();
            of_level.lines.push(command(level, title, &place, message));
        }
    }

    fn add_warnings(&mut self, warnings: &Warnings<'_>) {
        for Warning { code, message, source } in warnings.values().flatten() {
            let place = source.as_ref().map(Place::from);
            self.add(Level::Warning, code, place.as_ref(), message);
        }
    }

    fn add_wide_bans(&mut self, operations: &[&Operation]) {
        for Operation { restriction, source, .. } in operations {
            let message = format!("{restriction} keeps everybody there out");
            let place = source.as_ref().map(Place::from);
            self.add(Level::Warning, "wide ban", place.as_ref(), &message);
        }
    }

    /// The commands. Where not all are shown, the last one says how many more there are.
    fn into_text(self) -> String {
        let levels = [(Level::Error, self.errors), (Level::Warning, self.warnings)];
        let lines = levels.into_iter().flat_map(|(level, OfALevel { mut lines, count })| {
            if count > lines.len() {
                lines.pop();
                let more = grouped((count - lines.len()) as u64);
                let message = format!("and {more} more: the job summary has them");
                lines.push(command(level, "more", "", &message));
            }
            lines
        });
        lines.collect()
    }
}

fn command(level: Level, title: &str, place: &str, message: &str) -> String {
    let name = match level {
        Level::Error => "error",
        Level::Warning => "warning",
    };
    let (title, message) = (WorkflowProperty(title), WorkflowData(message));
    format!("::{name} title=ostracon%3A {title}{place}::{message}\n")
}

fn position(place: &Place, directory: &str) -> String {
    let Place { file, line, column } = place;
    let parts = directory.split('/').filter(|part| !matches!(*part, "" | "."));
    let path: Vec<&str> = parts.chain([&**file]).collect();
    let path = path.join("/");
    let file = WorkflowProperty(&path);
    // Line 0 stands for the file as a whole.
    if *line == 0 {
        format!(",file={file}")
    } else {
        format!(",file={file},line={line},col={column}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Id, Kind, Source};
    use crate::plan::{Facet, Guard, Guarded, NextDue, Plan, TargetChange};
    use crate::report::plan_text::samples::{at, impose, lifted, name, plan_of, shown};

    fn annotated(plan: &Plan) -> String {
        shown(plan, Vec::new(), |shown| plan_annotations(shown, "./policies"))
    }

    #[test]
    fn a_plan_is_annotated_where_a_reviewer_must_look() {
        let mut wide = impose("", "lobby");
        wide.restriction.target = name("agora-live");
        wide.restriction.room = None;
        wide.restriction.subject.kind = Kind::Channel;
        let mut plan = plan_of(vec![wide, lifted(impose("live-42", "zoe"), "never")]);
        plan.guards = vec![Guarded {
            guard: Guard::MaxLifts,
            target: None,
            operations: 1,
            in_force: 1,
            limit: Some("0".to_owned()),
            change_digest: String::new(),
            acknowledged_by: None,
        }];
        assert_eq!(
            annotated(&plan),
            "::error title=ostracon%3A held back by a guard::1 of 1 in force in all would be \
             lifted or shortened; `max_lifts` is 0\n\
             ::warning title=ostracon%3A lifts::1 in force would be lifted or shortened before the \
             time\n\
             ::warning title=ostracon%3A wide ban,file=policies/bans/a.yaml,line=3,col=5::\
             agora-live/channel:lobby keeps everybody there out\n"
        );
    }

    #[test]
    fn changed_targets_are_annotated_and_upkeep_of_a_wide_ban_is_not() {
        let mut wide = impose("", "lobby");
        wide.restriction.target = name("agora-live");
        wide.restriction.subject.kind = Kind::Channel;
        wide.upkeep = true;
        let change = TargetChange {
            target: name("agora-live"),
            what: Facet::Endpoint,
            before: Some("https://a.example".to_owned()),
            after: Some("https://b.example".to_owned()),
        };
        assert_eq!(
            shown(&plan_of(vec![wide]), vec![change], |review| plan_annotations(review, ".")),
            "::warning title=ostracon%3A changed::not as at the last apply: endpoint of \
             agora-live\n"
        );
    }

    #[test]
    fn no_text_begins_a_command_of_its_own() {
        let hostile = "x\n::set-output name=lifts::0\r##[add-mask]y";
        let mut wide = impose("", hostile);
        wide.restriction.target = name("agora-live");
        wide.restriction.subject.kind = Kind::Channel;
        wide.restriction.room = Some(Id::new(hostile));
        wide.source = Some(Source { file: hostile.into(), line: 1, column: 1 });
        let mut plan = plan_of(vec![wide]);
        plan.warnings = (0..99)
            .map(|_| Warning { code: "c".into(), message: hostile.into(), source: None })
            .collect();
        let text = annotated(&plan);
        assert_eq!(text.lines().count(), OF_A_LEVEL);
        let last = "::warning title=ostracon%3A more::and 91 more: the job summary has them\n";
        assert!(text.ends_with(last), "{text}");
        assert!(text.lines().all(|line| line.starts_with("::warning title=ostracon")), "{text}");
        assert!(!text.contains("##[") && !text.contains('\r'), "{text}");
    }

    #[test]
    fn the_outputs_are_numbers_a_truth_value_and_an_instant() {
        let mut plan =
            plan_of(vec![impose("live-42", "alice"), lifted(impose("live-42", "zoe"), "never")]);
        let outputs = |plan: &Plan| shown(plan, Vec::new(), outputs);
        assert_eq!(outputs(&plan), "changes=2\nlifts=1\nguarded=false\nnext-due=\n");
        let soon = Some(at("2026-12-01T00:00:00Z"));
        plan.next_due = NextDue { at: soon, latest: None, because: None };
        assert!(outputs(&plan).ends_with("next-due=2026-12-01T00:00:00Z\n"));
    }
}
