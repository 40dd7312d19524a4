//! What is handed out beside the program speaks of what the program has.

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::process::Command;

use crate::scene::Scene;
use crate::service::Served;
use crate::sources::top;

/// What is named in a text that the program measures.
fn metrics_of(text: &str) -> BTreeSet<String> {
    let is_name = |byte: char| byte.is_ascii_lowercase() || byte == '_';
    let words = text.split(|byte: char| !is_name(byte));
    words.filter(|word| word.starts_with("ostracon_")).map(str::to_owned).collect()
}

fn read(path: &str) -> String {
    std::fs::read_to_string(top().join(path)).unwrap()
}

#[test]
fn alerts_dashboard_and_docs_name_what_is_measured_and_each_alert_is_explained() {
    let scene = Scene::new();
    let mut served = Served::start(&scene, &[]);
    served.says("applied");
    let measured = served.get("/metrics").body;
    let rules = read("packaging/prometheus/ostracon.rules.yaml");
    let docs = read("docs/operations.md");
    for (place, text) in [
        ("rules", &rules),
        ("dashboard", &read("packaging/grafana/ostracon.json")),
        ("docs", &docs),
    ] {
        let unknown: Vec<String> = metrics_of(text)
            .into_iter()
            .filter(|name| *name != "ostracon_token" && *name != "ostracon_")
            .filter(|name| {
                let stem = ["_bucket", "_total", "_info"]
                    .iter()
                    .find_map(|suffix| name.strip_suffix(suffix))
                    .unwrap_or(name);
                !measured.contains(&format!("# TYPE {stem} "))
            })
            .collect();
        assert_eq!(unknown, Vec::<String>::new(), "{place}");
    }
    let alerts = rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: "));
    for alert in alerts {
        assert!(docs.contains(&format!("### {alert}\n")), "{alert} is not explained");
    }
}

#[test]
fn the_dashboard_is_json_with_a_query_in_each_panel() {
    let dashboard: serde_json::Value =
        serde_json::from_str(&read("packaging/grafana/ostracon.json")).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    assert!(panels.len() >= 10);
    for panel in panels {
        assert!(panel["targets"][0]["expr"].as_str().is_some_and(|it| !it.is_empty()), "{panel}");
    }
}

#[test]
fn prometheus_takes_the_alerts_and_what_the_service_shows() {
    let rules = top().join("packaging/prometheus/ostracon.rules.yaml");
    match Command::new("promtool").args(["check", "rules"]).arg(rules).output() {
        Ok(said) => assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stdout)),
        Err(error) => {
            let ci = std::env::vars_os().any(|(name, value)| name == "CI" && !value.is_empty());
            assert!(!ci, "no promtool, and this is CI: {error}");
            eprintln!("SKIPPED: no promtool is installed (Debian: `prometheus`)");
        }
    }
}

#[test]
fn the_unit_of_systemd_is_as_closed_as_it_can_be() {
    let unit = top().join("packaging/systemd/ostracon.service");
    let mut analyze = Command::new("systemd-analyze");
    analyze.args(["security", "--offline=true", "--threshold=20"]).arg(unit);
    match analyze.output() {
        Ok(said) => assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stdout)),
        Err(_absent) => eprintln!("SKIPPED: no systemd-analyze is installed"),
    }
}

/// The component with these inputs in their places.
fn component() -> (serde_json::Value, serde_json::Value) {
    let text = read("packaging/gitlab/ostracon.yml");
    let (spec, jobs) = text.split_once("\n---\n").unwrap();
    let jobs = jobs.replace("$[[ inputs.command ]]", "plan").replace("$[[ inputs.job ]]", "job");
    (serde_yaml::from_str(spec).unwrap(), serde_yaml::from_str(&jobs).unwrap())
}

