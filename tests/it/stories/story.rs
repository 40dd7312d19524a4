//! The whole program in virtual time: files, a state file, the emulation, and a clock.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser as _;
use jiff::SignedDuration;
use ostracon::apply::{Cause, Shutdown};
use ostracon::cli::{Cli, Command};
use ostracon::commands::run::{Nudge, Service};
use ostracon::commands::{Context, apply, doctor, drift, import, orders, plan};
use ostracon::domain::{Lapse, Moment};
use ostracon::exit::Exit;
use ostracon::policy::{Permissions, Workspace, load, render};
use ostracon::provider::REGISTRY;
use ostracon::sandbox::{InForce, Incoming, InjectedFault, Sandbox, credential};
use ostracon::store::{Snapshot, State};
use ostracon::world::{Clock as _, Process, World};
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use super::bounds::{Bounded, LONGEST_RUN};
use super::clock::{Seeded, StoryClock};
use super::page::console;
use super::saved;
use crate::workspace::Files;

/// When every story begins.
pub(super) const START: &str = "2026-11-20T12:00:00Z";

/// Something that happens while the service runs, which it may be told of.
pub(super) type Happening<'a> = Box<dyn FnOnce(&UnboundedSender<Nudge>) + 'a>;

/// A workspace, the four providers, and what happens to them.
pub(super) struct Story {
    pub(super) files: Files,
    pub(super) sandbox: Sandbox,
    pub(super) clock: Arc<StoryClock>,
    pub(super) world: World,
    /// Where the state is, if not beside the files.
    pub(super) state: Option<String>,
}

/// What came of one run of `apply`.
#[derive(Debug)]
pub(super) struct Run {
    /// How the program ended.
    pub(super) exit: Exit,
    /// Its outcome as JSON; null when it ended early.
    pub(super) outcome: Value,
    /// What went wrong, when it ended early.
    pub(super) error: String,
}

impl Run {
    /// Checks how the program ended.
    #[track_caller]
    pub(super) fn ends(self, exit: Exit) -> Self {
        assert_eq!(self.exit, exit, "{self:#?}");
        self
    }

    /// How many operations ended this way.
    pub(super) fn count(&self, fate: &str) -> u64 {
        self.outcome["summary"][fate].as_u64().unwrap()
    }

    /// What is not done, as `subject action outcome`.
    pub(super) fn problems(&self) -> Vec<String> {
        let problems = self.outcome["problems"].as_array().unwrap();
        let text = |problem: &Value, key: &str| problem[key].as_str().unwrap().to_owned();
        let line = |it| ["subject", "action", "outcome"].map(|key| text(it, key)).join(" ");
        problems.iter().map(line).collect()
    }
}

impl Story {
    /// A story with a target of each provider, about which nothing is in force.
    pub(super) fn new() -> Self {
        Self::seeded(1)
    }

    /// The same with another chance.
    pub(super) fn seeded(seed: u64) -> Self {
        let clock = Arc::new(StoryClock::new(Moment::parse(START).unwrap()));
        let sandbox = Sandbox::new(Arc::<StoryClock>::clone(&clock));
        let mut env = BTreeMap::new();
        for (variable, provider, name) in [
            ("Z", "zego", "server_secret"),
            ("T", "tencent", "secret_key"),
            ("V", "volcengine", "access_key_id"),
            ("W", "volcengine", "secret_access_key"),
            ("A", "agora", "customer_id"),
            ("B", "agora", "customer_secret"),
        ] {
            env.insert(variable.to_owned(), credential(provider, name).unwrap().to_owned());
        }
        let files = Files::new(&[]);
        let world = World {
            clock: Arc::<StoryClock>::clone(&clock),
            http: Arc::new(sandbox.clone()),
            random: Arc::new(Seeded::new(seed)),
            env: Arc::new(env),
            directory: files.path().to_owned(),
            process: Process { user: "teller".into(), host: "here".into(), pid: 1 },
        };
        Self { files, sandbox, clock, world, state: None }
    }

    /// Somebody else, who has another policy and state but the same apps at the same providers.
    pub(super) fn neighbour(&self) -> Self {
        let files = Files::new(&[]);
        let world = World { directory: files.path().to_owned(), ..self.world.clone() };
        let (sandbox, clock) = (self.sandbox.clone(), Arc::clone(&self.clock));
        Self { files, sandbox, clock, world, state: None }
    }

    /// Puts this in the place of the policy.
    pub(super) fn policy(&self, yaml: &str) {
        self.files.write("policy.yaml", yaml.as_bytes());
    }

    /// Puts this in the place of the config.
    pub(super) fn config(&self, yaml: &str) {
        self.files.write("ostracon.yaml", yaml.as_bytes());
    }

    /// Sets an environment variable.
    pub(super) fn variable(&mut self, name: &str, value: &str) {
        Arc::make_mut(&mut self.world.env).insert(name.to_owned(), value.to_owned());
    }

