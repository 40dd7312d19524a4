//! What the program writes in a story, kept to be read.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use ostracon::console::{Console, Results};

/// What was written, for reading it afterwards.
#[derive(Clone, Default)]
pub(super) struct Page(Arc<Mutex<Vec<u8>>>);

impl Page {
    /// All of it.
    pub(super) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()).unwrap()
    }
}

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A console of which what is written to standard output is kept.
pub(super) fn console() -> (Page, Console) {
    let out = Page::default();
    let console = Console::plain(Results::new(out.clone()), 100);
    (out, console)
}
