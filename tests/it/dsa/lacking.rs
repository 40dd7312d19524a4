//! What an entry lacks for its statement is said, and nothing wrong is ever stated.

use super::{DECIDED, META, meta, scene, statements};
use crate::scene::{Scene, text};

#[test]
fn what_is_missing_is_said_by_entry_and_key_and_can_be_said_for_all() {
    let complete = meta(&[]);
    let partial =
        complete.replace("dsa_automated_decision: 'AUTOMATED_DECISION_NOT_AUTOMATED'", "a: b");
    let partial = partial.replace("'2026-11-19'", "'19 November'");
    let scene = scene(&format!(
        "bans:
  - {{ id: case-1, target: t, room: r, users: [alice], until: never, meta: {complete} }}
  - {{ id: case-2, target: t, room: r, users: [bob, carol], until: never, meta: {partial} }}
  - {{ id: case-3, target: t, room: r, users: [dave], until: never, meta: {{ dsa: exempt }} }}
  - {{ target: t, room: r, users: [erin], until: never }}
"
    ));
    let (some, said) = statements(&scene, &[], 1);
    assert_eq!(some.len(), 1, "those that are complete are written");
    for words in [
        "1 statement, 1 exempt.\n",
        "error: entry case-2 at policy.yaml:3:5 (2 statements): `dsa_automated_decision` is \
         missing; `dsa_content_date` is no day from 2000-01-01 to 2038-01-01, as in `2026-11-20`\n",
        "error: policy.yaml:5:5 (1 statement): `dsa_automated_decision` is missing; ",
        "Error: 3 more statements cannot be made\n",
    ] {
        assert!(said.contains(words), "{words}\n{said}");
    }
    // Set for all, it counts where the entry says nothing.
    let mut set = vec!["--set", DECIDED];
    let (_, said) = statements(&scene, &set, 1);
    assert!(!said.contains("dsa_automated_decision"), "{said}");
    let pairs: Vec<_> = META.iter().map(|(key, value)| format!("{key}={value}")).collect();
    set.extend(pairs.iter().flat_map(|pair| ["--set", pair]));
    let (erin, said) = statements(&scene, &[&["erin"], &set[..]].concat(), 0);
    assert_eq!((erin.len(), &*said), (1, "1 statement.\n"));
}

#[test]
fn what_an_entry_lacks_is_said_in_its_pull_request() {
    let scene = Scene::new();
    let entries = format!(
        "bans:
  - {{ target: t, room: r, users: [alice], until: never, meta: {} }}
  - {{ target: t, room: r, users: [dave], until: never, meta: {{ dsa: exempt }} }}
",
        meta(&[])
    );
    scene.write(&entries);
    scene.run(&["validate", "--dsa"], 0);
    let words = meta(&[("dsa_decision_facts", "zoey and yves")]).replace("automated_decision", "x");
    let wrong = format!(
        "  - {{ targets: [t, t2], room: r, users: [xena, yves, zoey], until: never, meta: {words} }}\n"
    );
    scene.write(&(entries + &wrong));
    scene.run(&["validate"], 0);
    let said = text(&scene.run(&["validate", "--dsa"], 1).stderr);
    let expected = "error[statement-incomplete]: `dsa_automated_decision` is missing; \
                    `dsa_decision_facts` names somebody: the database may hold no personal data; \
                    `dsa_x` is no key of a statement\n --> policy.yaml:4:5\n";
    assert_eq!(said.matches("error[").count(), 1, "{said}");
    assert!(said.contains(expected), "{said}");
    let sarif = scene.run(&["validate", "--dsa", "--format", "sarif", "--set", DECIDED], 1);
    let sarif = text(&sarif.stdout);
    assert!(sarif.contains("statement-incomplete") && !sarif.contains("is missing"), "{sarif}");
}

#[test]
fn nobody_is_named_to_the_database() {
    for (user, key, value, words) in [
        ("alice", "dsa_decision_facts", "What alice said.", "names somebody"),
        ("alice", "dsa_decision_facts", "In live-42, twice.", "names somebody"),
        ("zoe", "dsa_decision_facts", "By (zoe@example.com).", "names somebody"),
        (
            "alice",
            "dsa_decision_ground_reference_url",
            "https://e.com/u/alice",
            "is no web address",
        ),
        ("alice", "dsa_decision_ground_reference_url", "javascript:alert(1)", "is no web address"),
        ("alice", "dsa_category", "alice", "is no value that the database knows"),
        ("alice", "dsa_content_type", "CONTENT_TYPE_TEXT, alice", "does not know"),
        ("alice", "dsa_content_date", "1999-12-31", "is no day"),
        ("alice", "dsa_content_language", "English", "is no language"),
        ("alice", "dsa_categroy", "x", "`dsa_categroy` is no key of a statement"),
        ("alice", "dsa", "no", "`dsa` can only be `exempt`"),
    ] {
        let meta = meta(&[(key, value)]);
        let bans = format!("bans: [{{ target: t, room: live-42, users: [{user}], until: never, ");
        let scene = scene(&format!("{bans}meta: {meta} }}]"));
        let (none, said) = statements(&scene, &[], 1);
        assert!(none.is_empty() && said.contains(words), "{key}: {said}");
        assert!(!said.contains("alice") && !said.contains("zoe@"), "{said}");
    }
    let fine = meta(&[("dsa_decision_facts", "What malice says of alices, and a r at 7.")]);
    let scene = scene(&format!(
        "bans: [{{ target: t, room: r, users: [alice], until: never, meta: {fine} }}]"
    ));
    statements(&scene, &[], 0);
}

#[test]
fn the_ground_decides_what_else_is_asked_for() {
    let illegal = [
        ("dsa_decision_ground", "DECISION_GROUND_ILLEGAL_CONTENT"),
        ("dsa_content_type", "CONTENT_TYPE_OTHER"),
        ("dsa_source_identity", "A rights holder"),
    ];
    let bans = |more: &[(&str, &str)]| {
        let meta = meta(more);
        format!("bans: [{{ target: t, room: r, users: [alice], until: never, meta: {meta} }}]")
    };
    let (none, said) = statements(&scene(&bans(&illegal)), &[], 1);
    for key in ["illegal_content_legal_ground", "illegal_content_explanation", "content_type_other"]
    {
        assert!(none.is_empty() && said.contains(&format!("`dsa_{key}` is missing")), "{said}");
    }
    let more = [
        ("dsa_illegal_content_legal_ground", "StGB 130"),
        ("dsa_illegal_content_explanation", "Incitement."),
        ("dsa_content_type_other", "a live room"),
        ("dsa_decision_account", "DECISION_ACCOUNT_SUSPENDED"),
    ];
    let (all, _) = statements(&scene(&bans(&[&illegal[..], &more].concat())), &[], 0);
    let statement = &all[0];
    assert_eq!(statement["illegal_content_legal_ground"], "StGB 130");
    // What the database would drop, and what somebody else decided.
    for key in ["incompatible_content_ground", "source_identity", "decision_provision"] {
        assert_eq!(statement.get(key), None, "{key}");
    }
    assert_eq!(statement["decision_account"], "DECISION_ACCOUNT_SUSPENDED");
}

#[test]
fn what_is_set_is_a_key_of_statements() {
    let scene = scene("bans: []\n");
    for arguments in [
        &["history", "--set", DECIDED][..],
        &["history", "--format", "dsa", "--set", "category=x"],
        &["history", "--format", "dsa", "--set", "dsa_categroy=x"],
    ] {
        let said = text(&scene.run(arguments, 64).stderr);
        assert!(said.contains("--set"), "{said}");
    }
}
