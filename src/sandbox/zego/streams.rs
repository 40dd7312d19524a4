//! `ForbidRTCStream(s)` and `ResumeRTCStream(s)`: streams are forbidden until they are resumed.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;

use super::gate::Environment;
use super::{Refusal, refusal};
use crate::domain::{Deny, Kind, Lapse, Moment};
use crate::sandbox::InForce;
use crate::sandbox::query::Query;
use crate::sandbox::request_context::RequestContext;

/// The answer to calls that come too fast.
pub(super) const TOO_FAST: Refusal = refusal(30002, "call rate too high");

/// "20/s, all rooms; 5/s in the test environment"; assumed shared by all four actions.
const PER_SECOND: usize = 20;
const PER_SECOND_IN_TEST: usize = 5;
/// Streams in one call.
const MOST_STREAMS: usize = 20;
/// The SDK reference: a stream id has up to 256 characters.
const LONGEST_STREAM: usize = 256;
/// How long the sequence of an earlier call about a stream must be exceeded.
const SEQUENCE_WINDOW: SignedDuration = SignedDuration::from_secs(10);

/// What is to be done to streams, and the form of the call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Order {
    change: Change,
    size: Size,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Change {
    Forbid,
    Resume,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Size {
    Single,
    Batch,
}

impl Order {
    /// The order that this action means.
    pub(super) fn parse(action: &str) -> Option<Self> {
        let (change, size) = match action {
            "ForbidRTCStream" => (Change::Forbid, Size::Single),
            "ForbidRTCStreams" => (Change::Forbid, Size::Batch),
            "ResumeRTCStream" => (Change::Resume, Size::Single),
            "ResumeRTCStreams" => (Change::Resume, Size::Batch),
            _ => return None,
        };
        Some(Self { change, size })
    }

    /// The parameters of the action.
    pub(super) const fn parameters(self) -> &'static [&'static str] {
        match self.size {
            Size::Single => &["StreamId", "Sequence"],
            Size::Batch => &["StreamId[]", "Sequence"],
        }
    }

    fn streams(self, query: &Query) -> Vec<&str> {
        match self.size {
            Size::Single => query.one("StreamId").into_iter().collect(),
            Size::Batch => query.all("StreamId[]").collect(),
        }
    }

    /// How an id that breaks the naming rules is refused.
    const fn illegal(self) -> Refusal {
        match self.size {
            Size::Single => refusal(30009, "StreamId not allowed by the naming rules"),
            Size::Batch => refusal(30006, "invalid StreamId list"),
        }
    }
}

/// The streams of one app.
#[derive(Default)]
pub(super) struct Streams {
    forbidden: BTreeSet<String>,
    sequences: BTreeMap<String, (i64, Moment)>,
}

impl Streams {
    /// Does what a call asks for. Streams that nobody knows are recorded all the same.
    pub(super) fn obey(
        &mut self,
        context: &mut RequestContext<'_>,
        query: &Query,
        order: Order,
        environment: Environment,
    ) -> Result<(), Refusal> {
        let streams = order.streams(query);
        context.noted.subjects = streams.len();
        let (lane, per_second) = match environment {
            Environment::Production => ("streams", PER_SECOND),
            Environment::Test => ("streams in test", PER_SECOND_IN_TEST),
        };
        if context.is_too_fast(lane, per_second) {
            return Err(TOO_FAST);
        }
        let sequence = query.one("Sequence").and_then(|text| text.parse::<i64>().ok());
        let sequence = sequence.ok_or(refusal(2, "bad parameter: Sequence"))?;
        if streams.is_empty() || streams.len() > MOST_STREAMS {
            return Err(refusal(30006, "invalid StreamId list"));
        }
        if !streams.iter().all(|stream| is_legal(stream)) {
            return Err(order.illegal());
        }
        let prefix = format!("zegotest-{}-", context.noted.app);
        if environment == Environment::Test && !streams.iter().all(|id| id.starts_with(&prefix)) {
            context.broke(&format!("a stream of the test environment starts with `{prefix}`"));
            return Err(order.illegal());
        }
        context.look_for_twins(&streams);
        for stream in streams {
            self.apply(context, stream, sequence, order.change);
        }
        Ok(())
    }

    fn apply(
        &mut self,
        context: &mut RequestContext<'_>,
        stream: &str,
        sequence: i64,
        change: Change,
    ) {
        if let Some((highest, at)) = self.sequences.get(stream)
            && context.now - *at <= SEQUENCE_WINDOW
            && sequence <= *highest
        {
            // What becomes of such a call is not documented; a stale one must not win.
            context.broke(&format!(
                "sequence {sequence} of `{stream}` follows {highest} within 10 seconds"
            ));
            return;
        }
        self.sequences.insert(stream.to_owned(), (sequence, context.now));
        match change {
            Change::Forbid => self.forbidden.insert(stream.to_owned()),
            Change::Resume => self.forbidden.remove(stream),
        };
    }

    /// The streams that are forbidden.
    pub(super) fn in_force(&self, app: u32) -> impl Iterator<Item = InForce> {
        self.forbidden.iter().map(move |stream| InForce {
            provider: "zego",
            app: app.to_string(),
            room: None,
            kind: Kind::Stream,
            subject: stream.clone(),
            deny: Deny::NOTHING,
            end: Lapse::Open,
            reason: None,
            rule: None,
        })
    }
}

fn is_legal(stream: &str) -> bool {
    (1..=LONGEST_STREAM).contains(&stream.len())
        && stream.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
}
