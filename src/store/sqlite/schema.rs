//! The tables, and how older ones become newer ones.

/// Marks a SQLite file as a state of this program: `ostr` in ASCII.
pub(super) const APPLICATION_ID: i64 = 0x6f73_7472;

/// One step per schema version, append only: a released step never changes.
pub(super) const MIGRATIONS: [&str; 7] =
    [VERSION_1, VERSION_2, VERSION_3, VERSION_4, VERSION_5, VERSION_6, VERSION_7];

/// The version this program writes: the number of steps.
pub(super) const VERSION: i64 = 7;

/// The version of a state: how many steps made it.
pub(super) fn version_of(connection: &rusqlite::Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// Times are milliseconds since the Unix epoch; `until` is null for `never`, `lapse` for "does
/// not end by itself"; a restriction in the whole app has room ''. A rule's id that is no positive
/// number is the negative of its number in `words`. Text sorts by its bytes, as
/// the domain's order does.
const VERSION_1: &str = "
CREATE TABLE meta (
  key TEXT PRIMARY KEY NOT NULL,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE target (
  name TEXT PRIMARY KEY NOT NULL,
  binding TEXT NOT NULL,
  endpoint TEXT NOT NULL,
  credentials TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE enforcement (
  target TEXT NOT NULL,
  room TEXT NOT NULL,
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  deny INTEGER NOT NULL,
  until INTEGER,
  reason TEXT,
  entry TEXT,
  since INTEGER,
  written INTEGER,
  lapse INTEGER,
  rule INTEGER,
  evidence TEXT,
  twin_since INTEGER,
  doubt TEXT,
  doubt_since INTEGER,
  doubt_lapse INTEGER,
  waiting INTEGER,
  PRIMARY KEY (target, room, kind, subject, deny)
) STRICT, WITHOUT ROWID;

CREATE TABLE run (
  id TEXT PRIMARY KEY NOT NULL,
  started INTEGER NOT NULL,
  finished INTEGER,
  user TEXT NOT NULL,
  host TEXT NOT NULL,
  pid INTEGER NOT NULL,
  note TEXT,
  outcome TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE call (
  id INTEGER PRIMARY KEY NOT NULL,
  run TEXT NOT NULL,
  target TEXT NOT NULL,
  rate_key TEXT NOT NULL,
  lane INTEGER NOT NULL,
  verb TEXT NOT NULL,
  kind TEXT NOT NULL,
  room TEXT NOT NULL,
  subjects INTEGER NOT NULL,
  intended INTEGER NOT NULL,
  sent INTEGER,
  answered INTEGER,
  outcome TEXT,
  code TEXT,
  message TEXT,
  request_id TEXT
) STRICT;

CREATE TABLE audit (
  seq INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  at INTEGER NOT NULL,
  run TEXT NOT NULL,
  call INTEGER,
  target TEXT NOT NULL,
  room TEXT NOT NULL,
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  deny INTEGER NOT NULL,
  action TEXT NOT NULL,
  because TEXT NOT NULL,
  until INTEGER,
  entry TEXT,
  source TEXT,
  outcome TEXT NOT NULL,
  code TEXT,
  message TEXT,
  request_id TEXT
) STRICT;

CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;

CREATE TRIGGER audit_is_never_cut BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;

CREATE TABLE lease (
  one INTEGER PRIMARY KEY NOT NULL CHECK (one = 1),
  holder TEXT,
  user TEXT,
  host TEXT,
  pid INTEGER,
  since INTEGER,
  heartbeat INTEGER,
  fence INTEGER NOT NULL
) STRICT;

INSERT INTO lease (one, fence) VALUES (1, 0);
";

/// Each audit row carries the hash of its content and of its predecessor's hash; rows of version 1
/// have none of their own, but the first row after them covers them all ([`super::chain`]).
const VERSION_2: &str = "
ALTER TABLE audit ADD COLUMN hash TEXT;
";

/// When a list last showed a restriction. Who began a run; and for each audit row that too, what the entry says beside its terms, what
/// the provider was told, and the reason. Thousands of rows say the same, so that each text is
/// kept once; the chain covers the texts, not their numbers. A row without `who` is an older one.
const VERSION_3: &str = "
CREATE TABLE words (
  id INTEGER PRIMARY KEY NOT NULL,
  text TEXT NOT NULL UNIQUE
) STRICT;

CREATE TRIGGER words_are_never_changed BEFORE UPDATE ON words
BEGIN SELECT RAISE(ABORT, 'the words of the audit log are append-only'); END;

CREATE TRIGGER words_are_never_cut BEFORE DELETE ON words
BEGIN SELECT RAISE(ABORT, 'the words of the audit log are append-only'); END;

ALTER TABLE run ADD COLUMN who INTEGER;

ALTER TABLE enforcement ADD COLUMN seen INTEGER;

ALTER TABLE audit ADD COLUMN who INTEGER;
ALTER TABLE audit ADD COLUMN meta INTEGER;
ALTER TABLE audit ADD COLUMN told INTEGER;
ALTER TABLE audit ADD COLUMN reason INTEGER;
";

/// The ends that calls in doubt asked for: where they asked for one only, `doubt_earliest` is null,
/// and `doubt_lapse` says it. Of a twin both are kept; null is for "does not end by itself".
const VERSION_4: &str = "
ALTER TABLE enforcement ADD COLUMN doubt_earliest INTEGER;
ALTER TABLE enforcement ADD COLUMN twin_earliest INTEGER;
ALTER TABLE enforcement ADD COLUMN twin_latest INTEGER;
";

/// The reason of a restriction by its number in `words`: an entry's thousands of subjects share it,
/// and a long one would be written once for each. `reason` is null from then on.
const VERSION_5: &str = "
ALTER TABLE enforcement ADD COLUMN told INTEGER;

INSERT OR IGNORE INTO words (text) SELECT DISTINCT reason FROM enforcement WHERE reason IS NOT NULL;

UPDATE enforcement SET told = (SELECT id FROM words WHERE text = reason), reason = NULL
WHERE reason IS NOT NULL;
";

/// Every `until` for which calls in doubt were made, and calls that may have made a twin:
/// milliseconds or `never`, with commas between. The earliest and the latest are not enough: a rule
/// made for one between them would be nobody's. The columns of version 4 are null from then on.
const VERSION_6: &str = "
ALTER TABLE enforcement ADD COLUMN doubt_asked TEXT;
ALTER TABLE enforcement ADD COLUMN twin_asked TEXT;

UPDATE enforcement SET
  doubt_asked = iif(doubt IS NULL, NULL,
    coalesce(doubt_earliest || ',', '') || coalesce(doubt_lapse, 'never')),
  twin_asked = iif(twin_since IS NULL, NULL,
    coalesce(twin_earliest, 'never') || ',' || coalesce(twin_latest, 'never'))
WHERE doubt IS NOT NULL OR twin_since IS NOT NULL;

UPDATE enforcement SET doubt_earliest = NULL, twin_earliest = NULL, twin_latest = NULL
WHERE doubt_asked IS NOT NULL OR twin_asked IS NOT NULL;
";

/// What people ordered: the whole order as JSON, and apart from it what is asked for. Orders stay when
/// they have ended.
const VERSION_7: &str = "
CREATE TABLE orders (
  id TEXT PRIMARY KEY NOT NULL,
  given INTEGER NOT NULL,
  ended INTEGER,
  document TEXT NOT NULL
) STRICT;
";
