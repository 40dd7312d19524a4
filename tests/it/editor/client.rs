//! A small client of a language server: JSON-RPC over its standard input and output.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value, json};

/// How long the server may keep silent while something is waited for.
const PATIENCE: Duration = Duration::from_mins(1);

/// An editor with a language server, which ends with it.
pub(super) struct Client {
    server: Child,
    input: ChildStdin,
    messages: Receiver<Value>,
    asked: u64,
    answers: BTreeMap<u64, Value>,
    found: BTreeMap<String, Vec<Value>>,
    is_set_up: bool,
    schemas: Value,
}

impl Drop for Client {
    fn drop(&mut self) {
        let _killed = self.server.kill();
        let _ended = self.server.wait();
    }
}

impl Client {
    /// Starts a server that `node` runs, for the files of a folder, and tells it how it is set up:
    /// asking nobody for schemas, but having these by the files that they are for.
    pub(super) fn start(program: &Path, folder: &Path, schemas: &Value) -> Self {
        let mut server = Command::new("node")
            .arg(program)
            .arg("--stdio")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let output = BufReader::new(server.stdout.take().unwrap());
        let (sender, messages) = channel();
        std::thread::spawn(move || {
            let mut output = output;
            while let Some(message) = read(&mut output) {
                if sender.send(message).is_err() {
                    break;
                }
            }
        });
        let mut client = Self {
            input: server.stdin.take().unwrap(),
            server,
            messages,
            asked: 0,
            answers: BTreeMap::new(),
            found: BTreeMap::new(),
            is_set_up: false,
            schemas: schemas.clone(),
        };
        let asked = client.ask("initialize", &introduction(folder));
        client.answer(asked);
        client.tell("initialized", &json!({}));
        while !client.is_set_up {
            client.listen();
        }
        client
    }

    /// Opens a document.
    pub(super) fn open(&mut self, uri: &str, text: &str) {
        let document = json!({ "uri": uri, "languageId": "yaml", "version": 1, "text": text });
        self.tell("textDocument/didOpen", &json!({ "textDocument": document }));
    }

    /// Asks something, to be answered later.
    pub(super) fn ask(&mut self, method: &str, about: &Value) -> u64 {
        self.asked += 1;
        let asked = self.asked;
        self.send(&json!({ "jsonrpc": "2.0", "id": asked, "method": method, "params": about }));
        asked
    }

    /// The answer to what was asked.
    pub(super) fn answer(&mut self, asked: u64) -> Value {
        loop {
            if let Some(answer) = self.answers.remove(&asked) {
                return answer;
            }
            self.listen();
        }
    }

    /// What the server found in a document, once it has looked.
    pub(super) fn found(&mut self, uri: &str) -> Vec<Value> {
        self.found_once(uri, |_| true)
    }

    /// The same, once it is like this: settings come into force while documents are looked at.
    pub(super) fn found_once(
        &mut self,
        uri: &str,
        is_like: impl Fn(&[Value]) -> bool,
    ) -> Vec<Value> {
        loop {
            if let Some(found) = self.found.get(uri).filter(|found| is_like(found)) {
                return found.clone();
            }
            self.listen();
        }
    }

    fn tell(&mut self, method: &str, about: &Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": about }));
    }

    fn send(&mut self, message: &Value) {
        let text = message.to_string();
        write!(self.input, "Content-Length: {}\r\n\r\n{text}", text.len()).unwrap();
        self.input.flush().unwrap();
    }

    /// The settings of a section that the server asks for.
    fn settings(&self, item: &Value) -> Value {
        match item["section"].as_str() {
            Some("yaml") => json!({
                "validate": true,
                "hover": true,
                "completion": true,
                "format": { "enable": false },
                "schemas": self.schemas,
                "schemaStore": { "enable": false },
                "kubernetesCRDStore": { "enable": false },
            }),
            _ => json!({}),
        }
    }

    /// Takes in the next message.
    fn listen(&mut self) {
        let message = self.messages.recv_timeout(PATIENCE).unwrap();
        let method = message["method"].as_str();
        match (&message["id"], method) {
            (Value::Null, Some("textDocument/publishDiagnostics")) => {
                let uri = message["params"]["uri"].as_str().unwrap().to_owned();
                let found = message["params"]["diagnostics"].as_array().unwrap().clone();
                self.found.insert(uri, found);
            }
            (Value::Null, _) => {}
            (id, None) => {
                assert!(message.get("error").is_none(), "{message}");
                self.answers.insert(id.as_u64().unwrap(), message["result"].clone());
            }
            (id, Some(method)) => {
                let is_settings = method == "workspace/configuration";
                let items = message["params"]["items"].as_array();
                let settings = items.into_iter().flatten().map(|item| self.settings(item));
                let result = if is_settings { settings.collect() } else { Value::Null };
                self.send(&json!({ "jsonrpc": "2.0", "id": id, "result": result }));
                self.is_set_up |= is_settings;
            }
        }
    }
}

/// What an editor says of itself.
fn introduction(folder: &Path) -> Value {
    let uri = format!("file://{}", folder.display());
    json!({
        "processId": std::process::id(),
        "rootUri": uri,
        "workspaceFolders": [{ "uri": uri, "name": "workspace" }],
        "capabilities": {
            "workspace": { "configuration": true, "workspaceFolders": true },
            "textDocument": {
                "completion": { "completionItem": {
                    "snippetSupport": true,
                    "documentationFormat": ["markdown", "plaintext"],
                } },
                "hover": { "contentFormat": ["markdown"] },
                "publishDiagnostics": {},
            },
        },
    })
}

/// The next message; none once the server has ended.
fn read(output: &mut BufReader<ChildStdout>) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        output.read_line(&mut line).ok().filter(|read| *read > 0)?;
        match line.trim_end().split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.parse().ok()?;
            }
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length];
    output.read_exact(&mut body).ok()?;
    serde_json::from_slice(&body).ok()
}
