//! What is wrong in a workspace, or to be decided about a plan, as a SARIF log: the format that
//! code scanning takes.

mod log;
mod plan;
mod rules;

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

pub use log::Log;
pub use plan::plan_sarif;

use log::{Artifact, Automation, Descriptor, Driver, Finding, Location, Message, Physical, Region};
use log::{Level, Run, Tool};

use super::count::grouped;
use super::link::encoded_path;
use crate::domain::Warning;
use crate::domain::hex::hex;
use crate::policy::{Diagnostic, Label, Place, Severity};

/// GitHub takes more results of a run, but shows this many (checked 2026-11).
const MOST_RESULTS: usize = 5_000;

/// Where what stands in no file is shown: code scanning takes nothing without a place.
const CONFIG: &str = "ostracon.yaml";

/// What is wrong with a workspace, as a log.
pub fn problems_sarif(diagnostics: &[Diagnostic], directory: &str) -> Log {
    let mut results = Results::new(directory);
    for diagnostic in diagnostics {
        let Diagnostic { severity, code, message, place, excerpt: _, label, help } = diagnostic;
        let level = match severity {
            Severity::Error => Level::Error,
            Severity::Warning => Level::Warning,
        };
        let help = help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
        let text = format!("{message}{help}");
        let about = About { rule: code, level, text: &text, key: message };
        results.add(&about, place.as_ref(), label.as_ref());
    }
    results.into_log("ostracon-validate/")
}

/// What is worth knowing of a workspace with nothing wrong, as a log.
pub fn warnings_sarif(warnings: &[Warning], directory: &str) -> Log {
    let mut results = Results::new(directory);
    for warning in warnings {
        results.add_warning(warning);
    }
    results.into_log("ostracon-validate/")
}

/// What a result says.
struct About<'a> {
    rule: &'a str,
    level: Level,
    text: &'a str,
    /// What it stays the same result by, besides its rule and its file.
    key: &'a str,
}

/// Results in the making.
struct Results<'a> {
    /// The folder of the workspace in the repository.
    directory: &'a str,
    kept: Vec<Finding>,
    dropped: usize,
    /// The rules so far, and where they stand.
    rules: BTreeMap<String, usize>,
    /// How often each fingerprint was given.
    prints: BTreeMap<String, usize>,
}

impl<'a> Results<'a> {
    fn new(directory: &'a str) -> Self {
        let (rules, prints) = (BTreeMap::new(), BTreeMap::new());
        Self { directory, kept: Vec::new(), dropped: 0, rules, prints }
    }

    fn add(&mut self, about: &About<'_>, place: Option<&Place>, label: Option<&Label>) {
        if self.kept.len() == MOST_RESULTS - 1 {
            self.dropped += 1;
        } else {
            let finding = self.finding(about, place, label);
            self.kept.push(finding);
        }
    }

    fn add_warning(&mut self, Warning { code, message, source }: &Warning) {
        let about = About { rule: code, level: Level::Warning, text: message, key: message };
        self.add(&about, source.as_ref().map(Place::from).as_ref(), None);
    }

    fn finding(
        &mut self,
        about: &About<'_>,
        place: Option<&Place>,
        label: Option<&Label>,
    ) -> Finding {
        let About { rule, level, text, key } = *about;
        let next = self.rules.len();
        let rule_index = *self.rules.entry(rule.to_owned()).or_insert(next);
        let location = self.location(place);
        let print = self.fingerprint(&[rule, &location.physical.artifact_location.uri, key]);
        let related = label.map(|Label { place, excerpt: _, words }| Location {
            id: Some(1),
            message: Some(Message::new(words)),
            ..self.location(Some(place))
        });
        Finding {
            rule_id: rule.to_owned(),
            rule_index,
            level,
            message: Message::new(text),
            locations: [location],
            related_locations: related.into_iter().collect(),
            partial_fingerprints: BTreeMap::from([("primaryLocationLineHash", print)]),
        }
    }

    fn location(&self, place: Option<&Place>) -> Location {
        let (file, line, column) = match place {
            Some(Place { file, line, column }) => (&**file, *line, *column),
            None => (CONFIG, 0, 0),
        };
        let uri = encoded_path(&format!("{}/{file}", self.directory));
        // Line 0 stands for the file as a whole, which code scanning does not know.
        let region = Region { start_line: line.max(1), start_column: column.max(1) };
        let artifact_location = Artifact { uri, uri_base_id: "%SRCROOT%" };
        Location { id: None, physical: Physical { artifact_location, region }, message: None }
    }

    /// The same for what is the same, wherever it stands in its file; numbered where it occurs
    /// more than once.
    fn fingerprint(&mut self, parts: &[&str]) -> String {
        const DIGITS: usize = 32;
        let mut hash = Sha256::new();
        for part in parts {
            hash.update(part.len().to_le_bytes());
            hash.update(part);
        }
        let print = hex(&hash.finalize());
        let print = print.get(..DIGITS).unwrap_or_default();
        let count = self.prints.entry(print.to_owned()).or_default();
        *count += 1;
        format!("{print}:{count}")
    }

    fn into_log(mut self, id: &'static str) -> Log {
        if self.dropped > 0 {
            let text = format!("and {} more: `ostracon` says which", grouped(self.dropped as u64));
            let about = About { rule: "more", level: Level::Error, text: &text, key: "" };
            let finding = self.finding(&about, None, None);
            self.kept.push(finding);
        }
        let mut rules: Vec<_> = self.rules.into_iter().collect();
        rules.sort_by_key(|(_, index)| *index);
        let rules = rules.iter().map(|(id, _)| Descriptor::of(id)).collect();
        let semantic_version = env!("CARGO_PKG_VERSION");
        let tool = Tool { driver: Driver { name: "ostracon", semantic_version, rules } };
        let run = Run {
            tool,
            automation_details: Automation { id },
            column_kind: "unicodeCodePoints",
            results: self.kept,
        };
        Log {
            schema: "https://json.schemastore.org/sarif-2.1.0.json",
            version: "2.1.0",
            runs: [run],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_log_is_longer_than_is_shown_and_the_last_result_counts_the_rest() {
        let warning = |count: usize| Warning {
            code: "foreign".into(),
            message: count.to_string(),
            source: None,
        };
        for (given, kept, last) in [
            (MOST_RESULTS - 1, MOST_RESULTS - 1, "4998"),
            (MOST_RESULTS + 1_000, MOST_RESULTS, "and 1,001 more: `ostracon` says which"),
        ] {
            let warnings: Vec<_> = (0..given).map(warning).collect();
            let log = serde_json::to_value(warnings_sarif(&warnings, "")).unwrap();
            let results = log.pointer("/runs/0/results").and_then(|it| it.as_array()).unwrap();
            assert_eq!(results.len(), kept);
            assert_eq!(results.last().unwrap().pointer("/message/text").unwrap(), last);
        }
    }
}
