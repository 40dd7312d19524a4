//! What the service shows over HTTP: metrics, health, pages and their JSON. Read only.
//!
//! Whatever the commands print is shown as they print it. Pages name people: nobody but this
//! machine sees them without a token, and no other site's script does at all.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use clap::Parser as _;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming as Body};
use hyper::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, COOKIE, HOST, HeaderValue,
    ORIGIN, REFERRER_POLICY, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{HeaderMap, Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use sha2::Sha256;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::board::Board;
use crate::cli::{Cli, Global};
use crate::commands::{Context, dispatch};
use crate::console::{Console, Results};
use crate::error::Error;
use crate::exit::Exit;
use crate::report::html::{live_page, live_policy};
use crate::world::World;

/// The variable that names the hosts under whose names the pages may be asked for.
const HOSTS: &str = "OSTRACON_PAGE_HOSTS";

/// The variable that holds the token.
const TOKEN: &str = "OSTRACON_PAGE_TOKEN";

/// A shorter token could be guessed.
const SHORTEST_TOKEN: usize = 16;

/// So many connections are served side by side.
const CONNECTIONS: usize = 512;

/// Whoever takes longer to ask is not waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// The token that whoever asks must bring; none where only this machine can ask.
pub(super) fn token(world: &World, listen: SocketAddr) -> Result<Option<Token>, Error> {
    match world.variable(TOKEN) {
        Some(token) if token.len() >= SHORTEST_TOKEN => Ok(Some(Token(token.to_owned()))),
        Some(_) => Err(Error::new(Exit::Usage, format!("`{TOKEN}` is shorter than 16 bytes"))
            .hint("take a random one, as `openssl rand -hex 16` makes it")),
        None if listen.ip().is_loopback() => Ok(None),
        None => {
            let message =
                format!("pages name people: {listen} is for this machine alone or needs a token");
            Err(Error::new(Exit::Usage, message)
                .hint(format!("put one in `{TOKEN}`, or `--listen 127.0.0.1:8600`")))
        }
    }
}

/// What whoever asks must bring.
pub(super) struct Token(String);

impl Token {
    /// Whether somebody brought it; takes as long whatever they brought.
    fn is(&self, brought: &str) -> bool {
        // A code of both under one key tells nothing of how much of it was right.
        let code = |text: &str| {
            let mac = Hmac::<Sha256>::new_from_slice(b"ostracon pages").ok();
            mac.map(|mac| mac.chain_update(text.as_bytes()))
        };
        match (code(&self.0), code(brought)) {
            (Some(ours), Some(theirs)) => {
                ours.verify_slice(&theirs.finalize().into_bytes()).is_ok()
            }
            _ => false,
        }
    }
}

/// What is shown, and to whom.
pub(super) struct Pages {
    global: Global,
    world: World,
    token: Option<Token>,
    /// Names, besides addresses, by which it may be asked.
    hosts: Vec<String>,
    board: Arc<Board>,
    /// One page at a time is made: a plan of everything takes a second.
    making: Semaphore,
}

impl Pages {
    /// What is shown of a workspace.
    pub(super) fn new(context: &Context<'_>, token: Option<Token>, board: Arc<Board>) -> Arc<Self> {
        let hosts = context.world.variable(HOSTS).unwrap_or_default();
        let hosts = hosts.split([',', ' ']).map(str::trim).filter(|host| !host.is_empty());
        Arc::new(Self {
            global: context.global.clone(),
            world: context.world.clone(),
            token,
            hosts: hosts.map(str::to_ascii_lowercase).collect(),
            board,
            making: Semaphore::new(1),
        })
    }
}

/// Answers whoever asks, until it is dropped.
pub(super) async fn serve(pages: Arc<Pages>, listener: TcpListener) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept(), if connections.len() < CONNECTIONS => match accepted {
                Ok((stream, _)) => drop(connections.spawn(converse(Arc::clone(&pages), stream))),
                // As where there are too few handles: others may go first.
                Err(error) => {
                    tracing::debug!(target: "ostracon", %error, "somebody could not be greeted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            },
            Some(_ended) = connections.join_next() => {}
        }
    }
}

async fn converse(pages: Arc<Pages>, stream: TcpStream) {
    let service = service_fn(|request| answer(Arc::clone(&pages), request));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = connection.await {
        tracing::debug!(target: "ostracon", %error, "a connection ended early");
    }
}

type Answer = Response<Full<Bytes>>;

async fn answer(pages: Arc<Pages>, request: Request<Body>) -> io::Result<Answer> {
    let path = request.uri().path().to_owned();
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Ok(plain(StatusCode::METHOD_NOT_ALLOWED, "This service is only read.\n"));
    }
    // Whoever asks whether it lives learns nothing else.
    match &*path {
        "/healthz" => return Ok(pages.health()),
        "/readyz" => return Ok(pages.readiness()),
        _ => {}
    }
    if let Err(refused) = pages.admit(request.headers()) {
        return Ok(*refused);
    }
    Ok(match &*path {
        "/metrics" => {
            let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            with(StatusCode::OK, kind, pages.board.metrics.text())
        }
        _ => match command(&path, request.uri().query().unwrap_or_default()) {
            Some((kind, arguments)) => pages.show(&path, (kind, arguments)).await,
            None => plain(StatusCode::NOT_FOUND, "There is nothing here.\n"),
        },
    })
}

