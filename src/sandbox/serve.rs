//! The sandbox on a socket.

use std::io;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming as Body};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method as HttpMethod, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use rustix::io::Errno;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::{Incoming, Outgoing, Sandbox};
use crate::provider::Method;

/// The largest body that is read: no documented call comes near.
const LARGEST_BODY: usize = 1024 * 1024;

/// Serves the sandbox on `listener` until the future is dropped, which ends every connection.
/// Any number of connections are served side by side, each for as many requests as it sends.
pub async fn serve(sandbox: Sandbox, listener: TcpListener) -> io::Result<()> {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(converse(sandbox.clone(), stream));
                }
                // A caller that went away before it was greeted is no trouble of ours.
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                // Those that wait are greeted once others have gone.
                Err(error) if lacks_handles(&error) => tokio::time::sleep(PAUSE).await,
                Err(error) => return Err(error),
            },
            Some(_ended) = connections.join_next() => {}
        }
    }
}

/// How long it is until handles are looked for again.
const PAUSE: Duration = Duration::from_millis(20);

fn lacks_handles(error: &io::Error) -> bool {
    let code = error.raw_os_error();
    [Errno::MFILE, Errno::NFILE].iter().any(|errno| code == Some(errno.raw_os_error()))
}

/// Serves one connection to its end.
async fn converse(sandbox: Sandbox, stream: TcpStream) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "answers may be held back for a moment");
    }
    let service = service_fn(|request| exchange(&sandbox, request));
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    if let Err(error) = connection.await {
        // A lost answer ends here on purpose, a caller that hangs up by nature.
        tracing::debug!(%error, "a connection ended early");
    }
}

/// The connection is to be closed without an answer.
#[derive(Debug, thiserror::Error)]
#[error("the answer is lost")]
struct Lost;

/// Reads a request, plays it and writes the answer.
async fn exchange(
    sandbox: &Sandbox,
    request: Request<Body>,
) -> Result<Response<Full<Bytes>>, Lost> {
    let (head, body) = request.into_parts();
    let Some(method) = method(&head.method) else {
        return Ok(write(Outgoing::page(405, "Method Not Allowed")));
    };
    let Ok(body) = Limited::new(body, LARGEST_BODY).collect().await else {
        return Ok(write(Outgoing::page(413, "Content Too Large")));
    };
    let text = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok());
    let incoming = Incoming {
        method,
        host: text("host").unwrap_or_default().to_owned(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: head
            .headers
            .iter()
            .filter(|(name, _)| *name != hyper::header::HOST)
            .map(|(name, value)| {
                (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
            })
            .collect(),
        body: body.to_bytes().to_vec(),
    };
    sandbox.play(&incoming).await.map(write).map_err(|_cut| Lost)
}

fn method(method: &HttpMethod) -> Option<Method> {
    [Method::Get, Method::Post, Method::Put, Method::Delete]
        .into_iter()
        .find(|known| known.name() == method.as_str())
}

/// Writes an answer for the wire.
fn write(outgoing: Outgoing) -> Response<Full<Bytes>> {
    let Outgoing { status, headers, body } = outgoing;
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    for (name, value) in headers {
        if let Ok(value) = value.parse() {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;
    use crate::sandbox::InjectedFault;
    use crate::sandbox::trial::Trial;

    /// Sends bytes over a connection of their own; answers what comes back.
    async fn say(sandbox: Sandbox, request: &str) -> String {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(serve(sandbox, listener));
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        server.abort();
        String::from_utf8(answer).unwrap()
    }

    const KICK: &str = "GET /?Action=KickoutUser&AppId=1 HTTP/1.1\r\n\
                        host: 127.0.0.1\r\nconnection: close\r\n\r\n";

    #[tokio::test]
    async fn a_socket_gets_the_services_answer_and_the_sandboxs_date() {
        let trial = Trial::new();
        let answer = say(trial.sandbox.clone(), KICK).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(answer.contains("\r\ndate: Fri, 20 Nov 2026 12:00:00 GMT\r\n"), "{answer}");
        assert!(answer.contains(r#""Code":100000002"#), "{answer}");
        assert_eq!(trial.sandbox.calls(), 1);
    }

    #[tokio::test]
    async fn a_lost_answer_closes_the_connection_after_the_effect() {
        for (fate, calls) in [(InjectedFault::LoseAnswer, 1), (InjectedFault::LoseRequest, 0)] {
            let trial = Trial::new();
            trial.sandbox.inject_faults(move |_: &Incoming| fate);
            assert_eq!(say(trial.sandbox.clone(), KICK).await, "");
            assert_eq!(trial.sandbox.calls(), calls);
        }
    }

    #[tokio::test]
    async fn a_method_that_no_provider_uses_is_refused() {
        let trial = Trial::new();
        let answer = say(trial.sandbox.clone(), &KICK.replace("GET", "PATCH")).await;
        assert!(answer.starts_with("HTTP/1.1 405 "), "{answer}");
    }
}
