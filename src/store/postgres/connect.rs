//! Connections: what a URL may say, TLS, and a thread on which they live.

use std::future::Future;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustls::ClientConfig;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use tokio::runtime::{Builder, Runtime};
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::{Client, Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::error::doing;
use crate::store::server_url::password_in;
use crate::store::{ServerUrl, StateError};

/// How long a server may take to take a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a server may be silent before its connection is given up.
const SILENCE: Duration = Duration::from_secs(20);

/// What a URL says.
#[derive(Clone, Debug)]
pub(super) struct Place {
    config: Config,
    tls: Option<ClientConfig>,
}

impl Place {
    /// Reads what a URL says, and refuses what is not allowed: anything weaker than verified TLS
    /// to a host that is not this machine.
    pub(super) fn of(url: &ServerUrl) -> Result<Self, StateError> {
        let refused = |why: String| StateError::NotAUrl(why);
        let Asked { rest, mode, roots } = Asked::of(url.shown());
        let mut config: Config = rest.parse().map_err(|error: tokio_postgres::Error| {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            refused(cause.unwrap_or_else(|| error.to_string()))
        })?;
        if config.get_hosts().is_empty() {
            return Err(refused("it names no host".to_owned()));
        }
        let of_file = || url.passfile().and_then(|file| of_passfile(file, &config));
        if let Some(password) = url.password().map(str::to_owned).or_else(of_file) {
            config.password(password);
        }
        let is_local = config.get_hosts().iter().all(is_local)
            && config.get_hostaddrs().iter().all(std::net::IpAddr::is_loopback);
        let is_safe = match (mode.as_deref(), is_local) {
            (None | Some("disable" | "allow" | "prefer"), true) => false,
            (Some("verify-full" | "require" | "verify-ca"), true)
            | (None | Some("verify-full"), false) => true,
            (Some(mode), _) => {
                return Err(refused(format!(
                    "`sslmode={mode}` is refused: other machines are reached by `verify-full`"
                )));
            }
        };
        config.ssl_mode(if is_safe { SslMode::Require } else { SslMode::Disable });
        if config.get_application_name().is_none() {
            config.application_name("ostracon");
        }
        config.connect_timeout(CONNECT_TIMEOUT).tcp_user_timeout(SILENCE).keepalives_idle(SILENCE);
        let tls = if is_safe { Some(tls(roots.as_deref())?) } else { None };
        Ok(Self { config, tls })
    }

    /// Connects.
    pub(super) async fn connect(&self) -> Result<Client, tokio_postgres::Error> {
        match &self.tls {
            None => {
                let (client, connection) = self.config.connect(NoTls).await?;
                keep(connection);
                Ok(client)
            }
            Some(tls) => {
                let tls = MakeRustlsConnect::new(tls.clone());
                let (client, connection) = self.config.connect(tls).await?;
                keep(connection);
                Ok(client)
            }
        }
    }
}

/// What a URL asks for that the client does not know.
struct Asked {
    rest: String,
    mode: Option<String>,
    roots: Option<String>,
}

impl Asked {
    fn of(url: &str) -> Self {
        let (before, query) = url.split_once('?').unwrap_or((url, ""));
        let (mut mode, mut roots, mut kept) = (None, None, Vec::<String>::new());
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=') {
                Some(("sslmode", text)) => mode = Some(text.to_owned()),
                Some(("sslrootcert", text)) => roots = Some(text.to_owned()),
                // Several in one, as every client takes them; the URL of this one has one each.
                Some(("host", text)) => {
                    kept.extend(text.split(',').map(|host| format!("host={host}")));
                }
                _ => kept.push(pair.to_owned()),
            }
        }
        let query = if kept.is_empty() { String::new() } else { format!("?{}", kept.join("&")) };
        Self { rest: format!("{before}{query}"), mode, roots }
    }
}

#[expect(clippy::disallowed_methods, reason = "the file of passwords is read here")]
/// The password that a file has for this connection, if only its owner can read it.
fn of_passfile(file: &Path, config: &Config) -> Option<String> {
    let metadata = file.metadata().ok()?;
    if !metadata.is_file() || metadata.permissions().mode() & 0o077 != 0 {
        return None;
    }
    let text = std::fs::read_to_string(file).ok()?;
    let user = config.get_user().unwrap_or_default();
    let database = config.get_dbname().unwrap_or(user);
    let port = config.get_ports().first().unwrap_or(&5432).to_string();
    let mut hosts = config.get_hosts().iter().map(|host| match host {
        Host::Tcp(name) => name.as_str(),
        Host::Unix(_) => "localhost",
    });
    hosts.find_map(|host| password_in(&text, [host, &port, database, user]))
}

fn is_local(host: &Host) -> bool {
    match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => {
            let address = name.parse::<std::net::IpAddr>();
            name == "localhost" || address.is_ok_and(|address| address.is_loopback())
        }
    }
}

