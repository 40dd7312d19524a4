//! Opening a state: where it is, whether it is ours, and how it is kept from harm.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};

use super::error::{doing, is_busy};
use super::lock::FileLock;
use super::schema::{APPLICATION_ID, MIGRATIONS, VERSION, version_of};
use crate::store::{Location, StateError};

/// An open file.
#[derive(Debug)]
pub(crate) struct State {
    pub(super) connection: Connection,
    path: PathBuf,
    /// Proves on this machine that its run lives; dropped last.
    pub(super) lock: Option<FileLock>,
}

/// How many kilobytes of a state that is written are kept in memory: the rows of some 50,000
/// restrictions, so that a large run does not read back what it has just written.
const PAGES_IN_MEMORY: u32 = 16 * 1024;

/// How many pages of 4 kB the journal takes before they are put in their places: a page that
/// changes often is put there once. 1000, unless said otherwise, cost a fifth more of the time.
const PAGES_IN_JOURNAL: u32 = 4000;

/// How long to wait for another process that is reading or writing.
const PATIENCE: Duration = Duration::from_secs(10);

impl State {
    /// Opens a state to read it; `None` if there is none.
    ///
    /// The connection may write only what SQLite itself must: the recovery of a transaction that
    /// a killed run left behind.
    pub(crate) fn read(path: &Path) -> Result<Option<Self>, StateError> {
        if !exists(path)? {
            return Ok(None);
        }
        let writable = OpenFlags::SQLITE_OPEN_READ_WRITE | COMMON_FLAGS;
        let readable = OpenFlags::SQLITE_OPEN_READ_ONLY | COMMON_FLAGS;
        let checked = |state: Self| state.check().map(|()| state);
        let state = match Self::connect(path, writable).and_then(checked) {
            Err(_unwritable) => Self::connect(path, readable).and_then(checked),
            state => state,
        };
        let state = match state {
            // Whoever writes it right now must not be shut out by somebody who only reads.
            Err(StateError::Engine { source, .. }) if !is_busy(&*source) => {
                Self::alone(path).and_then(checked)?
            }
            state => state?,
        };
        state.pragma("query_only", "ON")?;
        Ok(Some(state))
    }

