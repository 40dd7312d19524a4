//! The lines of files again, for what is only found wrong when all have been read.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::files::Folder;
use super::problem::{SourceFile, Spot, Trace};
use super::text::decode;

/// Reads a file again when one of its lines is to be shown: texts are not kept, since as a rule
/// nothing is wrong.
pub(super) struct Texts<'a> {
    pub(super) folder: &'a Folder,
    read: RefCell<BTreeMap<Arc<str>, Arc<SourceFile>>>,
}

impl<'a> Texts<'a> {
    /// Nothing was read again yet.
    pub(super) fn new(folder: &'a Folder) -> Self {
        Self { folder, read: RefCell::default() }
    }

    /// The place with the text around it; without, if the file cannot be read any more.
    pub(super) fn spot(&self, trace: &Trace) -> Spot {
        let Trace { file, at } = trace;
        let mut read = self.read.borrow_mut();
        let text = read.entry(Arc::clone(file)).or_insert_with(|| self.read(file));
        Spot { file: Arc::clone(text), at: *at }
    }

    fn read(&self, file: &Arc<str>) -> Arc<SourceFile> {
        let is_list = file.ends_with(".txt");
        let bytes = self.folder.read(file).ok();
        let text = bytes.and_then(|bytes| decode(file, bytes, !is_list).ok());
        let gone = || SourceFile { name: Arc::clone(file), text: String::new(), quotable: false };
        Arc::new(text.unwrap_or_else(gone))
    }
}
