//! `PgBouncer`, between a server and those who speak to it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::{Database, Server, eventually};

/// A pooler that ends when this is dropped or its process dies.
pub(crate) struct Pooler {
    place: PathBuf,
    running: Child,
}

/// Waits for the end of its input.
const KEEPER: &str = r#""$@" > /dev/null 2>&1 & read -r _; kill -s INT $!; wait"#;

/// Where Debian puts it.
const PROGRAM: &str = "/usr/sbin/pgbouncer";

impl Pooler {
    /// A pooler of this mode before a server, with so many connections for each database; `None`,
    /// and loudly, where there is none, but never in CI.
    pub(crate) fn before(server: &Server, mode: &str, size: u32) -> Option<Self> {
        if !Path::new(PROGRAM).is_file() {
            let ci = std::env::vars_os().any(|(name, value)| name == "CI" && !value.is_empty());
            assert!(!ci, "no PgBouncer is installed, and this is CI");
            eprintln!("SKIPPED: no PgBouncer is installed (Debian: `pgbouncer`)");
            return None;
        }
        let place = tempfile::TempDir::new_in(server.place()).unwrap().keep();
        server.give(&place);
        let (conf, users) = (place.join("conf"), place.join("users"));
        fs::write(&users, "\"postgres\" \"\"\n").unwrap();
        let (dir, behind) = (place.display(), server.place().display());
        let text = format!(
            "[databases]\n* = host={behind}\n\
             [pgbouncer]\npool_mode = {mode}\ndefault_pool_size = {size}\n\
             unix_socket_dir = {dir}\nauth_type = trust\nauth_file = {dir}/users\n\
             logfile = {dir}/log\nserver_login_retry = 0.1\n"
        );
        fs::write(&conf, text).unwrap();
        for file in [&conf, &users] {
            server.give(file);
        }
        let program = server.command(Path::new(PROGRAM), &[conf.to_str().unwrap()]);
        let keeper = Command::new("sh")
            .args(["-c", KEEPER, "sh"])
            .arg(program.get_program())
            .args(program.get_args())
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let pooler = Self { place, running: keeper.unwrap() };
        let listens = || pooler.place.join(".s.PGSQL.6432").exists();
        assert!(eventually(listens), "the pooler did not start: {}", pooler.log());
        Some(pooler)
    }

    /// The URL of a database behind it.
    pub(crate) fn url(&self, database: &Database<'_>) -> String {
        let (name, place) = (database.name(), self.place.display());
        format!("postgresql://postgres@/{name}?host={place}&port=6432")
    }

    fn log(&self) -> String {
        fs::read_to_string(self.place.join("log")).unwrap_or_default()
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        drop(self.running.stdin.take());
        self.running.wait().unwrap();
    }
}
