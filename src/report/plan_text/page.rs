//! A text in paragraphs.

use std::fmt::{self, Write};

use crate::domain::Source;
use crate::report::style::{ColorChoice, Linked, Style, Styled};

/// Where the text goes, with a blank line between each two paragraphs.
pub(super) struct Page<'a> {
    out: &'a mut dyn Write,
    colors: ColorChoice,
    written: bool,
    blank_line_due: bool,
}

impl<'a> Page<'a> {
    pub(super) fn new(out: &'a mut dyn Write, colors: ColorChoice) -> Self {
        Self { out, colors, written: false, blank_line_due: false }
    }

    /// Begins a paragraph; one in which nothing is written leaves no trace.
    pub(super) fn paragraph(&mut self) {
        self.blank_line_due = self.written;
    }

    /// Text in this style, if the page is in colour.
    pub(super) fn style<T: fmt::Display>(&self, style: Style, text: T) -> Styled<T> {
        self.colors.style(style, text)
    }

    /// Text that leads to a source, if the page has links.
    pub(super) fn link<'s, T: fmt::Display>(
        &self,
        source: Option<&'s Source>,
        text: T,
    ) -> Linked<'s, T> {
        self.colors.link(source, text)
    }
}

impl Write for Page<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if std::mem::take(&mut self.blank_line_due) {
            self.out.write_char('\n')?;
        }
        self.written = true;
        self.out.write_str(text)
    }
}
