//! A PostgreSQL server of the tests' own, from the packages of this machine.

mod database;
mod pooler;

pub(crate) use database::Database;
pub(crate) use pooler::Pooler;

use std::fs;
use std::io::Write as _;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// A server that ends, and takes its files along, when this is dropped or its process dies.
pub(crate) struct Server {
    place: PathBuf,
    programs: PathBuf,
    user: Option<u32>,
    port: u16,
    settings: Vec<String>,
    running: Option<Child>,
}

/// Waits for the end of its input, or for its server, and cleans up.
const KEEPER: &str = r#"
place=$1 clean=$2; shift 2
"$@" > "$place/log" 2>&1 &
server=$!
read -r how
kill -s "${how:-QUIT}" "$server"
wait "$server"
[ "$clean$how" != yes ] || rm -rf "$place"
"#;

/// What a server says whose predecessor has children left.
const STILL_USED: &str = "pre-existing shared memory block";

/// Names what is made.
static COUNT: AtomicU32 = AtomicU32::new(0);

/// The account that runs the server where tests run as root, which no server does: `nobody`.
const NOBODY: u32 = 65534;

/// The port of a server that is not reached by TCP.
const PORT: u16 = 5432;

impl Server {
    /// The server that the tests of this process share; `None`, and loudly, where there is none,
    /// but never in CI.
    pub(crate) fn shared() -> Option<&'static Self> {
        static SHARED: OnceLock<Option<Server>> = OnceLock::new();
        SHARED.get_or_init(Self::new).as_ref()
    }

    /// A server of one's own.
    pub(crate) fn new() -> Option<Self> {
        let mut server = Self::unstarted()?;
        server.start();
        Some(server)
    }

    /// A server of one's own that does not run yet. Whoever is called `keyed` needs a password.
    pub(crate) fn unstarted() -> Option<Self> {
        let server = Self::nowhere()?;
        // A language's order of words is not that of bytes.
        let data = server.data();
        let mut words = vec!["-A", "trust", "-U", "postgres", "--no-sync", "--encoding=UTF8"];
        words.extend(["--locale-provider=icu", "--icu-locale=en", "--locale=C"]);
        words.extend(["-D", data.to_str().unwrap()]);
        server.run("initdb", &words);
        let (path, keyed) = (data.join("pg_hba.conf"), "local all keyed scram-sha-256\n");
        fs::write(&path, keyed.to_owned() + &fs::read_to_string(&path).unwrap()).unwrap();
        Some(server)
    }

    /// Another server that follows this one, and runs.
    pub(crate) fn standby(&self) -> Self {
        let mut standby = Self::nowhere().unwrap();
        let (place, data) = (self.place.to_str().unwrap(), standby.data());
        let mut words = vec!["-h", place, "-U", "postgres", "--no-sync", "--checkpoint=fast"];
        words.extend(["--write-recovery-conf", "-D", data.to_str().unwrap()]);
        standby.run("pg_basebackup", &words);
        standby.start();
        standby
    }

    /// A place for a server, and who runs it.
    fn nowhere() -> Option<Self> {
        let Some(programs) = programs() else {
            let ci = std::env::vars_os().any(|(name, value)| name == "CI" && !value.is_empty());
            assert!(!ci, "no PostgreSQL server is installed, and this is CI");
            eprintln!("SKIPPED: no PostgreSQL server is installed (Debian: `postgresql`)");
            return None;
        };
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("ostracon-pg-{}-{number}", std::process::id());
        let place = std::env::temp_dir().join(name);
        fs::create_dir(&place).unwrap();
        let is_root = place.metadata().unwrap().uid() == 0;
        let user = is_root.then_some(NOBODY);
        let server =
            Self { place, programs, user, port: PORT, settings: Vec::new(), running: None };
        server.give(&server.place);
        Some(server)
    }

    /// Lets it have a setting from its next start on.
    pub(crate) fn set(&mut self, setting: &str) {
        self.settings.push(setting.to_owned());
    }

    /// Lets it be reached by TCP too, from its next start on.
    pub(crate) fn listen(&mut self) {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        self.port = free.local_addr().unwrap().port();
        self.set("listen_addresses=127.0.0.1");
    }

    /// Where its socket and its files are.
    pub(crate) fn place(&self) -> &Path {
        &self.place
    }

    /// Lets a file or a folder be its own, and nobody else's.
    pub(crate) fn give(&self, path: &Path) {
        if let Some(user) = self.user {
            chown(path, Some(user), Some(user)).unwrap();
        }
        let mode = if path.is_dir() { 0o700 } else { 0o600 };
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    /// Runs one of the server's programs to its end.
    pub(crate) fn run(&self, program: &str, words: &[&str]) {
        let done = self.command(&self.programs.join(program), words).output().unwrap();
        assert!(done.status.success(), "{program}: {}", String::from_utf8_lossy(&done.stderr));
    }

    /// Lets whoever commits wait until its standby has that too.
    pub(crate) fn is_followed(&self) {
        let database = self.database_called("postgres");
        database.sql("ALTER SYSTEM SET synchronous_standby_names = '*'");
        database.sql("SELECT pg_reload_conf()");
        let state = "SELECT sync_state FROM pg_stat_replication";
        assert!(eventually(|| database.sql(state) == "sync"), "nobody follows");
    }

    /// What it has to say.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.place.join("log")).unwrap()
    }

    /// Lets a standby go its own way.
    pub(crate) fn promote(&self) {
        self.run("pg_ctl", &["promote", "--wait", "-D", self.data().to_str().unwrap()]);
    }

    fn data(&self) -> PathBuf {
        self.place.join("data")
    }

    /// A program, as the account that runs the server.
    pub(crate) fn command(&self, program: &Path, words: &[&str]) -> Command {
        let mut command = match self.user {
            None => Command::new(program),
            Some(user) => {
                let mut command = Command::new("setpriv");
                command.args([format!("--reuid={user}"), format!("--regid={user}")]);
                command.arg("--clear-groups").arg(program);
                command
            }
        };
        command.args(words).current_dir("/").env("LC_ALL", "C.UTF-8");
        command
    }

    /// Starts it, and waits until it takes connections.
    pub(crate) fn start(&mut self) {
        while !self.try_start() {
            let log = self.log();
            // One that was killed leaves its children: until the last of them has gone, none starts.
            assert!(log.contains(STILL_USED), "the server did not start: {log}");
            self.stop("QUIT");
        }
    }

    /// Starts it; whether it answers.
    fn try_start(&mut self) -> bool {
        assert!(self.running.is_none());
        let (place, data) = (self.place.to_str().unwrap().to_owned(), self.data());
        let mut words = vec!["-D", data.to_str().unwrap(), "-k", &place];
        let port = format!("port={}", self.port);
        let settings = ["fsync=off", "listen_addresses=", "max_connections=200", &port];
        words.extend(settings.iter().flat_map(|setting| ["-c", setting]));
        words.extend(["-c", "shared_buffers=32MB"]);
        words.extend(self.settings.iter().flat_map(|setting| ["-c", setting]));
        let server = self.command(&self.programs.join("postgres"), &words);
        let keeper = Command::new("sh")
            .args(["-c", KEEPER, "sh", &place, "yes"])
            .arg(server.get_program())
            .args(server.get_args())
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        self.running = Some(keeper.unwrap());
        let words = ["-q", "-h", &place, "-p", &self.port.to_string()];
        let mut is_ready = self.command(&self.programs.join("pg_isready"), &words);
        let (mut answers, log) = (false, self.place.join("log"));
        let refuses = || fs::read_to_string(&log).unwrap_or_default().contains(STILL_USED);
        eventually(|| {
            answers = is_ready.status().unwrap().success();
            answers || refuses()
        });
        answers
    }

    /// Ends it as this signal does (`QUIT` is a crash); its files stay.
    pub(crate) fn stop(&mut self, signal: &str) {
        let mut keeper = self.running.take().unwrap();
        writeln!(keeper.stdin.take().unwrap(), "{signal}").unwrap();
        keeper.wait().unwrap();
    }

    /// A database of one's own.
    pub(crate) fn database(&self) -> Database<'_> {
        let name = format!("test_{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let database = Database::new(self, name);
        let create = format!("CREATE DATABASE {}", database.name());
        database.within("postgres", &create);
        database
    }

    /// A database of one's own whose tables are in this folder.
    pub(crate) fn database_on(&self, folder: &Path) -> Database<'_> {
        let database = self.database();
        let (name, folder) = (database.name(), folder.display());
        database.within("postgres", &format!("CREATE TABLESPACE {name} LOCATION '{folder}'"));
        database.within("postgres", &format!("ALTER DATABASE {name} SET TABLESPACE {name}"));
        database
    }

    /// A database that is there.
    pub(crate) fn database_called(&self, name: &str) -> Database<'_> {
        Database::new(self, name.to_owned())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut keeper) = self.running.take() {
            drop(keeper.stdin.take());
            keeper.wait().unwrap();
        } else {
            drop(fs::remove_dir_all(&self.place));
        }
    }
}

/// Where the newest installed server's programs are.
fn programs() -> Option<PathBuf> {
    let installed = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let mut versions: Vec<_> = installed
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .filter(|bin| bin.join("initdb").is_file())
        .collect();
    versions.sort_by_key(|bin| version_of(bin));
    versions.pop()
}

fn version_of(bin: &Path) -> Option<u32> {
    bin.parent()?.file_name()?.to_str()?.parse().ok()
}

/// Whether something outside this process comes true within half a minute.
#[expect(clippy::disallowed_methods, reason = "another process has no virtual time")]
pub(crate) fn eventually(mut is_true: impl FnMut() -> bool) -> bool {
    (0..1200).any(|_| {
        let is_true = is_true();
        if !is_true {
            std::thread::sleep(Duration::from_millis(25));
        }
        is_true
    })
}
