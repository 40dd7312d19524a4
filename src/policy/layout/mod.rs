//! The one layout of config and policy files: the order of keys, quotes around ids, indentation.
//!
//! Comments stay where they belong, and nothing that a file says changes: each text is read again
//! before it is given out. Order and quotes are those of what `import` and `backport` write.

mod arrange;
mod flow;
mod meaning;
mod parse;
mod role;
#[cfg(test)]
mod tests;
mod tree;
mod write;

use std::path::Path;
use std::sync::Arc;

use super::diagnostic::Diagnostic;
use super::files::{CONFIG, Folder};
use super::parallel;
use super::problem::{Findings, Problem, Reporter};
use super::text::decode;
use super::yaml::At;

/// A file before and after it is laid out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Formatted {
    /// Its path from the top of the workspace.
    pub name: String,
    /// What stands in it.
    pub old: String,
    /// The same, laid out.
    pub new: String,
}

/// Lays out these files of a workspace, by their paths from its top; its config and all policy
/// files if none is named. One that is laid out already is left out, and one that cannot be is told of.
pub fn lay_out(
    directory: &Path,
    names: &[String],
    sort: bool,
) -> (Vec<Formatted>, Vec<Diagnostic>) {
    let folder = Folder::new(directory);
    let mut findings = Findings::default();
    let mut names = names.to_vec();
    if names.is_empty() {
        names = folder.policies(&mut |diagnostic| findings.push_bare(diagnostic));
        names.extend(folder.has(CONFIG).then(|| CONFIG.to_owned()));
        names.sort_unstable();
    }
    let mut layouts = Vec::new();
    let changed = |layout: &Formatted| layout.old != layout.new;
    let laid = parallel::map(&names, |name| {
        lay_out_file(&folder, name, sort).map(|layout| Some(layout).filter(changed))
    });
    for layout in laid {
        match layout {
            Ok(layout) => layouts.extend(layout),
            Err(found) => findings.append(found),
        }
    }
    (layouts, told(findings))
}

/// Lays out a text that stands in no file.
pub fn lay_out_text(bytes: Vec<u8>, sort: bool) -> Result<Formatted, Vec<Diagnostic>> {
    of_bytes("(standard input)", bytes, sort).map_err(told)
}

fn told(findings: Findings) -> Vec<Diagnostic> {
    match findings.finish() {
        Ok(diagnostics) | Err(diagnostics) => diagnostics,
    }
}

fn lay_out_file(folder: &Folder, name: &str, sort: bool) -> Result<Formatted, Findings> {
    let link = folder.symlink_on_the_way(name).map(|link| super::files::symlink(&link).into());
    let read = link.map_or_else(|| folder.read(name), Err);
    read.map_err(bare).and_then(|bytes| of_bytes(name, bytes, sort))
}

fn bare(diagnostic: Box<Diagnostic>) -> Findings {
    let mut findings = Findings::default();
    findings.push_bare(*diagnostic);
    findings
}

fn of_bytes(name: &str, bytes: Vec<u8>, sort: bool) -> Result<Formatted, Findings> {
    let file = Arc::new(decode(name, bytes, true).map_err(bare)?);
    match laid_out(&file.text, sort) {
        Ok(new) => {
            let old = Arc::try_unwrap(file).map_or_else(|file| file.text.clone(), |file| file.text);
            Ok(Formatted { name: name.to_owned(), old, new })
        }
        Err(problem) => {
            let mut findings = Findings::default();
            Reporter { file: &file, findings: &mut findings }.push(problem);
            Err(findings)
        }
    }
}

/// A text in the one layout.
fn laid_out(text: &str, sort: bool) -> Result<String, Problem> {
    let meant = meaning::of(text, sort)?;
    let mut root = parse::parse(text)?;
    arrange::arrange(&mut root, sort);
    let new = write::write(&root);
    if meaning::of(&new, sort).is_ok_and(|now| now == meant) {
        return Ok(new);
    }
    let at = At { line: 1, column: 1, ..At::default() };
    Err(Problem::new("not-formatted", at, "laid out anew, this file would say something else")
        .help("lay it out by hand"))
}
