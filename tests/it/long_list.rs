//! Doubts are settled in a very long list: the real binary over HTTP.

use std::collections::BTreeSet;

use ostracon::provider::Method;
use ostracon::sandbox::{Incoming, InjectedFault};

use crate::binary::Scene;

#[test]
fn doubts_are_settled_in_a_very_long_list_that_is_read_for_all_of_them() {
    // More than 8 MB.
    const FOREIGN: u32 = 40_000;
    let scene = Scene::new();
    let app = "4855aaaaaaaaaaaaaaaaaaaaaaaaeae2";
    scene.sandbox.add_foreign_rules(app, 1_000_000, FOREIGN);
    let users = (1..=12).map(|user: u32| user.to_string()).collect::<Vec<_>>().join(", ");
    let policy = format!("bans:\n  - {{ target: a, users: [{users}], until: never }}\n");
    scene.files.write("policy.yaml", policy.as_bytes());
    let mut met = BTreeSet::new();
    scene.sandbox.inject_faults(move |incoming: &Incoming| {
        let is_first = met.insert(incoming.body.clone());
        if incoming.method == Method::Post && is_first {
            InjectedFault::LoseAnswer
        } else {
            InjectedFault::Answer
        }
    });
    let applied = scene.run(&["apply", "--auto-approve"], 0);
    let told = String::from_utf8(applied.stdout).unwrap();
    assert!(told.contains("Applied: 12 done"), "{told}");
    assert_eq!(scene.sandbox.in_force().len(), FOREIGN as usize + 12);
    let seen = scene.sandbox.seen();
    let lists = seen.iter().filter(|call| call.action == "GET").count();
    assert!(lists <= 6, "{lists} lists");
}
