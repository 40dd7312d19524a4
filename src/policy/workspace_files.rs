//! A workspace whose config was read and whose files were listed, before any policy is read.

use std::sync::Arc;

use super::acks::read_ack;
use super::config::{Reading as ConfigReading, read_config};
use super::diagnostic::Diagnostic;
use super::files::{CONFIG, Folder};
use super::problem::{Findings, Problem, Reporter, SourceFile};
use super::read_policy::empty_file;
use super::text::decode;
use super::yaml::{Node, Reader, Root};
use super::{Permissions, digest};
use crate::domain::Ack;

/// A workspace before its policy is read.
pub(super) struct WorkspaceFiles {
    pub(super) folder: Folder,
    /// The config and its digest; `None` if it cannot be read, which was reported.
    pub(super) config: Option<(ConfigReading, String)>,
    /// What was found wrong so far.
    pub(super) findings: Findings,
}

impl WorkspaceFiles {
    /// Reads the config.
    pub(super) fn of(folder: Folder, permissions: &Permissions) -> Self {
        let mut findings = Findings::default();
        let config = read_config_file(&folder, permissions, &mut findings);
        Self { folder, config, findings }
    }

    /// Lists the policy files, in order.
    pub(super) fn policies(&mut self) -> Vec<String> {
        self.folder.policies(&mut |diagnostic| self.findings.push_bare(diagnostic))
    }

    /// Reads what people have acknowledged.
    pub(super) fn acks(&mut self) -> Vec<Ack> {
        let Self { folder, findings, config: _ } = self;
        let names = folder.acks(&mut |diagnostic| findings.push_bare(diagnostic));
        let mut acks = Vec::new();
        for name in names {
            let Some((file, _)) = read_file(folder, &name, findings) else { continue };
            acks.extend(read_ack(&file, findings));
        }
        acks
    }
}

/// Reads a file as text, and its digest.
pub(super) fn read_file(
    folder: &Folder,
    name: &str,
    findings: &mut Findings,
) -> Option<(Arc<SourceFile>, String)> {
    let read = folder.read(name).and_then(|bytes| {
        let digest = digest::of_bytes(&bytes);
        Ok((Arc::new(decode(name, bytes, true)?), digest))
    });
    match read {
        Ok(read) => Some(read),
        Err(diagnostic) => {
            findings.push_bare(*diagnostic);
            None
        }
    }
}

fn read_config_file(
    folder: &Folder,
    permissions: &Permissions,
    findings: &mut Findings,
) -> Option<(ConfigReading, String)> {
    if !folder.has(CONFIG) {
        let message = "the workspace has no config";
        findings.push_bare(
            Diagnostic::of_file("config-missing", CONFIG, message)
                .with_help("a workspace is a directory with an `ostracon.yaml` in it"),
        );
        return None;
    }
    let (file, digest) = read_file(folder, CONFIG, findings)?;
    let mut reporter = Reporter { file: &file, findings };
    let mut reader = Reader::new(&file.text);
    let root = read_document(&mut reader);
    for problem in reader.take_problems() {
        reporter.push(problem);
    }
    match root {
        Ok(root) => {
            let reading = read_config(&root, permissions, &mut reporter);
            Some((reading, format!("sha256:{digest}")))
        }
        Err(problem) => {
            reporter.push(problem);
            None
        }
    }
}

/// The whole config as one tree: it is small.
fn read_document<'t>(reader: &mut Reader<'t>) -> Result<Node<'t>, Problem> {
    match reader.enter()? {
        Root::Empty => return Err(empty_file("a config starts with `version: 1`")),
        Root::Other(at) => {
            return Err(Problem::new("wrong-shape", at, "the config must be a mapping")
                .help("it starts with `version: 1`"));
        }
        Root::Mapping => {}
    }
    let root = reader.mapping()?;
    reader.finish()?;
    Ok(root)
}
