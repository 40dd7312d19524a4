//! The service as a process: what it says, shows and does on signals.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::Duration;

use ostracon::sandbox::credential;
use rustix::process::{Pid, Signal, kill_process};

use crate::scene::{POLICY, Scene, expect};

/// A service that is killed when the test is over.
pub(crate) struct Served {
    child: Child,
    log: BufReader<ChildStderr>,
    pub(crate) port: u16,
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// What was answered.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Served {
    pub(crate) fn start(scene: &Scene, more: &[&str]) -> Self {
        Self::start_with(scene, more, &[])
    }

    pub(crate) fn start_with(scene: &Scene, more: &[&str], variables: &[(&str, &str)]) -> Self {
        let arguments = [&["run", "--listen", "127.0.0.1:0"], more].concat();
        let mut command = scene.command(&arguments);
        command.envs(variables.iter().copied()).stderr(Stdio::piped()).stdout(Stdio::null());
        let mut child = command.spawn().unwrap();
        let log = BufReader::new(child.stderr.take().unwrap());
        let mut served = Self { child, log, port: 0 };
        let line = served.says("serving on");
        served.port = line.trim().rsplit_once(':').unwrap().1.parse().unwrap();
        served
    }

    /// Waits until the log says something; the line.
    pub(crate) fn says(&mut self, what: &str) -> String {
        let mut all = String::new();
        loop {
            let mut line = String::new();
            assert!(self.log.read_line(&mut line).unwrap() > 0, "never said {what}: {all}");
            if line.contains(what) {
                return line;
            }
            all += &line;
        }
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.ask(&format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n", self.port))
    }

    /// Sends a request whose head is not closed yet.
    fn ask(&self, head: &str) -> Answer {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        write!(stream, "{head}Connection: close\r\n\r\n").unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, head: head.to_lowercase(), body: body.to_owned() }
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let id = Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        kill_process(id, signal).unwrap();
    }

    /// Tells it to end; the exit code.
    pub(crate) fn ends(mut self, signal: Signal) -> Option<i32> {
        self.signal(signal);
        self.child.wait().unwrap().code()
    }
}

#[test]
fn a_service_applies_shows_how_it_is_and_ends_cleanly() {
    let scene = Scene::new();
    let mut served = Served::start(&scene, &[]);
    served.says("applied");
    let metrics = served.get("/metrics");
    assert_eq!(metrics.status, 200);
    assert!(
        metrics.head.contains("content-type: application/openmetrics-text"),
        "{}",
        metrics.head
    );
    for line in [
        "ostracon_in_force{target=\"a\"} 6",
        "ostracon_operations_total{target=\"v\",action=\"impose\",fate=\"done\"} 2",
        "ostracon_calls_total{target=\"t\",outcome=\"ok\",code=\"\"} 1",
        "ostracon_files_valid 1",
    ] {
        assert!(metrics.body.lines().any(|it| it == line), "{line}\n{}", metrics.body);
    }
    for name in ["alice", "spam", "room"] {
        assert!(!metrics.body.contains(name), "{name}\n{}", metrics.body);
    }
    assert_eq!(served.get("/healthz").body, "alive\n");
    assert_eq!(served.get("/readyz").body, "ready\n");
    let page = served.get("/");
    assert!(page.body.starts_with("<!DOCTYPE html>"), "{}", page.body);
    assert!(page.head.contains("content-security-policy: default-src 'none'; style-src 'sha256-"));
    let subject = served.get("/subject/user:alice");
    assert!(subject.status == 200 && subject.body.contains("alice"), "{}", subject.body);
    for (path, key) in [("/api/status", "places"), ("/api/plan", "operations")] {
        let shown: serde_json::Value = serde_json::from_str(&served.get(path).body).unwrap();
        assert!(shown[key].is_array(), "{path} {shown}");
    }
    let history = served.get("/api/history?since=2026-01-01T00:00:00Z").body;
    assert!(history.lines().count() > 10, "{history}");
    assert_eq!(served.get("/plan").status, 200);
    assert_eq!(served.get("/nowhere").status, 404);
    assert_eq!(served.get("/history?out=x").status, 404);
    assert_eq!(served.ends(Signal::TERM), Some(143));
    let status = scene.run(&["status", "--format", "json"], 0).stdout;
    let status: serde_json::Value = serde_json::from_slice(&status).unwrap();
    assert!(status["running"].is_null(), "{status}");
}

