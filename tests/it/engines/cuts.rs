//! Connections that break around a COMMIT: before it arrives, and after it was done but not heard
//! of.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use ostracon::domain::Who;
use ostracon::store::{Location, Record, ServerUrl};

use super::suite::{NOW, audit, close, intent, ours, row};
use super::{Engine, suite};

/// Nothing is cut.
const WHOLE: u8 = 0;
/// The next COMMIT does not arrive.
const BEFORE: u8 = 1;
/// The next COMMIT arrives, and its answer does not.
const AFTER: u8 = 2;

/// How often a connection is cut in each way.
const CUTS: i64 = 10;

#[test]
fn a_connection_that_is_cut_around_a_commit_loses_and_doubles_nothing() {
    let Some(engine) = Engine::postgres() else { return };
    let Engine::Postgres(database) = &engine else { panic!() };
    let url = database.url();
    let (server, place) = url.split_once("?host=").unwrap();
    let cut = Arc::new(AtomicU8::new(WHOLE));
    let port = proxy(Path::new(place).join(".s.PGSQL.5432"), Arc::clone(&cut));
    let url = server.replacen("postgres@/", &format!("postgres@127.0.0.1:{port}/"), 1);
    let location = Location::Server(ServerUrl::parse(&url, &|_| None).unwrap());
    let (mut state, lease) = ours(&location, "r");
    state.begin_run("r", (&Who::default(), 7), NOW, None).unwrap();
    for round in 0..2 * CUTS {
        cut.store(if round % 2 == 0 { BEFORE } else { AFTER }, Ordering::SeqCst);
        let subject = format!("s{round:02}");
        let group = [intent(round), audit("r", &subject), Record::Put(row(&subject))];
        state.commit(lease.fence, &group).unwrap();
        assert_eq!(cut.load(Ordering::SeqCst), WHOLE, "it was cut");
    }
    let (flaws, head) = state.verify().unwrap();
    let head = head.unwrap_or_else(|| panic!("{flaws:?}"));
    assert_eq!(head.seq, 2 * CUTS);
    let expected: Vec<_> = (0..2 * CUTS).map(|round| row(&format!("s{round:02}"))).collect();
    assert_eq!(state.snapshot().unwrap().rows, expected);
    let calls = database.sql("SELECT count(*) FROM ostracon.call");
    assert_eq!(calls, (2 * CUTS).to_string());
    close(state, &lease);
    assert!(matches!(suite::taken(&location, "s").unwrap(), ostracon::store::Taken::Ours(..)));
}

/// Stands between the state and its server, for as long as the tests run.
fn proxy(server: PathBuf, cut: Arc<AtomicU8>) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let (client, server) = (client.unwrap(), UnixStream::connect(&server).unwrap());
            let cut = Arc::clone(&cut);
            std::thread::spawn(move || forward(&client, &server, &cut));
        }
    });
    port
}

/// Passes on what a client says, and cuts where it is told to.
fn forward(client: &TcpStream, server: &UnixStream, cut: &Arc<AtomicU8>) {
    let (answers, asker) = (server.try_clone().unwrap(), client.try_clone().unwrap());
    let is_deaf = Arc::new(AtomicU8::new(0));
    let deaf = Arc::clone(&is_deaf);
    let back = std::thread::spawn(move || {
        let _ended = pass(&mut &answers, &mut &asker, |_| deaf.load(Ordering::SeqCst) == 0);
        let _gone = asker.shutdown(Shutdown::Both);
    });
    let _ended = pass(&mut &*client, &mut &*server, |bytes| {
        if !bytes.windows(6).any(|word| word == b"COMMIT") {
            return true;
        }
        match cut.swap(WHOLE, Ordering::SeqCst) {
            BEFORE => false,
            AFTER => {
                is_deaf.store(1, Ordering::SeqCst);
                true
            }
            _ => true,
        }
    });
    let _gone = server.shutdown(Shutdown::Both);
    back.join().unwrap();
}

/// Passes bytes on as long as they may.
fn pass(
    from: &mut dyn Read,
    to: &mut dyn Write,
    may: impl Fn(&[u8]) -> bool,
) -> std::io::Result<()> {
    let mut bytes = [0; 8192];
    loop {
        let count = from.read(&mut bytes)?;
        let Some(bytes) = bytes.get(..count).filter(|bytes| !bytes.is_empty() && may(bytes)) else {
            return Ok(());
        };
        to.write_all(bytes)?;
    }
}
