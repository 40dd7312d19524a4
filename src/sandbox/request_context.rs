//! One request on its way through a service.

use super::Incoming;
use super::arrivals::Arrivals;
use super::request_log::{Kicked, Ledger, Seen};
use super::settings::Settings;
use crate::domain::{Kind, Moment};

/// What a service sees of one request, and where it notes what it thinks of it.
pub(super) struct RequestContext<'a> {
    /// The provider's name.
    pub(super) provider: &'static str,
    /// The request.
    pub(super) incoming: &'a Incoming,
    /// Its path below the provider's own segment.
    pub(super) path: &'a str,
    /// The clock at arrival.
    pub(super) now: Moment,
    /// A number that no other request has.
    pub(super) number: u64,
    /// How the sandbox behaves.
    pub(super) settings: &'a Settings,
    /// What the sandbox remembers.
    pub(super) ledger: &'a mut Ledger,
    /// How fast calls arrive.
    pub(super) arrivals: &'a mut Arrivals,
    /// What is known of the call so far.
    pub(super) noted: Noted,
}

/// What the call log will say of a request.
#[derive(Default)]
pub(super) struct Noted {
    /// The app, once it is known.
    pub(super) app: String,
    /// The action, once it is known.
    pub(super) action: String,
    /// How many subjects it names, once that is known.
    pub(super) subjects: usize,
    /// The provider's code in the answer.
    pub(super) code: String,
}

impl RequestContext<'_> {
    /// Notes that the caller broke a rule; `what` is a clause.
    pub(super) fn broke(&mut self, what: &str) {
        let Noted { app, action, .. } = &self.noted;
        let words = [self.provider, app, action].into_iter().filter(|word| !word.is_empty());
        let whose = words.collect::<Vec<_>>().join(" ");
        self.ledger.broke(format!("{} at {}: {what}.", whose.escape_debug(), self.now));
    }

    /// Notes each of these as a broken rule.
    pub(super) fn broke_all(&mut self, what: &[String]) {
        for clause in what {
            self.broke(clause);
        }
    }

    /// Notes subjects that are named twice in one call: the second costs a place for nothing.
    pub(super) fn look_for_twins<T: Ord + ToString>(&mut self, subjects: &[T]) {
        let mut sorted: Vec<&T> = subjects.iter().collect();
        sorted.sort_unstable();
        for pair in sorted.windows(2) {
            if let [first, second] = pair
                && first == second
            {
                self.broke(&format!("`{}` is named twice", first.to_string().escape_debug()));
            }
        }
    }

    /// Counts the arrival at a rate that `lane` of the app or account shares; answers whether it
    /// comes too fast.
    pub(super) fn is_too_fast(&mut self, lane: &str, per_second: usize) -> bool {
        if self.settings.unlimited {
            return false;
        }
        let who = format!("{} {} {lane}", self.provider, self.noted.app);
        let count = self.arrivals.arrive(&who, self.now);
        if count > per_second {
            self.broke(&format!(
                "{count} calls ({lane}) arrived within one second, {per_second} are allowed"
            ));
        }
        count > per_second
    }

    /// Notes that somebody was put out once.
    pub(super) fn kicked(&mut self, app: &str, room: Option<&str>, (kind, subject): (Kind, &str)) {
        self.ledger.kicked(Kicked {
            provider: self.provider,
            app: app.to_owned(),
            room: room.map(str::to_owned),
            kind,
            subject: subject.to_owned(),
        });
    }

    /// Whether the sandbox was told that this room does not exist.
    pub(super) fn is_missing(&self, room: &str) -> bool {
        // The set is empty or small, and only tests fill it.
        self.settings
            .missing_rooms
            .iter()
            .any(|(provider, missing)| provider == self.provider && missing == room)
    }

    /// Puts the call into the log.
    pub(super) fn end(self) {
        let Self { provider, now: at, noted, .. } = self;
        let Noted { app, action, subjects, code } = noted;
        self.ledger.saw(Seen { at, provider, app, action, subjects, code });
    }
}
