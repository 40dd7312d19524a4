//! How long an apply takes next to what the documented rates force it to: `cargo bench --bench throughput`.
//!
//! The whole program in real time against the emulation in the same process, which answers after
//! 100 ms; so its processor time and memory are counted in. Not for CI: a busy machine is no news.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::float_arithmetic,
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "a bench may panic, reads and writes files, and prints"
)]

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ostracon::console::{Console, Talk, Terminal};
use ostracon::exit::Exit;
use ostracon::sandbox::{Sandbox, credential};
use ostracon::world::{Process, SystemClock, SystemRandom, World};

const CONFIG: &str = "version: 1
targets:
  z: { provider: zego, app_id: 1234567890, credentials: { server_secret: { env: Z } } }
  t:
    provider: tencent
    sdk_app_id: 1400000000
    identifier: administrator
    region: sgp
    credentials: { secret_key: { env: T } }
  a:
    provider: agora
    app_id: 4855aaaaaaaaaaaaaaaaaaaaaaaaeae2
    credentials: { customer_id: { env: A }, customer_secret: { env: B } }
";

/// How long every answer takes.
const LATENCY: Duration = Duration::from_millis(100);

/// Provider, subjects, subjects a call, calls a second as documented.
const WORK: [(&str, u32, u32, u32); 3] =
    [("tencent", 20_000, 20, 200), ("zego", 3_000, 20, 20), ("agora", 100, 1, 10)];

fn main() {
    let directory = tempfile::tempdir().unwrap();
    let policies = directory.path().join("policies");
    fs::create_dir(&policies).unwrap();
    fs::write(policies.join("ostracon.yaml"), CONFIG).unwrap();
    fs::write(policies.join("policy.yaml"), policy()).unwrap();
    let sandbox = Sandbox::new(Arc::new(SystemClock));
    sandbox.set_latency(LATENCY);
    let world = world(&sandbox, directory.path().to_owned());
    let terminal = Terminal { colours: false, answers: false, redraws: false, width: 100 };
    let mut console = Console {
        // What was not done is in there.
        out: Box::new(fs::File::create(directory.path().join("outcome.json")).unwrap()),
        err: Talk::new(std::io::sink()),
        answers: Box::new(std::io::empty()),
        terminal,
    };
    let place = policies.to_str().unwrap();
    let arguments = ["ostracon", "--dir", place, "apply", "--auto-approve", "--format", "json"];
    let arguments = arguments.map(Into::into);
    let (begun, start) = (world.now(), Instant::now());
    let exit = ostracon::run(arguments, &world, &mut console);
    let wall = start.elapsed();
    let outcome = fs::read_to_string(directory.path().join("outcome.json")).unwrap();
    assert_eq!(exit, Exit::Done, "{outcome:.1000}");
    assert_eq!(sandbox.broken_rules(), Vec::<String>::new());
    assert_eq!(sandbox.in_force().len(), 23_100);
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
    let cpu = processor_seconds();
    println!("wall {:.2} s, of which the longest floor is 10.00 s", wall.as_secs_f64());
    println!("processor {cpu:.2} s, {:.1} % of one core", 100.0 * cpu / wall.as_secs_f64());
    println!("peak memory {} MB", peak_kilobytes() / 1024);
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

fn world(sandbox: &Sandbox, directory: std::path::PathBuf) -> World {
    let secrets = [
        ("Z", "zego", "server_secret"),
        ("T", "tencent", "secret_key"),
        ("A", "agora", "customer_id"),
        ("B", "agora", "customer_secret"),
    ];
    let env: BTreeMap<String, String> = secrets
        .into_iter()
        .map(|(variable, provider, name)| {
            (variable.to_owned(), credential(provider, name).unwrap().to_owned())
        })
        .collect();
    World {
        clock: Arc::new(SystemClock),
        http: Arc::new(sandbox.clone()),
        random: Arc::new(SystemRandom),
        env: Arc::new(env),
        directory,
        process: Process { user: "bench".into(), host: "here".into(), pid: std::process::id() },
        build: String::new(),
    }
}

#[expect(clippy::cast_precision_loss, reason = "seconds of a bench are few")]
fn seconds(millis: i128) -> f64 {
    millis as f64 / 1000.0
}

/// User and system time of this process, at Linux's 100 ticks a second.
fn processor_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let (_, fields) = stat.rsplit_once(") ").unwrap();
    let ticks = fields.split(' ').skip(11).take(2).map(|ticks| ticks.parse::<i128>().unwrap());
    seconds(10 * ticks.sum::<i128>())
}

/// The most memory this process ever had resident.
fn peak_kilobytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
