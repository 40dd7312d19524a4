//! A workspace: everything that its files say, checked.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::acks::read_ack;
use super::config::{Config, Reading as ConfigReading, read_config};
use super::diagnostic::Diagnostic;
use super::entry::Reading;
use super::files::{CONFIG, Folder};
use super::known::Known;
use super::list::Lists;
use super::part::Part;
use super::policy_file::{empty_file, read_policy};
use super::problem::{Findings, Problem, Scope, SourceFile};
use super::text::decode;
use super::texts::Texts;
use super::whole::Whole;
use super::yaml::{Node, Reader, Root};
use super::{Leave, digest};
use crate::domain::{Ack, Protected, Source, Wanted, Warning};

/// What the files of a workspace say.
#[derive(Clone, Debug)]
pub struct Workspace {
    /// The config.
    pub config: Config,
    /// Every restriction that an entry asks for, in canonical order; entries may overlap.
    pub wanted: Vec<Wanted>,
    /// What each entry says for people, as a JSON object, by where the entry stands.
    pub metas: BTreeMap<Source, Arc<str>>,
    /// What people have acknowledged.
    pub acks: Vec<Ack>,
    /// Whoever is protected.
    pub protected: Protected,
    /// What is worth knowing.
    pub warnings: Vec<Warning>,
    /// How many entries there are.
    pub entries: usize,
    /// The digest of the policy files and bulk lists.
    pub policy_digest: String,
    /// The digest of the config.
    pub config_digest: String,
}

/// Reads a workspace, or says everything that is wrong with it.
pub fn load(directory: &Path, leave: &Leave) -> Result<Workspace, Vec<Diagnostic>> {
    let folder = Folder::new(directory);
    let mut findings = Findings::default();
    let config = read_config_file(&folder, leave, &mut findings);
    let unknown = Known::default();
    let known = config.as_ref().map_or(&unknown, |(reading, _)| &reading.known);

    let names = folder.policies(&mut |diagnostic| findings.push_bare(diagnostic));
    let parts = read_parts(&folder, known, &names);
    let whole = Whole::of(parts, &Texts::new(&folder), &mut findings);

    let mut acks = Vec::new();
    for name in folder.acks(&mut |diagnostic| findings.push_bare(diagnostic)) {
        let Some((file, _)) = read_file(&folder, &name, &mut findings) else { continue };
        acks.extend(read_ack(&file, &mut findings));
    }

    let warnings = findings.finish()?.into_iter().map(Diagnostic::into_warning).collect();
    let Some((ConfigReading { config, known: _ }, config_digest)) = config else {
        // Whatever keeps a config from being read is an error, so `finish` has returned.
        return Err(vec![Diagnostic::bare("config-missing", "the config cannot be read")]);
    };
    Ok(Workspace {
        config,
        wanted: whole.wanted,
        metas: whole.metas,
        acks,
        protected: whole.protected,
        warnings,
        entries: whole.entries,
        policy_digest: digest::of_files(&whole.digests),
        config_digest,
    })
}

/// Reads the config alone, and its digest.
pub fn load_config(directory: &Path, leave: &Leave) -> Result<(Config, String), Vec<Diagnostic>> {
    let folder = Folder::new(directory);
    let mut findings = Findings::default();
    let config = read_config_file(&folder, leave, &mut findings);
    findings.finish()?;
    match config {
        Some((reading, digest)) => Ok((reading.config, digest)),
        None => Err(vec![Diagnostic::bare("config-missing", "the config cannot be read")]),
    }
}

/// Reads every policy file, on all cores; the parts come in the order of the names.
fn read_parts(folder: &Folder, known: &Known, names: &[String]) -> Vec<Part> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut parts = Vec::new();
        while let Some((index, name)) = {
            let index = next.fetch_add(1, Ordering::Relaxed);
            names.get(index).map(|name| (index, name))
        } {
            parts.push((index, read_part(folder, known, name)));
        }
        parts
    };
    let workers = thread::available_parallelism().map_or(1, usize::from).min(names.len());
    let mut parts = thread::scope(|scope| {
        let others: Vec<_> = (1..workers).map(|_| scope.spawn(work)).collect();
        let mut parts = work();
        for other in others {
            match other.join() {
                Ok(read) => parts.extend(read),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        parts
    });
    parts.sort_unstable_by_key(|(index, _)| *index);
    parts.into_iter().map(|(_, part)| part).collect()
}

/// Reads one policy file, and the lists that it names.
fn read_part(folder: &Folder, known: &Known, name: &str) -> Part {
    let mut part = Part::new(name.into());
    let mut findings = Findings::default();
    if let Some((file, digest)) = read_file(folder, name, &mut findings) {
        let mut lists = Lists::new(folder);
        let mut reading = Reading { known, lists: &mut lists, part: &mut part };
        let mut scope = Scope { file: &file, findings: &mut findings };
        read_policy(&file.text, &mut reading, &mut scope);
        part.digests = lists.digests;
        part.digests.insert(name.to_owned(), digest);
    }
    part.findings = findings;
    part.finish()
}

fn read_file(
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
    leave: &Leave,
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
    let mut scope = Scope { file: &file, findings };
    let mut reader = Reader::new(&file.text);
    let root = read_document(&mut reader);
    for problem in reader.take_problems() {
        scope.push(problem);
    }
    match root {
        Ok(root) => {
            let reading = read_config(&root, leave, &mut scope);
            Some((reading, format!("sha256:{digest}")))
        }
        Err(problem) => {
            scope.push(problem);
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
