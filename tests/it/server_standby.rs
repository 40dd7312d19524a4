//! A standby: whoever only reads is content with it, and it takes over from a primary that is gone.

use std::time::Duration;

use ostracon::store::{Location, ServerUrl, State};

use crate::scene::{POLICY, Scene, expect, text};
use crate::server::{Database, Server, eventually};
use crate::server_errors::{refused, told};
use crate::server_faults::{after_some_calls, is_made_good, start, times};

/// Waits until a standby has all that its primary has.
fn catch_up(standby: &Database<'_>, primary: &Database<'_>) {
    let end = primary.sql("SELECT pg_current_wal_flush_lsn()");
    let has_it = format!("SELECT pg_last_wal_replay_lsn() >= '{end}'");
    assert!(eventually(|| standby.sql(&has_it) == "t"), "it does not follow");
}

/// What is printed of a state at this URL.
fn printed(scene: &Scene, url: &str, words: &[&str]) -> String {
    let mut command = scene.command(words);
    command.env("OSTRACON_STATE", url);
    text(&expect(command, 0).stdout)
}

#[test]
fn a_standby_is_read_from_as_its_primary_is_and_written_to_never() {
    let Some(server) = Server::new() else { return };
    let (scene, primary) = (Scene::new(), server.database());
    let url = primary.url();
    told(&scene, &url, &["state", "init", "--roles"], 0);
    let second = server.standby();
    let standby = second.database_called(primary.name());
    let apply = ["apply", "--auto-approve"];
    told(&scene, &url, &apply, 0);
    scene.write(&POLICY.replace("users: [1, 2, 3", "users: [3"));
    catch_up(&standby, &primary);
    let reader = &["plan", "--at", "2026-11-27T12:00:00Z"][..];
    primary.sql("DROP ROLE IF EXISTS eve; CREATE ROLE eve LOGIN IN ROLE ostracon_reader");
    catch_up(&standby, &primary);
    for words in [
        reader,
        &["history"],
        &["explain", "alice"],
        &["state", "list"],
        &["state", "export"],
        &["state", "verify"],
        &["orders"],
    ] {
        let expected = printed(&scene, &url, words);
        assert_eq!(printed(&scene, &standby.url(), words), expected, "{words:?}");
        assert_eq!(printed(&scene, &standby.url_of("eve"), words), expected, "{words:?}");
    }
    let copy = scene.files.path().join("copy.db");
    for words in [&["status"][..], &["doctor"], &["state", "backup", copy.to_str().unwrap()]] {
        printed(&scene, &standby.url(), words);
    }
    for (url, said) in [
        (primary.url(), ["postgres, owner: may also migrate", "agrees with the server's"]),
        (
            standby.url_of("eve"),
            ["eve, reader: may plan and look, not apply", "has all that its primary has sent"],
        ),
    ] {
        let told = printed(&scene, &url, &["doctor"]);
        assert!(told.contains("ok   server") && told.contains("PostgreSQL "), "{told}");
        assert!(said.iter().all(|said| told.contains(said)), "{told}");
        assert_eq!(told.contains("standby"), url != primary.url(), "{told}");
    }
    let calls = scene.sandbox.calls();
    let ban = ["ban", "--target", "z", "--stream", "q", "--reason", "x", "--for", "1h"];
    for words in [&apply[..], &[&ban[..], &["--auto-approve"]].concat(), &["state", "migrate"]] {
        refused(
            &scene,
            &standby.url(),
            words,
            ["the server says: cannot execute", "the URL of the primary"],
        );
    }
    assert_eq!(scene.sandbox.calls(), calls);
}

#[test]
fn a_standby_that_is_promoted_in_mid_apply_is_gone_on_with() {
    for (round, attributes) in
        (0..times()).zip(["", "&target_session_attrs=read-write"].iter().cycle())
    {
        let Some(mut server) = Server::new() else { return };
        let scene = Scene::new();
        let name = server.database().name().to_owned();
        let second = server.standby();
        server.is_followed();
        let (here, there) =
            (server.database_called(&name).url(), second.place().display().to_string());
        let url = format!("{here},{there}{attributes}");
        told(&scene, &url, &["state", "init"], 0);
        scene.sandbox.set_latency(Duration::from_millis(60));
        let mut run = start(&scene, &url);
        after_some_calls(&scene, &mut run);
        server.stop("QUIT");
        if attributes.is_empty() && run.try_wait().unwrap().is_none() {
            // It meets a standby that is none yet.
            let met =
                || run.try_wait().unwrap().is_some() || second.log().contains("cannot execute");
            assert!(eventually(met), "round {round}: {}", second.log());
        }
        second.promote();
        assert!(run.wait().unwrap().success(), "round {round}");
        scene.agrees();
        is_made_good(&scene, &url);
    }
}

#[test]
fn where_no_server_takes_writes_that_is_said() {
    let Some(server) = Server::new() else { return };
    let (scene, primary) = (Scene::new(), server.database());
    told(&scene, &primary.url(), &["state", "init"], 0);
    let second = server.standby();
    let url = second.database_called(primary.name()).url() + "&target_session_attrs=read-write";
    let said = ["no server of the URL takes writes", "the URL of the primary"];
    refused(&scene, &url, &["apply", "--auto-approve"], said);
}

#[test]
fn a_standby_that_drops_what_is_being_read_says_so() {
    let Some(server) = Server::new() else { return };
    let primary = server.database();
    told(&Scene::new(), &primary.url(), &["state", "init"], 0);
    let second = server.standby();
    second.database_called("postgres").sql("ALTER SYSTEM SET max_standby_streaming_delay = 0");
    second.database_called("postgres").sql("SELECT pg_reload_conf()");
    let standby = second.database_called(primary.name());
    catch_up(&standby, &primary);
    let url = ServerUrl::parse(&standby.url(), &|_| None).unwrap();
    let mut state = State::read(&Location::Server(url)).unwrap().unwrap();
    let view = state.view().unwrap();
    view.outline().unwrap();
    primary.sql("UPDATE ostracon.meta SET value = value");
    primary.sql("VACUUM ostracon.meta");
    assert!(eventually(|| !standby.is_used()), "it goes on reading");
    let refused = view.outline().unwrap_err();
    assert!(refused.to_string().contains("conflict with recovery"), "{refused}");
    assert!(refused.hint().contains("max_standby_streaming_delay"), "{}", refused.hint());
}

#[test]
fn a_standby_whose_primary_is_gone_says_how_old_it_is() {
    let Some(mut server) = Server::new() else { return };
    let scene = Scene::new();
    let name = {
        let primary = server.database();
        told(&scene, &primary.url(), &["state", "init"], 0);
        primary.name().to_owned()
    };
    let second = server.standby();
    server.stop("QUIT");
    let standby = second.database_called(&name);
    let follows = "SELECT count(*) FROM pg_stat_wal_receiver WHERE pid IS NOT NULL";
    assert!(eventually(|| standby.sql(follows) == "0"), "it goes on following");
    let told = printed(&scene, &standby.url(), &["doctor"]);
    assert!(told.contains("note standby"), "{told}");
    assert!(told.contains("hears of no primary; what it has is "), "{told}");
}