    /// Lets time pass.
    pub(super) fn advance(&self, span: SignedDuration) {
        self.clock.pass(span);
    }

    /// Sets the clock: no time passes.
    pub(super) fn set_clock(&self, now: Moment) {
        self.clock.set(now);
    }

    /// What time it is.
    pub(super) fn now(&self) -> Moment {
        self.clock.now()
    }

    /// Lets everything go well from now on.
    pub(super) fn calm(&self) {
        self.sandbox.inject_faults(|_: &Incoming| InjectedFault::Answer);
    }

    /// Lets one request meet this fate: the first, after `spared` others, that `is_meant`.
    pub(super) fn strike(
        &self,
        fate: InjectedFault,
        spared: usize,
        is_meant: impl Fn(&Incoming) -> bool + Send + 'static,
    ) {
        let mut seen = 0;
        self.sandbox.inject_faults(move |incoming: &Incoming| {
            if !is_meant(incoming) {
                return InjectedFault::Answer;
            }
            seen += 1;
            if seen == spared + 1 { fate } else { InjectedFault::Answer }
        });
    }

    /// Runs `apply --auto-approve`.
    pub(super) fn apply(&self) -> Run {
        self.apply_with(&[])
    }

    /// Runs `apply --auto-approve` with more arguments.
    pub(super) fn apply_with(&self, more: &[&str]) -> Run {
        self.play(more, None).unwrap()
    }

    /// Runs `apply`, and lets it be killed after this long; what came of it if it was quicker.
    pub(super) fn crash_after(&self, span: Duration) -> Option<Run> {
        self.play(&[], Some(span))
    }

    /// Runs `apply --auto-approve` with more arguments, and kills it after a while if told so.
    pub(super) fn play(&self, more: &[&str], crash: Option<Duration>) -> Option<Run> {
        let fixed = ["apply", "--auto-approve", "--format", "json"];
        let cli = Cli::parse_from(self.words(&[&fixed, more].concat()));
        let Command::Apply(args) = &cli.command else { panic!("not `apply`") };
        let (out, mut console) = console();
        let world = self.bounded();
        let mut context = Context { global: &cli.global, world: &world, console: &mut console };
        // A runtime of its own for each run: dropping it drops every task, as a kill would.
        let runtime = virtual_time();
        let ended = runtime.block_on(async {
            self.clock.start();
            let run = apply::run_within(&mut context, args);
            let span = crash.unwrap_or(LONGEST_RUN);
            let ended = tokio::time::timeout(span, run).await.ok();
            assert!(ended.is_some() || crash.is_some(), "the run did not end in {span:?}");
            self.clock.stop();
            ended
        });
        drop(runtime);
        Some(match ended? {
            Ok(exit) => {
                let outcome = serde_json::from_str(&out.text()).unwrap_or_default();
                Run { exit, outcome, error: String::new() }
            }
            Err(error) => {
                let text = format!("{}{}: {:?}", error.preface, error.message, error.causes);
                Run { exit: error.exit, outcome: Value::Null, error: text }
            }
        })
    }

    /// Runs a command that asks the providers, in virtual time.
    pub(super) fn read(&self, arguments: &[&str]) -> (Exit, String) {
        let cli = Cli::parse_from(self.words(arguments));
        let (out, mut console) = console();
        let world = self.bounded();
        let mut context = Context { global: &cli.global, world: &world, console: &mut console };
        let runtime = virtual_time();
        let ended = runtime.block_on(async {
            self.clock.start();
            let read = async {
                match &cli.command {
                    Command::Drift(args) => drift::run_within(&mut context, args).await,
                    Command::Doctor(args) => doctor::run_within(&mut context, args).await,
                    Command::Import(args) => import::run_within(&mut context, args).await,
                    Command::Plan(args) => plan::run_within(&mut context, args).await,
                    Command::Apply(args) => apply::run_within(&mut context, args).await,
                    Command::Ban(args) => orders::ban::run_within(&mut context, args).await,
                    Command::Lift(args) => orders::lift::run_within(&mut context, args).await,
                    Command::Orders(args) => orders::run_within(&mut context, args).await,
                    other => panic!("{other:?} asks nobody"),
                }
            };
            let ended = tokio::time::timeout(LONGEST_RUN, read).await;
            self.clock.stop();
            ended.unwrap()
        });
        match ended {
            Ok(exit) => (exit, out.text()),
            Err(error) => (error.exit, format!("{}: {:?}", error.message, error.causes)),
        }
    }

    /// Runs a command other than `apply`. A plan must look the same when it is saved and shown.
    pub(super) fn command(&self, arguments: &[&str]) -> (Exit, String) {
        let (exit, text) = self.run(arguments);
        saved::looks_the_same(self, arguments, exit, &text);
        (exit, text)
    }

