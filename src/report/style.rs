//! Colours, which help to read but are never needed to understand.

use std::fmt;

use anstyle::{AnsiColor, Style};

/// Whether to colour: the caller knows the terminal and the environment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Paint {
    /// With colours.
    On,
    /// Plain text.
    Off,
}

/// What a piece of text is, as far as its colour goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ink {
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
    Trouble,
    /// Nothing in particular.
    Plain,
}

impl Ink {
    const fn style(self) -> Style {
        match self {
            Self::Start => AnsiColor::Green.on_default(),
            Self::Change => AnsiColor::Cyan.on_default(),
            Self::End => AnsiColor::Red.on_default(),
            Self::Heading => Style::new().bold(),
            Self::Quiet => Style::new().dimmed(),
            Self::Warning => AnsiColor::Yellow.on_default().bold(),
            Self::Trouble => AnsiColor::Red.on_default().bold(),
            Self::Plain => Style::new(),
        }
    }
}

impl Paint {
    /// Text in this ink.
    pub fn ink<T: fmt::Display>(self, ink: Ink, text: T) -> Painted<T> {
        let style = match self {
            Self::On => ink.style(),
            Self::Off => Style::new(),
        };
        Painted { style, text }
    }
}

/// Text in an ink.
#[derive(Clone, Copy, Debug)]
pub struct Painted<T> {
    style: Style,
    text: T,
}

impl<T: fmt::Display> fmt::Display for Painted<T> {
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
        assert_eq!(Paint::Off.ink(Ink::End, "gone").to_string(), "gone");
        assert_eq!(Paint::On.ink(Ink::Plain, "here").to_string(), "here");
        assert_eq!(Paint::On.ink(Ink::End, "gone").to_string(), "\u{1b}[31mgone\u{1b}[0m");
    }
}
