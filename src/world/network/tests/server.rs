//! Servers of every manner.

use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;

/// What a server does with a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Manner {
    /// Answers every request.
    Answer,
    /// Answers every request, the slow way.
    AnswerSlowly,
    /// Answers one request, and closes without having said so.
    AnswerOnce,
    /// Answers one request, reads another and closes.
    AnswerOnceThenHangUp,
    /// Says this before it has read anything, and closes.
    Greet(&'static str),
    /// Closes at once.
    Refuse,
    /// Reads a request and closes.
    HangUp,
    /// Reads a request and says nothing.
    Silence,
    /// Says this, whatever comes, and closes.
    Say(&'static str),
    /// Answers with three pieces of so many bytes, each after 400 ms.
    AnswerInPieces(usize),
    /// Says this, then repeats that as long as somebody listens.
    SayForEver(&'static str, &'static str),
}

/// How many connections there were.
#[derive(Default)]
struct Counts {
    all: AtomicUsize,
    open: AtomicUsize,
    most_open: AtomicUsize,
}

/// A server on a port of its own, until it is dropped.
pub(super) struct Server {
    port: u16,
    seen: Arc<Mutex<Vec<String>>>,
    counts: Arc<Counts>,
    task: tokio::task::JoinHandle<()>,
}

impl Server {
    pub(super) async fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (seen, counts) = (Arc::<Mutex<Vec<String>>>::default(), Arc::<Counts>::default());
        let (log, count) = (Arc::clone(&seen), Arc::clone(&counts));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (log, count) = (Arc::clone(&log), Arc::clone(&count));
                tokio::spawn(counted(stream, manner, log, count));
            }
        });
        Self { port, seen, counts, task }
    }

    pub(super) fn authority(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.authority())
    }

    /// The requests that arrived in full, each as it was written.
    pub(super) fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }

    /// How many connections were made.
    pub(super) fn accepted(&self) -> usize {
        self.counts.all.load(Ordering::SeqCst)
    }

    /// How many connections are open.
    pub(super) fn open(&self) -> usize {
        self.counts.open.load(Ordering::SeqCst)
    }

    /// How many connections were open at the same time at most.
    pub(super) fn most_open(&self) -> usize {
        self.counts.most_open.load(Ordering::SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn counted(
    mut stream: TcpStream,
    manner: Manner,
    log: Arc<Mutex<Vec<String>>>,
    count: Arc<Counts>,
) {
    count.all.fetch_add(1, Ordering::SeqCst);
    let open = count.open.fetch_add(1, Ordering::SeqCst) + 1;
    count.most_open.fetch_max(open, Ordering::SeqCst);
    converse(&mut stream, manner, &log).await;
    drop(stream);
    count.open.fetch_sub(1, Ordering::SeqCst);
}

/// Has a conversation of this manner, and logs the requests that arrive in full.
pub(super) async fn converse(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    manner: Manner,
    log: &Mutex<Vec<String>>,
) {
    let mut answered = 0;
    if let Manner::Greet(text) = manner {
        let _gone = stream.write_all(text.as_bytes()).await;
    }
    if matches!(manner, Manner::Refuse | Manner::Greet(_)) {
        return;
    }
    while let Some(request) = read_request(stream).await {
        log.lock().unwrap().push(request);
        let answer = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
        match manner {
            Manner::Greet(_) | Manner::Refuse | Manner::HangUp => return,
            Manner::AnswerOnceThenHangUp if answered == 1 => return,
            Manner::Silence => std::future::pending().await,
            Manner::Say(text) => {
                let _gone = stream.write_all(text.as_bytes()).await;
                return;
            }
            Manner::SayForEver(text, more) => {
                let mut written = stream.write_all(text.as_bytes()).await;
                let more = more.repeat(64 * 1024 / more.len());
                while written.is_ok() {
                    written = stream.write_all(more.as_bytes()).await;
                }
                return;
            }
            Manner::AnswerInPieces(bytes) => {
                let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", 3 * bytes);
                stream.write_all(head.as_bytes()).await.unwrap();
                for _ in 0..3 {
                    sleep(Duration::from_millis(400)).await;
                    let _gone = stream.write_all(&vec![b' '; bytes]).await;
                }
                return;
            }
            Manner::AnswerSlowly => sleep(Duration::from_millis(20)).await,
            Manner::Answer | Manner::AnswerOnce | Manner::AnswerOnceThenHangUp => {}
        }
        if stream.write_all(answer.as_bytes()).await.is_err() || manner == Manner::AnswerOnce {
            return;
        }
        answered += 1;
    }
}

/// Reads one request: its head, and as much body as that announces.
pub(super) async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut text = String::new();
    let mut byte = [0];
    while !text.ends_with("\r\n\r\n") {
        stream.read_exact(&mut byte).await.ok()?;
        text.push(char::from(byte[0]));
    }
    let length = text.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    stream.read_exact(&mut body).await.ok()?;
    Some(text + &String::from_utf8(body).unwrap())
}
