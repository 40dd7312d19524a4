//! What goes through a proxy, and what never does.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;

use super::server::{Manner, Server, converse, read_request};
use super::{request, send, through, tls};
use crate::provider::NoAnswer;

/// A proxy on loopback that leads to a server for `api.agora.io`, whatever it is asked for.
struct Proxy {
    port: u16,
    /// What it was asked for.
    asked: Arc<Mutex<Vec<String>>>,
    /// What arrived at the server behind it, once TLS was taken off.
    arrived: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    /// One that answers a CONNECT so; speaks TLS itself if `secure`.
    async fn start(answer: &'static str, secure: bool) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (asked, arrived) = (Arc::<Mutex<Vec<_>>>::default(), Arc::<Mutex<Vec<_>>>::default());
        let (log, inner) = (Arc::clone(&asked), Arc::clone(&arrived));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (log, inner) = (Arc::clone(&log), Arc::clone(&inner));
                tokio::spawn(async move {
                    if secure {
                        let stream = tls::acceptor().accept(stream).await.unwrap();
                        lead(stream, answer, &log, &inner).await;
                    } else {
                        lead(stream, answer, &log, &inner).await;
                    }
                });
            }
        });
        Self { port, asked, arrived }
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    fn arrived(&self) -> Vec<String> {
        self.arrived.lock().unwrap().clone()
    }
}

async fn lead(
    mut stream: impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
    answer: &str,
    log: &Mutex<Vec<String>>,
    inner: &Mutex<Vec<String>>,
) {
    let Some(asked) = read_request(&mut stream).await else { return };
    log.lock().unwrap().push(asked);
    let _gone = stream.write_all(answer.as_bytes()).await;
    if answer.contains("200")
        && let Ok(mut stream) = tls::acceptor().accept(stream).await
    {
        converse(&mut stream, Manner::Answer, inner).await;
    }
}

const OPEN: &str = "HTTP/1.1 200 Connection established\r\n\r\n";

#[tokio::test]
async fn loopback_never_goes_through_a_proxy() {
    let proxy = Proxy::start(OPEN, false).await;
    let server = Server::start(Manner::Answer).await;
    let network = through(&proxy.url(), Some(tls::trusting()));
    let port = server.authority().split_once(':').unwrap().1.to_owned();
    for host in ["127.0.0.1", "localhost", "127.1", "[::ffff:127.0.0.1]"] {
        send(&network, request(&format!("http://{host}:{port}"), "{}")).await.unwrap();
    }
    assert_eq!(server.seen().len(), 4);
    // TLS on loopback is direct too; this server speaks none.
    let secure = request("https://127.0.0.1:1", "{}");
    assert!(matches!(send(&network, secure).await, Err(NoAnswer::NotSent(_))));
    assert_eq!(proxy.asked(), Vec::<String>::new());
}

#[tokio::test]
async fn a_proxy_sees_nothing_of_a_request_but_its_host() {
    for (scheme, secure) in [("http", false), ("https", true)] {
        let proxy = Proxy::start(OPEN, secure).await;
        let place = format!("{scheme}://me:pw@127.0.0.1:{}", proxy.port);
        let network = through(&place, Some(tls::trusting()));
        for _ in 0..3 {
            let answer = send(&network, request("https://api.agora.io", "{}")).await.unwrap();
            assert_eq!(answer.status, 200);
        }
        let asked = proxy.asked();
        let version = env!("CARGO_PKG_VERSION");
        let expected = format!(
            "CONNECT api.agora.io:443 HTTP/1.1\r\nHost: api.agora.io:443\r\n\
             user-agent: ostracon/{version}\r\nproxy-authorization: Basic bWU6cHc=\r\n\r\n"
        );
        assert_eq!(asked, [expected]);
        let arrived = proxy.arrived();
        assert_eq!(arrived.len(), 3);
        assert!(arrived.iter().all(|text| {
            text.starts_with("POST /rule?Signature=secret HTTP/1.1\r\n")
                && text.contains("\r\nhost: api.agora.io\r\n")
                && text.contains("authorization: Basic secret")
                && !text.contains("proxy-")
        }));
    }
}

#[tokio::test]
async fn a_proxy_that_leads_nowhere_leaves_no_doubt() {
    for answer in [
        "HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n",
        "garbage\r\n\r\n",
    ] {
        let proxy = Proxy::start(answer, false).await;
        let network = through(&proxy.url(), Some(tls::trusting()));
        let answer = send(&network, request("https://api.agora.io", "{}")).await;
        let Err(NoAnswer::NotSent(said)) = answer else { panic!("{answer:?}") };
        assert!(said.starts_with("tunnel error: "), "{said}");
        assert_eq!(proxy.asked().len(), 1);
    }
    let network = through("socks5://127.0.0.1:1", Some(tls::trusting()));
    let answer = send(&network, request("https://api.agora.io", "{}")).await;
    assert!(matches!(answer, Err(NoAnswer::NotSent(_))), "{answer:?}");
}

#[tokio::test]
async fn a_certificate_that_is_not_trusted_is_told_nothing() {
    let proxy = Proxy::start(OPEN, false).await;
    // The real roots do not know it; and it is not for this host.
    let strangers = through(&proxy.url(), None);
    let others = through(&proxy.url(), Some(tls::trusting()));
    for (network, host) in [(&strangers, "api.agora.io"), (&others, "api.sd-rtn.com")] {
        let answer = send(network, request(&format!("https://{host}"), "{}")).await;
        let Err(NoAnswer::NotSent(said)) = answer else { panic!("{answer:?}") };
        assert!(said.starts_with("invalid peer certificate"), "{said}");
    }
    assert_eq!(proxy.arrived(), Vec::<String>::new());
}
