//! What changes about each entry: what the state holds for it against what the file says now.
//!
//! Of an entry only the part is shown that changes, in canonical YAML.

use std::collections::BTreeMap;
use std::fmt::{self, Write};

use similar::TextDiff;

use super::escape::{Terminal, TerminalWord};
use super::policy_yaml::{Item, entries_of};
use super::style::{ColorChoice, Style};
use super::unified::line_style;
use crate::domain::yaml::scalar;
use crate::domain::{Action, Source};
use crate::plan::{Operation, Plan};

/// One entry whose restrictions change, other than by upkeep.
#[derive(Debug)]
pub struct ChangedEntry<'a> {
    /// Its `id`, if it has one.
    pub entry: Option<&'a str>,
    /// Where it stands, if it still does.
    pub source: Option<&'a Source>,
    operations: Vec<&'a Operation>,
}

/// The entries that change, by their ids, then by their places: those first of which something
/// was in force, since what is new stands in the file anyway.
pub fn changed_entries(plan: &Plan) -> Vec<ChangedEntry<'_>> {
    let mut entries: BTreeMap<_, ChangedEntry<'_>> = BTreeMap::new();
    for operation in plan.operations.iter().filter(|operation| !operation.upkeep) {
        let entry = operation.entry.as_deref();
        let source = operation.source.as_ref();
        // An entry with an id is one entry wherever it stands, and when it is gone.
        let key = (entry, if entry.is_some() { None } else { source });
        let new = ChangedEntry { entry, source, operations: Vec::new() };
        let changed = entries.entry(key).or_insert(new);
        changed.source = changed.source.or(source);
        changed.operations.push(operation);
    }
    let mut entries: Vec<_> = entries.into_values().collect();
    let is_new = |operation: &&Operation| operation.recorded.is_none();
    entries.sort_by_key(|changed| changed.operations.iter().all(is_new));
    entries
}

/// Comparing takes at worst as many steps as the lines of both sides multiplied.
const MOST_STEPS: usize = 4_000_000;

impl ChangedEntry<'_> {
    /// The unified diff, line by line, without its headers.
    pub fn lines(&self) -> Vec<String> {
        let (before, after) = (self.yaml(before), self.yaml(after));
        let (then, now) = (before.lines().count(), after.lines().count());
        if then.saturating_mul(now) > MOST_STEPS {
            return vec![format!("@@ {then} lines then, {now} now: too many to compare @@")];
        }
        let diff = TextDiff::from_lines(before.as_str(), after.as_str());
        let text = diff.unified_diff().context_radius(3).to_string();
        text.lines().map(str::to_owned).collect()
    }

    fn yaml(&self, side: fn(&Operation) -> Option<Item<'_>>) -> String {
        let mut text = String::new();
        for entry in entries_of(self.operations.iter().filter_map(|it| side(it))) {
            // Writing to a string cannot fail.
            let _: fmt::Result = entry.write("", scalar, &mut text);
        }
        text
    }
}

fn before(operation: &Operation) -> Option<Item<'_>> {
    let row = operation.recorded.as_ref()?;
    let (reason, entry) = (row.reason.as_deref(), row.entry.as_deref());
    let restriction = &operation.restriction;
    Some(Item { restriction, until: row.until, reason, entry, wide: false })
}

fn after(operation: &Operation) -> Option<Item<'_>> {
    let Operation { action, restriction, until, reason, entry, .. } = operation;
    let (reason, entry) = (reason.as_deref(), entry.as_deref());
    match action {
        Action::Lift | Action::Forget => None,
        Action::Impose | Action::Renew | Action::Amend | Action::Kick => {
            Some(Item { restriction, until: *until, reason, entry, wide: false })
        }
    }
}

/// Writes what changes about each entry as text.
pub fn diff_text(plan: &Plan, colors: ColorChoice, out: &mut dyn Write) -> fmt::Result {
    for changed in changed_entries(plan) {
        let name = changed.entry.map(|entry| TerminalWord(entry).to_string());
        let place = changed.source.map(|source| Terminal(&source.to_string()).to_string());
        let names: Vec<_> = name.into_iter().chain(place).collect();
        let heading =
            if names.is_empty() { "in no file any more".to_owned() } else { names.join("  ") };
        writeln!(out, "{}", colors.style(Style::Heading, heading))?;
        for line in changed.lines() {
            writeln!(out, "{}", colors.style(line_style(&line), Terminal(&line)))?;
        }
        writeln!(out)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Because;
    use crate::report::plan_text::samples::{changed, impose, lifted, plan_of, shown};

    fn text(plan: &Plan) -> String {
        shown(plan, Vec::new(), |review| {
            let mut text = String::new();
            diff_text(review.plan, ColorChoice::Off, &mut text).unwrap();
            text
        })
    }

    #[test]
    fn each_entry_is_shown_as_it_was_and_as_it_is() {
        let mut amend = changed(
            impose("live-42", "dave"),
            Action::Amend,
            Because::UntilChanged,
            "2026-12-01T00:00:00Z",
        );
        amend.recorded = amend.recorded.map(|row| {
            let mut row = (*row).clone();
            row.entry = Some("case-1".into());
            std::sync::Arc::new(row)
        });
        let mut gone = lifted(impose("live-9", "42"), "never");
        gone.entry = None;
        assert_eq!(
            text(&plan_of(vec![amend, gone, impose("live-1", "eve")])),
            r#"in no file any more
@@ -1,5 +0,0 @@
-- target: tencent-live
-  room: live-9
-  users:
-    - "42"
-  until: never

case-1  bans/a.yaml:3:5
@@ -1,6 +1,12 @@
 - id: case-1
   target: tencent-live
+  room: live-1
+  users:
+    - eve
+  until: 2026-12-20T00:00:00Z
+- id: case-1
+  target: tencent-live
   room: live-42
   users:
     - dave
-  until: 2026-12-01T00:00:00Z
+  until: 2026-12-20T00:00:00Z

"#
        );
    }

    #[test]
    fn what_is_too_long_to_compare_is_counted() {
        let operations = (0..2_000).map(|number| {
            let operation = impose("r", &format!("user-{number}"));
            changed(operation, Action::Amend, Because::UntilChanged, "never")
        });
        let text = text(&plan_of(operations.collect()));
        assert!(text.contains("@@ 2004 lines then, 2005 now: too many to compare @@"), "{text}");
    }

    #[test]
    fn upkeep_changes_no_entry() {
        let mut renewal = impose("r", "eve");
        renewal.upkeep = true;
        assert_eq!(text(&plan_of(vec![renewal])), "");
    }
}
