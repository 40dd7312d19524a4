//! The only file of this layer that touches the file system.
#![expect(clippy::disallowed_methods, reason = "this is where policy files are read")]

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{Read as _, Take};
use std::path::{Component, Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use super::diagnostic::{Diagnostic, Severity};

/// The name of the config.
pub(super) const CONFIG: &str = "ostracon.yaml";

/// The directory of acknowledgements.
const ACKS: &str = "acks";

/// The largest file that is read, in bytes: a million entries take about a fifth of it.
const LARGEST: u64 = 1 << 30;

/// Whether a file is a list of subjects, and no policy of its own.
fn is_list(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|extension| extension == "txt")
}

/// How many files a workspace may hold.
const MOST_FILES: usize = 100_000;

/// A directory with a config and policies.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    /// Files that are read as if this stood in them, whether they are there or not.
    edited: BTreeMap<String, String>,
}

impl Folder {
    /// The workspace in this directory.
    pub(super) fn new(directory: &Path) -> Self {
        Self { path: directory.to_path_buf(), edited: BTreeMap::new() }
    }

    /// The same, as if this stood in these files.
    pub(super) fn with(self, edited: BTreeMap<String, String>) -> Self {
        Self { edited, ..self }
    }

    /// The policy files in it, sorted; what stands in the way is reported.
    pub(super) fn policies(&self, report: &mut dyn FnMut(Diagnostic)) -> Vec<String> {
        let mut found = Vec::new();
        let walk = WalkDir::new(&self.path).sort_by_file_name().into_iter();
        for entry in walk.filter_entry(is_searched) {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    let path = error.path().unwrap_or(&self.path);
                    let problem = error.io_error().map_or_else(|| "a loop".into(), cause);
                    report(unreadable(&self.shown(path), &problem));
                    continue;
                }
            };
            if let Some(name) = self.look_at(&entry, report) {
                found.push(name);
            }
            if found.len() > MOST_FILES {
                let message = format!("the workspace holds more than {MOST_FILES} policy files");
                report(Diagnostic::bare("too-many-files", message));
                break;
            }
        }
        let policies = self.edited.keys().filter(|name| !is_list(name));
        found.extend(policies.cloned());
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The acknowledgements in it, sorted: the files in `acks/` at the top that are named for a
    /// digest. Nothing else there is looked at.
    pub(super) fn acks(&self, report: &mut dyn FnMut(Diagnostic)) -> Vec<String> {
        let directory = self.path.join(ACKS);
        match fs::symlink_metadata(&directory) {
            Ok(data) if data.is_symlink() => {
                report(symlink(ACKS));
                return Vec::new();
            }
            Ok(data) if data.is_dir() => {}
            Ok(_) | Err(_) => return Vec::new(),
        }
        let walk = WalkDir::new(directory).max_depth(1).sort_by_file_name();
        let mut found = Vec::new();
        for entry in walk {
            match entry {
                Ok(entry) if is_ack(&entry) => found.extend(self.look_at(&entry, report)),
                Ok(_) => {}
                Err(error) => {
                    let problem = error.io_error().map_or_else(|| "a loop".into(), cause);
                    report(unreadable(ACKS, &problem));
                }
            }
        }
        found
    }

    fn look_at(&self, entry: &DirEntry, report: &mut dyn FnMut(Diagnostic)) -> Option<String> {
        let name = self.shown(entry.path());
        let kind = entry.file_type();
        if entry.depth() == 0 || kind.is_dir() {
            return None;
        }
        if kind.is_symlink() {
            report(symlink(&name));
            return None;
        }
        let ending = entry.path().extension()?.to_string_lossy().into_owned();
        if ending != "yaml" && ending != "yml" {
            if ["yaml", "yml"].contains(&&*ending.to_lowercase()) {
                let mut warning =
                    Diagnostic::of_file("file-not-read", &*name, "this file is not read")
                        .with_help("policy files end in `.yaml` or `.yml`");
                warning.severity = Severity::Warning;
                report(warning);
            }
            return None;
        }
        if !kind.is_file() {
            report(unreadable(&name, "it is not a regular file"));
            return None;
        }
        if entry.path().to_str().is_none() || name.chars().any(char::is_control) {
            let message = "its name must be UTF-8 without control characters";
            report(Diagnostic::of_file("bad-file-name", name, message));
            return None;
        }
        (name != CONFIG).then_some(name)
    }

    /// The bytes of a file in the workspace, by its path from the top.
    pub(super) fn read(&self, name: &str) -> Result<Vec<u8>, Box<Diagnostic>> {
        if let Some(text) = self.edited.get(name) {
            return Ok(text.clone().into_bytes());
        }
        let mut bytes = Vec::new();
        let mut file = self.open(name)?;
        // It may have grown since.
        match file.read_to_end(&mut bytes).map_err(|error| unreadable(name, &cause(&error)))? as u64
        {
            0..=LARGEST => Ok(bytes),
            _ => Err(too_large(name)),
        }
    }

    fn open(&self, name: &str) -> Result<Take<File>, Box<Diagnostic>> {
        let path = self.path.join(name);
        let failed = |error: std::io::Error| Box::new(unreadable(name, &cause(&error)));
        let data = fs::symlink_metadata(&path).map_err(failed)?;
        if data.is_symlink() {
            return Err(symlink(name).into());
        }
        if !data.is_file() {
            return Err(unreadable(name, "it is not a regular file").into());
        }
        if data.len() > LARGEST {
            return Err(too_large(name));
        }
        Ok(File::open(&path).map_err(failed)?.take(LARGEST + 1))
    }

    /// Whether something stands at this path from the top.
    pub(super) fn has(&self, name: &str) -> bool {
        fs::symlink_metadata(self.path.join(name)).is_ok()
    }

    /// The part of a path from the top that is a symlink, if any is.
    pub(super) fn symlink_on_the_way(&self, name: &str) -> Option<String> {
        let mut path = self.path.clone();
        let mut way = Vec::new();
        for part in name.split('/') {
            path.push(part);
            way.push(part);
            if fs::symlink_metadata(&path).is_ok_and(|data| data.is_symlink()) {
                return Some(way.join("/"));
            }
        }
        None
    }

    /// A path as diagnostics show it: from the top, with `/` between its parts.
    fn shown(&self, path: &Path) -> String {
        let inner = path.strip_prefix(&self.path).unwrap_or(path);
        let parts: Vec<_> = inner
            .components()
            .filter(|part| !matches!(part, Component::CurDir))
            .map(|part| part.as_os_str().to_string_lossy())
            .collect();
        if parts.is_empty() { path.to_string_lossy().into_owned() } else { parts.join("/") }
    }
}