#[test]
fn action_and_component_offer_what_the_script_does() {
    let (spec, jobs) = component();
    let script = read("packaging/ci/ostracon-ci");
    let action = read("packaging/action/action.yml");
    let offered = spec["spec"]["inputs"]["command"]["options"].as_array().unwrap();
    assert_eq!(offered.len(), 5);
    for command in offered {
        let command = command.as_str().unwrap();
        assert!(script.contains(&format!("\n  {command})")), "{command}");
        assert!(action.contains(&format!("`{command}`")), "{command}");
        assert!(jobs[format!(".ostracon-{command}")].is_object(), "{command}");
    }
    assert_eq!(jobs["job"]["extends"], ".ostracon-plan");
    // No text from outside stands in the shell's own.
    let shell = action.split_once("run: ").unwrap().1;
    assert!(!shell.contains("${{"), "{shell}");
}

#[test]
fn the_component_changes_things_one_run_at_a_time_and_never_for_a_request() {
    let (_, jobs) = component();
    for command in ["apply", "upkeep"] {
        let job = &jobs[format!(".ostracon-{command}")];
        assert_eq!(job["extends"], ".ostracon-merged");
        for rule in job["rules"].as_array().unwrap() {
            let rule = rule["if"].as_str().unwrap();
            assert!(rule.contains("$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH"), "{rule}");
        }
    }
    assert_eq!(jobs[".ostracon-merged"]["resource_group"], "ostracon-state");
    for command in ["validate", "plan", "comment"] {
        let job = &jobs[format!(".ostracon-{command}")];
        assert_eq!(job["extends"], ".ostracon-request");
        assert!(jobs[".ostracon-request"]["resource_group"].is_null());
    }
}

/// The instructions of the Dockerfile, each on one line.
fn dockerfile() -> Vec<String> {
    let text = read("packaging/Dockerfile").replace("\\\n", "");
    text.lines().filter(|it| !it.starts_with('#') && !it.is_empty()).map(str::to_owned).collect()
}

#[test]
fn the_health_check_of_the_container_finds_a_service_and_notices_that_there_is_none() {
    let instructions = dockerfile();
    let check = instructions.iter().find(|it| it.starts_with("HEALTHCHECK")).unwrap();
    let check: Vec<String> = serde_json::from_str(check.split_once("CMD ").unwrap().1).unwrap();
    let ask = |port: u16| {
        let script = check[2].replace("/8600", &format!("/{port}"));
        assert_ne!(script, check[2]);
        let mut shell = Command::new(&check[0]);
        shell.arg(&check[1]).arg(script).output().unwrap().status.success()
    };
    let scene = Scene::new();
    let served = Served::start(&scene, &[]);
    assert!(ask(served.port));
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let free = other.local_addr().unwrap().port();
    drop(other);
    assert!(!ask(free));
}

#[test]
fn the_container_runs_as_a_user_of_its_own_and_takes_no_state_along() {
    let instructions = dockerfile();
    let last = |name: &str| {
        let found = instructions.iter().rfind(|it| it.starts_with(&format!("{name} ")));
        found.unwrap_or_else(|| panic!("no {name}"))[name.len() + 1..].to_owned()
    };
    assert_eq!(last("USER"), "65532:65532");
    let home = last("VOLUME");
    assert_eq!(last("WORKDIR"), home);
    assert!(last("ENV").contains(&format!("OSTRACON_STATE=sqlite:{home}/")), "{}", last("ENV"));
    // An orchestrator names the same user.
    let kubernetes = read("packaging/kubernetes/ostracon.yaml");
    for key in ["runAsUser", "runAsGroup", "fsGroup"] {
        assert!(kubernetes.contains(&format!("{key}: 65532\n")), "{key}");
    }
    // Cargo looks for `vendor` beside the folder of the file that names it.
    let vendored = ".cargo/vendored.toml";
    for text in [read("packaging/Dockerfile"), read("docs/install.md")] {
        assert!(text.contains(&format!("cargo vendor > {vendored}")), "{text}");
        assert!(text.contains(&format!("--config {vendored}")), "{text}");
    }
    assert!(read("packaging/Dockerfile.dockerignore").contains(&format!("!{vendored}\n")));
    // What goes into the build is named; the rest stays out.
    let ignored = read("packaging/Dockerfile.dockerignore");
    let mut lines = ignored.lines().filter(|it| !it.starts_with('#'));
    assert_eq!(lines.next(), Some("*"));
    for line in lines {
        let name = line.strip_prefix('!').unwrap();
        assert!(!name.starts_with("policies") && !name.contains('*'), "{name}");
    }
}
