//! The real binary at an endpoint that takes connections and closes them, as a balancer does that
//! has nobody behind it.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::binary::Scene;

#[test]
fn an_endpoint_that_hangs_up_on_everybody_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let accepted = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&accepted);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            count.fetch_add(1, Ordering::SeqCst);
            drop(stream);
        }
    });
    let scene = Scene::new();
    let config = scene.files.path().join("ostracon.yaml");
    let text = std::fs::read_to_string(config).unwrap();
    let at = |line: &str| line.trim_start().starts_with("endpoint:") && line.ends_with("/agora");
    let endpoint = format!("    endpoint: http://127.0.0.1:{port}/agora");
    let lines: Vec<_> =
        text.lines().map(|line| if at(line) { endpoint.as_str() } else { line }).collect();
    scene.files.write("ostracon.yaml", (lines.join("\n") + "\n").as_bytes());
    let policy = "bans:\n  - { target: a, users: [1], until: never }\n";
    scene.files.write("policy.yaml", policy.as_bytes());
    let output = scene.run(&["apply", "--auto-approve", "--deadline", "60s"], 3);
    let told = String::from_utf8(output.stdout).unwrap();
    // Whether something was written before the end was noticed is chance.
    let ends = ["1 failed, 0 deferred, 0 in doubt.\n", "0 failed, 0 deferred, 1 in doubt.\n"];
    assert!(ends.iter().any(|end| told.ends_with(end)), "{told}");
    assert!((1..=40).contains(&accepted.load(Ordering::SeqCst)));
}
