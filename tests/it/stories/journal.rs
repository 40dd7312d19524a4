//! What a story's state file says, and what somebody else writes into it.

use ostracon::domain::Moment;
use ostracon::sandbox::Seen;
use ostracon::state::{Location, State};
use ostracon::world::Process;
use rusqlite::Connection;

use super::Story;

impl Story {
    /// What the journal says of the calls, each as its target and verb.
    pub(super) fn journal(&self) -> Vec<(String, String)> {
        let path = self.files.path().join(".ostracon/state.db");
        let state = Connection::open(path).unwrap();
        let mut calls = state.prepare("SELECT target, verb FROM call").unwrap();
        let rows = calls.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.collect::<Result<_, _>>().unwrap()
    }

    /// When the newest run began, if there was one.
    pub(super) fn newest_run(&self) -> Option<Moment> {
        let path = self.files.path().join(".ostracon/state.db");
        let state = path.exists().then(|| Connection::open(path).unwrap())?;
        let newest = state.query_row("SELECT max(started) FROM run", [], |row| row.get(0));
        newest.unwrap_or(None).map(Moment::from_millis)
    }

    /// Lets somebody on another machine take the lease, and never be heard of again.
    pub(super) fn leave_lease(&self) {
        let location = Location::File(self.files.path().join(".ostracon/state.db"));
        let process = Process { user: "else".into(), host: "elsewhere".into(), pid: 7 };
        let mut state = State::write(&location, "").unwrap();
        state.take_lease("theirs", &process, self.now()).unwrap();
        state.close().unwrap();
    }
}

/// The target and verb whose intent explains a call.
pub(super) fn explain(call: &Seen) -> (&'static str, &'static str) {
    match (call.provider, call.action.as_str()) {
        ("agora", "POST") => ("a", "impose"),
        ("agora", "PUT") => ("a", "renew"),
        ("agora", "DELETE") => ("a", "lift"),
        ("agora", "GET") => ("a", "list"),
        ("tencent", "ban_member") => ("t", "impose"),
        ("tencent", "unban_member") => ("t", "lift"),
        ("tencent", "get_banned_member_list") => ("t", "list"),
        // One action bans and unbans.
        ("volcengine", _) => ("v", "*"),
        ("zego", "KickoutUser" | "ForbidRTCStreams") => ("z", "impose"),
        ("zego", "ResumeRTCStreams") => ("z", "lift"),
        other => panic!("nobody makes such calls: {other:?}"),
    }
}
