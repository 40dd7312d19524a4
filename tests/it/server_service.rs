//! Several services on one state, which a server keeps.

use rustix::process::Signal;

use crate::scene::{POLICY, Scene};
use crate::server::Server;
use crate::service::Served;

#[test]
fn of_two_services_one_works_and_the_other_takes_over_when_it_dies() {
    let Some(server) = Server::shared() else { return };
    let (scene, database) = (Scene::new(), server.database());
    let url = database.url();
    let state = [("OSTRACON_STATE", &*url)];
    let mut init = scene.command(&["state", "init"]);
    assert!(init.envs(state).status().unwrap().success());
    let mut one = Served::start_with(&scene, &[], &state);
    one.says("applied");
    let mut two = Served::start_with(&scene, &[], &state);
    two.says("the state is ours");
    assert_eq!((one.get("/readyz").status, two.get("/readyz").status), (200, 503));
    let accounts = || database.sql("SELECT count(*), count(DISTINCT holder) FROM ostracon.lease");
    let all = accounts();
    assert!(all.ends_with("|1"), "{all}");
    one.signal(Signal::KILL);
    scene.write(&format!("{POLICY}  - {{ target: z, streams: [s2], until: never }}\n"));
    database.sql("UPDATE ostracon.lease SET heartbeat = heartbeat - interval '61 seconds'");
    two.says("applied");
    assert_eq!((accounts(), two.get("/readyz").status), (all, 200));
    assert!(scene.held().contains(&"zego s2".to_owned()), "{:?}", scene.held());
    assert_eq!(two.ends(Signal::TERM), Some(143));
    assert_eq!(accounts(), "0|0");
}

#[test]
fn a_service_does_without_an_account_that_somebody_else_has_until_it_is_free() {
    let Some(server) = Server::shared() else { return };
    let (scene, database) = (Scene::new(), server.database());
    let url = database.url();
    let state = [("OSTRACON_STATE", &*url)];
    let mut init = scene.command(&["state", "init"]);
    assert!(init.envs(state).status().unwrap().success());
    let mut first = Served::start_with(&scene, &[], &state);
    first.says("applied");
    let agora = database.sql("SELECT account FROM ostracon.lease WHERE account LIKE '%agora%'");
    assert_eq!(first.ends(Signal::TERM), Some(143));
    database.sql(&format!(
        "INSERT INTO ostracon.lease (account, holder, \"user\", host, pid, fence)
         VALUES ('{agora}', 'somebody', 'u', 'h', 1, 999)"
    ));
    let more = POLICY.replace("[1, 2, 3, 4, 5, 6]", "[1, 2, 3, 4, 5, 6, 7]");
    scene.write(&format!("{more}  - {{ target: z, streams: [s2], until: never }}\n"));
    let mut second = Served::start_with(&scene, &[], &state);
    second.says("applied");
    let held = scene.held();
    assert!(held.contains(&"zego s2".to_owned()) && !held.contains(&"agora 7".to_owned()));
    database.sql("DELETE FROM ostracon.lease WHERE holder = 'somebody'");
    second.says("applied");
    assert!(scene.held().contains(&"agora 7".to_owned()));
    assert_eq!(second.ends(Signal::TERM), Some(143));
    let mut verify = scene.command(&["state", "verify"]);
    assert!(verify.envs(state).status().unwrap().success());
}
