//! Exit codes: the contract with scripts and CI (design §4).

/// How the program ends.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Exit {
    /// Done.
    Done,
    /// An error before anything was sent.
    Error,
    /// `plan --detailed-exitcode` found an operation other than upkeep, or `drift` a difference.
    Changes,
    /// Some operations failed, are deferred or in doubt: run again.
    Unfinished,
    /// A guard holds operations back.
    Guarded,
    /// Another run holds the lock.
    Locked,
    /// The plan file is refused.
    PlanRefused,
    /// The state cannot be used.
    State,
    /// The command line is wrong.
    Usage,
    /// Interrupted, after a clean stop.
    Interrupted,
    /// Told to end, after a clean stop.
    Terminated,
}

impl Exit {
    /// Every exit, in the order of the codes.
    pub const ALL: [Self; 11] = [
        Self::Done,
        Self::Error,
        Self::Changes,
        Self::Unfinished,
        Self::Guarded,
        Self::Locked,
        Self::PlanRefused,
        Self::State,
        Self::Usage,
        Self::Interrupted,
        Self::Terminated,
    ];

    /// The code.
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Error => 1,
            Self::Changes => 2,
            Self::Unfinished => 3,
            Self::Guarded => 4,
            Self::Locked => 5,
            Self::PlanRefused => 6,
            Self::State => 7,
            Self::Usage => 64,
            Self::Interrupted => 130,
            Self::Terminated => 143,
        }
    }

    /// What it means, for the reference and the man page.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Error => "error before anything was sent",
            Self::Changes => {
                "`plan --detailed-exitcode` found an operation other than upkeep, or `drift` a \
                 difference"
            }
            Self::Unfinished => {
                "some operations failed, are deferred or in doubt; the state is true, run again \
                 (waiting alone is 0, with a warning)"
            }
            Self::Guarded => "a guard holds operations back; `apply` does the upkeep all the same",
            Self::Locked => "another run holds the lock",
            Self::PlanRefused => {
                "plan file refused: stale, altered, expired, unreadable, or of another state"
            }
            Self::State => "state missing, unreadable, unwritable, or newer than this program",
            Self::Usage => "wrong usage",
            Self::Interrupted => "interrupted (SIGINT), after a clean stop",
            Self::Terminated => "told to end (SIGTERM), after a clean stop",
        }
    }
}

/// The exit codes as a Markdown table, for the reference.
pub fn table() -> String {
    let rows = Exit::ALL.map(|exit| format!("| {} | {} |\n", exit.code(), exit.meaning()));
    format!("| code | meaning |\n|---:|---|\n{}", rows.concat())
}
