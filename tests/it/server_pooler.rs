//! A state behind `PgBouncer`, which hands out connections by the transaction.

use std::process::Stdio;
use std::time::Duration;

use crate::scene::{POLICY, Scene, text};
use crate::server::{Pooler, Server};
use crate::server_errors::{refused, told};
use crate::server_faults::{is_made_good, times};

const APPLY: [&str; 2] = ["apply", "--auto-approve"];

#[test]
fn behind_a_pooler_everything_is_as_it_is_before_the_server() {
    let Some(server) = Server::shared() else { return };
    // By the transaction one connection is enough for everybody.
    for (mode, size) in [("transaction", 1), ("transaction", 3), ("session", 3)] {
        let Some(pooler) = Pooler::before(server, mode, size) else { return };
        let (scene, database) = (Scene::new(), server.database());
        let url = pooler.url(&database);
        told(&scene, &url, &["state", "init", "--roles"], 0);
        told(&scene, &url, &APPLY, 0);
        scene.agrees();
        scene.write(&POLICY.replace("users: [1, 2, 3", "users: [3"));
        told(&scene, &url, &APPLY, 0);
        scene.write(POLICY);
        let ban = ["ban", "--target", "z", "--stream", "q", "--reason", "x", "--for", "1h"];
        told(&scene, &url, &[&ban[..], &["--auto-approve"]].concat(), 0);
        assert!(scene.held().contains(&"zego q".to_owned()), "{:?}", scene.held());
        let copy = scene.files.path().join("copy.db");
        for words in [
            &["plan"][..],
            &["status"],
            &["history"],
            &["drift"],
            &["doctor"],
            &["state", "export"],
            &["state", "verify"],
            &["state", "migrate"],
            &["state", "backup", copy.to_str().unwrap()],
        ] {
            told(&scene, &url, words, 0);
        }
    }
}

#[test]
fn runs_go_side_by_side_behind_a_pooler_and_outlive_its_server() {
    for round in 0..times() {
        let Some(mut server) = Server::new() else { return };
        let Some(pooler) = Pooler::before(&server, "transaction", 2) else { return };
        let scene = Scene::new();
        let url = pooler.url(&server.database());
        told(&scene, &url, &["state", "init"], 0);
        scene.sandbox.set_latency(Duration::from_millis(60));
        let mut runs = [("a", "agora"), ("t", "tencent"), ("v", "volcengine"), ("z", "zego")].map(
            |(target, provider)| {
                let mut command = scene.command(&[&APPLY[..], &["--target", target]].concat());
                command.env("OSTRACON_STATE", &url).stdout(Stdio::null()).stderr(Stdio::piped());
                (provider, command.spawn().unwrap())
            },
        );
        // Each of them: one that has no lease yet could not go on without the server.
        for (provider, run) in &mut runs {
            let is_called = || scene.sandbox.seen().iter().any(|seen| seen.provider == *provider);
            while !is_called() && run.try_wait().unwrap().is_none() {
                std::thread::sleep(Duration::from_millis(2));
            }
        }
        server.stop(if round % 2 == 0 { "QUIT" } else { "KILL" });
        server.start();
        for (provider, run) in runs {
            let ended = run.wait_with_output().unwrap();
            let said = text(&ended.stderr);
            assert!(ended.status.success(), "round {round}, {provider}: {said}");
        }
        scene.agrees();
        is_made_good(&scene, &url);
    }
}

#[test]
fn a_pooler_that_hands_out_connections_by_the_statement_is_refused() {
    let Some(server) = Server::shared() else { return };
    let Some(pooler) = Pooler::before(server, "statement", 2) else { return };
    let (scene, database) = (Scene::new(), server.database());
    let said = ["transaction blocks not allowed", "`pool_mode = transaction`"];
    refused(&scene, &pooler.url(&database), &["state", "init"], said);
    told(&scene, &database.url(), &["state", "init"], 0);
    for words in [&["plan"][..], &APPLY] {
        refused(&scene, &pooler.url(&database), words, said);
    }
}
