//! What a plan warns of.

use super::bench::{Bench, DAY, HOUR, Sort, at, target, until};
use crate::domain::{Enforcement, Lapse, TargetName, Until, Wanted, Warning};
use crate::provider::{Options, Target};

fn codes(bench: &Bench) -> Vec<String> {
    bench.plan().warnings.iter().map(|warning| warning.code.to_string()).collect()
}

fn renewals(count: i64, lapse: i64) -> Bench {
    let ids = || (1000..1000 + count).map(|id| id.to_string());
    let wanted: Vec<Wanted> = ids().map(|id| Sort::Agora.wanted(&id, Until::Never)).collect();
    let recorded = ids().map(|id| {
        let mut row = Sort::Agora.row(&id, Until::Never);
        row.held.as_mut().unwrap().lapse = Lapse::At(at(lapse));
        row
    });
    Bench::new(wanted, recorded.collect())
}

#[test]
fn renewals_that_the_rate_makes_late_are_warned_of() {
    // Ten calls a second: the hundredth ends after ten seconds.
    assert!(codes(&renewals(100, 10)).is_empty());
    assert!(codes(&renewals(101, 11)).is_empty());
    let bench = renewals(105, 10);
    assert_eq!(codes(&bench), ["renewals-late"]);
    let message = &bench.plan().warnings[0].message;
    assert!(message.starts_with("5 due renewals at `agora` cannot be made"), "{message}");
}

#[test]
fn lifts_that_go_first_make_renewals_late_too() {
    let mut bench = renewals(100, 10);
    bench.recorded.extend((0..20).map(|id: u32| {
        let mut row = Sort::Agora.row(&(2000 + id).to_string(), until(0));
        row.held.as_mut().unwrap().lapse = Lapse::At(at(HOUR));
        row
    }));
    assert_eq!(codes(&bench), ["renewals-late"]);
}

#[test]
fn targets_of_one_account_share_its_rate() {
    for (account, expected) in [(None, &["renewals-late"; 2][..1]), (Some("own"), &[][..])] {
        let mut bench = renewals(60, 10);
        let mut second = renewals(60, 10);
        let name = TargetName::parse("agora-2").unwrap();
        second.wanted.iter_mut().for_each(|wanted| wanted.target = name.clone());
        second.recorded.iter_mut().for_each(|row| row.restriction.target = name.clone());
        bench.wanted.extend(second.wanted);
        bench.recorded.extend(second.recorded);
        let account = account.map(Into::into);
        let other = Target { name: name.clone(), account, ..target("agora") };
        bench.targets.insert(name, other.into());
        assert_eq!(codes(&bench), expected);
    }
}

#[test]
fn a_room_that_would_hold_too_many_is_warned_of() {
    let ids = |from: u32, to: u32| (from..to).map(|id| id.to_string());
    let rows: Vec<Enforcement> =
        ids(10, 20).map(|id| Sort::Volcengine.row(&id, until(DAY))).collect();
    let quota = |bench: Bench, quota| {
        codes(&bench.options("volcengine", Options { quota: Some(quota), ..Options::default() }))
    };
    let wanted = |from, to| -> Vec<Wanted> {
        ids(from, to).map(|id| Sort::Volcengine.wanted(&id, until(DAY))).collect()
    };
    assert!(quota(Bench::new(wanted(10, 21), rows.clone()), 11).is_empty());
    assert_eq!(quota(Bench::new(wanted(10, 22), rows.clone()), 11), ["room-full"]);
    // Lifts make room.
    assert!(quota(Bench::new(wanted(15, 26), rows.clone()), 11).is_empty());
    // Devices are counted apart.
    let devices = ids(10, 21).map(|id| Sort::VolcengineDevice.wanted(&id, until(DAY)));
    let both = wanted(10, 20).into_iter().chain(devices).collect();
    assert!(quota(Bench::new(both, rows), 11).is_empty());
}

#[test]
fn a_zego_ban_says_in_words_that_it_keeps_nobody_out() {
    let bench = Bench::new(vec![Sort::ZegoUser.wanted("9", until(DAY))], vec![]);
    assert_eq!(codes(&bench), ["kicks-only"]);
    let stream = Bench::new(vec![Sort::ZegoStream.wanted("9", until(DAY))], vec![]);
    assert!(codes(&stream).is_empty());
}

#[test]
fn what_the_policy_warned_of_comes_first() {
    let mut bench = Bench::new(vec![Sort::ZegoUser.wanted("9", until(DAY))], vec![]);
    let message = "shown".to_owned();
    bench.warnings = vec![Warning { code: "zzz".into(), message, source: None }];
    assert_eq!(codes(&bench), ["zzz", "kicks-only"]);
}
