//! The server that the state is on: whether it can be used, and is well.

use jiff::SignedDuration;

use super::check;
use crate::domain::Moment;
use crate::plan::term::CLOCK_TOLERANCE;
use crate::report::count::{counted, grouped};
use crate::report::doctor::{Check, Grade};
use crate::report::span::length;
use crate::store::{OLDEST_SERVER, Rights, Server, Standby};

/// How far a standby may be behind before that is worth a word, in milliseconds.
const LAG: i64 = 10_000;

/// How many dead rows the audit log may have before that is worth a word, if they are also more
/// than a fifth of it.
const DEAD_ROWS: u64 = 10_000;

/// What is to be said of a server that was asked between these two instants of our clock.
pub(super) fn checks(server: &Server, asked: (Moment, Moment)) -> Vec<Check> {
    let standby = server.standby.map(standby);
    let all = [version(server), role(server), clock(server, asked), audit(server)];
    all.into_iter().chain(standby).collect()
}

fn measured(check: Check, numbers: &[(&'static str, i64)]) -> Check {
    Check { measured: numbers.iter().copied().collect(), ..check }
}

fn version(server: &Server) -> Check {
    let Server { version, major, .. } = server;
    let (grade, said) = if *major < OLDEST_SERVER {
        (Grade::Bad, format!("PostgreSQL {version}: {OLDEST_SERVER} or later is needed"))
    } else {
        (Grade::Good, format!("PostgreSQL {version} answers"))
    };
    measured(check("server", grade, said), &[("major", *major)])
}

fn role(server: &Server) -> Check {
    let may = match server.rights {
        Rights::Owner => "owner: may also migrate",
        Rights::Writer => "writer: may apply and give orders",
        Rights::Reader => "reader: may plan and look, not apply",
    };
    check("role", Grade::Good, format!("{}, {may}", server.role))
}

/// Leases go by the server's clock, terms by that of whoever runs.
fn clock(server: &Server, (before, after): (Moment, Moment)) -> Check {
    let ahead = if server.now < before {
        server.now - before
    } else if server.now > after {
        server.now - after
    } else {
        SignedDuration::ZERO
    };
    let (grade, said) = match ahead.as_secs() {
        0 => (Grade::Good, "agrees with the server's".to_owned()),
        seconds => {
            let side = if seconds > 0 { "behind" } else { "ahead of" };
            let far = ahead.abs() > CLOCK_TOLERANCE;
            let grade = if far { Grade::Odd } else { Grade::Good };
            (grade, format!("{} s {side} the server's", seconds.unsigned_abs()))
        }
    };
    measured(check("clock", grade, said), &[("behind_seconds", ahead.as_secs())])
}

fn standby(Standby { lag, follows }: Standby) -> Check {
    let long = length(u64::try_from(lag).unwrap_or(0));
    let (grade, said) = match (follows, lag) {
        (false, _) => (Grade::Odd, format!("hears of no primary; what it has is {long} old")),
        (true, ..1000) => (Grade::Good, "has all that its primary has sent".to_owned()),
        (true, _) => {
            let grade = if lag > LAG { Grade::Odd } else { Grade::Good };
            (grade, format!("about {long} behind its primary"))
        }
    };
    measured(check("standby", grade, said), &[("lag_seconds", lag / 1000)])
}

fn audit(server: &Server) -> Check {
    let Server { audit_bytes, audit_rows, audit_dead, .. } = server;
    let size = format!("{} MB on the server", grouped(audit_bytes.div_ceil(1_000_000)));
    let (grade, said) = if *audit_dead > DEAD_ROWS.max(audit_rows / 5) {
        let dead = counted(*audit_dead, "dead row");
        (Grade::Odd, format!("{size}, {dead}: `VACUUM ostracon.audit` gives their room back"))
    } else {
        (Grade::Good, size)
    };
    let number = |number: &u64| i64::try_from(*number).unwrap_or(i64::MAX);
    let numbers = [("bytes", number(audit_bytes)), ("dead_rows", number(audit_dead))];
    measured(check("audit log", grade, said), &numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server() -> Server {
        Server {
            version: "15.8".to_owned(),
            major: 15,
            role: "ci".to_owned(),
            rights: Rights::Writer,
            now: Moment::from_seconds(1000),
            standby: None,
            audit_bytes: 1_234_567_890,
            audit_rows: 2_000_000,
            audit_dead: 0,
        }
    }

    fn said(server: &Server) -> String {
        let asked = (Moment::from_seconds(1000), Moment::from_seconds(1002));
        let line = |it: &Check| format!("{:?} {}: {}", it.grade, it.what, it.said);
        checks(server, asked).iter().map(line).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_server_that_is_well_is_described_in_a_few_lines() {
        assert_eq!(
            said(&server()),
            "Good server: PostgreSQL 15.8 answers\n\
             Good role: ci, writer: may apply and give orders\n\
             Good clock: agrees with the server's\n\
             Good audit log: 1,235 MB on the server"
        );
    }

    #[test]
    fn what_is_not_as_it_should_be_is_graded() {
        for (change, line) in [
            (
                (|it| (it.version, it.major) = ("13.9".to_owned(), 13)) as fn(&mut Server),
                "Bad server: PostgreSQL 13.9: 14 or later is needed",
            ),
            (
                |it| it.rights = Rights::Reader,
                "Good role: ci, reader: may plan and look, not apply",
            ),
            (|it| it.rights = Rights::Owner, "Good role: ci, owner: may also migrate"),
            (|it| it.now = Moment::from_seconds(990), "Good clock: 10 s ahead of the server's"),
            (|it| it.now = Moment::from_seconds(1100), "Odd clock: 98 s behind the server's"),
            (
                |it| it.standby = Some(Standby { lag: 999, follows: true }),
                "Good standby: has all that its primary has sent",
            ),
            (
                |it| it.standby = Some(Standby { lag: 10_000, follows: true }),
                "Good standby: about 10 s behind its primary",
            ),
            (
                |it| it.standby = Some(Standby { lag: 10_001, follows: true }),
                "Odd standby: about 10 s behind its primary",
            ),
            (
                |it| it.standby = Some(Standby { lag: 7_200_000, follows: false }),
                "Odd standby: hears of no primary; what it has is 2 h old",
            ),
            (
                |it| it.audit_dead = 400_001,
                "Odd audit log: 1,235 MB on the server, 400,001 dead rows: `VACUUM ostracon.audit` \
                 gives their room back",
            ),
            (|it| it.audit_dead = 400_000, "Good audit log: 1,235 MB on the server"),
        ] {
            let mut server = server();
            change(&mut server);
            let said = said(&server);
            assert!(said.lines().any(|it| it == line), "{line}\n{said}");
        }
    }
}
