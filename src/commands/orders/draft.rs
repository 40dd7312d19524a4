//! An order as it was typed, and as it is checked: as an entry would be.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::SignedDuration;

use crate::commands::Context;
use crate::commands::leased_store::uuid;
use crate::commands::prepare::Files;
use crate::domain::{
    Deny, Id, Kind, Moment, Order, OrderKind, Subject, TargetName, Until, Wanted, Who, span,
};
use crate::error::Error;
use crate::exit::Exit;
use crate::policy::{self, Diagnostic, ORDER, Severity};
use crate::report::escape::Terminal;
use crate::report::policy_yaml::{Entry, entries_yaml};

/// Whom an order is about.
#[derive(Debug, clap::Args)]
pub struct Whom {
    /// The target
    #[arg(long, value_name = "NAME")]
    pub target: String,

    /// The room; alone at Agora, everybody in it
    #[arg(long, value_name = "ID")]
    pub room: Option<String>,

    /// A user; may be given several times, as the others may
    #[arg(long, value_name = "ID")]
    pub user: Vec<String>,

    /// A device
    #[arg(long, value_name = "ID")]
    pub device: Vec<String>,

    /// An IP address
    #[arg(long, value_name = "ADDRESS")]
    pub ip: Vec<String>,

    /// A stream
    #[arg(long, value_name = "ID")]
    pub stream: Vec<String>,
}

impl Whom {
    /// The subjects of each kind, as they were typed.
    fn subjects(&self) -> Vec<(Kind, Vec<Id>)> {
        let kinds = [
            (Kind::User, &self.user),
            (Kind::Device, &self.device),
            (Kind::Ip, &self.ip),
            (Kind::Stream, &self.stream),
        ];
        let ids = |texts: &[String]| texts.iter().map(|text| Id::new(text.as_str())).collect();
        let named: Vec<(Kind, Vec<Id>)> = kinds
            .into_iter()
            .filter(|(_, texts)| !texts.is_empty())
            .map(|(kind, texts)| (kind, ids(texts)))
            .collect();
        match (&self.room, named.is_empty()) {
            (Some(room), true) => vec![(Kind::Channel, vec![Id::new(room.as_str())])],
            (_, _) => named,
        }
    }
}

/// An order as it was typed.
pub(super) struct Draft<'a> {
    /// What is ordered.
    pub(super) kind: OrderKind,
    /// Whom it is about.
    pub(super) whom: &'a Whom,
    /// How long it stands; the longest that is allowed if nobody says.
    pub(super) span: Option<SignedDuration>,
    /// Until when, in place of that.
    pub(super) until: Option<Moment>,
    /// Why.
    pub(super) why: &'a str,
    /// What it denies.
    pub(super) deny: Deny,
    /// Whether it may reach everybody somewhere.
    pub(super) wide: bool,
    /// What it says for people.
    pub(super) meta: &'a [(String, String)],
}

