//! Where the program speaks and listens: results to `out`, talk to `err`.

mod lines;
mod link;

use std::fmt;
use std::io::{self, BufRead, IsTerminal as _, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;

use self::lines::LineWriter;
use self::link::LinkTo;
pub use self::link::Opener;
use crate::domain::json;
use crate::report::ColorChoice;
use crate::world::World;

/// Where the program speaks and listens.
pub struct Console {
    /// Results.
    pub out: Results,
    /// Talk: progress, warnings, errors.
    pub err: Talk,
    /// Answers to questions.
    pub answers: Box<dyn BufRead + Send>,
    /// Which of the three are terminals.
    pub terminal: Terminal,
    /// Where sources in results lead.
    links: Option<LinkTo>,
}

/// Which streams are terminals, and what they can show.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Terminal {
    /// Results are coloured.
    pub colors: bool,
    /// Somebody can answer questions.
    pub answers: bool,
    /// Talk can be drawn over.
    pub redraws: bool,
    /// How many columns results may take.
    pub width: usize,
    /// Where longer lines of a report are folded; `None` where that does not matter.
    pub fold_at: Option<usize>,
    /// What opens the sources that a report names; `None` where they are no links.
    pub opener: Option<Opener>,
}

/// Talk that several tasks share.
#[derive(Clone)]
pub struct Talk(Arc<Mutex<dyn Write + Send>>);

impl Talk {
    /// Talk that goes there.
    pub fn new(writer: impl Write + Send + 'static) -> Self {
        Self(Arc::new(Mutex::new(writer)))
    }

    /// Says something; nothing can be done if nobody listens.
    pub fn say(&self, text: &str) {
        let mut writer = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let _unheard = writer.write_all(text.as_bytes()).and_then(|()| writer.flush());
    }
}

/// Where results go. What is done does not depend on who reads: a write that fails is remembered,
/// and looks to the writer like one that went well.
pub struct Results {
    to: Box<dyn Write + Send>,
    failed: Option<io::Error>,
}

impl Results {
    /// Results that go there.
    pub fn new(to: impl Write + Send + 'static) -> Self {
        Self { to: Box::new(to), failed: None }
    }

    /// Writes a text.
    pub fn text(&mut self, text: &str) {
        self.attempt(|to| to.write_all(text.as_bytes()));
    }

    /// Whether something could not be written.
    pub fn have_failed(&self) -> bool {
        self.failed.is_some()
    }

    /// Why something could not be written, unless it is that nobody reads any more.
    pub fn take_failure(&mut self) -> Option<io::Error> {
        self.failed.take().filter(|error| error.kind() != io::ErrorKind::BrokenPipe)
    }

    /// Lets whoever reads see the end: nothing is written any more.
    pub fn end(&mut self) {
        self.to = Box::new(io::sink());
    }

    fn attempt(&mut self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) {
        if self.failed.is_none() {
            self.failed = write(&mut *self.to).err();
        }
    }
}

impl Write for Results {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.attempt(|to| to.write_all(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.attempt(|to| to.flush());
        Ok(())
    }
}

/// The width of results that go to no terminal.
const PLAIN_WIDTH: usize = 120;

impl Console {
    /// The real streams.
    pub fn real(world: &World) -> Self {
        let is_terminal = io::stdout().is_terminal();
        let forced = world.variable("CLICOLOR_FORCE").is_some_and(|value| value != "0");
        let wanted = world.variable("NO_COLOR").is_none()
            && (forced || (is_terminal && world.variable("TERM") != Some("dumb")));
        let columns = terminal_columns(world);
        Self {
            out: Results::new(io::BufWriter::new(io::stdout())),
            err: Talk::new(io::stderr()),
            answers: Box::new(io::BufReader::new(io::stdin())),
            terminal: Terminal {
                colors: wanted,
                answers: io::stdin().is_terminal(),
                redraws: io::stderr().is_terminal(),
                width: if is_terminal { columns } else { PLAIN_WIDTH },
                fold_at: is_terminal.then_some(columns),
                opener: link::opener(world).filter(|_| is_terminal && wanted),
            },
            links: None,
        }
    }

    /// One that nobody sees or answers: results of this width go there.
    pub fn plain(out: Results, width: usize) -> Self {
        Self {
            out,
            err: Talk::new(io::sink()),
            answers: Box::new(io::empty()),
            terminal: Terminal {
                colors: false,
                answers: false,
                redraws: false,
                width,
                fold_at: None,
                opener: None,
            },
            links: None,
        }
    }

    /// Lets sources lead to the files in a workspace.
    pub fn link_to(&mut self, directory: &Path, host: &str) {
        let below = |opener| LinkTo::below(opener, directory, host);
        self.links = self.terminal.opener.map(below);
    }

    /// Writes a result that a report composes.
    pub fn result(
        &mut self,
        compose: impl FnOnce(&mut dyn fmt::Write) -> fmt::Result,
    ) -> io::Result<()> {
        self.write_lines(None, compose)
    }

    /// Writes a result for people, whose lines are folded on a terminal.
    pub fn report(
        &mut self,
        compose: impl FnOnce(&mut dyn fmt::Write) -> fmt::Result,
    ) -> io::Result<()> {
        self.write_lines(self.terminal.fold_at, compose)
    }

    fn write_lines(
        &mut self,
        width: Option<usize>,
        compose: impl FnOnce(&mut dyn fmt::Write) -> fmt::Result,
    ) -> io::Result<()> {
        let mut text = LineWriter {
            to: &mut self.out,
            width,
            links: self.links.as_ref(),
            line: String::new(),
            error: None,
        };
        let composed = compose(&mut text);
        match (text.finish(), composed) {
            (Some(error), _) => Err(error),
            (None, Ok(())) => self.out.flush(),
            (None, Err(fmt::Error)) => Err(io::Error::other("the report could not be composed")),
        }
    }

    /// Writes a result as one JSON object.
    pub fn json(&mut self, result: &impl Serialize) -> io::Result<()> {
        json::to_writer_pretty(&mut self.out, result)?;
        self.out.write_all(b"\n")
    }

    /// Writes a part of a result as a line of JSON.
    pub fn json_line(&mut self, part: &impl Serialize) -> io::Result<()> {
        json::to_writer(&mut self.out, part)?;
        self.out.write_all(b"\n")
    }

    /// Whether results are coloured.
    pub fn colors(&self) -> ColorChoice {
        if self.terminal.colors { ColorChoice::On } else { ColorChoice::Off }
    }
}

/// How wide the terminal says it is, or the environment.
fn terminal_columns(world: &World) -> usize {
    let said = world.variable("COLUMNS").and_then(|columns| columns.parse().ok());
    said.or_else(|| terminal_size::terminal_size().map(|(width, _)| usize::from(width.0)))
        .filter(|columns| *columns > 0)
        .unwrap_or(PLAIN_WIDTH)
}
