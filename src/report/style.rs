//! Colours, which help to read but are never needed to understand.

use std::fmt;

use anstyle::{AnsiColor, Style as Ansi};

use super::link::encoded_path;
use crate::domain::Source;

/// Whether to colour: the caller knows the terminal and the environment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ColorChoice {
    /// With colours.
    On,
    /// Plain text.
    Off,
}

/// What a piece of text is, as far as its colour goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Style {
    /// Something starts.
    Start,
    /// Something changes or goes on.
    Change,
    /// Something ends.
    End,
    /// A heading.
    Heading,
    /// Said before, or seldom needed.
    Quiet,
    /// A person should look at it.
    Warning,
    /// Something is wrong, or is not done.
    Failure,
    /// Nothing in particular.
    Plain,
}

impl Style {
    const fn ansi(self) -> Ansi {
        match self {
            Self::Start => AnsiColor::Green.on_default(),
            Self::Change => AnsiColor::Cyan.on_default(),
            Self::End => AnsiColor::Red.on_default(),
            Self::Heading => Ansi::new().bold(),
            Self::Quiet => Ansi::new().dimmed(),
            Self::Warning => AnsiColor::Yellow.on_default().bold(),
            Self::Failure => AnsiColor::Red.on_default().bold(),
            Self::Plain => Ansi::new(),
        }
    }
}

impl ColorChoice {
    /// Text in this style.
    pub fn style<T: fmt::Display>(self, style: Style, text: T) -> Styled<T> {
        let style = match self {
            Self::On => style.ansi(),
            Self::Off => Ansi::new(),
        };
        Styled { style, text }
    }

    /// Text that leads to a source, if it stands for one.
    pub fn link<T: fmt::Display>(self, source: Option<&Source>, text: T) -> Linked<'_, T> {
        let source = match self {
            Self::On => source,
            Self::Off => None,
        };
        Linked { source, text }
    }
}

/// How a link to a source stands in a report: the line and column, the file, and what is shown. What
/// writes to a terminal knows where it leads.
pub struct LinkMarks {
    /// Before the place.
    pub start: &'static str,
    /// Between the file and what is shown.
    pub middle: &'static str,
    /// Behind that.
    pub end: &'static str,
}

/// The marks of a link to a source. No stranger's text has them: each has a control character.
pub const LINK: LinkMarks =
    LinkMarks { start: "\u{1b}]8;;source:", middle: "\u{1b}\\", end: "\u{1b}]8;;\u{1b}\\" };

/// A text that leads to a source.
#[derive(Clone, Copy, Debug)]
pub struct Linked<'a, T> {
    source: Option<&'a Source>,
    text: T,
}

impl<T: fmt::Display> fmt::Display for Linked<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { source, text } = self;
        let Some(Source { file, line, column }) = source else { return text.fmt(f) };
        let LinkMarks { start, middle, end } = LINK;
        write!(f, "{start}{line}:{column}/{}{middle}{text}{end}", encoded_path(file))
    }
}

/// Text in a style.
#[derive(Clone, Copy, Debug)]
pub struct Styled<T> {
    style: Ansi,
    text: T,
}

impl<T: fmt::Display> fmt::Display for Styled<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { style, text } = self;
        write!(f, "{style}{text}{style:#}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paint_that_is_off_leaves_no_trace() {
        assert_eq!(ColorChoice::Off.style(Style::End, "gone").to_string(), "gone");
        assert_eq!(ColorChoice::On.style(Style::Plain, "here").to_string(), "here");
        assert_eq!(
            ColorChoice::On.style(Style::End, "gone").to_string(),
            "\u{1b}[31mgone\u{1b}[0m"
        );
    }
}
