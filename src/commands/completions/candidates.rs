//! What may stand in an argument: targets of the config, and what the state holds.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use clap::{ArgMatches, CommandFactory as _};
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};

use super::super::prepare::Files;
use super::super::{Context, store};
use crate::cli::{Cli, Global, LogFormat};
use crate::console::{Console, Results};
use crate::domain::{Enforcement, Id, Kind, Restriction, acts_or_hides};
use crate::error::Error;
use crate::store::View;
use crate::world::World;

/// As many are offered at most: nobody reads more.
const MOST: usize = 200;

/// How long whoever types is kept waiting for a state on a server.
const PATIENCE: Duration = Duration::from_secs(2);

/// What was typed so far, as far as it says what to offer.
struct Typed {
    global: Global,
    target: Option<String>,
    room: Option<String>,
    world: World,
}

/// What an argument names.
#[derive(Clone, Copy)]
enum Completes {
    Target,
    Room,
    Subject(Kind),
    Anybody,
    Restriction,
    Order,
}

impl Completes {
    /// What the argument of this name names, if that can be looked up.
    fn of(argument: &str) -> Option<Self> {
        match argument {
            "target" => Some(Self::Target),
            "room" => Some(Self::Room),
            "user" => Some(Self::Subject(Kind::User)),
            "device" => Some(Self::Subject(Kind::Device)),
            "ip" => Some(Self::Subject(Kind::Ip)),
            "stream" => Some(Self::Subject(Kind::Stream)),
            "subject" => Some(Self::Anybody),
            "key" => Some(Self::Restriction),
            "order" => Some(Self::Order),
            _ => None,
        }
    }
}

/// The command line, each argument with what it may be by what was typed before.
pub(super) fn offer(command: clap::Command, words: &[OsString], world: &World) -> clap::Command {
    // However little was typed, some of it can be read.
    let read = Cli::command().ignore_errors(true).try_get_matches_from(words);
    let typed = Arc::new(Typed::of(read.ok().as_ref().map(innermost), world));
    offer_in(command, &typed)
}

fn offer_in(command: clap::Command, typed: &Arc<Typed>) -> clap::Command {
    let with = command.mut_args(|argument| match Completes::of(argument.get_id().as_str()) {
        Some(completes) => {
            let typed = Arc::clone(typed);
            argument.add(ArgValueCompleter::new(move |current: &OsStr| {
                in_time(&typed, completes, current.to_str().unwrap_or_default())
            }))
        }
        None => argument,
    });
    with.mut_subcommands(|inner| offer_in(inner, typed))
}

/// What can be found in time. Whoever types is not told why nothing is offered.
fn in_time(typed: &Arc<Typed>, completes: Completes, begun: &str) -> Vec<CompletionCandidate> {
    let (sender, receiver) = mpsc::channel();
    let (typed, begun) = (Arc::clone(typed), begun.to_owned());
    // It ends with the process, which waits for nobody else.
    thread::spawn(move || {
        let _unheard = sender.send(typed.candidates(completes, &begun));
    });
    receiver.recv_timeout(PATIENCE).ok().and_then(Result::ok).unwrap_or_default()
}

fn innermost(matches: &ArgMatches) -> &ArgMatches {
    matches.subcommand().map_or(matches, |(_, inner)| innermost(inner))
}

impl Typed {
    fn of(matches: Option<&ArgMatches>, world: &World) -> Self {
        let text = |name: &str| {
            let mut values = matches?.try_get_many::<String>(name).ok()??;
            values.next_back().cloned()
        };
        let dir = matches.and_then(|it| it.try_get_one::<PathBuf>("dir").ok()?.cloned());
        let global = Global {
            dir: dir.unwrap_or_else(|| "policies".into()),
            state: text("state"),
            log_format: LogFormat::Text,
            pseudonyms: false,
            pager: false,
            verbose: 0,
        };
        Self { global, target: text("target"), room: text("room"), world: world.clone() }
    }

    fn candidates(
        &self,
        completes: Completes,
        begun: &str,
    ) -> Result<Vec<CompletionCandidate>, Error> {
        let mut console = Console::plain(Results::new(io::sink()), 0);
        let context = Context { global: &self.global, world: &self.world, console: &mut console };
        let files = Files::read_config(&context)?;
        let mut offered = Offered { begun, texts: BTreeMap::new() };
        if let Completes::Target = completes {
            for (name, target) in &files.config.targets {
                offered.add(name.as_str(), || target.provider.facts().title.to_owned());
            }
            return Ok(offered.into_candidates());
        }
        let Some(mut state) = store::read(&context, &files)? else { return Ok(Vec::new()) };
        if let Completes::Order = completes {
            for order in state.orders()? {
                offered.add(&order.id, || format!("{} by {}", order.kind, order.by));
            }
        } else {
            self.look_up(completes, &state.view()?, &mut offered)?;
        }
        Ok(offered.into_candidates())
    }

    fn look_up(
        &self,
        completes: Completes,
        view: &View<'_>,
        offered: &mut Offered<'_>,
    ) -> Result<(), Error> {
        let is_here = |row: &Enforcement| {
            let restriction = &row.restriction;
            self.target.as_ref().is_none_or(|target| restriction.target.as_str() == target)
        };
        view.each_row(|rows| {
            for row in rows.filter(is_here) {
                let Restriction { room, subject, .. } = &row.restriction;
                let room_name = room.as_ref().map(Id::as_str);
                let is_asked = || self.room.is_none() || self.room.as_deref() == room_name;
                let until = || format!("until {}", row.until);
                match completes {
                    // Many may have ends there.
                    Completes::Room => offered.add(room_name.unwrap_or_default(), String::new),
                    Completes::Anybody => offered.add(subject.id.as_str(), until),
                    Completes::Subject(kind) if kind == subject.kind && is_asked() => {
                        offered.add(subject.id.as_str(), until);
                    }
                    Completes::Restriction => offered.add(&row.restriction.to_string(), until),
                    Completes::Target | Completes::Order | Completes::Subject(_) => {}
                }
                if offered.texts.len() >= MOST {
                    break;
                }
            }
        })?;
        Ok(())
    }
}

/// What was found that begins as what was typed, each with a few words about it.
struct Offered<'a> {
    begun: &'a str,
    texts: BTreeMap<String, String>,
}

impl Offered<'_> {
    /// Adds a text, unless a shell could take it for anything but a word: strangers have written it,
    /// and who presses Tab may press Enter.
    fn add(&mut self, text: &str, about: impl FnOnce() -> String) {
        let is_plain = |char: char| char.is_alphanumeric() || "_-.:@+,%=/".contains(char);
        let is_word = !text.starts_with('-') && text.chars().all(is_plain);
        if !text.is_empty()
            && text.starts_with(self.begun)
            && is_word
            && !text.contains(acts_or_hides)
        {
            self.texts.entry(text.to_owned()).or_insert_with(about);
        }
    }

    fn into_candidates(self) -> Vec<CompletionCandidate> {
        let candidate = |(text, about): (String, String)| {
            let about = (!about.is_empty()).then(|| about.replace(acts_or_hides, " ").into());
            CompletionCandidate::new(text).help(about)
        };
        self.texts.into_iter().map(candidate).collect()
    }
}