/// The kind of what a path shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Html,
    Json,
    Lines,
}

/// Which command shows what is asked for.
fn command(path: &str, query: &str) -> Option<(Kind, Vec<String>)> {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    let html = |name: &str| Some((Kind::Html, words(&[name, "--format", "html"])));
    let json = |name: &str| Some((Kind::Json, words(&[name, "--format", "json"])));
    // The log of a year is long: whoever asks may narrow it.
    let history = |kind, format: &str| {
        let mut arguments: Vec<String> = words(&["history", "--format", format]);
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            if !matches!(&*name, "since" | "run") {
                return None;
            }
            arguments.push(format!("--{name}={value}"));
        }
        Some((kind, arguments))
    };
    match path {
        "/" => html("status"),
        "/plan" => html("plan"),
        "/history" => history(Kind::Html, "html"),
        "/api/status" => json("status"),
        "/api/plan" => json("plan"),
        "/api/history" => history(Kind::Lines, "jsonl"),
        _ => {
            let subject = decoded(path.strip_prefix("/subject/")?)?;
            Some((Kind::Html, words(&["explain", "--format", "html", "--", &subject])))
        }
    }
}

/// A part of a path without its percent signs; `None` if that is no text.
fn decoded(part: &str) -> Option<String> {
    let bytes = part.as_bytes();
    let mut text = Vec::with_capacity(bytes.len());
    let mut rest = bytes.iter();
    while let Some(byte) = rest.next() {
        text.push(if *byte == b'%' {
            let digit = |byte: Option<&u8>| char::from(*byte?).to_digit(16);
            let (high, low) = (digit(rest.next())?, digit(rest.next())?);
            u8::try_from(high * 16 + low).ok()?
        } else {
            *byte
        });
    }
    String::from_utf8(text).ok().filter(|text| !text.is_empty())
}

impl Pages {
    fn health(&self) -> Answer {
        if self.board.is_alive() {
            plain(StatusCode::OK, "alive\n")
        } else {
            plain(StatusCode::SERVICE_UNAVAILABLE, "hung\n")
        }
    }

    fn readiness(&self) -> Answer {
        match self.board.unready() {
            None => plain(StatusCode::OK, "ready\n"),
            Some(_) => plain(StatusCode::SERVICE_UNAVAILABLE, "not ready\n"),
        }
    }

