//! A database of a test's own, and what others do in it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};

use super::{PORT, Server};

/// A database.
pub(crate) struct Database<'s> {
    server: &'s Server,
    name: String,
}

impl<'s> Database<'s> {
    pub(super) fn new(server: &'s Server, name: String) -> Self {
        Self { server, name }
    }

    /// The URL of the role that owns it.
    pub(crate) fn url(&self) -> String {
        self.url_of("postgres")
    }

    /// The URL of a role.
    pub(crate) fn url_of(&self, role: &str) -> String {
        let place = self.server.place.to_str().unwrap();
        let port = match self.server.port {
            PORT => String::new(),
            port => format!("&port={port}"),
        };
        format!("postgresql://{role}@/{}?host={place}{port}", self.name)
    }

    /// The URL by TCP, at one of this machine's names.
    pub(crate) fn url_at(&self, host: &str) -> String {
        format!("postgresql://postgres@{host}:{}/{}", self.server.port, self.name)
    }

    /// What the server calls it.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// What SQL comes to, one line a row.
    pub(crate) fn sql(&self, sql: &str) -> String {
        self.within(&self.name, sql)
    }

    pub(super) fn within(&self, database: &str, sql: &str) -> String {
        let said = self.psql(database).args(["-c", sql]).output().unwrap();
        assert!(said.status.success(), "{sql}: {}", String::from_utf8_lossy(&said.stderr));
        String::from_utf8(said.stdout).unwrap().trim_end().to_owned()
    }

    /// Whether somebody is connected to it.
    pub(crate) fn is_used(&self) -> bool {
        let others = "datname = current_database() AND pid <> pg_backend_pid()";
        self.sql(&format!("SELECT count(*) FROM pg_stat_activity WHERE {others}")) != "0"
    }

    /// Lets somebody else do this in a transaction, which is open until what is returned is dropped.
    pub(crate) fn open(&self, sql: &str) -> Open {
        let mut command = self.psql(&self.name);
        let mut session = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        writeln!(session.stdin.as_ref().unwrap(), "BEGIN; {sql}; SELECT 'open';").unwrap();
        let mut said = BufReader::new(session.stdout.take().unwrap()).lines();
        assert!(said.any(|line| line.unwrap() == "open"), "{sql}");
        Open(session)
    }

    /// A client of the server's own, in this database.
    fn psql(&self, database: &str) -> Command {
        let (place, port) = (self.server.place.to_str().unwrap(), self.server.port.to_string());
        let mut words = vec!["-h", place, "-p", &port, "-U", "postgres", "-d", database];
        words.extend(["-AtXq", "-v", "ON_ERROR_STOP=1"]);
        self.server.command(&self.server.programs.join("psql"), &words)
    }
}

/// A transaction of somebody else.
pub(crate) struct Open(Child);

impl Drop for Open {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        self.0.wait().unwrap();
    }
}
