//! How many restrictions an apply imposes a second where no rate holds it back, and what memory it
//! needs for that: `cargo bench --bench at_size`.
//!
//! Two processes as in life: `ostracon sandbox --unlimited`, and `ostracon apply --unpaced` with
//! 100,000 users of Tencent (or as many as the first argument says) in a state on disk: 20 a call,
//! and then each with an end of its own, and so a call of its own. A `plan` of the same tells what
//! of it is reading and planning. Not for CI: a busy machine is no news.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::float_arithmetic,
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "a bench may panic, reads and writes files, and prints"
)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use jiff::{Timestamp, ToSpan as _};
use ostracon::sandbox::credential;

const PROGRAM: &str = env!("CARGO_BIN_EXE_ostracon");

fn main() {
    let number = std::env::args().find_map(|word| word.parse().ok());
    let restrictions: u32 = number.unwrap_or(100_000);
    converge(restrictions, 20, |_| "never".to_owned());
    converge(restrictions, 1, |user| (FIRST_END + i64::from(user).seconds()).to_string());
}

/// The first of the ends where each has its own, one a second.
const FIRST_END: Timestamp = Timestamp::constant(2_000_000_000, 0);

/// Plans and applies users whose ends are as given, and says what that cost.
fn converge(restrictions: u32, a_call: u32, end: impl Fn(u32) -> String) {
    let directory = tempfile::tempdir().unwrap();
    let (mut sandbox, address) = sandbox();
    write(directory.path(), &address, restrictions, end);
    let planned = time(directory.path(), &["plan", "--format", "json"]);
    let arguments =
        ["apply", "--auto-approve", "--unpaced", "--format", "json", "--deadline", "1h"];
    let applied = time(directory.path(), &arguments);
    let again = time(directory.path(), &["plan", "--detailed-exitcode"]);
    sandbox.kill().unwrap();
    println!("{restrictions} restrictions, {a_call} a call");
    for (what, cost) in [("plan", planned), ("apply", applied), ("plan", again)] {
        let Cost { wall, processor, peak } = cost;
        let wall = wall.as_secs_f64();
        println!("{what:<6} {wall:>6.2} s, processor {processor:>5.2} s, peak {peak:>4} MB");
    }
    let rest = applied.wall.saturating_sub(planned.wall);
    let rate = |wall: Duration| f64::from(restrictions) / wall.as_secs_f64();
    println!("imposed a second: {:.0}, {:.0} without planning", rate(applied.wall), rate(rest));
}

/// A sandbox that refuses no call for coming too fast, and where it listens.
fn sandbox() -> (Child, String) {
    let mut command = Command::new(PROGRAM);
    command.args(["sandbox", "--port", "0", "--unlimited"]).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.split(' ').find(|word| word.starts_with("http://")).unwrap().to_owned();
    (child, address)
}

/// Files of a thousand users, fifty an entry as far as their ends are the same.
fn write(directory: &Path, address: &str, restrictions: u32, end: impl Fn(u32) -> String) {
    let config = format!(
        "version: 1
targets:
  t:
    provider: tencent
    sdk_app_id: 1400000000
    identifier: administrator
    endpoint: {address}
    credentials: {{ secret_key: {{ env: T }} }}
"
    );
    fs::write(directory.join("ostracon.yaml"), config).unwrap();
    for first in (0..restrictions).step_by(1000) {
        let mut text = "bans:\n".to_owned();
        for entry in (first..restrictions.min(first + 1000)).step_by(50) {
            let room = entry / 50 % 500;
            let mut ends: BTreeMap<String, Vec<String>> = BTreeMap::new();
            for user in entry..restrictions.min(entry + 50) {
                ends.entry(end(user)).or_default().push(format!("user-{user:07}"));
            }
            for (until, users) in ends {
                let users = users.join(", ");
                let rest = format!("reason: Hate speech in chat, until: {until}");
                writeln!(text, "  - {{ target: t, room: live-{room}, users: [{users}], {rest} }}")
                    .unwrap();
            }
        }
        fs::write(directory.join(format!("bans-{first:07}.yaml")), text).unwrap();
    }
}

#[derive(Clone, Copy)]
struct Cost {
    wall: Duration,
    processor: f64,
    /// What memory was at most in use, in MB.
    peak: u64,
}

/// What a command costs that must succeed.
fn time(directory: &Path, arguments: &[&str]) -> Cost {
    let (start, before) = (Instant::now(), processor_of_children());
    let mut command = Command::new(PROGRAM);
    command
        .arg("--dir")
        .arg(directory)
        .args(arguments)
        .env("T", credential("tencent", "secret_key").unwrap());
    let mut child = command.stdout(Stdio::null()).spawn().unwrap();
    let mut peak = 0;
    let status = loop {
        peak = peak_of(child.id()).unwrap_or(peak);
        match child.try_wait().unwrap() {
            Some(status) => break status,
            None => std::thread::sleep(Duration::from_millis(5)),
        }
    };
    assert!(status.success(), "{status}");
    Cost { wall: start.elapsed(), processor: processor_of_children() - before, peak }
}

/// What memory a process that runs has had in use at most, in MB.
fn peak_of(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let (_, peak) = status.split_once("VmHWM:")?;
    let kilobytes: u64 = peak.split_whitespace().next()?.parse().ok()?;
    Some(kilobytes / 1000)
}

/// User and system time of the processes that ended, at Linux's 100 ticks a second.
fn processor_of_children() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let (_, fields) = stat.rsplit_once(") ").unwrap();
    let ticks = fields.split(' ').skip(13).take(2).map(|ticks| ticks.parse::<u32>().unwrap());
    f64::from(ticks.sum::<u32>()) / 100.0
}
