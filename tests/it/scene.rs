//! The real binary in a workspace, and the emulation that it talks to over loopback HTTP.

use std::net::Ipv4Addr;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use ostracon::sandbox::{Sandbox, credential, serve};
use ostracon::world::SystemClock;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use crate::workspace::{CONFIG, Files};

pub(crate) const POLICY: &str = "bans:
  - { target: z, room: r, users: [u], until: never }
  - { target: t, room: r, users: [alice, bob], reason: spam, until: never }
  - { target: v, room: 5, users: [6], devices: [d], until: never }
  - { target: a, users: [1, 2, 3, 4, 5, 6], until: never }
forbidden_streams:
  - { target: z, streams: [s], until: never }
";

/// A workspace, and the emulation on a port of its own.
pub(crate) struct Scene {
    pub(crate) files: Files,
    pub(crate) sandbox: Sandbox,
    /// Serves the emulation until the scene is over.
    _server: Runtime,
}

impl Scene {
    pub(crate) fn new() -> Self {
        let sandbox = Sandbox::new(Arc::new(SystemClock));
        let server = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let listener = server.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).unwrap();
        let port = listener.local_addr().unwrap().port();
        server.spawn(serve(sandbox.clone(), listener));
        let config = ["zego", "tencent", "volcengine", "agora"].into_iter().fold(
            CONFIG.to_owned(),
            |config, provider| {
                let line = format!("    provider: {provider}\n");
                let endpoint = format!("    endpoint: http://127.0.0.1:{port}/{provider}\n");
                config.replace(&line, &format!("{line}{endpoint}"))
            },
        );
        let files = Files::new(&[("ostracon.yaml", &config), ("policy.yaml", POLICY)]);
        Self { files, sandbox, _server: server }
    }

    /// The binary in a scrubbed environment, at work in this workspace.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = bare(arguments);
        command.env("OSTRACON_DIR", self.files.path());
        for (variable, provider, name) in [
            ("Z", "zego", "server_secret"),
            ("T", "tencent", "secret_key"),
            ("V", "volcengine", "access_key_id"),
            ("W", "volcengine", "secret_access_key"),
            ("A", "agora", "customer_id"),
            ("B", "agora", "customer_secret"),
        ] {
            command.env(variable, credential(provider, name).unwrap());
        }
        command
    }

    /// Runs it to its end, and checks its exit code.
    #[track_caller]
    pub(crate) fn run(&self, arguments: &[&str], code: i32) -> Output {
        expect(self.command(arguments), code)
    }

    /// Puts this in the place of the policy.
    pub(crate) fn write(&self, yaml: &str) {
        self.files.write("policy.yaml", yaml.as_bytes());
    }

    /// What the emulation holds, as `provider subject`; what is in force twice is there twice.
    pub(crate) fn held(&self) -> Vec<String> {
        let held = self.sandbox.in_force();
        let mut subjects: Vec<_> =
            held.iter().map(|row| format!("{} {}", row.provider, row.subject)).collect();
        subjects.sort();
        subjects
    }

    /// Checks that the emulation holds the whole policy, each of its restrictions once.
    #[track_caller]
    pub(crate) fn agrees(&self) {
        self.is_policy(&self.held());
    }

    /// Checks that these are all the restrictions of the policy, each once.
    #[track_caller]
    pub(crate) fn is_policy(&self, subjects: &[String]) {
        assert_eq!(
            subjects,
            [
                "agora 1",
                "agora 2",
                "agora 3",
                "agora 4",
                "agora 5",
                "agora 6",
                "tencent alice",
                "tencent bob",
                "volcengine 6",
                "volcengine d",
                "zego s",
            ]
        );
        assert_eq!(self.sandbox.broken_rules(), Vec::<String>::new());
    }
}

pub(crate) fn bare(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ostracon"));
    command.args(arguments).env_clear().stdin(Stdio::null());
    for name in ["PATH", "HOME"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command
}

#[track_caller]
pub(crate) fn expect(mut command: Command, code: i32) -> Output {
    let output = command.output().unwrap();
    let told = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{command:?}: {told:?}");
    output
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}
