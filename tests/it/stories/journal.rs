//! What a story's state file says, and what somebody else writes into it.

use std::sync::Arc;

use ostracon::domain::Moment;
use ostracon::sandbox::Seen;
use ostracon::world::Clock as _;
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
        let newest =
            state.query_row("SELECT started FROM run ORDER BY rowid DESC LIMIT 1", [], |row| {
                row.get(0)
            });
        newest.unwrap_or(None).map(Moment::from_millis)
    }

    /// Whether no call was made since a run gave the state back.
    #[cfg(feature = "postgres")]
    pub(super) fn is_at_rest(&self) -> bool {
        let path = self.files.path().join(".ostracon/state.db");
        if !path.exists() {
            return true;
        }
        let state = Connection::open(path).unwrap();
        let sql = "SELECT count(*) FROM meta WHERE key = 'rested'";
        state.query_row(sql, [], |row| Ok(row.get::<_, i64>(0)? > 0)).unwrap()
    }

    /// Lets somebody on another machine take the lease, and never be heard of again.
    pub(super) fn leave_lease(&self) {
        self.thief()();
    }

    /// Takes the lease for another machine when it is called, also beside a run.
    pub(super) fn thief(&self) -> impl Fn() + Send + 'static {
        let path = self.files.path().join(".ostracon/state.db");
        let clock = Arc::clone(&self.clock);
        move || {
            let state = Connection::open(&path).unwrap();
            let sql = "UPDATE lease SET holder = 'theirs', user = 'else', host = 'elsewhere',
                       pid = 7, since = ?1, heartbeat = ?1, fence = fence + 1";
            state.execute(sql, [clock.now().millis()]).unwrap();
        }
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
