//! Bulk lists: `.txt` files with one id a line.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::digest;
use super::files::Folder;
use super::problem::{Problem, Reporter, SourceFile, Spot, quote};
use super::scalar::read_text;
use super::text::decode;
use super::yaml::{At, Node};

/// What a list was.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct ListMark {
    /// Its path as the policy file says it.
    pub(super) written: String,
    /// Its path from the top.
    pub(super) name: String,
    /// The digest of its bytes.
    pub(super) digest: String,
}

/// The lists that one file names, each read once.
pub(super) struct Lists<'a> {
    folder: &'a Folder,
    /// `None` for a list that could not be read, which was reported then.
    read: BTreeMap<String, Option<Arc<SourceFile>>>,
    /// The digests of those that were read.
    digests: BTreeMap<String, String>,
    /// Each path that was written, and the list it led to.
    pub(super) marks: BTreeSet<ListMark>,
}

impl<'a> Lists<'a> {
    /// No list yet.
    pub(super) fn new(folder: &'a Folder) -> Self {
        Self { folder, read: BTreeMap::new(), digests: BTreeMap::new(), marks: BTreeSet::new() }
    }

    /// The list that an entry names.
    pub(super) fn open(
        &mut self,
        node: &Node<'_>,
        what: &str,
        reporter: &mut Reporter<'_>,
    ) -> Option<Arc<SourceFile>> {
        let path = read_text(node, what, reporter)?;
        let name = match self.locate(path, &reporter.file.name, node.at) {
            Ok(name) => name,
            Err(problem) => {
                reporter.push(problem);
                return None;
            }
        };
        if let Some(list) = self.read.get(&name) {
            let list = list.clone();
            self.mark(path, &name);
            return list;
        }
        let list = match self.folder.read(&name).and_then(|bytes| {
            self.digests.insert(name.clone(), digest::of_bytes(&bytes));
            decode(&name, bytes, false)
        }) {
            Ok(list) => Some(Arc::new(list)),
            Err(diagnostic) => {
                reporter.findings.push_bare(*diagnostic);
                None
            }
        };
        if let Some(list) = &list
            && lines(list).next().is_none()
        {
            let message = format!("the list {} holds no id", quote(&name));
            reporter.push(Problem::warning("empty-list-file", node.at, message));
        }
        self.mark(path, &name);
        self.read.insert(name, list.clone());
        list
    }

    fn mark(&mut self, written: &str, name: &str) {
        if let Some(digest) = self.digests.get(name) {
            let (written, name) = (written.to_owned(), name.to_owned());
            self.marks.insert(ListMark { written, name, digest: digest.clone() });
        }
    }

    /// The path from the top: a list stands beside the file that names it, or its path starts
    /// at the top.
    fn locate(&self, path: &str, policy: &str, at: At) -> Result<String, Problem> {
        let error = |message: String| Problem::new("bad-list-path", at, message);
        let is_plain = |part: &str| {
            !part.is_empty() && part != "." && part != ".." && !part.chars().any(char::is_control)
        };
        if !path.split('/').all(is_plain) || path.contains(['\\', ':']) {
            return Err(error(format!("{} is no path inside the workspace", quote(path)))
                .help("write a path below the workspace, such as `lists/spammers.txt`"));
        }
        if path.rsplit_once('.').is_none_or(|(_, ending)| ending != "txt") {
            return Err(error(format!("{} is no `.txt` file", quote(path)))
                .help("one id a line, `#` for comments"));
        }
        let beside = policy.rsplit_once('/').map(|(folder, _)| format!("{folder}/{path}"));
        let name = match beside.filter(|beside| self.folder.has(beside)) {
            Some(beside) if self.folder.has(path) => {
                let message = format!("{} could be `{path}` or `{beside}`", quote(path));
                return Err(Problem::new("ambiguous-list", at, message).help("rename one of them"));
            }
            Some(beside) => beside,
            None => path.to_owned(),
        };
        if let Some(link) = self.folder.symlink_on_the_way(&name) {
            let message = format!("{} is a symlink, and symlinks are refused", quote(&link));
            return Err(Problem::new("symlink", at, message)
                .help("put the file itself here: policy is only what stands in the workspace"));
        }
        if !self.folder.has(&name) {
            return Err(Problem::new(
                "list-missing",
                at,
                format!("there is no file {}", quote(path)),
            )
            .help("a path starts at the file that names it, or at the top of the workspace"));
        }
        Ok(name)
    }
}

/// The ids of a list and where they stand: a line without its blanks and its comment, which
/// starts at a `#` at the start or behind a blank.
pub(super) fn lines(list: &Arc<SourceFile>) -> impl Iterator<Item = (&str, Spot)> {
    let mut offset = 0_usize;
    let lines = list.text.split_inclusive('\n').zip(1_u32..);
    lines.filter_map(move |(line, number)| {
        let start = offset;
        offset += line.len();
        let content = without_comment(line);
        let id = content.trim();
        if id.is_empty() {
            return None;
        }
        let blanks = content.len() - content.trim_start().len();
        let column = content.chars().take_while(|char| char.is_whitespace()).count() + 1;
        let at = At {
            line: number,
            column: u32::try_from(column).unwrap_or(u32::MAX),
            offset: u32::try_from(start + blanks).unwrap_or(u32::MAX),
            length: 1,
        };
        Some((id, Spot { file: Arc::clone(list), at }))
    })
}

fn without_comment(line: &str) -> &str {
    let starts = |index: usize| {
        line.get(..index).is_some_and(|head| head.is_empty() || head.ends_with([' ', '\t']))
    };
    line.match_indices('#')
        .find(|(index, _)| starts(*index))
        .and_then(|(index, _)| line.get(..index))
        .unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_one_id_a_line_and_comments() {
        let text = "# all\r\nalice\r\n\n  bob\t # spam\ncarol#1\n#dave\nerin".to_owned();
        let list = Arc::new(SourceFile { name: "l.txt".into(), text, quotable: false });
        let ids: Vec<_> =
            lines(&list).map(|(id, spot)| (id, spot.at.line, spot.at.column)).collect();
        assert_eq!(ids, [("alice", 2, 1), ("bob", 4, 3), ("carol#1", 5, 1), ("erin", 7, 1)]);
    }
}