    /// Runs a command other than `apply`, as it is.
    pub(super) fn run(&self, arguments: &[&str]) -> (Exit, String) {
        let (out, mut console) = console();
        let arguments = self.words(arguments).into_iter().map(Into::into);
        let exit = ostracon::run(arguments, &self.bounded(), &mut console);
        (exit, out.text())
    }

    /// Lets the service run for so long, while things happen; how it ended.
    pub(super) fn serve(&self, span: Duration, happenings: Vec<(Duration, Happening<'_>)>) -> Exit {
        let (_, mut console) = console();
        let cli = Cli::parse_from(self.words(&["run"]));
        let world = self.world.clone();
        let context = Context { global: &cli.global, world: &world, console: &mut console };
        let runtime = virtual_time();
        runtime.block_on(async {
            self.clock.start();
            let begun = tokio::time::Instant::now();
            let shutdown = Shutdown::default();
            let (nudges, inbox) = unbounded_channel();
            let every = Duration::from_secs(30);
            let mut service = Service::new(&context, every, (shutdown.clone(), inbox)).unwrap();
            let script = async {
                for (at, happens) in happenings {
                    tokio::time::sleep_until(begun + at).await;
                    happens(&nudges);
                }
                tokio::time::sleep_until(begun + span).await;
                shutdown.request(Cause::Terminated);
            };
            let (ended, ()) = tokio::join!(service.keep_time(), script);
            drop(service);
            self.clock.stop();
            ended.unwrap()
        })
    }

    /// The world, for one run.
    fn bounded(&self) -> World {
        let http = Arc::new(Bounded::new(Arc::clone(&self.world.http)));
        World { http, ..self.world.clone() }
    }

    /// The plan, as JSON.
    pub(super) fn plan(&self) -> Value {
        let (exit, text) = self.command(&["plan", "--format", "json"]);
        assert!(matches!(exit, Exit::Done | Exit::Guarded), "{exit:?} {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// The plan's operations, as `action subject because`.
    pub(super) fn planned(&self) -> Vec<String> {
        let plan = self.plan();
        let text = |operation: &Value, key: &str| operation[key].as_str().unwrap().to_owned();
        let line = |it| {
            let (action, subject) = (text(it, "action"), text(it, "subject"));
            format!("{action} {subject} {}", text(it, "because"))
        };
        plan["operations"].as_array().unwrap().iter().map(line).collect()
    }

    /// What is in force, as `provider room subject deny` without what is left at its default;
    /// what is in force twice is there twice.
    pub(super) fn held(&self) -> Vec<String> {
        let mut held: Vec<_> = self.sandbox.in_force().iter().map(name).collect();
        held.sort();
        held
    }

    /// Checks what is in force.
    #[track_caller]
    pub(super) fn holds(&self, expected: &[&str]) {
        assert_eq!(self.held(), expected);
    }

    /// When what is in force about this subject ends.
    pub(super) fn end_of(&self, subject: &str) -> Moment {
        let mut ends = self.sandbox.in_force().into_iter().filter(|row| row.subject == subject);
        match ends.next().map(|row| row.end) {
            Some(Lapse::At(end)) => end,
            other => panic!("{subject}: {other:?}"),
        }
    }

    /// Checks that nothing is left to do.
    #[track_caller]
    pub(super) fn settled(&self) {
        assert_eq!(self.planned(), Vec::<String>::new());
    }

    /// The workspace as it is read.
    pub(super) fn workspace(&self) -> Workspace {
        load(self.files.path(), &Permissions::default())
            .unwrap_or_else(|diagnostics| panic!("{}", render(&diagnostics)))
    }

    /// Checks that the providers equal the files.
    #[track_caller]
    pub(super) fn agrees(&self) {
        assert_eq!(self.held(), self.wanted());
    }

    /// What the state knows.
    pub(super) fn snapshot(&self) -> Snapshot {
        State::read(&self.location()).unwrap().unwrap().snapshot().unwrap()
    }
}

/// At the end of every story no provider has anything to complain of.
impl Drop for Story {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(self.sandbox.broken_rules(), Vec::<String>::new());
        }
    }
}

/// What a row is called in [`Story::held`].
pub(super) fn name(row: &InForce) -> String {
    assert!(REGISTRY.iter().any(|provider| provider.facts().name == row.provider));
    let room = row.room.as_ref().map(|room| format!(" {room}")).unwrap_or_default();
    let deny = match row.deny.to_string() {
        none if none.is_empty() || none == "join" => String::new(),
        deny => format!(" {deny}"),
    };
    format!("{}{room} {}{deny}", row.provider, row.subject)
}

/// A runtime whose time passes only when everybody waits.
fn virtual_time() -> Runtime {
    Builder::new_current_thread().enable_all().start_paused(true).build().unwrap()
}

/// So many hours.
pub(super) fn hours(hours: i64) -> SignedDuration {
    SignedDuration::from_hours(hours)
}