impl Draft<'_> {
    /// Checks it as policy is checked; the files that it goes beside, and the order.
    pub(super) fn check(&self, context: &Context<'_>) -> Result<(Files, Order), Error> {
        let now = context.world.now();
        if self.whom.subjects().is_empty() {
            return Err(Error::new(Exit::Usage, "the order names nobody")
                .hint("say `--user`, `--device`, `--ip` or `--stream`, or a `--room` alone"));
        }
        let until = self.until.or(self.span.map(|span| now + span));
        let text = self.yaml(until.unwrap_or(now))?;
        let beside = [(ORDER.to_owned(), text)].into();
        let loaded = policy::load_edited(&context.global.dir, &context.permissions(), beside);
        let mut workspace = loaded.map_err(|diagnostics| refusal(&diagnostics))?;
        let wanted = workspace.wanted.take(ORDER);
        workspace.metas.retain(|source, _| *source.file != *ORDER);
        workspace.entries = workspace.entries.saturating_sub(self.whom.subjects().len());
        let files = Files::of(workspace);
        let limits = files.config.orders;
        let until = until.unwrap_or(now + limits.max);
        let order = self.order(context, &wanted, until)?;
        let most = format!("{:#}", limits.max);
        if until <= now {
            return Err(Error::new(
                Exit::Error,
                format!("{until} has passed: nothing was ordered"),
            ));
        }
        if until - now > limits.max {
            let message = format!("an order stands for {most} at most: nothing was ordered");
            return Err(Error::new(Exit::Error, message)
                .hint("a longer one needs a pull request; `orders: { max }` sets the limit"));
        }
        if order.subjects.len() as u64 > limits.subjects {
            let (many, most) = (order.subjects.len(), limits.subjects);
            let message = format!(
                "the order names {many} subjects, and {most} is the most: nothing was ordered"
            );
            return Err(Error::new(Exit::Error, message)
                .hint("more need a pull request; `orders: { subjects }` sets the limit"));
        }
        Ok((files, order))
    }

    /// The order as a policy file.
    fn yaml(&self, until: Moment) -> Result<String, Error> {
        let target = TargetName::parse(&self.whom.target).ok_or_else(|| {
            let message = format!("`{}` is no name of a target", Terminal(&self.whom.target));
            Error::new(Exit::Error, message)
        })?;
        let room = self.whom.room.as_deref().map(Id::new);
        let subjects = self.whom.subjects();
        let meta: Vec<(&str, &str)> =
            self.meta.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        let lifts = self.kind == OrderKind::Lift;
        let entries: Vec<Entry<'_>> = subjects
            .iter()
            .map(|(kind, ids)| Entry {
                id: None,
                targets: vec![&target],
                room: room.as_ref(),
                kind: *kind,
                subjects: ids.iter().collect(),
                deny: self.deny,
                // A lift takes nothing away from anybody.
                wide: self.wide || lifts && matches!(kind, Kind::Channel | Kind::Ip),
                reason: Some(self.why).filter(|_| !lifts),
                from: None,
                until: Until::At(until),
                meta: meta.clone(),
            })
            .collect();
        let mut text = String::new();
        entries_yaml(&entries, &mut text)
            .map_err(|error| Error::new(Exit::Error, "cannot write the order").caused_by(&error))?;
        Ok(text)
    }

    fn order(
        &self,
        context: &Context<'_>,
        wanted: &[Wanted],
        until: Moment,
    ) -> Result<Order, Error> {
        let Some(first) = wanted.first() else {
            return Err(Error::new(Exit::Error, "the order names nobody who may be restricted"));
        };
        let subjects = wanted.iter().flat_map(|wanted| {
            wanted.ids.iter().map(|id| Subject { kind: wanted.kind, id: id.clone() })
        });
        Ok(Order {
            id: uuid(context.world).into(),
            kind: self.kind,
            target: first.target.clone(),
            room: first.room.clone(),
            subjects: subjects.collect(),
            deny: first.deny,
            until,
            why: Arc::from(self.why),
            meta: self.meta.iter().cloned().collect::<BTreeMap<_, _>>(),
            given: context.world.now(),
            by: Who::default(),
            ended: None,
        })
    }
}

/// Why an order is refused; what is wrong with the files is said as `validate` says it.
fn refusal(diagnostics: &[Diagnostic]) -> Error {
    let is_own = |it: &&Diagnostic| {
        let own = it.place.as_ref().is_some_and(|place| *place.file == *ORDER);
        own && it.severity == Severity::Error
    };
    let own: Vec<&Diagnostic> = diagnostics.iter().filter(is_own).collect();
    let Some(first) = own.first() else { return Error::of_policy(diagnostics) };
    let messages: Vec<&str> = own.iter().map(|it| it.message.as_str()).collect();
    let error = Error::new(Exit::Error, format!("{}: nothing was ordered", messages.join("; ")));
    match &first.help {
        Some(help) => error.hint(help.clone()),
        None => error,
    }
}

/// Reads a span of time, for the command line.
pub(super) fn span(text: &str) -> Result<SignedDuration, String> {
    span::lasting(text)
        .ok_or_else(|| "not a span of time, as in `90m`, `24h` or `2d12h`".to_owned())
}

/// Reads `KEY=VALUE`, for the command line.
pub(in crate::commands) fn pair(text: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=').filter(|(key, _)| !key.is_empty());
    let pair = pair.map(|(key, value)| (key.to_owned(), value.to_owned()));
    pair.ok_or_else(|| "not `KEY=VALUE`".to_owned())
}

/// Reads what a ban denies, for the command line.
pub(super) fn deny(text: &str) -> Result<Deny, String> {
    let names: Vec<&str> = Deny::NAMES.iter().map(|(_, name)| *name).collect();
    Deny::parse(text).ok_or_else(|| format!("one of {}", names.join(", ")))
}
