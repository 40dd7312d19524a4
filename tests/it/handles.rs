//! The real binary where handles are few: nothing is lost for lack of them.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use ostracon::sandbox::{Incoming, InjectedFault, Sandbox, credential, serve};
use ostracon::world::SystemClock;
use tokio::net::TcpListener;
use tokio::runtime::{self, Runtime};

use crate::workspace::Files;

const APPS: usize = 10;
const ROOMS: usize = 30;

/// Each room is a call of its own, and each app has a host of its own.
fn workspace(ports: &[u16]) -> Files {
    let (mut config, mut policy) = ("version: 1\ntargets:\n".to_owned(), "bans:\n".to_owned());
    for (app, port) in ports.iter().enumerate() {
        write!(
            config,
            "  t{app}:
    provider: tencent
    sdk_app_id: {}
    identifier: administrator
    endpoint: http://127.0.0.1:{port}/tencent
    credentials: {{ secret_key: {{ env: T }} }}
",
            1_400_000_000 + app
        )
        .unwrap();
        for room in 0..ROOMS {
            writeln!(policy, "  - {{ target: t{app}, room: r{room}, users: [u], until: never }}")
                .unwrap();
        }
    }
    Files::new(&[("ostracon.yaml", &config), ("policy.yaml", &policy)])
}

/// The emulation, on a port for each app.
fn start(sandbox: &Sandbox) -> (Runtime, [u16; APPS]) {
    let server = runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let server = server.unwrap();
    let ports = [(); APPS].map(|()| {
        let listener = server.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).unwrap();
        let port = listener.local_addr().unwrap().port();
        server.spawn(serve(sandbox.clone(), listener));
        port
    });
    (server, ports)
}

/// Applies with so few handles. The hard limit goes down with the soft one: there is nothing to
/// raise.
fn apply(files: &Files, handles: u32, arguments: &str) -> (Option<i32>, String) {
    let mut command = Command::new("sh");
    let apply = format!("ulimit -n {handles} && exec \"$0\" apply --auto-approve {arguments}");
    command.args(["-c", &apply, env!("CARGO_BIN_EXE_ostracon")]);
    command.env_clear().env("OSTRACON_DIR", files.path()).stdin(Stdio::null());
    command.env("T", credential("tencent", "secret_key").unwrap());
    let output = command.output().unwrap();
    let told = [output.stderr, output.stdout].concat();
    (output.status.code(), String::from_utf8(told).unwrap())
}

#[test]
fn ten_apps_whose_calls_would_need_more_handles_than_there_are_lose_nothing() {
    let sandbox = Sandbox::new(Arc::new(SystemClock));
    sandbox.set_latency(Duration::from_millis(300));
    let (_server, ports) = start(&sandbox);
    let (code, told) = apply(&workspace(&ports), 100, "");
    assert_eq!(code, Some(0), "{told}");
    let end = "Applied: 300 done, 0 waiting, 0 failed, 0 deferred, 0 in doubt.\n";
    assert!(told.ends_with(end), "{told}");
    assert_eq!(sandbox.in_force().len(), APPS * ROOMS);
    // Nothing had to be asked for twice.
    assert_eq!(sandbox.calls(), 300);
}

#[test]
fn an_app_that_answers_late_takes_no_connection_from_the_others() {
    let sandbox = Sandbox::new(Arc::new(SystemClock));
    let (_server, ports) = start(&sandbox);
    let mut calls = 0;
    sandbox.inject_faults(move |incoming: &Incoming| {
        // Two apps answer their first calls at once, and all others late.
        let slow = ["sdkappid=1400000000&", "sdkappid=1400000001&"];
        let is_slow = slow.iter().any(|app| incoming.query.starts_with(app));
        calls += usize::from(is_slow);
        if is_slow && calls > 2 {
            InjectedFault::Delay(Duration::from_secs(5))
        } else {
            InjectedFault::Answer
        }
    });
    let (code, told) = apply(&workspace(&ports), 120, "--deadline 3s");
    assert_eq!(code, Some(3), "{told}");
    let held = sandbox.in_force();
    let slow = ["1400000000", "1400000001"];
    let quick = held.iter().filter(|row| !slow.contains(&row.app.as_str())).count();
    assert_eq!(quick, (APPS - slow.len()) * ROOMS, "{told}");
}

#[test]
fn a_sandbox_that_lacks_handles_for_a_while_goes_on_serving() {
    let program = env!("CARGO_BIN_EXE_ostracon");
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -n 24 && exec \"$0\" sandbox --port 0", program]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut first).unwrap();
    let address = first.split(&['/', ' '][..]).find(|word| word.starts_with("127.0.0.1:")).unwrap();
    let crowd: Vec<_> = (0..60).map(|_| TcpStream::connect(address).unwrap()).collect();
    drop(crowd);
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(b"GET /zego HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    child.kill().unwrap();
    child.wait().unwrap();
}
