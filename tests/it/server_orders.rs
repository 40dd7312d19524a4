//! Orders whose state is on a server, given on another machine than that of the run beside them.

use std::process::{Command, Stdio};

use crate::binary::wait_for_calls;
use crate::killed::orders_are_killed;
use crate::scene::{POLICY, Scene, expect, text};
use crate::server::Server;
use crate::server_faults::init;
use crate::workspace::Files;

/// Another checkout of the same repository, as another machine has it.
struct Elsewhere<'a> {
    scene: &'a Scene,
    files: Files,
    url: &'a str,
}

impl<'a> Elsewhere<'a> {
    fn of(scene: &'a Scene, url: &'a str) -> Self {
        let read = |name: &str| std::fs::read_to_string(scene.files.path().join(name)).unwrap();
        let (config, policy) = (read("ostracon.yaml"), read("policy.yaml"));
        let files = Files::new(&[("ostracon.yaml", &config), ("policy.yaml", &policy)]);
        Self { scene, files, url }
    }

    fn run(&self, words: &str, code: i32) -> String {
        text(&expect(self.command(words), code).stdout)
    }

    fn command(&self, words: &str) -> Command {
        let mut command = self.scene.command(&words.split(' ').collect::<Vec<_>>());
        command.env("OSTRACON_DIR", self.files.path()).env("OSTRACON_STATE", self.url);
        command
    }
}

#[test]
fn an_order_of_another_machine_goes_ahead_of_a_run_that_crawls_and_stays() {
    let Some(server) = Server::shared() else { return };
    let (scene, database) = (Scene::new(), server.database());
    let url = init(&scene, &database);
    // At ten a second it takes twelve seconds.
    let users: Vec<_> = (1..=120).map(|user| user.to_string()).collect();
    scene.write(&format!("bans: [{{ target: a, users: [{}], until: never }}]\n", users.join(", ")));
    let (here, elsewhere) = (Elsewhere::of(&scene, &url), Elsewhere::of(&scene, &url));
    let mut run = here.command("apply --auto-approve");
    let mut run = run.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    wait_for_calls(&scene, 5);
    let order = "--reason x --auto-approve --for 1h";
    elsewhere.run(&format!("ban --target a --user 777 {order}"), 0);
    assert!(scene.held().contains(&"agora 777".to_owned()), "{:?}", scene.held());
    elsewhere.run(&format!("ban --target t --room r --user eve {order}"), 0);
    assert!(scene.held().contains(&"tencent eve".to_owned()), "{:?}", scene.held());
    // Somebody of the files is let in, whom the run may have done by now or not.
    elsewhere.run("lift --target a --user 120 --for 1h --why x --auto-approve", 0);
    assert_eq!(run.try_wait().unwrap(), None, "all of them were ahead of the run");
    let ended = run.wait_with_output().unwrap();
    assert!(ended.status.success(), "{}", text(&ended.stderr));
    for machine in [&here, &elsewhere] {
        let plan = machine.run("plan --detailed-exitcode", 0);
        assert!(plan.contains("Plan: 0 to impose"), "{plan}");
        machine.run("apply --auto-approve", 0);
        machine.run("apply --upkeep --auto-approve", 0);
        let listed = machine.run("orders", 0);
        assert_eq!(listed.lines().filter(|line| !line.starts_with(' ')).count(), 3, "{listed}");
    }
    let held = scene.held();
    let wanted = users.iter().filter(|user| *user != "120").map(|user| format!("agora {user}"));
    let mut wanted: Vec<_> =
        wanted.chain(["agora 777".to_owned(), "tencent eve".to_owned()]).collect();
    wanted.sort();
    assert_eq!(held, wanted);
    assert_eq!(scene.sandbox.broken_rules(), Vec::<String>::new());
    here.run("state verify", 0);
    // Taken back on one machine, the files count again on the other.
    let listed = elsewhere.run("orders", 0);
    let lift = listed.lines().find(|line| line.contains("lift")).unwrap();
    let id = lift.split_whitespace().next().unwrap();
    here.run(&format!("orders withdraw {id} --why y --auto-approve"), 0);
    assert!(scene.held().contains(&"agora 120".to_owned()), "{:?}", scene.held());
    assert_eq!(scene.held().len(), wanted.len() + 1);
}

#[test]
fn an_order_that_was_killed_at_any_instant_is_carried_out_or_was_never_given() {
    let Some(server) = Server::shared() else { return };
    let (scene, database) = (Scene::new(), server.database());
    scene.write(POLICY);
    let url = init(&scene, &database);
    orders_are_killed(&scene, Some(&url), || {
        // A minute later, by the server's clock.
        database.sql("UPDATE ostracon.lease SET heartbeat = heartbeat - interval '61 seconds'");
    });
}
