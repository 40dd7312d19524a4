//! Whether a state is sound: the file, what its rows must always say, and the audit chain.

use rusqlite::Connection;

use super::error::doing;
use super::schema::version_of;
use super::{State, chain};
use crate::store::{Flaw, Link, StateError};

/// What must be so in every row: table, rule, and the rows that break it.
const RULES: [(&str, &str, &str); 9] = [
    (
        "enforcement",
        "what is held has a start, a last call and evidence",
        "(since IS NULL) <> (written IS NULL) OR (since IS NULL) <> (evidence IS NULL)",
    ),
    (
        "enforcement",
        "evidence is acknowledged, observed or adopted",
        "evidence NOT IN ('acknowledged', 'observed', 'adopted')",
    ),
    (
        "enforcement",
        "a lapse, a rule or a twin belongs to something that is held",
        "since IS NULL AND (lapse IS NOT NULL OR rule IS NOT NULL OR twin_since IS NOT NULL)",
    ),
    (
        "enforcement",
        "a doubt says what was attempted and since when",
        "(doubt IS NULL) <> (doubt_since IS NULL)
      OR doubt NOT IN ('impose', 'renew', 'amend', 'lift', 'kick', 'forget')",
    ),
    (
        "enforcement",
        "the kind is one of the known ones",
        "kind NOT IN ('channel', 'device', 'ip', 'stream', 'user')",
    ),
    (
        "enforcement",
        "what is denied fits the kind",
        "(kind = 'stream') <> (deny = 0) OR deny NOT BETWEEN 0 AND 7",
    ),
    ("enforcement", "nothing is written before it begins", "since > written"),
    ("enforcement", "the target was bound by an apply", "target NOT IN (SELECT name FROM target)"),
    ("call", "an answer says what came of the call", "answered IS NOT NULL AND outcome IS NULL"),
];

/// The same about columns that version 3 brought. (`NULL NOT IN` an empty table is true.)
const RULES_OF_3: [(&str, &str, &str); 4] = [
    ("enforcement", "what was seen is held", "since IS NULL AND seen IS NOT NULL"),
    (
        "enforcement",
        "a rule's id that is no number is in words",
        "rule < 0 AND -rule NOT IN (SELECT id FROM words)",
    ),
    ("run", "who began it is in words", "who IS NOT NULL AND who NOT IN (SELECT id FROM words)"),
    (
        "audit",
        "what it says is in words",
        "(who IS NOT NULL AND who NOT IN (SELECT id FROM words))
      OR (meta IS NOT NULL AND meta NOT IN (SELECT id FROM words))
      OR (told IS NOT NULL AND told NOT IN (SELECT id FROM words))
      OR (reason IS NOT NULL AND reason NOT IN (SELECT id FROM words))",
    ),
];

/// The same about columns that version 4 brought.
const RULES_OF_4: [(&str, &str, &str); 1] = [(
    "enforcement",
    "ends that were asked for belong to a doubt or a twin",
    "(doubt IS NULL AND doubt_earliest IS NOT NULL)
      OR (twin_since IS NULL AND (twin_earliest IS NOT NULL OR twin_latest IS NOT NULL))",
)];

/// The same about columns that version 5 brought.
const RULES_OF_5: [(&str, &str, &str); 1] = [(
    "enforcement",
    "the reason is in words",
    "reason IS NOT NULL OR (told IS NOT NULL AND told NOT IN (SELECT id FROM words))",
)];

/// The same about columns that version 6 brought.
const RULES_OF_6: [(&str, &str, &str); 1] = [(
    "enforcement",
    "a doubt and a twin say what was asked for",
    "(doubt IS NULL) <> (doubt_asked IS NULL) OR (twin_since IS NULL) <> (twin_asked IS NULL)",
)];

impl State {
    /// Looks for everything that can be wrong; the head of the audit chain if it is whole.
    pub(super) fn verify(&self) -> Result<(Vec<Flaw>, Option<Link>), StateError> {
        let verifying = doing("verify the state");
        let connection = &self.connection;
        let mut flaws = damages(connection).map_err(&verifying)?;
        let version = version_of(connection).map_err(&verifying)?;
        let newer = [(3, &RULES_OF_3[..]), (4, &RULES_OF_4), (5, &RULES_OF_5), (6, &RULES_OF_6)]
            .into_iter();
        let newer = newer.filter(|(since, _)| version >= *since).flat_map(|(_, rules)| rules);
        for (table, rule, broken) in RULES.iter().chain(newer) {
            let sql = format!("SELECT count(*) FROM {table} WHERE {broken}");
            let count: i64 =
                connection.query_row(&sql, [], |row| row.get(0)).map_err(&verifying)?;
            if count > 0 {
                flaws.push(Flaw::Unruly { table, rule, count });
            }
        }
        match chain::verify(connection).map_err(&verifying)? {
            Ok(head) => Ok((flaws, Some(head))),
            Err(broken) => {
                flaws.push(Flaw::Broken(broken));
                Ok((flaws, None))
            }
        }
    }
}

fn damages(connection: &Connection) -> rusqlite::Result<Vec<Flaw>> {
    let mut statement = connection.prepare("PRAGMA integrity_check")?;
    let lines = statement.query_map([], |row| row.get::<_, String>(0))?;
    let lines = lines.collect::<rusqlite::Result<Vec<_>>>()?;
    Ok(lines.into_iter().filter(|line| line != "ok").map(Flaw::Damaged).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_state_is_sound_and_every_rule_finds_what_breaks_it() {
        let state = State::in_memory("lineage").unwrap();
        assert_eq!(state.verify().unwrap().0, []);
        let sound = "INSERT INTO target VALUES ('t', '', '', '');
            INSERT INTO enforcement (target, room, kind, subject, deny) VALUES ('t', '', 'user', 'u', 1);";
        state.connection.execute_batch(sound).unwrap();
        assert_eq!(state.verify().unwrap().0, []);
        for change in [
            "since = 1",
            "since = 1, written = 1, evidence = 'hearsay'",
            "lapse = 1",
            "doubt = 'impose'",
            "doubt = 'pray', doubt_since = 1",
            "kind = 'cat'",
            "deny = 0",
            "since = 2, written = 1, evidence = 'observed'",
            "target = 'gone'",
            "seen = 1",
            "reason = 'why'",
            "told = 7",
        ] {
            state
                .connection
                .execute_batch(&format!("SAVEPOINT before; UPDATE enforcement SET {change}"))
                .unwrap();
            let (flaws, head) = state.verify().unwrap();
            assert!(!flaws.is_empty() && head.is_some(), "{change}");
            state.connection.execute_batch("ROLLBACK TO before; RELEASE before").unwrap();
        }
    }
}
