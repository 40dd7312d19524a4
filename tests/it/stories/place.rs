//! Where a story's workspace is, and its state.

use ostracon::store::{Location, ServerUrl};

use super::Story;

impl Story {
    /// A command line, with where everything is.
    pub(super) fn words(&self, arguments: &[&str]) -> Vec<String> {
        let directory = self.files.path().to_str().unwrap();
        let state = self.state.iter().flat_map(|url| ["--state", url]);
        let words = ["ostracon", "--dir", directory].into_iter().chain(state);
        words.chain(arguments.iter().copied()).map(str::to_owned).collect()
    }

    /// Where the state is: beside the files, unless it is on a server.
    pub(super) fn location(&self) -> Location {
        match &self.state {
            None => Location::File(self.files.path().join(".ostracon/state.db")),
            Some(url) => Location::Server(ServerUrl::parse(url, &|_| None).unwrap()),
        }
    }
}
