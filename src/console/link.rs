//! Links from a source in a report to the line in the file, where a terminal takes them (OSC 8:
//! <https://gist.github.com/egmontkob/eb114294efbcd5adb1944c9f3cb5feda>, read November 2026).

use std::path::Path;

use crate::report::link::encoded_path;
use crate::report::style::LINK;
use crate::world::World;

/// What opens a file at a line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Opener {
    /// Whatever the desktop opens files with, at no line.
    Desktop,
    /// Visual Studio Code, whose terminal this is.
    Code,
}

/// Where sources lead: the workspace, and what opens its files.
#[derive(Clone, Debug)]
pub(super) struct LinkTo {
    pub(super) opener: Opener,
    /// The workspace, as the path of a URL.
    base: String,
}

impl LinkTo {
    /// Links into the workspace in this directory.
    pub(super) fn below(opener: Opener, directory: &Path, host: &str) -> Self {
        let path = encoded_path(&directory.to_string_lossy());
        let base = match opener {
            Opener::Desktop => format!("file://{host}/{path}"),
            Opener::Code => format!("vscode://file/{path}"),
        };
        Self { opener, base }
    }

    fn url(&self, place: &str, file: &str) -> String {
        match self.opener {
            Opener::Desktop => format!("{}/{file}", self.base),
            Opener::Code => format!("{}/{file}:{place}", self.base),
        }
    }
}

/// What a terminal of this environment opens links with, if it takes any: there is nothing to ask it,
/// so it must be one that is known to.
pub(super) fn opener(world: &World) -> Option<Opener> {
    let is = |name: &str, values: &[&str]| {
        world.variable(name).is_some_and(|value| values.contains(&value))
    };
    let number = |name: &str| world.variable(name).and_then(|value| value.parse::<u32>().ok());
    let code = is("TERM_PROGRAM", &["vscode"]);
    let opener = if code { Opener::Code } else { Opener::Desktop };
    // As other programs have it: `0` says no, anything else yes.
    if let Some(forced) = world.variable("FORCE_HYPERLINK") {
        return (forced != "0").then_some(opener);
    }
    let multiplexed = world.variable("TMUX").is_some() || world.variable("STY").is_some();
    let takes = code
        || is("TERM_PROGRAM", &["iTerm.app", "WezTerm", "ghostty", "Hyper"])
        || is("TERM", &["xterm-kitty", "alacritty", "foot", "xterm-ghostty"])
        || world.variable("WT_SESSION").is_some()
        || number("VTE_VERSION").is_some_and(|version| version >= 5000)
        || number("KONSOLE_VERSION").is_some_and(|version| version >= 201_200);
    (takes && !multiplexed).then_some(opener)
}

/// A line whose sources lead where they should, or nowhere.
pub(super) fn resolved(line: &str, links: Option<&LinkTo>) -> String {
    let mut text = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, after)) = rest.split_once(LINK.start) {
        text.push_str(before);
        let (target, after) = after.split_once(LINK.middle).unwrap_or(("", after));
        let (shown, after) = after.split_once(LINK.end).unwrap_or((after, ""));
        let url = links.and_then(|links| {
            let (place, file) = target.split_once('/')?;
            Some(links.url(place, file))
        });
        match url {
            Some(url) => {
                text.extend(["\u{1b}]8;;", &url, "\u{1b}\\", shown, "\u{1b}]8;;\u{1b}\\"]);
            }
            None => text.push_str(shown),
        }
        rest = after;
    }
    text + rest
}