#[test]
fn no_other_site_sees_pages_and_nobody_without_the_token_if_there_is_one() {
    let scene = Scene::new();
    let mut served = Served::start(&scene, &[]);
    served.says("applied");
    let port = served.port;
    for (head, status) in [
        (format!("Host: localhost:{port}\r\n"), 200),
        ("Host: evil.example\r\n".to_owned(), 421),
        (format!("Host: evil.example:{port}\r\n"), 421),
        (format!("Host: 10.1.2.3:{port}\r\n"), 421),
        ("Host: 127.0.0.1\r\n".to_owned(), 200),
        (String::new(), 421),
        (format!("Host: 127.0.0.1:{port}\r\nOrigin: http://127.0.0.1:{port}\r\n"), 200),
        (format!("Host: 127.0.0.1:{port}\r\nOrigin: https://evil.example\r\n"), 403),
        (format!("Host: 127.0.0.1:{port}\r\nOrigin: null\r\n"), 403),
        (format!("Host: 127.0.0.1:{port}\r\nSec-Fetch-Site: cross-site\r\n"), 403),
    ] {
        let answer = served.ask(&format!("GET /api/status HTTP/1.1\r\n{head}"));
        assert_eq!(answer.status, status, "{head} {}", answer.body);
    }
    let posted = served.ask(&format!("POST / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"));
    assert_eq!(posted.status, 405);
    drop(served);

    expect(scene.command(&["run", "--listen", "0.0.0.0:0"]), 64);
    let token = ("OSTRACON_PAGE_TOKEN", "0123456789abcdef");
    let served = Served::start_with(&scene, &[], &[token]);
    let host = format!("Host: 127.0.0.1:{}\r\n", served.port);
    for (head, status) in [
        ("", 401),
        ("Authorization: Bearer 0123456789abcdef\r\n", 200),
        ("Authorization: Bearer 0123456789abcdee\r\n", 401),
        ("Authorization: bearer 0123456789abcdef\r\n", 200),
        ("Authorization: Bearer \r\n", 401),
        ("Cookie: a=b; ostracon_token=0123456789abcdef\r\n", 200),
        ("Cookie: ostracon_token=x\r\n", 401),
    ] {
        for path in ["/metrics", "/api/status"] {
            let answer = served.ask(&format!("GET {path} HTTP/1.1\r\n{host}{head}"));
            assert_eq!(answer.status, status, "{path} {head} {}", answer.body);
        }
    }
    assert_eq!(served.get("/healthz").status, 200);
    let mut short = scene.command(&["run"]);
    short.env("OSTRACON_PAGE_TOKEN", "short");
    expect(short, 64);
}

#[test]
fn a_file_that_is_saved_is_applied_and_one_that_is_broken_is_told_of() {
    let scene = Scene::new();
    let mut served = Served::start(&scene, &[]);
    served.says("applied");
    scene.write("bans:\n  - { target: a, users: [1, 2, 3, 4, 5, 6, 7], until: never }\nx: 1\n");
    let told = served.says("the last that could be read stay in force");
    assert!(told.contains("policy.yaml:3:1"), "{told}");
    assert!(served.get("/metrics").body.contains("ostracon_files_valid 0"));
    let page = served.get("/").body;
    assert!(page.contains("role=\"alert\"") && page.contains("policy.yaml:3:1"), "{page}");
    let plan = served.get("/plan");
    assert!(plan.status == 503 && plan.body.contains("policy.yaml:3:1"), "{}", plan.body);
    assert_eq!(served.get("/readyz").status, 200);
    let policy = format!("{POLICY}  - {{ target: z, streams: [s2], until: never }}\n");
    scene.write(&policy);
    served.says("applied");
    assert!(served.get("/metrics").body.contains("ostracon_files_valid 1"));
    served.signal(Signal::HUP);
    served.says("the files have changed");
    assert_eq!(served.ends(Signal::INT), Some(130));
}

#[test]
fn an_order_beside_the_service_is_carried_out_by_it() {
    let scene = Scene::new();
    let mut served = Served::start(&scene, &[]);
    served.says("applied");
    let ban = ["ban", "--target", "a", "--user", "77", "--for", "1h", "--reason", "x"];
    scene.run(&[&ban[..], &["--auto-approve"]].concat(), 0);
    assert!(served.get("/metrics").body.contains("ostracon_orders 1"));
    assert!(served.get("/metrics").body.contains("ostracon_in_force{target=\"a\"} 7"));
    // Another run is told who holds the state.
    scene.run(&["apply", "--auto-approve"], 5);
    assert_eq!(served.ends(Signal::TERM), Some(143));
    scene.run(&["apply", "--auto-approve"], 0);
}