/// TLS that trusts what this machine trusts, or the roots of a file alone.
fn tls(roots: Option<&str>) -> Result<ClientConfig, StateError> {
    let failed = |why: String| StateError::Server {
        what: format!("TLS to the server of the state cannot be set up: {why}"),
        hint: "`sslrootcert=FILE` names certificates in PEM; without it, or with `system`, those \
               that this machine trusts are taken",
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| failed(error.to_string()))?;
    let Some(file) = roots.filter(|roots| *roots != "system") else {
        let roots = webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().cloned();
        let verifier = rustls_platform_verifier::Verifier::new_with_extra_roots(roots, provider)
            .map_err(|error| failed(error.to_string()))?;
        return Ok(builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth());
    };
    let mut store = rustls::RootCertStore::empty();
    let of_file = |why: String| failed(format!("`{file}`: {why}"));
    let certificates =
        CertificateDer::pem_file_iter(file).map_err(|error| of_file(error.to_string()))?;
    for certificate in certificates {
        let added = certificate.map_err(|error| error.to_string());
        added.and_then(|it| store.add(it).map_err(|error| error.to_string())).map_err(of_file)?;
    }
    if store.is_empty() {
        return Err(of_file("it holds no certificate".to_owned()));
    }
    Ok(builder.with_root_certificates(store).with_no_client_auth())
}

/// What the server said when it ended a connection of a worker last.
type LastWords = Arc<Mutex<Option<Arc<tokio_postgres::Error>>>>;

tokio::task_local! {
    /// That of the worker whose work this is.
    static LAST_WORDS: LastWords;
}

/// What a server said when it ended a connection that nobody was asking anything by: whoever asks
/// next hears only that the connection is closed.
pub(super) fn last_words() -> Option<Arc<tokio_postgres::Error>> {
    LAST_WORDS.try_with(|last| locked(last).clone()).ok().flatten()
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Keeps a connection going, and what it says at its end.
fn keep(connection: impl Future<Output = Result<(), tokio_postgres::Error>> + Send + 'static) {
    let last = LAST_WORDS.try_with(Arc::clone).unwrap_or_default();
    *locked(&last) = None;
    drop(tokio::spawn(async move {
        let ended = connection.await;
        *locked(&last) = ended.err().filter(|error| error.as_db_error().is_some()).map(Arc::new);
    }));
}

/// The thread on which connections live, whatever their user waits on meanwhile: in a test that
/// may be a time of its own.
#[derive(Debug)]
pub(super) struct Worker {
    runtime: Option<Runtime>,
    last: LastWords,
}

impl Worker {
    /// Starts it.
    pub(super) fn start() -> Result<Self, StateError> {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let worker = |runtime| Self { runtime: Some(runtime), last: LastWords::default() };
        runtime.map(worker).map_err(|source| StateError::Engine {
            doing: "start a thread",
            source: Box::new(source),
        })
    }

    /// What some work comes to; whoever asks for it is blocked meanwhile.
    pub(super) fn wait<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, StateError>> + Send + 'static,
    ) -> Result<T, StateError> {
        let (sender, receiver) = std::sync::mpsc::sync_channel(1);
        self.begin(async move {
            // Whoever does not wait any more needs no answer.
            let _gone = sender.send(work.await);
        });
        receiver.recv().unwrap_or_else(|_gone| Err(super::error::silent("go on")))
    }

    /// Begins some work.
    pub(super) fn begin(&self, work: impl Future<Output = ()> + Send + 'static) {
        if let Some(runtime) = &self.runtime {
            drop(runtime.spawn(LAST_WORDS.scope(Arc::clone(&self.last), work)));
        }
    }
}

/// A runtime may not be dropped within another one, but it may be told to go.
impl Drop for Worker {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Connects, or says why not.
pub(super) async fn connect(place: &Place) -> Result<Client, StateError> {
    place.connect().await.map_err(doing("open the state"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_reached_without_verified_tls() {
        let safe = |url: &str| {
            let place = Place::of(&ServerUrl::parse(url, &|_| None).unwrap())?;
            Ok::<_, StateError>(place.tls.is_some())
        };
        for (url, expected) in [
            ("postgresql://localhost/db", Some(false)),
            ("postgresql:///db?host=/run/a,/run/b", Some(false)),
            ("postgresql:///db?host=/run/a,db.example", Some(true)),
            ("postgresql://127.0.0.1:5433/db?sslmode=disable", Some(false)),
            ("postgresql://[::1]/db", Some(false)),
            ("postgresql:///db?host=/run/postgresql", Some(false)),
            ("postgresql://localhost/db?hostaddr=192.0.2.7", Some(true)),
            ("postgresql://db.example/db", Some(true)),
            ("postgresql://db.example/db?sslmode=verify-full", Some(true)),
            ("postgresql://localhost/db?sslmode=verify-full", Some(true)),
            ("postgresql://localhost,db.example/db", Some(true)),
            ("postgresql://db.example/db?sslmode=require", None),
            ("postgresql://db.example/db?sslmode=prefer", None),
            ("postgresql://db.example/db?sslmode=disable", None),
            ("postgresql://localhost/db?sslmode=perhaps", None),
            ("postgresql:///db", None),
            ("postgresql://h:x/db", None),
        ] {
            assert_eq!(safe(url).ok(), expected, "{url}");
        }
    }
}