    /// Whether somebody may see what is shown.
    fn admit(&self, headers: &HeaderMap) -> Result<(), Box<Answer>> {
        let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        let Some(host) = text(HOST).filter(|host| self.is_ours(host)) else {
            let refused =
                "This service does not go by that name. `OSTRACON_PAGE_HOSTS` may allow it.\n";
            return Err(plain(StatusCode::MISDIRECTED_REQUEST, refused).into());
        };
        let is_own = |origin: &str| origin.split_once("://").is_some_and(|(_, from)| from == host);
        let from_elsewhere = text(ORIGIN).is_some_and(|origin| !is_own(origin))
            || headers.get("sec-fetch-site").is_some_and(|site| site == "cross-site");
        if from_elsewhere {
            return Err(plain(StatusCode::FORBIDDEN, "Other sites may not look in here.\n").into());
        }
        let Some(token) = &self.token else { return Ok(()) };
        let bearer = text(AUTHORIZATION).and_then(|it| it.split_once(' '));
        let bearer = bearer.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        let bearer = bearer.map(|(_, token)| token);
        let cookies = headers.get_all(COOKIE).iter().filter_map(|it| it.to_str().ok());
        let mut cookies = cookies.flat_map(|line| line.split(';'));
        let cookie = cookies.find_map(|cookie| cookie.trim().strip_prefix("ostracon_token="));
        if bearer.or(cookie).is_some_and(|brought| token.is(brought.trim())) {
            return Ok(());
        }
        let mut refused = plain(
            StatusCode::UNAUTHORIZED,
            "Bring the token, as a bearer or in the cookie `ostracon_token`.\n",
        );
        refused.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        Err(refused.into())
    }

    /// Whether a `Host` means us: a name that somebody else's server answers to could be pointed
    /// here; an address of this machine's own could not.
    fn is_ours(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        let name = match host.rsplit_once(':') {
            Some((name, port)) if port.parse::<u16>().is_ok() => name,
            _ => &*host,
        };
        let address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().ok();
        let is_here = name == "localhost" || address.is_some_and(|it| it.is_loopback());
        // Who has the token may come through whatever forwards addresses.
        let is_forwarded = self.token.is_some() && address.is_some();
        is_here || is_forwarded || self.hosts.iter().any(|known| *known == host || known == name)
    }

    /// What a command shows.
    async fn show(self: &Arc<Self>, path: &str, (kind, arguments): (Kind, Vec<String>)) -> Answer {
        let Ok(_turn) = self.making.acquire().await else {
            return plain(StatusCode::SERVICE_UNAVAILABLE, "The service ends.\n");
        };
        let pages = Arc::clone(self);
        let made = tokio::task::spawn_blocking(move || pages.make(&arguments)).await;
        match made {
            Ok(Ok(text)) => match kind {
                Kind::Html => page(live_page(&text, path, &self.board.failures())),
                Kind::Json => with(StatusCode::OK, "application/json", text),
                Kind::Lines => with(StatusCode::OK, "application/jsonl", text),
            },
            Ok(Err(error)) => {
                // What is wrong with the files stands before it, unless names are veiled.
                let text = format!("{}{}\n", error.preface, error.message);
                let status = match error.exit {
                    Exit::Usage => StatusCode::BAD_REQUEST,
                    _ => StatusCode::SERVICE_UNAVAILABLE,
                };
                plain(status, &text)
            }
            Err(_panicked) => plain(StatusCode::INTERNAL_SERVER_ERROR, "That went wrong.\n"),
        }
    }

    /// What a command prints.
    fn make(&self, arguments: &[String]) -> Result<String, Error> {
        let usage = |error: clap::Error| Error::new(Exit::Usage, error.kind().to_string());
        let words = ["ostracon"].into_iter().chain(arguments.iter().map(String::as_str));
        let mut cli = Cli::try_parse_from(words).map_err(usage)?;
        cli.global = self.global.clone();
        let printed = Printed::default();
        let mut console = Console::plain(Results::new(printed.clone()), 100);
        dispatch(&cli, &self.world, &mut console)?;
        Ok(printed.into_text())
    }
}

/// What was printed.
#[derive(Clone, Default)]
struct Printed(Arc<Mutex<Vec<u8>>>);

impl Printed {
    fn into_text(self) -> String {
        let mut bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&std::mem::take(&mut *bytes)).into_owned()
    }
}

impl io::Write for Printed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A page; what it may do is said in it, and here for those who look only here.
fn page(text: String) -> Answer {
    let mut answer = with(StatusCode::OK, "text/html; charset=utf-8", text);
    if let Ok(policy) = format!("{}; frame-ancestors 'none'", live_policy()).parse() {
        answer.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    }
    answer
}

fn plain(status: StatusCode, text: &str) -> Answer {
    with(status, "text/plain; charset=utf-8", text.to_owned())
}

fn with(status: StatusCode, kind: &'static str, body: String) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::from(body)));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    for (name, value) in [
        (CONTENT_TYPE, kind),
        (CACHE_CONTROL, "no-store"),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (REFERRER_POLICY, "no-referrer"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    answer
}
