//! Whoever an entry names although `protect` shields them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::diagnostic::Diagnostic;
use super::policy_file::{Place, PolicyFile};
use super::problem::{Findings, Problem, SourceFile, Spot, Trace, quote};
use super::target_index::TargetIndex;
use super::texts::Texts;
use super::yaml::At;
use crate::domain::{Id, Protected, Source};

/// Who is protected, and where that stands.
pub(super) struct Shield<'a> {
    pub(super) protected: &'a Protected,
    pub(super) stands: &'a BTreeMap<Source, Trace>,
    pub(super) index: &'a TargetIndex,
    pub(super) texts: &'a Texts<'a>,
}

impl Shield<'_> {
    /// Takes whoever is protected out of what the files ask for, and tells of it.
    ///
    /// A file that names one is read again to tell where. Next to an error that costs nothing; of
    /// a list it is a warning that may stay for long, and then each plan pays for it.
    pub(super) fn hold(&self, policies: &mut [PolicyFile], findings: &mut Findings) {
        let mut skipped = Skipped::default();
        let is_named = |policy: &&mut PolicyFile| {
            policy.wanted.iter().any(|wanted| self.protected.covers_any(wanted))
        };
        for policy in policies.iter_mut().filter(is_named) {
            match policy.places(self.texts.folder, self.index, self.protected) {
                Some(places) => self.report(policy, places, &mut skipped, findings),
                None => findings.push_bare(changed(Arc::clone(&policy.file))),
            }
            self.protected.spare(Arc::make_mut(&mut policy.wanted));
        }
        skipped.report(findings);
    }

    fn report(
        &self,
        policy: &PolicyFile,
        places: Vec<Place>,
        skipped: &mut Skipped,
        findings: &mut Findings,
    ) {
        for Place { target, kind, id, spot } in places {
            let Some(protection) = self.protected.of(&target, kind, &id) else { continue };
            // A list is made elsewhere: what is protected is skipped there, not refused.
            if spot.file.name != policy.file {
                skipped.note(id, spot);
                continue;
            }
            let message = format!("{} is protected at `{target}`", quote(id.as_str()));
            let problem = Problem::new("protected", spot.at, message)
                .help("take the subject out of the entry, or out of `protect`");
            match self.stands.get(&protection.source) {
                Some(other) => {
                    let other = self.texts.spot(other);
                    findings.push_with(&spot, problem, &other, "protected here");
                }
                None => findings.push(&spot.file, problem),
            }
        }
    }
}

/// What is said of a file that says something else than a moment ago.
fn changed(file: Arc<str>) -> Diagnostic {
    let message = "the file changed while it was read";
    Diagnostic::of_file("changed-while-read", file, message).with_help("run this again")
}

/// The lists in which somebody was skipped.
#[derive(Default)]
struct Skipped(BTreeMap<Arc<str>, List>);

struct List {
    file: Arc<SourceFile>,
    subjects: BTreeSet<(At, Id)>,
}

impl Skipped {
    fn note(&mut self, id: Id, Spot { file, at }: Spot) {
        let list = self.0.entry(Arc::clone(&file.name));
        let list = list.or_insert_with(|| List { file, subjects: BTreeSet::new() });
        list.subjects.insert((at, id));
    }

    fn report(self, findings: &mut Findings) {
        for List { file, subjects } in self.0.into_values() {
            let Some((at, id)) = subjects.first() else { continue };
            let count = subjects.len();
            let others =
                if count > 1 { format!(", and {} more", count - 1) } else { String::new() };
            let message = format!("{} is protected and skipped{others}", quote(id.as_str()));
            findings.push(&file, Problem::warning("protected-skipped", *at, message));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::files::Folder;
    use super::super::memo::Memo;
    use super::*;
    use crate::domain::{Kind, Protection, TargetName};

    #[test]
    #[expect(clippy::disallowed_methods, reason = "a test writes files")]
    fn a_file_that_changed_meanwhile_is_an_error_and_nobody_protected_slips_through() {
        let directory = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(directory.path().join(name), text).unwrap();
        let folder = Folder::new(directory.path());
        let facts = crate::provider::find("tencent").unwrap().facts();
        let index = TargetIndex {
            is_whole: true,
            targets: BTreeMap::from([(TargetName::parse("t").unwrap(), Some(facts))]),
        };
        let mut protected = Protected::default();
        let source = Source { file: "p.yaml".into(), line: 1, column: 1 };
        protected.insert(Kind::User, Id::new("host"), Protection { targets: None, source });
        let shield = Shield {
            protected: &protected,
            stands: &BTreeMap::new(),
            index: &index,
            texts: &Texts::new(&folder),
        };

        let text = "bans:\n- { target: t, room: r, users: [host, bob], until: never }\n";
        let listed = "bans:\n- { target: t, room: r, users_from: l.txt, until: never }\n";
        for (before, (name, after), code) in [
            (text, ("a.yaml", text), "protected"),
            (text, ("a.yaml", "bans: []\n"), "changed-while-read"),
            (listed, ("l.txt", "carol\nhost\nbob\n"), "changed-while-read"),
        ] {
            write("a.yaml", before);
            write("l.txt", "bob\nhost\n");
            let mut policies = [PolicyFile::read(&folder, &index, &Memo::default(), "a.yaml")];
            write(name, after);
            let mut findings = Findings::default();
            shield.hold(&mut policies, &mut findings);
            let [policy] = &policies;
            assert_eq!(policy.wanted[0].ids, [Id::new("bob")]);
            let problems = findings.finish().unwrap_err();
            assert_eq!(problems.iter().map(|it| it.code).collect::<Vec<_>>(), [code]);
        }
    }
}
