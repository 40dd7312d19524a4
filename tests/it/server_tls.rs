//! TLS with a server: what is let through, and what is told where it is not.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::scene::Scene;
use crate::server::Server;
use crate::server_errors::{refused, told};

/// A CA of one's own, and what it signs.
struct Ca(TempDir);

impl Ca {
    fn new() -> Self {
        let ca = Self(TempDir::new().unwrap());
        let words = ["-days", "2", "-subj", "/CN=a CA of a test", "-out", "ca.crt"];
        ca.openssl(&[&["req", "-x509", "-keyout", "ca.key"], &KEY[..], &words].concat());
        ca
    }

    /// A certificate for a host, by its extensions, valid for so many days, and its key.
    fn signs(&self, extensions: &str, days: &str) -> [PathBuf; 2] {
        let path = |name| self.0.path().join(name);
        std::fs::write(path("extensions"), extensions).unwrap();
        let words = ["-subj", "/CN=a server", "-out", "server.csr"];
        self.openssl(&[&["req", "-new", "-keyout", "server.key"], &KEY[..], &words].concat());
        let from = ["x509", "-req", "-in", "server.csr", "-extfile", "extensions", "-days", days];
        let by = ["-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-out", "server.crt"];
        self.openssl(&[&from[..], &by].concat());
        [path("server.crt"), path("server.key")]
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("ca.crt")
    }

    fn openssl(&self, words: &[&str]) {
        let made = Command::new("openssl").args(words).current_dir(self.0.path()).output().unwrap();
        assert!(made.status.success(), "{words:?}: {}", String::from_utf8_lossy(&made.stderr));
    }
}

/// A key that is made quickly.
const KEY: [&str; 4] = ["-nodes", "-newkey", "ec", "-pkeyopt=ec_paramgen_curve:prime256v1"];

/// What a certificate for a host says.
fn of(host: &str) -> String {
    format!("basicConstraints=CA:FALSE\nsubjectAltName={host}\n")
}

/// Lets a server have a certificate from its next start on.
fn present(server: &Server, [certificate, key]: &[PathBuf; 2]) {
    for (from, name) in [(certificate, "server.crt"), (key, "server.key")] {
        let to = server.place().join("data").join(name);
        std::fs::copy(from, &to).unwrap();
        server.give(&to);
    }
}

#[test]
fn a_server_is_trusted_by_the_name_and_the_ca_of_its_certificate_alone() {
    let Some(mut server) = Server::unstarted() else { return };
    server.listen();
    server.set("ssl=on");
    let ca = Ca::new();
    present(&server, &ca.signs(&of("DNS:localhost"), "2"));
    server.start();
    let scene = Scene::new();
    let name = {
        let database = server.database();
        told(&scene, &database.url(), &["state", "init"], 0);
        database.name().to_owned()
    };
    let trusting = |file: &Path| format!("?sslmode=verify-full&sslrootcert={}", file.display());
    let url = |server: &Server, host: &str, query: &str| {
        server.database_called(&name).url_at(host) + query
    };
    let (asks, other) = (trusting(&ca.path()), Ca::new());
    told(&scene, &url(&server, "localhost", &asks), &["plan"], 0);
    for words in [&["plan"][..], &["apply", "--auto-approve"], &["state", "init"]] {
        let at = url(&server, "127.0.0.1", &asks);
        refused(&scene, &at, words, ["is not for `127.0.0.1` but for `localhost`", "a host"]);
        let at = url(&server, "localhost", &trusting(&other.path()));
        refused(&scene, &at, words, ["a CA that is not trusted", "`sslrootcert=FILE`"]);
        let at = url(&server, "localhost", "?sslmode=verify-full");
        refused(&scene, &at, words, ["a CA that is not trusted", "`sslrootcert=FILE`"]);
    }
    assert_eq!(scene.sandbox.calls(), 0);
}

/// How a certificate and its key are made.
type Making<'a> = &'a dyn Fn(&Ca) -> [PathBuf; 2];

#[test]
fn what_is_wrong_with_a_certificate_is_said() {
    let Some(mut server) = Server::unstarted() else { return };
    server.listen();
    server.set("ssl=on");
    let (ca, scene) = (Ca::new(), Scene::new());
    let asks = format!("?sslmode=verify-full&sslrootcert={}", ca.path().display());
    let lived = |days| move |ca: &Ca| ca.signs(&of("DNS:localhost"), days);
    let itself = |ca: &Ca| [ca.path(), ca.path().with_extension("key")];
    let others = |ca: &Ca| ca.signs(&of("DNS:db.example,DNS:*.db.example"), "2");
    let names = "is not for `localhost` but for `db.example`, `*.db.example`";
    let cases: [(Making<'_>, [&str; 2]); 3] = [
        (&others, [names, "a host that the certificate names"]),
        (&lived("-1"), ["has expired", "have it renewed"]),
        (&itself, ["is that of a CA", "`CA:FALSE`"]),
    ];
    for (made, said) in cases {
        present(&server, &made(&ca));
        server.start();
        let at = server.database().url_at("localhost") + &asks;
        refused(&scene, &at, &["plan"], said);
        server.stop("INT");
    }
}

#[test]
fn a_server_without_tls_is_not_spoken_to_where_tls_is_asked_for() {
    let Some(mut server) = Server::unstarted() else { return };
    server.listen();
    server.start();
    let at = server.database().url_at("localhost") + "?sslmode=verify-full";
    refused(&Scene::new(), &at, &["plan"], ["the server offers no TLS", "have `ssl` turned on"]);
}

#[test]
fn a_server_that_asks_for_tls_says_how_it_is_given() {
    let Some(mut server) = Server::unstarted() else { return };
    server.listen();
    server.set("ssl=on");
    present(&server, &Ca::new().signs(&of("DNS:localhost"), "2"));
    let rules = server.place().join("data/pg_hba.conf");
    std::fs::write(rules, "local all all trust\nhostssl all all 127.0.0.1/32 trust\n").unwrap();
    server.start();
    let at = server.database().url_at("127.0.0.1");
    let said = ["no pg_hba.conf entry for host \"127.0.0.1\"", "`sslmode=verify-full`"];
    refused(&Scene::new(), &at, &["plan"], said);
}

#[test]
fn a_file_of_roots_that_cannot_be_used_is_named() {
    let scene = Scene::new();
    let empty = scene.files.path().join("empty.pem");
    std::fs::write(&empty, "no certificate\n").unwrap();
    for (file, why) in [
        (scene.files.path().join("none.pem"), "none.pem`: "),
        (empty, "empty.pem`: it holds no certificate"),
        (scene.files.path().to_owned(), "`: "),
    ] {
        let url = format!(
            "postgresql://u@localhost/x?sslrootcert={}&sslmode=verify-full",
            file.display()
        );
        refused(&scene, &url, &["plan"], [why, "names certificates in PEM"]);
    }
}