#[test]
fn a_secret_that_was_changed_in_its_file_is_used_once_the_service_reads_anew() {
    let scene = Scene::new();
    let secret = scene.files.path().join("secret");
    let config = std::fs::read_to_string(scene.files.path().join("ostracon.yaml")).unwrap();
    let config = config.replace("{ env: T }", &format!("{{ file: {} }}", secret.display()));
    scene.files.write("ostracon.yaml", config.as_bytes());
    let right = credential("tencent", "secret_key").unwrap();
    std::fs::write(&secret, right).unwrap();
    let mut served = Served::start(&scene, &[]);
    served.says("applied");
    let stopped = |served: &Served| {
        let metrics = served.get("/metrics").body;
        metrics.contains("ostracon_target_stopped{target=\"t\"} 1")
    };
    // Nobody is told yet: the one that is known goes on being used.
    std::fs::write(&secret, "another one").unwrap();
    scene.write(&POLICY.replace("alice, bob", "alice, bob, carol"));
    served.says("applied");
    assert!(scene.held().contains(&"tencent carol".to_owned()) && !stopped(&served));
    served.signal(Signal::HUP);
    served.says("the files have changed");
    scene.write(&POLICY.replace("alice, bob", "alice, bob, carol, dave"));
    served.says("nothing more is sent there");
    assert!(!scene.held().contains(&"tencent dave".to_owned()));
    std::fs::write(&secret, right).unwrap();
    served.signal(Signal::HUP);
    served.says("the files have changed");
    served.says("applied");
    assert!(scene.held().contains(&"tencent dave".to_owned()), "{:?}", scene.held());
    assert_eq!(served.ends(Signal::INT), Some(130));
}

/// Runs git in a directory.
fn git(directory: &Path, words: &[&str]) {
    let mut git = Command::new("git");
    git.args(["-c", "user.name=T", "-c", "user.email=t@example.com", "-C"]).arg(directory);
    let said = git.args(words).output().unwrap();
    assert!(said.status.success(), "{words:?}: {}", String::from_utf8_lossy(&said.stderr));
}

#[test]
fn with_pull_what_is_merged_is_applied_and_a_checkout_that_differs_is_told_of() {
    let scene = Scene::new();
    let upstream = tempfile::tempdir().unwrap();
    let (there, here) = (upstream.path(), scene.files.path());
    git(here, &["init", "-q", "-b", "main"]);
    git(here, &["add", "ostracon.yaml", "policy.yaml"]);
    git(here, &["commit", "-qm", "One"]);
    git(there, &["clone", "-q", here.to_str().unwrap(), "upstream"]);
    let there = there.join("upstream");
    git(here, &["remote", "add", "origin", there.to_str().unwrap()]);
    git(here, &["fetch", "-q"]);
    git(here, &["branch", "-q", "--set-upstream-to=origin/main"]);
    let mut served = Served::start(&scene, &["--pull", "--every", "1s"]);
    served.says("applied");
    let more = format!("{POLICY}  - {{ target: z, streams: [s2], until: never }}\n");
    std::fs::write(there.join("policy.yaml"), &more).unwrap();
    git(&there, &["commit", "-qam", "Two"]);
    served.says("applied");
    assert!(scene.held().contains(&"zego s2".to_owned()), "{:?}", scene.held());
    // Somebody has committed here too: that is not merged.
    git(here, &["commit", "-q", "--allow-empty", "-m", "Here"]);
    git(&there, &["commit", "-q", "--allow-empty", "-m", "There"]);
    served.says("the checkout could not be pulled");
    let metrics = served.get("/metrics").body;
    assert!(!metrics.contains("ostracon_pull_failures_total 0"), "{metrics}");
}

#[test]
fn systemd_is_told_when_the_service_is_up_that_it_lives_and_that_it_ends() {
    let scene = Scene::new();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("notify");
    let systemd = UnixDatagram::bind(&path).unwrap();
    systemd.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let told = |what: &str| {
        let mut bytes = [0; 4096];
        let mut all = Vec::new();
        while !all.iter().any(|it: &String| it.contains(what)) {
            let length =
                systemd.recv(&mut bytes).unwrap_or_else(|error| panic!("{what}: {error} {all:?}"));
            all.push(String::from_utf8_lossy(&bytes[..length]).into_owned());
        }
    };
    let variables = [("NOTIFY_SOCKET", path.to_str().unwrap()), ("WATCHDOG_USEC", "200000")];
    let mut served = Served::start_with(&scene, &[], &variables);
    told("READY=1");
    served.says("applied");
    told("STATUS=keeps time");
    told("WATCHDOG=1");
    assert_eq!(served.ends(Signal::TERM), Some(143));
    told("STOPPING=1");
}
