//! A state on a real server behind a pooler, whose connections serve whoever has a transaction next
//! (`pool_mode = transaction` of `pgbouncer`).

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::Duration;

use crate::scene::{Scene, expect};
use crate::server::{Database, Server, pause};

/// A pool in front of a server, as long as this lives.
struct Pool {
    place: PathBuf,
    running: Child,
}

impl Pool {
    /// Starts it with fewer connections to the server than a run asks for; `None`, and loudly,
    /// where it is not installed, but never in CI.
    fn before(server: &Server) -> Option<Self> {
        let Some(program) = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer"]
            .into_iter()
            .find(|it| fs::exists(it).unwrap())
        else {
            assert!(std::env::var_os("CI").is_none_or(|it| it.is_empty()), "no PgBouncer, in CI");
            eprintln!("SKIPPED: PgBouncer is not installed (Debian: `pgbouncer`)");
            return None;
        };
        let place = server.folder("pool");
        let settings = format!(
            "[databases]\n* = host={server} user=postgres\n[pgbouncer]\nlisten_addr =\nunix_socket_dir = {own}\n\
             auth_type = any\npool_mode = transaction\ndefault_pool_size = 2\n",
            server = server.place().display(),
            own = place.display(),
        );
        let file = place.join("pool.ini");
        fs::write(&file, settings).unwrap();
        let mut command = server.command(program, &["-q", file.to_str().unwrap()]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let pool = Self { running: command.spawn().unwrap(), place };
        for _ in 0..200 {
            if pool.place.join(".s.PGSQL.6432").exists() {
                return Some(pool);
            }
            pause();
        }
        panic!("the pool did not start");
    }

    fn url(&self, database: &Database<'_>) -> String {
        let place = self.place.display();
        format!("postgresql://postgres@/{}?host={place}&port=6432", database.name())
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.running.kill().unwrap();
        self.running.wait().unwrap();
    }
}

#[test]
fn a_pool_of_transactions_between_a_run_and_its_server_changes_nothing() {
    let Some(server) = Server::shared() else { return };
    let Some(pool) = Pool::before(server) else { return };
    let (scene, database) = (Scene::new(), server.database());
    let url = pool.url(&database);
    let run = |words: &[&str], code: i32| {
        let mut command = scene.command(words);
        command.env("OSTRACON_STATE", &url);
        expect(command, code)
    };
    run(&["state", "init", "--roles"], 0);
    scene.sandbox.set_latency(Duration::from_millis(20));
    run(&["apply", "--auto-approve"], 0);
    scene.agrees();
    run(
        &[
            "lift",
            "--target",
            "t",
            "--room",
            "r",
            "--user",
            "bob",
            "--why",
            "an appeal",
            "--auto-approve",
        ],
        0,
    );
    for words in [&["plan"][..], &["status"], &["history"], &["drift"], &["state", "verify"]] {
        run(words, 0);
    }
}