    /// Opens a state without the memory that processes share beside it: where a run that failed
    /// has left its journal on a full disk, there is no room to make it.
    fn alone(path: &Path) -> Result<Self, StateError> {
        let state = Self::connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE | COMMON_FLAGS)?;
        state.pragma("locking_mode", "EXCLUSIVE")?;
        // The journal is for the next run to put back.
        let permissions = DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE;
        state.connection.set_db_config(permissions, true).map_err(doing("open the state"))?;
        Ok(state)
    }

    /// Opens a state that another process may be using, to change its lease alone; `None` if
    /// there is none.
    pub(crate) fn beside(path: &Path) -> Result<Option<Self>, StateError> {
        if !exists(path)? {
            return Ok(None);
        }
        let state = Self::connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE | COMMON_FLAGS)?;
        state.check()?;
        Ok(Some(state))
    }

    /// Opens a state to change it, and makes it if there is none.
    pub(crate) fn write(path: &Path, lineage: &str) -> Result<Self, StateError> {
        if !exists(path)? {
            make(path, lineage)?;
        }
        Self::connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE | COMMON_FLAGS)?.for_writing()
    }

    /// Makes a state in memory.
    pub(crate) fn in_memory(lineage: &str) -> Result<Self, StateError> {
        let connection = Connection::open_in_memory().map_err(doing("open a state"))?;
        let mut state = Self { connection, path: PathBuf::from(":memory:"), lock: None };
        state.initialise(lineage)?;
        state.for_writing()
    }

    fn for_writing(mut self) -> Result<Self, StateError> {
        self.check()?;
        self.migrate()?;
        // Commits cost one sync instead of three; `close` puts all back into one file.
        self.pragma("journal_mode", "WAL")?;
        self.pragma("synchronous", "FULL")?;
        self.pragma("cache_size", &format!("-{PAGES_IN_MEMORY}"))?;
        self.pragma("wal_autocheckpoint", &PAGES_IN_JOURNAL.to_string())?;
        Ok(self)
    }

    /// Closes a state that was open for writing: one file at rest, for CI to copy. While somebody
    /// reads it the journal stays beside it, with everything safely in it; whoever closes last
    /// takes it in, and the next writer leaves one file.
    pub(super) fn close(self) -> Result<(), StateError> {
        match self.pragma("journal_mode", "DELETE") {
            Err(StateError::Engine { source, .. }) if is_busy(&*source) => {}
            other => other?,
        }
        let Self { connection, path: _, lock } = self;
        connection.close().map_err(|(_, source)| doing("close the state")(source))?;
        drop(lock);
        Ok(())
    }

    /// Opens a file that is to become a copy.
    #[expect(clippy::disallowed_methods, reason = "this is where databases are opened")]
    pub(super) fn open_copy(path: &Path) -> Result<Connection, StateError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | COMMON_FLAGS;
        Connection::open_with_flags(path, flags).map_err(doing("open the copy"))
    }

    #[expect(clippy::disallowed_methods, reason = "this is where databases are opened")]
    fn connect(path: &Path, flags: OpenFlags) -> Result<Self, StateError> {
        // SQLite follows no link at all: those that lead to the state's directory are followed here.
        let place = place(path).map_err(|source| StateError::Io {
            doing: "look at the directory of the state",
            path: path.to_owned(),
            source,
        })?;
        let mut connection =
            Connection::open_with_flags(place, flags).map_err(doing("open the state"))?;
        connection.busy_timeout(PATIENCE).map_err(doing("open the state"))?;
        // One that reads first and writes then is refused at once while somebody else writes: SQLite
        // waits only for the lock that a transaction begins with
        // (https://sqlite.org/lang_transaction.html, read November 2026).
        connection.set_transaction_behavior(TransactionBehavior::Immediate);
        for (option, on) in [
            (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
            (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
            (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, true),
        ] {
            connection.set_db_config(option, on).map_err(doing("open the state"))?;
        }
        Ok(Self { connection, path: path.to_owned(), lock: None })
    }

    /// Opens a file that is to become a state.
    pub(super) fn over(path: &Path) -> Result<Self, StateError> {
        Self::connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE | COMMON_FLAGS)
    }

    pub(super) fn initialise(&mut self, lineage: &str) -> Result<(), StateError> {
        self.pragma("application_id", &APPLICATION_ID.to_string())?;
        self.migrate()?;
        self.connection
            .execute(
                "INSERT INTO meta (key, value) VALUES ('lineage', ?1), ('serial', '0')",
                [lineage],
            )
            .map_err(doing("make a state"))?;
        Ok(())
    }

    /// Refuses what is not a state, is newer than this program, or was tampered with.
    fn check(&self) -> Result<(), StateError> {
        let foreign = |what: String| StateError::Foreign { location: self.location(), what };
        // What cannot be read may still be whole.
        let unreadable = |source: rusqlite::Error| match source.sqlite_error_code() {
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) | None => {
                foreign(source.to_string())
            }
            Some(_) => doing("read the state")(source),
        };
        let number = |name: &'static str| {
            self.connection
                .query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, i64>(0))
                .map_err(unreadable)
        };
        if number("application_id")? != APPLICATION_ID {
            return Err(foreign("it is not a state of ostracon".to_owned()));
        }
        let found = number("user_version")?;
        if found > VERSION {
            return Err(StateError::Newer { location: self.location(), found, known: VERSION });
        }
        let expected = schema_of(&migrated_to(found)?).map_err(doing("read the tables"))?;
        let actual = schema_of(&self.connection).map_err(unreadable)?;
        if expected != actual {
            return Err(foreign("its tables are not as this program made them".to_owned()));
        }
        Ok(())
    }

    fn location(&self) -> Location {
        Location::File(self.path.clone())
    }

    fn migrate(&mut self) -> Result<(), StateError> {
        migrate_to(&mut self.connection, VERSION)
    }

    fn pragma(&self, name: &str, value: &str) -> Result<(), StateError> {
        self.connection
            .pragma_update_and_check(None, name, value, |_| Ok(()))
            .or_else(|error| match error {
                // Some pragmas answer with a row, some do not.
                rusqlite::Error::QueryReturnedNoRows => Ok(()),
                other => Err(other),
            })
            .map_err(doing("set up the state"))
    }
}