/// Whether a file is named like an acknowledgement: the hexadecimal digits of a digest.
fn is_ack(entry: &DirEntry) -> bool {
    let name = entry.file_name().to_string_lossy();
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let digest = name.strip_suffix(".yaml");
    digest.is_some_and(|digest| digest.len() == 64 && digest.bytes().all(is_digit))
}

/// Whether a file would be read as policy that stands at this path from the top of a workspace.
pub fn is_policy_path(path: &Path) -> bool {
    let is_plain = path.components().all(|part| matches!(part, Component::Normal(_)));
    let is_yaml = path.extension().is_some_and(|it| it == "yaml" || it == "yml");
    let mut above = path.parent().into_iter().flat_map(Path::components).map(Component::as_os_str);
    let is_hidden = |name: &OsStr| name.as_encoded_bytes().starts_with(b".");
    let is_left_out = path.starts_with(ACKS) || above.any(is_hidden);
    is_plain && is_yaml && !is_left_out && path != Path::new(CONFIG)
}

/// Whether the config or a policy would stand at this path from the top of a workspace.
pub fn is_workspace_path(path: &Path) -> bool {
    path == Path::new(CONFIG) || is_policy_path(path)
}

/// Dot-directories and `acks/` at the top are not searched.
fn is_searched(entry: &DirEntry) -> bool {
    let name = entry.file_name().to_string_lossy();
    let left_out = name.starts_with('.') || (name == ACKS && entry.depth() == 1);
    entry.depth() == 0 || !(entry.file_type().is_dir() && left_out)
}

pub(super) fn symlink(name: &str) -> Diagnostic {
    Diagnostic::of_file("symlink", name, "this is a symlink, and symlinks are refused")
        .with_help("put the file itself here: policy is only what stands in the workspace")
}

fn too_large(name: &str) -> Box<Diagnostic> {
    let message = format!("this file is larger than {LARGEST} bytes");
    Diagnostic::of_file("file-too-large", name, message)
        .with_help("split it into several files")
        .into()
}

fn unreadable(name: &str, problem: &str) -> Diagnostic {
    Diagnostic::of_file("unreadable", name, format!("this file cannot be read: {problem}"))
}

/// Why something cannot be read, without the number that differs between systems.
fn cause(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "it does not exist".to_owned(),
        std::io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    }
}
