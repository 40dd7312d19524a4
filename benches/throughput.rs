//! How long an apply takes next to what the documented rates force it to: `cargo bench --bench throughput`.
//!
//! Two processes as in life: `ostracon apply`, and this one, which is all four providers and answers
//! after 100 ms. Not for CI: a busy machine is no news.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::float_arithmetic,
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "a bench may panic, reads and writes files, and prints"
)]

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use ostracon::domain::Moment;
use ostracon::sandbox::{Sandbox, credential, serve};
use ostracon::world::{Clock as _, SystemClock};

const CONFIG: &str = "version: 1
targets:
  z: { provider: zego, app_id: 1234567890, endpoint: ADDRESS, credentials: { server_secret: { env: Z } } }
  t:
    provider: tencent
    sdk_app_id: 1400000000
    identifier: administrator
    region: sgp
    endpoint: ADDRESS
    credentials: { secret_key: { env: T } }
  a:
    provider: agora
    app_id: 4855aaaaaaaaaaaaaaaaaaaaaaaaeae2
    endpoint: ADDRESS
    credentials: { customer_id: { env: A }, customer_secret: { env: B } }
";

/// The variable of each credential, and whose it is.
const SECRETS: [(&str, &str, &str); 4] = [
    ("Z", "zego", "server_secret"),
    ("T", "tencent", "secret_key"),
    ("A", "agora", "customer_id"),
    ("B", "agora", "customer_secret"),
];

/// How long every answer takes.
const LATENCY: Duration = Duration::from_millis(100);

/// Provider, subjects, subjects a call, calls a second as documented.
const WORK: [(&str, u32, u32, u32); 3] =
    [("tencent", 20_000, 20, 200), ("zego", 3_000, 20, 20), ("agora", 100, 1, 10)];

fn main() {
    let directory = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::new(Arc::new(SystemClock));
    sandbox.set_latency(LATENCY);
    let address = listen(sandbox.clone());
    fs::write(directory.path().join("ostracon.yaml"), CONFIG.replace("ADDRESS", &address)).unwrap();
    fs::write(directory.path().join("policy.yaml"), policy()).unwrap();
    let (begun, start) = (SystemClock.now(), Instant::now());
    let Cost { processor, memory } = apply(directory.path());
    let wall = start.elapsed();
    assert_eq!(sandbox.broken_rules(), Vec::<String>::new());
    assert_eq!(sandbox.in_force().len(), 23_100);
    print_paces(&sandbox, begun);
    println!("wall {:.2} s, of which the longest floor is 10.00 s", wall.as_secs_f64());
    println!(
        "processor {processor:.2} s, {:.1} % of one core",
        100.0 * processor / wall.as_secs_f64()
    );
    println!("peak memory {} MB", memory / 1024);
}

/// Serves the sandbox for as long as this process lives, and says where.
fn listen(sandbox: Sandbox) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            serve(sandbox, listener).await.unwrap();
        });
    });
    address
}

/// What an apply costs: seconds of the processor, the most kilobytes of memory.
struct Cost {
    processor: f64,
    memory: u64,
}

fn apply(directory: &Path) -> Cost {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ostracon"));
    command.arg("--dir").arg(directory).args(["apply", "--auto-approve", "--format", "json"]);
    for (variable, provider, name) in SECRETS {
        command.env(variable, credential(provider, name).unwrap());
    }
    let log = fs::File::create(directory.join("apply.log")).unwrap();
    let mut child = command.stdout(Stdio::null()).stderr(log).spawn().unwrap();
    let mut memory = 0;
    let success = loop {
        memory = peak_kilobytes(&child).unwrap_or(memory);
        if let Some(status) = child.try_wait().unwrap() {
            break status.success();
        }
        thread::sleep(Duration::from_millis(50));
    };
    let log = fs::read_to_string(directory.join("apply.log")).unwrap();
    assert!(success, "{log:.1000}");
    Cost { processor: processor_of_children(), memory }
}

fn print_paces(sandbox: &Sandbox, begun: Moment) {
    println!("target    calls  floor s  first s   last s   paced s  paced/floor  last/floor");
    for (provider, subjects, batch, rate) in WORK {
        let calls = subjects.div_ceil(batch);
        let floor = f64::from(calls) / f64::from(rate);
        let seen = sandbox.seen();
        let arrivals = seen.iter().filter(|seen| seen.provider == provider);
        let arrivals: Vec<f64> =
            arrivals.map(|seen| seconds((seen.at - begun).as_millis())).collect();
        let (Some(first), Some(last)) = (arrivals.first(), arrivals.last()) else {
            panic!("nothing arrived at {provider}");
        };
        // The last call has the length of its turn too.
        let paced = last - first + f64::from(rate).recip();
        println!(
            "{provider:<8} {:>6} {floor:>8.2} {first:>8.2} {last:>8.2} {paced:>9.2} {:>12.3} {:>11.3}",
            arrivals.len(),
            paced / floor,
            last / floor
        );
    }
}

fn policy() -> String {
    let list = |count: u32, prefix: &str| {
        let names: Vec<_> = (1..=count).map(|number| format!("{prefix}{number}")).collect();
        names.join(", ")
    };
    let [(_, tencent, ..), (_, zego, ..), (_, agora, ..)] = WORK;
    format!(
        "bans:
  - {{ target: t, room: r, users: [{}], until: never }}
  - {{ target: a, users: [{}], until: never }}
forbidden_streams:
  - {{ target: z, streams: [{}], until: never }}
",
        list(tencent, "u"),
        list(agora, ""),
        list(zego, "s")
    )
}

#[expect(clippy::cast_precision_loss, reason = "seconds of a bench are few")]
fn seconds(millis: i128) -> f64 {
    millis as f64 / 1000.0
}

/// User and system time of the processes that ended, at Linux's 100 ticks a second.
fn processor_of_children() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let (_, fields) = stat.rsplit_once(") ").unwrap();
    let ticks = fields.split(' ').skip(13).take(2).map(|ticks| ticks.parse::<i128>().unwrap());
    seconds(10 * ticks.sum::<i128>())
}

/// The most memory a process had resident so far; `None` once it has ended.
fn peak_kilobytes(child: &Child) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}