const COMMON_FLAGS: OpenFlags =
    OpenFlags::SQLITE_OPEN_NO_MUTEX.union(OpenFlags::SQLITE_OPEN_NOFOLLOW);

/// Runs the migrations up to `version`, each in a transaction of its own.
pub(super) fn migrate_to(connection: &mut Connection, version: i64) -> Result<(), StateError> {
    let failed = doing("bring the state up to date");
    let found = version_of(connection).map_err(&failed)?;
    for (number, step) in (1..).zip(MIGRATIONS) {
        if number > found && number <= version {
            let transaction = connection.transaction().map_err(&failed)?;
            transaction.execute_batch(step).map_err(&failed)?;
            transaction.pragma_update(None, "user_version", number).map_err(&failed)?;
            transaction.commit().map_err(&failed)?;
        }
    }
    Ok(())
}

/// An empty database as this program makes it at a version, to compare a found one with.
fn migrated_to(version: i64) -> Result<Connection, StateError> {
    let mut connection = Connection::open_in_memory().map_err(doing("open a state"))?;
    migrate_to(&mut connection, version)?;
    Ok(connection)
}

fn schema_of(connection: &Connection) -> rusqlite::Result<Vec<(String, Option<String>)>> {
    let mut statement = connection.prepare("SELECT name, sql FROM sqlite_master ORDER BY name")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}

/// Whether the file is there; a symlink, a pipe or a device in its place is refused.
fn exists(path: &Path) -> Result<bool, StateError> {
    let foreign = |what: &str| StateError::Foreign {
        location: Location::File(path.to_owned()),
        what: what.to_owned(),
    };
    match path.symlink_metadata() {
        Ok(metadata) if metadata.is_symlink() => Err(foreign("it is a symbolic link")),
        Ok(metadata) if !metadata.is_file() => Err(foreign("it is not a regular file")),
        Ok(_) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(source) => {
            Err(StateError::Io { doing: "look at the state", path: path.to_owned(), source })
        }
    }
}

/// The path with no link above the state's own directory: where a workspace stands, and by which
/// way somebody came to it, is not the state's business.
fn place(path: &Path) -> std::io::Result<PathBuf> {
    let (Some(directory), Some(file)) = (path.parent(), path.file_name()) else {
        return Ok(path.to_owned());
    };
    let (above, own) = match (directory.parent(), directory.file_name()) {
        (Some(above), Some(own)) => (above, Path::new(own)),
        (None | Some(_), _) => (directory, Path::new("")),
    };
    let above = if above.as_os_str().is_empty() { Path::new(".") } else { above };
    Ok(above.canonicalize()?.join(own).join(file))
}

/// Makes a state beside its place and moves it there: it appears whole or not at all.
fn make(path: &Path, lineage: &str) -> Result<(), StateError> {
    let io = |doing, path: &Path| {
        let path = path.to_owned();
        move |source| StateError::Io { doing, path, source }
    };
    let fresh = path.with_added_extension("new");
    if exists(&fresh)? {
        std::fs::remove_file(&fresh).map_err(io("remove", &fresh))?;
    }
    super::lock::private_file(&fresh)?;
    let mut state = State::connect(&fresh, OpenFlags::SQLITE_OPEN_READ_WRITE | COMMON_FLAGS)?;
    state.initialise(lineage)?;
    let State { connection, .. } = state;
    connection.close().map_err(|(_, source)| doing("make a state")(source))?;
    std::fs::rename(&fresh, path).map_err(io("move the new state to", path))
}
