//! A PostgreSQL server of the tests' own, from the packages of this machine.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, chown};
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

/// Names what is made.
static COUNT: AtomicU32 = AtomicU32::new(0);

/// The account that runs the server where tests run as root, which no server does: `nobody`.
const NOBODY: u32 = 65534;

impl Server {
    /// The server that the tests of this process share; `None`, and loudly, where there is none,
    /// but never in CI.
    pub(crate) fn shared() -> Option<&'static Self> {
        static SHARED: OnceLock<Option<Server>> = OnceLock::new();
        SHARED.get_or_init(Self::new).as_ref()
    }

    /// A server of one's own.
    pub(crate) fn new() -> Option<Self> {
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
        if let Some(user) = user {
            chown(&place, Some(user), Some(user)).unwrap();
        }
        let mut server = Self { place, programs, user, running: None };
        // A language's order of words is not that of bytes.
        let data = server.data();
        let mut words = vec!["-A", "trust", "-U", "postgres", "--no-sync", "--encoding=UTF8"];
        words.extend(["--locale-provider=icu", "--icu-locale=en", "--locale=C"]);
        words.extend(["-D", data.to_str().unwrap()]);
        let made = server.command("initdb", &words).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        server.start();
        Some(server)
    }

    fn data(&self) -> PathBuf {
        self.place.join("data")
    }

    /// One of the server's programs, as the account that runs it.
    fn command(&self, program: &str, words: &[&str]) -> Command {
        let program = self.programs.join(program);
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
        assert!(self.running.is_none());
        let (place, data) = (self.place.to_str().unwrap().to_owned(), self.data());
        let settings =
            ["fsync=off", "listen_addresses=", "max_connections=200", "shared_buffers=32MB"];
        let mut words = vec!["-D", data.to_str().unwrap(), "-k", &place];
        words.extend(settings.iter().flat_map(|setting| ["-c", setting]));
        let server = self.command("postgres", &words);
        let keeper = Command::new("sh")
            .args(["-c", KEEPER, "sh", &place, "yes"])
            .arg(server.get_program())
            .args(server.get_args())
            .current_dir("/")
            .stdin(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        self.running = Some(keeper.unwrap());
        for _ in 0..600 {
            let ready = self.command("pg_isready", &["-q", "-h", &place]).status().unwrap();
            if ready.success() {
                return;
            }
            pause();
        }
        panic!("the server did not start: {}", fs::read_to_string(self.place.join("log")).unwrap());
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
        let database = Database { server: self, name };
        let create = format!("CREATE DATABASE {}", database.name);
        database.within("postgres", &create);
        database
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut keeper) = self.running.take() {
            drop(keeper.stdin.take());
            keeper.wait().unwrap();
        }
    }
}

/// A database.
pub(crate) struct Database<'s> {
    server: &'s Server,
    name: String,
}

impl Database<'_> {
    /// The URL of the role that owns it.
    pub(crate) fn url(&self) -> String {
        self.url_of("postgres")
    }

    /// The URL of a role.
    pub(crate) fn url_of(&self, role: &str) -> String {
        let place = self.server.place.to_str().unwrap();
        format!("postgresql://{role}@/{}?host={place}", self.name)
    }

    /// What SQL comes to, one line a row.
    pub(crate) fn sql(&self, sql: &str) -> String {
        self.within(&self.name, sql)
    }

    fn within(&self, database: &str, sql: &str) -> String {
        let place = self.server.place.to_str().unwrap();
        let words =
            ["-h", place, "-U", "postgres", "-d", database, "-AtXq", "-v", "ON_ERROR_STOP=1"];
        let mut command = self.server.command("psql", &words);
        let said = command.args(["-c", sql]).output().unwrap();
        assert!(said.status.success(), "{sql}: {}", String::from_utf8_lossy(&said.stderr));
        String::from_utf8(said.stdout).unwrap().trim_end().to_owned()
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

/// A moment, for something outside this process to happen.
#[expect(clippy::disallowed_methods, reason = "another process has no virtual time")]
fn pause() {
    std::thread::sleep(Duration::from_millis(50));
}
