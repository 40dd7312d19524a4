//! A text in paragraphs.

use std::fmt::{self, Write};

use crate::report::style::{Ink, Paint, Painted};

/// Where the text goes, with a blank line between each two paragraphs.
pub(super) struct Page<'a> {
    out: &'a mut dyn Write,
    paint: Paint,
    written: bool,
}

impl<'a> Page<'a> {
    pub(super) fn new(out: &'a mut dyn Write, paint: Paint) -> Self {
        Self { out, paint, written: false }
    }

    /// Begins a paragraph.
    pub(super) fn paragraph(&mut self) -> fmt::Result {
        if self.written { self.out.write_char('\n') } else { Ok(()) }
    }

    /// Text in this ink, if the page is in colour.
    pub(super) fn ink<T: fmt::Display>(&self, ink: Ink, text: T) -> Painted<T> {
        self.paint.ink(ink, text)
    }
}

impl Write for Page<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.written = true;
        self.out.write_str(text)
    }
}
